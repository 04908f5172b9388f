//! Rule download: pages of rules, until a page has no cursor.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, Serialize};

use super::message::messages;
use super::strict::{Object, Strict};
use super::words::{PolicyName, RuleType};
use super::{is_zero, lenient, strict};

messages! {
    read with "lenient::read";

    #[derive(Eq)]
    pub struct RuleDownloadRequest {
        /// The machine ID, which is also in the URL.
        pub machine_id: String | "machineId",
        /// The cursor from the previous page; empty for the first page.
        pub cursor: String,
    }
}

/// A page of rules, in the order in which clients apply them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RuleDownloadResponse<'a> {
    #[serde(deserialize_with = "strict::read")]
    pub rules: Vec<Rule<'a>>,
    /// The cursor of the next page; absent on the last page.
    #[serde(deserialize_with = "strict::filled_text", skip_serializing_if = "is_zero")]
    pub cursor: Option<String>,
}

messages! {
    read with "strict::read";

    /// A rule that borrows its texts, so that a server can write a page without copying them.
    #[derive(Eq)]
    pub struct Rule<'a> {
        pub identifier: Cow<'a, str>,
        /// The old name of `identifier`; the new name wins.
        pub sha256: Cow<'a, str>,
        /// `None` if the policy is absent or not in [`PolicyName`].
        pub policy: Option<PolicyName>,
        /// `None` if the type is absent or not in [`RuleType`].
        pub rule_type: Option<RuleType> | "ruleType",
        /// The text of the block dialog.
        pub custom_msg: Cow<'a, str> | "customMsg",
        /// The URL that the block dialog's button opens.
        pub custom_url: Cow<'a, str> | "customUrl",
        /// The label of the block dialog's button (2026.7 and later).
        pub event_detail_button_label: Cow<'a, str> | "eventDetailButtonLabel",
        /// The expression of a CEL rule (2025.6 and later).
        pub cel_expr: Cow<'a, str> | "celExpr",
        /// The program's name in the notification that the program can now run (2025.4 and later).
        pub notification_app_name: Cow<'a, str> | "notificationAppName",
        /// The hash of the bundle that the rule was created for.
        pub file_bundle_hash: Cow<'a, str> | "fileBundleHash",
        pub file_bundle_binary_count: u32 | "fileBundleBinaryCount",
    }
}

