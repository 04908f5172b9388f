//! The four stages of a sync, and the state of a host that they move.

use bytes::Bytes;

use super::cursor::{Cursor, From, Span};
use super::engine::{Engine, SyncError};
use super::policy::Policy;
use super::proof::{Evidence, finish};
use super::scope_sets::{common, union};
use super::unwritten::Unwritten;
use super::{generation, translate};
use crate::fleet::{
    CleanOrder, CleanSync, DriftRepair, Generation, Holding, Host, Miscount, Reach, Session,
    SessionKind, SyncState,
};
use crate::protocol::generation::Capability;
use crate::protocol::{
    PostflightRequest, PostflightResponse, PreflightRequest, PreflightResponse,
    RuleDownloadRequest, SyncType, Wire,
};
use crate::rule::MachineId;
use crate::store::{ScopeId, StoreResult, StoredHost};

/// How often a request tries again when another of the same host was faster.
const ATTEMPTS: usize = 8;

impl Engine {
    /// Preflight: takes down what the host says of itself, fixes where this sync will take it,
    /// and answers with every setting. `may_join` decides whether a new host is accepted.
    ///
    /// # Errors
    /// When the store fails, or a new host is not accepted. Nothing is changed then.
    pub async fn preflight(
        &self,
        machine: &MachineId,
        request: &PreflightRequest,
        may_join: &(dyn Fn() -> bool + Sync),
    ) -> Result<PreflightResponse, SyncError> {
        self.kept.take(machine);
        for _ in 0..ATTEMPTS {
            let now = self.clock.now();
            let (mut host, version) = match self.host(machine).await? {
                Some(stored) => (stored.host, stored.version),
                None if may_join() => (Host::new(machine.clone(), now), 0),
                None => return Err(SyncError::TooManyNewHosts),
            };
            let before = host.sync.clone();
            let facts = translate::facts(request);
            let known = version > 0 && host.facts == facts;
            host.facts = facts;
            let generation = generation::of(&host.facts.santa_version);
            let (effective, rule_scopes, head) = {
                let policy = self.policy().await?;
                let scopes = policy.scopes(&host);
                let rule_scopes = policy.rule_scopes(&scopes);
                (policy.settings(&scopes), rule_scopes, policy.ledger.head())
            };
            let set = self.scope_sets.intern(&*self.store, &rule_scopes).await?;
            let target = Holding { set, revision: head, generation };
            let asks_clean = request.request_clean_sync;
            let hash = request.rules_hash.parse().ok();
            self.weigh(&mut host, Evidence { hash, asks_clean, now }).await?;
            let holding = self.known_holding(&host.sync);
            let repair = effective.settings.drift_repair;
            let kind = kind_of_sync(&host.sync, holding, asks_clean, target, repair);
            let everything = kind == SessionKind::Normal && self.lost_order(&host);
            host.sync.reach = Some(self.reach_with(&host.sync, target, everything).await?);
            let session = Session {
                kind,
                asked_clean: asks_clean,
                target,
                started: now,
                settings: effective.digest,
                served: false,
                order: host.sync.clean_order,
            };
            host.sync.session = Some(session);
            host.sync.last_seen = Some(now);
            let kept = known && self.keep(&host, version, &before, session).await?;
            if kept || self.store.save_host(&host, version).await? {
                return Ok(translate::settings(&effective.settings, kind, generation));
            }
        }
        Err(SyncError::Contended)
    }

