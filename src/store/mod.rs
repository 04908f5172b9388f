//! The database. [`Store`] combines several traits, and one adapter each for SQLite and PostgreSQL
//! implements them. All SQL is in this module. The module does not use HTTP or Santa's wire format.

mod admin_tokens;
pub mod audit;
mod bounds;
mod change;
mod change_plan;
mod checksum;
mod codes;
mod error;
mod event_store;
mod fault;
mod host_groups;
mod host_store;
pub mod maintenance;
mod meters;
mod new_sightings;
mod person_store;
mod policy_store;
mod postgres;
mod principal_store;
mod program_store;
mod quarantine;
mod query;
mod query_purpose;
mod sql;
mod sqlite;

pub use change::{Change, Committed, Edit, Refusal, RefusalReason};
pub use error::{StoreError, StoreResult};
pub use event_store::EventStore;
pub use fault::{DatabaseSize, Health, WriteFault};
pub use host_groups::{HostCount, HostGroup, NamedHost, PersonalNames, is_alone};
pub use host_store::HostStore;
pub use meters::{LATENCY_BUCKETS, Latencies, LatencyFamily, Meters, WriteQueue};
pub use person_store::{
    PersonPosition, PersonPositionError, PersonRecord, PersonRecords, PersonStore, PersonTable,
    ReplacedRecords,
};
pub use policy_store::PolicyStore;
pub use principal_store::PrincipalStore;
pub use program_store::ProgramStore;
pub use quarantine::QuarantinedRow;
pub use query::{
    AddedEvents, EventFilter, EventOrigin, EventPurge, ExaminedPart, HostFilter, ListPart,
    ProgramFilter, ProgramPosition, PurgedSightings, RevisedRule, RevisedRulePosition,
    RevisionFilter, RuleFilter, RuleRecord, RuleVersion, SharedSerial, SightingFilter, StoredEvent,
    StoredHost, UndecidedFilter, UndecidedPosition, UndecidedSighting,
};
pub use query_purpose::QueryPurpose;

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;

use crate::fleet::{Actor, Epoch, EpochId, Role, Setting, Tag};
use crate::rule::{Revision, Rule, Scope};

/// The ID of a scope that has had a rule or a setting. IDs are never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ScopeId(pub i64);

/// One version of one rule: active from the revision `made` until just before `ended`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerRow {
    /// The row's ID, which is greater than the ID of every row written before.
    pub id: i64,
    pub scope: ScopeId,
    pub rule: Rule,
    pub made: Revision,
    pub ended: Option<Revision>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PolicySnapshot {
    pub head: Revision,
    /// Sorted by scope.
    pub settings: Vec<(Scope, Setting)>,
    /// Sorted by name.
    pub tags: Vec<Tag>,
}

/// Rules that have expired but that no server has ended yet. Readers that must not write treat them
/// as ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Expired {
    /// Rules that expire at or before this time count as ended.
    by: Timestamp,
    /// An expired rule counts as ended at this revision, or at the revision that created the rule if
    /// that revision is later.
    revision: Revision,
}

