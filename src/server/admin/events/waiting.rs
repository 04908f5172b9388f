//! Programs that are pending approval, and decisions about several events.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use axum::Json;

use super::{choose, filter, find, merge};
use crate::api::{
    ChangeAnswer, Code, DecisionsAnswer, DecisionsRequest, EventQuery, Page, Problem, RulePatch,
    WaitingHost, WaitingQuery, WaitingView,
};
use crate::fleet::{EventId, EventKind, Host, Role};
use crate::rule::{Evidence, MachineId, Scope};
use crate::server::access::Viewer;
use crate::server::admin::commit::commit_merges;
use crate::server::answer::{Answer, Refused, page_size, read_cursor};
use crate::server::extract::{Body, Query};
use crate::server::state::{Shared, State};
use crate::store::{EventFilter, StoredEvent};
use crate::sync::{ActiveRules, FleetView};

/// Santa's decisions about programs that no rule matches, in lockdown and in monitor mode.
const BLOCKED: &str = "BLOCK_UNKNOWN";
const WOULD_BE_BLOCKED: &str = "ALLOW_UNKNOWN";
/// Events that are read at a time, and maximum events that are read for one response.
const EVENTS_A_READ: usize = 1_000;
const MOST_EVENTS: usize = 5_000;
/// Maximum bytes of the programs, hosts and scopes in a response, and maximum bytes of the hosts
/// that are kept in memory for the response. The response ends when one of them is reached.
const MOST_BYTES: usize = 4 * 1024 * 1024;
/// Maximum events in one request for decisions.
const MOST_DECISIONS: usize = 1_000;

/// List programs that are pending approval, newest first
///
/// Hosts blocked them, or would block them in lockdown mode, and no rule matches them yet. A page is about a range of
/// events: a later page can have a program again if older events are about it, too.
#[utoipa::path(get, path = "/events/waiting", operation_id = "list_pending_programs", tag = "events", params(WaitingQuery),
    responses((status = 200, body = Page<WaitingView>), (status = 404), (status = 409), (status = 422)))]
pub(in crate::server::admin) async fn list(
    axum::extract::State(state): Shared,
    _: Viewer,
    Query(query): Query<WaitingQuery>,
) -> Answer<Page<WaitingView>> {
    let query = EventQuery::from(query);
    let mut before = read_cursor(query.cursor.as_deref())?.map(EventId);
    let mut decisions = vec![BLOCKED.to_owned()];
    if !query.blocked {
        decisions.push(WOULD_BE_BLOCKED.to_owned());
    }
    let filter = filter(&state, &query).await?;
    let filter = EventFilter { kinds: vec![EventKind::Execution], decisions, ..filter };
    let limit = page_size(query.limit);
    let fleet = state.engine.view().await?;
    let mut pending = PendingPrograms::default();
    let mut examined = 0;
    while examined < MOST_EVENTS {
        let events = state.store.events(&filter, before, EVENTS_A_READ).await?;
        let is_last = !events.more;
        examined += events.len();
        for event in events {
            before = Some(event.id);
            pending.add(&state, &fleet, event).await?;
            if pending.programs.len() >= limit || pending.is_full() {
                return Ok(Json(Page { items: pending.programs, next: Some(cursor(before)) }));
            }
        }
        if is_last {
            return Ok(Json(Page { items: pending.programs, next: None }));
        }
    }
    Ok(Json(Page { items: pending.programs, next: Some(cursor(before)) }))
}

/// Estimated bytes of a program or a host without its longest texts.
const A_VIEW: usize = 2 * 1024;

fn cursor(before: Option<EventId>) -> String {
    before.map(|event| event.to_string()).unwrap_or_default()
}

/// The programs of the events that were examined so far.
#[derive(Default)]
struct PendingPrograms {
    programs: Vec<WaitingView>,
    /// The index of each program, by its file's SHA-256.
    indexes: HashMap<String, usize>,
    /// The hosts and users that are listed with each program.
    listed: HashSet<(usize, MachineId)>,
    ran: HashSet<(usize, String)>,
    /// Hosts that were read; `None` for a host that was forgotten.
    hosts: HashMap<MachineId, Option<Host>>,
    /// For each host, file and path: whether only Santa's mode decides.
    undecided: HashMap<(MachineId, String, String), bool>,
    /// The approximate bytes of the programs in a response, and of the hosts in memory.
    bytes: usize,
    hosts_bytes: usize,
}

impl PendingPrograms {
    fn is_full(&self) -> bool {
        self.bytes >= MOST_BYTES || self.hosts_bytes >= MOST_BYTES
    }

