//! Opens and runs a server.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use axum::Router;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;

use super::answer::method_not_allowed;
use super::backups::{self, Backups};
use super::bodies::Budget;
use super::client_address::TrustedProxies;
use super::guard::guarded;
use super::health::Health;
use super::host_counter::{self, COUNT_HOSTS_EVERY, HostCounter};
use super::listen::{self, ConnectionLimits};
use super::metrics::{self, Metrics};
use super::options::{Options, ServerError};
use super::rate_limits::{RateCounts, RateLimits};
use super::refusals::REFUSALS;
use super::retention::CHECK_RETENTION_EVERY;
use super::state::State;
use super::supervise::supervise;
use super::tls::Tls;
use super::tokens::{Access, FirstStart};
use super::trusted_clock::TrustedClock;
use super::{admin, compaction, readiness, retention, santa, sightings};
use crate::fleet::{Clock, LONGEST_GAP};
use crate::store::{self, Durability, StoreResult};
use crate::sync::{EVENTS_PER_DAY, Engine, RESTORE_SPREAD, RULES_A_PAGE};

/// The interval at which expired rules are removed and changes by other processes are read. A
/// notification of a change causes an extra tick.
const TICK: Duration = Duration::from_secs(1);

/// What a command does to a local database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LocalWork {
    /// The command reads, or is a dry run. The database is not changed.
    Read,
    /// The command changes something. The database is created or migrated if necessary.
    Change,
}

/// A server, or one command on a local database.
pub struct App {
    state: Arc<State>,
    connections: ConnectionLimits,
    trusted_proxies: TrustedProxies,
    first_start: Option<FirstStart>,
    /// Background tasks; none for a command on a local database.
    background: Vec<JoinHandle<()>>,
}

