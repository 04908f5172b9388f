//! The SQLite adapter: one file, no set-up.
//!
//! One thread writes. It puts what waits together into one transaction, so a thousand hosts
//! that sync at once cost a few commits, and answers when that is on the disk. Reads go to a
//! few connections of their own, each answer from one snapshot. A change of policy is one
//! transaction of its own: a process that is killed leaves it whole or absent.

pub(super) mod backup;
pub(super) mod check;
mod commit;
mod epoch;
mod events;
mod file_system;
mod having;
mod health;
mod history;
mod hosts;
mod identity;
pub(super) mod moving;
mod open;
mod policy;
mod readers;
pub(super) mod restore;
mod retention;
mod rows;
mod scopes;
mod serials;
mod tokens;
mod writer;
mod writes;

pub(super) use self::open::NEWEST;

use std::path::Path;
use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use jiff::Timestamp;
use tempfile::TempDir;

use self::check::Depth;
use self::events::Part;
use self::hosts::HostRow;
use self::identity::Identity;
use self::open::Use;
use self::readers::Readers;
use self::writer::{Done, Turn, Writer};
use self::writes::Writes;
use super::codes;
use super::quarantine::Quarantine;
use super::{
    Change, Committed, DatabaseSize, Durability, EMPTY, EventFilter, EventPurge, Expired, Health,
    HostFilter, Installation, LedgerRow, ListPart, PolicySnapshot, QuarantinedRow, RevisionFilter,
    RuleFilter, RuleKey, RulePlace, RuleRecord, RuleTurn, RuleVersion, ScopeId, SharedSerial,
    Store, StoreError, StoreResult, StoredEvent, StoredHost, StoredRevision, TokenRecord,
};
use crate::fleet::{Epoch, Event, EventId, EventStat, Host, InForce, ScopeSetId};
use crate::rule::{MachineId, Revision, RevisionRecord, Scope, Target};

/// The path that asks for a database that goes when it is closed.
const MEMORY: &str = ":memory:";

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::{Error, ErrorCode};
        match (&error, error.sqlite_error_code()) {
            (_, Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)) => {
                return Self::Damaged(error.to_string());
            }
            (
                Error::InvalidColumnType(..)
                | Error::FromSqlConversionFailure(..)
                | Error::IntegralValueOutOfRange(..)
                | Error::Utf8Error(..),
                _,
            ) => return Self::Unreadable(error.to_string()),
            _ => {}
        }
        match error.sqlite_error().and_then(health::fault) {
            Some(fault) => {
                tracing::debug!(%error, "the database cannot be written to");
                Self::Unwritable(fault)
            }
            None => Self::Database(error.to_string()),
        }
    }
}

/// A database in a file.
pub(super) struct Sqlite {
    // In this order: the last connection to close empties the log, and then the folder may go.
    readers: Readers,
    writer: Writes,
    identity: Arc<Identity>,
    quarantine: Quarantine,
    expired: OnceLock<Expired>,
    _folder: Option<TempDir>,
}

impl Sqlite {
    /// Opens the database at `path`, which is made if there is none.
    pub(super) fn open(path: &str, durability: Durability) -> StoreResult<Self> {
        let failed = |reason| StoreError::Open { url: format!("sqlite:{path}"), reason };
        if path.is_empty() {
            return Err(failed("it names no file".to_owned()));
        }
        if path != MEMORY {
            return Self::at(Path::new(path), Use::Write(durability), None).map_err(failed);
        }
        // Not SQLite's own :memory:, which has one connection and no log to read beside.
        let folder = TempDir::new().map_err(|error| failed(error.to_string()))?;
        let file = folder.path().join("nicelist.db");
        Self::at(&file, Use::WriteVolatile, Some(folder)).map_err(failed)
    }

    fn at(path: &Path, purpose: Use, folder: Option<TempDir>) -> Result<Self, String> {
        open::create(path).map_err(|error| error.to_string())?;
        let identity = Identity::of(path).map_err(|error| error.to_string())?;
        let mut connection = open::connect(path, purpose).map_err(open::reason)?;
        open::prepare(&mut connection)?;
        if !identity.is_in_place() {
            return Err("it was replaced in the meantime; try again".to_owned());
        }
        let identity = Arc::new(identity);
        let writer = Writer::start(connection, Arc::clone(&identity));
        let writer = writer.map_err(|error| error.to_string())?;
        let readers = Readers::open(path, &identity).map_err(open::reason)?;
        let quarantine = Quarantine::default();
        let (writer, expired) = (Writes::Kept(writer), OnceLock::new());
        Ok(Self { readers, writer, identity, quarantine, expired, _folder: folder })
    }

