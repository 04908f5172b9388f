//! The engine: what it keeps in memory, how it follows the store, and how it works a download
//! out.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwap;
use bytes::Bytes;
use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::task::{JoinError, spawn_blocking};

use super::compute::{CacheFill, Computer, Memo, Stopped, Wanted};
use super::cursor::{Cursor, CursorKey, Span, SpanStart};
use super::difference::{self, Destination, Origin};
use super::epoch::{CurrentEpoch, RESTORE_SPREAD};
use super::error::SyncError;
use super::event_limit::{EVENTS_PER_DAY, EventLimit};
use super::kept_history::KeptHistory;
use super::ledger::LedgerWriter;
use super::pages::{self, Difference, Differences, Pages, RULES_A_PAGE, ScopeRules};
use super::policy::{Loading, Policy, PolicyWriter};
use super::route::Route;
use super::scope_sets::ScopeSets;
use super::status::Tallies;
use super::steps::Steps;
use super::unwritten::Kept;
use crate::fleet::{Clock, RulesHash};
use crate::protocol::Wire;
use crate::rule::{MachineId, Revision};
use crate::store::{
    Change, Committed, LedgerRow, PolicySnapshot, Store, StoreError, StoreResult, StoredHost,
};

/// Ledger rows read at a time.
const ROWS_A_READ: usize = 10_000;
/// Bytes of hashes of rules that are remembered, with the spans that lead to them.
const HASH_BYTES: u64 = 16 * 1024 * 1024;
/// Bytes of counts of rules that are remembered, by destination.
const TALLY_BYTES: u64 = 4 * 1024 * 1024;
/// Bytes of counts of pending rules that are remembered, by origin and destination.
const PENDING_BYTES: u64 = 4 * 1024 * 1024;
/// Entries that each of these is laid out for.
const EXPECTED: usize = 10_000;

/// The sync engine over one store. Cheap to share; every method may run at once with others.
pub struct Engine {
    pub(super) store: Arc<dyn Store>,
    pub(super) clock: Clock,
    pub(super) scope_sets: ScopeSets,
    pub(super) key: CursorKey,
    /// Rules on one page. The same on every server over one database, for cursors count pages.
    page_size: NonZeroUsize,
    /// What requests are answered from. Never changed, only replaced.
    policy: ArcSwap<Policy>,
    loading: Loading,
    next: Arc<Mutex<PolicyWriter>>,
    pub(super) history: KeptHistory,
    pub(super) computer: Computer,
    differences: Differences,
    scope_rules: ScopeRules,
    pages: Pages,
    encoded: Arc<AtomicU64>,
    /// Sessions that were begun and not written.
    pub(super) kept: Kept,
    /// What hosts at a (canonical) destination have.
    pub(super) tallies: Tallies,
    /// How many rules and removals lead from one state to another.
    pub(super) pending: Memo<(Origin, Destination), u32, StoreError>,
    /// What the rules of hosts hash to, by the way that they came.
    pub(super) hashes: Memo<Arc<[Span]>, RulesHash, StoreError>,
    pub(super) event_limit: EventLimit,
    pub(super) epoch: CurrentEpoch,
}

