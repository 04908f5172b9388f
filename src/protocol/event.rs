//! Event upload: executions and file accesses, in batches.

use serde::{Deserialize, Deserializer, Serialize};

use super::lenient::{Lenient, Listed};
use super::message::messages;
use super::words::{Decision, FileAccessDecision, Open, SigningStatus};
use super::{lenient, strict};

messages! {
    read with "lenient::read";

    pub struct EventUploadRequest {
        /// The machine ID, which is also in the URL.
        pub machine_id: String | "machineId",
        pub events: Vec<Event>,
        /// Sent by 2025.9 and later versions.
        pub file_access_events: Vec<FileAccessEvent> | "fileAccessEvents",
    }

    /// An execution, or a program that the client reports as part of a bundle or an inventory.
    pub struct Event {
        pub file_sha256: String | "fileSha256",
        /// The directory, without the file's name.
        pub file_path: String | "filePath",
        pub file_name: String | "fileName",
        pub executing_user: String | "executingUser",
        /// The time of the execution, in seconds since the epoch.
        pub execution_time: f64 | "executionTime",
        pub logged_in_users: Vec<String> | "loggedInUsers",
        /// The login sessions, such as `ann@console`.
        pub current_sessions: Vec<String> | "currentSessions",
        pub decision: Open<Decision>,
        pub file_bundle_id: String | "fileBundleId",
        pub file_bundle_path: String | "fileBundlePath",
        /// The path of the bundle's main program, relative to the bundle.
        pub file_bundle_executable_rel_path: String | "fileBundleExecutableRelPath",
        pub file_bundle_name: String | "fileBundleName",
        /// The build number of the bundle.
        pub file_bundle_version: String | "fileBundleVersion",
        /// The bundle's version as shown to users.
        pub file_bundle_version_string: String | "fileBundleVersionString",
        /// A hash of all programs in the bundle.
        pub file_bundle_hash: String | "fileBundleHash",
        /// The time that it took to hash the bundle, in milliseconds.
        pub file_bundle_hash_millis: u32 | "fileBundleHashMillis",
        pub file_bundle_binary_count: u32 | "fileBundleBinaryCount",
        pub pid: i32,
        pub ppid: i32,
        pub parent_name: String | "parentName",
        /// The URL that the file was downloaded from.
        pub quarantine_data_url: String | "quarantineDataUrl",
        /// The page that linked to the download.
        pub quarantine_referer_url: String | "quarantineRefererUrl",
        /// The time of the download, in seconds since the epoch.
        pub quarantine_timestamp: u32 | "quarantineTimestamp",
        /// The bundle ID of the program that downloaded the file.
        pub quarantine_agent_bundle_id: String | "quarantineAgentBundleId",
        pub team_id: String | "teamId",
        /// The signing ID, usually with the team ID or `platform` as its prefix.
        pub signing_id: String | "signingId",
        pub cdhash: String,
        /// The certificates of the signing chain, leaf first.
        pub signing_chain: Vec<Certificate> | "signingChain",
        /// Sent by 2025.1 and later versions.
        pub entitlement_info: Option<EntitlementInfo> as "entitlementInfo" | "entitlement_info",
        /// The kernel's code signing flags.
        pub cs_flags: u32 as "csFlags" | "cs_flags",
        pub signing_status: Open<SigningStatus> as "signingStatus" | "signing_status",
        /// The signing time that Apple confirms, in seconds since the epoch (2025.6 and later).
        pub secure_signing_time: u32 as "secureSigningTime" | "secure_signing_time",
        /// The signing time that the signer claims, in seconds since the epoch (2025.6 and later).
        pub signing_time: u32 as "signingTime" | "signing_time",
        /// Whether the decision came from a rule in the client's profile (2026.2 and later).
        pub static_rule: bool | "staticRule",
    }

    #[derive(Eq)]
    pub struct Certificate {
        pub sha256: String,
        /// Common name.
        pub cn: String,
        /// Organization.
        pub org: String,
        /// Organizational unit.
        pub ou: String,
        /// The start of the validity period, in seconds since the epoch.
        pub valid_from: u32 | "validFrom",
        /// The end of the validity period, in seconds since the epoch.
        pub valid_until: u32 | "validUntil",
    }

    #[derive(Eq)]
    pub struct EntitlementInfo {
        /// Whether some entitlements are not in the list.
        pub entitlements_filtered: bool as "entitlementsFiltered" | "entitlements_filtered",
        pub entitlements: Vec<Entitlement>,
    }

    #[derive(Eq)]
    pub struct Entitlement {
        pub key: String,
        /// The value, as JSON text.
        pub value: String,
    }

    /// An access to a file that a file access rule watches.
    pub struct FileAccessEvent {
        pub rule_version: String | "ruleVersion",
        pub rule_name: String | "ruleName",
        /// The path of the accessed file.
        pub target: String,
        pub decision: Open<FileAccessDecision>,
        /// The time of the access, in seconds since the epoch.
        pub access_time: f64 | "accessTime",
        /// The process that accessed the file, then its ancestors.
        pub process_chain: Vec<Process> | "processChain",
    }

    #[derive(Eq)]
    pub struct Process {
        pub pid: i32,
        /// The full path of the program, including the file name.
        pub file_path: String | "filePath",
        pub file_sha256: String | "fileSha256",
        pub cdhash: String,
        pub signing_id: String | "signingId",
        pub team_id: String | "teamId",
        /// The certificates of the signing chain, leaf first.
        pub signing_chain: Vec<Certificate> | "signingChain",
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct EventUploadResponse {
    /// The hashes of the bundles whose programs the client must report.
    #[serde(alias = "eventUploadBundleBinaries", deserialize_with = "strict::read")]
    pub event_upload_bundle_binaries: Vec<String>,
}

/// By default, clients send at most 50 events per request.
impl Listed for Event {
    const MAX: usize = 10_000;
}

impl Listed for FileAccessEvent {
    const MAX: usize = Event::MAX;
}

/// Real chains are much shorter.
impl Listed for Certificate {
    const MAX: usize = 64;
}

/// Clients send at most 64 entitlements per event.
impl Listed for Entitlement {
    const MAX: usize = 256;
}

impl Listed for Process {
    const MAX: usize = 1024;
}

impl Lenient for Option<EntitlementInfo> {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        lenient::record(deserializer)
    }
}

#[cfg(test)]
mod tests;
