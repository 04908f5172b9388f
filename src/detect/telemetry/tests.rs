use std::collections::HashSet;

use serde_json::{Value, json};

use super::*;
use crate::detect::wire::{WireError, put_bytes, put_number};

#[test]
fn every_line_of_the_table_is_valid() {
    let (schema, invalid) = parse::parse(TABLE);
    assert_eq!(invalid, [""; 0]);
    // All messages of the protocol except the one of a whole file.
    assert_eq!((schema.messages().len(), schema.enums().len()), (65, 23));
    let values: usize = schema.enums().iter().map(|values| values.values.len()).sum();
    assert_eq!(values, 136);
}

#[test]
fn kinds_have_the_numbers_of_the_protocol() {
    assert_eq!(Kind::all().len(), 26);
    let numbers: Vec<u32> = Kind::all().map(Kind::number).collect();
    assert_eq!(numbers, (10..=35).collect::<Vec<_>>());
    for kind in Kind::all() {
        assert_eq!(Kind::from_name(kind.name()), Some(kind));
        assert_eq!(Kind::from_number(kind.number()), Some(kind));
    }
    assert_eq!(Kind::from_name("execution").map(Kind::number), Some(10));
    assert_eq!([9, 36, u32::MAX].map(Kind::from_number), [None; 3]);
    assert_eq!(Kind::from_name("exection"), None);
}

#[test]
fn no_message_contains_itself() {
    fn check(message: &'static Message, above: &mut Vec<&'static str>) {
        assert!(!above.contains(&message.name), "{above:?}");
        above.push(message.name);
        for field in &message.fields {
            if let FieldType::Message(id) = field.field_type {
                check(Schema::get().message(id), above);
            }
        }
        above.pop();
    }
    check(root(), &mut Vec::new());
}

#[test]
fn fields_are_found_by_path() {
    let path = FieldPath::find(root(), "execution.target.code_signature.team_id").unwrap();
    let numbers: Vec<u32> = path.fields().iter().map(|field| field.number).collect();
    assert_eq!(numbers, [10, 2, 13, 3]);
    assert_eq!(path.last().unwrap().field_type, FieldType::String);
    let unknown = FieldPath::find(root(), "execution.target.exectable.path").unwrap_err();
    assert_eq!(unknown.to_string(), "no field \"exectable\" in ProcessInfo");
    assert_eq!(unknown.nearest, Some("executable"));
    let inside_text = FieldPath::find(root(), "machine_id.x").unwrap_err();
    assert_eq!(inside_text.to_string(), "no field \"x\" in machine_id");
}

#[test]
fn every_field_of_every_kind_is_listed_with_an_example() {
    let mut paths = HashSet::new();
    let listed = Kind::all().flat_map(fields_of).chain(common_fields());
    for field in listed {
        assert!(!field.example.is_empty(), "{}", field.path);
        let plain = field.path.replace("[]", "");
        assert!(FieldPath::find(root(), &plain).is_ok(), "{}", field.path);
        assert_eq!(field.type_name.contains("enum"), !field.values.is_empty(), "{}", field.path);
        assert!(paths.insert(field.path));
    }
    assert!(paths.contains("execution.fds[].fd_type") && paths.contains("event_time"));
}

/// An event in JSON, and the same event after encoding and decoding.
fn again(event: &Value) -> Value {
    decode(&encode_json(event.to_string().as_bytes()).unwrap()).unwrap()
}

#[test]
fn values_of_every_type_are_the_same_after_encoding_and_decoding() {
    let event = json!({
        "machine_id": "M1",
        "event_time": "2026-11-30T09:15:42.104Z",
        "processed_time": "1969-12-31T23:59:59.5Z",
        "execution": {
            "args": ["Y3VybA==", "LXM="],
            "decision": "DECISION_DENY",
            "reason": 99,
            "rule_id": "-9223372036854775808",
            "audit_return": false,
            "fds": [{ "fd": -1, "fd_type": "FD_TYPE_PIPE", "pipe_id": "18446744073709551615" }],
            "target": {
                "cs_flags": 4_294_967_295_u32,
                "executable": { "path": "/tmp/ü", "stat": { "size": "334816" } },
            },
        },
    });
    assert_eq!(again(&event), event);
}

#[test]
fn json_is_read_with_both_kinds_of_names_and_numbers() {
    let event = json!({
        "machineId": "M1",
        "bootSessionUuid": null,
        "eventTime": "2026-11-30T10:15:42+01:00",
        "unknown": { "deep": [[[{}]]] },
        "execution": {
            "ruleId": 17,
            "decision": 2,
            "reason": "REASON_OF_A_NEWER_SANTA",
            "args": ["-_8"],
            "target": { "csFlags": "7", "executable": { "stat": { "size": 1.0 } } },
        },
    });
    let expected = json!({
        "machine_id": "M1",
        "event_time": "2026-11-30T09:15:42Z",
        "execution": {
            "rule_id": "17",
            "decision": "DECISION_DENY",
            "args": ["+/8="],
            "target": { "cs_flags": 7, "executable": { "stat": { "size": "1" } } },
        },
    });
    assert_eq!(again(&event), expected);
}

