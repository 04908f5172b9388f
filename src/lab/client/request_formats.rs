//! The messages that each version of Santa sends.
//!
//! Versions from 2024.6 on send messages as defined in protobuf, without fields that the version
//! does not have. Earlier versions send dictionaries, which contain no machine ID. In dictionaries,
//! rule counts of zero are included, and times have fractions.

use serde_json::{Map, Value, json};

use super::generation::Version;
use super::{Profile, RuleCounts, SyncKind};
use crate::protocol::{
    self, ClientMode, Event, EventUploadRequest, Format, MessageError, PostflightRequest,
    PreflightRequest, RuleDownloadRequest,
};

/// Keys of 64-bit numbers. Versions 2024.6 and 2024.7 write these numbers as strings.
const LONG_COUNTS: [&str; 4] =
    ["rules_received", "rules_processed", "file_bundle_hash_millis", "file_bundle_binary_count"];

pub(crate) struct PreflightFields<'a> {
    pub(crate) profile: &'a Profile,
    pub(crate) mode: ClientMode,
    pub(crate) wants_cleaning: bool,
    pub(crate) counts: RuleCounts,
    pub(crate) rules_hash: Option<&'a str>,
}

impl PreflightFields<'_> {
    pub(crate) fn write(self, version: Version) -> Result<Vec<u8>, MessageError> {
        if !version.has_messages() {
            return Ok(serde_json::to_vec(&self.dictionary(version))?);
        }
        let Self { profile, mode, wants_cleaning, counts, rules_hash } = self;
        let Profile { serial, hostname, os_version, os_build, model, .. } = profile.clone();
        let groups = Some(&profile.groups).filter(|_| version.sends_signing_times());
        let message = PreflightRequest {
            serial_num: serial,
            hostname,
            os_version,
            os_build,
            model_identifier: model,
            santa_version: profile.santa_version.clone(),
            primary_user: profile.primary_user.clone(),
            primary_user_groups: groups.cloned().unwrap_or_default(),
            client_mode: Some(mode),
            request_clean_sync: wants_cleaning,
            binary_rule_count: counts.binary,
            certificate_rule_count: counts.certificate,
            compiler_rule_count: counts.compiler,
            transitive_rule_count: counts.transitive,
            teamid_rule_count: counts.teamid,
            signingid_rule_count: counts.signingid,
            cdhash_rule_count: counts.cdhash,
            machine_id: profile.machine_id.clone(),
            rules_hash: rules_hash.unwrap_or_default().to_owned(),
            ..PreflightRequest::default()
        };
        write(version, profile.format(version), &message)
    }

    fn dictionary(self, version: Version) -> Map<String, Value> {
        let Self { profile, mode, wants_cleaning, counts, .. } = self;
        let mut keys = Map::new();
        let mut set = |key: &str, value: Value| drop(keys.insert(key.to_owned(), value));
        set("serial_num", json!(profile.serial));
        set("hostname", json!(profile.hostname));
        set("os_version", json!(profile.os_version));
        set("os_build", json!(profile.os_build));
        set("santa_version", json!(profile.santa_version));
        if version.sends_model() {
            set("model_identifier", json!(profile.model));
        }
        if !profile.primary_user.is_empty() || !version.keeps_bundle_settings() {
            set("primary_user", json!(profile.primary_user));
        }
        set("client_mode", json!(mode));
        if wants_cleaning {
            set("request_clean_sync", json!(true));
        }
        set("binary_rule_count", json!(counts.binary));
        set("certificate_rule_count", json!(counts.certificate));
        set("compiler_rule_count", json!(counts.compiler));
        set("transitive_rule_count", json!(counts.transitive));
        if version.knows_type(protocol::RuleType::TeamId) {
            set("teamid_rule_count", json!(counts.teamid));
        }
        if version.knows_type(protocol::RuleType::SigningId) {
            set("signingid_rule_count", json!(counts.signingid));
        }
        if version.knows_type(protocol::RuleType::CdHash) {
            set("cdhash_rule_count", json!(counts.cdhash));
        }
        keys
    }
}

pub(crate) fn events(
    version: Version,
    profile: &Profile,
    batch: &[Event],
) -> Result<Vec<u8>, MessageError> {
    let events = batch.iter().map(|event| known(version, event.clone()));
    if version.has_messages() {
        let machine_id = profile.machine_id.clone();
        let events = events.collect();
        let message = EventUploadRequest { machine_id, events, ..EventUploadRequest::default() };
        return write(version, profile.format(version), &message);
    }
    let events: Result<Vec<_>, _> = events.map(|event| event_dictionary(&event)).collect();
    Ok(serde_json::to_vec(&json!({"events": events?}))?)
}

