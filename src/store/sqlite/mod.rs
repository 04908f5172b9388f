//! The SQLite adapter: one file, one writing thread, a few readers.
//!
//! Every change is one transaction in the write-ahead log, synced before it is answered. So a
//! process that is killed at any moment leaves all of a change or none of it.

mod change;
mod connection;
mod events;
mod hosts;
mod in_time;
mod readers;
mod rows;
mod rules;
mod tokens;
mod writer;

use std::path::Path;

use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::Connection;

use self::readers::Readers;
use self::writer::Writer;
use super::{
    Change, Committed, EventFilter, HostFilter, Installation, LedgerRow, PolicySnapshot,
    RuleFilter, RuleKey, RuleRecord, ScopeId, Store, StoreError, StoreResult, StoredEvent,
    StoredHost, TokenRecord,
};
use crate::fleet::{Event, EventId, EventStat, Host, ScopeSetId};
use crate::rule::{MachineId, Revision};

/// Connections that read at once.
const READERS: usize = 4;

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error.to_string())
    }
}

/// A database in a file.
pub(super) struct Sqlite {
    readers: Readers,
    writer: Writer,
}

impl Sqlite {
    /// Opens the file, makes it if it is not there, and brings it up to this program's schema.
    pub(super) fn open(path: &str) -> StoreResult<Self> {
        let path = Path::new(path);
        let writing = connection::open_for_writing(path)?;
        let reading: StoreResult<Vec<Connection>> =
            (0..READERS).map(|_| connection::open_for_reading(path)).collect();
        Ok(Self { readers: Readers::new(reading?), writer: Writer::start(writing)? })
    }

    async fn read<T: Send + 'static>(
        &self,
        query: impl FnOnce(&Connection) -> StoreResult<T> + Send + 'static,
    ) -> StoreResult<T> {
        self.readers.read(query).await
    }
}

#[async_trait]
impl Store for Sqlite {
    async fn install(&self, installation: Installation) -> StoreResult<([u8; 32], bool)> {
        self.writer.grouped(move |db| tokens::install(db, &installation)).await
    }

    async fn commit(&self, change: Change) -> StoreResult<Committed> {
        self.writer.alone(move |db| change::commit(db, &change)).await
    }

    async fn expire(&self, now: Timestamp) -> StoreResult<Option<Revision>> {
        if self.read(move |db| rules::any_due(db, now)).await? {
            self.writer.grouped(move |db| rules::expire(db, now)).await
        } else {
            Ok(None)
        }
    }

    async fn head(&self) -> StoreResult<Revision> {
        self.read(in_time::head).await
    }

    async fn snapshot(&self) -> StoreResult<PolicySnapshot> {
        self.read(in_time::snapshot).await
    }

    async fn ledger(
        &self,
        since: Revision,
        above: i64,
        limit: usize,
    ) -> StoreResult<Vec<LedgerRow>> {
        self.read(move |db| rules::ledger(db, since, above, limit)).await
    }

    async fn rules(
        &self,
        filter: &RuleFilter,
        after: Option<&RuleKey>,
        limit: usize,
    ) -> StoreResult<Vec<RuleRecord>> {
        let (filter, after) = (filter.clone(), after.cloned());
        self.read(move |db| rules::list(db, &filter, after.as_ref(), limit)).await
    }

    async fn host(&self, machine: &MachineId) -> StoreResult<Option<StoredHost>> {
        let machine = machine.clone();
        self.read(move |db| hosts::get(db, &machine)).await
    }

    async fn hosts(
        &self,
        filter: &HostFilter,
        after: Option<&MachineId>,
        limit: usize,
    ) -> StoreResult<Vec<Host>> {
        let (filter, after) = (filter.clone(), after.cloned());
        self.read(move |db| hosts::list(db, &filter, after.as_ref(), limit)).await
    }

    async fn save_host(&self, host: &Host, version: u64) -> StoreResult<bool> {
        let host = host.clone();
        self.writer.grouped(move |db| hosts::save(db, &host, version)).await
    }

    async fn forget_host(&self, machine: &MachineId) -> StoreResult<bool> {
        let machine = machine.clone();
        self.writer.grouped(move |db| hosts::forget(db, &machine)).await
    }

    async fn intern_scope_set(&self, members: &[ScopeId]) -> StoreResult<ScopeSetId> {
        let members = members.to_vec();
        self.writer.grouped(move |db| hosts::intern_scope_set(db, &members)).await
    }

    async fn scope_set(&self, id: ScopeSetId) -> StoreResult<Option<Vec<ScopeId>>> {
        self.read(move |db| hosts::scope_set(db, id)).await
    }

    async fn add_events(&self, events: &[Event], received: Timestamp) -> StoreResult<usize> {
        let events = events.to_vec();
        self.writer.grouped(move |db| events::add(db, &events, received)).await
    }

    async fn events(
        &self,
        filter: &EventFilter,
        before: Option<EventId>,
        limit: usize,
    ) -> StoreResult<Vec<StoredEvent>> {
        let filter = filter.clone();
        self.read(move |db| events::newest(db, &filter, before, limit)).await
    }

    async fn events_after(
        &self,
        filter: &EventFilter,
        after: EventId,
        limit: usize,
    ) -> StoreResult<Vec<StoredEvent>> {
        let filter = filter.clone();
        self.read(move |db| events::after(db, &filter, after, limit)).await
    }

    async fn event(&self, id: EventId) -> StoreResult<Option<StoredEvent>> {
        self.read(move |db| events::get(db, id)).await
    }

    async fn event_stats(&self, filter: &EventFilter, limit: usize) -> StoreResult<Vec<EventStat>> {
        let filter = filter.clone();
        self.read(move |db| events::stats(db, &filter, limit)).await
    }

    async fn tokens(&self) -> StoreResult<Vec<TokenRecord>> {
        self.read(tokens::list).await
    }

    async fn add_token(&self, token: TokenRecord) -> StoreResult<()> {
        self.writer.grouped(move |db| tokens::add(db, &token)).await
    }

    async fn revoke_token(&self, name: &str) -> StoreResult<bool> {
        let name = name.to_owned();
        self.writer.grouped(move |db| tokens::revoke(db, &name)).await
    }
}
