//! Finds the sightings that are pending approval. A sighting is pending if it is stored as
//! undecided, and no rule or path pattern decides about its program yet.

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;

use crate::fleet::{Host, KnownProgram, Sighting};
use crate::rule::{MachineId, Scope};
use crate::server::answer::Refused;
use crate::server::state::State;
use crate::store::{HostFilter, UndecidedFilter, UndecidedPosition, UndecidedSighting};
use crate::sync::{FleetView, HostClass, StoredRules, UndecidedPrograms};

/// Bounds for the number of sightings that are read at a time.
const FEWEST_READ: usize = 200;
const MOST_READ: usize = 1_000;
/// Maximum sightings that are evaluated for one response.
const MOST_EVALUATED: usize = 1_000;
/// Maximum hosts that are read at a time.
const HOSTS_A_READ: usize = 200;
/// If the hosts in memory use this many bytes, the page ends before another host must be read.
const MOST_HOST_BYTES: usize = 4 * 1024 * 1024;
/// Estimated bytes of a host without its scopes.
const A_HOST: usize = 2 * 1024;

/// Evaluates undecided sightings after a position, the newest first. Passes pending sightings to
/// `add` until `add` returns `Break` or the response reaches a limit. Returns the position after
/// which the list continues; None at the end of the list.
pub(in crate::server) async fn find_pending(
    state: &State,
    filter: &UndecidedFilter,
    mut after: Option<UndecidedPosition>,
    limit: usize,
    mut add: impl FnMut(KnownProgram, Sighting, &PendingHost) -> ControlFlow<()> + Send,
) -> Result<Option<UndecidedPosition>, Refused> {
    let fleet = state.engine.view().await?;
    let mut hosts = PendingHosts::new(state, &fleet);
    let mut evaluated = 0;
    loop {
        let most = read_at_a_time(filter, limit).min(MOST_EVALUATED - evaluated);
        let part = state.store.undecided(filter, after, most).await?;
        // A part with fewer rows than requested is the last part, or reached a limit on time or
        // bytes.
        let is_short = part.rows.len() < most;
        evaluated += part.rows.len();
        let machines: Vec<MachineId> =
            part.rows.iter().map(|row| row.sighting.machine.clone()).collect();
        for (at, row) in part.rows.into_iter().enumerate() {
            let UndecidedSighting { program, sighting, position } = row;
            if !hosts.read(&machines[at..]).await? {
                return Ok(after);
            }
            match hosts.pending(&program, &sighting) {
                Pending::Yes(host) => {
                    if add(program, sighting, host).is_break() {
                        return Ok(Some(position));
                    }
                }
                Pending::No => {}
                // The next page compiles the path patterns that it needs.
                Pending::NotEvaluated => return Ok(after),
            }
            after = Some(position);
            // Matching path patterns may take a long time.
            tokio::task::coop::consume_budget().await;
        }
        after = part.next;
        if after.is_none() || is_short || evaluated >= MOST_EVALUATED {
            return Ok(after);
        }
    }
}

/// How many sightings are read at a time. If the filter has a host, each read sorts all sightings
/// of the host, so there are fewer and larger reads.
fn read_at_a_time(filter: &UndecidedFilter, limit: usize) -> usize {
    match filter.machine {
        Some(_) => MOST_READ,
        None => limit.clamp(FEWEST_READ, MOST_READ),
    }
}

enum Pending<'h> {
    Yes(&'h PendingHost),
    No,
    /// Too many path patterns were compiled for this page.
    NotEvaluated,
}

/// The data about a host that is needed to evaluate programs.
pub(in crate::server) struct PendingHost {
    pub(super) hostname: String,
    /// The scopes of the host, weakest first.
    pub(super) scopes: Vec<Scope>,
    class: HostClass,
}

/// The hosts that were read for a response.
struct PendingHosts<'v> {
    state: &'v State,
    fleet: &'v FleetView<'v>,
    undecided: UndecidedPrograms<'v, StoredRules>,
    /// The value is `None` if the host does not exist.
    hosts: HashMap<MachineId, Option<PendingHost>>,
    /// The approximate bytes of the hosts.
    bytes: usize,
    /// How many hosts are read at a time.
    at_a_time: usize,
}

impl<'v> PendingHosts<'v> {
    fn new(state: &'v State, fleet: &'v FleetView<'v>) -> Self {
        let undecided = fleet.undecided_programs();
        let (hosts, at_a_time) = (HashMap::new(), HOSTS_A_READ);
        Self { state, fleet, undecided, hosts, bytes: 0, at_a_time }
    }

    /// If the first of these hosts is not known yet, reads it and the next unknown hosts in the
    /// same query. Returns false if the memory for hosts is used up.
    async fn read(&mut self, machines: &[MachineId]) -> Result<bool, Refused> {
        if machines.first().is_none_or(|first| self.hosts.contains_key(first)) {
            return Ok(true);
        }
        if self.bytes >= MOST_HOST_BYTES {
            return Ok(false);
        }
        loop {
            let unknown = machines.iter().filter(|machine| !self.hosts.contains_key(machine));
            let wanted: HashSet<&MachineId> = unknown.take(self.at_a_time).collect();
            let wanted: Vec<MachineId> = wanted.into_iter().cloned().collect();
            let filter = HostFilter { machines: Some(wanted.clone()), ..HostFilter::default() };
            let found = self.state.store.hosts(&filter, None, HOSTS_A_READ + 1).await?;
            // If the hosts are too large for one query, the store returns only the first hosts by
            // machine ID. The host that is needed next may be missing, so fewer hosts are read at a
            // time.
            if !found.more || self.at_a_time == 1 {
                found.into_iter().for_each(|host| self.keep(host));
                for machine in wanted {
                    self.hosts.entry(machine).or_insert(None);
                }
                return Ok(true);
            }
            self.at_a_time = (self.at_a_time / 4).max(1);
        }
    }

    fn keep(&mut self, host: Host) {
        let scopes = self.fleet.scopes_of(&host);
        let class = self.undecided.class_of(&host, &scopes);
        self.bytes += A_HOST + scopes_bytes(&scopes);
        let Host { machine, facts, .. } = host;
        self.hosts.insert(machine, Some(PendingHost { hostname: facts.hostname, scopes, class }));
    }

    /// Whether an undecided sighting is pending, and its host. A sighting is not pending if its
    /// host does not exist.
    fn pending(&mut self, known: &KnownProgram, sighting: &Sighting) -> Pending<'_> {
        let Some(Some(host)) = self.hosts.get(&sighting.machine) else { return Pending::No };
        let program = (known.id, &known.program);
        match self.undecided.is_undecided(host.class, program, &sighting.path) {
            Some(true) => Pending::Yes(host),
            Some(false) => Pending::No,
            None => Pending::NotEvaluated,
        }
    }
}

/// The approximate bytes of scopes.
pub(super) fn scopes_bytes(scopes: &[Scope]) -> usize {
    scopes.iter().map(|scope| scope.name().len() + 16).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sightings_of_one_host_are_read_in_few_parts() {
        let all = UndecidedFilter::default();
        let of_host = UndecidedFilter { machine: "M1".parse().ok(), ..UndecidedFilter::default() };
        assert_eq!([1, 500, 5_000].map(|limit| read_at_a_time(&all, limit)), [200, 500, 1_000]);
        assert_eq!(read_at_a_time(&of_host, 1), 1_000);
    }
}
