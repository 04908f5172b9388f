//! Hosts and scope sets.

use nicelist::fleet::{
    CleanOrder, CleanSync, ClientMode, EpochId, Event, Generation, Holding, HostFacts,
    OptionalSettings, Reach, RuleCounts, ScopeSetId, Session, SessionKind, SyncState,
};
use nicelist::store::{EventFilter, HostFilter, ScopeId, SharedSerial, StoredHost};
use tokio::task::JoinSet;

use super::*;

async fn stored(store: &Db, name: &str) -> StoredHost {
    store.host(&machine(name)).await.unwrap().unwrap()
}

fn full_host(name: &str) -> Host {
    let target = Holding { set: ScopeSetId(3), revision: Revision(7), generation: Generation(2) };
    Host {
        facts: HostFacts {
            serial: "C02XL0".to_owned(),
            hostname: "anna's \"Mac\"".to_owned(),
            model: "MacBookPro18,3".to_owned(),
            os_version: "15.1".to_owned(),
            os_build: "24B83".to_owned(),
            santa_version: "2026.7".to_owned(),
            primary_user: "anna".to_owned(),
            groups: vec!["Design Team".to_owned(), "staff".to_owned()],
            client_mode: Some(ClientMode::Lockdown),
            rule_counts: RuleCounts { binary: 4, transitive: 2, ..RuleCounts::default() },
            sip_status: 0x6f,
            truncated: vec!["hostname".to_owned()],
            groups_reported: Some(1001),
        },
        sync: SyncState {
            holding: Some(target),
            offers: vec![target, Holding { revision: Revision(6), ..target }],
            reach: Some(Reach { union: ScopeSetId(4), common: ScopeSetId(5) }),
            session: Some(Session {
                synced: OptionalSettings::ALL,
                kind: SessionKind::Clean(CleanSync::CleanAll),
                target,
                started: at(3),
                asked_clean: false,
                settings: 0,
                begun: true,
                served: true,
                order: None,
                mixed: false,
                epoch: EpochId(7),
                without_rules: true,
            }),
            epoch: EpochId(8),
            uploaded_in: EpochId(9),
            clean_order: Some(CleanOrder { kind: CleanSync::Clean, at: at(4) }),
            last_seen: Some(at(5)),
            ..SyncState::default()
        },
        ..Host::new(machine(name), at(1))
    }
}

pub(crate) async fn versions_are_counted_scope_by_scope(store: Db) {
    let save = async |name: &str, version: &str| {
        let mut host = full_host(name);
        version.clone_into(&mut host.facts.santa_version);
        if name == "M3" {
            host.facts.primary_user = "mira".to_owned();
            host.facts.groups.clear();
        }
        assert!(store.save_host(&host, 0).await.unwrap());
    };
    save("M1", "2024.9").await;
    save("M2", "2026.7").await;
    save("M3", "2026.7").await;
    // Tagging a host writes its row again, which must not change the counts.
    commit(&store, vec![put_tag("eng", 0), put_tag("lab", 0)]).await;
    commit(&store, vec![tag_host("M1", "eng"), tag_host("M2", "lab")]).await;
    let counted = async |scope: &str| {
        let versions = store.santa_versions(&scope.parse().unwrap()).await.unwrap();
        let line = |(version, hosts): (String, u64)| format!("{version}: {hosts}");
        versions.into_iter().map(line).collect::<Vec<_>>()
    };
    assert_eq!(counted("fleet").await, ["2024.9: 1", "2026.7: 2"]);
    assert_eq!(counted("group:Design Team").await, ["2024.9: 1", "2026.7: 1"]);
    assert_eq!(counted("tag:eng").await, ["2024.9: 1"]);
    assert_eq!(counted("user:mira").await, ["2026.7: 1"]);
    assert_eq!(counted("host:M2").await, ["2026.7: 1"]);
    assert_eq!(counted("host:M9").await, [""; 0]);
}

