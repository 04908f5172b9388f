//! Programs that are pending approval: they are listed even after their events are deleted, and
//! the server evaluates a limited number of programs for each page.

use std::sync::Arc;

use jiff::Timestamp;
use nicelist::fleet::{Actor, Clock, Decision, Event, Host, Setting};
use nicelist::store::{self, Change, Durability, Edit, EventOrigin, Store};
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::desk::with_two_macs;
use crate::shell::{ADMIN, Server, Shell};

#[test]
fn programs_are_pending_after_their_events_were_deleted() {
    let (shell, _server) = with_two_macs();
    let on = Connection::open(shell.path("nicelist.db")).unwrap();
    on.execute_batch("DELETE FROM event; DELETE FROM event_body;").unwrap();
    assert_eq!(shell.json("event list"), json!([]));
    let waiting = shell.json("event list --waiting");
    assert_eq!(waiting.as_array().unwrap().len(), 2, "{waiting}");
    let approved = shell.run("event approve --text pinecone --yes");
    assert!(approved.contains("exit code: 0"), "{approved}");
    let rules = shell.json("rule list");
    let scopes: Vec<&Value> = rules.as_array().unwrap().iter().map(|rule| &rule["scope"]).collect();
    assert_eq!(scopes, ["host:joe", "host:mira"]);
    assert_eq!(rules[0]["source"], format!("program:{}", waiting[0]["id"]));
    assert_eq!(shell.json("event list --waiting").as_array().unwrap().len(), 1);
    let undone = shell.run("event undo --yes");
    assert!(undone.contains("exit code: 0"), "{undone}");
    assert_eq!(shell.json("event list --waiting").as_array().unwrap().len(), 2);
}

async fn open(shell: &Shell) -> Arc<dyn Store> {
    let url = format!("sqlite:{}", shell.path("nicelist.db").display());
    store::open(&url, Durability::Process).await.unwrap()
}

/// The event of a host that blocked the program with this number. Only program 0 has no team ID.
fn event(machine: &str, number: i64) -> Event {
    serde_json::from_value(json!({
        "machine": machine, "decision": "BLOCK_UNKNOWN", "file_name": format!("tool-{number}"),
        "occurred": Timestamp::from_second(1_790_000_000 + number).unwrap(),
        "folder": "/opt", "user": "anna", "pid": 1, "parent_name": "", "bundle_name": "",
        "bundle_version": "", "bundle_hash": "", "download_url": "", "signing_chain": [],
        "other_fields": null,
        "program": {
            "sha256": format!("{number:064x}"), "signing_status": "production",
            "team_id": if number == 0 { "" } else { "EQHXZ8M8AV" },
        },
    }))
    .unwrap()
}

/// Adds a host that blocked this number of programs. Program 0 is the oldest.
async fn host_with_programs(shell: &Shell, programs: i64) {
    let (store, now) = (open(shell).await, Clock::System.now());
    store.save_host(&Host::new("M1".parse().unwrap(), now), 0).await.unwrap();
    let events: Vec<Event> = (0..programs).map(|number| event("M1", number)).collect();
    assert_eq!(events[0].decision, Decision("BLOCK_UNKNOWN".into()));
    for some in events.chunks(1_000) {
        store.add_events(some, now, EventOrigin::Import).await.unwrap();
    }
}

async fn get(server: &Server, path: &str) -> Value {
    let url = format!("{}/api/v1/{path}", server.url);
    let response = reqwest::Client::new().get(url).bearer_auth(ADMIN).send().await.unwrap();
    assert_eq!(response.status(), 200);
    response.json().await.unwrap()
}

pub(crate) async fn page(server: &Server, query: &str) -> Value {
    get(server, &format!("events/waiting?{query}")).await
}

/// All items of a list, and the number of its pages.
async fn all(server: &Server, path: &str) -> (Vec<Value>, usize) {
    let (mut items, mut pages, mut cursor) = (Vec::new(), 0, String::new());
    loop {
        let page = get(server, &format!("{path}{cursor}")).await;
        pages += 1;
        items.extend(page["items"].as_array().unwrap().iter().cloned());
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return (items, pages),
        }
    }
}

