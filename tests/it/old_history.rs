//! History that is older than the setting history-retention is deleted. Hosts, commands and copies
//! of the database work without the deleted history.

use std::sync::Arc;

use http::{Method, StatusCode};
use jiff::{SignedDuration, Timestamp};
use nicelist::fleet::{Actor, Clock};
use nicelist::lab::SyncKind;
use nicelist::protocol::{
    PostflightRequest, PreflightRequest, RuleDownloadRequest, SyncType, Wire,
};
use nicelist::rule::{MachineId, Policy, Revision, Rule, RuleKey, Scope};
use nicelist::store::{self, Change, Durability, Edit, Store};
use nicelist::sync::{Engine, RULES_A_PAGE};
use rusqlite::Connection;
use serde_json::json;

use crate::shell::Shell;
use crate::world::{Mac, World};

const DAY: SignedDuration = SignedDuration::from_hours(24);
/// A version of Santa that reports only counts of its rules, and a version that hashes its rules.
const COUNTS: &str = "2024.9";
const HASHES: &str = "2026.7";

fn team(number: usize) -> String {
    format!("teamid:{number:010}")
}

#[tokio::test]
async fn s8_a_host_older_than_the_history_gets_a_clean_sync() {
    let mut world = World::new().await;
    let week = json!({"scope": "fleet", "set": {"history-retention": "7d"}});
    world.post("/settings", week).await;
    for number in 0..4 {
        world.put_rule("allow", &team(number), "fleet").await;
    }
    let (mut awake, mut asleep) = (Mac::new("AWAKE"), Mac::new("ASLEEP"));
    awake.sync(&world).await;
    asleep.sync(&world).await;

    // Each day, one rule replaces another. On two of the 20 days, the server sends all rules again
    // in a normal sync, because the record of their order is about to be deleted.
    let mut received = Vec::new();
    for day in 0..20 {
        world.drop_rule(&team(day), "fleet").await;
        world.put_rule("allow", &team(day + 4), "fleet").await;
        world.pass(DAY).await;
        let report = awake.sync(&world).await;
        assert_eq!(report.performed, SyncKind::Normal, "day {day}");
        assert_eq!(awake.holds(), world.active_rules("AWAKE").await, "day {day}");
        let view = world.get("/hosts/AWAKE").await;
        assert_eq!((&view["state"], &view["drift"]), (&json!("in-sync"), &json!(null)), "{view}");
        received.push(report.rules.received);
    }
    assert_eq!(received.iter().filter(|rules| **rules == 2).count(), 18, "{received:?}");

    let start = world.get("/status").await["history_start"].clone();
    assert_eq!(start["revision"], 33, "the newest of seven days ago: {start}");
    let refused = world.ask(Method::GET, "/rules?at=32", json!(null)).await;
    assert_eq!(refused.0, StatusCode::NOT_FOUND, "{}", refused.1);
    assert_eq!(world.get("/rules?at=33").await["items"].as_array().unwrap().len(), 4);

    let view = world.get("/hosts/ASLEEP").await;
    assert_eq!((&view["state"], &view["contact"]), (&json!("behind"), &json!("silent")), "{view}");
    let report = asleep.sync(&world).await;
    assert_eq!((report.performed, report.rules.received), (SyncKind::Clean, 4));
    assert_eq!(asleep.holds(), world.active_rules("ASLEEP").await);
    assert_eq!(world.get("/hosts/ASLEEP").await["state"], "in-sync");
    world.put_rule("block", &team(99), "fleet").await;
    let report = asleep.sync(&world).await;
    assert_eq!((report.performed, report.rules.received), (SyncKind::Normal, 1));
}

/// A host that has the rules of the first kept revision needs no clean sync, even if it last synced
/// long ago.
#[tokio::test]
async fn s8_a_quiet_fleet_needs_no_clean_sync() {
    let mut world = World::new().await;
    let week = json!({"scope": "fleet", "set": {"history-retention": "7d"}});
    world.post("/settings", week).await;
    world.put_rule("allow", &team(1), "fleet").await;
    world.put_rule("block", &team(1), "fleet").await;
    let mut mac = Mac::new("M1");
    mac.sync(&world).await;
    world.pass(DAY * 300).await;
    assert_eq!(world.get("/status").await["history_start"]["revision"], 3);
    let report = mac.sync(&world).await;
    assert_eq!((report.performed, report.rules.received), (SyncKind::Normal, 0));
    world.put_rule("allow", &team(2), "fleet").await;
    let report = mac.sync(&world).await;
    assert_eq!((report.performed, report.rules.received), (SyncKind::Normal, 1));
}

