//! The PostgreSQL adapter: any number of servers over one database.
//!
//! Reads go to a few connections. What is written most, hosts and events, is written in groups:
//! requests that wait together share a commit, and are answered after it. A change of policy is
//! one transaction of its own, under a lock that all servers take in turn, so that the order of
//! revisions is the order of commits. Other servers hear of it at once.
//!
//! Every method fails soon when the database is not there, and works again when it is.

pub(super) mod check;
mod commit;
mod epoch;
mod events;
mod failure;
mod filter;
mod having;
mod health;
mod history;
mod hosts;
mod listen;
mod locks;
pub(super) mod moving;
mod open;
mod policy;
mod pool;
mod readers;
mod retention;
mod rows;
mod scopes;
mod serials;
mod tls;
mod tokens;
mod url;
mod writer;

pub(super) use self::open::NEWEST;
pub(super) use self::rows::{clean, clean_json};

use std::sync::OnceLock;

use async_trait::async_trait;
use deadpool_postgres::{Client, GenericClient, Pool, Transaction};
use jiff::Timestamp;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use self::events::{Additions, Keeping, Part};
use self::hosts::{Save, Saves};
use self::listen::{Listener, Pulse};
use self::pool::{Use, snapshot};
use self::readers::{Reader, Readers};
use self::url::Address;
use self::writer::Writer;
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

/// A URL without its password.
pub(super) fn shown(url: &str) -> String {
    Address::parse(url).map_or_else(|_| url::UNREADABLE.to_owned(), |address| address.shown)
}

/// The values of a query.
type Values<'a> = &'a [&'a (dyn ToSql + Sync)];

/// Runs a statement that its connection keeps ready from then on.
async fn query(on: &impl GenericClient, sql: &str, values: Values<'_>) -> StoreResult<Vec<Row>> {
    let statement = on.prepare_cached(sql).await?;
    Ok(on.query(&statement, values).await?)
}

/// A database on a server.
pub(super) struct Postgres {
    readers: Readers,
    policy: Pool,
    hosts: Writer<Saves>,
    events: Writer<Keeping>,
    listener: Listener,
    pulse: Pulse,
    quarantine: Quarantine,
    expired: OnceLock<Expired>,
}

impl Postgres {
    /// Connects to the database that a URL names, and brings its schema up to date.
    pub(super) async fn open(url: &str, durability: Durability) -> StoreResult<Self> {
        let address = Address::of(url)?;
        let readers = Readers::new(&address, durability)?;
        let prepared = open::prepare(readers.background()).await;
        prepared.map_err(|reason| address.cannot_be_opened(reason))?;
        Self::over(&address, readers, durability)
    }

    /// Connects to a database to read it. It stays as it is.
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
        Ok(Self {
            readers,
            policy: pool(Use::Policy)?,
            hosts: Writer::start(Saves, pool(Use::WriteByKey)?, pulse.clone()),
            events: Writer::start(Keeping::default(), pool(Use::Write)?, pulse.clone()),
            listener,
            pulse,
            quarantine: Quarantine::default(),
            expired: OnceLock::new(),
        })
    }

    /// A connection for one question.
    async fn reader(&self) -> StoreResult<Reader> {
        self.readers.reader(&self.pulse).await
    }

    /// The connection for changes of policy, in turn.
    async fn policy(&self) -> StoreResult<Client> {
        self.pulse.during(async { Ok(self.policy.get().await?) }).await
    }
}

/// Answers one question, while the server responds.
macro_rules! ask {
    ($store:expr, |$on:ident| $answer:expr) => {{
        let mut reader = $store.reader().await?;
        let $on = reader.client()?;
        let answer = $store.pulse.during($answer).await;
        reader.finish(answer)
    }};
}

/// Answers several questions as of one moment.
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

