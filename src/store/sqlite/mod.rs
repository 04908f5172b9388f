//! The SQLite adapter: one file, no setup.
//!
//! One thread writes. It puts small waiting jobs into one transaction, so that a few commits are
//! enough if a thousand hosts sync at the same time. It replies after the commit. Reads use a few
//! separate connections, and each read sees one snapshot. A change of policy is one transaction: if
//! the process is killed, either all of the change is stored or none of it.

pub(super) mod backup;
pub(super) mod check;
mod database;
mod events;
mod file_system;
mod health;
mod hosts;
mod identity;
mod ledger;
pub(super) mod live_backup;
pub(super) mod maintenance;
mod open;
mod pace;
mod person_store;
mod policy_store;
mod program_store;
mod readers;
pub(super) mod restore;
mod retention;
mod rule_writer;
mod serials;
mod sightings;
mod writer;
mod writes;

pub(super) use self::open::NEWEST;

use std::path::Path;
use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use jiff::Timestamp;
use tempfile::TempDir;

use self::check::Depth;
use self::database::finish;
use self::hosts::HostRow;
use self::identity::Identity;
use self::open::ConnectionUse;
use self::readers::Readers;
use self::writer::{CommitSharing, WriteResult, Writer};
use self::writes::Writes;
use super::maintenance::BackupSource;
use super::quarantine::Quarantine;
use super::sql;
use super::sql::events::EventRange;
use super::{
    AddedEvents, DatabaseSize, Durability, EMPTY, EventFilter, EventOrigin, EventPurge, EventStore,
    Expired, Health, HostCount, HostFilter, HostGroup, HostStore, Installation, ListPart, Meters,
    NamedHost, PersonalNames, PrincipalStore, QuarantinedRow, ScopeId, SharedSerial, Store,
    StoreError, StoreResult, StoredEvent, StoredHost, TokenRecord,
};
use super::{audit, codes};
use crate::fleet::{Actor, Epoch, Event, EventId, EventStat, Host, ScopeSetId};
use crate::rule::{MachineId, Scope, TagName};

/// The path of a temporary database.
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

pub(super) struct Sqlite {
    // The fields are dropped in this order, so that the last connection empties the log before the
    // folder is deleted.
    readers: Readers,
    writer: Writes,
    identity: Arc<Identity>,
    quarantine: Quarantine,
    expired: OnceLock<Expired>,
    _folder: Option<TempDir>,
}

impl Sqlite {
    /// Opens the database at `path`, which is created if it does not exist.
    pub(super) fn open(path: &str, durability: Durability) -> StoreResult<Self> {
        let failed = |reason| StoreError::Open { url: format!("sqlite:{path}"), reason };
        if path.is_empty() {
            return Err(failed("it has no file name".to_owned()));
        }
        if path != MEMORY {
            return Self::at(Path::new(path), ConnectionUse::Write(durability), None)
                .map_err(failed);
        }
        // SQLite's own :memory: has only one connection, so nothing could be read during a write.
        let folder = TempDir::new().map_err(|error| failed(error.to_string()))?;
        let file = folder.path().join("nicelist.db");
        Self::at(&file, ConnectionUse::WriteVolatile, Some(folder)).map_err(failed)
    }

