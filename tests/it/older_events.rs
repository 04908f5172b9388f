//! After an upgrade, the server counts the programs of the stored events in the background.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use nicelist::fleet::{Clock, Decision, Event};
use nicelist::store::{self, Durability, EventOrigin};
use rusqlite::Connection;

use crate::old_database::{DATABASE, unpacked};
use crate::shell::{Server, Shell};

fn number(shell: &Shell, sql: &str) -> i64 {
    let on = Connection::open(shell.path("nicelist.db")).unwrap();
    on.busy_timeout(Duration::from_secs(10)).unwrap();
    on.query_one(sql, [], |row| row.get(0)).unwrap()
}

/// The ID of the newest event that is not counted yet, or 0.
fn uncounted(shell: &Shell) -> i64 {
    number(shell, "SELECT ifnull((SELECT value FROM meta WHERE key = 'uncounted_events'), 0)")
}

fn wait_until(what: &str, is_done: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !is_done() {
        assert!(Instant::now() < deadline, "waited too long until {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Checks that each event, except file access events, is counted exactly one time.
fn assert_counted(shell: &Shell) {
    let executions = number(shell, "SELECT count(*) FROM event WHERE kind <> 2");
    assert!(executions > 0);
    assert_eq!(number(shell, "SELECT sum(reports) FROM sighting"), executions);
    let pairs = "SELECT count(*) FROM (SELECT DISTINCT machine, sha256, signing_id FROM event
                 WHERE kind <> 2)";
    assert_eq!(number(shell, "SELECT count(*) FROM sighting"), number(shell, pairs));
    assert_eq!(number(shell, "SELECT sum(hosts) FROM program"), number(shell, pairs));
}

/// Creates a database as an older version left it: with events, but without counted programs.
async fn older_database(shell: &Shell, events: i64) {
    let url = format!("sqlite:{}", shell.path("nicelist.db").display());
    let store = store::open(&url, Durability::Process).await.unwrap();
    let bare = serde_json::json!({
        "machine": "M1", "decision": "BLOCK_UNKNOWN", "occurred": null, "file_name": "tool",
        "folder": "/opt", "program": {}, "user": "anna", "pid": 1, "parent_name": "",
        "bundle_name": "", "bundle_version": "", "bundle_hash": "", "download_url": "",
        "signing_chain": [], "other_fields": null,
    });
    let bare: Event = serde_json::from_value(bare).unwrap();
    let events: Vec<Event> = (0..events)
        .map(|number| {
            let mut event = bare.clone();
            event.machine = format!("M{}", number % 3).parse().unwrap();
            event.decision = Decision("ALLOW_UNKNOWN".into());
            event.occurred = Some(Timestamp::from_second(1_790_000_000 + number).unwrap());
            event.program.sha256 = format!("{:064x}", number % 500);
            event
        })
        .collect();
    for some in events.chunks(1_000) {
        store.add_events(some, Clock::System.now(), EventOrigin::Import).await.unwrap();
    }
    drop(store);
    let migration = include_str!("../../src/store/sqlite/migrations/0007_programs.sql");
    let note = &migration[migration.find("INSERT INTO meta").unwrap()..];
    let on = Connection::open(shell.path("nicelist.db")).unwrap();
    let clear = "DELETE FROM sighting; DELETE FROM program; DELETE FROM machine;";
    on.execute_batch(&format!("{clear}{note}")).unwrap();
}

/// The server is ready before it has counted the events. It counts each event exactly one time,
/// even if it is killed while it counts.
#[tokio::test]
async fn a_killed_server_continues_to_count_where_it_stopped() {
    let shell = Shell::new();
    older_database(&shell, 6_000).await;
    let (mut kills, mut is_noted) = (0, false);
    loop {
        let server = Server::start(&shell);
        let left = uncounted(&shell);
        if kills == 0 {
            assert!(left > 0, "the server is ready before all events are counted");
        }
        if kills == 3 {
            let noted = "SELECT count(*) FROM meta WHERE key = 'uncounted_events'";
            wait_until("all events are counted", || number(&shell, noted) == 0);
            assert!(!page_notes_it(&shell, &server).await);
            server.logs("counted the programs of all events");
            break;
        }
        wait_until("some events are counted", || uncounted(&shell) < left);
        is_noted |= page_notes_it(&shell, &server).await;
        server.kill();
        kills += 1;
    }
    assert!(is_noted, "lists say that older events are still read");
    assert_counted(&shell);
}

/// Whether the list of pending programs reports that the server still reads older events. The list
/// must report this if, after the response, some events are still not counted.
async fn page_notes_it(shell: &Shell, server: &Server) -> bool {
    let page = crate::pending::page(server, "limit=1").await;
    let is_noted = page["reading_older_events"] == true;
    assert!(is_noted || uncounted(shell) == 0, "{page}");
    is_noted
}

#[tokio::test]
async fn an_unreadable_event_does_not_stop_the_count() {
    let shell = Shell::new();
    older_database(&shell, 300).await;
    let on = Connection::open(shell.path("nicelist.db")).unwrap();
    on.execute("UPDATE event_body SET body = '{' WHERE id IN (250, 300)", []).unwrap();
    let server = Server::start(&shell);
    wait_until("all events are counted", || uncounted(&shell) == 0);
    assert_eq!(number(&shell, "SELECT sum(reports) FROM sighting"), 298);
    server.logs("an event is not counted, because it is unreadable");
}

#[test]
fn the_events_of_version_0_1_0_are_counted() {
    let shell = Shell::new();
    std::fs::write(shell.path("nicelist.db"), unpacked(DATABASE)).unwrap();
    let _server = Server::start(&shell);
    wait_until("all events are counted", || uncounted(&shell) == 0);
    assert_counted(&shell);
}
