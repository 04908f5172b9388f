//! One sync, stage by stage.

use super::database::Change;
use super::generation::Version;
use super::report::{EventReport, RuleReport, StageOutcome, SyncReport};
use super::request::{Line, Stage};
use super::writing::{self, Outcome};
use super::{Clock, Generation, Pace, RequestError, Santa, SyncKind, Transport, reading};
use crate::protocol::{Format, MessageError, PostflightResponse, PreflightResponse, read_answer};

/// How many events go into a request where the server doesn't say.
const DEFAULT_BATCH_SIZE: u32 = 50;

/// How a sync is to be run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SyncOptions {
    /// How patient the client is.
    pub pace: Pace,
    /// After how many pages a download is taken for endless. (A real client would go on.)
    pub page_limit: usize,
}

impl Default for SyncOptions {
    fn default() -> Self {
        Self { pace: Pace::REAL, page_limit: 100_000 }
    }
}

/// Why a sync came to no end.
///
/// Nothing that preflight brought is applied then, and a wish to be cleaned remains; but
/// events that were sent or thrown away are gone.
#[derive(Debug, thiserror::Error)]
pub enum SyncError {
    /// Preflight failed.
    #[error("preflight failed")]
    Preflight(#[source] RequestError),
    /// A page of rules did not come.
    #[error("rule download failed")]
    RuleDownload(#[source] RequestError),
    /// Pages of rules did not stop coming.
    #[error("rule download does not end: gave up after {pages} pages")]
    EndlessRules {
        /// How many pages came.
        pages: usize,
    },
    /// Postflight failed, which only pedro minds.
    #[error("postflight failed")]
    Postflight(#[source] RequestError),
    /// The client has no sync of rules alone.
    #[error("{0} does not sync rules alone")]
    NoRuleSync(Generation),
}

/// What was downloaded.
struct Download {
    changes: Vec<Change>,
    report: RuleReport,
}

impl Santa {
    /// Syncs with a server once.
    ///
    /// Changes the client even where it fails, so save it in either case.
    ///
    /// # Errors
    /// When a stage failed that ends a sync.
    pub async fn sync(
        &mut self,
        transport: &dyn Transport,
        options: SyncOptions,
    ) -> Result<SyncReport, SyncError> {
        self.sync_by(&Clock::machine(), transport, options).await
    }

    /// Downloads rules and does nothing else, as a push makes a client do.
    ///
    /// # Errors
    /// When the download failed, or the client knows no such sync.
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
                let line = Line { transport, profile, version, token, clock, pace };
                self.sync_as_santa(&line, page_limit).await
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
        let line = Line { transport, profile, version, token, clock, pace };
        let Download { changes, report } = download_rules(&line, page_limit).await?;
        self.database.apply(SyncKind::Normal, changes);
        Ok(SyncReport {
            wanted: SyncKind::Normal,
            performed: SyncKind::Normal,
            preflight: StageOutcome::Skipped,
            event_upload: StageOutcome::Skipped,
            rule_download: StageOutcome::Done,
            postflight: StageOutcome::Skipped,
            events: EventReport { kept: self.events.len(), ..EventReport::default() },
            rules: report,
            reported_rules_hash: None,
            settings: self.settings.clone(),
        })
    }

    async fn sync_as_santa(
        &mut self,
        line: &Line<'_>,
        page_limit: usize,
    ) -> Result<SyncReport, SyncError> {
        let Line { version, profile, .. } = *line;
        let wanted = self.required;
        let mut rules_hash = version.sends_rules_hash().then(|| self.database.rules_hash());
        let introduction = self.introduction(rules_hash.as_deref()).write(version);
        let preflight = line.exchange(Stage::Preflight, introduction, reading::preflight).await;
        let preflight = preflight.map_err(SyncError::Preflight)?;
        self.settings.apply_at_once(version, &preflight);
        let performed = wanted.settle(version, &preflight);

        let (event_upload, events) = self.upload_events(line, performed, &preflight).await;
        let Download { changes, report: rules } = download_rules(line, page_limit).await?;
        let changed = !changes.is_empty();
        self.database.apply(performed, changes);
        rules_hash = rules_hash.map(|hash| if changed { self.database.rules_hash() } else { hash });

        let RuleReport { received, processed, .. } = rules;
        let outcome = Outcome { performed, received, processed, rules_hash: rules_hash.clone() };
        let outcome = outcome.write(version, profile);
        let postflight = line.exchange(Stage::Postflight, outcome, finished).await;
        // Whatever the server made of postflight, for the client the sync is over.
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

    /// Sends the pending events, batch by batch, until one batch fails.
    ///
    /// A clean sync throws them away unsent. A failure is no reason to stop the sync.
    async fn upload_events(
        &mut self,
        line: &Line<'_>,
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
            let body = writing::events(line.version, line.profile, &self.events[..batch]);
            let answer = line.exchange(Stage::EventUpload, body, reading::uploaded).await;
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

impl Line<'_> {
    /// Sends a message to a stage and reads the answer.
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

/// Postflight's answer. Dictionaries were not even looked at.
fn finished(version: Version, format: Format, body: &[u8]) -> Result<(), MessageError> {
    if version.has_messages() {
        read_answer::<PostflightResponse>(format, body)?;
    }
    Ok(())
}

/// Downloads pages of rules until there is no cursor.
async fn download_rules(line: &Line<'_>, page_limit: usize) -> Result<Download, SyncError> {
    let mut changes = Vec::new();
    let mut report = RuleReport::default();
    let mut cursor = None;
    loop {
        if report.pages == page_limit {
            return Err(SyncError::EndlessRules { pages: page_limit });
        }
        let body = writing::page(line.version, line.profile, cursor.as_deref());
        let page = line.exchange(Stage::RuleDownload, body, reading::page).await;
        let page = page.map_err(SyncError::RuleDownload)?;
        report.pages += 1;
        report.received += page.rules.len() as u32;
        let rules = page.rules.into_iter();
        changes.extend(rules.filter_map(|rule| Change::understand(line.version, rule)));
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
