//! Settings that the server sends to Santa or uses itself: their names, values and defaults.

mod optional;
mod retention;
mod values;

pub use optional::OptionalSettings;
pub use retention::{EventAge, EventLimit, HistoryAge, HostAge, SightingAge};
pub use values::{
    BatchSize, ClientMode, DriftRepair, FileAccessOverride, Interval, KeepPaths,
    MachineIdConflicts, PathRegex, RemountFlag, RemovableMedia, SettingError,
};

use std::fmt;
use std::str::FromStr;

use crate::rule::{Scope, serde_as_text};

macro_rules! settings {
    ($($(#[doc = $doc:literal])+ $variant:ident($type:ty) $name:literal $field:ident = $default:expr;)+) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum SettingKey {
            $($(#[doc = $doc])+ $variant,)+
        }

        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        pub enum Setting {
            $($(#[doc = $doc])+ $variant($type),)+
        }

        /// All settings of one host. Every field has a value, because Santa keeps the last value
        /// that it received.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct EffectiveSettings {
            $($(#[doc = $doc])+ pub $field: $type,)+
        }

        impl SettingKey {
            /// All keys, in the order in which lists show them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }

            pub fn help(self) -> &'static str {
                match self {
                    $(Self::$variant => concat!($($doc),+).trim_start(),)+
                }
            }

            /// Common values in their canonical form. All values if there are only a few.
            pub const fn common_values(self) -> &'static [&'static str] {
                match self {
                    $(Self::$variant => <$type as values::SettingValue>::COMMON,)+
                }
            }
        }

        impl Setting {
            pub const fn key(&self) -> SettingKey {
                match self {
                    $(Self::$variant(_) => SettingKey::$variant,)+
                }
            }

            /// # Errors
            /// The value is invalid. [`SettingError`] lists the expected values.
            pub fn parse(key: SettingKey, value: &str) -> Result<Self, SettingError> {
                match key {
                    $(SettingKey::$variant => {
                        <$type as values::SettingValue>::read(value).map(Self::$variant)
                    })+
                }
            }

            /// The value in its canonical form, which [`Setting::parse`] accepts.
            pub fn value(&self) -> String {
                match self {
                    $(Self::$variant(value) => values::SettingValue::write(value),)+
                }
            }
        }

        impl Default for EffectiveSettings {
            fn default() -> Self {
                Self { $($field: $default,)+ }
            }
        }

        impl EffectiveSettings {
            pub fn apply(&mut self, setting: &Setting) {
                match setting {
                    $(Setting::$variant(value) => self.$field = value.clone(),)+
                }
            }

            pub fn all(&self) -> Vec<Setting> {
                vec![$(Setting::$variant(self.$field.clone()),)+]
            }
        }
    };
}

settings! {
    /// Mode for unknown programs: monitor allows and reports them, lockdown blocks them, standalone asks the user of the Mac
    ClientMode(ClientMode) "client-mode" client_mode = ClientMode::Monitor;
    /// Time between two syncs, at least 60s
    FullSyncInterval(Interval) "full-sync-interval" full_sync_interval = Interval::DEFAULT;
    /// Maximum events per upload request
    BatchSize(BatchSize) "batch-size" batch_size = BatchSize::DEFAULT;
    /// Whether hosts hash the bundle of a blocked program and report all programs in that bundle
    EnableBundles(bool) "enable-bundles" enable_bundles = false;
    /// Whether hosts allow the files that programs with the policy allow-compiler write
    EnableTransitiveRules(bool) "enable-transitive-rules" enable_transitive_rules = false;
    /// Whether hosts also report allowed programs
    EnableAllEventUpload(bool) "enable-all-event-upload" enable_all_event_upload = false;
    /// If true, hosts do not report unknown programs that they allow
    DisableUnknownEventUpload(bool) "disable-unknown-event-upload" disable_unknown_event_upload = false;
    /// Regex for the paths of programs to allow if no rule matches
    AllowedPathRegex(PathRegex) "allowed-path-regex" allowed_path_regex = PathRegex::default();
    /// Regex for the paths of programs to block if no rule matches; checked before allowed-path-regex
    BlockedPathRegex(PathRegex) "blocked-path-regex" blocked_path_regex = PathRegex::default();
    /// What hosts do with removable disks: allow, block, or remount:FLAG,FLAG
    RemovableMedia(RemovableMedia) "removable-media" removable_media = RemovableMedia::Allow;
    /// What hosts do with encrypted removable disks: allow, block, or remount:FLAG,FLAG
    EncryptedRemovableMedia(RemovableMedia) "encrypted-removable-media" encrypted_removable_media = RemovableMedia::Allow;
    /// Overrides file access rules: none does not change them, audit-only reports accesses but blocks none (Santa 2024.6 and later ignore it), disable turns the rules off
    OverrideFileAccessAction(FileAccessOverride) "override-file-access-action" override_file_access_action = FileAccessOverride::None;
    /// URL for the button of the block window; Santa replaces placeholders such as %file_identifier%
    EventDetailUrl(String) "event-detail-url" event_detail_url = String::new();
    /// Label of the button in the block window
    EventDetailText(String) "event-detail-text" event_detail_text = String::new();
    /// What the server does if the rules that a host reports are not the expected ones: off only shows the difference, clean orders one clean sync
    DriftRepair(DriftRepair) "drift-repair" drift_repair = DriftRepair::Clean;
    /// What the server does if a second Mac uses the machine ID of a host: serve shows the conflict and syncs both, refuse rejects the second
    MachineIdConflicts(MachineIdConflicts) "machine-id-conflicts" machine_id_conflicts = MachineIdConflicts::Serve;
    /// Age at which events are deleted, such as 90d, or never. Only for the fleet scope
    EventRetention(EventAge) "event-retention" event_retention = EventAge::DEFAULT;
    /// Maximum events to keep, at least 1000, or off. The oldest are deleted. Only for the fleet scope
    EventRetentionCount(EventLimit) "event-retention-count" event_retention_count = EventLimit::DEFAULT;
    /// Time after a host's last report of a program at which the sighting is deleted, such as 730d, or never. Only for the fleet scope
    SightingRetention(SightingAge) "sighting-retention" sighting_retention = SightingAge::DEFAULT;
    /// Age at which old versions of rules, settings and tags are deleted, such as 365d, or never. Only for the fleet scope
    HistoryRetention(HistoryAge) "history-retention" history_retention = HistoryAge::DEFAULT;
    /// Time after which hosts that no longer sync are forgotten, such as 180d, or never. Only for the fleet scope
    HostRetention(HostAge) "host-retention" host_retention = HostAge::DEFAULT;
    /// Whether events and sightings keep the names of users. Only for the fleet scope
    KeepUsers(bool) "keep-users" keep_users = true;
    /// Paths in events and sightings: full, or home-redacted, which removes the names of home folders. Only for the fleet scope
    KeepPaths(KeepPaths) "keep-paths" keep_paths = KeepPaths::Full;
}

impl SettingKey {
    /// Whether the setting is sent to hosts. A setting that is not sent is for the server itself.
    pub const fn is_sent(self) -> bool {
        match self {
            Self::DriftRepair
            | Self::MachineIdConflicts
            | Self::EventRetention
            | Self::EventRetentionCount
            | Self::SightingRetention
            | Self::HistoryRetention
            | Self::HostRetention
            | Self::KeepUsers
            | Self::KeepPaths => false,
            Self::ClientMode
            | Self::FullSyncInterval
            | Self::BatchSize
            | Self::EnableBundles
            | Self::EnableTransitiveRules
            | Self::EnableAllEventUpload
            | Self::DisableUnknownEventUpload
            | Self::AllowedPathRegex
            | Self::BlockedPathRegex
            | Self::RemovableMedia
            | Self::EncryptedRemovableMedia
            | Self::OverrideFileAccessAction
            | Self::EventDetailUrl
            | Self::EventDetailText => true,
        }
    }

    /// Whether only the fleet scope can have the setting.
    pub const fn is_fleets(self) -> bool {
        matches!(
            self,
            Self::EventRetention
                | Self::EventRetentionCount
                | Self::SightingRetention
                | Self::HistoryRetention
                | Self::HostRetention
                | Self::KeepUsers
                | Self::KeepPaths
        )
    }

    /// Checks that the setting can be set in a scope.
    ///
    /// # Errors
    /// [`SettingError::FleetOnly`] if only the fleet scope can have the setting, and `scope` is not
    /// the fleet scope.
    pub fn check_scope(self, scope: &Scope) -> Result<(), SettingError> {
        if self.is_fleets() && *scope != Scope::Fleet {
            return Err(SettingError::FleetOnly(scope.to_string()));
        }
        Ok(())
    }
}

impl Setting {
    /// Parses a setting. Two deprecated names also set `removable-media`, as in
    /// `block-usb-mount=true` and `remount-usb-mode=rdonly,noexec`.
    ///
    /// # Errors
    /// The key is unknown or the value is invalid.
    pub fn parse_named(key: &str, value: &str) -> Result<Self, SettingError> {
        match key.trim().to_ascii_lowercase().replace('_', "-").as_str() {
            "block-usb-mount" => {
                let blocked = <bool as values::SettingValue>::read(value)?;
                let media = if blocked { RemovableMedia::Block } else { RemovableMedia::Allow };
                Ok(Self::RemovableMedia(media))
            }
            "remount-usb-mode" => {
                Self::parse(SettingKey::RemovableMedia, &format!("remount:{value}"))
            }
            known => Self::parse(known.parse()?, value),
        }
    }
}

impl fmt::Display for SettingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for SettingKey {
    type Err = SettingError;

    fn from_str(text: &str) -> Result<Self, SettingError> {
        let folded = text.trim().to_ascii_lowercase().replace('_', "-");
        let known = Self::ALL.iter().find(|key| key.name() == folded);
        known.copied().ok_or_else(|| SettingError::UnknownKey(text.to_owned()))
    }
}

serde_as_text!(SettingKey);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_survives_being_written_and_read() {
        for setting in EffectiveSettings::default().all() {
            assert_eq!(Setting::parse(setting.key(), &setting.value()), Ok(setting));
        }
    }

    #[test]
    fn common_values_are_in_canonical_form() {
        for key in SettingKey::ALL {
            for value in key.common_values() {
                let read = Setting::parse(*key, value).map(|setting| setting.value());
                assert_eq!(read.as_deref(), Ok(*value), "{key}");
            }
        }
    }

    #[test]
    fn what_the_server_does_with_events_is_the_same_for_all() {
        let check = |key: &str, scope: &str| {
            key.parse::<SettingKey>().unwrap().check_scope(&scope.parse().unwrap())
        };
        assert_eq!(check("event-retention", "fleet"), Ok(()));
        assert_eq!(check("batch-size", "tag:eng"), Ok(()));
        for key in ["keep-users", "keep-paths", "host-retention"] {
            assert_eq!(check(key, "fleet"), Ok(()));
            assert!(check(key, "host:M1").is_err(), "{key}");
        }
        let refused = check("event-retention-count", "tag:eng").unwrap_err();
        assert!(refused.to_string().contains("not for tag:eng"), "{refused}");
    }

    #[test]
    fn stronger_layers_win_field_by_field() {
        let mut effective = EffectiveSettings::default();
        for (key, value) in
            [("client-mode", "lockdown"), ("full-sync-interval", "5m"), ("client_mode", "MONITOR")]
        {
            effective.apply(&Setting::parse_named(key, value).unwrap());
        }
        assert_eq!(effective.client_mode, ClientMode::Monitor);
        assert_eq!(effective.full_sync_interval.seconds(), 300);
    }

    #[test]
    fn the_deprecated_usb_spelling_means_removable_media() {
        let named = |key, value| Setting::parse_named(key, value).unwrap().value();
        assert_eq!(named("block-usb-mount", "true"), "block");
        assert_eq!(named("remount_usb_mode", "rdonly,noexec"), "remount:rdonly,noexec");
    }
}