async fn change(engine: &Engine, edits: Vec<Edit>) {
    let actor = Actor::new("anna", Timestamp::UNIX_EPOCH);
    engine.commit(Change { actor, base: None, dry_run: false, edits }).await.unwrap();
}

fn put(number: usize, import: usize) -> Edit {
    let target = team(number).parse().unwrap();
    let mut rule = Rule::new(target, Scope::Fleet, Policy::Allow).unwrap();
    rule.notice.message = Some(format!("import {import}").into());
    Edit::PutRule(Box::new(rule))
}

async fn engine(store: &Arc<dyn Store>, page: usize) -> Engine {
    let page = page.try_into().unwrap();
    Engine::open(Arc::clone(store), [0; 32], Clock::System, page).await.unwrap()
}

async fn preflight(engine: &Engine, version: &str, machine: &MachineId) -> Option<SyncType> {
    let request = PreflightRequest { santa_version: version.into(), ..Default::default() };
    engine.preflight(machine, &request, &|| true).await.unwrap().sync_type
}

/// The identifiers on a page, and the cursor of the next page.
async fn page(engine: &Engine, machine: &MachineId, cursor: &str) -> (Vec<String>, Option<String>) {
    let request = RuleDownloadRequest { cursor: cursor.to_owned(), ..Default::default() };
    let page = engine.rule_download(machine, &request, Wire::default()).await.unwrap();
    let page: serde_json::Value = serde_json::from_slice(&page).unwrap();
    let rules = page["rules"].as_array().unwrap().iter();
    let identifiers = rules.map(|rule| rule["identifier"].as_str().unwrap().to_owned());
    (identifiers.collect(), page["cursor"].as_str().map(str::to_owned))
}

async fn postflight(engine: &Engine, machine: &MachineId, rules: u32) {
    let request =
        PostflightRequest { rules_received: rules, rules_processed: rules, ..Default::default() };
    engine.postflight(machine, &request).await.unwrap();
}

/// Completes a sync. Returns the identifiers of the received rules.
async fn sync(engine: &Engine, version: &str, machine: &MachineId) -> Vec<String> {
    preflight(engine, version, machine).await;
    let (mut rules, mut cursor) = page(engine, machine, "").await;
    while let Some(next) = cursor {
        let (more, after) = page(engine, machine, &next).await;
        rules.extend(more);
        cursor = after;
    }
    postflight(engine, machine, u32::try_from(rules.len()).unwrap()).await;
    rules
}

/// Memory depends on the kept history, not on all changes ever made, even after a restart.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s8_memory_and_start_up_follow_the_history_that_is_kept() {
    let store = store::open("sqlite::memory:", Durability::Power).await.unwrap();
    let first = engine(&store, RULES_A_PAGE.get()).await;
    for import in 0..50 {
        change(&first, (0..100).map(|number| put(number, import)).collect()).await;
    }
    assert_eq!(first.versions_in_memory(), 5000);
    store.raise_history_start(Revision(49)).await.unwrap();
    first.keep_history_from(Revision(49));
    while store.delete_history(500).await.unwrap() > 0 {}
    first.free_old_history().await.unwrap();
    // The active rules, and the rules that the two kept revisions replaced.
    assert_eq!(first.versions_in_memory(), 300);
    let second = engine(&store, RULES_A_PAGE.get()).await;
    assert_eq!(second.versions_in_memory(), 300);
    change(&first, vec![put(7, 99)]).await;
    assert_eq!(first.versions_in_memory(), 301);
}

/// If old history is deleted during a download, the download continues at the next page, on the
/// server that began it and on another server.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s8_a_download_continues_while_old_history_is_deleted() {
    let store = store::open("sqlite::memory:", Durability::Power).await.unwrap();
    let first = engine(&store, 2).await;
    let machine: MachineId = "M1".parse().unwrap();
    change(&first, (0..5).map(|number| put(number, 0)).collect()).await;
    for import in 1..20 {
        change(&first, (5..8).map(|number| put(number, import)).collect()).await;
    }
    assert_eq!(sync(&first, COUNTS, &machine).await.len(), 8);

    // Revision 21 replaces three rules.
    change(&first, (5..8).map(|number| put(number, 99)).collect()).await;
    assert_eq!(preflight(&first, COUNTS, &machine).await, Some(SyncType::Normal));
    let (rules, cursor) = page(&first, &machine, "").await;
    assert_eq!(rules, ["0000000005", "0000000006"]);
    store.raise_history_start(Revision(20)).await.unwrap();
    first.keep_history_from(Revision(20));
    while store.delete_history(7).await.unwrap() > 0 {}
    first.free_old_history().await.unwrap();
    assert_eq!(first.versions_in_memory(), 14);
    let second = engine(&store, 2).await;
    for engine in [&first, &second] {
        let (rules, next) = page(engine, &machine, cursor.as_deref().unwrap()).await;
        assert_eq!((rules, next), (vec!["0000000007".to_owned()], None));
    }
    postflight(&second, &machine, 3).await;
    let holding = store.host(&machine).await.unwrap().unwrap().host.sync.holding.unwrap();
    assert_eq!(holding.revision, Revision(21));
}