#[tokio::test]
async fn a_page_evaluates_at_most_1000_programs_and_continues_with_the_next() {
    let mut shell = Shell::new();
    host_with_programs(&shell, 12_000).await;
    let server = Server::start(&shell);
    shell.use_server(&server);
    shell.run("rule add allow teamid:EQHXZ8M8AV");
    let (found, pages) = all(&server, "events/waiting?limit=500").await;
    assert_eq!((found.len(), &found[0]["path"]), (1, &json!("/opt/tool-0")));
    assert_eq!(pages, 13, "12 full pages, and the empty last one");
    let (found, pages) = all(&server, "programs?pending=true").await;
    assert_eq!((found.len(), &found[0]["name"], pages), (1, &json!("tool-0"), 13));
    let listed = shell.json("program list --pending");
    assert_eq!((listed.as_array().unwrap().len(), &listed[0]["name"]), (1, &json!("tool-0")));

    let (found, pages) = all(&server, "programs?text=tool-0").await;
    assert_eq!((found.len(), pages), (1, 3), "a page examines 5,000 programs");
    let (found, pages) = all(&server, "programs?user=bert").await;
    assert_eq!((found.len(), pages), (0, 3), "a page examines 5,000 sightings");
    let listed = shell.json("program list --text tool-0 --blocked -n 1");
    assert_eq!(listed[0]["name"], "tool-0", "{listed}");
    assert_eq!(shell.json("program show tool-0")["name"], "tool-0");

    // The next page begins after the last program of the previous page, even if the limit differs.
    shell.run("rule remove teamid:EQHXZ8M8AV");
    let first = page(&server, "limit=40").await;
    let items = first["items"].as_array().unwrap();
    let paths: Vec<&str> = items.iter().map(|item| item["path"].as_str().unwrap()).collect();
    let newest: Vec<String> =
        (11_960..12_000).rev().map(|number| format!("/opt/tool-{number}")).collect();
    assert_eq!(paths, newest);
    let second =
        page(&server, &format!("limit=1&cursor={}", first["next"].as_str().unwrap())).await;
    assert_eq!(second["items"][0]["path"], "/opt/tool-11959");
}

#[tokio::test]
async fn a_page_has_programs_of_several_hosts_with_very_many_groups() {
    let mut shell = Shell::new();
    let (store, now) = (open(&shell).await, Clock::System.now());
    for number in 0..32 {
        let machine = format!("M{number:02}");
        let mut host = Host::new(machine.parse().unwrap(), now);
        host.facts.groups = (0..1_000).map(|group| format!("group-{group:0249}")).collect();
        assert!(store.save_host(&host, 0).await.unwrap());
        store.add_events(&[event(&machine, number)], now, EventOrigin::Import).await.unwrap();
    }
    drop(store);
    let server = Server::start(&shell);
    shell.use_server(&server);
    let first = page(&server, "").await;
    let items = first["items"].as_array().unwrap();
    assert!((10..32).contains(&items.len()), "{} programs on a page of 4 MiB", items.len());
    let (found, pages) = all(&server, "events/waiting?limit=500").await;
    assert_eq!(found.len(), 32);
    assert!(pages <= 3, "{pages}");
}

#[tokio::test]
async fn a_page_of_programs_on_very_many_hosts_is_short() {
    let mut shell = Shell::new();
    let (store, now) = (open(&shell).await, Clock::System.now());
    let hosts: Vec<String> = (0..4_001).map(|number| format!("M{number:04}")).collect();
    for some in hosts.chunks(1_000) {
        let of = |machine: &String| (0..3).map(|number| event(machine, number)).collect::<Vec<_>>();
        let events: Vec<Event> = some.iter().flat_map(of).collect();
        store.add_events(&events, now, EventOrigin::Import).await.unwrap();
    }
    drop(store);
    let server = Server::start(&shell);
    shell.use_server(&server);
    let first = get(&server, "programs?").await;
    assert_eq!(first["items"].as_array().unwrap().len(), 2, "both are on 4,001 hosts");
    let (programs, pages) = all(&server, "programs?blocked=true").await;
    let names: Vec<&str> = programs.iter().map(|it| it["name"].as_str().unwrap()).collect();
    assert_eq!((names.as_slice(), pages), (&["tool-2", "tool-1", "tool-0"][..], 3));
    assert_eq!(shell.json("program list").as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn a_page_compiles_the_path_patterns_of_at_most_32_settings() {
    let shell = Shell::new();
    let (store, now) = (open(&shell).await, Clock::System.now());
    let mut edits = Vec::new();
    for number in 0..40 {
        let machine = format!("M{number:02}");
        assert!(store.save_host(&Host::new(machine.parse().unwrap(), now), 0).await.unwrap());
        store.add_events(&[event(&machine, number)], now, EventOrigin::Import).await.unwrap();
        let pattern = format!("^/none/{number}/");
        let setting = Setting::parse_named("allowed-path-regex", &pattern).unwrap();
        edits.push(Edit::Set { scope: format!("host:{machine}").parse().unwrap(), setting });
    }
    let change = Change { actor: Actor::new("ana", now), base: None, dry_run: false, edits };
    store.commit(change).await.unwrap();
    drop(store);
    let server = Server::start(&shell);
    assert_eq!(page(&server, "").await["items"].as_array().unwrap().len(), 32);
    let (found, pages) = all(&server, "events/waiting?limit=500").await;
    assert_eq!((found.len(), pages), (40, 2));
}
