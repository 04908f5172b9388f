use proptest::prelude::*;

use super::*;
use crate::protocol::{Format, Message, read_answer, read_request, write};

fn text_of<T: Message>(message: &T) -> String {
    String::from_utf8(write(Format::Json, message).unwrap()).unwrap()
}

fn reads(body: &str) -> PreflightRequest {
    read_request(Format::Json, body.as_bytes()).unwrap()
}

fn answer(body: &str) -> PreflightResponse {
    read_answer(Format::Json, body.as_bytes()).unwrap()
}

const REQUEST: &str = concat!(
    r#"{"serial_num":"C02XK0AAJG5H","hostname":"lab.example.com","os_version":"15.5","#,
    r#""os_build":"24F74","model_identifier":"Mac15,7","santa_version":"2026.4.1","#,
    r#""primary_user":"ann","primary_user_groups":["staff","admin"],"#,
    r#""client_mode":"LOCKDOWN","request_clean_sync":true,"binary_rule_count":3,"#,
    r#""transitive_rule_count":1,"#,
    r#""machine_id":"6A1C3F1E-52A8-4D44-9B5B-0A9C6A0C1B11","sipStatus":127,"#,
    r#""rulesHash":"99aa06d3014798d86001c324468d497f"}"#,
);

fn full_request() -> PreflightRequest {
    PreflightRequest {
        serial_num: "C02XK0AAJG5H".to_owned(),
        hostname: "lab.example.com".to_owned(),
        os_version: "15.5".to_owned(),
        os_build: "24F74".to_owned(),
        model_identifier: "Mac15,7".to_owned(),
        santa_version: "2026.4.1".to_owned(),
        primary_user: "ann".to_owned(),
        primary_user_groups: vec!["staff".to_owned(), "admin".to_owned()],
        client_mode: Some(ClientMode::Lockdown),
        request_clean_sync: true,
        binary_rule_count: 3,
        transitive_rule_count: 1,
        machine_id: "6A1C3F1E-52A8-4D44-9B5B-0A9C6A0C1B11".to_owned(),
        sip_status: 127,
        rules_hash: "99aa06d3014798d86001c324468d497f".to_owned(),
        ..PreflightRequest::default()
    }
}

#[test]
fn a_request_is_written_with_the_keys_that_clients_print() {
    assert_eq!(text_of(&full_request()), REQUEST);
    assert_eq!(text_of(&PreflightRequest::default()), "{}");
}