/// A server that starts after history was deleted has less history in memory. A download that
/// alternates between this server and an earlier server returns each rule exactly one time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s8_a_download_alternates_between_servers_with_different_history() {
    let store = store::open("sqlite::memory:", Durability::Power).await.unwrap();
    let first = engine(&store, 1).await;
    let machine: MachineId = "M1".parse().unwrap();
    change(&first, (0..4).map(|number| put(number, 0)).collect()).await;
    for number in 10..20 {
        let target = team(number).parse().unwrap();
        let rule = Rule::new(target, "user:ben".parse().unwrap(), Policy::Allow).unwrap();
        change(&first, vec![Edit::PutRule(Box::new(rule))]).await;
    }
    assert_eq!(sync(&first, COUNTS, &machine).await.len(), 4);
    // This sync is not completed, so the host may be in one of two states.
    change(&first, (0..4).map(|number| put(number, 1)).collect()).await;
    preflight(&first, COUNTS, &machine).await;
    page(&first, &machine, "").await;

    store.raise_history_start(Revision(5)).await.unwrap();
    first.keep_history_from(Revision(5));
    while store.delete_history(7).await.unwrap() > 0 {}
    let second = engine(&store, 1).await;
    change(&first, (0..4).map(|number| put(number, 2)).collect()).await;
    assert_eq!(preflight(&first, COUNTS, &machine).await, Some(SyncType::Normal));
    for servers in [[&first, &second], [&second, &first]] {
        let (mut rules, mut cursor) = (Vec::new(), Some(String::new()));
        for server in servers.into_iter().cycle().take(4) {
            let (brought, next) = page(server, &machine, &cursor.unwrap()).await;
            rules.extend(brought);
            cursor = next;
        }
        assert_eq!((rules, cursor), ((0..4).map(|it| format!("{it:010}")).collect(), None));
    }
}

/// Before the server deletes the record of the order of a host's rules, it sends all these rules
/// again in one normal sync.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s8_rules_are_sent_again_before_their_order_is_forgotten() {
    let store = store::open("sqlite::memory:", Durability::Power).await.unwrap();
    let engine = engine(&store, RULES_A_PAGE.get()).await;
    let machine: MachineId = "M1".parse().unwrap();
    change(&engine, (0..3).map(|number| put(number, 0)).collect()).await;
    assert_eq!(sync(&engine, HASHES, &machine).await.len(), 3);
    change(&engine, vec![put(3, 0)]).await;
    engine.resend_rules_from_before(vec![Revision(1)]);
    assert_eq!(sync(&engine, HASHES, &machine).await.len(), 1);
    assert_eq!(sync(&engine, HASHES, &machine).await.len(), 0);

    engine.resend_rules_from_before(vec![Revision(2)]);
    assert_eq!(preflight(&engine, HASHES, &machine).await, Some(SyncType::Normal));
    assert_eq!(sync(&engine, HASHES, &machine).await.len(), 4);
    assert_eq!(sync(&engine, HASHES, &machine).await.len(), 0);
}

/// While a server is suspended, another server changes rules and deletes their old versions. When
/// the suspended server continues, it reads all rules again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s8_a_server_that_was_suspended_reads_everything_again() {
    let store = store::open("sqlite::memory:", Durability::Power).await.unwrap();
    let suspended = engine(&store, RULES_A_PAGE.get()).await;
    change(&suspended, (0..3).map(|number| put(number, 0)).collect()).await;
    let machine: MachineId = "M1".parse().unwrap();
    assert_eq!(sync(&suspended, COUNTS, &machine).await.len(), 3);

    let other = engine(&store, RULES_A_PAGE.get()).await;
    let target = team(1).parse().unwrap();
    change(&other, vec![Edit::DropRule(RuleKey { target, scope: Scope::Fleet })]).await;
    change(&other, vec![put(2, 1)]).await;
    store.raise_history_start(Revision(3)).await.unwrap();
    assert_eq!(store.delete_history(99).await.unwrap(), 1);

    suspended.tick(false).await.unwrap();
    assert_eq!(suspended.versions_in_memory(), 3);
    assert_eq!(preflight(&suspended, COUNTS, &machine).await, Some(SyncType::Clean));
    let (rules, _) = page(&suspended, &machine, "").await;
    assert_eq!(rules, ["0000000000", "0000000002"]);
}

