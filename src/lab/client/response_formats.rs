//! Reads responses like each version of Santa.
//!
//! From 2024.6 on, responses are messages: a value of the wrong type makes the whole response
//! invalid, and unknown fields are ignored. In earlier versions, responses are dictionaries: values
//! of the wrong type are also ignored, except that `rules` must be a list. A dictionary must be a
//! JSON object, so an empty body is invalid.

use std::borrow::Cow;

use serde::de::Error;
use serde_json::{Map, Value};

use super::generation::Version;
use crate::protocol::{
    self, ClientMode, EventUploadResponse, FileAccessAction, Format, MessageError,
    PreflightResponse, Rule, RuleDownloadResponse, SyncType, Word,
};

type Keys = Map<String, Value>;

/// Seconds between syncs of clients that read dictionaries, if the server sends no interval, or an
/// interval of less than a minute.
const DEFAULT_INTERVAL: u32 = 600;

/// Returns only settings that the version supports.
pub(crate) fn preflight(
    version: Version,
    format: Format,
    body: &[u8],
) -> Result<PreflightResponse, MessageError> {
    let mut answer = if version.has_messages() {
        protocol::read_answer(format, body)?
    } else {
        preflight_of(version, &serde_json::from_slice(body)?)
    };
    answer.client_mode = answer.client_mode.filter(|&mode| version.knows_mode(mode));
    if !version.knows_sync_types() {
        answer.sync_type = None;
    }
    if !version.knows_event_detail() {
        answer.event_detail_url = None;
        answer.event_detail_text = None;
    }
    if !version.knows_media_policies() {
        answer.removable_media_policy = None;
        answer.encrypted_removable_media_policy = None;
    }
    Ok(answer)
}

fn preflight_of(version: Version, keys: &Keys) -> PreflightResponse {
    // Numbers are accepted as booleans.
    let flag = |key: &str| match keys.get(key)? {
        Value::Bool(flag) => Some(*flag),
        Value::Number(number) => Some(number.as_f64() != Some(0.0)),
        _ => None,
    };
    let number = |key: &str| keys.get(key)?.as_u64().and_then(|number| u32::try_from(number).ok());
    let text = |key: &str| keys.get(key)?.as_str().map(str::to_owned);
    let word = |key: &str| keys.get(key)?.as_str();
    let usb = version.knows_usb();
    let flags = keys.get("remount_usb_mode").and_then(Value::as_array).filter(|_| usb);
    let flags = flags.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned);
    let interval = number("full_sync_interval").filter(|&seconds| seconds >= 60);
    PreflightResponse {
        client_mode: word("client_mode").and_then(ClientMode::from_name),
        sync_type: word("sync_type").and_then(|word| SyncType::from_name(&word.to_lowercase())),
        clean_sync: flag("clean_sync"),
        batch_size: number("batch_size"),
        enable_bundles: flag("enable_bundles"),
        bundles_enabled: flag("bundles_enabled"),
        enable_transitive_rules: flag("enable_transitive_rules"),
        enabled_transitive_whitelisting: flag("enabled_transitive_whitelisting"),
        transitive_whitelisting_enabled: flag("transitive_whitelisting_enabled"),
        enable_all_event_upload: flag("enable_all_event_upload")
            .filter(|_| version.knows_all_event_upload()),
        disable_unknown_event_upload: flag("disable_unknown_event_upload")
            .filter(|_| version.knows_unknown_event_upload()),
        full_sync_interval: Some(interval.unwrap_or(DEFAULT_INTERVAL)),
        fcm_full_sync_interval: number("fcm_full_sync_interval"),
        fcm_global_rule_sync_deadline: number("fcm_global_rule_sync_deadline"),
        allowed_path_regex: text("allowed_path_regex"),
        whitelist_regex: text("whitelist_regex"),
        blocked_path_regex: text("blocked_path_regex"),
        blacklist_regex: text("blacklist_regex"),
        block_usb_mount: flag("block_usb_mount").filter(|_| usb),
        remount_usb_mode: flags.collect(),
        override_file_access_action: word("override_file_access_action")
            .filter(|_| version.knows_file_access())
            .and_then(file_access),
        ..PreflightResponse::default()
    }
}

/// Clients before 2024.6 ignore case and underscores.
fn file_access(word: &str) -> Option<FileAccessAction> {
    FileAccessAction::from_name(&word.to_lowercase().replace('_', ""))
}

pub(crate) fn uploaded(
    version: Version,
    format: Format,
    body: &[u8],
) -> Result<EventUploadResponse, MessageError> {
    if version.has_messages() {
        return protocol::read_answer(format, body);
    }
    let keys: Keys = serde_json::from_slice(body)?;
    let hashes = keys.get("event_upload_bundle_binaries").and_then(Value::as_array);
    let hashes = hashes.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned);
    Ok(EventUploadResponse { event_upload_bundle_binaries: hashes.collect() })
}

