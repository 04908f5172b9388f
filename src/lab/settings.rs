//! What servers have set on a client, and how it sticks.

use serde::{Deserialize, Serialize};

use super::SyncKind;
use crate::protocol::{ClientMode, FileAccessAction, MediaPolicy, PreflightResponse};

/// Seconds between syncs where no server has said.
const DEFAULT_SYNC_INTERVAL: u32 = 600;

/// The least seconds between syncs that a client obeys.
const LEAST_SYNC_INTERVAL: u32 = 60;

/// The least seconds for fetching a pushed rule that a client obeys.
const LEAST_RULE_SYNC_DEADLINE: u32 = 600;

/// The settings that servers have set. Nothing where none has: then the profile speaks.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// How programs are treated that no rule speaks of.
    pub client_mode: Option<ClientMode>,
    /// Whether whole bundles are reported.
    pub enable_bundles: Option<bool>,
    /// Whether compiler rules make rules.
    pub enable_transitive_rules: Option<bool>,
    /// Whether what rules allowed is reported too.
    pub enable_all_event_upload: Option<bool>,
    /// Whether what only the mode allowed is kept quiet.
    pub disable_unknown_event_upload: Option<bool>,
    /// Seconds between syncs.
    pub full_sync_interval: Option<u32>,
    /// Seconds between syncs while push works.
    pub push_notification_full_sync_interval: Option<u32>,
    /// Seconds within which a pushed rule is fetched.
    pub push_notification_global_rule_sync_deadline: Option<u32>,
    /// Paths from which everything may run.
    pub allowed_path_regex: Option<String>,
    /// Paths from which nothing may run.
    pub blocked_path_regex: Option<String>,
    /// What happens to removable media.
    pub removable_media_policy: Option<MediaPolicy>,
    /// What happens to encrypted removable media.
    pub encrypted_removable_media_policy: Option<MediaPolicy>,
    /// What became of the file access policy.
    pub override_file_access_action: Option<FileAccessAction>,
    /// Where the block dialog's button leads.
    pub event_detail_url: Option<String>,
    /// What the block dialog's button says.
    pub event_detail_text: Option<String>,
}

impl Settings {
    /// Seconds until the next sync.
    pub fn sync_interval(&self) -> u32 {
        self.full_sync_interval.unwrap_or(DEFAULT_SYNC_INTERVAL)
    }

    /// Applies what preflight brought, at the end of a sync.
    ///
    /// What the server did not mention stays as it was; only a sync that is not normal
    /// forgets everything first.
    pub(super) fn apply(&mut self, kind: SyncKind, answer: PreflightResponse) {
        if kind != SyncKind::Normal {
            *self = Self::default();
        }
        set(&mut self.client_mode, answer.client_mode);
        set(&mut self.enable_bundles, answer.enable_bundles.or(answer.bundles_enabled));
        set(
            &mut self.enable_transitive_rules,
            answer
                .enable_transitive_rules
                .or(answer.transitive_whitelisting_enabled)
                .or(answer.enabled_transitive_whitelisting),
        );
        set(&mut self.enable_all_event_upload, answer.enable_all_event_upload);
        set(&mut self.disable_unknown_event_upload, answer.disable_unknown_event_upload);
        set(&mut self.full_sync_interval, clamped(answer.full_sync_interval, LEAST_SYNC_INTERVAL));
        set(
            &mut self.push_notification_full_sync_interval,
            clamped(answer.push_notification_full_sync_interval, LEAST_SYNC_INTERVAL),
        );
        set(
            &mut self.push_notification_global_rule_sync_deadline,
            clamped(answer.push_notification_global_rule_sync_deadline, LEAST_RULE_SYNC_DEADLINE),
        );
        let allowed = answer.allowed_path_regex.or(answer.whitelist_regex);
        set_regex(&mut self.allowed_path_regex, allowed);
        let blocked = answer.blocked_path_regex.or(answer.blacklist_regex);
        set_regex(&mut self.blocked_path_regex, blocked);
        let legacy = legacy_media_policy(answer.block_usb_mount, answer.remount_usb_mode);
        set(&mut self.removable_media_policy, answer.removable_media_policy.or(legacy));
        set(&mut self.encrypted_removable_media_policy, answer.encrypted_removable_media_policy);
        set(&mut self.override_file_access_action, obeyed(answer.override_file_access_action));
        set(&mut self.event_detail_url, answer.event_detail_url);
        set(&mut self.event_detail_text, answer.event_detail_text);
    }
}

fn set<T>(held: &mut Option<T>, sent: Option<T>) {
    if sent.is_some() {
        *held = sent;
    }
}

/// An empty pattern is how a server takes a regex back.
fn set_regex(held: &mut Option<String>, sent: Option<String>) {
    set(held, sent);
    if held.as_deref() == Some("") {
        *held = None;
    }
}

/// Zero is as if not sent; anything less than the least is the least.
fn clamped(seconds: Option<u32>, least: u32) -> Option<u32> {
    seconds.filter(|&seconds| seconds > 0).map(|seconds| seconds.max(least))
}

fn legacy_media_policy(block: Option<bool>, flags: Vec<String>) -> Option<MediaPolicy> {
    Some(match block? {
        false => MediaPolicy::Allow,
        true if flags.is_empty() => MediaPolicy::Block,
        true => MediaPolicy::Remount { flags },
    })
}

/// Clients read `AUDIT_ONLY` but their setter doesn't know how it is spelled.
fn obeyed(action: Option<FileAccessAction>) -> Option<FileAccessAction> {
    action.filter(|&action| action != FileAccessAction::AuditOnly)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(settings: Settings, kind: SyncKind, answer: PreflightResponse) -> Settings {
        let mut settings = settings;
        settings.apply(kind, answer);
        settings
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
    fn what_is_not_mentioned_stays() {
        assert_eq!(after(lockdown(), SyncKind::Normal, nothing()), lockdown());
    }

    #[test]
    fn a_clean_sync_forgets_what_is_not_mentioned() {
        let answer = PreflightResponse { enable_bundles: Some(true), ..nothing() };
        let expected = Settings { enable_bundles: Some(true), ..Settings::default() };
        assert_eq!(after(lockdown(), SyncKind::Clean, answer), expected);
    }

    #[test]
    fn an_empty_regex_takes_the_regex_back() {
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
    fn intervals_have_a_floor_and_zero_means_unsaid() {
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
    fn audit_only_is_read_and_dropped_as_real_clients_do() {
        let action = |action| {
            let answer =
                PreflightResponse { override_file_access_action: Some(action), ..nothing() };
            after(Settings::default(), SyncKind::Normal, answer).override_file_access_action
        };
        assert_eq!(action(FileAccessAction::AuditOnly), None);
        assert_eq!(action(FileAccessAction::Disable), Some(FileAccessAction::Disable));
    }
}
