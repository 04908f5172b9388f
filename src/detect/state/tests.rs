//! Tests of whole detections with state, from events to signals.

use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::{MemoryStore, StateLimits};
use crate::detect::rule_files::{SourceFile, Unchecked, read};
use crate::detect::telemetry::encode_value;
use crate::detect::{Detector, RuleSet, Signal};

fn rules(yaml: &str) -> RuleSet {
    let files = read(&[SourceFile::new("rules.yaml", yaml)], &Unchecked);
    let placed = files.detections().unwrap_or_else(|files| panic!("{:?}", files.remarks()));
    RuleSet::new(placed.into_iter().map(|placed| placed.detection)).unwrap()
}

/// An event at a second after the beginning of 2026.
fn at(second: i64, mut event: Json) -> Vec<u8> {
    let time = jiff::Timestamp::from_second(1_767_225_600 + second).unwrap();
    event["event_time"] = time.to_string().into();
    event["boot_session_uuid"] = "boot".into();
    encode_value(&event).unwrap()
}

fn access(policy: &str, path: &str) -> Json {
    let instigator = json!({ "executable": { "path": path } });
    json!({ "file_access": { "policy_name": policy, "instigator": instigator } })
}

const STORES: &str = "
correlations:
  - id: COR
    title: Credential stores
    expr: kind == 'file_access'
    window: 5m
    group_by: [file_access.instigator.executable.path]
    count_distinct: file_access.policy_name
    threshold: 3
    severity: high
    tags: [T1555]
    enabled: true
";

fn ids(signals: &[Signal]) -> Vec<&str> {
    signals.iter().map(|signal| signal.rule_id.as_str()).collect()
}

#[test]
fn a_correlation_that_is_ten_minutes_late_fires() {
    let mut detector = Detector::new(rules(STORES));
    assert!(detector.event("a", &at(3600, access("Other", "/x"))).is_empty());
    assert!(detector.event("a", &at(3000, access("A", "/x"))).is_empty());
    // Equal values count once, and other groups and hosts are separate.
    assert!(detector.event("a", &at(3010, access("A", "/x"))).is_empty());
    assert!(detector.event("a", &at(3020, access("B", "/y"))).is_empty());
    assert!(detector.event("b", &at(3020, access("B", "/x"))).is_empty());
    assert!(detector.event("a", &at(3030, access("B", "/x"))).is_empty());
    let signals = detector.event("a", &at(3040, access("C", "/x")));
    assert_eq!(ids(&signals), ["COR"]);
    let signal = serde_json::to_value(&signals[0]).unwrap();
    assert_eq!(signal["tags"], json!(["T1555", "correlation"]));
    let context = &signal["context"];
    assert_eq!(context["event_count"], 3);
    assert_eq!(context["distinct_values"], 3);
    assert_eq!(context["distinct_field"], "file_access.policy_name");
    assert_eq!(context["grouped_by"], json!({ "file_access.instigator.executable.path": "/x" }));
    assert_eq!(context["sample_event"]["file_access"]["policy_name"], "C");
    assert!(detector.event("a", &at(3050, access("D", "/x"))).is_empty());
}

const FIRST: &str = "
baselines:
  - id: BASE
    title: New program
    expr: kind == 'execution'
    track: [execution.target.executable.path]
    learning_period: 1h
    severity: low
    enabled: true
";

fn execution(path: &str) -> Json {
    json!({ "execution": { "target": { "executable": { "path": path } } } })
}

#[test]
fn learning_survives_a_restart_and_a_reload() {
    let mut store = MemoryStore::default();
    let mut evaluate = |yaml: &str, events: &[(i64, &str)]| -> Vec<bool> {
        let limits = StateLimits::default();
        let mut detector = Detector::with_store(Arc::new(rules(yaml)), &mut store, limits);
        let events = events.iter().map(|(second, path)| at(*second, execution(path)));
        let found = events.map(|event| !detector.event("a", &event).is_empty()).collect();
        detector.end_file().unwrap();
        found
    };
    assert_eq!(evaluate(FIRST, &[(0, "/a"), (1800, "/b")]), [false, false]);
    // Another title does not matter.
    let renamed = FIRST.replace("New program", "Other title");
    let expected = [false, true, false];
    assert_eq!(evaluate(&renamed, &[(3600, "/a"), (3601, "/c"), (3602, "/c")]), expected);
    // Another expression begins again.
    let changed = FIRST.replace("kind == 'execution'", "kind in ['execution']");
    assert_eq!(evaluate(&changed, &[(3700, "/d")]), [false]);
}

#[test]
fn the_changes_of_a_file_are_stored_together() {
    let mut store = MemoryStore::default();
    let mut first = |is_complete: bool| {
        let limits = StateLimits::default();
        let yaml = FIRST.replace("    learning_period: 1h\n", "");
        let mut detector = Detector::with_store(Arc::new(rules(&yaml)), &mut store, limits);
        let signals = detector.event("a", &at(0, execution("/a")));
        if is_complete {
            detector.end_file().unwrap();
        }
        signals.into_iter().map(|signal| signal.signal_id).collect::<Vec<_>>()
    };
    let interrupted = first(false);
    assert_eq!(interrupted.len(), 1);
    // The file is evaluated again, and has the same signals with the same IDs.
    assert_eq!(first(true), interrupted);
    assert!(first(true).is_empty());
}

