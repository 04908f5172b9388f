//! One sync, stage by stage.

use super::database::RuleChange;
use super::generation::Version;
use super::report::{EventReport, RuleReport, StageOutcome, SyncReport};
use super::request::{RequestSender, Stage};
use super::request_formats::{self, PostflightFields};
use super::{Clock, Generation, Pace, RequestError, Santa, SyncKind, Transport, response_formats};
use crate::protocol::{Format, MessageError, PostflightResponse, PreflightResponse, read_answer};

/// Maximum events per request, unless the server sets `batch_size`.
const DEFAULT_BATCH_SIZE: u32 = 50;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SyncOptions {
    pub pace: Pace,
    /// Pages after which a download counts as endless. Real clients have no limit.
    pub page_limit: usize,
}

impl Default for SyncOptions {
    fn default() -> Self {
        Self { pace: Pace::REAL, page_limit: 100_000 }
    }
}

/// Why a sync stopped.
///
/// When a Santa sync stops, a required clean sync is still required, and events that were sent or
/// discarded stay deleted. No setting from preflight is applied, except the settings for bundles
/// and transitive rules, which versions before 2023 apply directly after preflight.
#[derive(Debug, thiserror::Error)]
pub enum SyncError {
    #[error("preflight failed")]
    Preflight(#[source] RequestError),
    #[error("rule download failed")]
    RuleDownload(#[source] RequestError),
    #[error("rule download stopped after {pages} pages, because the pages do not end")]
    EndlessRules { pages: usize },
    /// Postflight failed. This error stops only syncs of pedro.
    #[error("postflight failed")]
    Postflight(#[source] RequestError),
    /// The client cannot download rules without a complete sync.
    #[error("{0} does not support rules-only syncs")]
    NoRuleSync(Generation),
}

struct Download {
    changes: Vec<RuleChange>,
    report: RuleReport,
}

impl Santa {
    /// Runs one sync. Save the client even after an error, because a failed sync may have changed
    /// it.
    ///
    /// # Errors
    /// When preflight or the rule download fails. For pedro, also when postflight fails.
    pub async fn sync(
        &mut self,
        transport: &dyn Transport,
        options: SyncOptions,
    ) -> Result<SyncReport, SyncError> {
        self.sync_by(&Clock::machine(), transport, options).await
    }

    /// Downloads only rules, as a client does after a push notification.
    ///
    /// # Errors
    /// When the download fails, or the client does not support a download of rules alone.
    pub async fn sync_rules(
        &mut self,
        transport: &dyn Transport,
        options: SyncOptions,
    ) -> Result<SyncReport, SyncError> {
        self.sync_rules_by(&Clock::machine(), transport, options).await
    }

    pub(super) async fn sync_by(
        &mut self,
        clock: &Clock,
        transport: &dyn Transport,
        options: SyncOptions,
    ) -> Result<SyncReport, SyncError> {
        let SyncOptions { pace, page_limit } = options;
        match self.profile.generation {
            Generation::Pedro | Generation::Rednose => {
                self.sync_as_pedro(clock, transport, pace).await
            }
            Generation::Santa(version) => {
                let (profile, token) = (self.profile.clone(), self.token.clone());
                let (profile, token) = (&profile, &token);
                let sender = RequestSender { transport, profile, version, token, clock, pace };
                self.sync_as_santa(&sender, page_limit).await
            }
        }
    }

    pub(super) async fn sync_rules_by(
        &mut self,
        clock: &Clock,
        transport: &dyn Transport,
        options: SyncOptions,
    ) -> Result<SyncReport, SyncError> {
        let SyncOptions { pace, page_limit } = options;
        let Generation::Santa(version) = self.profile.generation else {
            return Err(SyncError::NoRuleSync(self.profile.generation));
        };
        let (profile, token) = (&self.profile, &self.token);
        let sender = RequestSender { transport, profile, version, token, clock, pace };
        let Download { changes, report } = download_rules(&sender, page_limit).await?;
        self.database.apply(SyncKind::Normal, changes);
        Ok(SyncReport {
            rule_download: StageOutcome::Done,
            events: EventReport { kept: self.events.len(), ..EventReport::default() },
            rules: report,
            settings: self.settings.clone(),
            ..SyncReport::default()
        })
    }

    async fn sync_as_santa(
        &mut self,
        sender: &RequestSender<'_>,
        page_limit: usize,
    ) -> Result<SyncReport, SyncError> {
        let RequestSender { version, profile, .. } = *sender;
        let wanted = self.required;
        let mut rules_hash = version.sends_rules_hash().then(|| self.database.rules_hash());
        let preflight_fields = self.preflight_fields(rules_hash.as_deref()).write(version);
        let preflight =
            sender.exchange(Stage::Preflight, preflight_fields, response_formats::preflight).await;
        let preflight = preflight.map_err(SyncError::Preflight)?;
        self.settings.apply_at_once(version, &preflight);
        let performed = wanted.performed(version, &preflight);

        let (event_upload, events) = self.upload_events(sender, performed, &preflight).await;
        let Download { changes, report: rules } = download_rules(sender, page_limit).await?;
        let changed = !changes.is_empty();
        self.database.apply(performed, changes);
        rules_hash = rules_hash.map(|hash| if changed { self.database.rules_hash() } else { hash });

        let RuleReport { received, processed, .. } = rules;
        let outcome =
            PostflightFields { performed, received, processed, rules_hash: rules_hash.clone() };
        let outcome = outcome.write(version, profile);
        let postflight = sender.exchange(Stage::Postflight, outcome, finished).await;
        // The sync is complete for the client, even if postflight failed.
        self.settings.apply(version, performed, preflight);
        if performed != SyncKind::Normal {
            self.required = SyncKind::Normal;
        }
        Ok(SyncReport {
            wanted,
            performed,
            preflight: StageOutcome::Done,
            event_upload,
            rule_download: StageOutcome::Done,
            postflight: StageOutcome::of(&postflight),
            events,
            rules,
            reported_rules_hash: rules_hash,
            settings: self.settings.clone(),
        })
    }

    /// Sends the pending events in batches. A failed batch ends the upload, but not the sync. A
    /// clean sync discards the events instead.
    async fn upload_events(
        &mut self,
        sender: &RequestSender<'_>,
        performed: SyncKind,
        preflight: &PreflightResponse,
    ) -> (StageOutcome, EventReport) {
        let mut report = EventReport::default();
        if performed != SyncKind::Normal {
            report.discarded = self.events.len();
            self.events.clear();
        }
        let batch_size = preflight.batch_size.filter(|&size| size > 0);
        let batch_size = batch_size.unwrap_or(DEFAULT_BATCH_SIZE) as usize;
        let mut outcome = StageOutcome::Skipped;
        while !self.events.is_empty() {
            let batch = batch_size.min(self.events.len());
            let body =
                request_formats::events(sender.version, sender.profile, &self.events[..batch]);
            let answer =
                sender.exchange(Stage::EventUpload, body, response_formats::uploaded).await;
            outcome = StageOutcome::of(&answer);
            let Ok(answer) = answer else { break };
            self.events.drain(..batch);
            report.sent += batch;
            report.wanted_bundles.extend(answer.event_upload_bundle_binaries);
        }
        report.kept = self.events.len();
        (outcome, report)
    }
}

impl RequestSender<'_> {
    pub(super) async fn exchange<A>(
        &self,
        stage: Stage,
        message: Result<Vec<u8>, MessageError>,
        read: impl FnOnce(Version, Format, &[u8]) -> Result<A, MessageError>,
    ) -> Result<A, RequestError> {
        let message = message.map_err(RequestError::Unwritable)?;
        let answer = self.ask(stage, &message).await?;
        let format = self.profile.format(self.version);
        read(self.version, format, &answer).map_err(RequestError::Unreadable)
    }
}

/// Clients before 2024.6 do not read the response to postflight.
fn finished(version: Version, format: Format, body: &[u8]) -> Result<(), MessageError> {
    if version.has_messages() {
        read_answer::<PostflightResponse>(format, body)?;
    }
    Ok(())
}

async fn download_rules(
    sender: &RequestSender<'_>,
    page_limit: usize,
) -> Result<Download, SyncError> {
    let mut changes = Vec::new();
    let mut report = RuleReport::default();
    let mut cursor = None;
    loop {
        if report.pages == page_limit {
            return Err(SyncError::EndlessRules { pages: page_limit });
        }
        let body = request_formats::page(sender.version, sender.profile, cursor.as_deref());
        let page = sender.exchange(Stage::RuleDownload, body, response_formats::page).await;
        let page = page.map_err(SyncError::RuleDownload)?;
        report.pages += 1;
        report.received += page.rules.len() as u32;
        let rules = page.rules.into_iter();
        changes.extend(rules.filter_map(|rule| RuleChange::read(sender.version, rule)));
        cursor = page.cursor;
        if cursor.is_none() {
            break;
        }
    }
    report.processed = changes.len() as u32;
    Ok(Download { changes, report })
}

#[cfg(test)]
mod tests;