    async fn read_host(&mut self, state: &State, machine: &MachineId) -> Result<(), Refused> {
        if let Entry::Vacant(new) = self.hosts.entry(machine.clone()) {
            let host = state.store.host(machine).await?.map(|stored| stored.host);
            let groups = host.iter().flat_map(|host| &host.facts.groups);
            self.hosts_bytes += A_VIEW + groups.map(String::len).sum::<usize>();
            new.insert(host);
        }
        Ok(())
    }

    async fn add<R: ActiveRules>(
        &mut self,
        state: &State,
        fleet: &FleetView<'_, R>,
        stored: StoredEvent,
    ) -> Result<(), Refused> {
        let StoredEvent { id, received, event } = stored;
        self.read_host(state, &event.machine).await?;
        let Some(Some(host)) = self.hosts.get(&event.machine) else { return Ok(()) };
        let (program, path) = (&event.program, event.path());
        let pair = (event.machine.clone(), program.sha256.clone(), path.clone());
        let is_undecided = match self.undecided.entry(pair) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(new) => {
                let evidence = Evidence::new(program, &path);
                *new.insert(fleet.is_undecided(host, evidence))
            }
        };
        if !is_undecided {
            return Ok(());
        }
        let next = self.programs.len();
        let index = *self.indexes.entry(program.sha256.clone()).or_insert(next);
        if index == next {
            let candidates = program.candidates();
            // The candidates contain the program's texts again.
            self.bytes += A_VIEW + path.len() + 3 * program.signing_id.len();
            let best = candidates.first().map(|best| best.target.rule_type());
            self.programs.push(WaitingView {
                latest: id,
                decision: event.decision,
                path,
                bundle_name: event.bundle_name,
                hosts: Vec::new(),
                users: Vec::new(),
                events: 0,
                last_received: received,
                reason: best.map(|best| program.reason(best).to_owned()).unwrap_or_default(),
                candidates,
                program: event.program,
            });
        }
        let Some(waiting) = self.programs.get_mut(index) else { return Ok(()) };
        waiting.events += 1;
        if !event.user.is_empty() && self.ran.insert((index, event.user.clone())) {
            self.bytes += event.user.len();
            waiting.users.push(event.user);
        }
        if self.listed.insert((index, event.machine.clone())) {
            let scopes = fleet.scopes_of(host);
            let names = scopes.iter().map(|scope| scope.name().len() + 16);
            self.bytes += 2 * event.machine.as_str().len() + names.sum::<usize>();
            waiting.hosts.push(WaitingHost {
                hostname: host.facts.hostname.clone(),
                scopes,
                machine: event.machine,
                event: id,
            });
        }
        Ok(())
    }
}

/// Create rules for several events
///
/// This is one revision or nothing. Events that lead to the same rule create one.
#[utoipa::path(post, path = "/events/decisions", operation_id = "decide_events", tag = "events", request_body = DecisionsRequest,
    responses((status = 200, body = DecisionsAnswer), (status = 404), (status = 409), (status = 422)))]
pub(in crate::server::admin) async fn decide(
    axum::extract::State(state): Shared,
    Viewer(operator): Viewer,
    Body(request): Body<DecisionsRequest>,
) -> Answer<DecisionsAnswer> {
    let DecisionsRequest { decisions, policy, dry_run, .. } = request;
    let permit = operator.permit(Role::Helpdesk, dry_run)?;
    if decisions.is_empty() || decisions.len() > MOST_DECISIONS {
        let text = format!("1 to {MOST_DECISIONS} events are decided about at once");
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
    let mut seen = HashSet::new();
    let mut merges = Vec::new();
    for decision in decisions {
        let stored = find(&state, decision.event).await?;
        let chosen = choose(&stored, policy, decision.rule_type)?;
        let scope = decision.scope.unwrap_or_else(|| Scope::Host(stored.event.machine.clone()));
        if seen.insert((chosen.target.clone(), scope.clone())) {
            let patch = RulePatch {
                target: chosen.target.to_string(),
                scope: scope.to_string(),
                ..template.clone()
            };
            merges.push(merge(decision.event, patch, "decided on", now)?);
        }
    }
    let events = if merges.len() == 1 { "program" } else { "programs" };
    let message = format!("{policy} {} {events} that waited", merges.len());
    let (committed, rules) = commit_merges(&state, permit, message, merges).await?;
    let ChangeAnswer { revision, outcomes, differences, warnings, .. } = committed;
    Ok(Json(DecisionsAnswer { rules, outcomes, differences, revision, warnings }))
}