const CONTEXT: &str = "
rules:
  - id: CURL
    title: Download
    description: Why
    expr: kind == 'execution' && execution.target.executable.path == '/usr/bin/curl'
    extra_context: [execution.args, execution.target.id.pid]
    include_event: true
    include_process_tree: true
    cooldown: 60s
    severity: medium
    tags: [T1105]
    enabled: true
";

fn process(pid: i32, parent: i32, path: &str, args: &[&str]) -> Json {
    let base64 = |text: &&str| data_encoding::BASE64.encode(text.as_bytes());
    let args: Vec<String> = args.iter().map(base64).collect();
    json!({ "event_id": format!("e{pid}"), "execution": {
        "decision": "DECISION_ALLOW",
        "args": args,
        "target": {
            "id": { "pid": pid, "pidversion": 1 },
            "parent_id": { "pid": parent, "pidversion": 1 },
            "effective_user": { "name": "anna", "uid": 501 },
            "executable": { "path": path, "hash": { "hash": "ab12" } },
        },
    } })
}

#[test]
fn a_signal_has_the_context_of_its_rule() {
    let mut detector = Detector::new(rules(CONTEXT));
    assert!(detector.event("a", &at(0, process(2, 1, "/bin/bash", &["bash"]))).is_empty());
    let event = at(1, process(3, 2, "/usr/bin/curl", &["curl", "http://x"]));
    let signals = detector.event("a", &event);
    let signal = serde_json::to_value(&signals[0]).unwrap();
    assert_eq!(signal["rule_id"], "CURL");
    assert_eq!(signal["rule_description"], "Why");
    assert_eq!((&signal["status"], &signal["severity"]), (&json!("open"), &json!("medium")));
    assert_eq!((&signal["host_id"], &signal["ts"]), (&json!("a"), &json!("2026-01-01T00:00:01Z")));
    assert_eq!(signal["signal_id"].as_str().unwrap().len(), 32);
    let context = &signal["context"];
    assert_eq!(context["kind"], "execution");
    assert_eq!(context["target_path"], "/usr/bin/curl");
    assert_eq!(context["target_sha256"], "ab12");
    assert_eq!(context["decision"], "DECISION_ALLOW");
    assert_eq!(context["first_seen"], true);
    assert_eq!(context["event_id"], "e3");
    assert_eq!(context["execution.args"], json!(["curl", "http://x"]));
    assert_eq!(context["execution.target.id.pid"], "3");
    assert_eq!(context["event"]["execution"]["args"], json!(["curl", "http://x"]));
    let tree = json!([
        { "depth": 0, "relation": "target", "pid": 3, "pidversion": 1, "path": "/usr/bin/curl",
            "user": "anna", "uid": 501, "args": ["curl", "http://x"] },
        { "depth": 1, "relation": "parent", "pid": 2, "pidversion": 1, "path": "/bin/bash",
            "user": "anna", "uid": 501, "args": ["bash"] },
    ]);
    assert_eq!(context["process_tree"], tree);
}

#[test]
fn a_cooldown_is_per_host() {
    let mut detector = Detector::new(rules(CONTEXT));
    let curl = |second| at(second, process(3, 2, "/usr/bin/curl", &[]));
    let mut count = |host: &str, second| detector.event(host, &curl(second)).len();
    let counts = [count("a", 0), count("a", 59), count("b", 59), count("a", 60)];
    assert_eq!(counts, [1, 0, 1, 1]);
}

#[test]
fn the_parent_is_found_in_the_process_tree() {
    let yaml = "
rules:
  - id: PARENT
    title: t
    expr: kind == 'execution' && parent.path.lowerAscii().endsWith('/word')
    severity: low
    enabled: true
";
    let mut detector = Detector::new(rules(yaml));
    let mut count = |event: Json| detector.event("a", &at(0, event)).len();
    assert_eq!(count(process(2, 1, "/Applications/Word", &[])), 0);
    assert_eq!(count(process(3, 2, "/bin/sh", &[])), 1);
    assert_eq!(count(process(4, 3, "/bin/ls", &[])), 0);
}

#[test]
fn the_long_path_of_a_process_is_cut() {
    let yaml = "
rules:
  - id: PARENT
    title: t
    expr: kind == 'execution' && parent.path.startsWith('/aaa')
    severity: low
    enabled: true
";
    let mut detector = Detector::new(rules(yaml));
    let long = format!("/{}", "a".repeat(1 << 20));
    assert!(detector.event("a", &at(0, process(2, 1, &long, &[]))).is_empty());
    let signals = detector.event("a", &at(0, process(3, 2, "/bin/sh", &[])));
    assert_eq!(signals[0].context["parent_path"].as_str().unwrap().len(), 4096);
}

#[test]
fn equal_events_without_an_id_have_different_signals() {
    let yaml = "
rules:
  - {id: A, title: t, severity: low, enabled: true, expr: 'kind == \"execution\"'}
";
    let mut detector = Detector::new(rules(yaml));
    let event = at(0, execution("/a"));
    let mut id = || detector.event("a", &event).remove(0).signal_id;
    let (first, second) = (id(), id());
    assert_ne!(first, second);
    detector.end_file().unwrap();
    assert_eq!(detector.event("a", &event)[0].signal_id, first);
}
