//! Computes the steps and pages of downloads, and the hashes and counts of the rules on hosts.
//! Hosts with equivalent routes share the results.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;

use super::compute::{CacheFill, Computer, Memo, Stopped, Wanted};
use super::cursor::{Cursor, CursorKey, Span, SpanStart};
use super::destination::{self, Destination, Origin};
use super::error::SyncError;
use super::live_policy::LivePolicy;
use super::pages::{self, Download};
use super::policy::LoadedPolicy;
use super::route::{Route, Start, name};
use super::rules_hash;
use super::scope_sets::ScopeSets;
use super::steps::Steps;
use super::tally::Tally;
use crate::fleet::{Holding, Offers, Reach, RulesHash, SyncState, Trail};
use crate::protocol::Wire;
use crate::rule::Revision;
use crate::store::{Store, StoreError, StoreResult};

const DIFFERENCE_BYTES: u64 = 16 * 1024 * 1024;
const SCOPE_RULES_BYTES: u64 = 16 * 1024 * 1024;
const PAGE_BYTES: u64 = 32 * 1024 * 1024;
const EXPECTED_DOWNLOADS: usize = 4096;
/// Maximum bytes of the cache of rules hashes, including the spans of each hash.
const HASH_BYTES: u64 = 16 * 1024 * 1024;
/// Maximum bytes of the cache of rule counts by destination.
const TALLY_BYTES: u64 = 4 * 1024 * 1024;
/// Maximum bytes of the cache of pending rule counts by origin and destination.
const PENDING_BYTES: u64 = 4 * 1024 * 1024;
const EXPECTED: usize = 10_000;

type Tallies = Memo<Destination, Tally, StoreError>;
/// A cache of all rules of a scope, as steps. The key contains the ledger's numbering and the
/// destination of a host that has only this scope. Many differences consist of one of these lists
/// and a few replacements.
type ScopeRules = Memo<(u64, Destination), Arc<Steps>, StoreError>;

pub(super) struct Downloads {
    pub(super) store: Arc<dyn Store>,
    pub(super) live: Arc<LivePolicy>,
    pub(super) scope_sets: ScopeSets,
    pub(super) key: CursorKey,
    /// Rules on one page. All servers of one database must use the same number, because cursors
    /// count pages.
    page_size: NonZeroUsize,
    computer: Computer,
    /// Differences, by the ledger's numbering and their span. A difference contains numbers of
    /// versions, which are valid only for ledgers with this numbering.
    differences: Memo<(u64, Span), Arc<Download>, StoreError>,
    scope_rules: ScopeRules,
    pages: Memo<(Cursor, Wire), Bytes, SyncError>,
    encoded: Arc<AtomicU64>,
    tallies: Tallies,
    /// The number of rules and removals that bring a host from an origin to a destination.
    pending: Memo<(Origin, Destination), u64, StoreError>,
    hashes: Memo<Arc<[Span]>, RulesHash, StoreError>,
}

impl Downloads {
    pub(super) fn new(
        store: Arc<dyn Store>,
        live: Arc<LivePolicy>,
        key: CursorKey,
        page_size: NonZeroUsize,
    ) -> Self {
        Self {
            store,
            live,
            scope_sets: ScopeSets::default(),
            key,
            page_size,
            computer: Computer::new(),
            differences: Memo::new(DIFFERENCE_BYTES, EXPECTED_DOWNLOADS, |_, download| {
                download.owned_bytes()
            }),
            scope_rules: Memo::new(SCOPE_RULES_BYTES, EXPECTED_DOWNLOADS, |(_, to), steps| {
                to.owned_bytes() + size_of::<Steps>() + steps.owned_bytes()
            }),
            pages: Memo::new(PAGE_BYTES, EXPECTED_DOWNLOADS, |_, page| page.len()),
            encoded: Arc::default(),
            tallies: Memo::new(TALLY_BYTES, EXPECTED, |to, _| to.owned_bytes()),
            pending: Memo::new(PENDING_BYTES, EXPECTED, |(from, to), _| {
                from.owned_bytes() + to.owned_bytes()
            }),
            hashes: Memo::new(HASH_BYTES, EXPECTED, |spans, _| size_of_val(&**spans)),
        }
    }

    pub(super) async fn policy(&self) -> StoreResult<Arc<LoadedPolicy>> {
        self.live.current().await
    }

