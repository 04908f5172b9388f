//! Programs that are pending approval, and decisions about several of them.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use axum::Json;

use super::{Subject, choose, given, merge};
use crate::api::{
    ChangeAnswer, Code, DecisionsAnswer, DecisionsRequest, Page, Problem, RulePatch, WaitingHost,
    WaitingQuery, WaitingView,
};
use crate::fleet::{Host, KnownProgram, ProgramId, Role, Sighting};
use crate::rule::{MachineId, Scope};
use crate::server::access::Viewer;
use crate::server::admin::commit::commit_merges;
use crate::server::admin::{lookup, programs};
use crate::server::answer::{Answer, Refused, page_size, read_cursor};
use crate::server::extract::{Body, Query};
use crate::server::state::{Shared, State};
use crate::store::{HostFilter, UndecidedFilter, UndecidedPosition, UndecidedSighting};
use crate::sync::{FleetView, HostClass, StoredRules, UndecidedPrograms};

/// Minimum and maximum sightings that are read at a time. The last read may be smaller, because of
/// [`MOST_EVALUATED`].
const FEWEST_READ: usize = 200;
const MOST_READ: usize = 1_000;
/// Maximum sightings that are evaluated for one response.
const MOST_EVALUATED: usize = 5_000;
/// Maximum hosts that are read at a time.
const HOSTS_A_READ: usize = 200;
/// A page ends when its programs, or the hosts that were read for it, take about this number of
/// bytes.
const MOST_BYTES: usize = 4 * 1024 * 1024;
const MOST_DECISIONS: usize = 1_000;

/// List programs that are pending approval, newest first
///
/// These are programs that hosts blocked, or would block in lockdown mode, and that no rule matches
/// yet. A page covers a range of sightings. A later page can list the same program again, with
/// older sightings on other hosts.
#[utoipa::path(get, path = "/events/waiting", operation_id = "list_pending_programs", tag = "events", params(WaitingQuery),
    responses((status = 200, body = Page<WaitingView>), (status = 404), (status = 409), (status = 422)))]
pub(in crate::server::admin) async fn list(
    axum::extract::State(state): Shared,
    _: Viewer,
    Query(query): Query<WaitingQuery>,
) -> Answer<Page<WaitingView>> {
    let mut after = read_cursor(query.cursor.as_deref())?;
    let limit = page_size(query.limit);
    let filter = filter(&state, query).await?;
    let fleet = state.engine.view().await?;
    let mut pending = PendingPrograms::new(&state, &fleet, limit);
    let mut evaluated = 0;
    loop {
        let most = limit.clamp(FEWEST_READ, MOST_READ).min(MOST_EVALUATED - evaluated);
        let part = state.store.undecided(&filter, after, most).await?;
        // A part with fewer rows than requested is the last one, or reached its limit of time or
        // bytes.
        let is_short = part.rows.len() < most;
        evaluated += part.rows.len();
        after = pending.add_all(part.rows).await?.or(part.next);
        if after.is_none() || pending.is_full() || is_short || evaluated >= MOST_EVALUATED {
            break;
        }
    }
    let next = after.map(|position: UndecidedPosition| position.to_string());
    let reading_older_events = state.store.has_uncounted_events().await?;
    Ok(Json(Page { items: pending.programs, next, reading_older_events }))
}

async fn filter(state: &State, query: WaitingQuery) -> Result<UndecidedFilter, Refused> {
    let WaitingQuery { host, user, blocked, since, until, path, signer, text, .. } = query;
    let machine = match &host {
        Some(name) => Some(lookup::find(state, name).await?.machine),
        None => None,
    };
    let (signer, text) = (given(signer), given(text));
    Ok(UndecidedFilter { machine, user, blocked, since, until, path, signer, text })
}

/// Estimated bytes of a program or a host, without the texts that are counted separately.
const A_VIEW: usize = 2 * 1024;

