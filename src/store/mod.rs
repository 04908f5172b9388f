//! What is kept: the [`Store`] trait and its adapters. SQL lives only here.
//!
//! The trait's methods are the verbs of the trade, each one transaction. It knows no HTTP and
//! none of Santa's words.

mod admin_tokens;
mod bounds;
mod change;
mod checksum;
mod codes;
mod error;
mod fault;
pub mod moving;
mod postgres;
mod purpose;
mod quarantine;
mod query;
mod rule_edits;
mod sqlite;

pub use change::{Author, Change, Committed, Edit, Refusal, RefusalReason, RuleDifference};
pub use error::{StoreError, StoreResult};
pub use fault::{DatabaseSize, Health, WriteFault};
pub use purpose::Purpose;
pub use quarantine::QuarantinedRow;
pub use query::{
    EventFilter, EventPurge, HostFilter, ListPart, RevisionFilter, RuleFilter, RuleKey, RulePlace,
    RuleRecord, RuleTurn, RuleVersion, SharedSerial, StoredEvent, StoredHost, StoredRevision,
};

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;

use crate::fleet::{
    Epoch, EpochId, Event, EventId, EventStat, Host, InForce, Role, ScopeSetId, Setting, Tag,
};
use crate::rule::{MachineId, Revision, RevisionRecord, Rule, Scope, Target};

/// The id of a scope that has had a rule or a setting; never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ScopeId(pub i64);

/// One version of one rule: in force from the revision `made` up to, not including, `ended`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerRow {
    /// Grows with every row that is ever written, and so with `made`.
    pub id: i64,
    /// The id of the rule's scope.
    pub scope: ScopeId,
    pub rule: Rule,
    pub made: Revision,
    pub ended: Option<Revision>,
}

/// What is in force besides rules, as of one revision.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PolicySnapshot {
    pub head: Revision,
    /// All settings, by scope.
    pub settings: Vec<(Scope, Setting)>,
    /// All tags, by name.
    pub tags: Vec<Tag>,
}

/// Rules that have expired and that no server has ended yet. Who must not write reads them as ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Expired {
    /// The time by which they have expired.
    by: Timestamp,
    /// The revision at which they count as ended.
    revision: Revision,
}

impl Expired {
    /// The revision that ended a rule, if it has expired.
    fn end_of(self, rule: &Rule, made: Revision) -> Option<Revision> {
        let has_expired = rule.expires.is_some_and(|expires| expires <= self.by);
        has_expired.then_some(self.revision.max(made))
    }
}

/// A token as kept: never the secret, only its hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRecord {
    /// Its name, unique among tokens that are not revoked.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// SHA-256 of the secret.
    pub hash: [u8; 32],
    /// When it was made.
    pub created: Timestamp,
    /// When it stops working by itself.
    pub expires: Option<Timestamp>,
}

/// What a database needs before it can serve: written once.
#[derive(Clone, Debug)]
pub struct Installation {
    /// The key that authenticates cursors.
    pub cursor_key: [u8; 32],
    /// The first tokens; none where nobody is to be let in from outside yet.
    pub tokens: Vec<TokenRecord>,
}