/// Changes policy or tokens, in turn. If the server stops responding meanwhile, no one knows what
/// became of the change.
macro_rules! change {
    ($store:expr, |$on:ident| $answer:expr) => {{
        let mut client = $store.policy().await?;
        let $on = &mut client;
        $store.pulse.during($answer).await.map_err(failure::of_change)
    }};
}

#[async_trait]
impl Store for Postgres {
    async fn install(&self, installation: Installation) -> StoreResult<([u8; 32], bool)> {
        change!(self, |on| tokens::install(on, &installation))
    }

    async fn commit(&self, change: Change) -> StoreResult<Committed> {
        change!(self, |on| commit::commit(on, &change))
    }

    async fn expire(&self, now: Timestamp) -> StoreResult<Option<Revision>> {
        // Most of the time there is nothing to do, and nobody has to wait for that.
        if !self.has_expired(now).await? {
            return Ok(None);
        }
        change!(self, |on| commit::expire(on, now))
    }

    async fn has_expired(&self, now: Timestamp) -> StoreResult<bool> {
        let now = now.as_millisecond();
        ask!(self, |on| policy::has_expired(on, now))
    }

    async fn hide_expired(&self, by: Timestamp) -> StoreResult<()> {
        let revision = self.head().await?;
        self.expired.get_or_init(|| Expired { by, revision });
        Ok(())
    }

    async fn head(&self) -> StoreResult<Revision> {
        ask!(self, |on| commit::head(on))
    }

    async fn snapshot(&self) -> StoreResult<PolicySnapshot> {
        at_once!(self, |on| policy::snapshot(on, &self.quarantine))
    }

    async fn snapshot_at(&self, at: Revision) -> StoreResult<PolicySnapshot> {
        at_once!(self, |on| policy::snapshot_at(on, at))
    }

    async fn ledger(
        &self,
        since: Revision,
        above: i64,
        limit: usize,
    ) -> StoreResult<Vec<LedgerRow>> {
        let expired = self.expired.get().copied();
        at_once!(self, |on| policy::ledger(on, since, above, limit, &self.quarantine, expired))
    }

    async fn rules(
        &self,
        filter: &RuleFilter,
        after: Option<&RuleKey>,
        limit: usize,
    ) -> StoreResult<Vec<RuleRecord>> {
        let expired = self.expired.get().copied();
        at_once!(self, |on| policy::rules(on, filter, after, limit, expired))
    }

    async fn revisions(
        &self,
        filter: &RevisionFilter,
        before: Option<Revision>,
        limit: usize,
    ) -> StoreResult<Vec<StoredRevision>> {
        at_once!(self, |on| history::list(on, filter, before, limit))
    }

    async fn revision(&self, revision: Revision) -> StoreResult<Option<StoredRevision>> {
        ask!(self, |on| history::get(on, revision))
    }

    async fn turned(&self, revision: Revision) -> StoreResult<(InForce, InForce)> {
        at_once!(self, |on| history::turned(on, revision))
    }

    async fn rule_changes(
        &self,
        revision: Revision,
        after: Option<RulePlace>,
        limit: usize,
    ) -> StoreResult<Vec<(RulePlace, RuleTurn)>> {
        at_once!(self, |on| history::rule_changes(on, revision, after, limit))
    }

    async fn rule_versions(
        &self,
        target: &Target,
        before: Option<i64>,
        limit: usize,
    ) -> StoreResult<Vec<RuleVersion>> {
        ask!(self, |on| history::versions(on, target, before, limit))
    }

    async fn history_start(&self) -> StoreResult<Option<RevisionRecord>> {
        at_once!(self, |on| retention::start(on))
    }

    async fn revision_at(&self, time: Timestamp, from: Revision) -> StoreResult<Revision> {
        ask!(self, |on| retention::revision_at(on, time, from))
    }

    async fn raise_history_start(&self, start: Revision) -> StoreResult<()> {
        ask!(self, |on| retention::raise_start(on, start))
    }

