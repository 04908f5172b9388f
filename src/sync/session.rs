//! Preflight, rule download and postflight, and how they change the state of a host.

use std::sync::Arc;

use bytes::Bytes;

use super::cursor::{Cursor, Span, SpanStart};
use super::engine::{ATTEMPTS, Engine};
use super::epoch::{Trust, begin_in, finish_without_rules, is_confirmed, obeys_order};
use super::error::SyncError;
use super::macs::{self, RulesReport, log_conflict};
use super::policy::{HostSettings, LoadedPolicy};
use super::preflight_settings::{self, OptionalPlan};
use super::route::{Route, Start};
use super::unwritten::Unwritten;
use super::{generation, offers, pages, proof, translate};
use crate::fleet::{
    CleanSync, DriftRepair, Epoch, Generation, Holding, Host, HostFacts, Miscount,
    OptionalSettings, RuleCounts, Session, SessionKind, SyncState,
};
use crate::protocol::generation::Capability;
use crate::protocol::{
    PostflightRequest, PostflightResponse, PreflightRequest, PreflightResponse,
    RuleDownloadRequest, SyncType, Wire,
};
use crate::rule::MachineId;
use crate::store::{StoreResult, StoredHost};

impl Engine {
    /// Preflight: records what the host reports, decides what this sync sends, and returns the
    /// settings. `may_join` decides whether a new host is accepted.
    ///
    /// # Errors
    /// When the store fails, a new host is not accepted, a Mac is refused because the machine ID
    /// belongs to another Mac, or other requests keep changing the host's row.
    pub async fn preflight(
        &self,
        machine: &MachineId,
        request: &PreflightRequest,
        may_join: &(dyn Fn() -> bool + Sync),
    ) -> Result<PreflightResponse, SyncError> {
        let downloads = &*self.downloads;
        let unwritten = self.unwritten.take(machine).and_then(|kept| kept.host.sync.session);
        for _ in 0..ATTEMPTS {
            let now = self.clock.now();
            let (mut host, version) = match self.host(machine).await? {
                Some(stored) => (stored.host, stored.version),
                None if may_join() => (Host::new(machine.clone(), now), 0),
                None => return Err(SyncError::TooManyNewHosts),
            };
            let epoch = self.epoch.of_host(&host.sync).await?;
            let before = host.sync.clone();
            let facts = translate::facts(request);
            if macs::is_refused(downloads, &host, &facts).await? {
                if !host.refuse(&facts, now) || self.store.save_host(&host, version).await? {
                    return Err(SyncError::AnotherMac);
                }
                continue;
            }
            let mixed = macs::recognize(downloads, &mut host, &facts, unwritten, now).await?;
            let known = version > 0 && host.facts == facts;
            begin_in(&mut host.sync, &facts, epoch);
            let asks_clean = request.request_clean_sync;
            let synced = record_report(&mut host, facts, asks_clean, epoch);
            let generation = generation::of(&host.facts.santa_version);
            let (effective, target) = self.wanted(&host, generation).await?;
            let hash = request.rules_hash.parse().ok();
            proof::check_report(
                downloads,
                &mut host,
                RulesReport { hash, asks_clean, now, epoch: epoch.id },
            )
            .await?;
            let session = Session {
                asked_clean: asks_clean,
                synced,
                mixed,
                ..Session::new(target, effective.digest, epoch.id, now)
            };
            let repair = effective.settings.drift_repair;
            let session = self.with_kind(&mut host, session, epoch, repair).await?;
            let version_now = &host.facts.santa_version;
            let optional = OptionalPlan::new(synced, effective.set, session.kind, version_now);
            host.sync.synced = optional.possible;
            let session = Session { synced: optional.kept, ..session };
            host.sync.session = Some(session);
            host.sync.last_seen = Some(now);
            let may_keep = known && !session.without_rules;
            let kept = may_keep && self.keep_unwritten(&host, version, &before, session).await?;
            if kept || self.store.save_host(&host, version).await? {
                log_conflict(&host, before.macs.as_deref());
                let (sent, kind) = (optional.sent, session.kind);
                return Ok(preflight_settings::settings(&effective, sent, kind, generation));
            }
        }
        Err(SyncError::Contended)
    }

