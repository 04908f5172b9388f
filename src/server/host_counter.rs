//! Counts hosts by state, and finds the hosts in a state. The state of each group of hosts
//! is computed only once, so not every host is read.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwapOption;
use jiff::Timestamp;
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use super::admin::host_view::{self, contact, host_state, is_in_progress};
use super::answer::Refused;
use super::pending_counter;
use super::state::State;
use crate::api::{Contact, HostCount, HostCounts, HostState};
use crate::fleet::{ClientMode, Holding, Host};
use crate::rule::MachineId;
use crate::store::{HostGroup, NamedHost, ScopeId, StoreError, is_alone};
use crate::sync::FleetView;

/// How often the hosts are counted by default.
pub(super) const COUNT_HOSTS_EVERY: Duration = Duration::from_secs(30);
/// A fleet of at most this many hosts is counted at each request, which takes milliseconds.
const SMALL_FLEET: u64 = 10_000;
/// The background task spends at most `1 / PART` of its time on counting.
const PART: u32 = 10;
/// Maximum bytes of the representatives in memory. Each counts as at least 2 KiB, so at most about
/// 16,000 are kept.
const KEPT_BYTES: u64 = 32 * 1024 * 1024;
/// A list by state reads all hosts if there are more groups than this, or if the policy contains
/// names of more hosts than this.
const MOST_GROUPS: usize = 2_000;
/// A list by state reads all hosts if more hosts than this may be in the state.
const MOST_CANDIDATES: usize = 5_000;
/// Maximum attempts to count the hosts. An attempt can miss hosts that move to another group.
const ATTEMPTS: u32 = 3;

/// The representatives of groups, and the last counts.
pub(super) struct HostCounter {
    /// One host of each group, without the host's names.
    known: Cache<HostGroup, Arc<Host>, Weight>,
    newest: ArcSwapOption<Counted>,
    /// Held while hosts are counted. Requests that wait for this lock share the next count.
    turn: tokio::sync::Mutex<()>,
}

impl Default for HostCounter {
    fn default() -> Self {
        let expected = usize::try_from(KEPT_BYTES / FIXED_BYTES).unwrap_or(usize::MAX);
        Self {
            known: Cache::with_weighter(expected, KEPT_BYTES, Weight),
            newest: ArcSwapOption::empty(),
            turn: tokio::sync::Mutex::default(),
        }
    }
}

/// Approximate bytes of a representative, without its variable-length lists.
const FIXED_BYTES: u64 = 2_048;

#[derive(Clone)]
struct Weight;

impl Weighter<HostGroup, Arc<Host>> for Weight {
    fn weight(&self, _: &HostGroup, host: &Arc<Host>) -> u64 {
        let groups = host.facts.groups.iter().map(|group| group.len() + 48).sum::<usize>();
        let offers = host.sync.offers.len() * size_of::<Holding>();
        FIXED_BYTES + (groups + offers) as u64
    }
}

pub(super) struct Counted {
    /// When this count began.
    began: Instant,
    pub(super) counts: Arc<HostCounts>,
    pub(super) clients: Clients,
}

/// The number of hosts with each version of Santa, and with each mode. The version is empty, or the
/// mode is none, if hosts did not report it.
#[derive(Default)]
pub(super) struct Clients {
    pub(super) versions: HashMap<String, u64>,
    pub(super) modes: HashMap<Option<ClientMode>, u64>,
}

impl HostCounter {
    /// The newest counts, without counting. None if the hosts were not counted yet.
    pub(super) fn published(&self) -> Option<Arc<Counted>> {
        self.newest.load_full()
    }
}

/// The states of the hosts of a group.
#[derive(Clone, Copy)]
struct Judgment {
    /// The state of hosts without a sync in progress.
    settled: HostState,
    /// The state of hosts with a sync in progress.
    syncing: HostState,
    /// See [`HostStanding::contact_interval`](crate::sync::HostStanding::contact_interval).
    contact_interval: u32,
    /// Whether several Macs use the machine ID of a host, or a Mac was refused.
    conflict: bool,
}

impl Judgment {
    /// Whether a host may be in this state and, if `conflict` is true, in a conflict.
    fn may_be(self, state: Option<HostState>, conflict: bool) -> bool {
        state.is_none_or(|state| self.settled == state || self.syncing == state)
            && (self.conflict || !conflict)
    }

    /// The state, contact and conflict of a host. `seen` is the Unix time, in seconds, at which the
    /// host was last seen.
    fn at(self, is_syncing: bool, seen: i64, now: Timestamp) -> (HostState, Contact, bool) {
        let seen = Timestamp::from_second(seen).ok();
        let in_progress = is_syncing && seen.is_some_and(|seen| is_in_progress(seen, now));
        let state = if in_progress { self.syncing } else { self.settled };
        (state, contact(seen, self.contact_interval, now), self.conflict)
    }
}

