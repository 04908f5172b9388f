use std::collections::BTreeSet;

use serde_json::Value;

use super::*;
use crate::fleet::{Holding, ScopeSetId, Setting};
use crate::protocol::generation::first_with;
use crate::protocol::{ClientMode, FileAccessAction, PreflightResponse, SyncType};
use crate::rule::Revision;

#[derive(Clone, Copy, Debug)]
enum Sent {
    /// The field is sent to every version of Santa at every sync, because without the field Santa
    /// could use a wrong value.
    Always,
    /// The field is sent if the setting is set. The default is sent if the client may have a
    /// different value from an earlier sync.
    WhenSet(SettingKey),
    /// The field is sent to clients without the capability. These clients support only this name of
    /// the setting.
    Without(Capability),
    Never,
}
use Sent::{Always, Never, WhenSet, Without};

/// Every field of the preflight response, when it is sent, and what happens without it.
const PREFLIGHT_FIELDS: [(&str, Sent, &str); 29] = [
    ("client_mode", Always, "keeps the last mode, which allows or blocks the wrong programs"),
    ("sync_type", Always, "is NORMAL, so a clean sync would be lost"),
    ("clean_sync", Always, "the same before 2024.1"),
    ("batch_size", Always, "is 50, whatever the server counts on"),
    ("enable_bundles", Always, "keeps the last value; in 2022 it is off"),
    ("bundles_enabled", Without(Capability::TeamIdRules), "as enable_bundles"),
    ("enable_transitive_rules", Always, "keeps the last value; in 2022 it is off"),
    ("enabled_transitive_whitelisting", Never, "every client knows one of the other names"),
    (
        "transitive_whitelisting_enabled",
        Without(Capability::AllowAndBlockWords),
        "as enable_transitive_rules",
    ),
    ("enable_all_event_upload", Always, "keeps the last value"),
    ("disable_unknown_event_upload", Always, "keeps the last value, and readiness sees nothing"),
    ("full_sync_interval", Always, "keeps the last interval, and the host seems silent"),
    ("push_notification_full_sync_interval", Always, "is 4 hours for a client with a push token"),
    ("push_notification_global_rule_sync_deadline", Never, "the server pushes nothing"),
    ("fcm_full_sync_interval", Without(Capability::DefinedMessages), "as its newer name"),
    ("fcm_global_rule_sync_deadline", Never, "the server pushes nothing"),
    ("allowed_path_regex", Always, "keeps the last pattern; an empty one restores the profile's"),
    ("whitelist_regex", Without(Capability::AllowAndBlockWords), "as allowed_path_regex"),
    ("blocked_path_regex", Always, "keeps the last pattern; an empty one restores the profile's"),
    ("blacklist_regex", Without(Capability::AllowAndBlockWords), "as blocked_path_regex"),
    ("block_usb_mount", WhenSet(SettingKey::RemovableMedia), "the profile decides"),
    ("remount_usb_mode", WhenSet(SettingKey::RemovableMedia), "the profile decides"),
    ("removable_media_policy", WhenSet(SettingKey::RemovableMedia), "the profile decides"),
    (
        "encrypted_removable_media_policy",
        WhenSet(SettingKey::EncryptedRemovableMedia),
        "encrypted media follow removable_media_policy",
    ),
    ("override_file_access_action", Always, "keeps the last value; NONE restores the profile's"),
    ("push_token", Never, "only Santa's makers can sign one"),
    ("push_issuer_token", Never, "only Santa's makers can sign one"),
    ("event_detail_url", WhenSet(SettingKey::EventDetailUrl), "the profile decides"),
    ("event_detail_text", WhenSet(SettingKey::EventDetailText), "the profile or Santa decides"),
];

const NEWEST: &str = "2026.7";

fn rows() -> impl Iterator<Item = (&'static str, Sent)> {
    PREFLIGHT_FIELDS.into_iter().map(|(field, sent, _)| (field, sent))
}

fn fields(response: &PreflightResponse) -> BTreeSet<String> {
    let Value::Object(fields) = serde_json::to_value(response).unwrap() else {
        panic!("a message")
    };
    fields.into_iter().map(|(name, _)| name).collect()
}

fn named(which: impl Fn(Sent) -> bool) -> BTreeSet<String> {
    rows().filter(|(_, sent)| which(*sent)).map(|(field, _)| field.to_owned()).collect()
}

fn effective(set: &[(&str, &str)]) -> HostSettings {
    let set: Vec<Setting> =
        set.iter().map(|(key, value)| Setting::parse_named(key, value).unwrap()).collect();
    HostSettings::of(set.iter())
}

/// The preflight response of a normal sync to a host that may have the optional settings in
/// `synced`.
fn response(
    set: &[(&str, &str)],
    synced: OptionalSettings,
    santa_version: &str,
) -> PreflightResponse {
    let effective = effective(set);
    let plan = OptionalPlan::new(synced, effective.set, SessionKind::Normal, santa_version);
    settings(&effective, plan.sent, SessionKind::Normal, generation::of(santa_version))
}

const EVERYTHING: [(&str, &str); 4] = [
    ("removable-media", "remount:rdonly"),
    ("encrypted-removable-media", "block"),
    ("event-detail-url", "https://example.com/%file_sha%"),
    ("event-detail-text", "Ask"),
];

