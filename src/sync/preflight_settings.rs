//! The preflight response: the settings for a host, with the names and values that its version
//! supports.

use super::generation;
use super::policy::HostSettings;
use super::translate::mode_for;
use crate::fleet::{
    self, CleanSync, EffectiveSettings, Generation, OptionalSettings, RemovableMedia, SessionKind,
    SettingKey, SyncState,
};
use crate::protocol::generation::{self as table, Capability, pedro};
use crate::protocol::{self as wire, MediaPolicy};

/// The label of the button in the block window if no label is set (SNTMessageView.swift).
const DEFAULT_LABEL: &str = "Open...";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct OptionalPlan {
    /// The settings that the sync sends: the settings that are set, and the defaults of settings
    /// that the host may keep from earlier syncs. If the sync is clean and makes the client reset
    /// its settings, no defaults are sent.
    pub(super) sent: OptionalSettings,
    /// The settings that the host may have after the response is sent.
    pub(super) possible: OptionalSettings,
    /// The settings that the host keeps if the sync completes.
    pub(super) kept: OptionalSettings,
}

impl OptionalPlan {
    /// The plan for a host that may have the settings in `synced`. The host's scopes set the
    /// settings in `set`.
    pub(super) fn new(
        synced: OptionalSettings,
        set: OptionalSettings,
        kind: SessionKind,
        santa_version: &str,
    ) -> Self {
        let new = set.intersection(kept_by(santa_version));
        let possible = synced.union(new);
        let resets =
            kind != SessionKind::Normal && table::resets_settings_when_clean(santa_version);
        if resets {
            return Self { sent: set, possible, kept: new };
        }
        Self { sent: set.union(synced), possible, kept: possible }
    }
}

/// The optional settings that a client of this version keeps from one sync to the next.
fn kept_by(santa_version: &str) -> OptionalSettings {
    let mut kept = OptionalSettings::NONE;
    if table::keeps_removable_media(santa_version) {
        kept = kept.with(SettingKey::RemovableMedia);
    }
    if table::keeps_encrypted_media(santa_version) {
        kept = kept.with(SettingKey::EncryptedRemovableMedia);
    }
    if table::keeps_event_details(santa_version) {
        kept = kept.with(SettingKey::EventDetailUrl).with(SettingKey::EventDetailText);
    }
    kept
}

/// The optional settings that a host may have when it begins a sync.
///
/// A host that never completed a sync and does not request a clean sync may have settings from
/// another server or from a lost database.
pub(super) fn synced_before(
    sync: &SyncState,
    [version_before, version_now]: [&str; 2],
    asks_clean: bool,
) -> OptionalSettings {
    match sync.holding {
        None if !asks_clean => kept_by(version_now),
        None | Some(_) => sync.synced.intersection(kept_by(version_before)),
    }
}

/// The preflight response. `PREFLIGHT_FIELDS` in the tests lists when each field is sent and what
/// happens without it.
pub(super) fn settings(
    effective: &HostSettings,
    optional: OptionalSettings,
    kind: SessionKind,
    generation: Generation,
) -> wire::PreflightResponse {
    let EffectiveSettings {
        client_mode,
        full_sync_interval,
        batch_size,
        enable_bundles,
        enable_transitive_rules,
        enable_all_event_upload,
        disable_unknown_event_upload,
        allowed_path_regex,
        blocked_path_regex,
        removable_media: _,
        encrypted_removable_media: _,
        override_file_access_action,
        event_detail_url: _,
        event_detail_text: _,
        drift_repair: _,
        machine_id_conflicts: _,
        event_retention: _,
        sighting_retention: _,
        event_retention_count: _,
        history_retention: _,
        host_retention: _,
        keep_users: _,
        keep_paths: _,
    } = &effective.settings;
    let interval = Some(full_sync_interval.seconds());
    let response = wire::PreflightResponse {
        client_mode: Some(client_mode_wanted(*client_mode, generation)),
        sync_type: Some(sync_type(kind)),
        clean_sync: Some(kind != SessionKind::Normal),
        batch_size: Some(batch_size.get()),
        full_sync_interval: interval,
        // This server sends no push notifications, so a client with a push token must sync as often
        // as other clients.
        push_notification_full_sync_interval: interval,
        enable_bundles: Some(*enable_bundles),
        enable_transitive_rules: Some(*enable_transitive_rules),
        enable_all_event_upload: Some(*enable_all_event_upload),
        disable_unknown_event_upload: Some(*disable_unknown_event_upload),
        allowed_path_regex: Some(allowed_path_regex.as_str().to_owned()),
        blocked_path_regex: Some(blocked_path_regex.as_str().to_owned()),
        override_file_access_action: Some(file_access(*override_file_access_action)),
        ..optional_fields(&effective.settings, optional, generation)
    };
    if generation::is_pedro(generation) { pedro::preflight(&response) } else { response }
}

