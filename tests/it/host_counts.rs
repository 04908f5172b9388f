//! The counts of hosts agree with the list of all hosts, and the list of each state is complete.

use std::collections::BTreeMap;
use std::fs;

use jiff::SignedDuration;
use nicelist::lab::{Profile, Santa};
use nicelist::sync::RULES_A_PAGE;
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::old_database::{DATABASE, unpacked};
use crate::shell::{Server, Shell};
use crate::world::{Loses, Mac, World};

type Counts = BTreeMap<(String, String, bool), u64>;

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// All hosts.
async fn walk(world: &World) -> Vec<Value> {
    world.get("/hosts?limit=5000").await["items"].as_array().unwrap().clone()
}

/// Checks the counts, the list of conflicts and the list of each state against the list of all
/// hosts.
pub(crate) async fn assert_as_a_walk(world: &World) {
    let hosts = walk(world).await;
    let mut expected = Counts::new();
    for host in &hosts {
        let conflict = !host["conflict"].is_null() || !host["refused"].is_null();
        *expected.entry((text(&host["state"]), text(&host["contact"]), conflict)).or_default() += 1;
    }
    let counts = world.get("/host-counts").await;
    let counted: Counts = counts["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|count| {
            let key = (text(&count["state"]), text(&count["contact"]), count["conflict"] == true);
            (key, count["hosts"].as_u64().unwrap())
        })
        .collect();
    assert_eq!(counted, expected, "{hosts:#?}");
    let conflicts = world.get("/hosts?conflict=true&limit=5000").await;
    let conflicts = conflicts["items"].as_array().unwrap().len() as u64;
    let of_conflicts: u64 =
        expected.iter().filter(|((_, _, conflict), _)| *conflict).map(|(_, hosts)| hosts).sum();
    assert_eq!(conflicts, of_conflicts);
    for state in ["in-sync", "behind", "syncing", "drifted", "rejecting", "never-synced"] {
        let machines = |hosts: &[Value]| -> Vec<String> {
            let in_state = hosts.iter().filter(|host| host["state"] == state);
            in_state.map(|host| text(&host["machine"])).collect()
        };
        let list = world.get(&format!("/hosts?state={state}&limit=5000")).await;
        assert_eq!(machines(list["items"].as_array().unwrap()), machines(&hosts), "{state}");
    }
}

/// The number of hosts in a state.
async fn count(world: &World, state: &str) -> u64 {
    let counts = world.get("/host-counts").await;
    let of_state = counts["items"].as_array().unwrap().iter().filter(|it| it["state"] == state);
    of_state.map(|it| it["hosts"].as_u64().unwrap()).sum()
}

/// Ten Macs. All have the same group, and two have the same user.
fn macs() -> Vec<Mac> {
    let mac = |number: usize| {
        let profile = Profile {
            machine_id: format!("M{number}"),
            serial: format!("C02SERIAL{number}"),
            hostname: format!("Mac-{number}.lan"),
            primary_user: if number < 2 { "anna".to_owned() } else { format!("user{number}") },
            groups: vec!["staff".to_owned()],
            ..Profile::default()
        };
        Mac { santa: Santa::new(profile) }
    };
    (0..10).map(mac).collect()
}

