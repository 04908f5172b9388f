//! Event upload: what the client saw, in batches.

use serde::{Deserialize, Serialize};

use super::lenient::{count, flag, open, record, records, seconds, signed, text, texts};
use super::words::{Decision, FileAccessDecision, Open, SigningStatus};
use super::{is_zero, strict};

/// The most events of a kind in one request. Clients send what `batch_size` asks for, 50 by
/// default.
pub(super) const MAX_EVENTS: usize = 10_000;

/// The most certificates in a chain. Real ones have three or four.
pub(super) const MAX_CERTIFICATES: usize = 64;

/// The most entitlements of a program. Clients send 64 at most.
pub(super) const MAX_ENTITLEMENTS: usize = 256;

/// The most processes from the actor of a file access up to the first.
pub(super) const MAX_ANCESTORS: usize = 1024;

/// One batch of what a client saw.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct EventUploadRequest {
    /// The host, as in the path.
    #[serde(alias = "machineId", deserialize_with = "text", skip_serializing_if = "is_zero")]
    pub machine_id: String,
    /// Executions.
    #[serde(deserialize_with = "records::<MAX_EVENTS, _, _>", skip_serializing_if = "is_zero")]
    pub events: Vec<Event>,
    /// Accesses to watched files (2025.9 and later).
    #[serde(
        alias = "fileAccessEvents",
        deserialize_with = "records::<MAX_EVENTS, _, _>",
        skip_serializing_if = "is_zero"
    )]
    pub file_access_events: Vec<FileAccessEvent>,
}

/// What more the server wants to know.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct EventUploadResponse {
    /// Hashes of bundles of which the server wants every program.
    #[serde(alias = "eventUploadBundleBinaries", deserialize_with = "strict::texts")]
    pub event_upload_bundle_binaries: Vec<String>,
}