    /// Rule download: a page of the open session's difference, or, without a session, of the
    /// difference to what is in force now. The body of the answer, in the form that was asked for.
    ///
    /// A cursor that does not belong to this host's download is answered with the download's
    /// first page. A host that was never seen is answered and not remembered: its first
    /// preflight begins clean whatever it holds.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn rule_download(
        &self,
        machine: &MachineId,
        request: &RuleDownloadRequest,
        wire: Wire,
    ) -> Result<Bytes, SyncError> {
        let cursor = self.key.open(&request.cursor);
        if let Some(Cursor { span, .. }) = cursor {
            // Only what is under our seal is asked for.
            self.catch_up(span.to.revision).await?;
        }
        if let Some(span) = self.kept.span(machine) {
            let policy = self.policy().await?;
            // It was canonical when it was kept, and is unless history was deleted since.
            let span = match span.oldest_revision() < policy.ledger.start() {
                true => self.canonical(&policy, span).await?,
                false => span,
            };
            let difference = self.difference(&policy, span).await?;
            return self.page(&policy, Cursor { span, page: 0 }, &difference, wire).await;
        }
        for _ in 0..ATTEMPTS {
            let now = self.clock.now();
            let (mut host, version) = match self.host(machine).await? {
                Some(stored) => (stored.host, stored.version),
                None => (Host::new(machine.clone(), now), 0),
            };
            let before = host.sync.clone();
            let span = match host.sync.session {
                Some(session) => span_of(&host.sync, session),
                None => self.span_without_session(&mut host, cursor).await?,
            };
            let policy = self.policy().await?;
            if span.oldest_revision() < policy.ledger.start() {
                // Old history was deleted since the host's row was read.
                continue;
            }
            let span = self.canonical(&policy, span).await?;
            let difference = self.difference(&policy, span).await?;
            if difference.is_refused() {
                let sent = difference.rules();
                // Shown as a host that rejects its rules.
                host.sync.miscount = Some(Miscount { sent, received: 0, processed: 0 });
                host.sync.session = None;
                if version > 0 && host.sync != before {
                    self.store.save_host(&host, version).await?;
                }
                return Err(SyncError::TooManyRules(sent));
            }
            let page = match cursor {
                Some(cursor) if self.is_same(&policy, cursor.span, span).await? => cursor.page,
                Some(_) | None => 0,
            };
            let whole = difference.rules() > 0 && difference.is_last(page);
            match &mut host.sync.session {
                Some(session) => session.served |= whole,
                // Nobody will say whether the host took it.
                None if whole => (host.sync.trail, host.sync.expected_hash) = (None, None),
                None => {}
            }
            let unwritten = version == 0 || host.sync == before;
            if unwritten || self.store.save_host(&host, version).await? {
                return self.page(&policy, Cursor { span, page }, &difference, wire).await;
            }
        }
        Err(SyncError::Contended)
    }

    /// Postflight: moves the holding, if the host took everything that it was sent.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn postflight(
        &self,
        machine: &MachineId,
        request: &PostflightRequest,
    ) -> Result<PostflightResponse, SyncError> {
        for _ in 0..ATTEMPTS {
            let stored = match self.kept.take(machine) {
                Some(Unwritten { host, version, .. }) => Some(StoredHost { host, version }),
                None => self.host(machine).await?,
            };
            let Some(StoredHost { mut host, version }) = stored else {
                return Ok(PostflightResponse {});
            };
            let Some(session) = host.sync.session else {
                return Ok(PostflightResponse {});
            };
            let policy = self.policy().await?;
            let span = self.canonical(&policy, span_of(&host.sync, session)).await?;
            let sent = self.difference(&policy, span).await?.rules();
            if sent > 0 && !session.served {
                return Ok(PostflightResponse {});
            }
            self.complete(&mut host, session, sent, request).await?;
            if self.store.save_host(&host, version).await? {
                return Ok(PostflightResponse {});
            }
        }
        Err(SyncError::Contended)
    }

    /// Orders a clean sync for a host's next preflight, or takes the order back. An order for
    /// more is never replaced by one for less. False if there is no such host.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn order_clean_sync(
        &self,
        machine: &MachineId,
        kind: Option<CleanSync>,
    ) -> Result<bool, SyncError> {
        for _ in 0..ATTEMPTS {
            let Some(stored) = self.host(machine).await? else { return Ok(false) };
            let mut host = stored.host;
            host.sync.clean_order = kind.map(|kind| CleanOrder {
                kind: host.sync.clean_order.map_or(kind, |order| order.kind.max(kind)),
                at: self.clock.now(),
            });
            if self.store.save_host(&host, stored.version).await? {
                return Ok(true);
            }
        }
        Err(SyncError::Contended)
    }

    async fn complete(
        &self,
        host: &mut Host,
        session: Session,
        sent: u32,
        request: &PostflightRequest,
    ) -> StoreResult<()> {
        let generation = session.target.generation;
        let (received, processed) = (request.rules_received, request.rules_processed);
        let counted = !generation::has(generation, Capability::PostflightCounts)
            || (received == sent && processed == sent);
        let as_told = match request.sync_type.filter(|_| generation::keeps_rules(generation)) {
            None => true,
            Some(performed) => {
                let clean = matches!(performed, SyncType::Clean | SyncType::CleanAll);
                clean == (session.kind != SessionKind::Normal)
            }
        };
        if !as_told || !counted {
            host.sync.session = None;
            host.sync.miscount = Some(Miscount { sent, received, processed });
            return Ok(());
        }
        let hashes = generation::has(generation, Capability::RulesHash);
        let trail = if hashes { self.trail_after(&host.sync, session).await? } else { None };
        finish(&mut host.sync, session, self.clock.now());
        host.sync.session = None;
        host.sync.reach = None;
        host.sync.miscount = None;
        self.verify(host, session, trail, request.rules_hash.parse().ok()).await
    }

    /// Where a host would stand after a sync now. Writes its scope set if that is new.
    async fn target(&self, host: &Host, generation: Generation) -> StoreResult<Holding> {
        let (scopes, revision) = {
            let policy = self.policy().await?;
            (policy.rule_scopes(&policy.scopes(host)), policy.ledger.head())
        };
        let set = self.scope_sets.intern(&*self.store, &scopes).await?;
        Ok(Holding { set, revision, generation })
    }

    /// What a host may hold once it was offered this target too. With `everything`,
    /// no rule of it is taken for granted.
    pub(super) async fn reach_with(
        &self,
        state: &SyncState,
        target: Holding,
        everything: bool,
    ) -> StoreResult<Reach> {
        let store = &*self.store;
        let offered = self.scope_sets.members(store, target.set).await?;
        let (all, shared) = self.reached(state, &offered, target.generation).await?;
        let union = self.scope_sets.intern(store, &all).await?;
        let shared = if everything { Vec::new() } else { shared };
        let common = self.scope_sets.intern(store, &shared).await?;
        Ok(Reach { union, common })
    }

    /// All scopes that a host's rules may be of once it was offered these too, and the scopes
    /// that it had all along.
    pub(super) async fn reached(
        &self,
        state: &SyncState,
        offered: &[ScopeId],
        generation: Generation,
    ) -> StoreResult<(Vec<ScopeId>, Vec<ScopeId>)> {
        let store = &*self.store;
        let sets = match (state.reach, state.holding) {
            (Some(reach), _) => Some((reach.union, reach.common)),
            (None, Some(holding)) => Some((holding.set, holding.set)),
            (None, None) => None,
        };
        let (all, shared) = match sets {
            Some((all, shared)) => {
                let all = self.scope_sets.members(store, all).await?;
                (all, self.scope_sets.members(store, shared).await?)
            }
            None => (offered.into(), offered.into()),
        };
        let same_client = state.holding.is_none_or(|holding| holding.generation == generation);
        let shared = if same_client { common(&shared, offered) } else { Vec::new() };
        Ok((union(&all, offered), shared))
    }

    /// Whether a cursor's span is the canonical span of a download. The canonical span may have
    /// changed since the cursor was created, because the first kept revision replaces older ones.
    async fn is_same(&self, policy: &Policy, of_cursor: Span, span: Span) -> StoreResult<bool> {
        let could_be = of_cursor.to.set == span.to.set;
        Ok(of_cursor == span || (could_be && self.canonical(policy, of_cursor).await? == span))
    }

    /// The span of a download that no preflight opened. The holding stays where it is, for no
    /// postflight will follow, but what is offered counts as reached from now on.
    async fn span_without_session(
        &self,
        host: &mut Host,
        cursor: Option<Cursor>,
    ) -> StoreResult<Span> {
        let generation = generation::of(&host.facts.santa_version);
        let mut target = self.target(host, generation).await?;
        let reach = self.reach_with(&host.sync, target, false).await?;
        host.sync.reach = Some(reach);
        if let Some(Cursor { span, .. }) = cursor
            && (self.history.start()..=target.revision).contains(&span.to.revision)
        {
            target.revision = span.to.revision;
        }
        let held = self.known_holding(&host.sync);
        let held = held.filter(|_| generation::keeps_rules(generation));
        Ok(Span { from: origin(held, reach), to: target })
    }
}