/// What is kept. Every method is one transaction; an answer means that it is durable.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// Gives a database its cursor key if it has none, and these first tokens if it never had
    /// any. Returns the cursor key in force and whether the tokens were added.
    async fn install(&self, installation: Installation) -> StoreResult<([u8; 32], bool)>;

    // --- Policy in time ---

    /// Makes all edits of a change, or none, as one revision taken under the write lock. A
    /// change that alters nothing makes no revision, be it that all is so already or that its
    /// edits cancel each other. Times are kept in whole milliseconds.
    async fn commit(&self, change: Change) -> StoreResult<Committed>;

    /// Ends every rule whose expiry is not after `now`, as one revision, if there is any.
    async fn expire(&self, now: Timestamp) -> StoreResult<Option<Revision>>;

    /// Whether a rule has expired by `now` and was not ended.
    async fn has_expired(&self, now: Timestamp) -> StoreResult<bool>;

    /// From now on shows rules as ended that have expired by this time. For who must not write,
    /// in place of [`Store::expire`].
    async fn hide_expired(&self, by: Timestamp) -> StoreResult<()>;

    /// The newest revision.
    async fn head(&self) -> StoreResult<Revision>;

    /// Settings and tags in force, with the newest revision.
    async fn snapshot(&self) -> StoreResult<PolicySnapshot>;

    /// Settings and tags as they were at a revision, with that revision; as they are, if there
    /// is no such revision yet.
    async fn snapshot_at(&self, at: Revision) -> StoreResult<PolicySnapshot>;

    /// At most `limit` rows with an id above `above` that were made or ended after revision
    /// `since`, by id.
    async fn ledger(
        &self,
        since: Revision,
        above: i64,
        limit: usize,
    ) -> StoreResult<Vec<LedgerRow>>;

    /// At most `limit` rules in force behind the key `after`, by target and scope. A list of an
    /// older revision costs, besides, time in proportion to the versions of rules that it passes.
    async fn rules(
        &self,
        filter: &RuleFilter,
        after: Option<&RuleKey>,
        limit: usize,
    ) -> StoreResult<Vec<RuleRecord>>;

    /// At most `limit` revisions older than `before`, newest first.
    async fn revisions(
        &self,
        filter: &RevisionFilter,
        before: Option<Revision>,
        limit: usize,
    ) -> StoreResult<Vec<StoredRevision>>;

    async fn revision(&self, revision: Revision) -> StoreResult<Option<StoredRevision>>;

    /// The tags and settings that a revision ended, and those that it made. No rules: there may
    /// be a million.
    async fn turned(&self, revision: Revision) -> StoreResult<(InForce, InForce)>;

    /// At most `limit` of a revision's changes of rules behind `after`, each with its place.
    async fn rule_changes(
        &self,
        revision: Revision,
        after: Option<RulePlace>,
        limit: usize,
    ) -> StoreResult<Vec<(RulePlace, RuleTurn)>>;

    /// At most `limit` of the rules that a target ever had, in any scope, with a number below
    /// `before`; the newest first.
    async fn rule_versions(
        &self,
        target: &Target,
        before: Option<i64>,
        limit: usize,
    ) -> StoreResult<Vec<RuleVersion>>;

    /// The first revision whose history is kept, if some was deleted. Queries for what was active
    /// at an older revision, or what it changed, fail with [`StoreError::HistoryDeleted`].
    async fn history_start(&self) -> StoreResult<Option<RevisionRecord>>;

    /// The revision that was the newest at a time: the one before the first revision above `from`
    /// that was created after that time, or the newest of all if none was.
    async fn revision_at(&self, time: Timestamp, from: Revision) -> StoreResult<Revision>;

    /// Stores the first revision whose history is kept, unless a later one is stored already.
    /// Deletes nothing.
    async fn raise_history_start(&self, start: Revision) -> StoreResult<()>;

    /// Deletes at most `limit` versions of rules, settings and tags that ended before the first
    /// revision that is kept. Returns how many were deleted. Revisions themselves stay.
    async fn delete_history(&self, limit: usize) -> StoreResult<usize>;

    // --- Hosts ---

    async fn host(&self, machine: &MachineId) -> StoreResult<Option<StoredHost>>;

    /// At most `limit` hosts behind `after`, by machine id; at least one, if there is one.
    async fn hosts(
        &self,
        filter: &HostFilter,
        after: Option<&MachineId>,
        limit: usize,
    ) -> StoreResult<ListPart<Host>>;

    /// The host names of these hosts, if they exist and their names are within bounds.
    async fn hostnames(&self, machines: &[MachineId]) -> StoreResult<Vec<(MachineId, String)>>;

    /// The versions of Santa that hosts of a scope report, with how many hosts do. Costs time in
    /// proportion to all hosts, unless the scope is one host's.
    async fn santa_versions(&self, scope: &Scope) -> StoreResult<Vec<(String, u64)>>;

    /// The first `limit` serial numbers that several hosts report, or only this one. Without a
    /// serial number, this costs time in proportion to all hosts.
    async fn shared_serials(
        &self,
        serial: Option<&str>,
        limit: usize,
    ) -> StoreResult<Vec<SharedSerial>>;

    /// Writes a host if it still is at `version` (0: not there yet). False means that somebody
    /// else wrote or forgot it in between, and nothing was changed. Tags are not written: [`Edit::TagHost`]
    /// is the one way to change them.
    async fn save_host(&self, host: &Host, version: u64) -> StoreResult<bool>;

    /// Forgets a host. Its events stay, and so do rules in its scope. False if there is none.
    async fn forget_host(&self, machine: &MachineId) -> StoreResult<bool>;

    /// Deletes some events of a host, at most `limit`, and returns how many they were.
    async fn delete_events_of(&self, machine: &MachineId, limit: usize) -> StoreResult<usize>;

    /// The id of an ordered list of scopes, interned on first use.
    async fn intern_scope_set(&self, members: &[ScopeId]) -> StoreResult<ScopeSetId>;

    /// The scopes behind an id.
    async fn scope_set(&self, id: ScopeSetId) -> StoreResult<Option<Vec<ScopeId>>>;

    // --- Epoch ---

    /// The database's epoch.
    async fn epoch(&self) -> StoreResult<Epoch>;

    /// Begins another epoch: from now on, no host is trusted to have what its row says.
    async fn begin_epoch(&self, now: Timestamp) -> StoreResult<Epoch>;

    // --- Events ---

    /// Keeps the events that are not there yet. Returns how many were new.
    ///
    /// The same are those of one host with the same file, decision, time and process; members
    /// of bundles only if it is the same bundle, file accesses only if rule and file are the
    /// same. What came first stays, but a report without a bundle's hash gives way to one with
    /// it: hosts report a program that they blocked at once, and hash its bundle then.
    async fn add_events(&self, events: &[Event], received: Timestamp) -> StoreResult<usize>;

    /// How many events [`Store::add_events`] would find new.
    async fn count_new_events(&self, events: &[Event]) -> StoreResult<usize>;

    /// At most `limit` events older than `before`, newest first; at least one, if there is one.
    async fn events(
        &self,
        filter: &EventFilter,
        before: Option<EventId>,
        limit: usize,
    ) -> StoreResult<ListPart<StoredEvent>>;

    /// At most `limit` events newer than `after`, oldest first; at least one, if there is one.
    async fn events_after(
        &self,
        filter: &EventFilter,
        after: EventId,
        limit: usize,
    ) -> StoreResult<ListPart<StoredEvent>>;

    async fn event(&self, id: EventId) -> StoreResult<Option<StoredEvent>>;

    /// The files reported most often, by number of events and then by the newest report.
    async fn event_stats(&self, filter: &EventFilter, limit: usize) -> StoreResult<Vec<EventStat>>;

    /// How many distinct programs were reported as members of the bundle of this hash.
    async fn count_bundle_members(&self, bundle: &str) -> StoreResult<u64>;

    /// The programs that were reported as members of the bundle of this hash, each with who
    /// reported it: their SHA-256. At most 100,000 reports, the oldest.
    async fn bundle_members(&self, bundle: &str) -> StoreResult<Vec<(MachineId, String)>>;

    /// Deletes the oldest of the events that are to go, at most `limit` of them; a database that
    /// keeps them in parts may let a part go whole that is all too old. Returns how many went.
    async fn purge_events(&self, purge: EventPurge, limit: usize) -> StoreResult<usize>;

    // --- Tokens ---

    /// All tokens that are not revoked, by name.
    async fn tokens(&self) -> StoreResult<Vec<TokenRecord>>;

    /// Keeps a new token. Refuses the name of any other, revoked or not.
    async fn add_token(&self, token: TokenRecord) -> StoreResult<()>;

    /// Revokes a token at once. False if there is none of this name. If a time is given, the last
    /// admin token that works at that time, or a day later, is refused.
    async fn revoke_token(&self, name: &str, keep_admin: Option<Timestamp>) -> StoreResult<bool>;

    // --- Health ---

    /// What can be said without writing: whether the writer runs, whether the file at its path is
    /// the open one, and how much room its disk has.
    async fn health(&self) -> StoreResult<Health>;

    /// How large the database is.
    async fn size(&self) -> StoreResult<DatabaseSize>;

    /// Proves that a write is possible by making one, unless one succeeded within a second or a
    /// long one is in progress.
    async fn prove_writable(&self) -> StoreResult<()>;

    /// Notes a time as the newest one that was believed.
    async fn note_time(&self, time: Timestamp) -> StoreResult<()>;

    /// The time noted last.
    async fn noted_time(&self) -> StoreResult<Option<Timestamp>>;

    /// The newest time that the database knows: the one noted last, or else the newest revision,
    /// event or sync, which costs time in proportion to all hosts.
    async fn newest_time(&self) -> StoreResult<Option<Timestamp>>;

    /// The rows that cannot be read and are therefore not served, as far as rows were read.
    fn quarantined(&self) -> Vec<QuarantinedRow>;

    /// Checks the structure of the file, on a connection of its own; nothing to do for a database
    /// that checks its pages itself. What is wrong, if anything is.
    async fn quick_check(&self) -> StoreResult<Option<String>>;

    // --- Other processes ---

    /// Waits until another process may have changed policy or tokens. May wake for nothing; and a
    /// database that cannot tell never wakes, so whoever follows also looks by the clock.
    async fn changed_elsewhere(&self);

    /// Whether other servers may answer the same hosts.
    fn is_shared(&self) -> bool;
}