impl Expired {
    /// The revision at which a rule counts as ended, if it has expired.
    fn end_of(self, rule: &Rule, made: Revision) -> Option<Revision> {
        let has_expired = rule.expires.is_some_and(|expires| expires <= self.by);
        has_expired.then_some(self.revision.max(made))
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRecord {
    /// Unique among tokens that are not revoked. A new token cannot have the name of a revoked
    /// token either.
    pub name: String,
    pub role: Role,
    /// SHA-256 of the secret.
    pub hash: [u8; 32],
    pub created: Timestamp,
    pub expires: Option<Timestamp>,
}

/// Values that [`Store::install`] stores if the database does not have them.
#[derive(Clone, Debug)]
pub struct Installation {
    /// The key that authenticates cursors.
    pub cursor_key: [u8; 32],
    /// The first tokens. Empty if none are to be created, for example if only local users have
    /// access.
    pub tokens: Vec<TokenRecord>,
}

/// A database. Each method that writes has its own transaction, which is committed before the
/// method returns.
#[async_trait]
pub trait Store:
    PolicyStore + HostStore + EventStore + ProgramStore + PrincipalStore + PersonStore
{
    /// Stores a cursor key if none is stored, and the first tokens if no token was ever stored.
    /// Returns the stored key and whether the tokens were added.
    async fn install(&self, installation: Installation) -> StoreResult<([u8; 32], bool)>;

    async fn epoch(&self) -> StoreResult<Epoch>;

    /// Begins a new epoch. From then on, a host's stored row does not prove which rules the host
    /// has.
    async fn begin_epoch(&self, actor: &Actor) -> StoreResult<Epoch>;

    /// Checks the database without writing. On SQLite, fails for example if the writer is stuck, or
    /// if the file was deleted or replaced. On PostgreSQL, checks nothing.
    async fn health(&self) -> StoreResult<Health>;

    async fn size(&self) -> StoreResult<DatabaseSize>;

    /// Writes a row to prove that writing works. On SQLite, may succeed without writing, for
    /// example if another write succeeded within the last second or a long write is in progress.
    async fn prove_writable(&self) -> StoreResult<()>;

    async fn note_time(&self, time: Timestamp) -> StoreResult<()>;

    async fn noted_time(&self) -> StoreResult<Option<Timestamp>>;

    /// The time that [`Store::note_time`] stored last. If no time was stored, returns the newest
    /// time of a revision, event, host or sync. That query reads every host.
    async fn newest_time(&self) -> StoreResult<Option<Timestamp>>;

    /// At most 1000 active rows that were found to be unreadable and are not served.
    fn quarantined(&self) -> Vec<QuarantinedRow>;

    /// Checks the structure of the SQLite file on a separate connection. Returns the damage, if
    /// any. PostgreSQL checks its pages itself.
    async fn quick_check(&self) -> StoreResult<Option<String>>;

    /// Backs up an SQLite database while it is in use. None for PostgreSQL, which has its own tools.
    fn backup_source(&self) -> Option<&dyn maintenance::BackupSource>;

    /// Waits until another process may have changed policy or tokens. It may return without a
    /// change. On SQLite, it never returns, so callers also check regularly.
    async fn changed_elsewhere(&self);

    /// Whether other servers may serve the same hosts.
    fn is_shared(&self) -> bool;

    /// The latencies of operations, and the writes that are waiting now. Does not use the database.
    fn meters(&self) -> Meters;
}

/// A random ID for a new epoch, which no other database has.
fn new_epoch() -> EpochId {
    // Both SQLite and PostgreSQL store signed numbers.
    EpochId(rand::random_range(1..=u64::MAX >> 1))
}

/// The failures that a committed write survives. SQLite and PostgreSQL support both levels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// A crash of nicelist, of PostgreSQL or of the system, and a power failure.
    #[default]
    Power,
    /// A crash of nicelist. A power failure or a crash of PostgreSQL or of the system may lose the
    /// last writes, but leaves the database consistent.
    Process,
}

/// Opens the database of a URL: `sqlite:PATH`, `sqlite::memory:` for tests, or
/// `postgres://USER@HOST/DATABASE`.
///
/// # Errors
/// [`StoreError::Open`] when the database cannot be opened, for example because it is newer than
/// this program or is not nicelist's.
pub async fn open(url: &str, durability: Durability) -> StoreResult<Arc<dyn Store>> {
    match url.split_once(':') {
        Some(("sqlite", path)) => Ok(Arc::new(sqlite::Sqlite::open(path, durability)?)),
        Some(("postgres" | "postgresql", _)) => {
            Ok(Arc::new(postgres::Postgres::open(url, durability).await?))
        }
        _ => Err(unknown_kind()),
    }
}

/// Opens a database to read it. Opening it neither creates nor migrates it. The returned store also
/// supports dry runs of changes.
///
/// # Errors
/// [`StoreError::Open`] as for [`open`], or if the database does not exist or is empty.
/// [`StoreError::Outdated`] if its schema is older.
pub async fn open_to_read(url: &str) -> StoreResult<Arc<dyn Store>> {
    match url.split_once(':') {
        Some(("sqlite", path)) => Ok(Arc::new(sqlite::Sqlite::open_to_read(path)?)),
        Some(("postgres" | "postgresql", _)) => {
            Ok(Arc::new(postgres::Postgres::open_to_read(url).await?))
        }
        _ => Err(unknown_kind()),
    }
}

const EMPTY: &str = "it is empty: nicelist has never used it";

fn unknown_kind() -> StoreError {
    StoreError::Open {
        // The URL is not shown, because it may contain a password.
        url: "the database".to_owned(),
        reason: "expected sqlite:PATH, as in sqlite:/var/lib/nicelist/nicelist.db, or \
                 postgres://USER@HOST/DATABASE"
            .to_owned(),
    }
}