/// The judgments of groups at one point in time.
struct Judge<'s> {
    state: &'s State,
    fleet: FleetView<'s>,
    now: Timestamp,
    judged: HashMap<HostGroup, Option<Judgment>>,
    /// The version and the mode of the hosts of each judged group.
    clients: HashMap<HostGroup, (String, Option<ClientMode>)>,
    /// The judgments of hosts with names in the policy, by group and by what the policy contains
    /// for the host.
    judged_named: HashMap<(HostGroup, (Vec<ScopeId>, u64)), Judgment>,
}

impl<'s> Judge<'s> {
    async fn new(state: &'s State) -> Result<Self, Refused> {
        let (fleet, now) = (state.engine.view().await?, state.clock.now());
        let (judged, clients, judged_named) = (HashMap::new(), HashMap::new(), HashMap::new());
        Ok(Self { state, fleet, now, judged, clients, judged_named })
    }

    /// The judgment of a group's hosts without names in the policy. None if the group has no hosts
    /// anymore, or if the row of its representative cannot be read.
    async fn group(&mut self, group: HostGroup) -> Result<Option<Judgment>, Refused> {
        if let Some(known) = self.judged.get(&group) {
            return Ok(*known);
        }
        let judgment = match self.representative(group).await? {
            Some(host) => {
                let facts = &host.facts;
                self.clients.insert(group, (facts.santa_version.clone(), facts.client_mode));
                Some(self.judge(&host).await?)
            }
            None => None,
        };
        self.judged.insert(group, judgment);
        Ok(judgment)
    }

    /// The judgment of a host with a name that the policy contains.
    async fn named(&mut self, named: &NamedHost) -> Result<Option<Judgment>, Refused> {
        let Some(host) = self.representative(named.group).await? else { return Ok(None) };
        let mut host = Host::clone(&host);
        host.machine = named.machine.clone();
        host.facts.serial.clone_from(&named.serial);
        host.facts.hostname.clone_from(&named.hostname);
        host.facts.primary_user.clone_from(&named.primary_user);
        if is_alone(&host) {
            return self.judge(&host).await.map(Some);
        }
        let key = (named.group, self.fleet.contents_for(&host));
        if let Some(known) = self.judged_named.get(&key) {
            return Ok(Some(*known));
        }
        let judgment = self.judge(&host).await?;
        self.judged_named.insert(key, judgment);
        Ok(Some(judgment))
    }