impl Engine {
    /// Reads everything in force from the store. Costs time and memory in proportion to the
    /// versions of rules that it keeps.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn open(
        store: Arc<dyn Store>,
        cursor_key: [u8; 32],
        clock: Clock,
        page_size: NonZeroUsize,
    ) -> StoreResult<Self> {
        let engine = Self::new(store, cursor_key, clock, page_size, Loading::Ahead);
        engine.follow_epoch().await?;
        engine.follow().await?;
        Ok(engine)
    }

    /// An engine for a command on a local database. It reads nothing until something needs the
    /// policy, and then whatever was committed since the last time; it needs no [`Engine::tick`].
    /// It serves no hosts, so its cursors may have any key.
    #[must_use]
    pub fn on_use(store: Arc<dyn Store>, clock: Clock) -> Self {
        Self::new(store, rand::random(), clock, RULES_A_PAGE, Loading::OnUse)
    }

    fn new(
        store: Arc<dyn Store>,
        cursor_key: [u8; 32],
        clock: Clock,
        page_size: NonZeroUsize,
        loading: Loading,
    ) -> Self {
        Self {
            store,
            clock,
            scope_sets: ScopeSets::default(),
            key: CursorKey(cursor_key),
            page_size,
            policy: ArcSwap::default(),
            loading,
            next: Arc::default(),
            history: KeptHistory::default(),
            computer: Computer::new(),
            differences: pages::remembered_differences(),
            scope_rules: pages::remembered_scope_rules(),
            pages: pages::remembered_pages(),
            encoded: Arc::default(),
            kept: Kept::default(),
            tallies: Memo::new(TALLY_BYTES, EXPECTED, |to, _| to.owned_bytes()),
            pending: Memo::new(PENDING_BYTES, EXPECTED, |(from, to), _| {
                from.owned_bytes() + to.owned_bytes()
            }),
            hashes: Memo::new(HASH_BYTES, EXPECTED, |spans, _| size_of_val(&**spans)),
            event_limit: EventLimit::new(EVENTS_PER_DAY),
            epoch: CurrentEpoch::spread_over(RESTORE_SPREAD),
        }
    }

    /// The same engine with another limit on new events per host and day.
    #[must_use]
    pub fn with_events_per_day(self, most: u64) -> Self {
        Self { event_limit: EventLimit::new(most), ..self }
    }

    pub async fn head(&self) -> StoreResult<Revision> {
        match self.loading {
            Loading::Ahead => Ok(self.published().ledger.head()),
            Loading::OnUse => self.store.head().await,
        }
    }

    /// How many pages of rules were encoded since this engine was opened, which hosts that go the
    /// same way share.
    #[must_use]
    pub fn pages_encoded(&self) -> u64 {
        self.encoded.load(Ordering::Relaxed)
    }

    /// Commits a change and reads it, so that the next request already sees it.
    ///
    /// # Errors
    /// As [`Store::commit`]. A change that was committed is never an error: if it cannot be read
    /// back now, [`Engine::tick`] reads it later.
    pub async fn commit(&self, change: Change) -> StoreResult<Committed> {
        let committed = self.store.commit(change).await?;
        if committed.changed
            && self.loading == Loading::Ahead
            && let Err(error) = self.follow().await
        {
            let revision = committed.head.0;
            tracing::error!(%error, revision, "cannot read the new revision; it will be read later");
        }
        Ok(committed)
    }

    /// Ends the rules whose time has come if `expire`, takes in what other processes have committed, and
    /// writes what was kept for long enough. Called about once a second.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn tick(&self, expire: bool) -> StoreResult<()> {
        // One that fails does not keep the others from being done.
        let expired = match expire {
            true => self.store.expire(self.clock.now()).await.map(drop),
            false => Ok(()),
        };
        let followed = self.follow_epoch().await.map(drop).and(self.follow().await);
        let written = self.write_kept(false).await;
        expired.and(followed).and(written)
    }

    /// Writes everything that was kept. To be called when no request comes any more.
    ///
    /// # Errors
    /// When the store fails; what is lost then is when some hosts were last seen.
    pub async fn close(&self) -> StoreResult<()> {
        self.write_kept(true).await
    }

    /// Reads everything that was committed since the last time, and publishes it.
    async fn follow(&self) -> StoreResult<()> {
        let mut next = Arc::clone(&self.next).lock_owned().await;
        let is_published = next.numbering() == self.published().ledger.numbering();
        let known = next.head();
        if is_published && known > Revision(0) && self.store.head().await? == known {
            if next.has_unused() {
                off_threads(move || next.free_unused()).await?;
            }
            return Ok(());
        }
        let (next, rows, snapshot) = self.read(next).await?;
        let (mut next, policy) = off_threads(move || finish(next, rows, snapshot)).await?;
        next.retire(self.policy.swap(policy));
        if next.has_unused() {
            off_threads(move || next.free_unused()).await?;
        }
        Ok(())
    }

    /// Reads everything again. Forgets what it remembers of other rules under the same numbers.
    pub(super) async fn read_again(&self) -> StoreResult<()> {
        self.next.lock().await.begin_again();
        self.follow().await?;
        self.scope_sets.forget();
        self.pages.forget();
        self.tallies.forget();
        self.pending.forget();
        self.hashes.forget();
        Ok(())
    }

    /// Reads what was committed since the last time. Adds everything except the last rows, and
    /// returns those.
    async fn read(
        &self,
        mut next: NextPolicy,
    ) -> StoreResult<(NextPolicy, Vec<LedgerRow>, PolicySnapshot)> {
        loop {
            if next.is_broken() || next.head() == Revision(0) {
                next.begin_again();
            }
            let known = next.head();
            let snapshot = self.store.snapshot().await?;
            let (read, rows) = self.read_rows(next, known).await?;
            next = read;
            // Read after the rows: it is stored before anything is deleted, so if rows were
            // missing, it is already new.
            let start = self.store.history_start().await?;
            let start = start.map(|start| start.revision).unwrap_or_default();
            self.history.keep_from(start);
            if known == Revision(0) {
                next.keep_from(start);
            } else if start > known {
                // Versions that ended since the last time may have been deleted before they were
                // read.
                next.begin_again();
                continue;
            }
            return Ok((next, rows, snapshot));
        }
    }

    async fn read_rows(
        &self,
        mut next: NextPolicy,
        known: Revision,
    ) -> StoreResult<(NextPolicy, Vec<LedgerRow>)> {
        let mut rows = self.store.ledger(known, 0, ROWS_A_READ).await?;
        while rows.len() == ROWS_A_READ
            && let Some(last) = rows.last()
        {
            // The next rows are read while these are added.
            let more = self.store.ledger(known, last.id, ROWS_A_READ);
            let add = off_threads(move || {
                next.extend(rows);
                next
            });
            let (more, added) = tokio::join!(more, add);
            (next, rows) = (added?, more?);
        }
        Ok((next, rows))
    }

    /// Records the first revision whose history the database keeps.
    pub fn keep_history_from(&self, start: Revision) {
        self.history.keep_from(start);
    }

    /// Sends all rules again to hosts that last received all of them before one of these revisions.
    /// Which of the revisions applies depends on the host.
    pub fn resend_rules_from_before(&self, revisions: Vec<Revision>) {
        self.history.resend_before(revisions);
    }

    /// How much each cache of computed results remembers.
    #[must_use]
    pub fn caches(&self) -> [CacheFill; 6] {
        [
            self.differences.fill("differences"),
            self.scope_rules.fill("scopes"),
            self.pages.fill("pages"),
            self.hashes.fill("hashes"),
            self.tallies.fill("counts"),
            self.pending.fill("pending"),
        ]
    }

    /// The number of active rules, as far as rules were read.
    #[must_use]
    pub fn active_rules(&self) -> usize {
        self.published().ledger.active()
    }

    /// How many versions of rules are in memory.
    #[must_use]
    pub fn versions_in_memory(&self) -> usize {
        self.published().ledger.versions()
    }

    /// Frees the memory of rule versions that ended before the first kept revision, if they are at
    /// least a quarter of all. Takes time and memory in proportion to the other versions.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn free_old_history(&self) -> StoreResult<()> {
        let (policy, start) = (self.published(), self.history.start());
        let numbering = policy.ledger.numbering();
        let copy = move || {
            let is_worth_it = policy.ledger.has_much_before(start);
            is_worth_it.then(|| LedgerWriter::without_history(&policy.ledger, start))
        };
        let Some(copy) = off_threads(copy).await? else { return Ok(()) };
        let mut next = self.next.lock().await;
        if next.numbering() == numbering {
            next.replace_ledger(copy);
        }
        drop(next);
        self.follow().await
    }

    /// A host's row. Another server may have written it on a revision that is not known here yet:
    /// that is taken in first, for without its rules no answer about it would be whole.
    pub(super) async fn host(&self, machine: &MachineId) -> StoreResult<Option<StoredHost>> {
        let mut stored = self.store.host(machine).await?;
        if let Some(StoredHost { host, .. }) = &mut stored {
            self.catch_up(host.sync.newest_revision()).await?;
            host.sync.forget_before(self.policy().await?.ledger.start());
        }
        Ok(stored)
    }

    /// Takes in what another server committed, if it knows a revision that is not known here.
    pub(super) async fn catch_up(&self, named: Revision) -> StoreResult<()> {
        if named > self.policy.load().ledger.head() {
            self.follow().await?;
        }
        Ok(())
    }

    /// What is in force. A server's engine has it in memory.
    pub(super) async fn policy(&self) -> StoreResult<Arc<Policy>> {
        match self.loading {
            Loading::Ahead => {}
            Loading::OnUse => self.follow().await?,
        }
        Ok(self.published())
    }

    /// The policy as it was read last.
    fn published(&self) -> Arc<Policy> {
        self.policy.load_full()
    }

    /// Computes from many rules, off the threads that answer, while the caller waits.
    pub(super) async fn study<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Policy, &Wanted) -> Result<T, Stopped> + Send + 'static,
    ) -> StoreResult<T> {
        let policy = self.policy().await?;
        let (_kept, wanted) = Wanted::while_kept();
        Ok(self.computer.run(wanted, move |wanted| work(&policy, wanted)).await?)
    }

    /// The difference of a route, with the version numbers of a policy. Its canonical span is its
    /// name. Computed at most once.
    pub(super) async fn difference(
        &self,
        policy: &Arc<Policy>,
        span: Span,
        route: &Route,
    ) -> StoreResult<Arc<Difference>> {
        let key = (policy.ledger.numbering(), span);
        if let Some(known) = self.differences.known(&key) {
            return Ok(known);
        }
        if span.is_empty() {
            return Ok(self.no_difference(policy, span));
        }
        let (origin, destination) = self.resolve(policy, route).await?;
        if difference::is_empty(&policy.ledger, &origin, &destination) {
            return Ok(self.no_difference(policy, span));
        }
        let (policy, page_size) = (Arc::clone(policy), self.page_size);
        let clean = span.from == SpanStart::Nothing;
        let (computer, scope_rules) = (self.computer.clone(), self.scope_rules.clone());
        let compute = |wanted: Wanted| async move {
            let weakest = match origin {
                Origin::Nothing => {
                    weakest_rules(&scope_rules, &computer, &policy, &destination).await?
                }
                Origin::Offers(_) | Origin::Union { .. } => None,
            };
            let work = move |wanted: &Wanted| {
                let ledger = &policy.ledger;
                let steps = match weakest {
                    Some(weakest) => difference::all_rules(ledger, &weakest, &destination, wanted)?,
                    None => Steps::new(&difference::steps(ledger, &origin, &destination, wanted)?),
                };
                Ok(Arc::new(Difference::new(span, steps, clean, page_size)))
            };
            computer.run(wanted, work).await
        };
        self.differences.get(key, compute).await
    }

    /// The difference of a span that brings nothing.
    pub(super) fn no_difference(&self, policy: &Policy, span: Span) -> Arc<Difference> {
        let key = (policy.ledger.numbering(), span);
        self.differences.known(&key).unwrap_or_else(|| {
            let empty = Arc::new(Difference::new(span, Steps::default(), false, self.page_size));
            self.differences.remember(key, Arc::clone(&empty));
            empty
        })
    }

    /// A page of a canonical span's difference, with the version numbers of a policy. Encoded at
    /// most once. Returns the first page if the wanted one does not exist.
    pub(super) async fn page(
        &self,
        policy: &Arc<Policy>,
        cursor: Cursor,
        difference: &Arc<Difference>,
        wire: Wire,
    ) -> Result<Bytes, SyncError> {
        let cursor = Cursor { page: difference.page_or_first(cursor.page), ..cursor };
        if let Some(known) = self.pages.known(&(cursor, wire)) {
            return Ok(known);
        }
        let (policy, computer) = (Arc::clone(policy), self.computer.clone());
        let key = self.key.clone();
        let (difference, encoded) = (Arc::clone(difference), Arc::clone(&self.encoded));
        let encode = |wanted: Wanted| async move {
            let work = move |_: &Wanted| -> Result<Bytes, SyncError> {
                encoded.fetch_add(1, Ordering::Relaxed);
                let body = difference.write(&policy.ledger, &key, cursor, wire.format)?;
                Ok(pages::compress(body, cursor.span, wire)?)
            };
            computer.run(wanted, work).await
        };
        self.pages.get((cursor, wire), encode).await
    }
}

