//! The PostgreSQL adapter: any number of servers that share one database.
//!
//! Reads use a few connections. Hosts and events, which are written most often, are written in
//! groups: waiting requests share a commit. A change of policy is one transaction. The transaction
//! holds a lock that all servers share, so that a revision that is committed later has a greater
//! number. The commit notifies the other servers.
//!
//! While the database cannot be reached, methods fail quickly instead of waiting for it.

pub(super) mod check;
mod database;
mod events;
mod failure;
mod health;
mod hosts;
mod ledger;
mod listen;
mod locks;
pub(super) mod maintenance;
mod open;
mod pool;
mod readers;
mod retention;
mod rule_stage;
mod rule_writer;
mod serials;
mod sightings;
mod text;
mod tls;
mod url;
mod writer;

pub(super) use self::events::{delete_event_digest, insert_event_digest};
pub(super) use self::open::NEWEST;
pub(super) use self::text::{clean, clean_json};

use std::pin::Pin;
use std::sync::OnceLock;

use async_trait::async_trait;
use deadpool_postgres::{Client, GenericClient, Pool, Transaction};
use jiff::Timestamp;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use self::events::{InsertEvents, NewEvents};
use self::hosts::{Save, Saves};
use self::listen::{Listener, Pulse};
use self::locks::Lock;
use self::pool::{PoolUse, snapshot};
use self::readers::{Reader, Readers};
use self::url::Address;
use self::writer::Writer;
use super::maintenance::BackupSource;
use super::quarantine::Quarantine;
use super::sql;
use super::sql::events::EventRange;
use super::{
    AddedEvents, DatabaseSize, Durability, EMPTY, EventFilter, EventOrigin, EventPurge, EventStore,
    Expired, Health, HostCount, HostFilter, HostGroup, HostStore, Installation, Latencies,
    ListPart, Meters, NamedHost, PersonalNames, PrincipalStore, QuarantinedRow, ScopeId,
    SharedSerial, Store, StoreError, StoreResult, StoredEvent, StoredHost, TokenRecord, WriteQueue,
};
use super::{audit, codes};
use crate::fleet::{Actor, Epoch, Event, EventId, EventStat, Host, ScopeSetId};
use crate::rule::{MachineId, Scope, TagName};

/// A URL without its password or parameters, or a placeholder if the URL is invalid.
pub(super) fn shown(url: &str) -> String {
    Address::parse(url).map_or_else(|_| url::UNREADABLE.to_owned(), |address| address.shown)
}

type Values<'a> = &'a [&'a (dyn ToSql + Sync)];

/// Runs a statement that is prepared once per connection.
async fn query(on: &impl GenericClient, sql: &str, values: Values<'_>) -> StoreResult<Vec<Row>> {
    let statement = on.prepare_cached(sql).await?;
    Ok(on.query(&statement, values).await?)
}

fn count(row: &Row, column: usize) -> StoreResult<u64> {
    let counted: i64 = row.try_get(column)?;
    u64::try_from(counted).map_err(|error| codes::corrupt("count", &error))
}

/// Boxes a future where its lifetimes are known, so that the compiler can prove it is `Send`.
/// Inside another future, the compiler cannot prove this.
fn boxed<'a, T>(
    future: impl Future<Output = T> + Send + 'a,
) -> Pin<Box<dyn Future<Output = T> + Send + 'a>> {
    Box::pin(future)
}

pub(super) struct Postgres {
    readers: Readers,
    policy: Pool,
    hosts: Writer<Saves>,
    events: Writer<InsertEvents>,
    /// The latencies of all writes except those on a reader's connection.
    writes: Latencies,
    listener: Listener,
    pulse: Pulse,
    quarantine: Quarantine,
    expired: OnceLock<Expired>,
}

impl Postgres {
    pub(super) async fn open(url: &str, durability: Durability) -> StoreResult<Self> {
        let address = Address::of(url)?;
        let readers = Readers::new(&address, durability)?;
        let prepared = open::prepare(readers.background()).await;
        prepared.map_err(|reason| address.cannot_be_opened(reason))?;
        Self::over(&address, readers, durability)
    }

