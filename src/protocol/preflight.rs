//! Preflight: the client says what it is, the server says what is to be done.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};

use super::lenient::{count, flag, text, texts, word};
use super::words::{ClientMode, FileAccessAction, SyncType};
use super::{is_zero, strict};

/// What a client says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PreflightRequest {
    /// The Mac's serial number.
    #[serde(
        alias = "serialNum",
        alias = "serial_number",
        alias = "serialNumber",
        deserialize_with = "text",
        skip_serializing_if = "is_zero"
    )]
    pub serial_num: String,
    /// The host name, which changes with the network.
    #[serde(deserialize_with = "text", skip_serializing_if = "is_zero")]
    pub hostname: String,
    /// The version of macOS, such as `14.5`.
    #[serde(alias = "osVersion", deserialize_with = "text", skip_serializing_if = "is_zero")]
    pub os_version: String,
    /// The build of macOS, such as `23F79`.
    #[serde(alias = "osBuild", deserialize_with = "text", skip_serializing_if = "is_zero")]
    pub os_build: String,
    /// The hardware model, such as `MacBookPro18,3`.
    #[serde(alias = "modelIdentifier", deserialize_with = "text", skip_serializing_if = "is_zero")]
    pub model_identifier: String,
    /// The client's version, such as `2026.4.1`.
    #[serde(alias = "santaVersion", deserialize_with = "text", skip_serializing_if = "is_zero")]
    pub santa_version: String,
    /// The Mac's owner, if its profile says so.
    #[serde(alias = "primaryUser", deserialize_with = "text", skip_serializing_if = "is_zero")]
    pub primary_user: String,
    /// The owner's groups (2025.6 and later).
    #[serde(
        alias = "primaryUserGroups",
        deserialize_with = "texts",
        skip_serializing_if = "is_zero"
    )]
    pub primary_user_groups: Vec<String>,
    /// Where to push to, for clients that have push.
    #[serde(
        alias = "pushNotificationToken",
        alias = "fcm_token",
        deserialize_with = "text",
        skip_serializing_if = "is_zero"
    )]
    pub push_notification_token: String,
    /// The mode in effect.
    #[serde(alias = "clientMode", deserialize_with = "word", skip_serializing_if = "is_zero")]
    pub client_mode: Option<ClientMode>,
    /// Whether the client asks for its rules to be replaced.
    #[serde(
        alias = "requestCleanSync",
        deserialize_with = "flag",
        skip_serializing_if = "is_zero"
    )]
    pub request_clean_sync: bool,
    /// Rules for files, transitive ones included.
    #[serde(
        alias = "binaryRuleCount",
        deserialize_with = "count",
        skip_serializing_if = "is_zero"
    )]
    pub binary_rule_count: u32,
    #[serde(
        alias = "certificateRuleCount",
        deserialize_with = "count",
        skip_serializing_if = "is_zero"
    )]
    pub certificate_rule_count: u32,
    /// Rules for compilers, which count in their type as well.
    #[serde(
        alias = "compilerRuleCount",
        deserialize_with = "count",
        skip_serializing_if = "is_zero"
    )]
    pub compiler_rule_count: u32,
    /// Rules that compilers made.
    #[serde(
        alias = "transitiveRuleCount",
        deserialize_with = "count",
        skip_serializing_if = "is_zero"
    )]
    pub transitive_rule_count: u32,
    /// Rules for teams.
    #[serde(
        alias = "teamidRuleCount",
        deserialize_with = "count",
        skip_serializing_if = "is_zero"
    )]
    pub teamid_rule_count: u32,
    /// Rules for signing identifiers.
    #[serde(
        alias = "signingidRuleCount",
        deserialize_with = "count",
        skip_serializing_if = "is_zero"
    )]
    pub signingid_rule_count: u32,
    /// Rules for code directory hashes.
    #[serde(
        alias = "cdhashRuleCount",
        deserialize_with = "count",
        skip_serializing_if = "is_zero"
    )]
    pub cdhash_rule_count: u32,
    /// The host, as in the path.
    #[serde(alias = "machineId", deserialize_with = "text", skip_serializing_if = "is_zero")]
    pub machine_id: String,
    /// Whether a push made the client sync (2025.1 and later).
    #[serde(
        alias = "pushNotificationSync",
        deserialize_with = "flag",
        skip_serializing_if = "is_zero"
    )]
    pub push_notification_sync: bool,
    /// System integrity protection: zero is fully on (2025.5 and later).
    #[serde(
        rename = "sipStatus",
        alias = "sip_status",
        deserialize_with = "count",
        skip_serializing_if = "is_zero"
    )]
    pub sip_status: u32,
    /// What the rules hash to (2025.7 and later).
    #[serde(
        rename = "rulesHash",
        alias = "rules_hash",
        deserialize_with = "text",
        skip_serializing_if = "is_zero"
    )]
    pub rules_hash: String,
}

