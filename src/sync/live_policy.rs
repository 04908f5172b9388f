//! The newest policy in memory, which follows the store.

use std::sync::Arc;

use arc_swap::ArcSwap;
use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::task::{JoinError, spawn_blocking};

use super::kept_history::KeptHistory;
use super::ledger::LedgerFull;
use super::ledger::writer::LedgerWriter;
use super::policy::{LoadedPolicy, PolicyWriter};
use crate::rule::Revision;
use crate::store::{LedgerRow, PolicySnapshot, Store, StoreError, StoreResult};

const ROWS_A_READ: usize = 10_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Loading {
    /// The policy is read when the engine is opened, and then regularly.
    Ahead,
    /// The policy is read when a method needs it.
    OnUse,
}

/// Keeps the newest policy. A policy is never changed, only replaced.
pub(super) struct LivePolicy {
    store: Arc<dyn Store>,
    loading: Loading,
    published: ArcSwap<LoadedPolicy>,
    next: Arc<Mutex<PolicyWriter>>,
    pub(super) history: KeptHistory,
}

/// The next policy, while one task builds it.
type NextPolicy = OwnedMutexGuard<PolicyWriter>;

impl LivePolicy {
    pub(super) fn new(store: Arc<dyn Store>, loading: Loading) -> Self {
        Self {
            store,
            loading,
            published: ArcSwap::default(),
            next: Arc::default(),
            history: KeptHistory::default(),
        }
    }

    pub(super) fn is_loaded_ahead(&self) -> bool {
        self.loading == Loading::Ahead
    }

    /// The newest policy in memory. With [`Loading::OnUse`], newer commits are read first.
    pub(super) async fn current(&self) -> StoreResult<Arc<LoadedPolicy>> {
        match self.loading {
            Loading::Ahead => {}
            Loading::OnUse => self.follow().await?,
        }
        Ok(self.published())
    }

    pub(super) fn published(&self) -> Arc<LoadedPolicy> {
        self.published.load_full()
    }

    /// Reads what another server committed, if `named` is newer than the newest revision in memory.
    pub(super) async fn catch_up(&self, named: Revision) -> StoreResult<()> {
        if named > self.published.load().ledger.head() {
            self.follow().await?;
        }
        Ok(())
    }

    /// Reads everything that was committed since the last read, and publishes the new policy.
    pub(super) async fn follow(&self) -> StoreResult<()> {
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
        let (mut next, policy) = off_threads(move || finish(next, rows, snapshot)).await??;
        next.retire(self.published.swap(policy));
        if next.has_unused() {
            off_threads(move || next.free_unused()).await?;
        }
        Ok(())
    }

    /// Reads everything again. Versions of rules get new numbers.
    pub(super) async fn read_again(&self) -> StoreResult<()> {
        self.next.lock().await.begin_again();
        self.follow().await
    }

    /// Reads the rows that were committed since the last read. Adds all but the last batch of rows,
    /// and returns that batch.
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
            // The start of the history is read after the rows, because the store writes a new start
            // before it deletes rows. So if rows were missing, the new start is read here.
            let start = self.store.history_start().await?;
            let start = start.map(|start| start.revision).unwrap_or_default();
            self.history.keep_from(start);
            if known == Revision(0) {
                next.keep_from(start);
            } else if start > known {
                // Versions that ended since the last read may have been deleted before they were
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
            // The next batch is read while this batch is added.
            let more = self.store.ledger(known, last.id, ROWS_A_READ);
            let add = off_threads(move || {
                next.extend(rows)?;
                Ok::<_, LedgerFull>(next)
            });
            let (more, added) = tokio::join!(more, add);
            (next, rows) = (added??, more?);
        }
        Ok((next, rows))
    }

    pub(super) async fn free_old_history(&self) -> StoreResult<()> {
        let (policy, start) = (self.published(), self.history.start());
        let numbering = policy.ledger.numbering();
        let copy = move || {
            let is_worth_it = policy.ledger.has_much_before(start);
            is_worth_it.then(|| LedgerWriter::without_history(&policy.ledger, start))
        };
        let Some(copy) = off_threads(copy).await?.transpose()? else { return Ok(()) };
        let mut next = self.next.lock().await;
        if next.numbering() == numbering {
            next.replace_ledger(copy);
        }
        drop(next);
        self.follow().await
    }
}

fn finish(
    mut next: NextPolicy,
    rows: Vec<LedgerRow>,
    snapshot: PolicySnapshot,
) -> Result<(NextPolicy, Arc<LoadedPolicy>), LedgerFull> {
    next.extend(rows)?;
    let policy = next.finish(snapshot);
    Ok((next, policy))
}

/// Runs long work outside the request threads.
pub(super) async fn off_threads<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> StoreResult<T> {
    let failed = |error: JoinError| StoreError::Database(format!("a task failed: {error}"));
    spawn_blocking(work).await.map_err(failed)
}
