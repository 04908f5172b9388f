//! The server as a whole: its state, its start, its router.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::get;
use jiff::SignedDuration;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;

use super::access::{Access, FirstStart, SyncAuth};
use super::answer::method_not_allowed;
use super::bodies::{Budget, Held};
use super::client_address::TrustedProxies;
use super::guard::guarded;
use super::listen::{self, ConnectionLimits};
use super::rate_limits::{RateCounts, RateLimits};
use super::readiness::{self, Health};
use super::refusals::REFUSALS;
use super::supervise::supervise;
use super::tls::Tls;
use super::trusted_clock::TrustedClock;
use super::{admin, compaction, retention, santa};
use crate::fleet::{Clock, LONGEST_GAP};
use crate::store::{self, Durability, Purpose, Store, StoreError, StoreResult};
use crate::sync::{EVENTS_PER_DAY, Engine, RESTORE_SPREAD, RULES_A_PAGE};

/// How often expiries are ended and other processes' changes taken in.
const TICK: Duration = Duration::from_secs(1);

/// How to run a server.
#[derive(Clone, Default)]
pub struct Options {
    /// The database: `sqlite:PATH` or `postgres://USER@HOST/DATABASE`.
    pub database: String,
    /// What a committed answer survives, where the database leaves that to the server.
    pub durability: Durability,
    /// What hosts must present to sync.
    pub sync_auth: SyncAuth,
    /// Whether hosts must, besides, come over TLS with a certificate of the client CA.
    pub client_certificates: bool,
    /// Whether to let in the first administrator and the first hosts, if there never was a
    /// token. Work on a local database needs none.
    pub first_tokens: bool,
    /// The first admin token; made up when absent.
    pub bootstrap_token: Option<String>,
    /// The first enrolment secret; made up when absent.
    pub enrolment_secret: Option<String>,
    /// What time it is.
    pub clock: Clock,
    /// How far the clock may be ahead of the newest time that the database knows at a start, before
    /// rules and events stop expiring; [`LONGEST_GAP`] when absent.
    pub longest_gap: Option<SignedDuration>,
    /// Over how much time clean syncs are spread after a restore; [`RESTORE_SPREAD`] when absent.
    pub restore_spread: Option<SignedDuration>,
    /// The largest body of a host, in bytes, before and after it is taken out of its encoding;
    /// 16 MiB when absent.
    pub largest_body: Option<usize>,
    /// Rules on one page of a download; [`RULES_A_PAGE`] when absent.
    pub rules_a_page: Option<NonZeroUsize>,
    /// Maximum new events of one host in a day; [`EVENTS_PER_DAY`] when absent.
    pub events_per_day: Option<u64>,
    pub connections: ConnectionLimits,
    /// What hosts and addresses may do in a minute.
    pub rates: RateLimits,
    /// The proxies that report where a request comes from.
    pub trusted_proxies: TrustedProxies,
}

/// Why the server cannot start.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A secret that was given cannot be used.
    #[error("{name} is not usable: {reason}")]
    Secret {
        name: &'static str,
        /// What is wrong with it.
        reason: &'static str,
    },
}

impl ServerError {
    /// Whether the schema of a database is too old to be read.
    #[must_use]
    pub fn is_outdated(&self) -> bool {
        matches!(self, Self::Store(StoreError::Outdated { .. }))
    }
}

/// What a command does to a local database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LocalWork {
    /// It reads, or tries a change that it does not make. The database stays as it is.
    Read,
    /// It changes something. The database is created, or brought up to date, if that is needed.
    Change,
}

/// What every handler can reach.
pub(super) struct State {
    /// Whether this is a server, and not a command on a local database.
    pub(super) is_server: bool,
    pub(super) store: Arc<dyn Store>,
    pub(super) engine: Engine,
    pub(super) access: Access,
    pub(super) clock: Clock,
    /// The largest body of a host, in bytes, before and after it is taken out of its encoding.
    pub(super) largest_body: usize,
    /// What all bodies in flight share.
    pub(super) bodies: Budget,
    /// Requests of hosts that were refused for overload since the last tick.
    pub(super) turned_away: AtomicU64,
    /// Requests whose handlers panicked.
    pub(super) panics: Arc<AtomicU64>,
    /// Counts what hosts and addresses do, and enforces the limits.
    pub(super) rates: RateCounts,
    /// Whether the server is well.
    pub(super) health: Health,
    /// Whether the clock can be believed.
    pub(super) trusted_clock: Arc<TrustedClock>,
}

/// What handlers are given.
pub(super) type Shared = axum::extract::State<Arc<State>>;

/// A server over one database.
pub struct App {
    state: Arc<State>,
    connections: ConnectionLimits,
    trusted_proxies: TrustedProxies,
    first_start: Option<FirstStart>,
    /// What runs beside the requests; nothing for a command on a local database.
    background: Vec<JoinHandle<()>>,
}