#[test]
fn a_request_is_read_in_either_spelling() {
    assert_eq!(reads(REQUEST), full_request());
    let camel = reads(
        r#"{"serialNum":"S","osVersion":"15.5","modelIdentifier":"M","primaryUserGroups":["g"],
            "clientMode":"MONITOR","requestCleanSync":true,"teamidRuleCount":4,
            "machineId":"id","pushNotificationSync":true,"sip_status":1,"rules_hash":"h"}"#,
    );
    let expected = PreflightRequest {
        serial_num: "S".to_owned(),
        os_version: "15.5".to_owned(),
        model_identifier: "M".to_owned(),
        primary_user_groups: vec!["g".to_owned()],
        client_mode: Some(ClientMode::Monitor),
        request_clean_sync: true,
        teamid_rule_count: 4,
        machine_id: "id".to_owned(),
        push_notification_sync: true,
        sip_status: 1,
        rules_hash: "h".to_owned(),
        ..PreflightRequest::default()
    };
    assert_eq!(camel, expected);
    assert_eq!(reads(r#"{"serial_number":"S"}"#).serial_num, "S");
}

#[test]
fn a_value_of_the_wrong_type_counts_as_absent() {
    let wrong = ["null", "7", "-1", "1.5", "true", "\"x\"", "[]", "[1,{}]", "{\"a\":[1]}"];
    for value in wrong {
        for key in ["hostname", "primary_user_groups", "client_mode", "binary_rule_count"] {
            let request = reads(&format!(r#"{{"{key}":{value},"machine_id":"M1"}}"#));
            assert_eq!(request.machine_id, "M1", "{key}: {value}");
        }
    }
}

#[test]
fn counts_are_read_from_whatever_means_a_number() {
    let cases = [
        ("3", 3),
        ("\"3\"", 3),
        ("3.0", 3),
        ("3.9", 3),
        ("true", 1),
        ("\"three\"", 0),
        ("null", 0),
        ("-3", 0),
        ("4294967295", u32::MAX),
        ("1e300", u32::MAX),
        ("\"inf\"", 0),
        ("[3]", 0),
    ];
    for (value, expected) in cases {
        let request = reads(&format!(r#"{{"binary_rule_count":{value}}}"#));
        assert_eq!(request.binary_rule_count, expected, "{value}");
    }
}

#[test]
fn flags_are_read_from_whatever_means_yes() {
    let cases = [
        ("true", true),
        ("1", true),
        ("\"true\"", true),
        ("\"1\"", true),
        ("\"YES\"", true),
        ("false", false),
        ("0", false),
        ("0.0", false),
        ("\"false\"", false),
        ("\"0\"", false),
        ("null", false),
        ("{}", false),
    ];
    for (value, expected) in cases {
        let request = reads(&format!(r#"{{"request_clean_sync":{value}}}"#));
        assert_eq!(request.request_clean_sync, expected, "{value}");
    }
}

#[test]
fn strings_and_lists_are_read_from_scalars() {
    let request = reads(r#"{"os_version":15.5,"os_build":24,"hostname":true}"#);
    assert_eq!(
        (&*request.os_version, &*request.os_build, &*request.hostname),
        ("15.5", "24", "true")
    );
    let groups =
        |value| reads(&format!(r#"{{"primary_user_groups":{value}}}"#)).primary_user_groups;
    assert_eq!(groups("\"staff\""), ["staff"]);
    assert_eq!(groups(r#"["a",1,null,[],"b"]"#), ["a", "1", "b"]);
}

#[test]
fn modes_are_read_from_names_and_numbers_and_no_others() {
    let mode = |value| reads(&format!(r#"{{"client_mode":{value}}}"#)).client_mode;
    assert_eq!(mode("\"STANDALONE\""), Some(ClientMode::Standalone));
    assert_eq!(mode("2"), Some(ClientMode::Lockdown));
    assert_eq!(mode("\"2\""), Some(ClientMode::Lockdown));
    assert_eq!(mode("\"PARTY\""), None);
    assert_eq!(mode("99"), None);
}

#[test]
fn unknown_keys_are_ignored() {
    assert_eq!(reads(r#"{"machine_id":"M1","fileAccessRulesHash":"x","n":{"o":[]}}"#), {
        PreflightRequest { machine_id: "M1".to_owned(), ..PreflightRequest::default() }
    });
}

#[test]
fn an_answer_is_written_with_the_keys_that_every_client_reads() {
    let answer = PreflightResponse {
        client_mode: Some(ClientMode::Lockdown),
        sync_type: Some(SyncType::CleanAll),
        clean_sync: Some(true),
        batch_size: Some(100),
        enable_bundles: Some(false),
        full_sync_interval: Some(600),
        allowed_path_regex: Some("^/opt/".to_owned()),
        blocked_path_regex: Some(String::new()),
        block_usb_mount: Some(true),
        remount_usb_mode: vec!["rdonly".to_owned()],
        removable_media_policy: Some(MediaPolicy::Remount { flags: vec!["rdonly".to_owned()] }),
        encrypted_removable_media_policy: Some(MediaPolicy::Allow),
        override_file_access_action: Some(FileAccessAction::None),
        ..PreflightResponse::default()
    };
    let expected = concat!(
        r#"{"client_mode":"LOCKDOWN","sync_type":"CLEAN_ALL","clean_sync":true,"#,
        r#""batch_size":100,"enable_bundles":false,"full_sync_interval":600,"#,
        r#""allowed_path_regex":"^/opt/","blocked_path_regex":"","block_usb_mount":true,"#,
        r#""remount_usb_mode":["rdonly"],"#,
        r#""removable_media_policy":{"remount":{"flags":["rdonly"]}},"#,
        r#""encrypted_removable_media_policy":{"allow":true},"#,
        r#""override_file_access_action":"NONE"}"#,
    );
    assert_eq!(text_of(&answer), expected);
    assert_eq!(
        read_answer::<PreflightResponse>(Format::Json, expected.as_bytes()).unwrap(),
        answer
    );
}

#[test]
fn an_answer_is_read_in_either_spelling_with_null_as_unset() {
    let read = answer(
        r#"{"clientMode":"MONITOR","syncType":"clean","batchSize":"25","whitelist_regex":null,
            "allowedPathRegex":"^/a","enableTransitiveRules":true,"bundles_enabled":null,
            "removableMediaPolicy":{"block":false},"eventDetailUrl":"https://x/","new":[1]}"#,
    );
    let expected = PreflightResponse {
        client_mode: Some(ClientMode::Monitor),
        sync_type: Some(SyncType::Clean),
        batch_size: Some(25),
        allowed_path_regex: Some("^/a".to_owned()),
        enable_transitive_rules: Some(true),
        removable_media_policy: Some(MediaPolicy::Block),
        event_detail_url: Some("https://x/".to_owned()),
        ..PreflightResponse::default()
    };
    assert_eq!(read, expected);
}

#[test]
fn a_media_policy_of_no_known_kind_is_unset() {
    for policy in ["null", "{}", "{\"allow\":null}", "{\"melt\":true}"] {
        let read = answer(&format!(r#"{{"removable_media_policy":{policy}}}"#));
        assert_eq!(read.removable_media_policy, None, "{policy}");
    }
}

#[test]
fn an_unknown_word_in_an_answer_is_ignored() {
    let read = answer(r#"{"client_mode":"lockdown","sync_type":"foo","batch_size":1}"#);
    let expected = PreflightResponse { batch_size: Some(1), ..PreflightResponse::default() };
    assert_eq!(read, expected);
    assert_eq!(answer(r#"{"client_mode":2}"#).client_mode, Some(ClientMode::Lockdown));
    assert_eq!(answer(r#"{"client_mode":77}"#).client_mode, None);
}

#[test]
fn values_that_real_clients_reject_make_the_response_invalid() {
    let bodies = [
        r#"{"batch_size":-1}"#,
        r#"{"batch_size":1.5}"#,
        r#"{"batch_size":4294967296}"#,
        r#"{"batch_size":"many"}"#,
        r#"{"batch_size":true}"#,
        r#"{"batch_size":[1]}"#,
        r#"{"allowed_path_regex":["^/a"]}"#,
        r#"{"enable_bundles":1}"#,
        r#"{"client_mode":true}"#,
        r#"{"removable_media_policy":{"allow":true,"block":true}}"#,
    ];
    for body in bodies {
        assert!(read_answer::<PreflightResponse>(Format::Json, body.as_bytes()).is_err(), "{body}");
    }
    assert_eq!(answer(r#"{"batch_size":5.0}"#).batch_size, Some(5));
}

fn requests() -> impl Strategy<Value = PreflightRequest> {
    let texts = prop::collection::vec("[^\\x00]{0,12}", 9);
    let groups = prop::collection::vec("[^\\x00]{1,8}", 0..4);
    let mode = prop::sample::select(ClientMode::ALL);
    (texts, groups, prop::option::of(mode), any::<[u32; 8]>(), any::<(bool, bool)>()).prop_map(
        |(mut texts, groups, client_mode, counts, (clean, push))| {
            let mut text = || texts.pop().unwrap_or_default();
            PreflightRequest {
                serial_num: text(),
                hostname: text(),
                os_version: text(),
                os_build: text(),
                model_identifier: text(),
                santa_version: text(),
                primary_user: text(),
                primary_user_groups: groups,
                push_notification_token: String::new(),
                client_mode,
                request_clean_sync: clean,
                binary_rule_count: counts[0],
                certificate_rule_count: counts[1],
                compiler_rule_count: counts[2],
                transitive_rule_count: counts[3],
                teamid_rule_count: counts[4],
                signingid_rule_count: counts[5],
                cdhash_rule_count: counts[6],
                machine_id: text(),
                push_notification_sync: push,
                sip_status: counts[7],
                rules_hash: text(),
            }
        },
    )
}

proptest! {
    #[test]
    fn a_request_that_is_written_is_read_back(request in requests()) {
        for format in [Format::Json, Format::Protobuf] {
            let body = write(format, &request).unwrap();
            let read: PreflightRequest = read_request(format, &body).unwrap();
            prop_assert_eq!(&read, &request);
        }
    }
}