/// What the server wants of a client. What is absent stays as it was.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PreflightResponse {
    /// How to treat programs that no rule speaks of.
    #[serde(
        alias = "clientMode",
        deserialize_with = "strict::word",
        skip_serializing_if = "is_zero"
    )]
    pub client_mode: Option<ClientMode>,
    /// What to do with the rules that the client has.
    #[serde(
        alias = "syncType",
        deserialize_with = "strict::word",
        skip_serializing_if = "is_zero"
    )]
    pub sync_type: Option<SyncType>,
    /// `sync_type` for clients before 2024.1; it counts only without it.
    #[serde(alias = "cleanSync", skip_serializing_if = "is_zero")]
    pub clean_sync: Option<bool>,
    /// How many events to upload at a time.
    #[serde(
        alias = "batchSize",
        deserialize_with = "strict::number",
        skip_serializing_if = "is_zero"
    )]
    pub batch_size: Option<u32>,
    /// Whether to report whole bundles.
    #[serde(alias = "enableBundles", skip_serializing_if = "is_zero")]
    pub enable_bundles: Option<bool>,
    /// The old name of `enable_bundles`, which wins.
    #[serde(alias = "bundlesEnabled", skip_serializing_if = "is_zero")]
    pub bundles_enabled: Option<bool>,
    /// Whether compiler rules make rules.
    #[serde(alias = "enableTransitiveRules", skip_serializing_if = "is_zero")]
    pub enable_transitive_rules: Option<bool>,
    /// An old name of `enable_transitive_rules`, which wins.
    #[serde(alias = "enabledTransitiveWhitelisting", skip_serializing_if = "is_zero")]
    pub enabled_transitive_whitelisting: Option<bool>,
    /// Another old name of `enable_transitive_rules`, which wins.
    #[serde(alias = "transitiveWhitelistingEnabled", skip_serializing_if = "is_zero")]
    pub transitive_whitelisting_enabled: Option<bool>,
    /// Whether to report what rules allowed too.
    #[serde(alias = "enableAllEventUpload", skip_serializing_if = "is_zero")]
    pub enable_all_event_upload: Option<bool>,
    /// Whether to keep quiet about what only the mode allowed.
    #[serde(alias = "disableUnknownEventUpload", skip_serializing_if = "is_zero")]
    pub disable_unknown_event_upload: Option<bool>,
    /// Seconds between syncs.
    #[serde(
        alias = "fullSyncInterval",
        deserialize_with = "strict::number",
        skip_serializing_if = "is_zero"
    )]
    pub full_sync_interval: Option<u32>,
    /// Seconds between syncs while push works.
    #[serde(
        alias = "pushNotificationFullSyncInterval",
        deserialize_with = "strict::number",
        skip_serializing_if = "is_zero"
    )]
    pub push_notification_full_sync_interval: Option<u32>,
    /// Seconds within which a pushed rule is to be fetched.
    #[serde(
        alias = "pushNotificationGlobalRuleSyncDeadline",
        deserialize_with = "strict::number",
        skip_serializing_if = "is_zero"
    )]
    pub push_notification_global_rule_sync_deadline: Option<u32>,
    /// The old name of `push_notification_full_sync_interval`, which wins.
    #[serde(
        alias = "fcmFullSyncInterval",
        deserialize_with = "strict::number",
        skip_serializing_if = "is_zero"
    )]
    pub fcm_full_sync_interval: Option<u32>,
    /// The old name of `push_notification_global_rule_sync_deadline`, which wins.
    #[serde(
        alias = "fcmGlobalRuleSyncDeadline",
        deserialize_with = "strict::number",
        skip_serializing_if = "is_zero"
    )]
    pub fcm_global_rule_sync_deadline: Option<u32>,
    /// Paths from which everything may run.
    #[serde(alias = "allowedPathRegex", skip_serializing_if = "is_zero")]
    pub allowed_path_regex: Option<String>,
    /// The old name of `allowed_path_regex`, which wins.
    #[serde(alias = "whitelistRegex", skip_serializing_if = "is_zero")]
    pub whitelist_regex: Option<String>,
    /// Paths from which nothing may run.
    #[serde(alias = "blockedPathRegex", skip_serializing_if = "is_zero")]
    pub blocked_path_regex: Option<String>,
    /// The old name of `blocked_path_regex`, which wins.
    #[serde(alias = "blacklistRegex", skip_serializing_if = "is_zero")]
    pub blacklist_regex: Option<String>,
    /// `removable_media_policy` for clients before 2026.3.
    #[serde(alias = "blockUsbMount", skip_serializing_if = "is_zero")]
    pub block_usb_mount: Option<bool>,
    /// The flags that go with `block_usb_mount`.
    #[serde(
        alias = "remountUsbMode",
        deserialize_with = "strict::texts",
        skip_serializing_if = "is_zero"
    )]
    pub remount_usb_mode: Vec<String>,
    /// What happens to removable media (2026.3 and later).
    #[serde(
        alias = "removableMediaPolicy",
        deserialize_with = "media_policy",
        skip_serializing_if = "is_zero"
    )]
    pub removable_media_policy: Option<MediaPolicy>,
    /// What happens to encrypted removable media (2026.3 and later).
    #[serde(
        alias = "encryptedRemovableMediaPolicy",
        deserialize_with = "media_policy",
        skip_serializing_if = "is_zero"
    )]
    pub encrypted_removable_media_policy: Option<MediaPolicy>,
    /// What becomes of the file access policy.
    #[serde(
        alias = "overrideFileAccessAction",
        deserialize_with = "strict::word",
        skip_serializing_if = "is_zero"
    )]
    pub override_file_access_action: Option<FileAccessAction>,
    /// Part of a chain that only Santa's makers can sign.
    #[serde(alias = "pushToken", skip_serializing_if = "is_zero")]
    pub push_token: Option<String>,
    /// Part of a chain that only Santa's makers can sign.
    #[serde(alias = "pushIssuerToken", skip_serializing_if = "is_zero")]
    pub push_issuer_token: Option<String>,
    /// Where the block dialog's button leads (2025.12 and later).
    #[serde(alias = "eventDetailUrl", skip_serializing_if = "is_zero")]
    pub event_detail_url: Option<String>,
    /// What the block dialog's button says (2025.12 and later).
    #[serde(alias = "eventDetailText", skip_serializing_if = "is_zero")]
    pub event_detail_text: Option<String>,
}

/// What happens to media of a kind when they are mounted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "MediaPolicyCases", try_from = "MediaPolicyCases")]
pub enum MediaPolicy {
    /// They are mounted.
    Allow,
    /// They are not.
    Block,
    /// They are mounted with these flags, such as `rdonly`.
    Remount {
        /// Flags of the mount command.
        flags: Vec<String>,
    },
}

/// A media policy's form on the wire: an object with one of three members, of which the
/// first two say by their presence all that they say.
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
    #[serde(deserialize_with = "strict::texts")]
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
            (None, None, None) => Err("a media policy of no kind"),
            _ => Err("a media policy of more than one kind"),
        }
    }
}

/// Reads a media policy; one of no kind that is known is as if not sent.
fn media_policy<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<MediaPolicy>, D::Error> {
    let cases = Option::<MediaPolicyCases>::deserialize(deserializer)?.unwrap_or_default();
    if cases == MediaPolicyCases::default() {
        return Ok(None);
    }
    cases.try_into().map(Some).map_err(D::Error::custom)
}

#[cfg(test)]
mod tests;
