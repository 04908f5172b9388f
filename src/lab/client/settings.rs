//! The settings that a server sent, and how a client applies them.

use serde::{Deserialize, Serialize};

use super::SyncKind;
use super::generation::Version;
use crate::protocol::{ClientMode, FileAccessAction, MediaPolicy, PreflightResponse};

/// Seconds between syncs, unless a server set another interval.
const DEFAULT_SYNC_INTERVAL: u32 = 600;

/// Minimum seconds between syncs.
const LEAST_SYNC_INTERVAL: u32 = 60;

/// Seconds between syncs while push notifications work, unless a server set another interval.
const DEFAULT_PUSH_SYNC_INTERVAL: u32 = 14_400;

/// Seconds within which a pushed rule is downloaded. This is the default and, since 2025.10, also
/// the minimum.
const DEFAULT_RULE_SYNC_DEADLINE: u32 = 600;

/// The settings that a server sent. If the client mode is absent, the mode of the profile applies.
/// Any other absent setting has its default.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    pub client_mode: Option<ClientMode>,
    pub enable_bundles: Option<bool>,
    pub enable_transitive_rules: Option<bool>,
    pub enable_all_event_upload: Option<bool>,
    pub disable_unknown_event_upload: Option<bool>,
    /// Seconds between syncs.
    pub full_sync_interval: Option<u32>,
    /// Seconds between syncs while push notifications work.
    pub push_notification_full_sync_interval: Option<u32>,
    /// Seconds within which a pushed rule is downloaded.
    pub push_notification_global_rule_sync_deadline: Option<u32>,
    pub allowed_path_regex: Option<String>,
    pub blocked_path_regex: Option<String>,
    pub removable_media_policy: Option<MediaPolicy>,
    pub encrypted_removable_media_policy: Option<MediaPolicy>,
    pub override_file_access_action: Option<FileAccessAction>,
    pub event_detail_url: Option<String>,
    pub event_detail_text: Option<String>,
}

impl Settings {
    /// Seconds between syncs.
    pub fn sync_interval(&self) -> u32 {
        self.full_sync_interval.unwrap_or(DEFAULT_SYNC_INTERVAL)
    }

    /// Applies the preflight response. This is called at the end of a sync.
    ///
    /// Absent settings keep their values. From 2026.4 on, a clean sync deletes all settings first.
    pub(super) fn apply(&mut self, version: Version, kind: SyncKind, answer: PreflightResponse) {
        if kind != SyncKind::Normal && version.forgets_settings_when_clean() {
            *self = Self::default();
        }
        set(&mut self.client_mode, answer.client_mode);
        set(&mut self.enable_bundles, answer.enable_bundles.or(answer.bundles_enabled));
        set(&mut self.enable_transitive_rules, transitive_rules(&answer));
        set(&mut self.enable_all_event_upload, answer.enable_all_event_upload);
        set(&mut self.disable_unknown_event_upload, answer.disable_unknown_event_upload);
        self.apply_intervals(version, &answer);
        let allowed = answer.allowed_path_regex.or(answer.whitelist_regex);
        set_regex(&mut self.allowed_path_regex, allowed);
        let blocked = answer.blocked_path_regex.or(answer.blacklist_regex);
        set_regex(&mut self.blocked_path_regex, blocked);
        let legacy = legacy_media_policy(answer.block_usb_mount, answer.remount_usb_mode);
        set(&mut self.removable_media_policy, answer.removable_media_policy.or(legacy));
        set(&mut self.encrypted_removable_media_policy, answer.encrypted_removable_media_policy);
        let action = answer.override_file_access_action;
        set(&mut self.override_file_access_action, obeyed(version, action));
        set(&mut self.event_detail_url, answer.event_detail_url);
        set(&mut self.event_detail_text, answer.event_detail_text);
    }