    /// Opens the database at `path`, which must exist, to read it. No file is changed.
    pub(super) fn open_to_read(path: &str) -> StoreResult<Self> {
        let url = || format!("sqlite:{path}");
        let failed = |reason| StoreError::Open { url: url(), reason };
        let (log, version) = open::examine(Path::new(path)).map_err(failed)?;
        match version {
            0 => return Err(failed(EMPTY.to_owned())),
            version if version < NEWEST => {
                return Err(StoreError::Outdated { url: url(), version, newest: NEWEST });
            }
            _ => {}
        }
        let (path, reading) = (Path::new(path), Use::ReadOnly(log));
        let identity = Identity::of(path).map_err(|error| failed(error.to_string()))?;
        Ok(Self {
            readers: Readers::of_reader(path, reading),
            writer: Writes::Tried { path: path.to_owned(), reading },
            identity: Arc::new(identity),
            quarantine: Quarantine::default(),
            expired: OnceLock::new(),
            _folder: None,
        })
    }
}

#[async_trait]
impl Store for Sqlite {
    async fn install(&self, installation: Installation) -> StoreResult<([u8; 32], bool)> {
        self.writer
            .write(Turn::Shared { rows: 1 }, move |on| tokens::install(on, &installation))
            .await
    }

    async fn commit(&self, change: Change) -> StoreResult<Committed> {
        self.writer.write(Turn::Alone, move |on| commit::commit(on, &change)).await
    }

    async fn expire(&self, now: Timestamp) -> StoreResult<Option<Revision>> {
        // Most of the time there is nothing to do, and nobody has to wait for that.
        if !self.has_expired(now).await? {
            return Ok(None);
        }
        self.writer.write(Turn::Alone, move |on| commit::expire(on, now)).await
    }

    async fn has_expired(&self, now: Timestamp) -> StoreResult<bool> {
        self.readers.read(move |on| policy::has_expired(on, now.as_millisecond())).await
    }

    async fn hide_expired(&self, by: Timestamp) -> StoreResult<()> {
        let revision = self.head().await?;
        self.expired.get_or_init(|| Expired { by, revision });
        Ok(())
    }

    async fn head(&self) -> StoreResult<Revision> {
        self.readers.read(commit::head).await
    }

    async fn snapshot(&self) -> StoreResult<PolicySnapshot> {
        let quarantine = self.quarantine.clone();
        self.readers.read(move |on| policy::snapshot(on, &quarantine)).await
    }

    async fn snapshot_at(&self, at: Revision) -> StoreResult<PolicySnapshot> {
        self.readers.read(move |on| policy::snapshot_at(on, at)).await
    }

    async fn ledger(
        &self,
        since: Revision,
        above: i64,
        limit: usize,
    ) -> StoreResult<Vec<LedgerRow>> {
        let (quarantine, expired) = (self.quarantine.clone(), self.expired.get().copied());
        let read = move |on: &_| policy::ledger(on, since, above, limit, &quarantine, expired);
        self.readers.read(read).await
    }

    async fn rules(
        &self,
        filter: &RuleFilter,
        after: Option<&RuleKey>,
        limit: usize,
    ) -> StoreResult<Vec<RuleRecord>> {
        let (filter, after) = (filter.clone(), after.cloned());
        let expired = self.expired.get().copied();
        let read = move |on: &_| policy::rules(on, &filter, after.as_ref(), limit, expired);
        self.readers.read(read).await
    }

    async fn revisions(
        &self,
        filter: &RevisionFilter,
        before: Option<Revision>,
        limit: usize,
    ) -> StoreResult<Vec<StoredRevision>> {
        let filter = filter.clone();
        self.readers.read(move |on| history::list(on, &filter, before, limit)).await
    }

    async fn revision(&self, revision: Revision) -> StoreResult<Option<StoredRevision>> {
        self.readers.read(move |on| history::get(on, revision)).await
    }

    async fn turned(&self, revision: Revision) -> StoreResult<(InForce, InForce)> {
        self.readers.read(move |on| history::turned(on, revision)).await
    }

    async fn rule_changes(
        &self,
        revision: Revision,
        after: Option<RulePlace>,
        limit: usize,
    ) -> StoreResult<Vec<(RulePlace, RuleTurn)>> {
        self.readers.read(move |on| history::rule_changes(on, revision, after, limit)).await
    }