    async fn with_kind(
        &self,
        host: &mut Host,
        session: Session,
        epoch: Epoch,
        repair: DriftRepair,
    ) -> StoreResult<Session> {
        let downloads = &*self.downloads;
        let target = session.target;
        let trust = self.epoch.trust(host, target.generation, epoch);
        if trust == Trust::Waiting && !session.asked_clean {
            return Ok(Session { without_rules: true, ..session });
        }
        let holding = downloads.known_holding(&host.sync).filter(|_| trust == Trust::Confirmed);
        if is_clean(&host.sync, holding, &session, repair) || obeys_order(&host.sync, epoch) {
            let order = host.sync.clean_order;
            let kind = SessionKind::Clean(order.map_or(CleanSync::Clean, |order| order.kind));
            return Ok(Session { kind, order, ..session });
        }
        if session.mixed
            || proof::lost_order(downloads, host)
            || self.epoch.lacks_messages(host, epoch)
        {
            let none = offers::no_rules(downloads, target).await?;
            offers::add_offer(downloads, &mut host.sync, none).await?;
        }
        if host.sync.reach.is_some() {
            // The union that replaces the offers must also contain the target of this sync.
            offers::add_offer(downloads, &mut host.sync, target).await?;
        }
        Ok(session)
    }

    /// Rule download: returns a page. If a session is open, the page is from its download.
    /// Otherwise, the download leads to the revision of the cursor if possible, or else to the
    /// newest revision.
    ///
    /// If the cursor does not belong to this host's download, returns the first page of the
    /// download. An unknown host gets rules but is not stored, because its first preflight begins a
    /// clean sync.
    ///
    /// # Errors
    /// For example, when the store fails, the client cannot receive all its rules, or the database
    /// was restored since the sync began.
    pub async fn rule_download(
        &self,
        machine: &MachineId,
        request: &RuleDownloadRequest,
        wire: Wire,
    ) -> Result<Bytes, SyncError> {
        let downloads = &*self.downloads;
        let cursor = downloads.key.open(&request.cursor);
        if let Some(Cursor { span, .. }) = cursor {
            // The cursor is authenticated, so this server or another server created it.
            self.live.catch_up(span.to.revision).await?;
        }
        if let Some(span) = self.unwritten.span(machine) {
            let policy = self.live.current().await?;
            let difference = downloads.empty_download(&policy, span);
            return downloads.page(&policy, Cursor { span, page: 0 }, &difference, wire).await;
        }
        for _ in 0..ATTEMPTS {
            let now = self.clock.now();
            let (mut host, version) = match self.host(machine).await? {
                Some(stored) => (stored.host, stored.version),
                None => (Host::new(machine.clone(), now), 0),
            };
            let epoch = self.epoch.of_host(&host.sync).await?;
            if version > 0
                && let Some(page) = self.page_of_restored(&host, epoch, wire).await?
            {
                return Ok(page);
            }
            let before = host.sync.clone();
            let route = match host.sync.session {
                Some(session) => Route::of_session(&host.sync, session),
                None => self.route_without_session(&mut host, cursor).await?,
            };
            let policy = self.live.current().await?;
            if route.oldest_revision() < policy.ledger.start() {
                // Old history was deleted since the host's row was read.
                continue;
            }
            let span = downloads.canonical(&policy, &route).await?;
            let difference = downloads.download(&policy, span, &route).await?;
            if difference.is_refused() {
                return Err(self.refuse(host, version, &before, difference.rules()).await?);
            }
            let page = match cursor {
                Some(cursor) if self.is_same(&policy, cursor.span, &route, span).await? => {
                    cursor.page
                }
                Some(_) | None => 0,
            };
            if !generation::takes_pages(route.to.generation) {
                let body =
                    downloads.page(&policy, Cursor { span, page }, &difference, wire).await?;
                if pages::may_be_refused(route.to.generation, &body, wire) {
                    // The host counts as rejecting its rules until a postflight proves that the
                    // host accepted the page.
                    host.sync.miscount = Some(Miscount::of_nothing(difference.rules()));
                }
            }
            if difference.rules() > 0 {
                self.record_page(&mut host.sync, route.to, difference.is_last(page)).await?;
            }
            let unwritten = version == 0 || host.sync == before;
            if unwritten || self.store.save_host(&host, version).await? {
                return downloads.page(&policy, Cursor { span, page }, &difference, wire).await;
            }
        }
        Err(SyncError::Contended)
    }