/// One execution, or one program of a bundle that was asked about.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Event {
    /// The file's SHA-256.
    #[serde(alias = "fileSha256", deserialize_with = "text", skip_serializing_if = "is_zero")]
    pub file_sha256: String,
    /// The directory that the file is in.
    #[serde(alias = "filePath", deserialize_with = "text", skip_serializing_if = "is_zero")]
    pub file_path: String,
    /// The file's name in it.
    #[serde(alias = "fileName", deserialize_with = "text", skip_serializing_if = "is_zero")]
    pub file_name: String,
    /// Who ran it.
    #[serde(alias = "executingUser", deserialize_with = "text", skip_serializing_if = "is_zero")]
    pub executing_user: String,
    /// When, in seconds since the epoch.
    #[serde(
        alias = "executionTime",
        deserialize_with = "seconds",
        skip_serializing_if = "is_zero"
    )]
    pub execution_time: f64,
    /// Who was logged in.
    #[serde(alias = "loggedInUsers", deserialize_with = "texts", skip_serializing_if = "is_zero")]
    pub logged_in_users: Vec<String>,
    /// Their sessions, such as `ann@console`.
    #[serde(
        alias = "currentSessions",
        deserialize_with = "texts",
        skip_serializing_if = "is_zero"
    )]
    pub current_sessions: Vec<String>,
    /// What the client decided.
    #[serde(deserialize_with = "open", skip_serializing_if = "is_zero")]
    pub decision: Open<Decision>,
    /// The identifier of the bundle that the file is in.
    #[serde(alias = "fileBundleId", deserialize_with = "text", skip_serializing_if = "is_zero")]
    pub file_bundle_id: String,
    /// Where the bundle is.
    #[serde(alias = "fileBundlePath", deserialize_with = "text", skip_serializing_if = "is_zero")]
    pub file_bundle_path: String,
    /// Where in the bundle its main program is.
    #[serde(
        alias = "fileBundleExecutableRelPath",
        deserialize_with = "text",
        skip_serializing_if = "is_zero"
    )]
    pub file_bundle_executable_rel_path: String,
    /// The bundle's name.
    #[serde(alias = "fileBundleName", deserialize_with = "text", skip_serializing_if = "is_zero")]
    pub file_bundle_name: String,
    /// The bundle's build number.
    #[serde(
        alias = "fileBundleVersion",
        deserialize_with = "text",
        skip_serializing_if = "is_zero"
    )]
    pub file_bundle_version: String,
    /// The bundle's version for people.
    #[serde(
        alias = "fileBundleVersionString",
        deserialize_with = "text",
        skip_serializing_if = "is_zero"
    )]
    pub file_bundle_version_string: String,
    /// A hash over all programs in the bundle.
    #[serde(alias = "fileBundleHash", deserialize_with = "text", skip_serializing_if = "is_zero")]
    pub file_bundle_hash: String,
    /// How long that took, in milliseconds.
    #[serde(
        alias = "fileBundleHashMillis",
        deserialize_with = "count",
        skip_serializing_if = "is_zero"
    )]
    pub file_bundle_hash_millis: u32,
    /// How many programs the bundle has.
    #[serde(
        alias = "fileBundleBinaryCount",
        deserialize_with = "count",
        skip_serializing_if = "is_zero"
    )]
    pub file_bundle_binary_count: u32,
    /// The process.
    #[serde(deserialize_with = "signed", skip_serializing_if = "is_zero")]
    pub pid: i32,
    /// Its parent.
    #[serde(deserialize_with = "signed", skip_serializing_if = "is_zero")]
    pub ppid: i32,
    /// The parent's name.
    #[serde(alias = "parentName", deserialize_with = "text", skip_serializing_if = "is_zero")]
    pub parent_name: String,
    /// Where the file was downloaded from.
    #[serde(
        alias = "quarantineDataUrl",
        deserialize_with = "text",
        skip_serializing_if = "is_zero"
    )]
    pub quarantine_data_url: String,
    /// The page that led there.
    #[serde(
        alias = "quarantineRefererUrl",
        deserialize_with = "text",
        skip_serializing_if = "is_zero"
    )]
    pub quarantine_referer_url: String,
    /// When, in seconds since the epoch.
    #[serde(
        alias = "quarantineTimestamp",
        deserialize_with = "count",
        skip_serializing_if = "is_zero"
    )]
    pub quarantine_timestamp: u32,
    /// What downloaded it.
    #[serde(
        alias = "quarantineAgentBundleId",
        deserialize_with = "text",
        skip_serializing_if = "is_zero"
    )]
    pub quarantine_agent_bundle_id: String,
    /// The team that signed it.
    #[serde(alias = "teamId", deserialize_with = "text", skip_serializing_if = "is_zero")]
    pub team_id: String,
    /// Its signing identifier, with the team or `platform` before it.
    #[serde(alias = "signingId", deserialize_with = "text", skip_serializing_if = "is_zero")]
    pub signing_id: String,
    /// Its code directory hash.
    #[serde(deserialize_with = "text", skip_serializing_if = "is_zero")]
    pub cdhash: String,
    /// Its certificates, leaf first.
    #[serde(
        alias = "signingChain",
        deserialize_with = "records::<MAX_CERTIFICATES, _, _>",
        skip_serializing_if = "is_zero"
    )]
    pub signing_chain: Vec<Certificate>,
    /// Its entitlements (2025.1 and later).
    #[serde(
        rename = "entitlementInfo",
        alias = "entitlement_info",
        deserialize_with = "record",
        skip_serializing_if = "is_zero"
    )]
    pub entitlement_info: Option<EntitlementInfo>,
    /// The kernel's code signing flags.
    #[serde(
        rename = "csFlags",
        alias = "cs_flags",
        deserialize_with = "count",
        skip_serializing_if = "is_zero"
    )]
    pub cs_flags: u32,
    /// How it is signed.
    #[serde(
        rename = "signingStatus",
        alias = "signing_status",
        deserialize_with = "open",
        skip_serializing_if = "is_zero"
    )]
    pub signing_status: Open<SigningStatus>,
    /// When Apple's timestamp says it was signed (2025.6 and later).
    #[serde(
        rename = "secureSigningTime",
        alias = "secure_signing_time",
        deserialize_with = "count",
        skip_serializing_if = "is_zero"
    )]
    pub secure_signing_time: u32,
    /// When its signer says it was signed (2025.6 and later).
    #[serde(
        rename = "signingTime",
        alias = "signing_time",
        deserialize_with = "count",
        skip_serializing_if = "is_zero"
    )]
    pub signing_time: u32,
    /// Whether a rule of the client's own profile decided (2026.2 and later).
    #[serde(alias = "staticRule", deserialize_with = "flag", skip_serializing_if = "is_zero")]
    pub static_rule: bool,
}