/// The event as the version sends it, without fields that the version does not have.
fn known(version: Version, mut event: Event) -> Event {
    if !version.knows_type(protocol::RuleType::TeamId) {
        event.team_id.clear();
    }
    if !version.knows_type(protocol::RuleType::SigningId) {
        event.signing_id.clear();
    }
    if !version.knows_type(protocol::RuleType::CdHash) {
        event.cdhash.clear();
    }
    if version.sends_entitlements() {
        event.entitlement_info.get_or_insert_default();
    } else {
        event.entitlement_info = None;
        event.cs_flags = 0;
        event.signing_status = Default::default();
    }
    if !version.sends_signing_times() {
        event.signing_time = 0;
        event.secure_signing_time = 0;
    }
    event.static_rule &= version.sends_static_rule();
    event
}

fn event_dictionary(event: &Event) -> Result<Value, MessageError> {
    let mut keys = serde_json::to_value(event)?;
    keys["pid"] = json!(event.pid);
    keys["ppid"] = json!(event.ppid);
    keys["decision"] = match event.decision.as_str() {
        "DECISION_UNKNOWN" => json!("UNKNOWN"),
        decision => json!(decision),
    };
    keys["execution_time"] = json!(event.execution_time);
    keys["quarantine_timestamp"] = json!(f64::from(event.quarantine_timestamp));
    for (at, certificate) in event.signing_chain.iter().enumerate() {
        let keys = &mut keys["signing_chain"][at];
        keys["valid_from"] = json!(f64::from(certificate.valid_from));
        keys["valid_until"] = json!(f64::from(certificate.valid_until));
    }
    Ok(keys)
}

pub(crate) fn page(
    version: Version,
    profile: &Profile,
    cursor: Option<&str>,
) -> Result<Vec<u8>, MessageError> {
    if version.has_messages() {
        let machine_id = profile.machine_id.clone();
        let cursor = cursor.unwrap_or_default().to_owned();
        return write(
            version,
            profile.format(version),
            &RuleDownloadRequest { machine_id, cursor },
        );
    }
    let keys = cursor.map_or_else(|| json!({}), |cursor| json!({"cursor": cursor}));
    Ok(serde_json::to_vec(&keys)?)
}

pub(crate) struct PostflightFields {
    pub(crate) performed: SyncKind,
    pub(crate) received: u32,
    pub(crate) processed: u32,
    pub(crate) rules_hash: Option<String>,
}

impl PostflightFields {
    pub(crate) fn write(
        self,
        version: Version,
        profile: &Profile,
    ) -> Result<Vec<u8>, MessageError> {
        let Self { performed, received, processed, rules_hash } = self;
        if !version.counts_in_postflight() {
            return Ok(Vec::new());
        }
        if !version.has_messages() {
            let keys = json!({"rules_received": received, "rules_processed": processed});
            return Ok(serde_json::to_vec(&keys)?);
        }
        let message = PostflightRequest {
            rules_received: received,
            rules_processed: processed,
            machine_id: profile.machine_id.clone(),
            sync_type: version.sends_sync_type().then(|| performed.sync_type()),
            rules_hash: rules_hash.unwrap_or_default(),
        };
        write(version, profile.format(version), &message)
    }
}

fn write<M: protocol::Message>(
    version: Version,
    format: Format,
    message: &M,
) -> Result<Vec<u8>, MessageError> {
    if format == Format::Protobuf || !version.mislabels() {
        return protocol::write(format, message);
    }
    let mut value = serde_json::to_value(message)?;
    with_long_counts(&mut value);
    if version.writes_field_names()
        && let Some(keys) = value.as_object_mut()
        && let Some(serial) = keys.remove("serial_num")
    {
        keys.insert("serial_number".to_owned(), serial);
    }
    Ok(serde_json::to_vec(&value)?)
}

fn with_long_counts(value: &mut Value) {
    match value {
        Value::Object(keys) => {
            for (key, value) in keys {
                match value {
                    Value::Number(number) if LONG_COUNTS.contains(&key.as_str()) => {
                        *value = Value::String(number.to_string());
                    }
                    _ => with_long_counts(value),
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(with_long_counts),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests;
