//! The sync engine, which the server calls. Preflight, rule download and postflight are in
//! `session`.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::Arc;

use futures_util::future::try_join_all;
use jiff::SignedDuration;

use super::compute::CacheFill;
use super::cursor::CursorKey;
use super::downloads::Downloads;
use super::epoch::CurrentEpoch;
use super::error::SyncError;
use super::event_upload::EventIntake;
use super::fleet_view::FleetView;
use super::live_policy::{LivePolicy, Loading, off_threads};
use super::macs::log_conflict;
use super::pages::RULES_A_PAGE;
use super::route::Route;
use super::unwritten::{Unwritten, UnwrittenSessions};
use crate::fleet::{
    Actor, CleanOrder, CleanSync, Clock, Epoch, Fingerprint, Host, Session, SyncState,
};
use crate::protocol::{EventUploadRequest, EventUploadResponse};
use crate::rule::{MachineId, PolicyKind, Revision};
use crate::store::{Change, Committed, Store, StoreResult, StoredHost, audit};

/// Maximum attempts to write a host's row while other requests keep changing the row.
pub(super) const ATTEMPTS: usize = 8;

/// The sync engine of one store. Its methods can run at the same time.
pub struct Engine {
    pub(super) store: Arc<dyn Store>,
    pub(super) clock: Clock,
    pub(super) live: Arc<LivePolicy>,
    pub(super) downloads: Arc<Downloads>,
    pub(super) unwritten: UnwrittenSessions,
    pub(super) epoch: CurrentEpoch,
    events: EventIntake,
}

