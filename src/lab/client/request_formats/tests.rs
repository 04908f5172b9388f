use super::*;
use crate::protocol::{Certificate, Decision, SigningStatus, read_request};

const COUNTS: RuleCounts = RuleCounts {
    binary: 1,
    certificate: 0,
    compiler: 0,
    transitive: 0,
    teamid: 2,
    signingid: 0,
    cdhash: 0,
};

fn profile() -> Profile {
    Profile {
        machine_id: "M1".to_owned(),
        primary_user: "ann".to_owned(),
        groups: vec!["eng".to_owned()],
        ..Profile::default()
    }
}

fn introduced(version: &str) -> Value {
    let profile = profile();
    let preflight_fields = PreflightFields {
        profile: &profile,
        mode: ClientMode::Lockdown,
        wants_cleaning: true,
        counts: COUNTS,
        rules_hash: None,
    };
    serde_json::from_slice(&preflight_fields.write(Version::named(version)).unwrap()).unwrap()
}

#[test]
fn a_dictionary_has_counts_even_if_zero_and_no_machine_id() {
    let expected = json!({
        "serial_num": "LAB000000001", "hostname": "lab-1.local", "os_version": "15.6",
        "os_build": "24G84", "santa_version": "2026.7", "model_identifier": "Mac15,7",
        "primary_user": "ann", "client_mode": "LOCKDOWN", "request_clean_sync": true,
        "binary_rule_count": 1, "certificate_rule_count": 0, "compiler_rule_count": 0,
        "transitive_rule_count": 0, "teamid_rule_count": 2,
    });
    assert_eq!(introduced("2022.4"), expected);
    assert_eq!(introduced("2022.2").get("model_identifier"), None);
    assert_eq!(introduced("2023.5")["signingid_rule_count"], json!(0));
    assert_eq!(introduced("2023.5").get("cdhash_rule_count"), None);
    assert_eq!(introduced("2024.3")["cdhash_rule_count"], json!(0));
}

#[test]
fn a_message_has_no_zeros_and_says_the_machine_id() {
    let message = introduced("2024.8");
    assert_eq!(message.get("certificate_rule_count"), None);
    assert_eq!(
        (&message["machine_id"], &message["serial_num"]),
        (&json!("M1"), &json!("LAB000000001"))
    );
    assert_eq!(message.get("primary_user_groups"), None);
    assert_eq!(introduced("2025.6")["primary_user_groups"], json!(["eng"]));
}

#[test]
fn the_first_version_with_messages_names_the_serial_number_as_protobuf_does() {
    let message = introduced("2024.6");
    assert_eq!(message["serial_number"], json!("LAB000000001"));
    assert_eq!(message.get("serial_num"), None);
    assert_eq!(introduced("2024.7").get("serial_number"), None);
}

fn event() -> Event {
    Event {
        file_sha256: "ab".repeat(32),
        execution_time: 1_464_201_698.5,
        decision: Decision::Unknown.into(),
        file_bundle_binary_count: 3,
        team_id: "EQHXZ8M8AV".to_owned(),
        signing_id: "EQHXZ8M8AV:com.x".to_owned(),
        cdhash: "cd".repeat(20),
        signing_chain: vec![Certificate { valid_from: 7, ..Certificate::default() }],
        cs_flags: 9,
        signing_status: SigningStatus::Production.into(),
        signing_time: 11,
        static_rule: true,
        ..Event::default()
    }
}

fn sent(version: &str) -> Value {
    let body = events(Version::named(version), &profile(), &[event()]).unwrap();
    let mut batch: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(batch.get("machine_id").is_some(), Version::named(version).has_messages());
    batch["events"][0].take()
}

#[test]
fn an_event_in_a_dictionary_has_times_with_a_fraction() {
    let expected = json!({
        "file_sha256": "ab".repeat(32), "execution_time": 1_464_201_698.5, "decision": "UNKNOWN",
        "file_bundle_binary_count": 3, "team_id": "EQHXZ8M8AV", "pid": 0, "ppid": 0,
        "quarantine_timestamp": 0.0, "signing_chain": [{"valid_from": 7.0, "valid_until": 0.0}],
    });
    assert_eq!(sent("2022.4"), expected);
}

#[test]
fn an_event_says_what_its_version_knows() {
    let has = |version: &str, key: &str| sent(version).get(key).is_some();
    assert!(has("2023.5", "signing_id") && !has("2023.4", "signing_id"));
    assert!(has("2024.3", "cdhash") && !has("2024.2", "cdhash"));
    for key in ["entitlementInfo", "csFlags", "signingStatus"] {
        assert!(has("2025.1", key) && !has("2024.11", key), "{key}");
    }
    assert!(has("2025.6", "signingTime") && !has("2025.5", "signingTime"));
    assert!(has("2026.2", "static_rule") && !has("2026.1", "static_rule"));
}

#[test]
fn counts_are_strings_where_they_had_64_bits() {
    assert_eq!(sent("2024.6")["file_bundle_binary_count"], json!("3"));
    assert_eq!(sent("2024.8")["file_bundle_binary_count"], json!(3));
}

#[test]
fn requests_for_pages_contain_the_cursor() {
    let body = |version: &str, cursor| {
        let body = page(Version::named(version), &profile(), cursor).unwrap();
        String::from_utf8(body).unwrap()
    };
    assert_eq!(body("2024.5", None), "{}");
    assert_eq!(body("2024.5", Some("")), r#"{"cursor":""}"#);
    assert_eq!(body("2024.6", None), r#"{"machine_id":"M1"}"#);
    assert_eq!(body("2024.8", Some("c1")), r#"{"machine_id":"M1","cursor":"c1"}"#);
}

#[test]
fn postflight_says_more_from_version_to_version() {
    let said = |version: &str| {
        let rules_hash = Version::named(version).sends_rules_hash().then(|| "h".to_owned());
        let outcome =
            PostflightFields { performed: SyncKind::Clean, received: 3, processed: 0, rules_hash };
        String::from_utf8(outcome.write(Version::named(version), &profile()).unwrap()).unwrap()
    };
    assert_eq!(said("2023.7"), "");
    assert_eq!(said("2023.8"), r#"{"rules_processed":0,"rules_received":3}"#);
    assert_eq!(said("2024.6"), r#"{"machine_id":"M1","rules_received":"3"}"#);
    assert_eq!(said("2024.8"), r#"{"rules_received":3,"machine_id":"M1"}"#);
    assert_eq!(said("2025.1"), r#"{"rules_received":3,"machine_id":"M1","syncType":"CLEAN"}"#);
    assert!(said("2025.7").ends_with(r#""rulesHash":"h"}"#));
}

#[test]
fn messages_are_written_as_protobuf_if_the_profile_says_so() {
    let profile = Profile { wire: Format::Protobuf, ..profile() };
    let body = page(Version::named("2024.6"), &profile, Some("c1")).unwrap();
    let read: RuleDownloadRequest = read_request(Format::Protobuf, &body).unwrap();
    assert_eq!((&*read.machine_id, &*read.cursor), ("M1", "c1"));
    let body = page(Version::named("2024.5"), &profile, None).unwrap();
    assert_eq!(body, b"{}", "there is none yet");
}