    async fn rule_versions(
        &self,
        target: &Target,
        before: Option<i64>,
        limit: usize,
    ) -> StoreResult<Vec<RuleVersion>> {
        let target = target.clone();
        self.readers.read(move |on| history::versions(on, &target, before, limit)).await
    }

    async fn history_start(&self) -> StoreResult<Option<RevisionRecord>> {
        self.readers.read(retention::start).await
    }

    async fn revision_at(&self, time: Timestamp, from: Revision) -> StoreResult<Revision> {
        self.readers.read(move |on| retention::revision_at(on, time, from)).await
    }

    async fn raise_history_start(&self, start: Revision) -> StoreResult<()> {
        let turn = Turn::Shared { rows: 1 };
        self.writer.write(turn, move |on| retention::raise_start(on, start)).await
    }

    async fn delete_history(&self, limit: usize) -> StoreResult<usize> {
        // Most of the time there is nothing to delete. Then other writes need not wait.
        if !self.readers.read(retention::has_old).await? {
            return Ok(0);
        }
        self.writer.write(Turn::Alone, move |on| retention::delete(on, limit)).await
    }

    async fn host(&self, machine: &MachineId) -> StoreResult<Option<StoredHost>> {
        self.readers.glance(|on| hosts::get(on, machine))
    }

    async fn hosts(
        &self,
        filter: &HostFilter,
        after: Option<&MachineId>,
        limit: usize,
    ) -> StoreResult<ListPart<Host>> {
        let (filter, after) = (filter.clone(), after.cloned());
        self.readers.read(move |on| hosts::list(on, &filter, after.as_ref(), limit)).await
    }

    async fn hostnames(&self, machines: &[MachineId]) -> StoreResult<Vec<(MachineId, String)>> {
        let machines = machines.to_vec();
        self.readers.read(move |on| hosts::names(on, machines)).await
    }

    async fn santa_versions(&self, scope: &Scope) -> StoreResult<Vec<(String, u64)>> {
        let scope = scope.clone();
        self.readers.read(move |on| hosts::santa_versions(on, &scope)).await
    }

    async fn shared_serials(
        &self,
        serial: Option<&str>,
        limit: usize,
    ) -> StoreResult<Vec<SharedSerial>> {
        let serial = serial.map(str::to_owned);
        self.readers.read(move |on| serials::shared(on, serial.as_deref(), limit)).await
    }

    async fn save_host(&self, host: &Host, version: u64) -> StoreResult<bool> {
        let row = HostRow::of(host)?;
        self.writer.write(Turn::Single, move |on| hosts::save(on, &row, version)).await
    }

    async fn forget_host(&self, machine: &MachineId) -> StoreResult<bool> {
        let machine = machine.clone();
        self.writer.write(Turn::Shared { rows: 1 }, move |on| hosts::forget(on, &machine)).await
    }

    async fn delete_events_of(&self, machine: &MachineId, limit: usize) -> StoreResult<usize> {
        let machine = machine.clone();
        let delete = move |on: &_| events::delete_of(on, &machine, limit).map(Done::Keep);
        self.writer.write(Turn::Alone, delete).await
    }

    async fn intern_scope_set(&self, members: &[ScopeId]) -> StoreResult<ScopeSetId> {
        let members: Arc<[ScopeId]> = members.into();
        let wanted = Arc::clone(&members);
        let known = self.readers.read(move |on| hosts::find_scope_set(on, &wanted)).await?;
        if let Some(id) = known {
            return Ok(id);
        }
        self.writer
            .write(Turn::Shared { rows: 1 }, move |on| hosts::intern_scope_set(on, &members))
            .await
    }

    async fn scope_set(&self, id: ScopeSetId) -> StoreResult<Option<Vec<ScopeId>>> {
        self.readers.read(move |on| hosts::scope_set(on, id)).await
    }

    async fn epoch(&self) -> StoreResult<Epoch> {
        self.readers.read(epoch::get).await
    }

    async fn begin_epoch(&self, now: Timestamp) -> StoreResult<Epoch> {
        let turn = Turn::Shared { rows: 1 };
        self.writer.write(turn, move |on| epoch::begin(on, now).map(Done::Keep)).await
    }

    async fn add_events(&self, events: &[Event], received: Timestamp) -> StoreResult<usize> {
        let events = events.to_vec();
        let rows = u32::try_from(events.len()).unwrap_or(u32::MAX);
        let add = move |on: &_| events::add(on, &events, received).map(Done::Keep);
        self.writer.write(Turn::Shared { rows }, add).await
    }