    /// Records that a host cannot receive its rules. The host is then shown as rejecting them.
    async fn refuse(
        &self,
        mut host: Host,
        version: u64,
        before: &SyncState,
        rules: u32,
    ) -> StoreResult<SyncError> {
        host.sync.miscount = Some(Miscount::of_nothing(rules));
        host.sync.session = None;
        if version > 0 && host.sync != *before {
            self.store.save_host(&host, version).await?;
        }
        Ok(SyncError::TooManyRules(rules))
    }

    /// Postflight: records the result of the sync.
    ///
    /// # Errors
    /// When the store fails, or other requests keep changing the host's row.
    pub async fn postflight(
        &self,
        machine: &MachineId,
        request: &PostflightRequest,
    ) -> Result<PostflightResponse, SyncError> {
        for _ in 0..ATTEMPTS {
            let stored = match self.unwritten.take(machine) {
                Some(Unwritten { host, version, .. }) => Some(StoredHost { host, version }),
                None => self.host(machine).await?,
            };
            let Some(StoredHost { mut host, version }) = stored else {
                return Ok(PostflightResponse {});
            };
            let Some(session) = host.sync.session else {
                return Ok(PostflightResponse {});
            };
            if !self.end(&mut host, session, request).await? {
                return Ok(PostflightResponse {});
            }
            if self.store.save_host(&host, version).await? {
                return Ok(PostflightResponse {});
            }
        }
        Err(SyncError::Contended)
    }

    /// Applies a postflight to the open session. Returns false if there is nothing to store.
    async fn end(
        &self,
        host: &mut Host,
        session: Session,
        request: &PostflightRequest,
    ) -> StoreResult<bool> {
        let downloads = &*self.downloads;
        if session.epoch != self.epoch.of_host(&host.sync).await?.id {
            // The row may have been restored, so the postflight may not belong to the session in
            // the row.
            host.sync.session = None;
            offers::add_offer_of(downloads, &mut host.sync, session).await?;
            return Ok(true);
        }
        if session.without_rules && !session.mixed {
            finish_without_rules(&mut host.sync, session, self.clock.now());
            host.sync.reported_hash = request.rules_hash.parse().ok();
            return Ok(true);
        }
        let policy = self.live.current().await?;
        let route = Route::of_session(&host.sync, session);
        let span = downloads.canonical(&policy, &route).await?;
        let sent = downloads.download(&policy, span, &route).await?.rules();
        if sent > 0 && !session.served {
            // The last page was not sent. Either Santa up to 2026.7 ended the download at a page
            // that was cut off, or the postflight belongs to an earlier sync. So the session is
            // kept open.
            let PostflightRequest { rules_received: received, rules_processed, .. } = *request;
            let miscount = Miscount { sent, received, processed: rules_processed };
            let is_new = received < sent && host.sync.miscount != Some(miscount);
            if is_new {
                host.sync.miscount = Some(miscount);
            }
            return Ok(is_new);
        }
        self.complete(host, session, sent, request).await?;
        Ok(true)
    }