pub(crate) async fn l11_serial_numbers_of_several_hosts_are_found(store: Db) {
    for (name, serial) in
        [("M1", "C02DUP"), ("M2", "c02dup"), ("M3", "C02ONE"), ("M4", ""), ("M5", ""), ("M6", "0")]
    {
        let mut host = full_host(name);
        serial.clone_into(&mut host.facts.serial);
        assert!(store.save_host(&host, 0).await.unwrap());
    }
    let line = |shared: SharedSerial| {
        let machines: Vec<&str> = shared.machines.iter().map(MachineId::as_str).collect();
        format!("{} {}: {}", shared.hosts, shared.serial, machines.join(" "))
    };
    let of = async |serial: Option<&str>| {
        let shared = store.shared_serials(serial, 10).await.unwrap();
        shared.into_iter().map(line).collect::<Vec<_>>()
    };
    assert_eq!(of(None).await, ["2 C02DUP: M1 M2"]);
    assert_eq!(of(Some("c02dup")).await, ["2 C02DUP: M1 M2"]);
    assert_eq!(of(Some("C02ONE")).await, [""; 0]);
    assert_eq!(of(Some("C02NONE")).await, [""; 0]);
    for number in 10..30 {
        assert!(store.save_host(&full_host(&format!("N{number}")), 0).await.unwrap());
    }
    let shared = store.shared_serials(None, 10).await.unwrap();
    let twenty = shared.iter().find(|shared| shared.hosts == 20).unwrap();
    assert_eq!(twenty.machines.len(), 10, "some of them");
}

pub(crate) async fn b1_a_huge_host_is_read_shortened(store: Db) {
    let mut huge = full_host("M2");
    huge.facts.hostname = "h".repeat(100_000);
    huge.facts.model = "m".repeat(3_000_000);
    huge.facts.groups = (0..2500).rev().map(|number| format!("group {number:04}")).collect();
    huge.facts.groups.push("g".repeat(1000));
    for host in [&full_host("M1"), &huge, &full_host("M3")] {
        assert!(store.save_host(host, 0).await.unwrap());
    }
    let found = stored(&store, "M2").await;
    let facts = &found.host.facts;
    assert_eq!((facts.hostname.len(), facts.model.len()), (255, 255));
    assert_eq!((facts.groups.len(), facts.groups[0].as_str()), (1000, "group 0000"));
    assert_eq!(facts.truncated, ["report"]);
    assert_eq!((&facts.serial, facts.client_mode), (&huge.facts.serial, huge.facts.client_mode));
    assert_eq!(facts.rule_counts, huge.facts.rule_counts);
    assert_eq!(found.host.sync, huge.sync);

    let all = store.hosts(&HostFilter::default(), None, 9).await.unwrap();
    assert_eq!((all.len(), all.more), (3, false));
    assert_eq!((&all[0].facts, &all[1]), (&full_host("M1").facts, &found.host));
    let names = store.hostnames(&["M2", "M1", "M9"].map(machine)).await.unwrap();
    assert_eq!(names, [(machine("M1"), full_host("M1").facts.hostname)]);
    // After the host is saved with values of normal size, the store returns these values unchanged.
    let next = Host { facts: full_host("M2").facts, ..found.host };
    assert!(store.save_host(&next, found.version).await.unwrap());
    assert_eq!(stored(&store, "M2").await.host, next);
}

pub(crate) async fn b1_a_list_of_large_hosts_ends_early(store: Db) {
    let names: Vec<String> = (0..20).map(|number| format!("M{number:02}")).collect();
    for name in &names {
        let mut host = full_host(name);
        host.facts.groups = (0..1000).map(|number| format!("{number:0>900}")).collect();
        assert!(store.save_host(&host, 0).await.unwrap());
    }
    let (mut found, mut after, mut parts) = (Vec::new(), None, 0);
    loop {
        let part = store.hosts(&HostFilter::default(), after.as_ref(), 100).await.unwrap();
        assert!(part.len() < 7, "{} hosts of 0.9 MB at once", part.len());
        parts += 1;
        found.extend(part.iter().map(|host| host.machine.as_str().to_owned()));
        after = part.last().map(|host| host.machine.clone());
        if !part.more {
            break;
        }
    }
    assert!((4..=5).contains(&parts), "{parts}");
    assert_eq!(found, names);
}

