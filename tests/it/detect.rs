//! `nicelist detect`.

use std::path::Path;

use nicelist::detect::generate::SpoolFormat;
use nicelist::detect::spool::{Health, SpoolReader, spool_files};
use serde_json::{Value, json};

use crate::shell::Shell;

#[test]
fn fields_of_a_kind_have_a_type_and_an_example() {
    let shell = Shell::new();
    let fields = shell.json("detect fields launch_item");
    let fields = fields.as_array().unwrap();
    let find = |name: &str| fields.iter().find(|field| field["field"] == name).unwrap();
    let expected = json!({
        "field": "launch_item.item_path",
        "type": "string",
        "example": "/Library/LaunchDaemons/com.example.helper.plist",
    });
    assert_eq!(*find("launch_item.item_path"), expected);
    let action = find("launch_item.action");
    assert_eq!(action["type"], "enum LaunchItem.Action");
    assert_eq!(action["values"], json!(["ACTION_UNKNOWN", "ACTION_ADD", "ACTION_REMOVE"]));
    assert!(fields.iter().all(|field| field["example"] != ""));
    let table = shell.run("detect fields execution");
    assert!(table.contains("execution.target.code_signature.team_id"), "{table}");
    assert!(table.contains("list(bytes)"), "{table}");
}

#[test]
fn fields_of_all_kinds_begin_with_those_of_every_event() {
    let shell = Shell::new();
    let fields = shell.json("detect fields");
    let names: Vec<&str> =
        fields.as_array().unwrap().iter().map(|field| field["field"].as_str().unwrap()).collect();
    let common = ["machine_id", "event_time", "processed_time", "boot_session_uuid", "event_id"];
    assert_eq!(names[..5], common);
    assert!(names.contains(&"proc_suspend_resume.type"));
    assert!(names.len() > 500, "{} fields", names.len());
}

#[test]
fn an_unknown_kind_is_refused_with_the_nearest_one() {
    let shell = Shell::new();
    let output = shell.command(&["detect", "fields", "exection"]).output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(error.contains("did you mean execution?"), "{error}");
}

fn read(folder: &Path) -> (Vec<Vec<u8>>, Health) {
    let mut reader = SpoolReader::default();
    let mut found = Vec::new();
    for file in spool_files(folder).unwrap() {
        let mut events = reader.open(&file).unwrap().unwrap();
        while let Some(event) = events.next_event() {
            found.push(event.message.to_vec());
        }
    }
    (found, reader.into_health())
}

/// All formats of one seed contain the same events.
#[test]
fn generated_telemetry_is_read_in_every_format() {
    let shell = Shell::new();
    let mut first = None;
    for format in SpoolFormat::ALL {
        let line =
            format!("detect generate --events 500 --seed 9 --out {format} --format {format}");
        let facts = shell.json(&line);
        assert_eq!((&facts["events"], &facts["format"]), (&json!(500), &json!(format.name())));
        let (events, health) = read(&shell.path(format.name()));
        assert_eq!((health.events, health.is_complete()), (500, true), "{format}: {health:?}");
        assert_eq!(json!(health.files), facts["files"]);
        let expected = first.get_or_insert_with(|| events.clone());
        assert!(*expected == events, "{format} has other events");
    }
}

#[test]
fn existing_telemetry_is_not_overwritten() {
    let shell = Shell::new();
    let words = ["detect", "generate", "--events", "3", "--out", "spool"];
    assert!(shell.command(&words).output().unwrap().status.success());
    let before = read(&shell.path("spool")).0;
    let output = shell.command(&words).output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(error.contains("is not empty") && error.contains("hint: "), "{error}");
    assert_eq!(read(&shell.path("spool")).0, before);
}

#[test]
fn generated_json_has_the_names_of_the_schema() {
    let shell = Shell::new();
    shell.run("detect generate --events 20 --format jsonl --out sample");
    let file = spool_files(&shell.path("sample")).unwrap().remove(0);
    let text = std::fs::read_to_string(file).unwrap();
    let events: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(events.len(), 20);
    assert!(events.iter().all(|event| event["boot_session_uuid"].is_string()));
}
