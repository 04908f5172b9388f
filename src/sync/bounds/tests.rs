use super::*;
use crate::fleet::EffectiveSettings;
use crate::protocol::{EventUploadRequest, Format, read_request};

fn everything() -> PersonalData {
    PersonalData::of(&EffectiveSettings::default())
}

/// The same preflight from JSON and from protobuf.
fn huge_preflights() -> [PreflightRequest; 2] {
    let text = "ä".repeat(100_000);
    let groups: Vec<String> = (0..3000).rev().map(|number| format!("group {number:04}")).collect();
    let json = serde_json::json!({
        "serial_num": text, "hostname": text, "os_version": text, "os_build": text,
        "model_identifier": text, "santa_version": text, "primary_user": text,
        "primary_user_groups": groups, "push_notification_token": text, "machine_id": text,
        "rulesHash": text, "client_mode": text,
    });
    let from_json: PreflightRequest =
        read_request(Format::Json, json.to_string().as_bytes()).unwrap();
    let protobuf = crate::protocol::write(Format::Protobuf, &from_json).unwrap();
    let from_protobuf = read_request(Format::Protobuf, &protobuf).unwrap();
    [from_json, from_protobuf]
}

#[test]
fn a_text_is_cut_between_characters_and_an_identifier_is_dropped() {
    let mut truncated = Truncated::default();
    assert_eq!(truncated.text("a", "short", 5), "short");
    assert!(truncated.0.is_empty());
    for most in 4..12 {
        let cut = truncated.text("b", "äöüäöüäöü", most);
        assert!(cut.len() <= most && cut.ends_with(CUT), "{cut}");
    }
    assert_eq!(truncated.identifier("c", &"a".repeat(41), CDHASH), "");
    assert_eq!(truncated.identifier("d", &"a".repeat(40), CDHASH), "a".repeat(40));
    assert_eq!(truncated.0, ["b", "c"]);
}

#[test]
fn b1_a_preflight_is_bounded_in_both_encodings() {
    for request in huge_preflights() {
        let bounded = Bounded::preflight(&request);
        let names = [
            &bounded.serial_num,
            &bounded.hostname,
            &bounded.os_version,
            &bounded.os_build,
            &bounded.model_identifier,
            &bounded.santa_version,
            &bounded.primary_user,
            &bounded.machine_id,
            &bounded.rules_hash,
        ];
        assert!(names.iter().all(|name| name.len() <= NAME && name.ends_with(CUT)));
        assert!(bounded.push_notification_token.len() <= TEXT);
        assert_eq!(bounded.primary_user_groups.len(), GROUPS);
        assert_eq!(bounded.primary_user_groups[0], "group 0000");
        assert_eq!(bounded.primary_user_groups[999], "group 0999");
        assert_eq!(bounded.truncated().len(), 11);
    }
}

#[test]
fn b1_an_event_is_bounded_as_a_whole() {
    let text = "\u{1}".repeat(5_000);
    let texts: Vec<String> = (0..100).map(|number| format!("{number}{text}")).collect();
    let certificate = serde_json::json!({"sha256": text, "cn": text, "org": text, "ou": text});
    let entitlement = serde_json::json!({"key": text, "value": text});
    let event = serde_json::json!({
        "file_sha256": text, "file_path": text, "file_name": text, "executing_user": text,
        "logged_in_users": texts, "current_sessions": texts, "decision": text,
        "file_bundle_id": text, "file_bundle_path": text, "file_bundle_name": text,
        "file_bundle_hash": text, "parent_name": text, "quarantine_data_url": text,
        "quarantine_referer_url": text, "team_id": text, "signing_id": text, "cdhash": text,
        "signing_chain": vec![certificate.clone(); 20],
        "entitlementInfo": {"entitlements": vec![entitlement; 70]}, "signingStatus": text,
    });
    let process = serde_json::json!({
        "file_path": text, "file_sha256": text, "cdhash": text, "signing_id": text,
        "team_id": text, "signing_chain": [certificate],
    });
    let access = serde_json::json!({
        "rule_name": text, "rule_version": text, "target": text, "decision": text,
        "process_chain": vec![process; 80],
    });
    let body = serde_json::json!({"events": [event], "file_access_events": [access]});
    let request: EventUploadRequest =
        read_request(Format::Json, body.to_string().as_bytes()).unwrap();

    let bounded = Bounded::event(&request.events[0], everything());
    assert_eq!((bounded.file_sha256.as_str(), bounded.cdhash.as_str()), ("", ""));
    assert_eq!((bounded.team_id.as_str(), bounded.signing_id.as_str()), ("", ""));
    assert_eq!(bounded.signing_chain.len(), CERTIFICATES);
    assert_eq!(bounded.logged_in_users.len(), USERS);
    assert!(bounded.decision.as_str().len() <= WORD);
    let (report, mut truncated) = bounded.into_parts();
    let json = json_fields(&report, &mut truncated);
    assert!(serde_json::to_string(&json).unwrap().len() <= 2 * REPORT + 6 * 4 * PATH);
    assert!(!json.contains_key("logged_in_users"), "lists are left out of a long report");
    assert!(truncated.contains(&"report".to_owned()) && truncated.contains(&"cdhash".to_owned()));

    let bounded = Bounded::file_access(&request.file_access_events[0], everything());
    assert_eq!(bounded.process_chain.len(), PROCESSES);
    assert!(bounded.process_chain[1].file_path.len() <= TEXT);
    let (report, mut truncated) = bounded.into_parts();
    assert!(!json_fields(&report, &mut truncated).contains_key("process_chain"));
}

#[test]
fn what_a_healthy_host_reports_is_kept_whole() {
    let request = EventUploadRequest {
        events: vec![Event {
            file_sha256: "ab".repeat(32),
            file_path: "/Applications/Pinecone.app/Contents/MacOS".to_owned(),
            signing_id: "EQHXZ8M8AV:com.example.pinecone".to_owned(),
            team_id: "EQHXZ8M8AV".to_owned(),
            cdhash: "cd".repeat(20),
            ..Event::default()
        }],
        ..EventUploadRequest::default()
    };
    let event = &request.events[0];
    let bounded = Bounded::event(event, everything());
    assert_eq!(&*bounded, event);
    let (report, mut truncated) = bounded.into_parts();
    let json = json_fields(&report, &mut truncated);
    assert_eq!((Value::Object(json), truncated), (serde_json::to_value(event).unwrap(), vec![]));
}
