//! One host's sync, stage by stage, as `lab sync` does it, but without trying again.

use std::rc::Rc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use xxhash_rust::xxh3::xxh3_128;

use super::client::Client;
use super::events;
use super::host::{Host, Last};
use super::identity::Identity;
use super::letter::{LetterError, Text};
use super::pages::{Page, ReadError, Sheet};
use super::plan::For;
use super::shelf::{Download, Step, TableId};
use super::wire::{Wire, WireError};
use super::world::{State, World};
use crate::lab::SyncKind;
use crate::lab::client::request::Stage;
use crate::lab::client::{reading, writing};
use crate::protocol::{MessageError, PostflightResponse, PreflightResponse, read_answer};

/// After how many pages a download is taken for endless, as for one client.
const MOST_PAGES: usize = 100_000;

/// Why a sync ended early. What it was is counted where it happened.
struct Ended;

/// A host's sync.
struct Turn<'a> {
    world: &'a World,
    wire: &'a mut Wire,
    host: u32,
    number: u8,
    client: &'a Client,
    identity: Identity,
    by_chance: bool,
    /// Whether every request was answered so far, of those too that end no sync.
    whole: bool,
}

/// Lets a host sync, timed from a moment. Whether it wants to be cleaned and what it reports is
/// left to chance, or else it wants and reports nothing.
pub(super) async fn sync(
    world: &World,
    wire: &mut Wire,
    host: u32,
    begun: Instant,
    by_chance: bool,
) {
    let number = {
        let mut state = world.state();
        state.under_way += 1;
        let host = state.host(host);
        host.last = Last::Open;
        host.turns += 1;
        host.client
    };
    let (client, identity) = (world.clients.get(number), Identity::of(world.dice, host));
    let mut turn = Turn { world, wire, host, number, client, identity, by_chance, whole: true };
    let result = turn.run(begun).await;
    let whole = turn.whole;
    let mut state = world.state();
    state.under_way -= 1;
    state.measures.synced(begun.elapsed());
    let counts = &mut state.measures.counts;
    match result {
        Ok(SyncKind::Normal) if whole => counts.syncs += 1,
        Ok(SyncKind::Clean | SyncKind::CleanAll) if whole => {
            counts.syncs += 1;
            counts.clean_syncs += 1;
        }
        Ok(_) | Err(Ended) => counts.failed_syncs += 1,
    }
    state.host(host).last = match result {
        Ok(SyncKind::Normal) => Last::Done,
        Ok(SyncKind::Clean | SyncKind::CleanAll) => Last::Cleaned,
        Err(Ended) => Last::Failed,
    };
}

