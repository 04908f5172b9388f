//! Events on the admin wire.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::fleet::{Ancestor, Decision, EventId, EventKind, PathPattern, SigningLink};
use crate::rule::{Candidate, MachineId, Program, Scope};

/// An event, as lists show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EventView {
    /// Its number.
    pub id: EventId,
    /// What it is evidence of.
    pub kind: EventKind,
    /// When the server received it.
    pub received: Timestamp,
    /// When it happened.
    pub occurred: Option<Timestamp>,
    /// The host that reported it.
    pub machine: MachineId,
    /// That host's name at the time of asking.
    pub hostname: String,
    /// Who ran the program.
    pub user: String,
    /// What Santa decided.
    pub decision: Decision,
    /// The program's file.
    pub path: String,
    /// The program, as far as rules are concerned.
    pub program: Program,
    /// The access, where the program opened a watched file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access: Option<AccessView>,
}

/// An access to a file that the Mac's profile watches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AccessView {
    /// The profile's rule that spoke.
    pub rule: String,
    /// The version of the profile's policy.
    pub rule_version: String,
    /// The file.
    pub file: String,
}

/// A bundle that Santa hashed, and what is known of its programs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BundleView {
    /// Its name.
    pub name: String,
    /// Its version for people.
    pub version: String,
    /// Its hash, which is made of its programs' hashes.
    pub hash: String,
    /// How many programs it has.
    pub binary_count: u32,
    /// How many distinct ones were reported.
    pub held: u32,
    /// Whether they are all that its hash is made of.
    pub state: BundleState,
}

/// Whether the programs of a bundle are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BundleState {
    /// Some were not reported yet.
    Incomplete,
    /// All were.
    Complete,
    /// As many as it has were reported, but its hash is not made of them.
    Odd,
}

/// An event with everything that helps to decide about it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct EventDetail {
    /// The event.
    #[serde(flatten)]
    pub event: EventView,
    /// Process id.
    pub pid: i32,
    /// The parent's name.
    pub parent_name: String,
    /// The bundle that the file belongs to.
    pub bundle_name: String,
    /// Its version.
    pub bundle_version: String,
    /// What is known of the bundle's programs, where Santa hashed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bundle: Option<BundleView>,
    /// Where the file was downloaded from.
    pub download_url: String,
    /// Who signed it, leaf first.
    pub signing_chain: Vec<SigningLink>,
    /// For a file access: the processes above the one that opened the file, nearest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ancestors: Vec<Ancestor>,
    /// Targets that a rule could have, best first.
    pub candidates: Vec<Candidate>,
    /// Why the first is the best.
    pub reason: String,
    /// The report as it came, as far as it was kept.
    #[schema(value_type = Object)]
    pub report: serde_json::Value,
    /// The fields of the report that were too long and were shortened or dropped, by their names
    /// in Santa's protocol.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub truncated: Vec<String>,
}

/// Several words as one parameter, with commas between them.
mod words {
    use std::fmt::Display;
    use std::str::FromStr;

    use serde::{Deserialize as _, Deserializer, Serializer, de};

    pub(super) fn serialize<T: Display, S: Serializer>(
        words: &[T],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let words: Vec<String> = words.iter().map(T::to_string).collect();
        serializer.serialize_str(&words.join(","))
    }

    pub(super) fn deserialize<'de, T, D>(deserializer: D) -> Result<Vec<T>, D::Error>
    where
        T: FromStr<Err: Display>,
        D: Deserializer<'de>,
    {
        let text = String::deserialize(deserializer)?;
        let words = text.split(',').map(str::trim).filter(|word| !word.is_empty());
        words.map(str::parse).collect::<Result<_, T::Err>>().map_err(de::Error::custom)
    }
}

/// Which events to list, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub struct EventQuery {
    /// Of one of these kinds, with commas between them: execution, bundle-member, file-access.
    #[serde(with = "words", skip_serializing_if = "Vec::is_empty")]
    #[param(value_type = Option<String>)]
    pub kind: Vec<EventKind>,
    /// From this host: machine id, serial number, host name, or a unique prefix of one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Run by this user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// With one of these decisions, with commas between them, as in BLOCK_UNKNOWN,BLOCK_BINARY;
    /// in any letter case.
    #[serde(with = "words", skip_serializing_if = "Vec::is_empty")]
    #[param(value_type = Option<String>)]
    pub decision: Vec<String>,
    /// Only what was stopped.
    pub blocked: bool,
    /// Received at or after this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(value_type = Option<String>)]
    pub since: Option<Timestamp>,
    /// Received before this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(value_type = Option<String>)]
    pub until: Option<Timestamp>,
    /// Of a program below this path, or, for file accesses, of a file there. With * (any
    /// letters, slashes too) or ? (one letter) in it: at a path that is as a whole like this.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(value_type = Option<String>)]
    pub path: Option<PathPattern>,
    /// Signed by this: team id, signing id with or without its team, SHA-256 of the leaf
    /// certificate, or a part of its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signer: Option<String>,
    /// With this text in path, SHA-256, signing id, team id, or the rule or file of a file access.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Only events after this one, oldest first: for following.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(value_type = Option<i64>)]
    pub after: Option<EventId>,
    /// At most so many, up to 5000; 500 when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
    /// The `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// What hosts reported to another server, to be kept here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EventImport {
    /// The reports, at most 10,000.
    pub reports: Vec<HostReport>,
    /// Say which are new and keep none.
    #[serde(default)]
    pub dry_run: bool,
}