pub(crate) async fn a_host_comes_back_as_it_was_saved(store: Db) {
    assert_eq!(store.host(&machine("M1")).await.unwrap(), None);
    let host = full_host("M1");
    assert!(store.save_host(&host, 0).await.unwrap());
    let first = stored(&store, "M1").await;
    assert_eq!(first.host, host);
    let later = Host { sync: SyncState::default(), ..host };
    assert!(store.save_host(&later, first.version).await.unwrap());
    let second = stored(&store, "M1").await;
    assert_eq!(second.host, later);
    assert!(second.version > first.version);
    assert_eq!(store.host(&machine("m1")).await.unwrap(), None);
}

pub(crate) async fn a_stale_version_saves_nothing(store: Db) {
    let host = new_host(&store, "M1").await;
    let known = stored(&store, "M1").await;
    let seen = Host { facts: HostFacts { serial: "X".to_owned(), ..host.facts.clone() }, ..host };
    assert!(!store.save_host(&seen, 0).await.unwrap(), "made twice");
    assert!(!store.save_host(&seen, known.version + 1).await.unwrap());
    assert_eq!(stored(&store, "M1").await, known);
    let absent = Host::new(machine("M2"), at(0));
    assert!(!store.save_host(&absent, 1).await.unwrap());
    assert_eq!(store.host(&machine("M2")).await.unwrap(), None);
}

pub(crate) async fn of_two_savers_one_wins(store: Db) {
    for round in 0..40 {
        let version = match round {
            0 => 0,
            _ => stored(&store, "M1").await.version,
        };
        let mut savers = JoinSet::new();
        for saver in ["one", "other"] {
            let mut host = Host::new(machine("M1"), at(0));
            host.facts.hostname = format!("{saver} {round}");
            let store = Arc::clone(&store);
            savers.spawn(async move {
                let won = store.save_host(&host, version).await.unwrap();
                won.then_some(host)
            });
        }
        let winners: Vec<Host> = savers.join_all().await.into_iter().flatten().collect();
        assert_eq!(winners, [stored(&store, "M1").await.host]);
    }
}

pub(crate) async fn tags_are_not_saved_with_the_host(store: Db) {
    let mut host = Host::new(machine("M1"), at(0));
    host.tags = vec![tag("made-up")];
    assert!(store.save_host(&host, 0).await.unwrap());
    assert_eq!(stored(&store, "M1").await.host.tags, []);
    commit(&store, [put_tag("eng", 1), tag_host("M1", "eng")]).await;
    let version = stored(&store, "M1").await.version;
    assert!(store.save_host(&host, version).await.unwrap());
    assert_eq!(stored(&store, "M1").await.host.tags, [tag("eng")]);
}

fn event(host: &str) -> Event {
    let report = serde_json::json!({
        "machine": host, "decision": "BLOCK_UNKNOWN", "occurred": null, "file_name": "x",
        "folder": "/", "program": {}, "user": "", "pid": 1, "parent_name": "",
        "bundle_name": "", "bundle_version": "", "bundle_hash": "", "download_url": "",
        "signing_chain": [], "report": null,
    });
    serde_json::from_value(report).unwrap()
}

