//! Groups of hosts that have the same state.

use std::collections::{BTreeMap, BTreeSet};

use nicelist::fleet::{Generation, Holding, ScopeSetId, Session};
use nicelist::store::{HostGroup, PersonalNames};

use super::*;

async fn save(store: &Db, host: &Host) {
    let version = store.host(&host.machine).await.unwrap().map_or(0, |stored| stored.version);
    assert!(store.save_host(host, version).await.unwrap());
}

fn host(name: &str) -> Host {
    let mut host = Host::new(machine(name), at(0));
    host.facts.serial = format!("C02{name}");
    host.facts.hostname = format!("{name}.lan");
    host.facts.primary_user = format!("user-{name}");
    host.facts.groups = vec!["staff".to_owned(), "design".to_owned()];
    host.sync.last_seen = Some(at(5));
    host
}

/// The machine IDs of the hosts in each group.
async fn members(store: &Db) -> BTreeSet<Vec<String>> {
    let mut all = BTreeSet::new();
    let (groups, _) = store.host_groups(&PersonalNames::default(), 100).await.unwrap();
    for group in groups {
        let mut machines = store.machines_in_groups(&[group], false, 100).await.unwrap();
        machines.sort();
        let one = store.host_of_group(group).await.unwrap().unwrap();
        assert!(machines.contains(&one.machine));
        all.insert(machines.iter().map(ToString::to_string).collect());
    }
    all
}

fn groups<const N: usize>(groups: [&[&str]; N]) -> BTreeSet<Vec<String>> {
    let names = |group: &[&str]| group.iter().map(|name| (*name).to_owned()).collect();
    groups.into_iter().map(names).collect()
}

pub(crate) async fn hosts_with_the_same_state_are_one_group(store: Db) {
    assert!(members(&store).await.is_empty());
    for name in ["M1", "M2", "M3", "M4"] {
        save(&store, &host(name)).await;
    }
    assert_eq!(members(&store).await, groups([&["M1", "M2", "M3", "M4"]]));

    // M2 stays in its group, although it reports its user groups in a different order and has a
    // session that has sent no rules. M3 gets a tag and M4 gets rules, so both leave the group.
    let target = Holding { set: ScopeSetId(1), revision: Revision(3), generation: Generation(9) };
    let mut other = host("M2");
    other.facts.groups.reverse();
    other.sync.session = Some(Session::new(target, 7, other.sync.epoch, at(5)));
    save(&store, &other).await;
    commit(&store, [put_tag("eng", 0), tag_host("M3", "eng")]).await;
    let mut holding = host("M4");
    holding.sync.holding = Some(target);
    save(&store, &holding).await;
    assert_eq!(members(&store).await, groups([&["M1", "M2"], &["M3"], &["M4"]]));
    let (all, _) = store.host_groups(&PersonalNames::default(), 100).await.unwrap();
    let syncing = store.machines_in_groups(&all, true, 100).await.unwrap();
    assert_eq!(syncing, [machine("M2")]);
    assert_eq!(store.machines_in_groups(&all, false, 3).await.unwrap().len(), 3);
    assert!(store.machines_in_groups(&[], false, 3).await.unwrap().is_empty());
    assert_eq!(store.host_groups(&PersonalNames::default(), 2).await.unwrap().0.len(), 2);

    // A host is alone in its group if its session does not belong to its last preflight.
    other.sync.session = Some(Session::new(target, 7, other.sync.epoch, at(4)));
    save(&store, &other).await;
    let mut third = other.clone();
    third.machine = machine("M5");
    save(&store, &third).await;
    let apart = groups([&["M1"], &["M2"], &["M3"], &["M4"], &["M5"]]);
    assert_eq!(members(&store).await, apart);
    let gone = HostGroup { state: 1, tags: 2 };
    assert!(store.host_of_group(gone).await.unwrap().is_none());
}

pub(crate) async fn hosts_are_counted_by_group_and_time(store: Db) {
    for name in ["M1", "M2", "M3"] {
        save(&store, &host(name)).await;
    }
    let mut late = host("M4");
    late.sync.last_seen = Some(at(6));
    save(&store, &late).await;
    let mut never = host("M5");
    never.sync.last_seen = None;
    save(&store, &never).await;
    let (counts, named) = store.count_hosts(&PersonalNames::default()).await.unwrap();
    assert!(named.is_empty());
    let by_time: BTreeMap<i64, u64> = counts.iter().map(|it| (it.seen, it.hosts)).collect();
    let expected = [(0, 1), (at(5).as_second(), 3), (at(6).as_second(), 1)];
    assert_eq!(by_time, BTreeMap::from(expected));
    assert!(counts.iter().all(|it| it.group == counts[0].group && !it.is_syncing));

    let names = async |names: PersonalNames| -> Vec<String> {
        let (_, mut named) = store.count_hosts(&names).await.unwrap();
        assert!(named.iter().all(|it| it.group == counts[0].group));
        named.sort_by(|a, b| a.machine.cmp(&b.machine));
        assert!(named.iter().all(|it| it.hostname == format!("{}.lan", it.machine)));
        named.iter().map(|it| it.machine.to_string()).collect()
    };
    let hosts = ["M1", "c02m2", "C02M3", "m4"].map(machine).into();
    assert_eq!(
        names(PersonalNames { hosts, ..PersonalNames::default() }).await,
        ["M1", "M2", "M3"]
    );
    let members = r#"{"serials":["C02M1"],"users":["user-M2"],"hostnames":["m5*"]}"#;
    let members = serde_json::from_str(members).unwrap();
    let found = names(PersonalNames { members, ..PersonalNames::default() }).await;
    assert_eq!(found, ["M1", "M2", "M5"]);
}
