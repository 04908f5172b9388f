//! One sync, stage by stage.

use super::database::Change;
use super::report::{EventReport, RuleReport, StageOutcome, SyncReport};
use super::request::Line;
use super::{Pace, RequestError, Santa, SyncKind, Transport};
use crate::protocol::{
    EventUploadRequest, EventUploadResponse, PostflightRequest, PostflightResponse,
    PreflightResponse, RuleDownloadRequest, RuleDownloadResponse,
};

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
    pub async fn sync(
        &mut self,
        transport: &dyn Transport,
        options: SyncOptions,
    ) -> Result<SyncReport, SyncError> {
        let profile = self.profile.clone();
        let line = Line { transport, profile: &profile, pace: options.pace };
        let wanted = self.required;
        let preflight: PreflightResponse =
            line.ask("preflight", &self.introduction()).await.map_err(SyncError::Preflight)?;
        let performed = wanted.settle(&preflight);

        let (event_upload, events) = self.upload_events(&line, performed, &preflight).await;
        let download = download_rules(&line, options.page_limit).await?;
        let rules = download.report;
        self.database.apply(performed, download.changes);

        let postflight = line
            .ask::<PostflightResponse>(
                "postflight",
                &PostflightRequest {
                    rules_received: rules.received,
                    rules_processed: rules.processed,
                    machine_id: profile.machine_id.clone(),
                    sync_type: Some(performed.word()),
                    rules_hash: String::new(),
                },
            )
            .await;
        // Whatever the server made of postflight, for the client the sync is over.
        self.settings.apply(performed, preflight);
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
            settings: self.settings.clone(),
            holds: self.database.rules().cloned().collect(),
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
            let request = EventUploadRequest {
                machine_id: line.profile.machine_id.clone(),
                events: self.events[..batch].to_vec(),
                ..EventUploadRequest::default()
            };
            let answer = line.ask::<EventUploadResponse>("eventupload", &request).await;
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

/// Downloads pages of rules until there is no cursor.
async fn download_rules(line: &Line<'_>, page_limit: usize) -> Result<Download, SyncError> {
    let mut changes = Vec::new();
    let mut report = RuleReport::default();
    let mut cursor = String::new();
    loop {
        if report.pages == page_limit {
            return Err(SyncError::EndlessRules { pages: page_limit });
        }
        let machine_id = line.profile.machine_id.clone();
        let page: RuleDownloadResponse<'_> = line
            .ask("ruledownload", &RuleDownloadRequest { machine_id, cursor })
            .await
            .map_err(SyncError::RuleDownload)?;
        report.pages += 1;
        report.received += page.rules.len() as u32;
        changes.extend(page.rules.into_iter().filter_map(Change::understand));
        match page.cursor {
            Some(next) => cursor = next,
            None => break,
        }
    }
    report.processed = changes.len() as u32;
    Ok(Download { changes, report })
}

#[cfg(test)]
mod tests;
