//! pedro, a client of this protocol for Linux: the current version, and the old version with the
//! library rednose.
//!
//! pedro sends each request only once, replaces all rules with the rules of a single page, reports
//! no rule counts, uploads no events, and rejects a whole response if it contains an unknown
//! policy, rule type or other enum value (rednose, `sync/json`).

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use super::database::RuleChange;
use super::report::{EventReport, RuleReport};
use super::request::{Stage, decoded};
use super::{
    Clock, Generation, HeldRule, Pace, Profile, RequestError, RuleState, Santa, StageOutcome,
    SyncError, SyncReport, Transport, TransportError,
};
use crate::protocol::{self, BodyError, ClientMode, ContentEncoding, MessageError, RuleType};

/// Maximum bytes of a response that pedro's HTTP library, ureq, reads. ureq 3.5 counts the bytes
/// after decompression. ureq up to 3.3 counts them before decompression, as `Rednose` does here.
const LONGEST_ANSWER: usize = 10 << 20;

/// The length of a field of the system's `utsname`, including the trailing NUL characters.
const UTSNAME_FIELD: usize = 65;

/// pedro parses all of these fields, but applies only `client_mode`.
#[derive(Deserialize)]
#[expect(dead_code, reason = "a field is parsed even if it is not applied")]
struct Preflight {
    client_mode: Option<Mode>,
    sync_type: Option<Kind>,
    batch_size: Option<i32>,
    full_sync_interval: Option<u32>,
    enable_bundles: Option<bool>,
    enable_transitive_rules: Option<bool>,
    allowed_path_regex: Option<String>,
    blocked_path_regex: Option<String>,
    block_usb_mount: Option<bool>,
    remount_usb_mode: Option<String>,
    override_file_access_action: Option<FileAccess>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Mode {
    Monitor,
    Lockdown,
}

#[derive(Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Kind {
    Normal,
    Clean,
    CleanAll,
}

#[derive(Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum FileAccess {
    Disable,
    AuditOnly,
    None,
}

#[derive(Deserialize)]
struct Page {
    cursor: Option<String>,
    rules: Option<Vec<Rule>>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "a field is parsed even if it is not applied")]
struct Rule {
    identifier: String,
    policy: Policy,
    rule_type: Type,
    custom_msg: Option<String>,
    custom_url: Option<String>,
    creation_time: Option<f64>,
    file_bundle_binary_count: Option<i32>,
    file_bundle_hash: Option<String>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Policy {
    Allowlist,
    AllowlistCompiler,
    Blocklist,
    SilentBlocklist,
    Remove,
}

#[derive(Clone, Copy, Deserialize)]
enum Type {
    #[serde(rename = "BINARY")]
    Binary,
    #[serde(rename = "CERTIFICATE")]
    Certificate,
    #[serde(rename = "SIGNINGID")]
    SigningId,
    #[serde(rename = "TEAMID")]
    TeamId,
    #[serde(rename = "CD_HASH")]
    CdHash,
}

impl From<Rule> for RuleChange {
    fn from(rule: Rule) -> Self {
        let rule_type = match rule.rule_type {
            Type::Binary => RuleType::Binary,
            Type::Certificate => RuleType::Certificate,
            Type::SigningId => RuleType::SigningId,
            Type::TeamId => RuleType::TeamId,
            Type::CdHash => RuleType::CdHash,
        };
        let state = match rule.policy {
            Policy::Allowlist => RuleState::Allowlist,
            Policy::AllowlistCompiler => RuleState::AllowlistCompiler,
            Policy::Blocklist => RuleState::Blocklist,
            Policy::SilentBlocklist => RuleState::SilentBlocklist,
            Policy::Remove => return Self::Remove(rule_type, rule.identifier),
        };
        Self::Put(HeldRule {
            rule_type,
            identifier: rule.identifier,
            state,
            cel_expr: String::new(),
            custom_msg: rule.custom_msg.unwrap_or_default(),
            custom_url: rule.custom_url.unwrap_or_default(),
            event_detail_button_label: String::new(),
        })
    }
}

struct RequestSender<'a> {
    transport: &'a dyn Transport,
    profile: &'a Profile,
    clock: &'a Clock,
    pace: Pace,
}