impl App {
    /// Opens the database, initializes it if it is empty, reads the rules into memory, and starts
    /// the background tasks.
    ///
    /// # Errors
    /// For example, when the database cannot be opened or a given secret is not usable.
    pub async fn open(options: Options) -> Result<Self, ServerError> {
        let store = store::open(&options.database, options.durability).await?;
        let backups = Backups::of(options.backups.as_ref(), &*store)?;
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
        let metrics = Arc::new(Metrics::new(&*store));
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
            backups,
            hosts: HostCounter::default(),
            pending: ArcSwapOption::empty(),
            count_hosts_every: options.count_hosts_every.unwrap_or(COUNT_HOSTS_EVERY),
            check_retention_every: options.check_retention_every.unwrap_or(CHECK_RETENTION_EVERY),
            trusted_clock,
            metrics,
            metrics_from: options.metrics_from,
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

    /// Opens a database for one command in this process. There are no background tasks, and the
    /// rules are read into memory only if a request needs them.
    ///
    /// # Errors
    /// For example, when the database cannot be opened, or old rows cannot be deleted.
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
            metrics: Arc::new(Metrics::new(&*store)),
            metrics_from: Vec::new(),
            store,
            rates: RateCounts::new(RateLimits::default(), clock.clone()),
            clock,
            largest_body: santa::LARGEST_BODY,
            bodies: Budget::new(santa::LARGEST_BODY),
            turned_away: AtomicU64::new(0),
            panics: Arc::default(),
            health: Health::default(),
            backups: None,
            hosts: HostCounter::default(),
            pending: ArcSwapOption::empty(),
            count_hosts_every: COUNT_HOSTS_EVERY,
            check_retention_every: CHECK_RETENTION_EVERY,
            trusted_clock,
        };
        match work {
            LocalWork::Read => hide_expired(&state).await?,
            LocalWork::Change => {
                if state.trusted_clock.is_trusted() {
                    state.store.expire(state.clock.now()).await?;
                }
                retention::purge_some(&state).await?;
                sightings::count_some(&state).await?;
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

    /// The new secrets, if this was the first start.
    pub fn first_start(&self) -> Option<&FirstStart> {
        self.first_start.as_ref()
    }

    /// The routes of all areas.
    pub fn router(&self) -> Router {
        let routes = Router::new()
            .merge(readiness::area())
            .merge(metrics::area())
            .merge(admin::area(admin::routes(), Arc::clone(&self.state.metrics)))
            .merge(santa::area(santa::answer))
            .method_not_allowed_fallback(method_not_allowed)
            .with_state(Arc::clone(&self.state));
        guarded(routes, Arc::clone(&self.state.panics))
    }

    /// Responds to requests until `shutdown` completes, and then finishes the requests in progress.
    /// Returns the number of connections that were still open when the shutdown timed out.
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
            tracing::error!(%error, "cannot store when hosts were last seen");
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

/// Hides rules that a server would remove now because they have expired.
async fn hide_expired(state: &State) -> StoreResult<()> {
    let now = state.clock.now();
    if state.store.has_expired(now).await? && state.trusted_clock.is_trusted() {
        state.store.hide_expired(now).await?;
    }
    Ok(())
}

fn start_background(state: &Arc<State>, failing: bool) -> [JoinHandle<()>; 8] {
    let [ticked, purged, counted, compacted, watched, checked, hosts, backed_up] =
        std::array::from_fn(|_| Arc::clone(state));
    [
        tokio::spawn(supervise("ticker", move || keep_ticking(Arc::clone(&ticked), failing))),
        tokio::spawn(supervise("retention", move || retention::keep_purging(Arc::clone(&purged)))),
        tokio::spawn(supervise("sightings", move || {
            sightings::keep_counting(Arc::clone(&counted))
        })),
        tokio::spawn(supervise("history", move || {
            compaction::keep_compacting(Arc::clone(&compacted))
        })),
        tokio::spawn(supervise("readiness", move || {
            readiness::keep_watching(Arc::clone(&watched))
        })),
        tokio::spawn(supervise("integrity check", move || {
            readiness::keep_checking(Arc::clone(&checked))
        })),
        tokio::spawn(supervise("host counter", move || {
            host_counter::keep_counting(Arc::clone(&hosts))
        })),
        tokio::spawn(supervise("backups", move || {
            backups::keep_backing_up(Arc::clone(&backed_up))
        })),
    ]
}

async fn keep_ticking(state: Arc<State>, mut failing: bool) {
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        // The timer is needed because a notification can be lost, and because there is no
        // notification when a rule expires.
        tokio::select! {
            _ = ticks.tick() => {}
            () = state.store.changed_elsewhere() => {}
        }
        failing = tick(&state, failing).await;
    }
}

/// Checks the clock, removes expired rules and reads changes by other processes. Returns whether
/// one of these steps failed. Failures are logged when they begin and when they end.
async fn tick(state: &State, failing: bool) -> bool {
    let requests = state.turned_away.swap(0, Ordering::Relaxed);
    if requests > 0 {
        tracing::warn!(
            requests,
            "refused requests: the database was overloaded, or their bodies did not fit into memory"
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
            tracing::error!(%error, "cannot watch the database for changes; trying again every \
                second");
        }
        (None, true) => tracing::info!("watching the database for changes again"),
        (Some(_), true) | (None, false) => {}
    }
    failed.is_some()
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::extract::Request;
    use axum::response::{IntoResponse as _, Response};
    use axum::routing::get;
    use tower::ServiceExt as _;

    use super::*;
    use crate::store::QueryPurpose;

    #[tokio::test]
    async fn s4_each_area_reads_with_the_readers_of_its_purpose() {
        async fn purpose() -> Response {
            format!("{:?}", QueryPurpose::current()).into_response()
        }
        let routes: Router<()> = Router::new().route("/api/v1/rules", get(purpose));
        let store = store::open("sqlite::memory:", Durability::default()).await.unwrap();
        let metrics = Arc::new(Metrics::new(&*store));
        let router: Router = admin::area(routes, metrics).merge(santa::area(|_, _| purpose()));
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