fn optional_fields(
    settings: &EffectiveSettings,
    sent: OptionalSettings,
    generation: Generation,
) -> wire::PreflightResponse {
    let sends = |key| sent.contains(key);
    let media = media_policy(&settings.removable_media);
    let media = sends(SettingKey::RemovableMedia).then_some(media);
    let remount_usb_mode = match &media {
        Some(MediaPolicy::Remount { flags }) => flags.clone(),
        Some(MediaPolicy::Allow | MediaPolicy::Block) | None => Vec::new(),
    };
    let encrypted = media_policy(&settings.encrypted_removable_media);
    // From 2025.12 on, Santa stores an empty label as a label, so the default is sent instead.
    let label = match settings.event_detail_text.as_str() {
        "" => DEFAULT_LABEL,
        label => label,
    };
    wire::PreflightResponse {
        block_usb_mount: media.as_ref().map(|media| *media != MediaPolicy::Allow),
        remount_usb_mode,
        removable_media_policy: media,
        encrypted_removable_media_policy: sends(SettingKey::EncryptedRemovableMedia)
            .then_some(encrypted),
        event_detail_url: sends(SettingKey::EventDetailUrl)
            .then(|| settings.event_detail_url.clone()),
        event_detail_text: sends(SettingKey::EventDetailText).then(|| label.to_owned()),
        ..old_names(settings, generation)
    }
}

/// Settings under their old names, for clients that do not support the new names.
fn old_names(settings: &EffectiveSettings, generation: Generation) -> wire::PreflightResponse {
    let before = |capability| !generation::has(generation, capability);
    let words = before(Capability::AllowAndBlockWords);
    let regex = |regex: &fleet::PathRegex| words.then(|| regex.as_str().to_owned());
    let interval = settings.full_sync_interval.seconds();
    wire::PreflightResponse {
        fcm_full_sync_interval: before(Capability::DefinedMessages).then_some(interval),
        bundles_enabled: before(Capability::TeamIdRules).then_some(settings.enable_bundles),
        transitive_whitelisting_enabled: words.then_some(settings.enable_transitive_rules),
        whitelist_regex: regex(&settings.allowed_path_regex),
        blacklist_regex: regex(&settings.blocked_path_regex),
        ..wire::PreflightResponse::default()
    }
}

fn client_mode_wanted(mode: fleet::ClientMode, generation: Generation) -> wire::ClientMode {
    match mode_for(mode, generation) {
        fleet::ClientMode::Monitor => wire::ClientMode::Monitor,
        fleet::ClientMode::Lockdown => wire::ClientMode::Lockdown,
        fleet::ClientMode::Standalone => wire::ClientMode::Standalone,
    }
}

fn sync_type(kind: SessionKind) -> wire::SyncType {
    match kind {
        SessionKind::Normal => wire::SyncType::Normal,
        SessionKind::Clean(CleanSync::Clean) => wire::SyncType::Clean,
        SessionKind::Clean(CleanSync::CleanAll) => wire::SyncType::CleanAll,
    }
}

fn media_policy(media: &RemovableMedia) -> MediaPolicy {
    match media {
        RemovableMedia::Allow => MediaPolicy::Allow,
        RemovableMedia::Block => MediaPolicy::Block,
        RemovableMedia::Remount(flags) => MediaPolicy::Remount {
            flags: flags.iter().map(|flag| flag.word().to_owned()).collect(),
        },
    }
}

fn file_access(action: fleet::FileAccessOverride) -> wire::FileAccessAction {
    match action {
        fleet::FileAccessOverride::None => wire::FileAccessAction::None,
        fleet::FileAccessOverride::AuditOnly => wire::FileAccessAction::AuditOnly,
        fleet::FileAccessOverride::Disable => wire::FileAccessAction::Disable,
    }
}

#[cfg(test)]
mod tests;