impl RequestSender<'_> {
    /// Sends a message without retries. Any status from 200 to 299 is a success.
    async fn post(
        &self,
        stage: Stage,
        message: &serde_json::Value,
    ) -> Result<Vec<u8>, RequestError> {
        let text = serde_json::to_vec(message).map_err(unwritable)?;
        let body = protocol::encode(ContentEncoding::Deflate, &text);
        let body = body.map_err(RequestError::Uncompressable)?;
        let headers = [
            ("Content-Encoding", "deflate"),
            ("Content-Type", "application/json"),
            ("Accept-Encoding", "gzip"),
        ];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let path = self.profile.path(stage.name());
        let timeout = self.pace.timeout;
        let answer = self.transport.post(&path, &headers, &body);
        let answer = self.clock.within(timeout, answer).await;
        let answer = answer.unwrap_or(Err(TransportError::TimedOut(timeout)));
        let unanswered = |source| RequestError::Unanswered { attempts: 1, source };
        let answer = answer.map_err(unanswered)?;
        if !(200..300).contains(&answer.status) {
            return Err(RequestError::Refused { status: answer.status, attempts: 1 });
        }
        let sent = answer.body.len();
        let body = decoded(answer).map_err(unanswered)?.body;
        let counted = match self.profile.generation {
            Generation::Rednose => sent,
            Generation::Pedro | Generation::Santa(_) => body.len(),
        };
        if counted > LONGEST_ANSWER {
            let error = BodyError::TooLarge { limit: LONGEST_ANSWER };
            return Err(unanswered(TransportError::Failed(error.into())));
        }
        Ok(body)
    }

    async fn ask<A: DeserializeOwned>(
        &self,
        stage: Stage,
        message: &serde_json::Value,
    ) -> Result<A, RequestError> {
        let answer = self.post(stage, message).await?;
        serde_json::from_slice(&answer).map_err(|error| RequestError::Unreadable(error.into()))
    }
}

fn unwritable(error: serde_json::Error) -> RequestError {
    RequestError::Unwritable(MessageError::Json(error))
}

impl Santa {
    /// Syncs like pedro, which applies all changes at the end of a sync, or no change if a request
    /// fails.
    pub(super) async fn sync_as_pedro(
        &mut self,
        clock: &Clock,
        transport: &dyn Transport,
        pace: Pace,
    ) -> Result<SyncReport, SyncError> {
        let sender = RequestSender { transport, profile: &self.profile, clock, pace };
        let preflight: Preflight = sender
            .ask(Stage::Preflight, &self.pedros_introduction())
            .await
            .map_err(SyncError::Preflight)?;
        let page: Page = sender
            .ask(Stage::RuleDownload, &json!({"cursor": self.cursor}))
            .await
            .map_err(SyncError::RuleDownload)?;
        let outcome = json!({
            "machine_id": self.profile.machine_id,
            "sync_type": "NORMAL",
            "rules_processed": 0,
            "rules_received": 0,
        });
        sender.post(Stage::Postflight, &outcome).await.map_err(SyncError::Postflight)?;

        match preflight.client_mode {
            Some(Mode::Monitor) => self.settings.client_mode = Some(ClientMode::Monitor),
            Some(Mode::Lockdown) => self.settings.client_mode = Some(ClientMode::Lockdown),
            None => {}
        }
        let changes: Vec<RuleChange> =
            page.rules.unwrap_or_default().into_iter().map(RuleChange::from).collect();
        let count = changes.len() as u32;
        self.database.replace_by(changes);
        self.cursor = page.cursor;
        Ok(SyncReport {
            preflight: StageOutcome::Done,
            rule_download: StageOutcome::Done,
            postflight: StageOutcome::Done,
            events: EventReport { kept: self.events.len(), ..EventReport::default() },
            rules: RuleReport { pages: 1, received: count, processed: count },
            settings: self.settings.clone(),
            ..SyncReport::default()
        })
    }

    fn pedros_introduction(&self) -> serde_json::Value {
        let profile = &self.profile;
        let filled = |text: &str| format!("{text:\0<UTSNAME_FIELD$}");
        let mode = match self.client_mode() {
            ClientMode::Monitor => "MONITOR",
            ClientMode::Lockdown | ClientMode::Standalone => "LOCKDOWN",
        };
        json!({
            "serial_num": profile.serial,
            "hostname": profile.hostname,
            "os_version": filled(&profile.os_version),
            "os_build": filled(&profile.os_build),
            "model_identifier": null,
            "santa_version": profile.santa_version,
            "primary_user": profile.primary_user,
            "binary_rule_count": null,
            "certificate_rule_count": null,
            "compiler_rule_count": null,
            "transitive_rule_count": null,
            "teamid_rule_count": null,
            "signingid_rule_count": null,
            "cdhash_rule_count": null,
            "client_mode": mode,
            "request_clean_sync": null,
        })
    }
}

#[cfg(test)]
mod tests;