    async fn count_new_events(&self, events: &[Event]) -> StoreResult<usize> {
        let events = events.to_vec();
        let count =
            move |on: &_| events::add(on, &events, Timestamp::UNIX_EPOCH).map(Done::Discard);
        self.writer.write(Turn::Alone, count).await
    }

    async fn events(
        &self,
        filter: &EventFilter,
        before: Option<EventId>,
        limit: usize,
    ) -> StoreResult<ListPart<StoredEvent>> {
        let filter = filter.clone();
        self.readers.read(move |on| events::list(on, &filter, Part::Before(before), limit)).await
    }

    async fn events_after(
        &self,
        filter: &EventFilter,
        after: EventId,
        limit: usize,
    ) -> StoreResult<ListPart<StoredEvent>> {
        let filter = filter.clone();
        self.readers.read(move |on| events::list(on, &filter, Part::After(after), limit)).await
    }

    async fn event(&self, id: EventId) -> StoreResult<Option<StoredEvent>> {
        self.readers.read(move |on| events::get(on, id)).await
    }

    async fn event_stats(&self, filter: &EventFilter, limit: usize) -> StoreResult<Vec<EventStat>> {
        let filter = filter.clone();
        self.readers.read(move |on| events::stats(on, &filter, limit)).await
    }

    async fn count_bundle_members(&self, bundle: &str) -> StoreResult<u64> {
        let bundle = bundle.to_owned();
        self.readers.read(move |on| events::count_members(on, &bundle)).await
    }

    async fn bundle_members(&self, bundle: &str) -> StoreResult<Vec<(MachineId, String)>> {
        let bundle = bundle.to_owned();
        self.readers.read(move |on| events::members(on, &bundle)).await
    }

    async fn purge_events(&self, purge: EventPurge, limit: usize) -> StoreResult<usize> {
        // Events are counted here: the writer would hold up everyone else meanwhile.
        let overdue = self.readers.read(move |on| events::overdue(on, purge)).await?;
        match overdue {
            None => Ok(0),
            Some(surplus) => {
                let delete = move |on: &_| events::purge(on, purge.before, surplus, limit);
                self.writer.write(Turn::Alone, delete).await
            }
        }
    }

    async fn tokens(&self) -> StoreResult<Vec<TokenRecord>> {
        self.readers.read(tokens::list).await
    }

    async fn add_token(&self, token: TokenRecord) -> StoreResult<()> {
        self.writer.write(Turn::Shared { rows: 1 }, move |on| tokens::add(on, &token)).await
    }

    async fn revoke_token(&self, name: &str, keep_admin: Option<Timestamp>) -> StoreResult<bool> {
        let name = name.to_owned();
        let turn = Turn::Shared { rows: 1 };
        self.writer.write(turn, move |on| tokens::revoke(on, &name, keep_admin)).await
    }

    async fn health(&self) -> StoreResult<Health> {
        health::inspect(self.writer.writer()?, &self.identity)
    }

    async fn size(&self) -> StoreResult<DatabaseSize> {
        health::size(&self.identity)
    }

    async fn prove_writable(&self) -> StoreResult<()> {
        health::prove_writable(self.writer.writer()?, &self.identity).await
    }

    async fn note_time(&self, time: Timestamp) -> StoreResult<()> {
        let turn = Turn::Shared { rows: 1 };
        self.writer.write(turn, move |on| health::note_time(on, time)).await
    }

    async fn noted_time(&self) -> StoreResult<Option<Timestamp>> {
        self.readers.read(health::noted_time).await
    }

    async fn newest_time(&self) -> StoreResult<Option<Timestamp>> {
        self.readers.read(health::newest_time).await
    }

    fn quarantined(&self) -> Vec<QuarantinedRow> {
        self.quarantine.rows()
    }

    async fn quick_check(&self) -> StoreResult<Option<String>> {
        self.identity.check().map_err(StoreError::Unwritable)?;
        let path = self.identity.path().to_owned();
        let checking = tokio::task::spawn_blocking(move || check::structure(&path, Depth::Quick));
        checking.await.map_err(|error| StoreError::Database(error.to_string()))?
    }

    async fn changed_elsewhere(&self) {
        std::future::pending::<()>().await;
    }

    fn is_shared(&self) -> bool {
        false
    }
}