    /// One host of a group. If the group can have other hosts, the names of the host are removed,
    /// because rules for these names may not apply to the other hosts.
    async fn representative(&self, group: HostGroup) -> Result<Option<Arc<Host>>, Refused> {
        if let Some(known) = self.state.hosts.known.get(&group) {
            return Ok(Some(known));
        }
        let mut host = match self.state.store.host_of_group(group).await {
            Ok(Some(host)) => host,
            // Hosts whose group has no readable representative are reported as not counted.
            Ok(None) | Err(StoreError::Unreadable(_)) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        if is_alone(&host) {
            return Ok(Some(Arc::new(host)));
        }
        // A random machine ID, so that no rule for a host applies to it.
        host.machine = format!("{:032x}", rand::random::<u128>()).parse().unwrap_or(host.machine);
        host.facts.serial.clear();
        host.facts.hostname.clear();
        host.facts.primary_user.clear();
        if let Some(macs) = &mut host.sync.macs {
            // The other Macs matter only in a conflict, which this host does not have.
            macs.others.clear();
        }
        let host = Arc::new(host);
        self.state.hosts.known.insert(group, Arc::clone(&host));
        Ok(Some(host))
    }

    async fn judge(&self, host: &Host) -> Result<Judgment, Refused> {
        // Yields to other requests, because there may be many groups.
        tokio::task::coop::consume_budget().await;
        let standing = self.fleet.standing(host).await?;
        let contact_interval = standing.contact_interval;
        if is_alone(host) {
            let view = host_view::view(self.state, host.clone()).await?;
            let conflict = view.conflict.is_some() || view.refused.is_some();
            let (settled, syncing) = (view.state, view.state);
            return Ok(Judgment { settled, syncing, contact_interval, conflict });
        }
        Ok(Judgment {
            settled: host_state(host, &standing, false),
            syncing: host_state(host, &standing, true),
            contact_interval,
            conflict: host.sync.macs.as_ref().is_some_and(|macs| macs.refused.is_some()),
        })
    }
}

/// The newest counts. For small fleets and local databases, the hosts are counted now. Otherwise,
/// returns the result of the latest background count.
pub(super) async fn newest(state: &State) -> Result<Arc<HostCounts>, Refused> {
    match state.hosts.newest.load_full() {
        Some(counted) if is_large(&counted.counts) => Ok(Arc::clone(&counted.counts)),
        Some(_) | None => count(state).await,
    }
}

fn is_large(counts: &HostCounts) -> bool {
    counts.uncounted + counts.items.iter().map(|count| count.hosts).sum::<u64>() > SMALL_FLEET
}

/// Counts the hosts and publishes the counts. If another count began after this call and ended
/// while this call waited, returns the result of that count instead.
async fn count(state: &State) -> Result<Arc<HostCounts>, Refused> {
    let called = Instant::now();
    let _turn = state.hosts.turn.lock().await;
    if let Some(counted) = state.hosts.newest.load_full().filter(|it| it.began > called) {
        return Ok(Arc::clone(&counted.counts));
    }
    let began = Instant::now();
    let mut attempt = 1;
    let (counts, clients) = loop {
        let (counts, clients) = try_count(state).await?;
        if counts.uncounted == 0 || attempt == ATTEMPTS {
            break (Arc::new(counts), clients);
        }
        attempt += 1;
    };
    let counted = Counted { began, counts: Arc::clone(&counts), clients };
    state.hosts.newest.store(Some(Arc::new(counted)));
    Ok(counts)
}

/// Counts the hosts once. The hosts of a group are uncounted if the group is empty when it is
/// judged, or if the row of its representative cannot be read.
async fn try_count(state: &State) -> Result<(HostCounts, Clients), Refused> {
    let mut judge = Judge::new(state).await?;
    let names = judge.fleet.personal_names();
    let (counts, named) = state.store.count_hosts(&names).await?;
    let mut totals: BTreeMap<(HostState, Contact, bool), i64> = BTreeMap::new();
    let mut uncounted = 0;
    let now = judge.now;
    let mut add = |judgment: Option<Judgment>, is_syncing, seen, hosts| match judgment {
        Some(judgment) => *totals.entry(judgment.at(is_syncing, seen, now)).or_default() += hosts,
        None => uncounted += hosts,
    };
    let mut in_groups: HashMap<HostGroup, u64> = HashMap::new();
    for count in counts {
        *in_groups.entry(count.group).or_default() += count.hosts;
        let hosts = i64::try_from(count.hosts).unwrap_or(i64::MAX);
        add(judge.group(count.group).await?, count.is_syncing, count.seen, hosts);
    }
    for host in named {
        // The count of the group includes this host, so the host is subtracted from it.
        add(judge.group(host.group).await?, host.is_syncing, host.seen, -1);
        add(judge.named(&host).await?, host.is_syncing, host.seen, 1);
    }
    let items = totals.into_iter().filter_map(|((state, contact, conflict), hosts)| {
        let hosts = u64::try_from(hosts).ok().filter(|hosts| *hosts > 0)?;
        Some(HostCount { state, contact, conflict, hosts })
    });
    let uncounted = u64::try_from(uncounted).unwrap_or_default();
    let counts = HostCounts { counted_at: now, items: items.collect(), uncounted };
    let mut clients = Clients::default();
    for (group, hosts) in in_groups {
        if let Some((version, mode)) = judge.clients.remove(&group) {
            *clients.versions.entry(version).or_default() += hosts;
            *clients.modes.entry(mode).or_default() += hosts;
        }
    }
    Ok((counts, clients))
}

/// The hosts that may be in the wanted state and, if `conflict` is true, in a conflict. None if
/// there are too many such hosts, too many groups, or too many hosts with names in the policy.
pub(super) async fn candidates(
    state: &State,
    wanted: Option<HostState>,
    conflict: bool,
) -> Result<Option<Vec<MachineId>>, Refused> {
    let mut judge = Judge::new(state).await?;
    let names = judge.fleet.personal_names();
    let (groups, named) = state.store.host_groups(&names, MOST_GROUPS + 1).await?;
    if groups.len() > MOST_GROUPS || named.len() > MOST_GROUPS {
        return Ok(None);
    }
    let mut in_state = Vec::new();
    for group in groups {
        if judge.group(group).await?.is_none_or(|judgment| judgment.may_be(wanted, conflict)) {
            in_state.push(group);
        }
    }
    let only_syncing = wanted == Some(HostState::Syncing);
    let limit = MOST_CANDIDATES + 1;
    let mut found = state.store.machines_in_groups(&in_state, only_syncing, limit).await?;
    for host in named.into_iter().filter(|host| host.is_syncing || !only_syncing) {
        if judge.named(&host).await?.is_none_or(|judgment| judgment.may_be(wanted, conflict)) {
            found.push(host.machine);
        }
    }
    Ok((found.len() <= MOST_CANDIDATES).then_some(found))
}

/// Counts the hosts and the pending programs regularly, for as long as the server runs.
pub(super) async fn keep_counting(state: Arc<State>) {
    let mut failing = false;
    loop {
        let start = Instant::now();
        let counted = match count(&state).await {
            Ok(_) => pending_counter::count(&state).await,
            Err(refused) => Err(refused),
        };
        match (&counted, failing) {
            (Err(Refused(problem)), false) => {
                let error = &problem.message;
                tracing::error!(%error, "cannot count hosts or programs; trying again");
            }
            (Ok(()), true) => tracing::info!("counting hosts and programs works again"),
            (Err(_), true) | (Ok(()), false) => {}
        }
        failing = counted.is_err();
        let took = start.elapsed();
        let pause = state.count_hosts_every.saturating_sub(took).max(took * (PART - 1));
        tokio::time::sleep(pause).await;
    }
}