    /// Reads the policy again. Forgets the results whose keys may now refer to different rules.
    pub(super) async fn read_again(&self) -> StoreResult<()> {
        self.live.read_again().await?;
        self.scope_sets.forget();
        self.pages.forget();
        self.tallies.forget();
        self.pending.forget();
        self.hashes.forget();
        Ok(())
    }

    pub(super) fn caches(&self) -> [CacheFill; 6] {
        [
            self.differences.fill("differences"),
            self.scope_rules.fill("scopes"),
            self.pages.fill("pages"),
            self.hashes.fill("hashes"),
            self.tallies.fill("counts"),
            self.pending.fill("pending"),
        ]
    }

    pub(super) fn pages_encoded(&self) -> u64 {
        self.encoded.load(Ordering::Relaxed)
    }

    /// The holding of a host, unless the history at its revision was deleted.
    pub(super) fn known_holding(&self, state: &SyncState) -> Option<Holding> {
        state.holding.filter(|holding| holding.revision >= self.live.history.start())
    }

    /// The span of a route. Equivalent routes have the same span: two revisions of a state are
    /// equivalent if no rule in the state's scopes changed between them.
    pub(super) async fn canonical(
        &self,
        policy: &LoadedPolicy,
        route: &Route,
    ) -> StoreResult<Span> {
        let to = route.to;
        let from = match &route.from {
            Start::Union { since, reach: Reach { union, common } } => {
                let (union, common) = (*union, *common);
                let scopes = self.scope_sets.members(&*self.store, union).await?;
                let settle = |at: Revision| policy.ledger.last_touch(&scopes, at);
                let from = SpanStart::Union { since: settle(*since), union, common };
                return Ok(Span { from, to: Holding { revision: settle(to.revision), ..to } });
            }
            Start::Nothing => SpanStart::Nothing,
            Start::Offers(offers) if offers.others().is_empty() => {
                SpanStart::Offer(self.settled(policy, offers.holding()).await?)
            }
            Start::Offers(offers) => {
                let to = self.settled(policy, to).await?;
                let mut settled = Vec::with_capacity(1 + offers.others().len());
                for offer in offers.iter() {
                    settled.push(self.settled(policy, offer).await?);
                }
                name(settled, to)
            }
        };
        Ok(Span { from, to: self.settled(policy, to).await? })
    }

    /// Converts the span of an older policy: the first kept revision replaces older revisions.
    /// Returns none for a span with several offers, because the span does not contain their
    /// revisions.
    pub(super) async fn renewed(
        &self,
        policy: &LoadedPolicy,
        span: Span,
    ) -> StoreResult<Option<Span>> {
        let from = match span.from {
            SpanStart::Nothing => Start::Nothing,
            SpanStart::Offer(offer) => Start::Offers(Offers::new(offer, &[])),
            SpanStart::Offers { .. } => return Ok(None),
            SpanStart::Union { since, union, common } => {
                Start::Union { since, reach: Reach { union, common } }
            }
        };
        self.canonical(policy, &Route { from, to: span.to }).await.map(Some)
    }

    /// Whether `span` may be the canonical span of a route on a server with less history in memory.
    /// On that server, no settled state is older than the first revision in memory. This server
    /// does not know that first revision, and uses the oldest revision in the span instead.
    pub(super) async fn is_span_elsewhere(
        &self,
        policy: &LoadedPolicy,
        span: Span,
        route: &Route,
    ) -> StoreResult<bool> {
        let oldest = match span.from {
            SpanStart::Offer(offer) => offer.revision,
            SpanStart::Offers { since, .. } => since,
            SpanStart::Nothing | SpanStart::Union { .. } => return Ok(false),
        };
        let Start::Offers(offers) = &route.from else { return Ok(false) };
        let start = oldest.min(span.to.revision);
        let mut settled = Vec::with_capacity(1 + offers.others().len());
        for offer in offers.iter() {
            let mut state = self.settled(policy, offer).await?;
            if offer.revision >= start {
                // No rule changed in the scopes between the two revisions, so the state is the
                // same.
                state.revision = state.revision.max(start);
            }
            settled.push(state);
        }
        Ok(name(settled, span.to) == span.from)
    }

