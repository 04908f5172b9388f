//! Limits the length of the values that hosts report, and removes personal data from events.
//!
//! Preflight requests and events in every encoding pass through this module before they are
//! translated to our own types. Only this module can create a [`Bounded`] report. The module
//! rebuilds each message field by field, so that the compiler reports an error here when a field is
//! added.

mod personal;

use std::io;
use std::ops::Deref;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::protocol::{
    Certificate, Entitlement, EntitlementInfo, Event, FileAccessEvent, Open, PreflightRequest,
    Process, Word,
};

pub(super) use personal::PersonalData;

/// Maximum bytes of a name, such as the name of a person, host, group, model, version or
/// certificate.
const NAME: usize = 255;
/// Maximum bytes of a text without a narrower bound.
const TEXT: usize = 1024;
/// Maximum bytes of a path or URL. A path on macOS has at most 1,024 bytes (PATH_MAX).
const PATH: usize = 4096;
/// Maximum bytes of an unknown word, such as a decision that this version does not know.
const WORD: usize = 64;

const SHA256: usize = 64;
const CDHASH: usize = 40;
const TEAM_ID: usize = 10;
/// Maximum bytes of a signing ID, including the team ID in front of it.
const SIGNING_ID: usize = 512;

pub(super) const GROUPS: usize = 1000;
/// Maximum users of one event. The same limit applies to its login sessions.
const USERS: usize = 64;
/// Maximum certificates of a signing chain.
const CERTIFICATES: usize = 16;
/// Maximum entitlements of a program. Santa sends at most this number (SNTSyncEventUpload.mm).
const ENTITLEMENTS: usize = 64;
/// Maximum processes of a file access: the program and its ancestors.
const PROCESSES: usize = 64;
/// If the JSON of an event's `other_fields` has more bytes than this, the lists and objects in it
/// are left out.
const REPORT: usize = 64 * 1024;

const CUT: &str = "…";

/// A report in which no value is longer than its bound.
#[derive(Debug)]
pub(super) struct Bounded<T> {
    report: T,
    truncated: Truncated,
}

impl<T> Bounded<T> {
    /// The names of the fields that were shortened or left out.
    pub(super) fn truncated(&self) -> Vec<String> {
        self.truncated.0.iter().map(|field| (*field).to_owned()).collect()
    }

    pub(super) fn into_parts(self) -> (T, Vec<String>) {
        let truncated = self.truncated();
        (self.report, truncated)
    }
}

/// The fields of a report that are not empty, as JSON. If the JSON is too long, lists and objects
/// are left out, and `report` is added to `truncated`.
pub(super) fn json_fields(
    report: &impl Serialize,
    truncated: &mut Vec<String>,
) -> Map<String, Value> {
    let mut length = Length(0);
    let measured = serde_json::to_writer(&mut length, report);
    let mut fields = match serde_json::to_value(report) {
        Ok(Value::Object(fields)) => fields,
        Ok(_) | Err(_) => Map::new(),
    };
    if measured.is_err() || length.0 > REPORT {
        fields.retain(|_, value| !value.is_array() && !value.is_object());
        truncated.push("report".to_owned());
    }
    fields
}

impl<T> Deref for Bounded<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.report
    }
}

struct Length(usize);