impl App {
    /// Opens the database, makes it ready if it is empty, reads the rules into memory, and
    /// starts to follow the clock.
    ///
    /// # Errors
    /// When the database cannot be opened or a given secret cannot be used.
    pub async fn open(options: Options) -> Result<Self, ServerError> {
        let store = store::open(&options.database, options.durability).await?;
        let gap = options.longest_gap.unwrap_or(LONGEST_GAP);
        let trusted_clock = TrustedClock::open(&*store, options.clock.clone(), gap).await?;
        let trusted_clock = Arc::new(trusted_clock);
        let (access, key, first_start) =
            Access::open(&*store, &options, Arc::clone(&trusted_clock)).await?;
        let page = options.rules_a_page.unwrap_or(RULES_A_PAGE);
        let engine = Engine::open(Arc::clone(&store), key, options.clock.clone(), page).await?;
        let engine = engine
            .with_events_per_day(options.events_per_day.unwrap_or(EVENTS_PER_DAY))
            .with_restore_spread(options.restore_spread.unwrap_or(RESTORE_SPREAD));
        let largest_body = options.largest_body.unwrap_or(santa::LARGEST_BODY);
        let clock = options.clock;
        let (connections, trusted_proxies) = (options.connections, options.trusted_proxies);
        let turned_away = AtomicU64::new(0);
        let health = Health::default();
        let state = State {
            is_server: true,
            store,
            engine,
            access,
            rates: RateCounts::new(options.rates, clock.clone()),
            clock,
            largest_body,
            bodies: Budget::new(largest_body),
            turned_away,
            panics: Arc::default(),
            health,
            trusted_clock,
        };
        let state = Arc::new(state);
        let failing = tick(&state, false).await;
        if let Err(error) = retention::purge_some(&state).await {
            tracing::error!(%error, "cannot delete old events");
        }
        if let Err(error) = compaction::compact_some(&state).await {
            tracing::error!(%error, "cannot delete old history");
        }
        let background = start_background(&state, failing).into();
        Ok(Self { state, connections, trusted_proxies, first_start, background })
    }

    /// Opens a database for one command in this process. Nothing runs beside its requests, and
    /// the rules are only read into memory if a request needs them.
    ///
    /// # Errors
    /// When the database cannot be opened.
    pub async fn open_local(database: &str, work: LocalWork) -> Result<Self, ServerError> {
        let store = match work {
            LocalWork::Read => store::open_to_read(database).await?,
            LocalWork::Change => store::open(database, Durability::default()).await?,
        };
        let clock = Clock::System;
        let trusted_clock = TrustedClock::open(&*store, clock.clone(), LONGEST_GAP).await?;
        let trusted_clock = Arc::new(trusted_clock);
        let state = State {
            is_server: false,
            engine: Engine::on_use(Arc::clone(&store), clock.clone()),
            access: Access::local(Arc::clone(&trusted_clock)),
            store,
            rates: RateCounts::new(RateLimits::default(), clock.clone()),
            clock,
            largest_body: santa::LARGEST_BODY,
            bodies: Budget::new(santa::LARGEST_BODY),
            turned_away: AtomicU64::new(0),
            panics: Arc::default(),
            health: Health::default(),
            trusted_clock,
        };
        match work {
            LocalWork::Read => hide_expired(&state).await?,
            LocalWork::Change => {
                if state.trusted_clock.is_trusted() {
                    state.store.expire(state.clock.now()).await?;
                }
                retention::purge_some(&state).await?;
                compaction::compact_some(&state).await?;
            }
        }
        Ok(Self {
            state: Arc::new(state),
            connections: ConnectionLimits::default(),
            trusted_proxies: TrustedProxies::default(),
            first_start: None,
            background: Vec::new(),
        })
    }

    /// The secrets that this start made or was given, if it was the first.
    #[must_use]
    pub fn first_start(&self) -> Option<&FirstStart> {
        self.first_start.as_ref()
    }

    /// Everything the server answers.
    pub fn router(&self) -> Router {
        let routes = by_purpose(admin::router(), santa::answer)
            .route("/healthz", get(|| async { "ok\n" }))
            .route("/readyz", get(readiness::ready))
            .method_not_allowed_fallback(method_not_allowed)
            .with_state(Arc::clone(&self.state));
        guarded(routes, Arc::clone(&self.state.panics))
    }

