//! The sync of one host, stage by stage, like `lab sync` but without retries.

use std::rc::Rc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use xxhash_rust::xxh3::xxh3_128;

use super::client::Client;
use super::connection::{Connection, ConnectionError};
use super::events;
use super::host::{Host, LastSync};
use super::identity::Identity;
use super::messages::{MessageContent, WriteError};
use super::plan::Draw;
use super::responses::{Page, RawResponse, ResponseError};
use super::rule_tables::{Download, Step, TableId};
use super::shared::{Shared, State};
use crate::lab::SyncKind;
use crate::lab::client::request::Stage;
use crate::lab::client::{request_formats, response_formats};
use crate::protocol::{MessageError, PostflightResponse, PreflightResponse, read_answer};

/// Pages after which a download counts as endless, as for a single client.
const MOST_PAGES: usize = 100_000;

/// The sync stopped. The reason was already counted.
struct SyncStopped;

struct HostSync<'a> {
    shared: &'a Shared,
    connection: &'a mut Connection,
    host: u32,
    number: u8,
    client: &'a Client,
    identity: Identity,
    by_chance: bool,
    /// Becomes false if a request fails without stopping the sync.
    whole: bool,
}

/// Runs the sync of a host, timed from `begun`. With `by_chance`, the host reports events, and may
/// request a clean sync that it does not need.
pub(super) async fn sync(
    shared: &Shared,
    connection: &mut Connection,
    host: u32,
    begun: Instant,
    by_chance: bool,
) {
    let number = {
        let mut state = shared.state();
        state.in_progress += 1;
        let host = state.host(host);
        host.last = LastSync::Open;
        host.turns += 1;
        host.client
    };
    let (client, identity) = (shared.clients.get(number), Identity::of(shared.random, host));
    let mut turn =
        HostSync { shared, connection, host, number, client, identity, by_chance, whole: true };
    let result = turn.run(begun).await;
    let whole = turn.whole;
    let mut state = shared.state();
    state.in_progress -= 1;
    state.measures.synced(begun.elapsed());
    let counts = &mut state.measures.counts;
    match result {
        Ok(SyncKind::Normal) if whole => counts.syncs += 1,
        Ok(SyncKind::Clean | SyncKind::CleanAll) if whole => {
            counts.syncs += 1;
            counts.clean_syncs += 1;
        }
        Ok(_) | Err(SyncStopped) => counts.failed_syncs += 1,
    }
    state.host(host).last = match result {
        Ok(SyncKind::Normal) => LastSync::Done,
        Ok(SyncKind::Clean | SyncKind::CleanAll) => LastSync::Cleaned,
        Err(SyncStopped) => LastSync::Failed,
    };
}