#[test]
fn values_of_another_type_are_refused_with_the_field() {
    let refused = [
        (json!({ "machine_id": 1 }), "machine_id: expected string, found the number 1"),
        (json!({ "execution": [] }), "execution: expected message Execution, found a list"),
        (json!({ "execution": { "args": "a" } }), "args: expected list(bytes), found a string"),
        (json!({ "execution": { "args": ["*"] } }), "found a string that is not base64"),
        (json!({ "event_time": "yesterday" }), "found a string that is not a time"),
        (json!({ "execution": { "rule_id": 1.5 } }), "found a fraction"),
        (json!({ "copyfile": { "mode": -1 } }), "mode: expected uint32, found the number -1"),
        (json!([]), "an object for SantaMessage"),
    ];
    for (event, expected) in refused {
        let error = encode_json(event.to_string().as_bytes()).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
    let deep = format!("{{\"unknown\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(encode_json(deep.as_bytes()).unwrap(), [0; 0], "an unknown field is skipped");
}

#[test]
fn times_that_json_cannot_express_keep_their_parts() {
    let mut time = Vec::new();
    put_number(&mut time, 1, i64::MAX as u64);
    put_number(&mut time, 2, 7);
    let mut event = Vec::new();
    put_bytes(&mut event, 2, &time);
    let expected = json!({ "event_time": { "seconds": "9223372036854775807", "nanos": 7 } });
    assert_eq!(decode(&event).unwrap(), expected);
    assert_eq!(encode_json(expected.to_string().as_bytes()).unwrap(), event);
}

/// `santa.pb.v1` has process trees in the fields 18 and 11, which the public protocol reserves.
#[test]
fn annotations_of_processes_are_skipped() {
    let mut target = Vec::new();
    put_number(&mut target, 14, 7);
    put_bytes(&mut target, 18, b"a process tree");
    let mut instigator = Vec::new();
    put_bytes(&mut instigator, 11, b"a process tree");
    let mut execution = Vec::new();
    put_bytes(&mut execution, 1, &instigator);
    put_bytes(&mut execution, 2, &target);
    let mut event = Vec::new();
    put_bytes(&mut event, 10, &execution);
    let expected = json!({ "execution": { "instigator": {}, "target": { "cs_flags": 7 } } });
    assert_eq!(decode(&event).unwrap(), expected);
}

#[test]
fn the_last_scalar_counts_and_submessages_are_merged() {
    let mut event = Vec::new();
    put_bytes(&mut event, 1, b"first");
    put_bytes(&mut event, 1, b"last");
    for (number, value) in [(3, b"a"), (4, b"b")] {
        let mut rename = Vec::new();
        put_bytes(&mut rename, number, value);
        put_number(&mut rename, 4, 1);
        put_bytes(&mut event, 14, &rename);
    }
    let decoded = decode(&event);
    // The second rename has the number 4 as a text, which is not its type, and then as a number.
    assert_eq!(
        decoded.unwrap(),
        json!({ "machine_id": "last", "rename": { "target": "a", "target_existed": true } })
    );
    let mut two_kinds = Vec::new();
    put_bytes(&mut two_kinds, 10, &[]);
    put_bytes(&mut two_kinds, 11, &[]);
    assert_eq!(decode(&two_kinds).unwrap(), json!({ "fork": {} }));
    assert_eq!(find_kind(&two_kinds), Ok(Kind::from_name("fork")));
}

#[test]
fn invalid_texts_are_kept_readable() {
    let mut event = Vec::new();
    put_bytes(&mut event, 1, b"M\xFF1");
    assert_eq!(decode(&event).unwrap(), json!({ "machine_id": "M\u{FFFD}1" }));
}

#[test]
fn broken_and_giant_events_are_refused() {
    assert_eq!(decode(&[0x0A, 0x05, b'M']), Err(WireError::Truncated));
    let mut broken_inside = Vec::new();
    put_bytes(&mut broken_inside, 10, &[0x0A, 0x05]);
    assert_eq!(decode(&broken_inside), Err(WireError::Truncated));
    // Rules that do not read the broken part still see the event.
    assert_eq!(find_kind(&broken_inside), Ok(Kind::from_name("execution")));
    let mut many = Vec::new();
    put_bytes(&mut many, 10, &[0x2A, 0x00].repeat(500_001));
    assert_eq!(decode(&many), Err(WireError::TooManyFields));
}