/// The pending programs among the evaluated sightings.
struct PendingPrograms<'v> {
    state: &'v State,
    fleet: &'v FleetView<'v>,
    undecided: UndecidedPrograms<'v, StoredRules>,
    limit: usize,
    programs: Vec<WaitingView>,
    indexes: HashMap<ProgramId, usize>,
    /// Users that are already listed, each with the index of the program.
    users: HashSet<(usize, String)>,
    /// The hosts that were read. The value is None if the host does not exist.
    hosts: HashMap<MachineId, Option<PendingHost>>,
    /// The approximate bytes of `programs`.
    bytes: usize,
    /// The approximate bytes of `hosts`.
    hosts_bytes: usize,
}

struct PendingHost {
    hostname: String,
    scopes: Vec<Scope>,
    class: HostClass,
}

impl<'v> PendingPrograms<'v> {
    fn new(state: &'v State, fleet: &'v FleetView<'v>, limit: usize) -> Self {
        Self {
            state,
            fleet,
            undecided: fleet.undecided_programs(),
            limit,
            programs: Vec::new(),
            indexes: HashMap::new(),
            users: HashSet::new(),
            hosts: HashMap::new(),
            bytes: 0,
            hosts_bytes: 0,
        }
    }

    fn is_full(&self) -> bool {
        self.programs.len() >= self.limit
            || self.bytes >= MOST_BYTES
            || self.hosts_bytes >= MOST_BYTES
    }

    /// Adds sightings until the page is full. If the page is full, returns the position of the last
    /// evaluated sighting.
    async fn add_all(
        &mut self,
        sightings: Vec<UndecidedSighting>,
    ) -> Result<Option<UndecidedPosition>, Refused> {
        let machines: Vec<MachineId> =
            sightings.iter().map(|each| each.sighting.machine.clone()).collect();
        for (at, UndecidedSighting { program, sighting, position }) in
            sightings.into_iter().enumerate()
        {
            self.read_host(&machines[at..]).await?;
            self.add(program, sighting);
            if self.is_full() {
                return Ok(Some(position));
            }
        }
        Ok(None)
    }

    /// Reads the first of these hosts, unless it was already read. Also reads others of them in the
    /// same query.
    async fn read_host(&mut self, machines: &[MachineId]) -> Result<(), Refused> {
        let Some(first) = machines.first().filter(|first| !self.hosts.contains_key(first)) else {
            return Ok(());
        };
        let unknown = machines.iter().filter(|machine| !self.hosts.contains_key(machine));
        let wanted: HashSet<&MachineId> = unknown.take(HOSTS_A_READ).collect();
        let wanted: Vec<MachineId> = wanted.into_iter().cloned().collect();
        let filter = HostFilter { machines: Some(wanted.clone()), ..HostFilter::default() };
        let found = self.state.store.hosts(&filter, None, HOSTS_A_READ + 1).await?;
        let is_all = !found.more;
        found.into_iter().for_each(|host| self.keep_host(host));
        if is_all {
            for machine in wanted {
                self.hosts.entry(machine).or_insert(None);
            }
        } else if !self.hosts.contains_key(first) {
            match self.state.store.host(first).await? {
                Some(stored) => self.keep_host(stored.host),
                None => drop(self.hosts.insert(first.clone(), None)),
            }
        }
        Ok(())
    }

    fn keep_host(&mut self, host: Host) {
        let scopes = self.fleet.scopes_of(&host);
        let class = self.undecided.class_of(&host, &scopes);
        self.hosts_bytes += A_VIEW + scopes_bytes(&scopes);
        let Host { machine, facts, .. } = host;
        self.hosts.insert(machine, Some(PendingHost { hostname: facts.hostname, scopes, class }));
    }