    /// Returns the state with an older revision if possible: the last revision that changed a rule
    /// in any of the state's scopes. This revision is never older than the first revision of the
    /// ledger. The rules are the same at both revisions.
    pub(super) async fn settled(
        &self,
        policy: &LoadedPolicy,
        state: Holding,
    ) -> StoreResult<Holding> {
        let scopes = self.scope_sets.members(&*self.store, state.set).await?;
        Ok(Holding { revision: policy.ledger.last_touch(&scopes, state.revision), ..state })
    }

    pub(super) async fn resolve(
        &self,
        policy: &LoadedPolicy,
        route: &Route,
    ) -> StoreResult<(Origin, Destination)> {
        let origin = match &route.from {
            Start::Nothing => Origin::Nothing,
            Start::Offers(offers) => {
                let mut places = Vec::with_capacity(1 + offers.others().len());
                for offer in offers.iter() {
                    places.push(self.destination(self.settled(policy, offer).await?).await?);
                }
                Origin::Offers(places.into())
            }
            Start::Union { since, reach } => Origin::Union {
                since: *since,
                union: self.scope_sets.members(&*self.store, reach.union).await?,
                common: self.scope_sets.members(&*self.store, reach.common).await?,
            },
        };
        let to = match &route.from {
            Start::Nothing | Start::Union { .. } => route.to,
            Start::Offers(_) => self.settled(policy, route.to).await?,
        };
        Ok((origin, self.destination(to).await?))
    }

    pub(super) async fn destination(&self, to: Holding) -> StoreResult<Destination> {
        let scopes = self.scope_sets.members(&*self.store, to.set).await?;
        Ok(Destination { scopes, revision: to.revision, generation: to.generation })
    }