    fn apply_intervals(&mut self, version: Version, answer: &PreflightResponse) {
        let (least, default) = (LEAST_SYNC_INTERVAL, DEFAULT_SYNC_INTERVAL);
        let full = clamped(version, answer.full_sync_interval, least, default);
        set(&mut self.full_sync_interval, full);
        let push = answer.push_notification_full_sync_interval.or(answer.fcm_full_sync_interval);
        let push = clamped(version, push, least, DEFAULT_PUSH_SYNC_INTERVAL);
        set(&mut self.push_notification_full_sync_interval, push);
        let default = DEFAULT_RULE_SYNC_DEADLINE;
        let least = if version.clamps_intervals() { default } else { least };
        let deadline = answer.push_notification_global_rule_sync_deadline;
        let deadline = deadline.or(answer.fcm_global_rule_sync_deadline);
        let deadline = clamped(version, deadline, least, default);
        set(&mut self.push_notification_global_rule_sync_deadline, deadline);
    }

    /// Applies the settings for bundles and transitive rules, which versions before 2023 apply
    /// directly after preflight. If one of these settings is absent, it is turned off.
    pub(super) fn apply_at_once(&mut self, version: Version, answer: &PreflightResponse) {
        if version.keeps_bundle_settings() {
            return;
        }
        let bundles = answer.enable_bundles.or(answer.bundles_enabled);
        self.enable_bundles = Some(bundles.unwrap_or(false));
        self.enable_transitive_rules = Some(transitive_rules(answer).unwrap_or(false));
    }
}

fn transitive_rules(answer: &PreflightResponse) -> Option<bool> {
    let old_name = answer.transitive_whitelisting_enabled;
    answer.enable_transitive_rules.or(old_name).or(answer.enabled_transitive_whitelisting)
}

fn set<T>(held: &mut Option<T>, sent: Option<T>) {
    if sent.is_some() {
        *held = sent;
    }
}

/// An empty pattern deletes the setting.
fn set_regex(held: &mut Option<String>, sent: Option<String>) {
    set(held, sent);
    if held.as_deref() == Some("") {
        *held = None;
    }
}

/// Zero counts as absent. A value below the minimum becomes the minimum. In versions before
/// 2025.10, such a value becomes the default.
fn clamped(version: Version, seconds: Option<u32>, least: u32, default: u32) -> Option<u32> {
    let too_few = if version.clamps_intervals() { least } else { default };
    let obeyed = |seconds| if seconds < least { too_few } else { seconds };
    seconds.filter(|&seconds| seconds > 0).map(obeyed)
}

fn legacy_media_policy(block: Option<bool>, flags: Vec<String>) -> Option<MediaPolicy> {
    Some(match block? {
        false => MediaPolicy::Allow,
        true if flags.is_empty() => MediaPolicy::Block,
        true => MediaPolicy::Remount { flags },
    })
}