/// What a host reported of one execution.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HostReport {
    /// The host.
    pub machine: MachineId,
    /// One of the `events` of its upload, as it came.
    #[schema(value_type = Object)]
    pub event: serde_json::Value,
}

impl HostReport {
    /// Why no rule could be made of the report, if none could.
    #[must_use]
    pub fn fault(&self) -> Option<String> {
        let Some(keys) = self.event.as_object() else { return Some("is no JSON object".into()) };
        let hash = keys.get("file_sha256").or_else(|| keys.get("fileSha256"));
        let Some(hash) = hash.and_then(serde_json::Value::as_str) else {
            return Some("file_sha256: is missing".into());
        };
        if hash.len() != 64 || !hash.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Some(format!("file_sha256: `{hash}` is no SHA-256"));
        }
        // Some clients number their decisions.
        let is_decided = keys.get("decision").is_some_and(|decision| {
            decision.is_number() || decision.as_str().is_some_and(|word| !word.is_empty())
        });
        (!is_decided).then(|| "decision: is missing".into())
    }
}

/// What became of reports.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EventImportAnswer {
    /// Those that were not there yet. They count as received now.
    pub new: usize,
    /// Those that were there already.
    pub known: usize,
}

/// How often a program was reported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EventStatView {
    /// What it was reported for.
    pub kind: EventKind,
    /// The profile's rule, for file accesses, which are counted by rule.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub rule: String,
    /// The newest report.
    pub latest: EventId,
    /// The file's name.
    pub file_name: String,
    /// SHA-256 of the file.
    pub sha256: String,
    /// Signing id, where it has one.
    pub signing_id: String,
    /// What Santa decided.
    pub decision: Decision,
    /// Reports.
    pub events: u64,
    /// Distinct hosts among them.
    pub hosts: u64,
    /// When the newest was received.
    pub last_received: Timestamp,
}

/// A program that waits for a decision: hosts stopped it, or would in lockdown, and nothing but
/// their mode decides about it still.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WaitingView {
    /// The newest event about it.
    pub latest: EventId,
    /// What Santa decided there.
    pub decision: Decision,
    /// Where the program was there.
    pub path: String,
    /// The bundle that it belongs to.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub bundle_name: String,
    /// The program.
    pub program: Program,
    /// The hosts where it waits; that of the newest event first.
    pub hosts: Vec<WaitingHost>,
    /// Who ran it there.
    pub users: Vec<String>,
    /// How many events tell of it.
    pub events: u64,
    /// When the newest was received.
    pub last_received: Timestamp,
    /// Targets that a rule could have, best first.
    pub candidates: Vec<Candidate>,
    /// Why the first is the best.
    pub reason: String,
}

/// A host where a program waits for a decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WaitingHost {
    /// The host.
    pub machine: MachineId,
    /// Its name.
    pub hostname: String,
    /// The newest event about the program there.
    pub event: EventId,
    /// The scopes that it belongs to, weakest first.
    pub scopes: Vec<Scope>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_words_are_one_parameter_with_commas() {
        let read = |json: &str| serde_json::from_str::<EventQuery>(json);
        let query = read(r#"{"decision":"BLOCK_UNKNOWN, 16","kind":"file-access"}"#).unwrap();
        assert_eq!(query.decision, ["BLOCK_UNKNOWN", "16"]);
        let json = serde_json::to_string(&query).unwrap();
        assert!(json.contains(r#""decision":"BLOCK_UNKNOWN,16""#), "{json}");
        let refused = read(r#"{"kind":"usb"}"#).unwrap_err().to_string();
        assert!(refused.contains("`usb` is no kind of event"), "{refused}");
        let refused = read(r#"{"path":"Downloads"}"#).unwrap_err().to_string();
        assert!(refused.contains("a path begins with /"), "{refused}");
    }
}