/// An ID for a new epoch: another one than any other database has.
fn new_epoch() -> EpochId {
    // Databases have signed numbers.
    EpochId(rand::random_range(1..=u64::MAX >> 1))
}

/// What a committed answer survives, where the database leaves that to us.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// The end of the process, of the system and of the power.
    #[default]
    Power,
    /// The end of the process. What was written last may be gone after a power failure, and the
    /// database is whole all the same.
    Process,
}

/// Opens the database that a URL names: `sqlite:PATH`, `sqlite::memory:` for tests, or
/// `postgres://USER@HOST/DATABASE`.
///
/// # Errors
/// [`StoreError::Open`] when it cannot be opened, is newer than this program, or is not ours.
pub async fn open(url: &str, durability: Durability) -> StoreResult<Arc<dyn Store>> {
    match url.split_once(':') {
        Some(("sqlite", path)) => Ok(Arc::new(sqlite::Sqlite::open(path, durability)?)),
        Some(("postgres" | "postgresql", _)) => {
            Ok(Arc::new(postgres::Postgres::open(url, durability).await?))
        }
        _ => Err(unknown_kind()),
    }
}

/// Opens a database to read it: it is neither created nor brought up to date, and no row and no
/// file of it is changed. Dry runs work.
///
/// # Errors
/// [`StoreError::Open`] as for [`open`], or if it does not exist or is empty;
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

/// Why a database is not read that has no schema.
const EMPTY: &str = "it is empty: nicelist has never used it";

fn unknown_kind() -> StoreError {
    StoreError::Open {
        // Not shown: whatever it is, it may hold a password.
        url: "the database".to_owned(),
        reason: "expected sqlite:PATH, as in sqlite:/var/lib/nicelist/nicelist.db, or \
                 postgres://USER@HOST/DATABASE"
            .to_owned(),
    }
}