/// In a dictionary, an empty cursor means that another page follows.
pub(crate) fn page<'a>(
    version: Version,
    format: Format,
    body: &[u8],
) -> Result<RuleDownloadResponse<'a>, MessageError> {
    if version.has_messages() {
        return protocol::read_answer(format, body);
    }
    let mut keys: Keys = serde_json::from_slice(body)?;
    let Some(Value::Array(rules)) = keys.remove("rules") else {
        return Err(serde_json::Error::custom("`rules` is not a list").into());
    };
    let cursor = keys.get("cursor").and_then(Value::as_str).map(str::to_owned);
    Ok(RuleDownloadResponse { rules: rules.into_iter().map(rule_of).collect(), cursor })
}

/// A value that is not a dictionary, or has no known policy or type, becomes a rule that clients
/// ignore.
fn rule_of<'a>(mut rule: Value) -> Rule<'a> {
    let word = |rule: &Value, key: &str| rule.get(key).and_then(Value::as_str).map(str::to_owned);
    let policy = word(&rule, "policy").and_then(|word| Word::from_name(&word));
    let rule_type = word(&rule, "rule_type").and_then(|word| Word::from_name(&word));
    let mut text = |key: &str| match rule.get_mut(key).map(Value::take) {
        Some(Value::String(text)) => Cow::Owned(text),
        _ => Cow::Borrowed(""),
    };
    Rule {
        identifier: text("identifier"),
        sha256: text("sha256"),
        policy,
        rule_type,
        custom_msg: text("custom_msg"),
        custom_url: text("custom_url"),
        ..Rule::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{MediaPolicy, RuleType};

    fn read(text: &str, body: &str) -> Result<PreflightResponse, MessageError> {
        preflight(Version::named(text), Format::Json, body.as_bytes())
    }

    #[test]
    fn an_empty_body_is_an_empty_message_but_not_a_dictionary() {
        assert!(read("2024.5", "").is_err());
        assert!(read("2024.5", "[]").is_err());
        assert_eq!(read("2024.6", "").unwrap(), PreflightResponse::default());
        assert!(uploaded(Version::named("2024.5"), Format::Json, b"").is_err());
        assert!(page(Version::named("2024.5"), Format::Json, b"").is_err());
    }

    #[test]
    fn values_of_the_wrong_type_are_ignored_in_dictionaries_and_invalid_in_messages() {
        let body = r#"{"batch_size":-1,"client_mode":"LOCKDOWN","full_sync_interval":"900"}"#;
        let answer = read("2024.5", body).unwrap();
        assert_eq!((answer.batch_size, answer.full_sync_interval), (None, Some(600)));
        assert_eq!(answer.client_mode, Some(ClientMode::Lockdown));
        assert!(read("2024.6", body).is_err());
    }

    #[test]
    fn unsupported_settings_count_as_absent() {
        let body = r#"{"client_mode":"STANDALONE","sync_type":"CLEAN","event_detail_url":"https://x",
            "removable_media_policy":{"block":true},"override_file_access_action":"AuditOnly"}"#;
        let known = |text: &str| {
            let answer = read(text, body).unwrap();
            [
                answer.client_mode.is_some(),
                answer.sync_type.is_some(),
                answer.event_detail_url.is_some(),
                answer.removable_media_policy == Some(MediaPolicy::Block),
                answer.override_file_access_action.is_some(),
            ]
        };
        assert_eq!(known("2023.7"), [false, false, false, false, false]);
        assert_eq!(known("2023.8"), [false, false, false, false, true]);
        assert_eq!(known("2024.1"), [false, true, false, false, true]);
        assert_eq!(known("2024.11"), [true, true, false, false, true]);
        assert_eq!(known("2025.12"), [true, true, true, false, true]);
        assert_eq!(known("2026.3"), [true, true, true, true, true]);
    }

    #[test]
    fn a_page_without_rules_fails_where_pages_are_dictionaries() {
        let read =
            |text: &str, body: &str| page(Version::named(text), Format::Json, body.as_bytes());
        assert!(read("2024.5", "{}").is_err());
        assert!(read("2024.5", r#"{"rules":null}"#).is_err());
        assert_eq!(read("2024.6", "{}").unwrap(), RuleDownloadResponse::default());
        let empty = r#"{"rules":[],"cursor":""}"#;
        assert_eq!(read("2024.5", empty).unwrap().cursor.as_deref(), Some(""));
        assert_eq!(read("2024.6", empty).unwrap().cursor, None);
    }

    #[test]
    fn a_rule_in_a_dictionary_is_read_key_by_key() {
        let body = br#"{"rules":[7,{"sha256":"ab","policy":"BLACKLIST","rule_type":"BINARY",
            "custom_msg":9},{"identifier":"x","policy":3,"rule_type":"TEAMID"}]}"#;
        let rules = page(Version::named("2022.4"), Format::Json, body).unwrap().rules;
        assert_eq!(rules[0], Rule::default());
        assert_eq!((&*rules[1].sha256, rules[1].rule_type), ("ab", Some(RuleType::Binary)));
        assert_eq!((rules[2].policy, &*rules[2].identifier), (None, "x"));
    }
}
