//! Preflight: the client reports its state, the server responds with settings.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};

use super::message::messages;
use super::strict::Strict;
use super::words::{ClientMode, FileAccessAction, SyncType};
use super::{is_zero, lenient, strict};

messages! {
    read with "lenient::read";

    #[derive(Eq)]
    pub struct PreflightRequest {
        pub serial_num: String | "serialNum" | "serial_number" | "serialNumber",
        /// The host name, which may change with the network.
        pub hostname: String,
        /// The version of macOS, such as `14.5`.
        pub os_version: String | "osVersion",
        /// The build of macOS, such as `23F79`.
        pub os_build: String | "osBuild",
        /// The model of the Mac, such as `MacBookPro18,3`.
        pub model_identifier: String | "modelIdentifier",
        /// The version of Santa, such as `2026.4.1`.
        pub santa_version: String | "santaVersion",
        /// The primary user in the client's configuration.
        pub primary_user: String | "primaryUser",
        /// Sent by 2025.6 and later versions.
        pub primary_user_groups: Vec<String> | "primaryUserGroups",
        pub push_notification_token: String | "pushNotificationToken" | "fcm_token",
        pub client_mode: Option<ClientMode> | "clientMode",
        pub request_clean_sync: bool | "requestCleanSync",
        /// Binary rules, including transitive rules.
        pub binary_rule_count: u32 | "binaryRuleCount",
        pub certificate_rule_count: u32 | "certificateRuleCount",
        /// Compiler rules, which are also included in the counts by type.
        pub compiler_rule_count: u32 | "compilerRuleCount",
        pub transitive_rule_count: u32 | "transitiveRuleCount",
        pub teamid_rule_count: u32 | "teamidRuleCount",
        pub signingid_rule_count: u32 | "signingidRuleCount",
        pub cdhash_rule_count: u32 | "cdhashRuleCount",
        /// The machine ID, which is also in the URL.
        pub machine_id: String | "machineId",
        /// Whether a push notification caused the sync (2025.1 and later).
        pub push_notification_sync: bool | "pushNotificationSync",
        /// System integrity protection: zero means fully enabled (2025.5 and later).
        pub sip_status: u32 as "sipStatus" | "sip_status",
        /// The hash of the client's rules before the sync (2025.7 and later).
        pub rules_hash: String as "rulesHash" | "rules_hash",
    }
}