    fn add(&mut self, known: KnownProgram, sighting: Sighting) {
        let Some(Some(host)) = self.hosts.get(&sighting.machine) else { return };
        let KnownProgram { id, program, bundle_name, .. } = known;
        if !self.undecided.is_undecided(host.class, (id, &program), &sighting.path) {
            return;
        }
        let next = self.programs.len();
        let index = *self.indexes.entry(id).or_insert(next);
        if index == next {
            let candidates = program.candidates();
            let best = candidates.first().map(|best| best.target.rule_type());
            // The signing ID is counted more than once, because the candidates contain it, too.
            self.bytes += A_VIEW + sighting.path.len() + 3 * program.signing_id.len();
            self.programs.push(WaitingView {
                id,
                latest: sighting.latest,
                decision: sighting.decision,
                path: sighting.path,
                bundle_name,
                hosts: Vec::new(),
                users: Vec::new(),
                events: 0,
                last_received: sighting.last_seen,
                reason: best.map(|best| program.reason(best).to_owned()).unwrap_or_default(),
                candidates,
                program,
            });
        }
        let Some(waiting) = self.programs.get_mut(index) else { return };
        waiting.events += sighting.reports;
        for user in sighting.users {
            if self.users.insert((index, user.clone())) {
                self.bytes += user.len();
                waiting.users.push(user);
            }
        }
        self.bytes += 2 * sighting.machine.as_str().len() + scopes_bytes(&host.scopes);
        waiting.hosts.push(WaitingHost {
            hostname: host.hostname.clone(),
            scopes: host.scopes.clone(),
            machine: sighting.machine,
            event: sighting.latest,
        });
    }
}

fn scopes_bytes(scopes: &[Scope]) -> usize {
    scopes.iter().map(|scope| scope.name().len() + 16).sum()
}

/// Create rules for several programs
///
/// All rules are created in one revision, or none is created. If several programs lead to the same
/// rule, it is created only once.
#[utoipa::path(post, path = "/events/decisions", operation_id = "decide_programs", tag = "events", request_body = DecisionsRequest,
    responses((status = 200, body = DecisionsAnswer), (status = 404), (status = 409), (status = 422)))]
pub(in crate::server::admin) async fn decide(
    axum::extract::State(state): Shared,
    Viewer(operator): Viewer,
    Body(request): Body<DecisionsRequest>,
) -> Answer<DecisionsAnswer> {
    let DecisionsRequest { decisions, policy, dry_run, .. } = request;
    let permit = operator.permit(Role::Helpdesk, dry_run)?;
    if decisions.is_empty() || decisions.len() > MOST_DECISIONS {
        let text = format!("invalid number of decisions: expected 1 to {MOST_DECISIONS}");
        return Err(Problem::new(Code::Invalid, text).into());
    }
    let template = RulePatch {
        policy: policy.word().to_owned(),
        message: request.message.into(),
        comment: request.comment.into(),
        ticket: request.ticket.into(),
        expires: request.expires.into(),
        expires_in: request.expires_in,
        ..RulePatch::default()
    };
    let now = state.clock.now();
    let mut known: HashMap<ProgramId, KnownProgram> = HashMap::new();
    let mut seen = HashSet::new();
    let mut merges = Vec::new();
    for decision in decisions {
        let id = decision.program;
        let known = match known.entry(id) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => new.insert(programs::find(&state, id).await?),
        };
        let subject = Subject::Program(id);
        let target = choose(subject, &known.program, policy, decision.rule_type)?;
        if seen.insert((target.clone(), decision.scope.clone())) {
            let patch = RulePatch {
                target: target.to_string(),
                scope: decision.scope.to_string(),
                ..template.clone()
            };
            merges.push(merge(subject, patch, "decided on", now)?);
        }
    }
    let noun = if merges.len() == 1 { "program" } else { "programs" };
    let message = format!("{policy} {} {noun} pending approval", merges.len());
    let (committed, rules) = commit_merges(&state, permit, message, merges).await?;
    let ChangeAnswer { revision, outcomes, differences, warnings, .. } = committed;
    Ok(Json(DecisionsAnswer { rules, outcomes, differences, revision, warnings }))
}