    fn at(path: &Path, purpose: ConnectionUse, folder: Option<TempDir>) -> Result<Self, String> {
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

    /// Opens the database at `path`, which must exist, to read it. Its content does not change.
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
        let (path, reading) = (Path::new(path), ConnectionUse::ReadOnly(log));
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
impl HostStore for Sqlite {
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
        self.readers.read(move |on| finish(sql::hosts::names(on, &machines))).await
    }

    async fn santa_versions(&self, scope: &Scope) -> StoreResult<Vec<(String, u64)>> {
        let scope = scope.clone();
        self.readers.read(move |on| finish(sql::hosts::santa_versions(on, &scope))).await
    }

    async fn tagged_hosts(&self, tags: &[TagName]) -> StoreResult<Vec<u64>> {
        let tags = tags.to_vec();
        self.readers.read(move |on| finish(sql::hosts::tagged(on, &tags))).await
    }

    async fn shared_serials(
        &self,
        serial: Option<&str>,
        limit: usize,
    ) -> StoreResult<Vec<SharedSerial>> {
        let serial = serial.map(str::to_owned);
        self.readers.read(move |on| serials::shared(on, serial.as_deref(), limit)).await
    }

    async fn count_hosts(
        &self,
        names: &PersonalNames,
    ) -> StoreResult<(Vec<HostCount>, Vec<NamedHost>)> {
        let names = names.clone();
        self.readers
            .read(move |on| {
                let counts = finish(sql::host_groups::counts(on))?;
                Ok((counts, finish(sql::host_groups::named(on, &names, usize::MAX))?))
            })
            .await
    }

    async fn host_groups(
        &self,
        names: &PersonalNames,
        limit: usize,
    ) -> StoreResult<(Vec<HostGroup>, Vec<NamedHost>)> {
        let names = names.clone();
        self.readers
            .read(move |on| {
                let groups = finish(sql::host_groups::groups(on, limit))?;
                Ok((groups, finish(sql::host_groups::named(on, &names, limit))?))
            })
            .await
    }

    async fn host_of_group(&self, group: HostGroup) -> StoreResult<Option<Host>> {
        self.readers.read(move |on| hosts::of_group(on, group)).await
    }

    async fn machines_in_groups(
        &self,
        groups: &[HostGroup],
        only_syncing: bool,
        limit: usize,
    ) -> StoreResult<Vec<MachineId>> {
        let groups = groups.to_vec();
        let find =
            move |on: &_| finish(sql::host_groups::machines(on, &groups, only_syncing, limit));
        self.readers.read(find).await
    }

    async fn save_host(&self, host: &Host, version: u64) -> StoreResult<bool> {
        let row = HostRow::of(host)?;
        self.writer.write(CommitSharing::Single, move |on| hosts::save(on, &row, version)).await
    }

    async fn forget_host(&self, actor: &Actor, machine: &MachineId) -> StoreResult<bool> {
        let forgotten = machine.clone();
        let forget = move |on: &_| hosts::forget(on, &forgotten);
        let existed = self.writer.write(CommitSharing::Shared { rows: 1 }, forget).await?;
        if existed {
            audit::record(actor, "forget-host", machine);
        }
        Ok(existed)
    }

    async fn intern_scope_set(&self, members: &[ScopeId]) -> StoreResult<ScopeSetId> {
        let members: Arc<[ScopeId]> = members.into();
        let wanted = Arc::clone(&members);
        let known =
            self.readers.read(move |on| finish(sql::hosts::find_scope_set(on, &wanted))).await?;
        if let Some(id) = known {
            return Ok(id);
        }
        self.writer
            .write(CommitSharing::Shared { rows: 1 }, move |on| {
                finish(sql::hosts::intern_scope_set(on, &members)).map(WriteResult::Keep)
            })
            .await
    }

    async fn scope_set(&self, id: ScopeSetId) -> StoreResult<Option<Vec<ScopeId>>> {
        self.readers.read(move |on| finish(sql::hosts::scope_set(on, id))).await
    }
}

#[async_trait]
impl EventStore for Sqlite {
    async fn delete_events_of(&self, machine: &MachineId, limit: usize) -> StoreResult<usize> {
        let machine = machine.clone();
        let delete = move |on: &_| events::delete_of(on, &machine, limit).map(WriteResult::Keep);
        self.writer.write(CommitSharing::Alone, delete).await
    }

    async fn add_events(
        &self,
        events: &[Event],
        received: Timestamp,
        origin: EventOrigin,
    ) -> StoreResult<AddedEvents> {
        let events = events.to_vec();
        let rows = u32::try_from(events.len()).unwrap_or(u32::MAX);
        let add = move |on: &_| events::add(on, &events, received, origin).map(WriteResult::Keep);
        self.writer.write(CommitSharing::Shared { rows }, add).await
    }

    async fn count_new_events(&self, events: &[Event]) -> StoreResult<usize> {
        let events = events.to_vec();
        let count = move |on: &_| events::count_new(on, &events).map(WriteResult::Discard);
        self.writer.write(CommitSharing::Alone, count).await
    }

