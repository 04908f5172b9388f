//! The engine: what it keeps in memory, how it follows the store, and how it works a download
//! out.

use std::num::NonZeroUsize;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use bytes::Bytes;
use quick_cache::sync::Cache;
use tokio::sync::Mutex;

use super::cursor::{Cursor, CursorKey, From, Span};
use super::difference::{self, Destination, Origin};
use super::pages::{self, Difference, Downloads, PageError};
use super::policy::Policy;
use super::scope_sets::ScopeSets;
use super::status::Tally;
use super::unwritten::Kept;
use crate::fleet::{Clock, Holding, RulesHash, Trail};
use crate::protocol::Wire;
use crate::rule::{MachineId, Revision};
use crate::store::{Change, Committed, Store, StoreError, StoreResult, StoredHost};

/// Ledger rows read at a time.
const ROWS_A_READ: usize = 10_000;
/// Holdings and trails of which something is remembered: about as many as hosts differ in.
const REMEMBERED: usize = 10_000;

/// Why a stage of a sync could not be answered.
#[derive(Debug, thiserror::Error)]
pub enum SyncError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An answer could not be written.
    #[error("cannot write the answer: {0}")]
    Answer(#[from] PageError),
    /// Others kept writing the host's row while this request tried to.
    #[error("too many requests of one host at once")]
    Contended,
}