async fn counts_follow_every_change(mut world: World) {
    assert_as_a_walk(&world).await;
    let mut macs = macs();
    for mac in &mut macs {
        mac.sync(&world).await;
    }
    assert_as_a_walk(&world).await;
    assert_eq!(count(&world, "in-sync").await, 10);

    // A rule for the fleet. At first, only three Macs sync.
    world.put_rule("block", "teamid:ABCDE12345", "fleet").await;
    assert_as_a_walk(&world).await;
    for mac in &mut macs[..3] {
        mac.sync(&world).await;
    }
    assert_as_a_walk(&world).await;
    assert_eq!(count(&world, "behind").await, 7);
    for mac in &mut macs {
        mac.sync(&world).await;
    }

    // Rules for a machine ID, a serial number, a user and a group.
    for (scope, behind) in
        [("host:M4", 1), ("host:C02SERIAL5", 2), ("user:anna", 4), ("group:staff", 10)]
    {
        world.put_rule("allow", &format!("teamid:{behind:010}"), scope).await;
        assert_as_a_walk(&world).await;
        assert_eq!(count(&world, "behind").await, behind, "{scope}");
    }
    for mac in &mut macs {
        mac.sync(&world).await;
    }
    assert_eq!(count(&world, "in-sync").await, 10);

    // A setting for one user, and a tag whose members are assigned or matched by serial number or
    // hostname.
    let own = json!({"scope": "user:user6", "set": {"client-mode": "lockdown"}});
    world.post("/settings", own).await;
    assert_as_a_walk(&world).await;
    world.post("/tags", json!({"name": "lab"})).await;
    world.post("/hosts/M7/tags", json!({"add": ["lab"]})).await;
    world.put_rule("block", "teamid:TAGGED0000", "tag:lab").await;
    assert_as_a_walk(&world).await;
    assert_eq!(count(&world, "behind").await, 2);
    let membership = json!({"serials": ["c02serial8"], "hostnames": ["mac-9.*"]});
    world.post("/tags", json!({"name": "lab", "membership": membership})).await;
    assert_as_a_walk(&world).await;
    assert_eq!(count(&world, "behind").await, 4);

    // Syncs whose requests after the first, second or third are lost, a clean sync, an hour without
    // syncs, and a deleted host.
    for (at, mac) in macs.iter_mut().enumerate() {
        let network = world.network().losing(Loses::From(1 + at % 3));
        drop(mac.try_sync(&network).await);
        assert_as_a_walk(&world).await;
    }
    assert!(count(&world, "syncing").await > 0);
    world.wait(SignedDuration::from_mins(6));
    assert_eq!(count(&world, "syncing").await, 0);
    assert_as_a_walk(&world).await;
    world.post("/hosts/M2/clean-sync", json!({"kind": "clean"})).await;
    assert_as_a_walk(&world).await;
    world.pass(SignedDuration::from_hours(1)).await;
    macs[2].sync(&world).await;
    assert_as_a_walk(&world).await;
    world.delete("/hosts/M3").await;
    assert_as_a_walk(&world).await;

    // Two Macs with one machine ID sync alternately.
    let twin = Profile {
        machine_id: "M1".to_owned(),
        serial: "ANOTHER00001".to_owned(),
        ..Profile::default()
    };
    let mut twin = Mac { santa: Santa::new(twin) };
    for _ in 0..3 {
        for mac in [&mut twin, &mut macs[1]] {
            world.wait(SignedDuration::from_mins(10));
            mac.sync(&world).await;
            assert_as_a_walk(&world).await;
        }
    }
    assert_eq!(walk(&world).await.iter().filter(|host| !host["conflict"].is_null()).count(), 1);
    world.put_rule("block", "teamid:ABCDE99999", "fleet").await;
    macs[1].sync(&world).await;
    assert_as_a_walk(&world).await;
    world.end().await;
}

#[tokio::test]
async fn counts_equal_a_walk_over_all_hosts() {
    counts_follow_every_change(World::new().await).await;
}

#[tokio::test]
async fn counts_equal_a_walk_with_two_servers_on_postgres() {
    counts_follow_every_change(World::on_postgres(2, 0x5a5a_3c3c, RULES_A_PAGE).await).await;
}

#[tokio::test]
async fn hosts_of_version_0_1_0_are_counted() {
    let later = "2026-11-29T08:07:42Z".parse().unwrap();
    for world in [
        World::on_file(&unpacked(DATABASE), later).await,
        World::on_postgres_copy(&unpacked(DATABASE), later).await,
    ] {
        assert_as_a_walk(&world).await;
        assert!(!walk(&world).await.is_empty());
        world.end().await;
    }
}

/// The upgrade sets `state_key` and `seen` in every row.
#[test]
fn the_upgrade_of_a_database_groups_its_hosts_as_new_rows() {
    let shell = Shell::new();
    fs::write(shell.path("nicelist.db"), unpacked(DATABASE)).unwrap();
    let upgraded = shell.run("database migrate --database sqlite:nicelist.db");
    assert!(upgraded.contains("exit code: 0"), "{upgraded}");
    let database = Connection::open(shell.path("nicelist.db")).unwrap();
    let without_group: i64 = database
        .query_row("SELECT count(*) FROM host WHERE state_key = 0 OR seen = 0", [], |row| {
            row.get(0)
        })
        .unwrap();
    assert_eq!(without_group, 0);
}

#[test]
fn a_local_database_is_counted_without_a_server() {
    let mut shell = Shell::new();
    {
        let server = Server::start(&shell);
        shell.use_server(&server);
        let base = server.sync_base();
        for name in ["mira", "otto"] {
            shell.json(&format!(
                "lab sync {base} --state {name}.json --machine-id {name} --no-backoff"
            ));
        }
        assert!(shell.run("rule add block teamid:AAAAAAAAAA").contains("exit code: 0"));
        shell.json(&format!("lab sync {base} --state otto.json --no-backoff"));
    }
    shell.unset_server();
    let list = |state: &str| {
        let list = shell.json(&format!("host list --state {state} --database sqlite:nicelist.db"));
        list.as_array().unwrap().iter().map(|host| text(&host["machine"])).collect::<Vec<_>>()
    };
    assert_eq!(
        (list("behind"), list("in-sync")),
        (vec!["mira".to_owned()], vec!["otto".to_owned()])
    );
    let status = shell.json("status --database sqlite:nicelist.db");
    assert_eq!(
        (&status["hosts"]["states"]["behind"], &status["hosts"]["total"]),
        (&json!(1), &json!(2))
    );
}