    async fn events(
        &self,
        filter: &EventFilter,
        before: Option<EventId>,
        limit: usize,
    ) -> StoreResult<ListPart<StoredEvent>> {
        let filter = filter.clone();
        self.readers
            .read(move |on| events::list(on, &filter, EventRange::Before(before), limit))
            .await
    }

    async fn events_after(
        &self,
        filter: &EventFilter,
        after: EventId,
        limit: usize,
    ) -> StoreResult<ListPart<StoredEvent>> {
        let filter = filter.clone();
        self.readers
            .read(move |on| events::list(on, &filter, EventRange::After(after), limit))
            .await
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
        self.readers.read(move |on| finish(sql::events::count_members(on, &bundle))).await
    }

    async fn bundle_members(&self, bundle: &str) -> StoreResult<Vec<(MachineId, String)>> {
        let bundle = bundle.to_owned();
        self.readers.read(move |on| finish(sql::events::members(on, &bundle))).await
    }

    async fn purge_events(&self, purge: EventPurge, limit: usize) -> StoreResult<usize> {
        // A reader counts the events, because counting takes a long time. If the writer counted
        // them, writes would have to wait.
        let overdue = self.readers.read(move |on| events::overdue(on, purge)).await?;
        match overdue {
            None => Ok(0),
            Some(surplus) => {
                let delete = move |on: &_| events::purge(on, purge.before, surplus, limit);
                self.writer.write(CommitSharing::Alone, delete).await
            }
        }
    }
}

#[async_trait]
impl PrincipalStore for Sqlite {
    async fn tokens(&self) -> StoreResult<Vec<TokenRecord>> {
        self.readers.read(|on| finish(sql::tokens::list(on))).await
    }

    async fn add_token(&self, actor: &Actor, token: TokenRecord) -> StoreResult<()> {
        let name = token.name.clone();
        let add = move |on: &_| finish(sql::tokens::add(on, &token)).map(WriteResult::Keep);
        self.writer.write(CommitSharing::Shared { rows: 1 }, add).await?;
        audit::record(actor, "create-token", &name);
        Ok(())
    }

    async fn revoke_token(
        &self,
        actor: &Actor,
        name: &str,
        keep_admin: Option<Timestamp>,
    ) -> StoreResult<bool> {
        let revoked = name.to_owned();
        let revoke = move |on: &_| {
            finish(sql::tokens::revoke(on, &revoked, keep_admin)).map(WriteResult::Keep)
        };
        let existed = self.writer.write(CommitSharing::Shared { rows: 1 }, revoke).await?;
        if existed {
            audit::record(actor, "revoke-token", &name);
        }
        Ok(existed)
    }
}

#[async_trait]
impl Store for Sqlite {
    async fn install(&self, installation: Installation) -> StoreResult<([u8; 32], bool)> {
        self.writer
            .write(CommitSharing::Shared { rows: 1 }, move |on| {
                finish(sql::tokens::install(on, &installation)).map(WriteResult::Keep)
            })
            .await
    }

    async fn epoch(&self) -> StoreResult<Epoch> {
        self.readers.read(|on| finish(sql::epoch::get(on))).await
    }

    async fn begin_epoch(&self, actor: &Actor) -> StoreResult<Epoch> {
        let now = actor.at;
        let begin = move |on: &_| finish(sql::epoch::begin(on, now)).map(WriteResult::Keep);
        let epoch = self.writer.write(CommitSharing::Shared { rows: 1 }, begin).await?;
        audit::record(actor, "begin-epoch", &epoch.id.0);
        Ok(epoch)
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
        let turn = CommitSharing::Shared { rows: 1 };
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

    fn backup_source(&self) -> Option<&dyn BackupSource> {
        Some(self)
    }

    async fn changed_elsewhere(&self) {
        std::future::pending::<()>().await;
    }

    fn is_shared(&self) -> bool {
        false
    }

    fn meters(&self) -> Meters {
        let (writes, queue) = self.writer.meters();
        Meters { reads: self.readers.latencies.clone(), writes, queue }
    }
}
