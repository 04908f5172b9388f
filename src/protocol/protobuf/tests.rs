//! Google's own implementation of protobuf created the bytes of the sample messages, with the field
//! numbers of Santa's protocol. So our reader and writer are not tested only against each other.

use data_encoding::HEXLOWER;
use proptest::prelude::*;

use super::super::lenient::Listed;
use super::super::{
    Certificate, ClientMode, Decision, Entitlement, EntitlementInfo, Event, EventUploadRequest,
    FileAccessDecision, FileAccessEvent, MediaPolicy, Message, Open, PolicyName, PostflightRequest,
    PreflightRequest, PreflightResponse, Process, Rule, RuleDownloadResponse, RuleType, SyncType,
};
use super::{read, write};

fn bytes(hex: &str) -> Vec<u8> {
    HEXLOWER.decode(hex.as_bytes()).unwrap()
}

fn same<M: Message + PartialEq + std::fmt::Debug>(hex: &str, message: &M) {
    assert_eq!(HEXLOWER.encode(&write(message)), hex);
    assert_eq!(&read::<M>(&bytes(hex)).unwrap(), message);
}

#[test]
fn a_preflight_has_the_bytes_of_google_s_implementation() {
    let request = PreflightRequest {
        serial_num: "C02".to_owned(),
        hostname: "mac".to_owned(),
        santa_version: "2026.7".to_owned(),
        client_mode: Some(ClientMode::Lockdown),
        request_clean_sync: true,
        binary_rule_count: 300,
        machine_id: "M1".to_owned(),
        sip_status: 127,
        primary_user_groups: vec!["staff".to_owned(), "admin".to_owned()],
        rules_hash: "99aa".to_owned(),
        ..PreflightRequest::default()
    };
    same(
        "0a0343303212036d61633206323032362e374802500158ac029201024d31a0017faa01057374616666aa0105\
         61646d696eb2010439396161",
        &request,
    );
}

#[test]
fn settings_have_the_bytes_of_google_s_implementation() {
    let answer = PreflightResponse {
        client_mode: Some(ClientMode::Lockdown),
        sync_type: Some(SyncType::Normal),
        batch_size: Some(50),
        enable_bundles: Some(false),
        full_sync_interval: Some(600),
        allowed_path_regex: Some(String::new()),
        remount_usb_mode: vec!["rdonly".to_owned()],
        event_detail_url: Some("https://x".to_owned()),
        removable_media_policy: Some(MediaPolicy::Remount { flags: vec!["rdonly".to_owned()] }),
        encrypted_removable_media_policy: Some(MediaPolicy::Allow),
        clean_sync: Some(false),
        ..PreflightResponse::default()
    };
    same(
        "080210011832200040d8045a00720672646f6e6c79d2010968747470733a2f2f78a2020a1a080a0672646f6e\
         6c79aa02020801f83e00",
        &answer,
    );
}

#[test]
fn events_have_the_bytes_of_google_s_implementation() {
    let chain = Certificate {
        sha256: "cd".to_owned(),
        cn: format!("Dev {}", "x".repeat(130)),
        valid_from: 9,
        ..Certificate::default()
    };
    let entitlement = Entitlement { key: "k".to_owned(), value: "true".to_owned() };
    let event = Event {
        file_sha256: "ab".to_owned(),
        execution_time: 1_464_201_698.5,
        logged_in_users: vec!["ann".to_owned()],
        decision: Decision::BlockUnknown.into(),
        pid: 7,
        ppid: -1,
        signing_chain: vec![chain],
        entitlement_info: Some(EntitlementInfo {
            entitlements_filtered: true,
            entitlements: vec![entitlement],
        }),
        cs_flags: 570_506_001,
        static_rule: true,
        ..Event::default()
    };
    let later = Event { decision: Open::Other("42".to_owned()), ..Event::default() };
    let access = FileAccessEvent {
        rule_name: "r".to_owned(),
        decision: FileAccessDecision::Denied.into(),
        access_time: 2.5,
        process_chain: vec![Process {
            pid: 5,
            file_path: "/bin/cat".to_owned(),
            ..Process::default()
        }],
        ..FileAccessEvent::default()
    };
    let request = EventUploadRequest {
        machine_id: "M1".to_owned(),
        events: vec![event, later],
        file_access_events: vec![access],
    };
    let name = HEXLOWER.encode(format!("Dev {}", "x".repeat(130)).as_bytes());
    same(
        &format!(
            "0ad0010a026162290000a0787cd1d5413203616e6e40089001079801ffffffffffffffffff01e2018f01\
             0a026364128601{name}2809ea010d080112090a016b120474727565f00191f68490029002010a02402a\
             12024d31221c120172220c0a082f62696e2f63617430052900000000000004403001"
        ),
        &request,
    );
}

#[test]
fn rules_have_the_bytes_of_google_s_implementation() {
    let rule = Rule {
        identifier: "platform:com.apple.yes".into(),
        sha256: "s".into(),
        policy: Some(PolicyName::Allowlist),
        rule_type: Some(RuleType::TeamId),
        custom_msg: "m".into(),
        cel_expr: "true".into(),
        ..Rule::default()
    };
    same(
        "0a290a16706c6174666f726d3a636f6d2e6170706c652e7965731001180322016d4a0474727565c23e017312\
         046e657874",
        &RuleDownloadResponse { rules: vec![rule], cursor: Some("next".to_owned()) },
    );
}

#[test]
fn unknown_fields_of_every_kind_are_ignored() {
    // Fields 500 (number), 501 (64 bits), 502 (bytes) and 503 (32 bits) before field 3.
    let body = bytes("a01f07a91f0102030405060708b21f02abcdbd1f010203041a024d31");
    let request: PostflightRequest = read(&body).unwrap();
    assert_eq!(request.machine_id, "M1");
}

#[test]
fn a_field_of_another_type_or_cut_off_is_an_error_that_names_it() {
    let error = |hex: &str| read::<PreflightRequest>(&bytes(hex)).unwrap_err().to_string();
    assert_eq!(error("0a05414243"), "field 1 is cut off");
    assert_eq!(error("0a02fffe"), "field 1 is not UTF-8");
    assert!(error("0801").contains("wire type"), "{}", error("0801"));
}

#[test]
fn a_body_of_empty_messages_does_not_become_more_than_a_client_sends() {
    let body = [0x0a, 0x00].repeat(Event::MAX + 1);
    let error = read::<EventUploadRequest>(&body).unwrap_err();
    assert_eq!(error.to_string(), "field 1 is a list of more than 10000 items");
}

proptest! {
    #[test]
    fn no_bytes_make_reading_panic(body in prop::collection::vec(any::<u8>(), 0..200)) {
        // Writing a message and reading it again does not change it.
        if let Ok(request) = read::<EventUploadRequest>(&body) {
            let again: EventUploadRequest = read(&write(&request)).unwrap();
            prop_assert_eq!(again, request);
        }
        if let Ok(request) = read::<PreflightRequest>(&body) {
            let again: PreflightRequest = read(&write(&request)).unwrap();
            prop_assert_eq!(again, request);
        }
    }
}
