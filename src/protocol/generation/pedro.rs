//! The fields and words that pedro parses (in `pedro/sync/json` of wowsignal-io/pedro, and until
//! January 2026 in the library rednose). pedro ignores unknown keys, and rejects a whole response
//! that contains an unexpected value or word.

use serde_json::{Map, Value};

use super::super::{PolicyName, PreflightResponse, RuleType};

/// Maximum bytes of a response: the default of pedro's HTTP client, ureq.
pub const LONGEST_RESPONSE: usize = 10 * 1024 * 1024;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expected {
    Flag,
    /// A whole number from 0 to `i32::MAX`, which fits all number types that pedro uses.
    Number,
    Text,
    OneOf(&'static [&'static str]),
}

const PREFLIGHT: [(&str, Expected); 11] = [
    ("enable_bundles", Expected::Flag),
    ("enable_transitive_rules", Expected::Flag),
    ("batch_size", Expected::Number),
    ("full_sync_interval", Expected::Number),
    ("client_mode", Expected::OneOf(&["MONITOR", "LOCKDOWN"])),
    ("allowed_path_regex", Expected::Text),
    ("blocked_path_regex", Expected::Text),
    ("block_usb_mount", Expected::Flag),
    // All other clients expect a list of flags.
    ("remount_usb_mode", Expected::Text),
    ("sync_type", Expected::OneOf(&["NORMAL", "CLEAN", "CLEAN_ALL"])),
    ("override_file_access_action", Expected::OneOf(&["DISABLE", "AUDIT_ONLY", "NONE"])),
];

const POLICIES: [(PolicyName, &str); 5] = [
    (PolicyName::Allowlist, "ALLOWLIST"),
    (PolicyName::AllowlistCompiler, "ALLOWLIST_COMPILER"),
    (PolicyName::Blocklist, "BLOCKLIST"),
    (PolicyName::SilentBlocklist, "SILENT_BLOCKLIST"),
    (PolicyName::Remove, "REMOVE"),
];

const RULE_TYPES: [(RuleType, &str); 5] = [
    (RuleType::Binary, "BINARY"),
    (RuleType::Certificate, "CERTIFICATE"),
    (RuleType::SigningId, "SIGNINGID"),
    (RuleType::TeamId, "TEAMID"),
    (RuleType::CdHash, "CD_HASH"),
];

impl Expected {
    fn accepts(self, value: &Value) -> bool {
        match self {
            Self::Flag => value.is_boolean(),
            Self::Number => value.as_u64().is_some_and(|number| i32::try_from(number).is_ok()),
            Self::Text => value.is_string(),
            Self::OneOf(words) => value.as_str().is_some_and(|word| words.contains(&word)),
        }
    }
}

pub fn policy(policy: PolicyName) -> Option<&'static str> {
    POLICIES.iter().find(|(known, _)| *known == policy).map(|(_, word)| *word)
}

pub fn rule_type(rule_type: RuleType) -> Option<&'static str> {
    RULE_TYPES.iter().find(|(known, _)| *known == rule_type).map(|(_, word)| *word)
}

/// Removes fields from a response to preflight if pedro does not parse their name or value.
pub fn preflight(response: &PreflightResponse) -> PreflightResponse {
    let is_parsed = |name: &str, value: &Value| {
        PREFLIGHT.iter().any(|(field, expected)| *field == name && expected.accepts(value))
    };
    let mut fields = match serde_json::to_value(response) {
        Ok(Value::Object(fields)) => fields,
        Ok(_) | Err(_) => Map::new(),
    };
    fields.retain(|name, value| is_parsed(name, value));
    // A subset of the fields of a valid response is valid.
    serde_json::from_value(Value::Object(fields)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::super::{ClientMode, MediaPolicy, SyncType};
    use super::*;

    #[test]
    fn w3_pedro_gets_only_fields_and_words_that_it_parses() {
        let response = PreflightResponse {
            client_mode: Some(ClientMode::Lockdown),
            sync_type: Some(SyncType::Clean),
            clean_sync: Some(true),
            batch_size: Some(50),
            full_sync_interval: Some(u32::MAX),
            block_usb_mount: Some(true),
            remount_usb_mode: vec!["rdonly".to_owned()],
            removable_media_policy: Some(MediaPolicy::Block),
            event_detail_url: Some("https://example.com".to_owned()),
            ..PreflightResponse::default()
        };
        let expected = PreflightResponse {
            client_mode: Some(ClientMode::Lockdown),
            sync_type: Some(SyncType::Clean),
            batch_size: Some(50),
            block_usb_mount: Some(true),
            ..PreflightResponse::default()
        };
        assert_eq!(preflight(&response), expected);
        let standalone = PreflightResponse {
            client_mode: Some(ClientMode::Standalone),
            ..PreflightResponse::default()
        };
        assert_eq!(preflight(&standalone), PreflightResponse::default());
    }

    #[test]
    fn w3_pedro_spells_one_rule_type_in_its_own_way() {
        assert_eq!(rule_type(RuleType::CdHash), Some("CD_HASH"));
        for known in RuleType::ALL.iter().filter(|each| **each != RuleType::CdHash) {
            assert_eq!(rule_type(*known), Some(super::super::super::Word::name(*known)));
        }
        assert_eq!(policy(PolicyName::SilentBlocklist), Some("SILENT_BLOCKLIST"));
        assert_eq!(policy(PolicyName::Cel), None);
        assert_eq!(policy(PolicyName::SilentTtyBlocklist), None);
    }
}