    /// The difference of a route, with the version IDs of the policy's ledger. `span` is the
    /// route's canonical span. Hosts with the same span share the difference.
    pub(super) async fn download(
        &self,
        policy: &Arc<LoadedPolicy>,
        span: Span,
        route: &Route,
    ) -> StoreResult<Arc<Download>> {
        let key = (policy.ledger.numbering(), span);
        if let Some(known) = self.differences.known(&key) {
            return Ok(known);
        }
        if span.is_empty() {
            return Ok(self.empty_download(policy, span));
        }
        let (origin, destination) = self.resolve(policy, route).await?;
        if destination::is_empty(&policy.ledger, &origin, &destination) {
            return Ok(self.empty_download(policy, span));
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
                    Some(weakest) => {
                        destination::all_rules(ledger, &weakest, &destination, wanted)?
                    }
                    None => Steps::new(&destination::steps(ledger, &origin, &destination, wanted)?),
                };
                Ok(Arc::new(Download::new(span, steps, clean, page_size)))
            };
            computer.run(wanted, work).await
        };
        self.differences.get(key, compute).await
    }

    /// A difference without rules or removals for a span.
    pub(super) fn empty_download(&self, policy: &LoadedPolicy, span: Span) -> Arc<Download> {
        let key = (policy.ledger.numbering(), span);
        self.differences.known(&key).unwrap_or_else(|| {
            let empty = Arc::new(Download::new(span, Steps::default(), false, self.page_size));
            self.differences.remember(key, Arc::clone(&empty));
            empty
        })
    }

    /// An encoded page of a difference that was computed with `policy`. Returns the first page if
    /// the wanted page does not exist.
    pub(super) async fn page(
        &self,
        policy: &Arc<LoadedPolicy>,
        cursor: Cursor,
        difference: &Arc<Download>,
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

    pub(super) async fn tally(
        &self,
        policy: &Arc<LoadedPolicy>,
        to: Destination,
    ) -> StoreResult<Tally> {
        let revision = policy.ledger.last_touch(&to.scopes, to.revision);
        let to = Destination { revision, ..to };
        let (policy, computer) = (Arc::clone(policy), self.computer.clone());
        let tallies = self.tallies.clone();
        let count = |to: Destination| {
            move |wanted: Wanted| async move {
                let weakest = match to.weakest(&policy.ledger) {
                    Some(weakest) if to.scopes.len() > 1 => {
                        let tally = weakest_tally(&tallies, &computer, &policy, &weakest).await?;
                        Some((weakest, tally))
                    }
                    Some(_) | None => None,
                };
                let work = move |wanted: &Wanted| match weakest {
                    Some((weakest, tally)) => {
                        Ok(tally.with_stronger(&policy.ledger, &weakest, &to, wanted)?)
                    }
                    None => Ok(Tally::of(&policy.ledger, &to, wanted)?),
                };
                computer.run(wanted, work).await
            }
        };
        self.tallies.get(to.clone(), count(to)).await
    }

    pub(super) async fn count_steps(
        &self,
        policy: &Arc<LoadedPolicy>,
        (from, to): (Origin, Destination),
    ) -> StoreResult<u64> {
        if destination::is_empty(&policy.ledger, &from, &to) {
            return Ok(0);
        }
        let (policy, computer) = (Arc::clone(policy), self.computer.clone());
        let count = |from: Origin, to: Destination| {
            move |wanted: Wanted| async move {
                let work = move |wanted: &Wanted| {
                    let steps = destination::steps(&policy.ledger, &from, &to, wanted)?;
                    Ok(steps.len() as u64)
                };
                computer.run(wanted, work).await
            }
        };
        self.pending.get((from.clone(), to.clone()), count(from, to)).await
    }

    /// The hash of the rules of a host with this trail. Unless the hash is remembered, this takes
    /// time in proportion to the steps of all downloads in the trail.
    pub(super) async fn rules_hash(&self, trail: &Trail) -> StoreResult<RulesHash> {
        let root = Route { from: Start::Nothing, to: trail.root };
        let union_legs = trail.union_legs.iter().map(|leg| Route::from(*leg));
        let legs = trail.legs.iter().map(Route::from);
        let routes = || [root.clone()].into_iter().chain(union_legs.clone()).chain(legs.clone());
        // With canonical spans, hosts also share the result if their revisions differ but no rule
        // in their scopes changed between the revisions.
        let policy = self.policy().await?;
        let mut spans = Vec::with_capacity(1 + trail.length());
        for route in routes() {
            spans.push(self.canonical(&policy, &route).await?);
        }
        let spans: Arc<[Span]> = spans.into();
        if let Some(known) = self.hashes.known(&spans) {
            return Ok(known);
        }
        let mut differences = Vec::with_capacity(spans.len());
        for (span, route) in spans.iter().zip(routes()) {
            differences.push(self.download(&policy, *span, &route).await?);
        }
        let generation = trail.generation();
        let computer = self.computer.clone();
        let walk = |wanted: Wanted| async move {
            let work = move |wanted: &Wanted| {
                Ok(rules_hash::of(&policy.ledger, &differences, generation, wanted)?)
            };
            computer.run(wanted, work).await
        };
        self.hashes.get(spans, walk).await
    }

    /// Runs a computation over many rules outside the request threads. The computation stops if the
    /// caller no longer waits.
    pub(super) async fn study<T: Send + 'static>(
        &self,
        policy: &Arc<LoadedPolicy>,
        work: impl FnOnce(&LoadedPolicy, &Wanted) -> Result<T, Stopped> + Send + 'static,
    ) -> StoreResult<T> {
        let policy = Arc::clone(policy);
        let (_kept, wanted) = Wanted::while_kept();
        Ok(self.computer.run(wanted, move |wanted| work(&policy, wanted)).await?)
    }
}

/// All rules of the weakest scope of a destination. Destinations with the same weakest scope can
/// share the result.
async fn weakest_rules(
    scope_rules: &ScopeRules,
    computer: &Computer,
    policy: &Arc<LoadedPolicy>,
    destination: &Destination,
) -> StoreResult<Option<Arc<Steps>>> {
    let Some(weakest) = destination.weakest(&policy.ledger) else { return Ok(None) };
    let (policy, computer) = (Arc::clone(policy), computer.clone());
    let key = (policy.ledger.numbering(), weakest.clone());
    let compute = |wanted: Wanted| async move {
        let work = move |wanted: &Wanted| {
            let steps = destination::steps(&policy.ledger, &Origin::Nothing, &weakest, wanted)?;
            Ok(Arc::new(Steps::new(&steps)))
        };
        computer.run(wanted, work).await
    };
    scope_rules.get(key, compute).await.map(Some)
}

async fn weakest_tally(
    tallies: &Tallies,
    computer: &Computer,
    policy: &Arc<LoadedPolicy>,
    weakest: &Destination,
) -> StoreResult<Tally> {
    let (policy, computer, to) = (Arc::clone(policy), computer.clone(), weakest.clone());
    let count = |wanted: Wanted| async move {
        let work = move |wanted: &Wanted| Ok(Tally::of(&policy.ledger, &to, wanted)?);
        computer.run(wanted, work).await
    };
    tallies.get(weakest.clone(), count).await
}