    async fn complete(
        &self,
        host: &mut Host,
        session: Session,
        sent: u32,
        request: &PostflightRequest,
    ) -> StoreResult<()> {
        let downloads = &*self.downloads;
        if session.mixed {
            host.sync.session = None;
            return macs::end_mixed(downloads, &mut host.sync, session).await;
        }
        let generation = session.target.generation;
        let (received, processed) = (request.rules_received, request.rules_processed);
        let counted = !generation::has(generation, Capability::PostflightCounts)
            || (received == sent && processed == sent);
        let as_requested = match request.sync_type.filter(|_| generation::keeps_rules(generation)) {
            None => true,
            Some(performed) => {
                let clean = matches!(performed, SyncType::Clean | SyncType::CleanAll);
                clean == (session.kind != SessionKind::Normal)
            }
        };
        if !as_requested || !counted {
            host.sync.session = None;
            host.sync.miscount = Some(Miscount { sent, received, processed });
            return offers::add_offer_of(downloads, &mut host.sync, session).await;
        }
        let hashes = generation::has(generation, Capability::RulesHash);
        let trail =
            if hashes { proof::trail_after(downloads, &host.sync, session).await? } else { None };
        let before = host.sync.macs.is_some().then(|| host.sync.clone());
        let (hash, now) = (request.rules_hash.parse().ok(), self.clock.now());
        proof::finish(&mut host.sync, session, now);
        host.sync.session = None;
        host.sync.miscount = None;
        proof::verify(downloads, host, session, trail, hash, now).await?;
        match before {
            Some(before) => macs::keep_for_clone(downloads, host, before, now).await,
            None => Ok(()),
        }
    }

    async fn target(&self, host: &Host, generation: Generation) -> StoreResult<Holding> {
        self.wanted(host, generation).await.map(|(_, target)| target)
    }

    /// The settings of a host, and the holding that it gets if it syncs now. Stores the scope set
    /// of the holding if the set is new.
    async fn wanted(
        &self,
        host: &Host,
        generation: Generation,
    ) -> StoreResult<(Arc<HostSettings>, Holding)> {
        let (effective, rule_scopes, revision) = {
            let policy = self.live.current().await?;
            let scopes = policy.scopes(host);
            let rule_scopes = policy.rule_scopes(&scopes);
            (policy.settings(&scopes), rule_scopes, policy.ledger.head())
        };
        let set = self.downloads.scope_sets.intern(&*self.store, &rule_scopes).await?;
        Ok((effective, Holding { set, revision, generation }))
    }

    /// Records in the host's state that a page of a download with rules is sent.
    async fn record_page(
        &self,
        state: &mut SyncState,
        target: Holding,
        is_last: bool,
    ) -> StoreResult<()> {
        let downloads = &*self.downloads;
        if let Some(session) = &mut state.session {
            session.begun = true;
            session.served |= is_last;
            if session.mixed {
                macs::add_offer_to_others(downloads, state, target).await?;
            }
            return Ok(());
        }
        if is_last {
            // No postflight will report whether the host applied the download.
            (state.trail, state.expected_hash) = (None, None);
        }
        offers::add_offer(downloads, state, target).await
    }

    /// Whether a cursor belongs to a download, even if their spans differ. The canonical span
    /// changes when old history is deleted: the first kept revision replaces older revisions.
    /// The canonical span also differs on a server with more or less history in memory.
    async fn is_same(
        &self,
        policy: &LoadedPolicy,
        of_cursor: Span,
        route: &Route,
        span: Span,
    ) -> StoreResult<bool> {
        let downloads = &*self.downloads;
        if of_cursor == span || of_cursor.to.set != span.to.set {
            return Ok(of_cursor == span);
        }
        if downloads.renewed(policy, of_cursor).await? == Some(span) {
            return Ok(true);
        }
        let had_more_history = match of_cursor.from {
            SpanStart::Offers { since, .. } => since < policy.ledger.start(),
            SpanStart::Nothing | SpanStart::Offer(_) | SpanStart::Union { .. } => false,
        };
        let is_from_there = had_more_history
            || of_cursor.from == span.from
            || downloads.is_span_elsewhere(policy, of_cursor, route).await?;
        Ok(is_from_there && downloads.settled(policy, of_cursor.to).await? == span.to)
    }