    /// Opens a database without changing it. Fails if it is empty or its schema is outdated.
    pub(super) async fn open_to_read(url: &str) -> StoreResult<Self> {
        let address = Address::of(url)?;
        let readers = Readers::new(&address, Durability::default())?;
        let found = open::version(readers.background()).await;
        match found.map_err(|reason| address.cannot_be_opened(reason))? {
            0 => Err(address.cannot_be_opened(EMPTY.to_owned())),
            version if version < NEWEST => {
                let url = address.shown.clone();
                Err(StoreError::Outdated { url, version, newest: NEWEST })
            }
            _ => Self::over(&address, readers, Durability::default()),
        }
    }

    fn over(address: &Address, readers: Readers, durability: Durability) -> StoreResult<Self> {
        let pool = |purpose| pool::pool(address, purpose, durability);
        let listener = Listener::start(address.clone());
        let pulse = listener.pulse();
        let writes = Latencies::default();
        Ok(Self {
            readers,
            policy: pool(PoolUse::Policy)?,
            hosts: Writer::start(Saves, pool(PoolUse::WriteByKey)?, pulse.clone(), writes.clone()),
            events: Writer::start(
                InsertEvents::default(),
                pool(PoolUse::WriteByKey)?,
                pulse.clone(),
                writes.clone(),
            ),
            writes,
            listener,
            pulse,
            quarantine: Quarantine::default(),
            expired: OnceLock::new(),
        })
    }

    async fn reader(&self) -> StoreResult<Reader> {
        self.readers.reader(&self.pulse).await
    }

    /// This server's only connection for transactions that take the policy lock.
    async fn policy(&self) -> StoreResult<Client> {
        self.pulse.during(async { Ok(self.policy.get().await?) }).await
    }
}

/// Runs an operation on a reader's connection. Fails if PostgreSQL stops responding.
macro_rules! ask {
    ($store:expr, |$on:ident| $answer:expr) => {{
        let mut reader = $store.reader().await?;
        let $on = reader.client()?;
        let answer = $store.pulse.during($answer).await;
        reader.finish(answer)
    }};
}

/// Runs several queries on one snapshot.
macro_rules! at_once {
    ($store:expr, |$on:ident| $answer:expr) => {
        ask!($store, |client| async {
            let transaction: Transaction<'_> = snapshot(client).await?;
            let $on = &transaction;
            let answer = $answer.await?;
            transaction.commit().await?;
            Ok(answer)
        })
    };
}

/// Runs a change in one transaction under the policy lock. If `$keep` returns true for the result,
/// commits the change and notifies the other servers. If PostgreSQL stops responding, the outcome
/// of the change is unknown.
macro_rules! change {
    ($store:expr, |$on:ident| $change:expr, $keep:expr) => {{
        let started = std::time::Instant::now();
        let mut client = $store.policy().await?;
        let changing = async {
            let transaction = client.transaction().await?;
            Lock::Policy.take(&transaction).await?;
            let $on = &transaction;
            let changed = $change.await?;
            if $keep(&changed) {
                listen::notify(&transaction).await?;
                transaction.commit().await?;
            } else {
                transaction.rollback().await?;
            }
            Ok(changed)
        };
        let changed = $store.pulse.during(changing).await.map_err(failure::of_change);
        $store.writes.add(started);
        changed
    }};
}

// These modules come after the macros that they use.
mod person_store;
mod policy_store;
mod program_store;

#[async_trait]
impl HostStore for Postgres {
    async fn host(&self, machine: &MachineId) -> StoreResult<Option<StoredHost>> {
        ask!(self, |on| hosts::get(on, machine))
    }

    async fn hosts(
        &self,
        filter: &HostFilter,
        after: Option<&MachineId>,
        limit: usize,
    ) -> StoreResult<ListPart<Host>> {
        at_once!(self, |on| hosts::list(on, filter, after, limit))
    }