#[test]
fn w4_the_table_has_every_field_of_the_message() {
    let text = || Some(String::from("x"));
    let everything = PreflightResponse {
        client_mode: Some(ClientMode::Monitor),
        sync_type: Some(SyncType::Normal),
        clean_sync: Some(true),
        batch_size: Some(1),
        enable_bundles: Some(true),
        bundles_enabled: Some(true),
        enable_transitive_rules: Some(true),
        enabled_transitive_whitelisting: Some(true),
        transitive_whitelisting_enabled: Some(true),
        enable_all_event_upload: Some(true),
        disable_unknown_event_upload: Some(true),
        full_sync_interval: Some(1),
        push_notification_full_sync_interval: Some(1),
        push_notification_global_rule_sync_deadline: Some(1),
        fcm_full_sync_interval: Some(1),
        fcm_global_rule_sync_deadline: Some(1),
        allowed_path_regex: text(),
        whitelist_regex: text(),
        blocked_path_regex: text(),
        blacklist_regex: text(),
        block_usb_mount: Some(true),
        remount_usb_mode: vec!["rdonly".to_owned()],
        removable_media_policy: Some(MediaPolicy::Allow),
        encrypted_removable_media_policy: Some(MediaPolicy::Allow),
        override_file_access_action: Some(FileAccessAction::None),
        push_token: text(),
        push_issuer_token: text(),
        event_detail_url: text(),
        event_detail_text: text(),
    };
    assert_eq!(fields(&everything), named(|_| true));
}

#[test]
fn w4_what_is_not_set_is_not_sent_to_a_new_host() {
    let sent = response(&[], OptionalSettings::NONE, NEWEST);
    assert_eq!(fields(&sent), named(|sent| matches!(sent, Always)));
}

#[test]
fn w4_what_is_set_is_sent() {
    let sent = response(&EVERYTHING, OptionalSettings::NONE, NEWEST);
    assert_eq!(fields(&sent), named(|sent| matches!(sent, Always | WhenSet(_))));
    assert_eq!(sent.encrypted_removable_media_policy, Some(MediaPolicy::Block));
    for (key, value) in EVERYTHING {
        let alone = response(&[(key, value)], OptionalSettings::NONE, NEWEST);
        let key = key.parse::<SettingKey>().unwrap();
        let expected = named(|sent| match sent {
            Always => true,
            WhenSet(needed) => needed == key,
            Without(_) | Never => false,
        });
        assert_eq!(fields(&alone), expected, "{key}");
    }
}

#[test]
fn w5_a_host_that_may_have_a_value_gets_an_explicit_default() {
    let sent = response(&[], OptionalSettings::ALL, NEWEST);
    let mut expected = named(|sent| matches!(sent, Always | WhenSet(_)));
    expected.remove("remount_usb_mode");
    assert_eq!(fields(&sent), expected);
    assert_eq!(sent.event_detail_text.as_deref(), Some("Open..."), "an empty one is a label, too");
    assert_eq!(sent.event_detail_url.as_deref(), Some(""), "no button");
    assert_eq!(sent.removable_media_policy, Some(MediaPolicy::Allow));
    // The setting for encrypted media is not set, so it follows the setting for other media.
    // Santa does the same if the field is missing.
    let sent = response(&[("removable-media", "block")], OptionalSettings::ALL, NEWEST);
    assert_eq!(sent.encrypted_removable_media_policy, Some(MediaPolicy::Block));
}

#[test]
fn w4_older_names_are_for_clients_that_know_no_others() {
    for (field, sent) in rows() {
        let Without(capability) = sent else { continue };
        let first = table::version_of(first_with(capability));
        let is_sent =
            |version: &str| fields(&response(&[], OptionalSettings::NONE, version)).contains(field);
        assert!(is_sent("1.13") && !is_sent(&first) && !is_sent(NEWEST), "{field}");
    }
}

#[test]
fn w5_a_clean_sync_of_a_client_that_resets_its_settings_needs_no_defaults() {
    let label = OptionalSettings::NONE.with(SettingKey::EventDetailText);
    let clean = SessionKind::Clean(CleanSync::Clean);
    let plan = |kind, version| OptionalPlan::new(label, OptionalSettings::NONE, kind, version);
    let reset = plan(clean, "2026.4");
    assert_eq!(
        (reset.sent, reset.possible, reset.kept),
        (OptionalSettings::NONE, label, OptionalSettings::NONE)
    );
    let stays = OptionalPlan { sent: label, possible: label, kept: label };
    assert_eq!(plan(clean, "2026.3"), stays);
    assert_eq!(plan(SessionKind::Normal, "2026.4"), stays);
}

#[test]
fn w5_a_host_of_another_server_may_have_everything_that_its_version_keeps() {
    let holding =
        |holding| SyncState { holding, synced: OptionalSettings::ALL, ..SyncState::default() };
    let new = SyncState::default();
    assert_eq!(synced_before(&new, ["", NEWEST], true), OptionalSettings::NONE);
    assert_eq!(synced_before(&new, ["", NEWEST], false), OptionalSettings::ALL);
    let generation = Generation(202_603);
    let held = holding(Some(Holding { set: ScopeSetId(1), revision: Revision(1), generation }));
    assert_eq!(synced_before(&held, [NEWEST, NEWEST], false), OptionalSettings::ALL);
    let media = OptionalSettings::NONE.with(SettingKey::RemovableMedia);
    // Settings that an old version received but did not keep need no reset after an upgrade.
    assert_eq!(synced_before(&held, ["2024.9", NEWEST], false), media);
}