impl Engine {
    /// Opens an engine, and reads the policy from the store. Takes time and memory in proportion to
    /// the rule versions in the store.
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
        engine.epoch.follow().await?;
        engine.live.follow().await?;
        Ok(engine)
    }

    /// An engine for a command on a local database. The engine reads the policy and newer commits
    /// only when a method needs the policy. So [`Engine::tick`] is not needed. The engine serves no
    /// hosts, so it uses a random cursor key.
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
        let live = Arc::new(LivePolicy::new(Arc::clone(&store), loading));
        let key = CursorKey(cursor_key);
        let downloads = Downloads::new(Arc::clone(&store), Arc::clone(&live), key, page_size);
        let downloads = Arc::new(downloads);
        Self {
            epoch: CurrentEpoch::new(Arc::clone(&downloads), clock.clone()),
            events: EventIntake::new(Arc::clone(&store), Arc::clone(&live), clock.clone()),
            store,
            clock,
            live,
            downloads,
            unwritten: UnwrittenSessions::default(),
        }
    }

    /// Sets the maximum number of new events per host and day.
    pub fn with_events_per_day(self, most: u64) -> Self {
        Self { events: self.events.with_limit(most), ..self }
    }

    /// Sets the time over which clean syncs are spread after a new epoch.
    pub fn with_restore_spread(mut self, spread: SignedDuration) -> Self {
        self.epoch.spread = spread;
        self
    }

    /// The newest revision. An engine from [`Engine::open`] returns the newest revision that it has
    /// read.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn head(&self) -> StoreResult<Revision> {
        match self.live.is_loaded_ahead() {
            true => Ok(self.live.published().ledger.head()),
            false => self.store.head().await,
        }
    }

    /// The number of pages that were encoded since this engine was opened. Hosts share encoded
    /// pages.
    pub fn pages_encoded(&self) -> u64 {
        self.downloads.pages_encoded()
    }

    pub fn caches(&self) -> [CacheFill; 6] {
        self.downloads.caches()
    }

    /// The number of active rules at the newest revision that was read.
    pub fn active_rules(&self) -> usize {
        self.live.published().ledger.active()
    }

    /// The number of active rules of each policy at the newest revision that was read. Takes time in
    /// proportion to the rule versions in memory, and does not occupy a request thread.
    ///
    /// # Errors
    /// When the task that counts fails.
    pub async fn active_rules_by_policy(&self) -> StoreResult<BTreeMap<PolicyKind, u64>> {
        let policy = self.live.published();
        off_threads(move || policy.ledger.active_by_policy()).await
    }

    pub fn versions_in_memory(&self) -> usize {
        self.live.published().ledger.versions()
    }

    /// Reads all rules, so that the store finds unreadable rows. Does nothing on a server, which
    /// has already read the rules.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn read_rules(&self) -> StoreResult<()> {
        self.live.current().await.map(drop)
    }

    /// A view for administrators: hosts and their rules at the newest revision.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn view(&self) -> StoreResult<FleetView<'_>> {
        FleetView::new(&self.downloads, &self.epoch).await
    }

    pub fn events(&self) -> &EventIntake {
        &self.events
    }

    /// Commits a change. An engine from [`Engine::open`] also reads the change back, so that the
    /// next request uses it.
    ///
    /// # Errors
    /// The errors of [`crate::store::PolicyStore::commit`]. A failure to read a committed change
    /// back is not an error, because [`Engine::tick`] reads the change later.
    pub async fn commit(&self, change: Change) -> StoreResult<Committed> {
        let committed = self.store.commit(change).await?;
        if committed.changed
            && self.live.is_loaded_ahead()
            && let Err(error) = self.live.follow().await
        {
            let revision = committed.head.0;
            tracing::error!(%error, revision, "cannot read the new revision; trying again later");
        }
        Ok(committed)
    }

    /// If `expire` is true, removes expired rules. Reads what other processes have committed.
    /// Writes the older of the sessions that are kept only in memory.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn tick(&self, expire: bool) -> StoreResult<()> {
        // If one of these three steps fails, the other steps still run.
        let expired = match expire {
            true => self.store.expire(self.clock.now()).await.map(drop),
            false => Ok(()),
        };
        let followed = self.epoch.follow().await.map(drop).and(self.live.follow().await);
        let written = self.write_unwritten(false).await;
        expired.and(followed).and(written)
    }

    /// Writes all sessions that were kept in memory. Call this after the last request.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn close(&self) -> StoreResult<()> {
        self.write_unwritten(true).await
    }

    pub fn keep_history_from(&self, start: Revision) {
        self.live.history.keep_from(start);
    }

    /// Sends all rules again to hosts that hash their rules and last received all of them before
    /// one of these revisions. The revision that applies depends on the host.
    pub fn resend_rules_from_before(&self, revisions: Vec<Revision>) {
        self.live.history.resend_before(revisions);
    }

    /// Frees the memory of rule versions that ended before the first kept revision, if they are at
    /// least a quarter of all versions. Takes time and memory in proportion to the remaining
    /// versions.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn free_old_history(&self) -> StoreResult<()> {
        self.live.free_old_history().await
    }

    /// Begins a new epoch. Call this when the rules on hosts may differ from the rules in their
    /// rows.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn begin_epoch(&self, actor: &Actor) -> StoreResult<Epoch> {
        self.epoch.begin(actor).await
    }

    /// Handles an event upload. `may_join` decides whether a new host is accepted.
    ///
    /// # Errors
    /// When the store fails, or a new host is not accepted.
    pub async fn event_upload(
        &self,
        machine: &MachineId,
        request: &EventUploadRequest,
        may_join: &(dyn Fn() -> bool + Sync),
    ) -> Result<EventUploadResponse, SyncError> {
        self.events.upload(machine, request, may_join).await
    }

    /// Requests a clean sync at a host's next preflight, or cancels the request if `kind` is None.
    /// A new request never replaces a request that deletes more rules. Returns false if the host
    /// does not exist.
    ///
    /// # Errors
    /// When the store fails, or other requests keep changing the host's row.
    pub async fn order_clean_sync(
        &self,
        actor: &Actor,
        machine: &MachineId,
        kind: Option<CleanSync>,
    ) -> Result<bool, SyncError> {
        for _ in 0..ATTEMPTS {
            let Some(stored) = self.host(machine).await? else { return Ok(false) };
            let mut host = stored.host;
            host.sync.clean_order = kind.map(|kind| CleanOrder {
                kind: host.sync.clean_order.map_or(kind, |order| order.kind.max(kind)),
                at: actor.at,
            });
            let order = host.sync.clean_order;
            for other in host.sync.macs.iter_mut().flat_map(|macs| &mut macs.others) {
                other.sync.clean_order = order;
            }
            if self.store.save_host(&host, stored.version).await? {
                let action = if order.is_some() { "order-clean-sync" } else { "cancel-clean-sync" };
                audit::record(actor, action, machine);
                return Ok(true);
            }
        }
        Err(SyncError::Contended)
    }

    /// Accepts a Mac as the owner of a machine ID. If `serial` is none, accepts the last refused
    /// Mac. If no Mac was refused, accepts the Mac that synced last. Returns none if the host does
    /// not exist.
    ///
    /// # Errors
    /// When the store fails, when other requests keep changing the host's row, or when no Mac to
    /// accept is found.
    pub async fn accept(
        &self,
        actor: &Actor,
        machine: &MachineId,
        serial: Option<&str>,
    ) -> Result<Option<Fingerprint>, SyncError> {
        for _ in 0..ATTEMPTS {
            let Some(stored) = self.host(machine).await? else { return Ok(None) };
            let mut host = stored.host;
            let mut macs = host.acceptable().into_iter();
            let chosen = match serial {
                Some(serial) => macs.find(|mac| mac.serial.eq_ignore_ascii_case(serial)),
                None => macs.next(),
            };
            let chosen = chosen.ok_or(SyncError::UnknownMac)?;
            let before = host.sync.macs.clone();
            host.accept(chosen.clone());
            if self.store.save_host(&host, stored.version).await? {
                log_conflict(&host, before.as_deref());
                let mac = format!("{machine} (serial number {:?})", chosen.serial);
                audit::record(actor, "accept-mac", &mac);
                return Ok(Some(chosen));
            }
        }
        Err(SyncError::Contended)
    }

    /// A host's row. If another server wrote the row at a revision that is not in memory yet, the
    /// rules of that revision are read first, because responses depend on them.
    pub(super) async fn host(&self, machine: &MachineId) -> StoreResult<Option<StoredHost>> {
        let mut stored = self.store.host(machine).await?;
        if let Some(StoredHost { host, .. }) = &mut stored {
            self.live.catch_up(host.sync.newest_revision()).await?;
            host.sync.forget_before(self.live.current().await?.ledger.start());
        }
        Ok(stored)
    }

    /// Keeps the session of a preflight only in memory if possible. Among other conditions, the
    /// download must be empty, and the database must not be shared with other servers. Returns
    /// whether the session was kept.
    pub(super) async fn keep_unwritten(
        &self,
        host: &Host,
        version: u64,
        before: &SyncState,
        session: Session,
    ) -> StoreResult<bool> {
        let last_seen = before.last_seen;
        let ended = SyncState { session: None, last_seen, ..host.sync.clone() };
        if self.store.is_shared() || session.mixed || ended != *before {
            return Ok(false);
        }
        let policy = self.live.current().await?;
        let route = Route::of_session(&host.sync, session);
        let span = self.downloads.canonical(&policy, &route).await?;
        if self.downloads.download(&policy, span, &route).await?.rules() > 0 {
            return Ok(false);
        }
        let unwritten = Unwritten { host: host.clone(), version, span, since: session.started };
        Ok(self.unwritten.keep(unwritten))
    }

    async fn write_unwritten(&self, end: bool) -> StoreResult<()> {
        let due = self.unwritten.due(self.clock.now(), end);
        let writing = due.iter().map(|due| self.store.save_host(&due.host, due.version));
        // A save is rejected if another request has already written a newer row. So a rejected save
        // is not an error.
        try_join_all(writing).await.map(drop)
    }
}
