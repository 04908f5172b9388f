use proptest::prelude::*;

use super::*;
use crate::protocol::{Format, read_answer, read_request, write};

const REQUEST: &str = concat!(
    r#"{"machine_id":"M1","events":[{"#,
    r#""file_sha256":"b7c1e3fd640c5f211c89b02c2c6122f78ce322aa5c56eb0bb54bc422a8f8b670","#,
    r#""file_path":"/Applications/Yes.app/Contents/MacOS","file_name":"yes","#,
    r#""executing_user":"ann","execution_time":1750000000.25,"logged_in_users":["ann"],"#,
    r#""current_sessions":["ann@console"],"decision":"BLOCK_UNKNOWN","pid":42,"ppid":1,"#,
    r#""parent_name":"launchd","team_id":"EQHXZ8M8AV","#,
    r#""signing_id":"EQHXZ8M8AV:com.example.yes","#,
    r#""signing_chain":[{"sha256":"7a","cn":"Developer ID","valid_from":1,"valid_until":2}],"#,
    r#""entitlementInfo":{"entitlements":[{"key":"com.apple.x","value":"true"}]},"#,
    r#""csFlags":65536,"signingStatus":"SIGNING_STATUS_PRODUCTION","#,
    r#""secureSigningTime":1700000000,"signingTime":1700000001,"static_rule":true}],"#,
    r#""file_access_events":[{"rule_version":"v1","rule_name":"Cookies","target":"/c","#,
    r#""decision":"FILE_ACCESS_DECISION_DENIED","access_time":1750000000.5,"#,
    r#""process_chain":[{"pid":7,"file_path":"/bin/cat","cdhash":"ab"}]}]}"#,
);

fn full_request() -> EventUploadRequest {
    let event = Event {
        file_sha256: "b7c1e3fd640c5f211c89b02c2c6122f78ce322aa5c56eb0bb54bc422a8f8b670".into(),
        file_path: "/Applications/Yes.app/Contents/MacOS".into(),
        file_name: "yes".into(),
        executing_user: "ann".into(),
        execution_time: 1_750_000_000.25,
        logged_in_users: vec!["ann".into()],
        current_sessions: vec!["ann@console".into()],
        decision: Decision::BlockUnknown.into(),
        pid: 42,
        ppid: 1,
        parent_name: "launchd".into(),
        team_id: "EQHXZ8M8AV".into(),
        signing_id: "EQHXZ8M8AV:com.example.yes".into(),
        signing_chain: vec![Certificate {
            sha256: "7a".into(),
            cn: "Developer ID".into(),
            valid_from: 1,
            valid_until: 2,
            ..Certificate::default()
        }],
        entitlement_info: Some(EntitlementInfo {
            entitlements: vec![Entitlement { key: "com.apple.x".into(), value: "true".into() }],
            ..EntitlementInfo::default()
        }),
        cs_flags: 65536,
        signing_status: SigningStatus::Production.into(),
        secure_signing_time: 1_700_000_000,
        signing_time: 1_700_000_001,
        static_rule: true,
        ..Event::default()
    };
    let access = FileAccessEvent {
        rule_version: "v1".into(),
        rule_name: "Cookies".into(),
        target: "/c".into(),
        decision: FileAccessDecision::Denied.into(),
        access_time: 1_750_000_000.5,
        process_chain: vec![Process {
            pid: 7,
            file_path: "/bin/cat".into(),
            cdhash: "ab".into(),
            ..Process::default()
        }],
    };
    EventUploadRequest {
        machine_id: "M1".into(),
        events: vec![event],
        file_access_events: vec![access],
    }
}

fn reads(body: &str) -> EventUploadRequest {
    read_request(Format::Json, body.as_bytes()).unwrap()
}