/// All rules of the weakest scope of a destination, computed at most once for all that share it.
async fn weakest_rules(
    scope_rules: &ScopeRules,
    computer: &Computer,
    policy: &Arc<Policy>,
    destination: &Destination,
) -> StoreResult<Option<Arc<Steps>>> {
    let Some(weakest) = destination.weakest(&policy.ledger) else { return Ok(None) };
    let (policy, computer) = (Arc::clone(policy), computer.clone());
    let key = (policy.ledger.numbering(), weakest.clone());
    let compute = |wanted: Wanted| async move {
        let work = move |wanted: &Wanted| {
            let steps = difference::steps(&policy.ledger, &Origin::Nothing, &weakest, wanted)?;
            Ok(Arc::new(Steps::new(&steps)))
        };
        computer.run(wanted, work).await
    };
    scope_rules.get(key, compute).await.map(Some)
}

/// The next policy, while one task builds it.
type NextPolicy = OwnedMutexGuard<PolicyWriter>;

/// Adds the last rows of a snapshot, and makes the policy that they lead to.
fn finish(
    mut next: NextPolicy,
    rows: Vec<LedgerRow>,
    snapshot: PolicySnapshot,
) -> (NextPolicy, Arc<Policy>) {
    next.extend(rows);
    let policy = next.finish(snapshot);
    (next, policy)
}

async fn off_threads<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> StoreResult<T> {
    let failed = |error: JoinError| StoreError::Database(format!("a task failed: {error}"));
    spawn_blocking(work).await.map_err(failed)
}