pub(crate) async fn l4_events_of_a_forgotten_host_stay_unless_they_are_deleted(store: Db) {
    for name in ["M1", "M2"] {
        new_host(&store, name).await;
        assert_eq!(store.add_events(&[event(name)], at(0), UPLOAD).await.unwrap().events, 1);
    }
    commit(&store, [put(rule(1, "host:M1", ""))]).await;
    assert!(store.forget_host(&anna(), &machine("M1")).await.unwrap());
    assert!(!store.forget_host(&anna(), &machine("M1")).await.unwrap());
    assert!(!store.forget_host(&anna(), &machine("M3")).await.unwrap());
    assert_eq!(store.host(&machine("M1")).await.unwrap(), None);
    let machines = async || {
        let left = store.events(&EventFilter::default(), None, 9).await.unwrap();
        left.iter().map(|it| it.event.machine.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(machines().await, ["M2", "M1"]);
    assert_eq!(active_rules(&store).await.len(), 1, "rules are policy and stay");
    assert_eq!(store.delete_events_of(&machine("M1"), 9).await.unwrap(), 1);
    assert_eq!(store.delete_events_of(&machine("M1"), 9).await.unwrap(), 0);
    assert_eq!(machines().await, ["M2"]);
}

/// Saves the host `OTHER` repeatedly until a task ends. Returns the number of saves.
async fn saves_during<T>(store: &Db, task: &tokio::task::JoinHandle<T>) -> usize {
    let other = new_host(store, "OTHER").await;
    let mut saves = 0;
    while !task.is_finished() {
        let version = stored(store, "OTHER").await.version;
        assert!(store.save_host(&other, version).await.unwrap());
        saves += 1;
    }
    saves
}

pub(crate) async fn s6_hosts_do_not_wait_while_many_events_of_one_are_deleted(store: Db) {
    new_host(&store, "M1").await;
    for batch in 0..10 {
        let events = (0..1000).map(|pid| Event { pid, occurred: Some(at(batch)), ..event("M1") });
        let events: Vec<Event> = events.collect();
        assert_eq!(store.add_events(&events, at(0), UPLOAD).await.unwrap().events, 1000);
    }
    let deleting = {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            while store.delete_events_of(&machine("M1"), 500).await.unwrap() == 500 {}
        })
    };
    let saves = saves_during(&store, &deleting).await;
    deleting.await.unwrap();
    assert!(saves >= 5, "another host was saved {saves} times");
    let of_host = EventFilter { machine: Some(machine("M1")), ..EventFilter::default() };
    assert!(store.events(&of_host, None, 9).await.unwrap().is_empty());
    assert!(store.host(&machine("M1")).await.unwrap().is_some());
}

pub(crate) async fn a_version_from_before_forgetting_saves_nothing(store: Db) {
    let host = new_host(&store, "M1").await;
    let known = stored(&store, "M1").await.version;
    assert!(store.save_host(&host, known).await.unwrap());
    store.forget_host(&anna(), &host.machine).await.unwrap();
    new_host(&store, "M1").await;
    for version in known..=known + 1 {
        assert!(!store.save_host(&host, version).await.unwrap(), "took {version}");
    }
    let new = stored(&store, "M1").await.version;
    assert!(store.save_host(&host, new).await.unwrap());
}

async fn names(store: &Db, filter: &HostFilter) -> Vec<String> {
    let hosts = store.hosts(filter, None, usize::MAX).await.unwrap();
    hosts.into_iter().map(|host| host.machine.to_string()).collect()
}

pub(crate) async fn hosts_are_listed_in_pages(store: Db) {
    let all = ["A", "B 2", "a", "b", "é", "💻"];
    for name in ["b", "💻", "A", "é", "a", "B 2"] {
        new_host(&store, name).await;
    }
    assert_eq!(names(&store, &HostFilter::default()).await, all);
    for limit in 1..=7 {
        let mut pages: Vec<Host> = Vec::new();
        loop {
            let after = pages.last().map(|host| host.machine.clone());
            let page = store.hosts(&HostFilter::default(), after.as_ref(), limit).await.unwrap();
            if page.is_empty() {
                break;
            }
            assert!(page.len() <= limit);
            pages.extend(page);
        }
        assert_eq!(pages.iter().map(|host| host.machine.as_str()).collect::<Vec<_>>(), all);
    }
}

/// Saves four hosts. Three of them have a user and a tag. The fourth has only a machine ID.
async fn save_four_hosts(store: &Db) {
    let rows = [
        ("M1", "C02AAA", "studio.local", "anna", Some("eng")),
        ("M2", "C02BBB", "Studio_2", "bert", Some("eng2")),
        ("m3", "XM1", "100%", "anna", Some("eng2")),
        ("M4", "", "", "", None),
    ];
    commit(store, [put_tag("eng", 1), put_tag("eng2", 1)]).await;
    for (name, serial, hostname, user, tagged) in rows {
        let mut host = Host::new(machine(name), at(0));
        (host.facts.serial, host.facts.hostname) = (serial.to_owned(), hostname.to_owned());
        host.facts.primary_user = user.to_owned();
        assert!(store.save_host(&host, 0).await.unwrap());
        if let Some(tagged) = tagged {
            commit(store, [tag_host(name, tagged)]).await;
        }
    }
}

