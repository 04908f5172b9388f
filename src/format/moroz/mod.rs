//! Moroz's TOML: one file, or the folder of a Moroz server.
//!
//! `global.toml` applies to every host without a separate file. `MACHINE-ID.toml` applies to one
//! host and *replaces* both the rules and the settings of `global.toml`. So global rules that are
//! missing from the host's file, except `remove` rules, become `remove` rules for that host. Global
//! settings that are missing from the host's file become Santa's defaults. Rules and settings that
//! are equal in both files are read only for the fleet. When files are written, the file of a host
//! contains the rules and settings of both the fleet and the host. Sources: groob/moroz,
//! santaconfig/config.go and santa/santa.go.

mod read;
#[cfg(test)]
mod tests;
mod toml_file;
mod write;

pub use read::{read, recognises};
pub use write::write;

use crate::fleet::SettingKey;

const ENDING: &str = ".toml";
/// The name of the global file, without its extension.
const GLOBAL: &str = "global";

/// Settings by the names that Moroz reads.
const SETTINGS: [(&str, SettingKey); 8] = [
    ("client_mode", SettingKey::ClientMode),
    ("blocked_path_regex", SettingKey::BlockedPathRegex),
    ("allowed_path_regex", SettingKey::AllowedPathRegex),
    ("batch_size", SettingKey::BatchSize),
    ("enable_all_event_upload", SettingKey::EnableAllEventUpload),
    ("enable_bundles", SettingKey::EnableBundles),
    ("enable_transitive_rules", SettingKey::EnableTransitiveRules),
    ("full_sync_interval", SettingKey::FullSyncInterval),
];

/// Settings by names that Moroz does not read, but reimplementations of Moroz do.
const OF_OTHERS: [(&str, SettingKey); 1] =
    [("override_file_access_action", SettingKey::OverrideFileAccessAction)];

/// Old names from Moroz's documentation, each with the new name. Moroz ignores the old names.
const STALE: [(&str, &str); 4] = [
    ("blocklist_regex", "blocked_path_regex"),
    ("blacklist_regex", "blocked_path_regex"),
    ("allowlist_regex", "allowed_path_regex"),
    ("whitelist_regex", "allowed_path_regex"),
];
