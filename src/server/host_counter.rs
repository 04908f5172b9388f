//! Counts hosts by state, and finds the hosts in a state. Each group of hosts is judged only once, so
//! not every host is read.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use arc_swap::ArcSwapOption;
use jiff::Timestamp;

use super::admin::host_view::{self, contact, host_state, is_in_progress};
use super::answer::Refused;
use super::state::State;
use crate::api::{Contact, HostCount, HostCounts, HostState};
use crate::fleet::Host;
use crate::rule::MachineId;
use crate::store::{HostGroup, NamedHost, is_alone};
use crate::sync::FleetView;

/// How often the hosts are counted by default.
pub(super) const COUNT_HOSTS_EVERY: Duration = Duration::from_secs(30);
/// A fleet of at most this many hosts is counted at each request, which takes milliseconds.
const SMALL_FLEET: u64 = 10_000;
/// The maximum part of the time that is used for counting is one of this many.
const PART: u32 = 10;
/// Maximum representatives of groups in memory, about 2 kB each.
const MOST_KEPT: usize = 20_000;
/// A list by state reads all hosts instead if they are in more groups than this.
const MOST_GROUPS: usize = 2_000;
/// A list by state reads all hosts instead if more hosts than this may be in the state.
const MOST_CANDIDATES: usize = 5_000;
/// Maximum attempts of a count while hosts move to other groups.
const ATTEMPTS: u32 = 3;

/// The representatives of groups, and the last counts.
#[derive(Default)]
pub(super) struct HostCounter {
    /// A host of each group, without its names.
    known: Mutex<HashMap<HostGroup, Arc<Host>>>,
    counted: ArcSwapOption<HostCounts>,
    /// Held while hosts are counted, so that requests do not count at the same time.
    turn: tokio::sync::Mutex<()>,
}

impl HostCounter {
    fn known(&self) -> MutexGuard<'_, HashMap<HostGroup, Arc<Host>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The states of the hosts of a group.
#[derive(Clone, Copy)]
struct Judgment {
    /// The state of hosts without a sync in progress.
    settled: HostState,
    /// The state of hosts with a sync in progress.
    syncing: HostState,
    /// Seconds between two syncs.
    interval: u32,
    /// Whether several Macs use the machine ID of a host, or a Mac was refused.
    conflict: bool,
}

impl Judgment {
    /// Whether a host may be in this state, and in a conflict if that is wanted.
    fn may_be(self, state: Option<HostState>, conflict: bool) -> bool {
        state.is_none_or(|state| self.settled == state || self.syncing == state)
            && (self.conflict || !conflict)
    }

    /// The state and contact of a host that was last seen in this second.
    fn at(self, is_syncing: bool, seen: i64, now: Timestamp) -> (HostState, Contact, bool) {
        let seen = Timestamp::from_second(seen).ok();
        let in_progress = is_syncing && seen.is_some_and(|seen| is_in_progress(seen, now));
        let state = if in_progress { self.syncing } else { self.settled };
        (state, contact(seen, self.interval, now), self.conflict)
    }
}

/// The judgments of groups at one time.
struct Judge<'s> {
    state: &'s State,
    fleet: FleetView<'s>,
    now: Timestamp,
    judged: HashMap<HostGroup, Option<Judgment>>,
}

impl<'s> Judge<'s> {
    async fn new(state: &'s State) -> Result<Self, Refused> {
        let (fleet, now) = (state.engine.view().await?, state.clock.now());
        Ok(Self { state, fleet, now, judged: HashMap::new() })
    }

    /// The judgment of a group's hosts without names in the policy. None if no host is in the group
    /// any more.
    async fn group(&mut self, group: HostGroup) -> Result<Option<Judgment>, Refused> {
        if let Some(known) = self.judged.get(&group) {
            return Ok(*known);
        }
        let judgment = match self.representative(group).await? {
            Some(host) => Some(self.judge(&host).await?),
            None => None,
        };
        self.judged.insert(group, judgment);
        Ok(judgment)
    }

    /// The judgment of a host with names in the policy.
    async fn named(&self, named: &NamedHost) -> Result<Option<Judgment>, Refused> {
        let Some(host) = self.representative(named.group).await? else { return Ok(None) };
        let mut host = Host::clone(&host);
        host.machine = named.machine.clone();
        host.facts.serial.clone_from(&named.serial);
        host.facts.hostname.clone_from(&named.hostname);
        host.facts.primary_user.clone_from(&named.primary_user);
        self.judge(&host).await.map(Some)
    }

    /// A host of a group. Its names are removed, because rules for them apply to no other host of
    /// the group.
    async fn representative(&self, group: HostGroup) -> Result<Option<Arc<Host>>, Refused> {
        if let Some(known) = self.state.hosts.known().get(&group) {
            return Ok(Some(Arc::clone(known)));
        }
        let Some(mut host) = self.state.store.host_of_group(group).await? else { return Ok(None) };
        if is_alone(&host) {
            return Ok(Some(Arc::new(host)));
        }
        // A random machine ID, so that no rule can be for it.
        host.machine = format!("{:032x}", rand::random::<u128>()).parse().unwrap_or(host.machine);
        host.facts.serial.clear();
        host.facts.hostname.clear();
        host.facts.primary_user.clear();
        let host = Arc::new(host);
        let mut known = self.state.hosts.known();
        if known.len() < MOST_KEPT {
            known.insert(group, Arc::clone(&host));
        }
        Ok(Some(host))
    }