messages! {
    read with "strict::read";

    /// The sync type and settings. If a setting is absent, the client keeps the current value of
    /// the setting, except that old versions reset a few settings. Since 2026.4, a clean sync
    /// resets all absent settings.
    #[derive(Eq)]
    pub struct PreflightResponse {
        pub client_mode: Option<ClientMode> | "clientMode",
        pub sync_type: Option<SyncType> | "syncType",
        /// Clients before 2024.1 read this field instead of `sync_type`. Newer clients ignore it if
        /// `sync_type` is present.
        pub clean_sync: Option<bool> | "cleanSync",
        /// Maximum events of each kind per upload.
        pub batch_size: Option<u32> | "batchSize",
        pub enable_bundles: Option<bool> | "enableBundles",
        /// The old name of `enable_bundles`; the new name wins.
        pub bundles_enabled: Option<bool> | "bundlesEnabled",
        /// Whether the client creates rules for the programs that allowed compilers write.
        pub enable_transitive_rules: Option<bool> | "enableTransitiveRules",
        /// An old name of `enable_transitive_rules`; the new name wins.
        pub enabled_transitive_whitelisting: Option<bool> | "enabledTransitiveWhitelisting",
        /// Another old name of `enable_transitive_rules`; the new name wins.
        pub transitive_whitelisting_enabled: Option<bool> | "transitiveWhitelistingEnabled",
        /// Whether to report allowed executions, too.
        pub enable_all_event_upload: Option<bool> | "enableAllEventUpload",
        /// Disables reports of unknown programs that the mode allows.
        pub disable_unknown_event_upload: Option<bool> | "disableUnknownEventUpload",
        /// Seconds between syncs.
        pub full_sync_interval: Option<u32> | "fullSyncInterval",
        /// Seconds between syncs while push notifications work.
        pub push_notification_full_sync_interval: Option<u32>
            | "pushNotificationFullSyncInterval",
        /// Maximum seconds until a client downloads a pushed rule.
        pub push_notification_global_rule_sync_deadline: Option<u32>
            | "pushNotificationGlobalRuleSyncDeadline",
        /// The old name of `push_notification_full_sync_interval`; the new name wins.
        pub fcm_full_sync_interval: Option<u32> | "fcmFullSyncInterval",
        /// The old name of `push_notification_global_rule_sync_deadline`; the new name wins.
        pub fcm_global_rule_sync_deadline: Option<u32> | "fcmGlobalRuleSyncDeadline",
        pub allowed_path_regex: Option<String> | "allowedPathRegex",
        /// The old name of `allowed_path_regex`; the new name wins.
        pub whitelist_regex: Option<String> | "whitelistRegex",
        pub blocked_path_regex: Option<String> | "blockedPathRegex",
        /// The old name of `blocked_path_regex`; the new name wins.
        pub blacklist_regex: Option<String> | "blacklistRegex",
        /// Clients before 2026.3 read this field instead of `removable_media_policy`. Newer clients
        /// ignore it if `removable_media_policy` is present.
        pub block_usb_mount: Option<bool> | "blockUsbMount",
        /// The mount flags for `block_usb_mount`.
        pub remount_usb_mode: Vec<String> | "remountUsbMode",
        /// Read by 2026.3 and later versions.
        pub removable_media_policy: Option<MediaPolicy> | "removableMediaPolicy",
        /// Read by 2026.3 and later versions.
        pub encrypted_removable_media_policy: Option<MediaPolicy>
            | "encryptedRemovableMediaPolicy",
        pub override_file_access_action: Option<FileAccessAction> | "overrideFileAccessAction",
        /// A push notification token. Only North Pole Security can sign such tokens.
        pub push_token: Option<String> | "pushToken",
        pub push_issuer_token: Option<String> | "pushIssuerToken",
        /// The target of the block dialog's button (2025.12 and later).
        pub event_detail_url: Option<String> | "eventDetailUrl",
        /// The label of the block dialog's button (2025.12 and later).
        pub event_detail_text: Option<String> | "eventDetailText",
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "MediaPolicyCases", try_from = "MediaPolicyCases")]
pub enum MediaPolicy {
    Allow,
    Block,
    /// Mounts the media with these flags of the mount command, such as `rdonly`.
    Remount {
        flags: Vec<String>,
    },
}

/// A media policy on the wire: an object with exactly one of three members. The values of `allow`
/// and `block` do not matter.
#[derive(Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct MediaPolicyCases {
    #[serde(skip_serializing_if = "is_zero")]
    pub(super) allow: Option<bool>,
    #[serde(skip_serializing_if = "is_zero")]
    pub(super) block: Option<bool>,
    #[serde(skip_serializing_if = "is_zero")]
    pub(super) remount: Option<RemountCase>,
}

#[derive(Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct RemountCase {
    #[serde(deserialize_with = "strict::read")]
    pub(super) flags: Vec<String>,
}

impl From<MediaPolicy> for MediaPolicyCases {
    fn from(policy: MediaPolicy) -> Self {
        let nothing = Self::default();
        match policy {
            MediaPolicy::Allow => Self { allow: Some(true), ..nothing },
            MediaPolicy::Block => Self { block: Some(true), ..nothing },
            MediaPolicy::Remount { flags } => {
                Self { remount: Some(RemountCase { flags }), ..nothing }
            }
        }
    }
}

impl TryFrom<MediaPolicyCases> for MediaPolicy {
    type Error = &'static str;

    fn try_from(cases: MediaPolicyCases) -> Result<Self, Self::Error> {
        match (cases.allow, cases.block, cases.remount) {
            (Some(_), None, None) => Ok(Self::Allow),
            (None, Some(_), None) => Ok(Self::Block),
            (None, None, Some(RemountCase { flags })) => Ok(Self::Remount { flags }),
            (None, None, None) => Err("a media policy without allow, block or remount"),
            _ => Err("a media policy with more than one of allow, block and remount"),
        }
    }
}

/// An object without a known member counts as absent.
impl Strict for Option<MediaPolicy> {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let cases = Option::<MediaPolicyCases>::deserialize(deserializer)?.unwrap_or_default();
        if cases == MediaPolicyCases::default() {
            return Ok(None);
        }
        cases.try_into().map(Some).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests;