/// The span of a session. Depends on what preflight wrote alone, so that every page and the
/// postflight see the same.
pub(super) fn span_of(state: &SyncState, session: Session) -> Span {
    let from = match (session.kind, state.reach) {
        (SessionKind::Clean(_), _) | (SessionKind::Normal, None) => From::Nothing,
        (SessionKind::Normal, Some(reach)) => origin(state.holding, reach),
    };
    Span { from, to: session.target }
}

pub(super) fn origin(holding: Option<Holding>, reach: Reach) -> From {
    match holding {
        None => From::Nothing,
        Some(holding) => {
            From::Held { since: holding.revision, union: reach.union, common: reach.common }
        }
    }
}

/// Clean when the host asks for it, when an administrator ordered it, when what the host holds
/// is not known (never synced, ahead of a database that was restored, older than the history that
/// is kept, forgotten by itself), and once when it does not hold what it should.
fn kind_of_sync(
    state: &SyncState,
    holding: Option<Holding>,
    asks_clean: bool,
    target: Holding,
    repair: DriftRepair,
) -> SessionKind {
    let known = holding.is_some_and(|holding| holding.revision <= target.revision)
        && generation::keeps_rules(target.generation);
    let repairs = match repair {
        DriftRepair::Clean => state.drift.is_some_and(|drift| drift.is_repairable()),
        DriftRepair::Off => false,
    };
    match state.clean_order {
        Some(order) => SessionKind::Clean(order.kind),
        None if asks_clean || !known || repairs => SessionKind::Clean(CleanSync::Clean),
        None => SessionKind::Normal,
    }
}