    async fn judge(&self, host: &Host) -> Result<Judgment, Refused> {
        // Yields to other requests, because there may be many groups.
        tokio::task::coop::consume_budget().await;
        if is_alone(host) {
            let view = host_view::view(self.state, host.clone()).await?;
            let conflict = view.conflict.is_some() || view.refused.is_some();
            let (state, interval) = (view.state, view.interval);
            return Ok(Judgment { settled: state, syncing: state, interval, conflict });
        }
        let standing = self.fleet.standing(host).await?;
        Ok(Judgment {
            settled: host_state(host, &standing, false),
            syncing: host_state(host, &standing, true),
            interval: standing.interval,
            conflict: host.sync.macs.as_ref().is_some_and(|macs| macs.refused.is_some()),
        })
    }
}

/// The newest counts: of this moment for small fleets and local databases, otherwise of the last
/// count in the background.
pub(super) async fn newest(state: &State) -> Result<Arc<HostCounts>, Refused> {
    match state.hosts.counted.load_full() {
        Some(counted) if is_large(&counted) => Ok(counted),
        Some(_) | None => count(state).await,
    }
}

fn is_large(counted: &HostCounts) -> bool {
    counted.items.iter().map(|count| count.hosts).sum::<u64>() > SMALL_FLEET
}

/// Counts the hosts and publishes the counts.
async fn count(state: &State) -> Result<Arc<HostCounts>, Refused> {
    let before = state.hosts.counted.load_full().map(|counted| counted.counted_at);
    let turn = state.hosts.turn.lock().await;
    // Another request of a large fleet may have counted in the meantime.
    if let Some(counted) = state.hosts.counted.load_full()
        && is_large(&counted)
        && Some(counted.counted_at) != before
    {
        return Ok(counted);
    }
    let mut attempt = 1;
    let counted = loop {
        let (counted, is_complete) = try_count(state).await?;
        if is_complete || attempt == ATTEMPTS {
            break Arc::new(counted);
        }
        attempt += 1;
    };
    state.hosts.counted.store(Some(Arc::clone(&counted)));
    drop(turn);
    Ok(counted)
}

/// Counts the hosts once. Returns whether all of them were counted: a group whose hosts have moved
/// on before it was judged is left out.
async fn try_count(state: &State) -> Result<(HostCounts, bool), Refused> {
    let mut judge = Judge::new(state).await?;
    let names = judge.fleet.personal_names();
    let (counts, named) = state.store.count_hosts(&names).await?;
    let mut totals: BTreeMap<(HostState, Contact, bool), i64> = BTreeMap::new();
    let mut is_complete = true;
    let now = judge.now;
    let mut add = |judgment: Option<Judgment>, is_syncing, seen, hosts| match judgment {
        Some(judgment) => *totals.entry(judgment.at(is_syncing, seen, now)).or_default() += hosts,
        None => is_complete = false,
    };
    for count in counts {
        let hosts = i64::try_from(count.hosts).unwrap_or(i64::MAX);
        add(judge.group(count.group).await?, count.is_syncing, count.seen, hosts);
    }
    for host in named {
        // The host was counted with its group.
        add(judge.group(host.group).await?, host.is_syncing, host.seen, -1);
        add(judge.named(&host).await?, host.is_syncing, host.seen, 1);
    }
    state.hosts.known().retain(|group, _| judge.judged.contains_key(group));
    let items = totals.into_iter().filter_map(|((state, contact, conflict), hosts)| {
        let hosts = u64::try_from(hosts).ok().filter(|hosts| *hosts > 0)?;
        Some(HostCount { state, contact, conflict, hosts })
    });
    Ok((HostCounts { counted_at: now, items: items.collect() }, is_complete))
}

/// The hosts that may be in a state, or in a conflict. None if there are too many of them or too
/// many groups.
pub(super) async fn candidates(
    state: &State,
    wanted: Option<HostState>,
    conflict: bool,
) -> Result<Option<Vec<MachineId>>, Refused> {
    let mut judge = Judge::new(state).await?;
    let names = judge.fleet.personal_names();
    let (groups, named) = state.store.host_groups(&names, MOST_GROUPS + 1).await?;
    if groups.len() > MOST_GROUPS || named.len() > MOST_CANDIDATES {
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

/// Counts the hosts regularly, for as long as the server runs.
pub(super) async fn keep_counting(state: Arc<State>) {
    let mut failing = false;
    loop {
        let start = Instant::now();
        let counted = count(&state).await;
        match (&counted, failing) {
            (Err(Refused(problem)), false) => {
                tracing::error!(error = %problem.message, "cannot count hosts; trying again");
            }
            (Ok(_), true) => tracing::info!("hosts are counted again"),
            (Err(_), true) | (Ok(_), false) => {}
        }
        failing = counted.is_err();
        let took = start.elapsed();
        let pause = state.count_hosts_every.saturating_sub(took).max(took * (PART - 1));
        tokio::time::sleep(pause).await;
    }
}