/// A database with a rule that was replaced long ago, a new rule, and a history retention of seven
/// days.
fn shell_with_old_history() -> Shell {
    let shell = Shell::new();
    for line in [
        "rule add block teamid:EQHXZ8M8AV",
        "rule add allow teamid:EQHXZ8M8AV",
        "rule add allow teamid:ZMCG7MLDV9",
        "settings set history-retention=7d",
    ] {
        let transcript = shell.run(&format!("{line} --database sqlite:nicelist.db"));
        assert!(transcript.contains("exit code: 0"), "{transcript}");
        let past = "UPDATE revision SET at = 1700000000000 + id * 86400000 WHERE id <= 2";
        Connection::open(shell.path("nicelist.db")).unwrap().execute_batch(past).unwrap();
    }
    shell
}

#[test]
fn s8_requests_for_deleted_history_are_refused_with_a_hint() {
    let shell = shell_with_old_history();
    let run = |line: &str| shell.run(&format!("{line} --database sqlite:nicelist.db"));
    insta::assert_snapshot!(run("rollback 1 --yes"), @"
    $ nicelist rollback 1 --yes --database sqlite:nicelist.db
    exit code: 1
    ----- stderr -----
    error: the history of revision 1 was deleted (setting history-retention); the oldest available revision is 2 (2023-11-16)
    hint: choose a newer revision: nicelist history
    ");
    insta::assert_snapshot!(run("rule list --at 1"), @"
    $ nicelist rule list --at 1 --database sqlite:nicelist.db
    exit code: 1
    ----- stderr -----
    error: the history of revision 1 was deleted (setting history-retention); the oldest available revision is 2 (2023-11-16)
    hint: choose a newer revision: nicelist history
    ");
    insta::assert_snapshot!(run("history show 1"), @"
    $ nicelist history show 1 --database sqlite:nicelist.db
    exit code: 1
    ----- stderr -----
    error: the history of revision 1 was deleted (setting history-retention); the oldest available revision is 2 (2023-11-16)
    hint: choose a newer revision: nicelist history
    ");
    let list = run("history");
    let hint =
        "hint: rule versions replaced or removed before revision 2 (2023-11-16) were deleted";
    assert!(list.contains(hint), "{list}");
    insta::assert_snapshot!(run("rule show teamid:EQHXZ8M8AV --history"), @"
    $ nicelist rule show teamid:EQHXZ8M8AV --history --database sqlite:nicelist.db
    exit code: 0
    ----- stdout -----
    teamid:EQHXZ8M8AV in fleet
      ~ revision 2  [TIME]  local:anna  policy block → allow
      + revision 1  [TIME]  local:anna  block
    ----- stderr -----
    hint: rule versions replaced or removed before revision 2 (2023-11-16) were deleted (setting history-retention)
    ");
    let kept = run("rollback 2 --yes");
    assert!(kept.contains("exit code: 0"), "{kept}");
}

#[test]
fn s8_a_database_without_old_history_is_sound_and_can_be_copied() {
    let shell = shell_with_old_history();
    // A command that writes also deletes a batch of old history.
    shell.run("tag create eng --database sqlite:nicelist.db");
    let rules = "SELECT count(*) FROM rule WHERE ended IS NOT NULL AND ended < 2";
    let connection = Connection::open(shell.path("nicelist.db")).unwrap();
    let old: i64 = connection.query_row(rules, [], |row| row.get(0)).unwrap();
    assert_eq!(old, 0);
    drop(connection);
    for line in [
        "database check --database sqlite:nicelist.db",
        "database copy sqlite:nicelist.db sqlite:copy.db",
        "database compare sqlite:nicelist.db sqlite:copy.db",
        "database check --database sqlite:copy.db",
    ] {
        let transcript = shell.run(line);
        assert!(transcript.contains("exit code: 0"), "{transcript}");
    }
    let refused = shell.run("rollback 1 --yes --database sqlite:copy.db");
    assert!(refused.contains("was deleted (setting history-retention)"), "{refused}");
}