pub(crate) async fn host_filters_all_have_to_hold(store: Db) {
    save_four_hosts(&store).await;
    let none = HostFilter::default;
    let prefix = |text: &str| HostFilter { prefix: Some(text.to_owned()), ..none() };
    let user = |text: &str| HostFilter { user: Some(text.to_owned()), ..none() };
    let machines = |names: &[&str]| HostFilter {
        machines: Some(names.iter().map(|name| machine(name)).collect()),
        ..none()
    };
    let named = |text: &str| HostFilter { name: Some(text.to_owned()), ..none() };
    let cases: [(HostFilter, &[&str]); 26] = [
        (machines(&["m3", "M1", "m4"]), &["M1", "m3"]),
        (machines(&[]), &[]),
        (HostFilter { prefix: Some("studio".to_owned()), ..machines(&["M2", "m3"]) }, &["M2"]),
        (none(), &["M1", "M2", "M4", "m3"]),
        (HostFilter { tag: Some(tag("eng")), ..none() }, &["M1"]),
        (HostFilter { tag: Some(tag("eng2")), ..none() }, &["M2", "m3"]),
        (HostFilter { tag: Some(tag("en")), ..none() }, &[]),
        (user("anna"), &["M1", "m3"]),
        (user("ann"), &[]),
        (user("Anna"), &[]),
        (prefix("m"), &["M1", "M2", "M4", "m3"]),
        (prefix("M3"), &["m3"]),
        (prefix("c02"), &["M1", "M2"]),
        (prefix("C02aaa"), &["M1"]),
        (prefix("STUDIO"), &["M1", "M2"]),
        (prefix("studio_"), &["M2"]),
        (prefix("%"), &[]),
        (prefix("tudio"), &[]),
        (named("c02aaa"), &["M1"]),
        (named("STUDIO_2"), &["M2"]),
        (named("xm1"), &["m3"]),
        (named("studio"), &[]),
        (named("M1"), &[]),
        (HostFilter { user: Some("bert".to_owned()), ..named("C02AAA") }, &[]),
        (prefix(""), &["M1", "M2", "M4", "m3"]),
        (
            HostFilter { tag: Some(tag("eng2")), user: Some("anna".to_owned()), ..prefix("x") },
            &["m3"],
        ),
    ];
    for (filter, wanted) in cases {
        assert_eq!(names(&store, &filter).await, wanted, "{filter:?}");
    }
    let page = store.hosts(&prefix("studio"), Some(&machine("M1")), 9).await.unwrap();
    assert_eq!(page.len(), 1);
}

fn members<const N: usize>(ids: [i64; N]) -> [ScopeId; N] {
    ids.map(ScopeId)
}

pub(crate) async fn scope_sets_are_interned_once(store: Db) {
    let lists: [&[ScopeId]; 5] =
        [&members([1, 2]), &members([2, 1]), &members([12]), &members([1]), &[]];
    let mut ids = Vec::new();
    for list in lists {
        let id = store.intern_scope_set(list).await.unwrap();
        assert!(!ids.contains(&id), "{list:?} shares an id");
        assert_eq!(store.scope_set(id).await.unwrap().as_deref(), Some(list));
        ids.push(id);
    }
    for (list, id) in lists.into_iter().zip(&ids) {
        assert_eq!(store.intern_scope_set(list).await.unwrap(), *id);
    }
    assert_eq!(store.scope_set(ScopeSetId(999)).await.unwrap(), None);
}

pub(crate) async fn a_scope_set_that_many_want_has_one_id(store: Db) {
    let mut wishes = JoinSet::new();
    for wish in 0..60 {
        let store = Arc::clone(&store);
        wishes.spawn(async move {
            let set = members([wish % 3, 7]);
            (wish % 3, store.intern_scope_set(&set).await.unwrap())
        });
    }
    let mut ids: Vec<(i64, ScopeSetId)> = wishes.join_all().await;
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 3);
}