/// The sync engine over one store. Cheap to share; every method may run at once with others.
pub struct Engine {
    pub(super) store: Arc<dyn Store>,
    pub(super) clock: Clock,
    pub(super) scope_sets: ScopeSets,
    pub(super) key: CursorKey,
    /// Rules on one page. The same on every server over one database, for cursors count pages.
    page_size: NonZeroUsize,
    policy: Arc<RwLock<Policy>>,
    following: Mutex<()>,
    downloads: Downloads,
    /// Sessions that were begun and not written.
    pub(super) kept: Kept,
    /// What a host with a (canonical) holding has.
    pub(super) tallies: Cache<Holding, Tally>,
    /// What the rules of hosts hash to, by the way that they came.
    pub(super) hashes: Cache<Trail, RulesHash>,
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
        let engine = Self {
            store,
            clock,
            scope_sets: ScopeSets::default(),
            key: CursorKey(cursor_key),
            page_size,
            policy: Arc::default(),
            following: Mutex::default(),
            downloads: Downloads::new(),
            kept: Kept::default(),
            tallies: Cache::new(REMEMBERED),
            hashes: Cache::new(REMEMBERED),
        };
        engine.follow().await?;
        Ok(engine)
    }

    /// The newest revision that this engine knows.
    #[must_use]
    pub fn head(&self) -> Revision {
        self.policy().ledger.head()
    }

    /// How many pages of rules were encoded since this engine was opened, which hosts that go the
    /// same way share.
    #[must_use]
    pub fn pages_encoded(&self) -> u64 {
        self.downloads.encoded()
    }

    /// Commits a change and takes it in, so that the next request already sees it.
    ///
    /// # Errors
    /// As [`Store::commit`].
    pub async fn commit(&self, change: Change) -> StoreResult<Committed> {
        let committed = self.store.commit(change).await?;
        if committed.changed {
            self.follow().await?;
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
        let followed = self.follow().await;
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

    /// Takes in everything that was committed since the last time.
    async fn follow(&self) -> StoreResult<()> {
        let _one_at_a_time = self.following.lock().await;
        let known = self.head();
        if known > Revision(0) && self.store.head().await? == known {
            return Ok(());
        }
        let snapshot = self.store.snapshot().await?;
        let mut rows = self.store.ledger(known, 0, ROWS_A_READ).await?;
        while let Some(last) = rows.last() {
            // The next rows are read while these are taken in.
            let next = self.store.ledger(known, last.id, ROWS_A_READ);
            let take_in = async { self.policy_mut(|policy| policy.ledger.extend(rows)) };
            rows = tokio::join!(next, take_in).0?;
        }
        self.policy_mut(|policy| policy.replace(snapshot));
        Ok(())
    }

    /// A host's row. Another server may have written it on a revision that is not known here yet:
    /// that is taken in first, for without its rules no answer about it would be whole.
    pub(super) async fn host(&self, machine: &MachineId) -> StoreResult<Option<StoredHost>> {
        let stored = self.store.host(machine).await?;
        if let Some(StoredHost { host, .. }) = &stored {
            self.catch_up(host.sync.newest_revision()).await?;
        }
        Ok(stored)
    }

    /// Takes in what another server committed, if it knows a revision that is not known here.
    pub(super) async fn catch_up(&self, named: Revision) -> StoreResult<()> {
        if named > self.head() {
            self.follow().await?;
        }
        Ok(())
    }

    pub(super) fn policy(&self) -> RwLockReadGuard<'_, Policy> {
        self.policy.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at many rules, off the threads that answer.
    pub(super) async fn study<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Policy) -> T + Send + 'static,
    ) -> StoreResult<T> {
        let policy = Arc::clone(&self.policy);
        let looking = move || look(&policy.read().unwrap_or_else(PoisonError::into_inner));
        let looked = tokio::task::spawn_blocking(looking).await;
        looked.map_err(|error| StoreError::Database(format!("looking was cut off: {error}")))
    }

    fn policy_mut(&self, change: impl FnOnce(&mut Policy)) {
        change(&mut self.policy.write().unwrap_or_else(PoisonError::into_inner));
    }

    /// The span between the same two states that every host with the same states names: two
    /// revisions between which no scope of the span was touched are one.
    pub(super) async fn canonical(&self, span: Span) -> StoreResult<Span> {
        let to_scopes = self.scope_sets.members(&*self.store, span.to.set).await?;
        let union = match span.from {
            From::Nothing => to_scopes,
            From::Held { union, .. } => self.scope_sets.members(&*self.store, union).await?,
        };
        let policy = self.policy();
        let settle = |at: Revision| policy.ledger.last_touch(&union, at);
        let from = match span.from {
            From::Nothing => From::Nothing,
            From::Held { since, union, common } => {
                From::Held { since: settle(since), union, common }
            }
        };
        Ok(Span { from, to: Holding { revision: settle(span.to.revision), ..span.to } })
    }

    /// What a canonical span brings, worked out at most once.
    pub(super) async fn difference(&self, span: Span) -> StoreResult<Arc<Difference>> {
        let make = async {
            let (origin, destination) = self.resolve(span).await?;
            let clean = span.from == From::Nothing;
            let empty = difference::is_empty(&self.policy().ledger, &origin, &destination);
            let work_out =
                move |policy: &Policy| difference::steps(&policy.ledger, &origin, &destination);
            let steps = if empty { Vec::new() } else { self.study(work_out).await? };
            Ok(Arc::new(Difference::new(span, steps, clean, self.page_size)))
        };
        self.downloads.difference(span, make).await
    }

    /// A page of a canonical span's difference, encoded at most once; the first, if there is no
    /// such page.
    pub(super) async fn page(
        &self,
        cursor: Cursor,
        difference: &Difference,
        wire: Wire,
    ) -> Result<Bytes, SyncError> {
        let cursor = Cursor { page: difference.page_or_first(cursor.page), ..cursor };
        let make = async {
            let body = {
                let policy = self.policy();
                difference.write(&policy.ledger, &self.key, cursor, wire.format)?
            };
            Ok(pages::compress(body, cursor.span, wire).await?)
        };
        self.downloads.page(cursor, wire, make).await
    }

    /// The scopes behind a span's ids.
    pub(super) async fn resolve(&self, span: Span) -> StoreResult<(Origin, Destination)> {
        let origin = match span.from {
            From::Nothing => Origin::Nothing,
            From::Held { since, union, common } => Origin::Held {
                since,
                union: self.scope_sets.members(&*self.store, union).await?,
                common: self.scope_sets.members(&*self.store, common).await?,
            },
        };
        Ok((origin, self.destination(span.to).await?))
    }

    pub(super) async fn destination(&self, to: Holding) -> StoreResult<Destination> {
        let scopes = self.scope_sets.members(&*self.store, to.set).await?;
        Ok(Destination { scopes, revision: to.revision, generation: to.generation })
    }
}