impl HostSync<'_> {
    async fn run(&mut self, begun: Instant) -> Result<SyncKind, SyncStopped> {
        let Host { table, turns, mode, wants, .. } = *self.shared.state().host(self.host);
        let wants = self.wish(turns, wants);
        let preflight_fields = MessageContent::Preflight { table, mode, wants };
        let response = self.ask_by(Stage::Preflight, preflight_fields, begun).await?;
        let answer = {
            let state = &mut *self.shared.state();
            state.pages.preflight((self.number, self.client), &response)
        };
        let answer = self.read(Stage::Preflight, answer)?;
        let performed = wants.performed(self.client.version, &answer);
        self.report(turns, performed, &answer).await;
        let pages = self.download().await?;
        let (table, received, processed) = self.apply(performed, &pages);
        let outcome = MessageContent::Postflight { table, performed, received, processed };
        self.finish(outcome).await;
        self.performed(performed, &answer);
        Ok(performed)
    }

    /// The kind of sync to request: usually `wants`. In a random share of syncs, the host requests
    /// a clean sync even if `wants` is `Normal`. It then repeats this request in every sync until a
    /// clean sync completes.
    fn wish(&self, turns: u32, wants: SyncKind) -> SyncKind {
        let share = self.shared.options.clean;
        if self.by_chance && self.shared.random.share(Draw::Clean, self.host, turns) < share {
            self.shared.state().host(self.host).wants = wants.max(SyncKind::Clean);
            return wants.max(SyncKind::Clean);
        }
        wants
    }

    /// Sends events in batches. A failed batch ends the upload, but not the sync. A clean sync
    /// discards the events instead.
    async fn report(&mut self, turn: u32, performed: SyncKind, answer: &PreflightResponse) {
        let shared = self.shared;
        if !self.by_chance {
            return;
        }
        let count = shared.random.about(shared.options.events, Draw::Events, self.host, turn);
        if performed != SyncKind::Normal {
            shared.state().measures.counts.events_discarded += u64::from(count);
            return;
        }
        if count == 0 {
            return;
        }
        let mode = shared.state().host(self.host).mode.unwrap_or(self.client.profile.client_mode);
        let who = (&self.identity, mode);
        let events = events::made_up(shared.random, (self.host, turn), count, who, shared.now());
        let profile = self.client.profile_of(&self.identity);
        let size = answer.batch_size.filter(|&size| size > 0).unwrap_or(shared.options.batch);
        for batch in events.chunks(size as usize) {
            let message = request_formats::events(self.client.version, &profile, batch);
            let taken = self.upload(message).await;
            if taken.is_err() {
                self.whole = false;
                return;
            }
            shared.state().measures.counts.events_sent += batch.len() as u64;
        }
    }

    async fn upload(&mut self, message: Result<Vec<u8>, MessageError>) -> Result<(), SyncStopped> {
        let body = self.shared.state().messages.pack(self.client, message);
        let body = self.written(Stage::EventUpload, body)?;
        let response = self.ask(Stage::EventUpload, body, Instant::now()).await?;
        let Client { version, format, .. } = *self.client;
        let read = response.message().map_err(ResponseError::from);
        let read =
            read.and_then(|message| Ok(response_formats::uploaded(version, format, &message)?));
        self.read(Stage::EventUpload, read).map(drop)
    }

    async fn download(&mut self) -> Result<Vec<Rc<Page>>, SyncStopped> {
        let mut pages: Vec<Rc<Page>> = Vec::new();
        loop {
            let response = match pages.last().and_then(|page| page.cursor.clone()) {
                None => {
                    self.ask_by(Stage::RuleDownload, MessageContent::FirstPage, Instant::now())
                        .await?
                }
                Some(cursor) => {
                    let profile = self.client.profile_of(&self.identity);
                    let message =
                        request_formats::page(self.client.version, &profile, Some(&cursor));
                    let body = self.shared.state().messages.pack(self.client, message);
                    let body = self.written(Stage::RuleDownload, body)?;
                    self.ask(Stage::RuleDownload, body, Instant::now()).await?
                }
            };
            let page = {
                let state = &mut *self.shared.state();
                state.pages.page((self.number, self.client), &response, &mut state.tables)
            };
            let page = self.read(Stage::RuleDownload, page)?;
            let is_last = page.cursor.is_none();
            pages.push(page);
            if is_last {
                return Ok(pages);
            }
            if pages.len() == MOST_PAGES {
                let endless = format!("download did not end after {MOST_PAGES} pages");
                return Err(self.failed(Stage::RuleDownload, endless));
            }
        }
    }

    /// Applies the downloaded pages. Returns the host's new table, and the numbers of received and
    /// processed rules.
    fn apply(&self, performed: SyncKind, pages: &[Rc<Page>]) -> (TableId, u32, u32) {
        let received = pages.iter().map(|page| page.received).sum();
        let processed = pages.iter().map(|page| page.steps.len() as u32).sum();
        let name = match pages {
            [page] => page.name,
            _ => {
                let names: Vec<u8> =
                    pages.iter().flat_map(|page| page.name.to_le_bytes()).collect();
                xxh3_128(&names)
            }
        };
        let steps: Vec<&[Step]> = pages.iter().map(|page| &*page.steps).collect();
        let state = &mut *self.shared.state();
        let from = state.host(self.host).table;
        let table = state.tables.apply(from, performed, Download { name, pages: &steps });
        state.host(self.host).table = table;
        state.measures.counts.rules_received += u64::from(received);
        (table, received, processed)
    }

    /// Sends postflight. The sync is complete for the client even if postflight fails.
    async fn finish(&mut self, outcome: MessageContent) {
        let finished = async {
            let response = self.ask_by(Stage::Postflight, outcome, Instant::now()).await?;
            // Clients before 2024.6 do not read this response.
            if self.client.version.has_messages() {
                let read = response.message().map_err(ResponseError::from).and_then(|message| {
                    Ok(read_answer::<PostflightResponse>(self.client.format, &message)?)
                });
                self.read(Stage::Postflight, read)?;
            }
            Ok::<(), SyncStopped>(())
        };
        if finished.await.is_err() {
            self.whole = false;
        }
    }

    /// After a clean sync, the host requests normal syncs again. The mode is stored as in
    /// `lab::Settings`.
    fn performed(&self, performed: SyncKind, answer: &PreflightResponse) {
        let mut state = self.shared.state();
        let host = state.host(self.host);
        if performed != SyncKind::Normal {
            host.wants = SyncKind::Normal;
            if self.client.version.forgets_settings_when_clean() {
                host.mode = None;
            }
        }
        host.mode = answer.client_mode.or(host.mode);
    }

    async fn ask_by(
        &mut self,
        stage: Stage,
        text: MessageContent,
        since: Instant,
    ) -> Result<RawResponse, SyncStopped> {
        let body = {
            let State { messages, tables, .. } = &mut *self.shared.state();
            messages.write((self.number, self.client), text, &self.identity, tables)
        };
        let body = self.written(stage, body)?;
        self.ask(stage, body, since).await
    }

    async fn ask(
        &mut self,
        stage: Stage,
        body: Bytes,
        since: Instant,
    ) -> Result<RawResponse, SyncStopped> {
        let path = format!("{}/{}", stage.name(), self.identity.machine_id());
        let headers = self.client.headers(!body.is_empty());
        let answer = self.connection.post(&path, headers, body).await;
        let time: Duration = since.elapsed();
        let mut state = self.shared.state();
        state.measures.answered(stage, time);
        state.measures.moved(self.connection.take_traffic());
        answer.map_err(|error: ConnectionError| {
            state.measures.failed(stage, error.to_string());
            SyncStopped
        })
    }

    fn written<T>(&self, stage: Stage, result: Result<T, WriteError>) -> Result<T, SyncStopped> {
        result.map_err(|error| self.failed(stage, format!("cannot encode the request: {error}")))
    }

    fn read<T>(&self, stage: Stage, result: Result<T, ResponseError>) -> Result<T, SyncStopped> {
        result.map_err(|error| self.failed(stage, format!("cannot read the response: {error}")))
    }

    fn failed(&self, stage: Stage, reason: String) -> SyncStopped {
        self.shared.state().measures.failed(stage, reason);
        SyncStopped
    }
}