impl io::Write for Length {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The fields that were shortened or left out, without duplicates.
#[derive(Debug, Default)]
struct Truncated(Vec<&'static str>);

impl Truncated {
    fn note(&mut self, field: &'static str) {
        if !self.0.contains(&field) {
            self.0.push(field);
        }
    }

    /// A text, cut at a character boundary if it is too long.
    fn text(&mut self, field: &'static str, text: &str, most: usize) -> String {
        if text.len() <= most {
            return text.to_owned();
        }
        self.note(field);
        let end = text.floor_char_boundary(most - CUT.len());
        [&text[..end], CUT].concat()
    }

    /// A hash or ID. Empty if it is too long, because a shortened ID would be a different ID.
    fn identifier(&mut self, field: &'static str, text: &str, most: usize) -> String {
        if text.len() <= most {
            return text.to_owned();
        }
        self.note(field);
        String::new()
    }

    /// The first `most` items of a list. `bound` limits the length of each item.
    fn list<T>(
        &mut self,
        field: &'static str,
        items: &[T],
        most: usize,
        bound: impl Fn(&mut Self, &T) -> T,
    ) -> Vec<T> {
        if items.len() > most {
            self.note(field);
        }
        items.iter().take(most).map(|item| bound(self, item)).collect()
    }

    fn names(&mut self, field: &'static str, names: &[String]) -> Vec<String> {
        self.list(field, names, USERS, |truncated, name| truncated.text(field, name, NAME))
    }

    fn word<W: Word + Clone>(&mut self, field: &'static str, word: &Open<W>) -> Open<W> {
        match word {
            Open::Known(_) => word.clone(),
            Open::Other(other) => Open::Other(self.text(field, other, WORD)),
        }
    }

    /// The groups of the primary user, or the first groups by name if there are too many. A group
    /// with a name that is too long is left out, because a shortened name could be the name of a
    /// different group.
    fn groups(&mut self, groups: &[String]) -> Vec<String> {
        const FIELD: &str = "primary_user_groups";
        let fitting = groups.iter().filter(|group| group.len() <= NAME);
        let mut kept: Vec<&String> = fitting.collect();
        if kept.len() > GROUPS {
            kept.sort_unstable();
            kept.dedup();
            kept.truncate(GROUPS);
        }
        if kept.len() < groups.len() {
            self.note(FIELD);
        }
        kept.into_iter().cloned().collect()
    }

    fn chain(&mut self, field: &'static str, chain: &[Certificate]) -> Vec<Certificate> {
        self.list(field, chain, CERTIFICATES, |truncated, certificate| {
            let Certificate { sha256, cn, org, ou, valid_from, valid_until } = certificate;
            Certificate {
                sha256: truncated.identifier(field, sha256, SHA256),
                cn: truncated.text(field, cn, NAME),
                org: truncated.text(field, org, NAME),
                ou: truncated.text(field, ou, NAME),
                valid_from: *valid_from,
                valid_until: *valid_until,
            }
        })
    }

    fn entitlements(&mut self, info: &EntitlementInfo) -> EntitlementInfo {
        const FIELD: &str = "entitlements";
        let EntitlementInfo { entitlements_filtered, entitlements } = info;
        let bound = |truncated: &mut Self, entitlement: &Entitlement| Entitlement {
            key: truncated.text(FIELD, &entitlement.key, NAME),
            value: truncated.text(FIELD, &entitlement.value, TEXT),
        };
        EntitlementInfo {
            entitlements_filtered: *entitlements_filtered,
            entitlements: self.list(FIELD, entitlements, ENTITLEMENTS, bound),
        }
    }

    fn process(&mut self, process: &Process, path: usize) -> Process {
        const FIELD: &str = "process_chain";
        let Process { pid, file_path, file_sha256, cdhash, signing_id, team_id, signing_chain } =
            process;
        Process {
            pid: *pid,
            file_path: self.text(FIELD, file_path, path),
            file_sha256: self.identifier(FIELD, file_sha256, SHA256),
            cdhash: self.identifier(FIELD, cdhash, CDHASH),
            signing_id: self.identifier(FIELD, signing_id, SIGNING_ID),
            team_id: self.identifier(FIELD, team_id, TEAM_ID),
            signing_chain: self.chain(FIELD, signing_chain),
        }
    }
}

impl Bounded<PreflightRequest> {
    pub(super) fn preflight(request: &PreflightRequest) -> Self {
        let PreflightRequest {
            serial_num,
            hostname,
            os_version,
            os_build,
            model_identifier,
            santa_version,
            primary_user,
            primary_user_groups,
            push_notification_token,
            client_mode,
            request_clean_sync,
            binary_rule_count,
            certificate_rule_count,
            compiler_rule_count,
            transitive_rule_count,
            teamid_rule_count,
            signingid_rule_count,
            cdhash_rule_count,
            machine_id,
            push_notification_sync,
            sip_status,
            rules_hash,
        } = request;
        let mut truncated = Truncated::default();
        let mut name = |field, text: &String| truncated.text(field, text, NAME);
        let report = PreflightRequest {
            serial_num: name("serial_num", serial_num),
            hostname: name("hostname", hostname),
            os_version: name("os_version", os_version),
            os_build: name("os_build", os_build),
            model_identifier: name("model_identifier", model_identifier),
            santa_version: name("santa_version", santa_version),
            primary_user: name("primary_user", primary_user),
            machine_id: name("machine_id", machine_id),
            rules_hash: name("rules_hash", rules_hash),
            push_notification_token: truncated.text(
                "push_notification_token",
                push_notification_token,
                TEXT,
            ),
            primary_user_groups: truncated.groups(primary_user_groups),
            client_mode: *client_mode,
            request_clean_sync: *request_clean_sync,
            binary_rule_count: *binary_rule_count,
            certificate_rule_count: *certificate_rule_count,
            compiler_rule_count: *compiler_rule_count,
            transitive_rule_count: *transitive_rule_count,
            teamid_rule_count: *teamid_rule_count,
            signingid_rule_count: *signingid_rule_count,
            cdhash_rule_count: *cdhash_rule_count,
            push_notification_sync: *push_notification_sync,
            sip_status: *sip_status,
        };
        Self { report, truncated }
    }
}

impl Bounded<Event> {
    /// A report of an execution, or of a program in a bundle or an inventory.
    #[expect(clippy::too_many_lines, reason = "one line for each field, with its bound")]
    pub(super) fn event(event: &Event, keep: PersonalData) -> Self {
        let Event {
            file_sha256,
            file_path,
            file_name,
            executing_user,
            execution_time,
            logged_in_users,
            current_sessions,
            decision,
            file_bundle_id,
            file_bundle_path,
            file_bundle_executable_rel_path,
            file_bundle_name,
            file_bundle_version,
            file_bundle_version_string,
            file_bundle_hash,
            file_bundle_hash_millis,
            file_bundle_binary_count,
            pid,
            ppid,
            parent_name,
            quarantine_data_url,
            quarantine_referer_url,
            quarantine_timestamp,
            quarantine_agent_bundle_id,
            team_id,
            signing_id,
            cdhash,
            signing_chain,
            entitlement_info,
            cs_flags,
            signing_status,
            secure_signing_time,
            signing_time,
            static_rule,
        } = event;
        let mut cut = Truncated::default();
        let mut report = Event {
            file_sha256: cut.identifier("file_sha256", file_sha256, SHA256),
            file_path: cut.text("file_path", file_path, PATH),
            file_name: cut.text("file_name", file_name, TEXT),
            executing_user: cut.text("executing_user", executing_user, NAME),
            execution_time: *execution_time,
            logged_in_users: cut.names("logged_in_users", logged_in_users),
            current_sessions: cut.names("current_sessions", current_sessions),
            decision: cut.word("decision", decision),
            file_bundle_id: cut.text("file_bundle_id", file_bundle_id, NAME),
            file_bundle_path: cut.text("file_bundle_path", file_bundle_path, PATH),
            file_bundle_executable_rel_path: cut.text(
                "file_bundle_executable_rel_path",
                file_bundle_executable_rel_path,
                PATH,
            ),
            file_bundle_name: cut.text("file_bundle_name", file_bundle_name, NAME),
            file_bundle_version: cut.text("file_bundle_version", file_bundle_version, NAME),
            file_bundle_version_string: cut.text(
                "file_bundle_version_string",
                file_bundle_version_string,
                NAME,
            ),
            file_bundle_hash: cut.identifier("file_bundle_hash", file_bundle_hash, SHA256),
            file_bundle_hash_millis: *file_bundle_hash_millis,
            file_bundle_binary_count: *file_bundle_binary_count,
            pid: *pid,
            ppid: *ppid,
            parent_name: cut.text("parent_name", parent_name, TEXT),
            quarantine_data_url: cut.text("quarantine_data_url", quarantine_data_url, PATH),
            quarantine_referer_url: cut.text(
                "quarantine_referer_url",
                quarantine_referer_url,
                PATH,
            ),
            quarantine_timestamp: *quarantine_timestamp,
            quarantine_agent_bundle_id: cut.text(
                "quarantine_agent_bundle_id",
                quarantine_agent_bundle_id,
                NAME,
            ),
            team_id: cut.identifier("team_id", team_id, TEAM_ID),
            signing_id: cut.identifier("signing_id", signing_id, SIGNING_ID),
            cdhash: cut.identifier("cdhash", cdhash, CDHASH),
            signing_chain: cut.chain("signing_chain", signing_chain),
            entitlement_info: entitlement_info.as_ref().map(|info| cut.entitlements(info)),
            cs_flags: *cs_flags,
            signing_status: cut.word("signing_status", signing_status),
            secure_signing_time: *secure_signing_time,
            signing_time: *signing_time,
            static_rule: *static_rule,
        };
        keep.apply_to_event(&mut report);
        Self { report, truncated: cut }
    }
}

impl Bounded<FileAccessEvent> {
    pub(super) fn file_access(event: &FileAccessEvent, keep: PersonalData) -> Self {
        let FileAccessEvent {
            rule_version,
            rule_name,
            target,
            decision,
            access_time,
            process_chain,
        } = event;
        let mut cut = Truncated::default();
        let (actor, parents) = match process_chain.split_first() {
            Some((actor, parents)) => (Some(cut.process(actor, PATH)), parents),
            None => (None, &[][..]),
        };
        let parent = |cut: &mut Truncated, process: &Process| cut.process(process, TEXT);
        let parents = cut.list("process_chain", parents, PROCESSES - 1, parent);
        let mut report = FileAccessEvent {
            rule_version: cut.text("rule_version", rule_version, NAME),
            rule_name: cut.text("rule_name", rule_name, NAME),
            target: cut.text("target", target, PATH),
            decision: cut.word("decision", decision),
            access_time: *access_time,
            process_chain: actor.into_iter().chain(parents).collect(),
        };
        keep.apply_to_file_access(&mut report);
        Self { report, truncated: cut }
    }
}

#[cfg(test)]
mod tests;
