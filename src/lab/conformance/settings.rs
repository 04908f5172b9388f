//! Settings, as clients read them.

use serde_json::Value;

use super::response::Object;

/// The required type of a key's value in the response to preflight.
#[derive(Clone, Copy, Debug)]
enum Shape {
    /// A whole number that fits in 32 bits and is not negative.
    Number,
    Switch,
    Text,
    /// A list of strings.
    Texts,
    /// One of these words, in upper case.
    Word(&'static [&'static str]),
    /// An object with exactly one of these keys.
    Choice(&'static [&'static str]),
}

const MODES: &[&str] = &["MONITOR", "LOCKDOWN", "STANDALONE"];
const SYNC_TYPES: &[&str] = &["NORMAL", "CLEAN", "CLEAN_ALL"];
const FILE_ACCESS: &[&str] = &["NONE", "AUDIT_ONLY", "DISABLE"];
const MEDIA: &[&str] = &["allow", "block", "remount"];

/// The checked keys of the response to preflight, some in several spellings.
const KEYS: [(&str, Shape); 28] = [
    ("client_mode", Shape::Word(MODES)),
    ("sync_type", Shape::Word(SYNC_TYPES)),
    ("clean_sync", Shape::Switch),
    ("batch_size", Shape::Number),
    ("enable_bundles", Shape::Switch),
    ("bundles_enabled", Shape::Switch),
    ("enable_transitive_rules", Shape::Switch),
    ("enabled_transitive_whitelisting", Shape::Switch),
    ("transitive_whitelisting_enabled", Shape::Switch),
    ("enable_all_event_upload", Shape::Switch),
    ("disable_unknown_event_upload", Shape::Switch),
    ("full_sync_interval", Shape::Number),
    ("push_notification_full_sync_interval", Shape::Number),
    ("push_notification_global_rule_sync_deadline", Shape::Number),
    ("fcm_full_sync_interval", Shape::Number),
    ("fcm_global_rule_sync_deadline", Shape::Number),
    ("allowed_path_regex", Shape::Text),
    ("blocked_path_regex", Shape::Text),
    ("whitelist_regex", Shape::Text),
    ("blacklist_regex", Shape::Text),
    ("block_usb_mount", Shape::Switch),
    ("remount_usb_mode", Shape::Texts),
    ("removable_media_policy", Shape::Choice(MEDIA)),
    ("removableMediaPolicy", Shape::Choice(MEDIA)),
    ("encrypted_removable_media_policy", Shape::Choice(MEDIA)),
    ("override_file_access_action", Shape::Word(FILE_ACCESS)),
    ("event_detail_url", Shape::Text),
    ("event_detail_text", Shape::Text),
];

/// Settings that a server should send at every preflight, because a client keeps or resets a
/// missing setting, depending on the client's version. Some settings, such as policies for
/// removable media, are not included, because a server may leave them to the profile.
const KEPT: [&str; 9] = [
    "client_mode",
    "batch_size",
    "full_sync_interval",
    "enable_bundles",
    "enable_transitive_rules",
    "enable_all_event_upload",
    "disable_unknown_event_upload",
    "allowed_path_regex",
    "blocked_path_regex",
];

/// The keys whose values have the wrong shape, each with its value. Null counts as missing.
pub(super) fn misshapen(settings: &Object) -> Vec<String> {
    let given = KEYS.iter().filter_map(|(key, shape)| Some((*key, shape, settings.get(*key)?)));
    let wrong = given.filter(|(_, shape, value)| !value.is_null() && !fits(shape, value));
    wrong.map(|(key, _, value)| format!("{key} is {}", shortened(value))).collect()
}

fn fits(shape: &Shape, value: &Value) -> bool {
    match shape {
        Shape::Number => value.as_u64().is_some_and(|number| u32::try_from(number).is_ok()),
        Shape::Switch => value.is_boolean(),
        Shape::Text => value.is_string(),
        Shape::Texts => value.as_array().is_some_and(|texts| texts.iter().all(Value::is_string)),
        Shape::Word(words) => value.as_str().is_some_and(|word| words.contains(&word)),
        Shape::Choice(keys) => value.as_object().is_some_and(|choice| {
            choice.len() == 1 && choice.keys().all(|key| keys.contains(&key.as_str()))
        }),
    }
}

/// The settings in `KEPT` that are not sent.
pub(super) fn unsaid(settings: &Object) -> Vec<&'static str> {
    let said = |key: &&str| settings.get(*key).is_some_and(|value| !value.is_null());
    KEPT.into_iter().filter(|key| !said(key)).collect()
}

/// The known keys of an earlier response that are absent in a later response.
pub(super) fn dropped(earlier: &Object, later: &Object) -> Vec<String> {
    let gone = |key: &&String| !later.contains_key(*key);
    let known = |key: &&String| KEYS.iter().any(|(name, _)| name == key);
    earlier.keys().filter(known).filter(gone).cloned().collect()
}

pub(super) fn shortened(value: &Value) -> String {
    const LONGEST: usize = 40;
    let text = value.to_string();
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(value: Value) -> Object {
        let Value::Object(object) = value else { panic!("{value} is not an object") };
        object
    }

    #[test]
    fn unreadable_settings_are_listed() {
        let settings = object(json!({
            "client_mode": "lockdown", "batch_size": -1, "full_sync_interval": 600.5,
            "allowed_path_regex": ["^/a"], "enable_bundles": null, "blocked_path_regex": "",
            "removable_media_policy": {"allow": true}, "unknown": 1
        }));
        assert_eq!(
            misshapen(&settings),
            [
                "client_mode is \"lockdown\"",
                "batch_size is -1",
                "full_sync_interval is 600.5",
                "allowed_path_regex is [\"^/a\"]",
            ]
        );
    }
}