/// A certificate of a signing chain.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Certificate {
    /// The certificate's SHA-256.
    #[serde(deserialize_with = "text", skip_serializing_if = "is_zero")]
    pub sha256: String,
    /// Common name.
    #[serde(deserialize_with = "text", skip_serializing_if = "is_zero")]
    pub cn: String,
    /// Organisation.
    #[serde(deserialize_with = "text", skip_serializing_if = "is_zero")]
    pub org: String,
    /// Organisational unit.
    #[serde(deserialize_with = "text", skip_serializing_if = "is_zero")]
    pub ou: String,
    /// Start of validity, in seconds since the epoch.
    #[serde(alias = "validFrom", deserialize_with = "count", skip_serializing_if = "is_zero")]
    pub valid_from: u32,
    /// End of validity, in seconds since the epoch.
    #[serde(alias = "validUntil", deserialize_with = "count", skip_serializing_if = "is_zero")]
    pub valid_until: u32,
}

/// What a program may do by its signature.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct EntitlementInfo {
    /// Whether some were left out.
    #[serde(
        rename = "entitlementsFiltered",
        alias = "entitlements_filtered",
        deserialize_with = "flag",
        skip_serializing_if = "is_zero"
    )]
    pub entitlements_filtered: bool,
    /// Those that the client sent.
    #[serde(
        deserialize_with = "records::<MAX_ENTITLEMENTS, _, _>",
        skip_serializing_if = "is_zero"
    )]
    pub entitlements: Vec<Entitlement>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Entitlement {
    /// Its name.
    #[serde(deserialize_with = "text", skip_serializing_if = "is_zero")]
    pub key: String,
    /// Its value, as JSON in a string.
    #[serde(deserialize_with = "text", skip_serializing_if = "is_zero")]
    pub value: String,
}

/// One access to a file that the client's own profile watches.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FileAccessEvent {
    /// The version of the policy.
    #[serde(alias = "ruleVersion", deserialize_with = "text", skip_serializing_if = "is_zero")]
    pub rule_version: String,
    /// The rule of it that spoke.
    #[serde(alias = "ruleName", deserialize_with = "text", skip_serializing_if = "is_zero")]
    pub rule_name: String,
    /// The file that was to be opened.
    #[serde(deserialize_with = "text", skip_serializing_if = "is_zero")]
    pub target: String,
    /// What the client decided.
    #[serde(deserialize_with = "open", skip_serializing_if = "is_zero")]
    pub decision: Open<FileAccessDecision>,
    /// When, in seconds since the epoch.
    #[serde(alias = "accessTime", deserialize_with = "seconds", skip_serializing_if = "is_zero")]
    pub access_time: f64,
    /// Who wanted to open it, then its ancestors.
    #[serde(
        alias = "processChain",
        deserialize_with = "records::<MAX_ANCESTORS, _, _>",
        skip_serializing_if = "is_zero"
    )]
    pub process_chain: Vec<Process>,
}

/// A process that took part in a file access.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Process {
    #[serde(deserialize_with = "signed", skip_serializing_if = "is_zero")]
    pub pid: i32,
    /// Its program, with the directory.
    #[serde(alias = "filePath", deserialize_with = "text", skip_serializing_if = "is_zero")]
    pub file_path: String,
    /// The program's SHA-256.
    #[serde(alias = "fileSha256", deserialize_with = "text", skip_serializing_if = "is_zero")]
    pub file_sha256: String,
    /// Its code directory hash.
    #[serde(deserialize_with = "text", skip_serializing_if = "is_zero")]
    pub cdhash: String,
    /// Its signing identifier.
    #[serde(alias = "signingId", deserialize_with = "text", skip_serializing_if = "is_zero")]
    pub signing_id: String,
    /// The team that signed it.
    #[serde(alias = "teamId", deserialize_with = "text", skip_serializing_if = "is_zero")]
    pub team_id: String,
    /// Its certificates, leaf first.
    #[serde(
        alias = "signingChain",
        deserialize_with = "records::<MAX_CERTIFICATES, _, _>",
        skip_serializing_if = "is_zero"
    )]
    pub signing_chain: Vec<Certificate>,
}

#[cfg(test)]
mod tests;