    async fn hostnames(&self, machines: &[MachineId]) -> StoreResult<Vec<(MachineId, String)>> {
        ask!(self, |on| sql::hosts::names(on, machines))
    }

    async fn santa_versions(&self, scope: &Scope) -> StoreResult<Vec<(String, u64)>> {
        at_once!(self, |on| sql::hosts::santa_versions(on, scope))
    }

    async fn tagged_hosts(&self, tags: &[TagName]) -> StoreResult<Vec<u64>> {
        ask!(self, |on| sql::hosts::tagged(on, tags))
    }

    async fn shared_serials(
        &self,
        serial: Option<&str>,
        limit: usize,
    ) -> StoreResult<Vec<SharedSerial>> {
        ask!(self, |on| serials::shared(on, serial, limit))
    }

    async fn count_hosts(
        &self,
        names: &PersonalNames,
    ) -> StoreResult<(Vec<HostCount>, Vec<NamedHost>)> {
        at_once!(self, |on| async {
            let counts = sql::host_groups::counts(on).await?;
            Ok::<_, StoreError>((counts, sql::host_groups::named(on, names, usize::MAX).await?))
        })
    }

    async fn host_groups(
        &self,
        names: &PersonalNames,
        limit: usize,
    ) -> StoreResult<(Vec<HostGroup>, Vec<NamedHost>)> {
        at_once!(self, |on| async {
            let groups = sql::host_groups::groups(on, limit).await?;
            Ok::<_, StoreError>((groups, sql::host_groups::named(on, names, limit).await?))
        })
    }

    async fn host_of_group(&self, group: HostGroup) -> StoreResult<Option<Host>> {
        ask!(self, |on| hosts::of_group(on, group))
    }

    async fn machines_in_groups(
        &self,
        groups: &[HostGroup],
        only_syncing: bool,
        limit: usize,
    ) -> StoreResult<Vec<MachineId>> {
        ask!(self, |on| sql::host_groups::machines(on, groups, only_syncing, limit))
    }

    async fn save_host(&self, host: &Host, version: u64) -> StoreResult<bool> {
        match Save::new(host, version)? {
            Some(save) => self.hosts.write(save).await,
            None => Ok(false),
        }
    }

    async fn forget_host(&self, actor: &Actor, machine: &MachineId) -> StoreResult<bool> {
        let existed = ask!(self, |on| hosts::forget(on, machine))?;
        if existed {
            audit::record(actor, "forget-host", machine);
        }
        Ok(existed)
    }

    async fn intern_scope_set(&self, members: &[ScopeId]) -> StoreResult<ScopeSetId> {
        ask!(self, |on| sql::hosts::intern_scope_set(on, members))
    }

    async fn scope_set(&self, id: ScopeSetId) -> StoreResult<Option<Vec<ScopeId>>> {
        ask!(self, |on| sql::hosts::scope_set(on, id))
    }
}

#[async_trait]
impl EventStore for Postgres {
    async fn delete_events_of(&self, machine: &MachineId, limit: usize) -> StoreResult<usize> {
        ask!(self, |on| events::delete_of(&*on, machine, limit))
    }

    async fn add_events(
        &self,
        events: &[Event],
        received: Timestamp,
        origin: EventOrigin,
    ) -> StoreResult<AddedEvents> {
        self.events.write(NewEvents { events: events.to_vec(), received, origin }).await
    }

    async fn count_new_events(&self, events: &[Event]) -> StoreResult<usize> {
        ask!(self, |on| events::count_new(on, events))
    }

    async fn events(
        &self,
        filter: &EventFilter,
        before: Option<EventId>,
        limit: usize,
    ) -> StoreResult<ListPart<StoredEvent>> {
        ask!(self, |on| events::list(on, filter, EventRange::Before(before), limit))
    }

    async fn events_after(
        &self,
        filter: &EventFilter,
        after: EventId,
        limit: usize,
    ) -> StoreResult<ListPart<StoredEvent>> {
        ask!(self, |on| events::list(on, filter, EventRange::After(after), limit))
    }