impl Turn<'_> {
    async fn run(&mut self, begun: Instant) -> Result<SyncKind, Ended> {
        let Host { table, turns, mode, wants, .. } = *self.world.state().host(self.host);
        let wants = self.wish(turns, wants);
        let introduction = Text::Preflight { table, mode, wants };
        let sheet = self.ask_by(Stage::Preflight, introduction, begun).await?;
        let answer = {
            let state = &mut *self.world.state();
            state.pages.preflight((self.number, self.client), &sheet)
        };
        let answer = self.read(Stage::Preflight, answer)?;
        let performed = wants.settle(self.client.version, &answer);
        self.report(turns, performed, &answer).await;
        let pages = self.download().await?;
        let (table, received, processed) = self.apply(performed, &pages);
        let outcome = Text::Postflight { table, performed, received, processed };
        self.finish(outcome).await;
        self.settle(performed, &answer);
        Ok(performed)
    }

    /// What the host wants of this sync: by chance, a clean one.
    fn wish(&self, turns: u32, wants: SyncKind) -> SyncKind {
        let share = self.world.clean;
        if self.by_chance && self.world.dice.share(For::Clean, self.host, turns) < share {
            self.world.state().host(self.host).wants = wants.max(SyncKind::Clean);
            return wants.max(SyncKind::Clean);
        }
        wants
    }

    /// Sends events, batch by batch, until one batch fails. A clean sync throws them away
    /// unsent; a failure is no reason to stop the sync.
    async fn report(&mut self, turn: u32, performed: SyncKind, answer: &PreflightResponse) {
        let world = self.world;
        if !self.by_chance {
            return;
        }
        let count = world.dice.about(world.events, For::Events, self.host, turn);
        if performed != SyncKind::Normal {
            world.state().measures.counts.events_discarded += u64::from(count);
            return;
        }
        if count == 0 {
            return;
        }
        let mode = world.state().host(self.host).mode.unwrap_or(self.client.profile.client_mode);
        let who = (&self.identity, mode);
        let events = events::made_up(world.dice, (self.host, turn), count, who, world.now());
        let profile = self.client.profile_of(&self.identity);
        let size = answer.batch_size.filter(|&size| size > 0).unwrap_or(world.batch);
        for batch in events.chunks(size as usize) {
            let message = writing::events(self.client.version, &profile, batch);
            let taken = self.upload(message).await;
            if taken.is_err() {
                self.whole = false;
                return;
            }
            world.state().measures.counts.events_sent += batch.len() as u64;
        }
    }

    async fn upload(&mut self, message: Result<Vec<u8>, MessageError>) -> Result<(), Ended> {
        let body = self.world.state().letters.pack(self.client, message);
        let body = self.written(Stage::EventUpload, body)?;
        let sheet = self.ask(Stage::EventUpload, body, Instant::now()).await?;
        let Client { version, format, .. } = *self.client;
        let read = sheet.message().map_err(ReadError::from);
        let read = read.and_then(|message| Ok(reading::uploaded(version, format, &message)?));
        self.read(Stage::EventUpload, read).map(drop)
    }

    /// Downloads pages of rules until there is no cursor.
    async fn download(&mut self) -> Result<Vec<Rc<Page>>, Ended> {
        let mut pages: Vec<Rc<Page>> = Vec::new();
        loop {
            let sheet = match pages.last().and_then(|page| page.cursor.clone()) {
                None => self.ask_by(Stage::RuleDownload, Text::FirstPage, Instant::now()).await?,
                Some(cursor) => {
                    let profile = self.client.profile_of(&self.identity);
                    let message = writing::page(self.client.version, &profile, Some(&cursor));
                    let body = self.world.state().letters.pack(self.client, message);
                    let body = self.written(Stage::RuleDownload, body)?;
                    self.ask(Stage::RuleDownload, body, Instant::now()).await?
                }
            };
            let page = {
                let state = &mut *self.world.state();
                state.pages.page((self.number, self.client), &sheet, &mut state.shelf)
            };
            let page = self.read(Stage::RuleDownload, page)?;
            let is_last = page.cursor.is_none();
            pages.push(page);
            if is_last {
                return Ok(pages);
            }
            if pages.len() == MOST_PAGES {
                let endless = format!("did not end after {MOST_PAGES} pages");
                return Err(self.failed(Stage::RuleDownload, endless));
            }
        }
    }

    /// Applies what was downloaded, and gives the host's new table with the numbers of rules
    /// that came and that were understood.
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
        let state = &mut *self.world.state();
        let from = state.host(self.host).table;
        let table = state.shelf.apply(from, performed, Download { name, pages: &steps });
        state.host(self.host).table = table;
        state.measures.counts.rules_received += u64::from(received);
        (table, received, processed)
    }

    /// Whatever the server makes of postflight, for the client the sync is over.
    async fn finish(&mut self, outcome: Text) {
        let finished = async {
            let sheet = self.ask_by(Stage::Postflight, outcome, Instant::now()).await?;
            // Dictionaries were not even looked at.
            if self.client.version.has_messages() {
                let read = sheet.message().map_err(ReadError::from).and_then(|message| {
                    Ok(read_answer::<PostflightResponse>(self.client.format, &message)?)
                });
                self.read(Stage::Postflight, read)?;
            }
            Ok::<(), Ended>(())
        };
        if finished.await.is_err() {
            self.whole = false;
        }
    }

    /// What of the settings a fleet knows, as `lab::Settings` has it: the mode.
    fn settle(&self, performed: SyncKind, answer: &PreflightResponse) {
        let mut state = self.world.state();
        let host = state.host(self.host);
        if performed != SyncKind::Normal {
            host.wants = SyncKind::Normal;
            if self.client.version.forgets_settings_when_clean() {
                host.mode = None;
            }
        }
        host.mode = answer.client_mode.or(host.mode);
    }

    async fn ask_by(&mut self, stage: Stage, text: Text, since: Instant) -> Result<Sheet, Ended> {
        let body = {
            let State { letters, shelf, .. } = &mut *self.world.state();
            letters.write((self.number, self.client), text, &self.identity, shelf)
        };
        let body = self.written(stage, body)?;
        self.ask(stage, body, since).await
    }

    async fn ask(&mut self, stage: Stage, body: Bytes, since: Instant) -> Result<Sheet, Ended> {
        let path = format!("{}/{}", stage.name(), self.identity.machine_id());
        let headers = self.client.headers(!body.is_empty());
        let answer = self.wire.post(&path, headers, body).await;
        let time: Duration = since.elapsed();
        let mut state = self.world.state();
        state.measures.answered(stage, time);
        state.measures.moved(self.wire.take_traffic());
        answer.map_err(|error: WireError| {
            state.measures.failed(stage, error.to_string());
            Ended
        })
    }

    fn written<T>(&self, stage: Stage, result: Result<T, LetterError>) -> Result<T, Ended> {
        result.map_err(|error| self.failed(stage, format!("cannot be written: {error}")))
    }

    fn read<T>(&self, stage: Stage, result: Result<T, ReadError>) -> Result<T, Ended> {
        result.map_err(|error| self.failed(stage, format!("answer cannot be read: {error}")))
    }

    fn failed(&self, stage: Stage, reason: String) -> Ended {
        self.world.state().measures.failed(stage, reason);
        Ended
    }
}