impl Strict for Vec<Rule<'_>> {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let rules = Option::<Vec<Object<Rule<'_>>>>::deserialize(deserializer)?.unwrap_or_default();
        Ok(rules.into_iter().map(|Object(rule)| rule).collect())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{Format, read_answer, read_request, write};
    use super::*;

    fn page(body: &str) -> RuleDownloadResponse<'static> {
        read_answer(Format::Json, body.as_bytes()).unwrap()
    }

    fn rule(fields: &str) -> Rule<'static> {
        page(&format!(r#"{{"rules":[{{{fields}}}]}}"#)).rules.remove(0)
    }

    #[test]
    fn a_request_names_the_cursor_only_when_going_on() {
        let mut request =
            RuleDownloadRequest { machine_id: "M1".to_owned(), ..RuleDownloadRequest::default() };
        assert_eq!(write(Format::Json, &request).unwrap(), br#"{"machine_id":"M1"}"#);
        request.cursor = "c1".to_owned();
        let body = br#"{"machine_id":"M1","cursor":"c1"}"#;
        assert_eq!(write(Format::Json, &request).unwrap(), body);
        assert_eq!(read_request::<RuleDownloadRequest>(Format::Json, body).unwrap(), request);
        let null =
            read_request::<RuleDownloadRequest>(Format::Json, br#"{"cursor":null}"#).unwrap();
        assert_eq!(null, RuleDownloadRequest::default());
    }

    #[test]
    fn a_page_is_written_as_every_client_reads_it() {
        let identifier = String::from("EQHXZ8M8AV:com.google.Chrome");
        let response = RuleDownloadResponse {
            rules: vec![
                Rule {
                    identifier: Cow::Borrowed(&identifier),
                    policy: Some(PolicyName::Allowlist),
                    rule_type: Some(RuleType::SigningId),
                    notification_app_name: "Chrome".into(),
                    ..Rule::default()
                },
                Rule {
                    identifier: "EQHXZ8M8AV".into(),
                    policy: Some(PolicyName::Cel),
                    rule_type: Some(RuleType::TeamId),
                    custom_msg: "No.".into(),
                    custom_url: "https://x/".into(),
                    event_detail_button_label: "Why?".into(),
                    cel_expr: "euid == 0".into(),
                    ..Rule::default()
                },
            ],
            cursor: Some("c1".to_owned()),
        };
        let expected = concat!(
            r#"{"rules":[{"identifier":"EQHXZ8M8AV:com.google.Chrome","policy":"ALLOWLIST","#,
            r#""rule_type":"SIGNINGID","notification_app_name":"Chrome"},"#,
            r#"{"identifier":"EQHXZ8M8AV","policy":"CEL","rule_type":"TEAMID","#,
            r#""custom_msg":"No.","custom_url":"https://x/","event_detail_button_label":"Why?","#,
            r#""cel_expr":"euid == 0"}],"cursor":"c1"}"#,
        );
        assert_eq!(String::from_utf8(write(Format::Json, &response).unwrap()).unwrap(), expected);
        assert_eq!(page(expected), response);
    }

    #[test]
    fn the_last_page_has_an_empty_list_and_no_cursor() {
        assert_eq!(
            write(Format::Json, &RuleDownloadResponse::default()).unwrap(),
            br#"{"rules":[]}"#
        );
        for body in [r#"{"rules":null,"cursor":null}"#, r#"{"cursor":""}"#, "{}"] {
            assert_eq!(page(body), RuleDownloadResponse::default(), "{body}");
        }
    }

    #[test]
    fn rules_are_read_by_old_names_and_numbers() {
        let read = rule(r#""sha256":"ab","policy":"BLACKLIST","ruleType":1,"customMsg":null"#);
        let expected = Rule {
            sha256: "ab".into(),
            policy: Some(PolicyName::Blocklist),
            rule_type: Some(RuleType::Binary),
            ..Rule::default()
        };
        assert_eq!(read, expected);
    }

    #[test]
    fn an_unknown_policy_or_type_leaves_the_rest_of_the_page() {
        let read = page(
            r#"{"rules":[{"identifier":"a","policy":"SEATBELT","rule_type":"BINARY"},
                         {"identifier":"b","policy":"REMOVE","rule_type":"BUNDLE"}]}"#,
        );
        assert_eq!((read.rules[0].policy, read.rules[1].rule_type), (None, None));
        assert_eq!(read.rules[1].policy, Some(PolicyName::Remove));
    }

    #[test]
    fn values_that_real_clients_reject_make_the_page_invalid() {
        let bodies = [
            r#"{"rules":{}}"#,
            r#"{"rules":[null]}"#,
            r#"{"rules":[["a","","REMOVE","BINARY"]]}"#,
            r#"{"rules":[{"identifier":7}]}"#,
            r#"{"rules":[{"file_bundle_binary_count":-1}]}"#,
            r#"{"cursor":7}"#,
            r#"{"rules":["#,
        ];
        for body in bodies {
            assert!(
                read_answer::<RuleDownloadResponse>(Format::Json, body.as_bytes()).is_err(),
                "{body}"
            );
        }
    }

    fn rules() -> impl Strategy<Value = Rule<'static>> {
        let policy = prop::option::of(prop::sample::select(PolicyName::ALL));
        let rule_type = prop::option::of(prop::sample::select(RuleType::ALL));
        ("\\PC{0,20}", policy, rule_type, "[^\\x00]{0,20}", any::<u32>()).prop_map(
            |(identifier, policy, rule_type, message, count)| Rule {
                identifier: identifier.into(),
                policy,
                rule_type,
                custom_msg: message.into(),
                file_bundle_binary_count: count,
                ..Rule::default()
            },
        )
    }

    proptest! {
        #[test]
        fn a_page_that_is_written_is_read_back(
            rules in prop::collection::vec(rules(), 0..6),
            cursor in prop::option::of("\\PC{1,30}"),
        ) {
            let response = RuleDownloadResponse { rules, cursor };
            for format in [Format::Json, Format::Protobuf] {
                let body = write(format, &response).unwrap();
                let read: RuleDownloadResponse = read_answer(format, &body).unwrap();
                prop_assert_eq!(&read, &response);
            }
        }
    }
}