/// Removes `AUDIT_ONLY` for versions that do not apply it.
fn obeyed(version: Version, action: Option<FileAccessAction>) -> Option<FileAccessAction> {
    let is_lost = |action| action == FileAccessAction::AuditOnly && version.loses_audit_only();
    action.filter(|&action| !is_lost(action))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(settings: Settings, kind: SyncKind, answer: PreflightResponse) -> Settings {
        let mut settings = settings;
        settings.apply(Version::named("2026.7"), kind, answer);
        settings
    }

    #[test]
    fn before_2026_4_a_clean_sync_forgets_no_setting() {
        let mut settings = lockdown();
        settings.apply(Version::named("2026.3"), SyncKind::CleanAll, nothing());
        assert_eq!(settings, lockdown());
    }

    #[test]
    fn before_2025_10_too_short_an_interval_is_the_default() {
        let interval = |text: &str, seconds| {
            let answer = PreflightResponse { full_sync_interval: Some(seconds), ..nothing() };
            let mut settings = Settings::default();
            settings.apply(Version::named(text), SyncKind::Normal, answer);
            settings.sync_interval()
        };
        assert_eq!([interval("2025.9", 59), interval("2025.9", 60)], [600, 60]);
        assert_eq!([interval("2025.10", 59), interval("2025.10", 60)], [60, 60]);
    }

    #[test]
    fn in_2022_bundles_are_off_unless_every_preflight_says_on() {
        let mut settings = Settings { enable_bundles: Some(true), ..Settings::default() };
        settings.apply_at_once(Version::named("2023.1"), &nothing());
        assert_eq!(settings.enable_bundles, Some(true));
        settings.apply_at_once(Version::named("2022.9"), &nothing());
        assert_eq!(settings.enable_bundles, Some(false));
    }

    #[test]
    fn before_2024_6_audit_only_is_obeyed() {
        let action = Some(FileAccessAction::AuditOnly);
        let answer = PreflightResponse { override_file_access_action: action, ..nothing() };
        let mut settings = Settings::default();
        settings.apply(Version::named("2024.5"), SyncKind::Normal, answer);
        assert_eq!(settings.override_file_access_action, action);
    }

    fn nothing() -> PreflightResponse {
        PreflightResponse::default()
    }

    fn lockdown() -> Settings {
        Settings {
            client_mode: Some(ClientMode::Lockdown),
            allowed_path_regex: Some("^/opt/".to_owned()),
            ..Settings::default()
        }
    }

    #[test]
    fn absent_settings_keep_their_values() {
        assert_eq!(after(lockdown(), SyncKind::Normal, nothing()), lockdown());
    }

    #[test]
    fn a_clean_sync_deletes_absent_settings() {
        let answer = PreflightResponse { enable_bundles: Some(true), ..nothing() };
        let expected = Settings { enable_bundles: Some(true), ..Settings::default() };
        assert_eq!(after(lockdown(), SyncKind::Clean, answer), expected);
    }

    #[test]
    fn an_empty_regex_deletes_the_regex() {
        let answer = PreflightResponse { allowed_path_regex: Some(String::new()), ..nothing() };
        assert_eq!(after(lockdown(), SyncKind::Normal, answer).allowed_path_regex, None);
    }

    #[test]
    fn new_names_win_over_old_ones() {
        let answer = PreflightResponse {
            allowed_path_regex: Some("^/new".to_owned()),
            whitelist_regex: Some("^/old".to_owned()),
            blacklist_regex: Some("^/old".to_owned()),
            enable_bundles: Some(false),
            bundles_enabled: Some(true),
            transitive_whitelisting_enabled: Some(true),
            ..nothing()
        };
        let settings = after(Settings::default(), SyncKind::Normal, answer);
        assert_eq!(settings.allowed_path_regex.as_deref(), Some("^/new"));
        assert_eq!(settings.blocked_path_regex.as_deref(), Some("^/old"));
        assert_eq!(settings.enable_bundles, Some(false));
        assert_eq!(settings.enable_transitive_rules, Some(true));
    }

    #[test]
    fn intervals_have_a_minimum_and_zero_counts_as_absent() {
        let answer = |seconds| PreflightResponse { full_sync_interval: seconds, ..nothing() };
        let interval = |settings: &Settings| settings.sync_interval();
        assert_eq!(interval(&Settings::default()), 600);
        let settings = after(Settings::default(), SyncKind::Normal, answer(Some(5)));
        assert_eq!(interval(&settings), 60);
        assert_eq!(interval(&after(settings, SyncKind::Normal, answer(Some(0)))), 60);
    }

    #[test]
    fn old_usb_settings_count_only_without_the_new_policy() {
        let old = PreflightResponse {
            block_usb_mount: Some(true),
            remount_usb_mode: vec!["rdonly".to_owned()],
            ..nothing()
        };
        let policy =
            |answer| after(Settings::default(), SyncKind::Normal, answer).removable_media_policy;
        let remount = MediaPolicy::Remount { flags: vec!["rdonly".to_owned()] };
        assert_eq!(policy(old.clone()), Some(remount));
        let both =
            PreflightResponse { removable_media_policy: Some(MediaPolicy::Allow), ..old.clone() };
        assert_eq!(policy(both), Some(MediaPolicy::Allow));
        let block = PreflightResponse { remount_usb_mode: Vec::new(), ..old.clone() };
        assert_eq!(policy(block), Some(MediaPolicy::Block));
        let allow = PreflightResponse { block_usb_mount: Some(false), ..old };
        assert_eq!(policy(allow), Some(MediaPolicy::Allow));
        assert_eq!(policy(nothing()), None);
    }

    #[test]
    fn audit_only_is_read_but_not_applied() {
        let action = |action| {
            let answer =
                PreflightResponse { override_file_access_action: Some(action), ..nothing() };
            after(Settings::default(), SyncKind::Normal, answer).override_file_access_action
        };
        assert_eq!(action(FileAccessAction::AuditOnly), None);
        assert_eq!(action(FileAccessAction::Disable), Some(FileAccessAction::Disable));
    }
}