    /// Answers requests, over TLS where that is given, until `shutdown` ends, and then finishes
    /// those under way. Gives the number of those that were not finished in time.
    pub async fn serve(
        &self,
        listener: TcpListener,
        tls: Option<Tls>,
        shutdown: impl Future<Output = ()> + Send,
    ) -> usize {
        let tls = tls.map(Arc::new);
        let following = tls.clone().map(|tls| tokio::spawn(async move { tls.follow().await }));
        let (limits, proxies) = (self.connections.clone(), self.trusted_proxies.clone());
        let cut_off = listen::serve(listener, self.router(), tls, limits, proxies, shutdown).await;
        if let Err(error) = self.state.engine.close().await {
            tracing::error!(%error, "cannot write when the last hosts were seen");
        }
        if let Some(following) = following {
            following.abort();
        }
        cut_off
    }
}

impl Drop for App {
    fn drop(&mut self) {
        self.background.iter().for_each(JoinHandle::abort);
    }
}

/// Combines the routes of administrators with a handler of hosts for all other paths. Each of the
/// two uses the database connections of its purpose.
fn by_purpose<S, F>(admin: Router<S>, hosts: fn(axum::extract::State<S>, Request) -> F) -> Router<S>
where
    S: Clone + Send + Sync + 'static,
    F: Future<Output = Response> + Send + 'static,
{
    let of_admins = from_fn(|request, next| Purpose::Admin.run(holding(request, next)));
    Router::new()
        .merge(admin.layer(of_admins))
        .fallback(move |state, request| Purpose::Sync.run(hosts(state, request)))
}

/// Shows rules as ended that a server would end now.
async fn hide_expired(state: &State) -> StoreResult<()> {
    let now = state.clock.now();
    if state.store.has_expired(now).await? && state.trusted_clock.is_trusted() {
        state.store.hide_expired(now).await?;
    }
    Ok(())
}

/// Keeps what a body holds of the budget until its request is answered.
async fn holding(mut request: Request, next: Next) -> Response {
    let held = Held::default();
    request.extensions_mut().insert(held.clone());
    let response = next.run(request).await;
    drop(held);
    response
}

/// Starts what runs beside the requests.
fn start_background(state: &Arc<State>, failing: bool) -> [JoinHandle<()>; 5] {
    let [ticked, purged, compacted, watched, checked] = std::array::from_fn(|_| Arc::clone(state));
    [
        tokio::spawn(supervise("ticker", move || keep_ticking(Arc::clone(&ticked), failing))),
        tokio::spawn(supervise("retention", move || retention::keep_purging(Arc::clone(&purged)))),
        tokio::spawn(supervise("history", move || {
            compaction::keep_compacting(Arc::clone(&compacted))
        })),
        tokio::spawn(supervise("readiness", move || {
            readiness::keep_watching(Arc::clone(&watched))
        })),
        tokio::spawn(supervise("integrity check", move || {
            readiness::keep_checking(Arc::clone(&checked))
        })),
    ]
}

async fn keep_ticking(state: Arc<State>, mut failing: bool) {
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        // By the clock as well: a call may be missed, and time passes without one.
        tokio::select! {
            _ = ticks.tick() => {}
            () = state.store.changed_elsewhere() => {}
        }
        failing = tick(&state, failing).await;
    }
}

/// Follows the clock and the database once; true if that failed. What fails is told when it begins
/// to, and when it works again, not each second in between.
async fn tick(state: &State, failing: bool) -> bool {
    let requests = state.turned_away.swap(0, Ordering::Relaxed);
    if requests > 0 {
        tracing::warn!(
            requests,
            "turned away: more was sent than the database and the memory for bodies take"
        );
    }
    REFUSALS.log_repeated();
    state.rates.forget_idle();
    let observed = state.trusted_clock.observe(&*state.store).await;
    let followed = state.engine.tick(state.trusted_clock.is_trusted()).await;
    let read = state.access.refresh(&*state.store).await;
    let failed = followed.and(read).and(observed).err();
    state.health.ticked(failed.clone());
    match (&failed, failing) {
        (Some(error), false) => {
            tracing::error!(%error, "cannot follow the database; trying again every second");
        }
        (None, true) => tracing::info!("the database is followed again"),
        (Some(_), true) | (None, false) => {}
    }
    failed.is_some()
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::response::IntoResponse as _;
    use tower::ServiceExt as _;

    use super::*;

    #[tokio::test]
    async fn s4_each_area_reads_with_the_readers_of_its_purpose() {
        async fn purpose() -> Response {
            format!("{:?}", Purpose::current()).into_response()
        }
        let routes: Router<()> = Router::new().route("/api/v1/rules", get(purpose));
        let router: Router = by_purpose(routes, |_, _| purpose());
        for (path, expected) in [
            ("/api/v1/rules", "Admin"),
            ("/santa/preflight/M1", "Sync"),
            ("/api/v1/preflight/M1", "Sync"),
        ] {
            let request = Request::builder().uri(path).body(Body::empty()).unwrap();
            let response = router.clone().oneshot(request).await.unwrap();
            let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
            assert_eq!(body, expected, "{path}");
        }
    }
}