    async fn event(&self, id: EventId) -> StoreResult<Option<StoredEvent>> {
        ask!(self, |on| events::get(on, id))
    }

    async fn event_stats(&self, filter: &EventFilter, limit: usize) -> StoreResult<Vec<EventStat>> {
        ask!(self, |on| events::stats(on, filter, limit))
    }

    async fn count_bundle_members(&self, bundle: &str) -> StoreResult<u64> {
        ask!(self, |on| sql::events::count_members(on, bundle))
    }

    async fn bundle_members(&self, bundle: &str) -> StoreResult<Vec<(MachineId, String)>> {
        ask!(self, |on| sql::events::members(on, bundle))
    }

    async fn purge_events(&self, purge: EventPurge, limit: usize) -> StoreResult<usize> {
        ask!(self, |client| async {
            // Usually there is nothing to delete. Then no lock is needed.
            if !events::has_overdue(client, purge).await? {
                return Ok(0);
            }
            events::purge(client, purge, limit).await
        })
    }
}

#[async_trait]
impl PrincipalStore for Postgres {
    async fn tokens(&self) -> StoreResult<Vec<TokenRecord>> {
        ask!(self, |on| sql::tokens::list(on))
    }

    async fn add_token(&self, actor: &Actor, token: TokenRecord) -> StoreResult<()> {
        change!(self, |on| sql::tokens::add(on, &token), |_: &_| true)?;
        audit::record(actor, "create-token", &token.name);
        Ok(())
    }

    async fn revoke_token(
        &self,
        actor: &Actor,
        name: &str,
        keep_admin: Option<Timestamp>,
    ) -> StoreResult<bool> {
        let revoke = change!(self, |on| sql::tokens::revoke(on, name, keep_admin), |it: &bool| *it);
        let existed = revoke?;
        if existed {
            audit::record(actor, "revoke-token", &name);
        }
        Ok(existed)
    }
}

#[async_trait]
impl Store for Postgres {
    async fn install(&self, installation: Installation) -> StoreResult<([u8; 32], bool)> {
        change!(self, |on| sql::tokens::install(on, &installation), |_: &_| true)
    }

    async fn epoch(&self) -> StoreResult<Epoch> {
        ask!(self, |on| sql::epoch::get(on))
    }

    async fn begin_epoch(&self, actor: &Actor) -> StoreResult<Epoch> {
        let epoch = change!(self, |on| sql::epoch::begin(on, actor.at), |_: &_| true)?;
        audit::record(actor, "begin-epoch", &epoch.id.0);
        Ok(epoch)
    }

    async fn health(&self) -> StoreResult<Health> {
        Ok(Health::default())
    }

    async fn size(&self) -> StoreResult<DatabaseSize> {
        ask!(self, |on| health::size(on))
    }

    async fn prove_writable(&self) -> StoreResult<()> {
        ask!(self, |on| health::prove_writable(on))
    }

    async fn note_time(&self, time: Timestamp) -> StoreResult<()> {
        ask!(self, |on| health::note_time(on, time))
    }

    async fn noted_time(&self) -> StoreResult<Option<Timestamp>> {
        ask!(self, |on| health::noted_time(on))
    }

    async fn newest_time(&self) -> StoreResult<Option<Timestamp>> {
        ask!(self, |on| health::newest_time(on))
    }

    fn quarantined(&self) -> Vec<QuarantinedRow> {
        self.quarantine.rows()
    }

    async fn quick_check(&self) -> StoreResult<Option<String>> {
        Ok(None)
    }

    fn backup_source(&self) -> Option<&dyn BackupSource> {
        None
    }

    async fn changed_elsewhere(&self) {
        self.listener.changed().await;
    }

    fn is_shared(&self) -> bool {
        true
    }

    fn meters(&self) -> Meters {
        let (hosts, events) = (self.hosts.waiting(), self.events.waiting());
        let queue = WriteQueue {
            waiting: hosts.waiting + events.waiting,
            limit: hosts.limit + events.limit,
        };
        Meters { reads: self.readers.latencies.clone(), writes: self.writes.clone(), queue }
    }
}