    async fn delete_history(&self, limit: usize) -> StoreResult<usize> {
        ask!(self, |on| retention::delete(on, limit))
    }

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
        ask!(self, |on| hosts::names(on, machines))
    }

    async fn santa_versions(&self, scope: &Scope) -> StoreResult<Vec<(String, u64)>> {
        at_once!(self, |on| hosts::santa_versions(on, scope))
    }

    async fn shared_serials(
        &self,
        serial: Option<&str>,
        limit: usize,
    ) -> StoreResult<Vec<SharedSerial>> {
        ask!(self, |on| serials::shared(on, serial, limit))
    }

    async fn save_host(&self, host: &Host, version: u64) -> StoreResult<bool> {
        match Save::new(host, version)? {
            Some(save) => self.hosts.write(save).await,
            None => Ok(false),
        }
    }

    async fn forget_host(&self, machine: &MachineId) -> StoreResult<bool> {
        ask!(self, |on| hosts::forget(on, machine))
    }

    async fn delete_events_of(&self, machine: &MachineId, limit: usize) -> StoreResult<usize> {
        ask!(self, |on| events::delete_of(&*on, machine, limit))
    }

    async fn intern_scope_set(&self, members: &[ScopeId]) -> StoreResult<ScopeSetId> {
        ask!(self, |on| hosts::intern_scope_set(on, members))
    }

    async fn scope_set(&self, id: ScopeSetId) -> StoreResult<Option<Vec<ScopeId>>> {
        ask!(self, |on| hosts::scope_set(on, id))
    }

    async fn epoch(&self) -> StoreResult<Epoch> {
        ask!(self, |on| epoch::get(on))
    }

    async fn begin_epoch(&self, now: Timestamp) -> StoreResult<Epoch> {
        change!(self, |on| epoch::begin(on, now))
    }

    async fn add_events(&self, events: &[Event], received: Timestamp) -> StoreResult<usize> {
        if events.is_empty() {
            return Ok(0);
        }
        self.events.write(Additions { events: events.to_vec(), received }).await
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
        ask!(self, |on| events::list(on, filter, Part::Before(before), limit))
    }

    async fn events_after(
        &self,
        filter: &EventFilter,
        after: EventId,
        limit: usize,
    ) -> StoreResult<ListPart<StoredEvent>> {
        ask!(self, |on| events::list(on, filter, Part::After(after), limit))
    }

    async fn event(&self, id: EventId) -> StoreResult<Option<StoredEvent>> {
        ask!(self, |on| events::get(on, id))
    }

    async fn event_stats(&self, filter: &EventFilter, limit: usize) -> StoreResult<Vec<EventStat>> {
        ask!(self, |on| events::stats(on, filter, limit))
    }

    async fn count_bundle_members(&self, bundle: &str) -> StoreResult<u64> {
        ask!(self, |on| events::count_members(on, bundle))
    }

    async fn bundle_members(&self, bundle: &str) -> StoreResult<Vec<(MachineId, String)>> {
        ask!(self, |on| events::bundle_members(on, bundle))
    }

    async fn purge_events(&self, purge: EventPurge, limit: usize) -> StoreResult<usize> {
        ask!(self, |client| async {
            // Most of the time there is nothing to do, and nobody has to wait for that.
            if !events::has_overdue(client, purge).await? {
                return Ok(0);
            }
            events::purge(client, purge, limit).await
        })
    }

    async fn tokens(&self) -> StoreResult<Vec<TokenRecord>> {
        ask!(self, |on| tokens::list(on))
    }

    async fn add_token(&self, token: TokenRecord) -> StoreResult<()> {
        change!(self, |on| tokens::add(on, &token))
    }

    async fn revoke_token(&self, name: &str, keep_admin: Option<Timestamp>) -> StoreResult<bool> {
        change!(self, |on| tokens::revoke(on, name, keep_admin))
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

    async fn changed_elsewhere(&self) {
        self.listener.changed().await;
    }

    fn is_shared(&self) -> bool {
        true
    }
}