    /// The route of a download without a session. The holding does not change, because a postflight
    /// without a session changes nothing.
    async fn route_without_session(
        &self,
        host: &mut Host,
        cursor: Option<Cursor>,
    ) -> StoreResult<Route> {
        let downloads = &*self.downloads;
        let generation = generation::of(&host.facts.santa_version);
        let mut to = self.target(host, generation).await?;
        let held = downloads.known_holding(&host.sync);
        let held = held.filter(|_| generation::keeps_rules(generation));
        if let Some(Cursor { span, .. }) = cursor
            && (self.live.history.start()..=to.revision).contains(&span.to.revision)
        {
            // The host should not get rules that are older than the rules in its holding.
            let oldest = held.map_or(span.to.revision, |holding| holding.revision);
            to.revision = span.to.revision.max(oldest.min(to.revision));
        }
        let Some(held) = held else { return Ok(Route { from: Start::Nothing, to }) };
        if host.sync.reach.is_some() {
            offers::add_offer(downloads, &mut host.sync, to).await?;
        }
        Ok(Route { from: Start::of(&host.sync, held), to })
    }

    /// The empty page for a host that must wait for its clean sync. None if the host may download.
    ///
    /// A download fails if its sync began before the database was restored, because an empty page
    /// would complete a clean sync. The host then begins another sync.
    async fn page_of_restored(
        &self,
        host: &Host,
        epoch: Epoch,
        wire: Wire,
    ) -> Result<Option<Bytes>, SyncError> {
        let downloads = &*self.downloads;
        let generation = generation::of(&host.facts.santa_version);
        let session = host.sync.session;
        let is_of_epoch = session.is_some_and(|session| session.epoch == epoch.id);
        if !is_confirmed(&host.sync, generation, epoch.id) && !is_of_epoch {
            return Err(SyncError::Outdated);
        }
        let Some(session) = session.filter(|session| session.without_rules) else {
            return Ok(None);
        };
        let policy = self.live.current().await?;
        let to = downloads.settled(&policy, session.target).await?;
        let span = Span { from: SpanStart::Offer(to), to };
        let difference = downloads.empty_download(&policy, span);
        downloads.page(&policy, Cursor { span, page: 0 }, &difference, wire).await.map(Some)
    }
}

/// Stores the facts that a host reports. Returns the optional settings that the host may have.
fn record_report(
    host: &mut Host,
    facts: HostFacts,
    asks_clean: bool,
    epoch: Epoch,
) -> OptionalSettings {
    let versions = [&*host.facts.santa_version, &*facts.santa_version];
    let synced = preflight_settings::synced_before(&host.sync, versions, asks_clean);
    let counts = [host.facts.rule_counts, facts.rule_counts];
    host.sync.counts_rules |= counts.iter().any(|it| *it != RuleCounts::default());
    host.facts = facts;
    // If the epochs differ, the host may have received different settings after the backup.
    if host.sync.epoch == epoch.id { synced } else { OptionalSettings::all() }
}

/// Whether a sync is clean even without an order: if the host requests it, if drift must be
/// repaired, if the client does not keep its rules from one sync to the next, or if the server does
/// not know which rules the host has. For example, the server does not know the rules of a host
/// that never completed a sync.
fn is_clean(
    state: &SyncState,
    holding: Option<Holding>,
    session: &Session,
    repair: DriftRepair,
) -> bool {
    let known = holding.is_some_and(|holding| holding.revision <= session.target.revision)
        && generation::keeps_rules(session.target.generation);
    let repairs = match repair {
        DriftRepair::Clean => state.drift.is_some_and(|drift| drift.is_repairable()),
        DriftRepair::Off => false,
    };
    session.asked_clean || !known || repairs
}