fn event(fields: &str) -> Event {
    reads(&format!(r#"{{"events":[{{{fields}}}]}}"#)).events.remove(0)
}

#[test]
fn a_request_is_written_with_the_keys_that_clients_print() {
    assert_eq!(String::from_utf8(write(Format::Json, &full_request()).unwrap()).unwrap(), REQUEST);
    let event = Event { entitlement_info: Some(EntitlementInfo::default()), ..Event::default() };
    assert_eq!(write(Format::Json, &event).unwrap(), br#"{"entitlementInfo":{}}"#);
}

#[test]
fn a_request_is_read_in_either_spelling() {
    assert_eq!(reads(REQUEST), full_request());
    let camel = event(
        r#""fileSha256":"s","executionTime":"1.5","fileBundleHashMillis":"12","teamId":"T",
           "signingChain":[{"validFrom":1.9}],"entitlement_info":{"entitlements_filtered":1},
           "cs_flags":3,"signing_status":2,"quarantineDataUrl":"u""#,
    );
    let expected = Event {
        file_sha256: "s".into(),
        execution_time: 1.5,
        file_bundle_hash_millis: 12,
        team_id: "T".into(),
        signing_chain: vec![Certificate { valid_from: 1, ..Certificate::default() }],
        entitlement_info: Some(EntitlementInfo {
            entitlements_filtered: true,
            ..EntitlementInfo::default()
        }),
        cs_flags: 3,
        signing_status: SigningStatus::Invalid.into(),
        quarantine_data_url: "u".into(),
        ..Event::default()
    };
    assert_eq!(camel, expected);
}

#[test]
fn unknown_decisions_are_kept_unchanged() {
    let decision = |value| event(&format!(r#""decision":{value}"#)).decision;
    assert_eq!(decision("\"BLOCK_BINARY\""), Decision::BlockBinary.into());
    assert_eq!(decision("\"UNKNOWN\""), Decision::Unknown.into());
    assert_eq!(decision("8"), Decision::BlockUnknown.into());
    assert_eq!(decision("null"), Decision::Unknown.into());
    assert_eq!(decision("\"BLOCK_LATER\""), Open::Other("BLOCK_LATER".into()));
    assert_eq!(decision("16"), Open::Other("16".into()));
    let status = event(r#""signingStatus":"SIGNING_STATUS_NEW""#).signing_status;
    assert_eq!(status, Open::Other("SIGNING_STATUS_NEW".into()));
}

#[test]
fn a_value_of_the_wrong_type_counts_as_absent() {
    for value in ["null", "7", "-1.5", "true", "\"x\"", "[]", "[[1],2]", "{\"a\":{}}"] {
        let keys = ["file_name", "pid", "execution_time", "decision", "logged_in_users"];
        for key in keys.into_iter().chain(["signing_chain", "entitlementInfo", "static_rule"]) {
            let event = event(&format!(r#""{key}":{value},"file_sha256":"s""#));
            assert_eq!(event.file_sha256, "s", "{key}: {value}");
        }
    }
    let request = reads(r#"{"machine_id":"M1","events":[null,7,["a"],{"pid":-3},"x"]}"#);
    assert_eq!(request.events, [Event { pid: -3, ..Event::default() }]);
    assert!(reads(r#"{"events":{"a":1},"file_access_events":null}"#).events.is_empty());
}

#[test]
fn lists_that_are_too_long_are_refused() {
    let events = |count| format!(r#"{{"events":[{}{{}}]}}"#, "{},".repeat(count - 1));
    assert_eq!(reads(&events(Event::MAX)).events.len(), Event::MAX);
    let result =
        read_request::<EventUploadRequest>(Format::Json, events(Event::MAX + 1).as_bytes());
    assert!(result.unwrap_err().to_string().contains("more than 10000 items"));
}

#[test]
fn an_answer_lists_the_bundles_that_the_server_wants() {
    let answer = EventUploadResponse { event_upload_bundle_binaries: vec!["ab".into()] };
    assert_eq!(
        write(Format::Json, &answer).unwrap(),
        br#"{"event_upload_bundle_binaries":["ab"]}"#
    );
    let read = |body: &str| read_answer::<EventUploadResponse>(Format::Json, body.as_bytes());
    assert_eq!(read(r#"{"eventUploadBundleBinaries":["ab"]}"#).unwrap(), answer);
    assert_eq!(read("{}").unwrap(), EventUploadResponse::default());
    assert!(read(r#"{"event_upload_bundle_binaries":[1]}"#).is_err());
}

fn events() -> impl Strategy<Value = Event> {
    let text = || "[^\\x00]{0,10}";
    let decision = prop_oneof![
        prop::sample::select(Decision::ALL).prop_map(Open::Known),
        (100..200_u8).prop_map(|number| Open::Other(number.to_string())),
    ];
    let users = prop::collection::vec("[^\\x00]{1,8}", 0..3);
    // Only whole milliseconds, because the parser may lose the last bit of a longer fraction.
    let millis = 0..2_000_000_000_000_u64;
    let chain = prop::collection::vec((text(), any::<u32>()), 0..3);
    (text(), decision, users, chain, any::<(i32, u32, bool)>(), millis).prop_map(
        |(name, decision, users, chain, (pid, flags, rule), time)| Event {
            file_name: name,
            decision,
            logged_in_users: users,
            signing_chain: chain
                .into_iter()
                .map(|(cn, valid_from)| Certificate { cn, valid_from, ..Certificate::default() })
                .collect(),
            pid,
            cs_flags: flags,
            static_rule: rule,
            execution_time: time as f64 / 1000.0,
            ..Event::default()
        },
    )
}

proptest! {
    #[test]
    fn an_event_that_is_written_is_read_back(events in prop::collection::vec(events(), 0..5)) {
        let request = EventUploadRequest { events, ..EventUploadRequest::default() };
        for format in [Format::Json, Format::Protobuf] {
            let body = write(format, &request).unwrap();
            let read: EventUploadRequest = read_request(format, &body).unwrap();
            prop_assert_eq!(&read, &request);
        }
    }
}
