//! What waits for a decision, and decisions about many events at once.

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
use crate::server::answer::{Answer, Body, Query, Refused, bad_cursor, page_size};
use crate::server::app::{Shared, State};
use crate::store::{EventFilter, StoredEvent};

/// What Santa decides where nothing but its mode does.
const BLOCKED: &str = "BLOCK_UNKNOWN";
const WOULD_BE_BLOCKED: &str = "ALLOW_UNKNOWN";
/// Events read at a time, and at most for one response.
const EVENTS_A_READ: usize = 1_000;
const MOST_EVENTS: usize = 5_000;
/// Bytes of programs, hosts and scopes after which a response ends, and bytes of hosts that it keeps
/// in memory on the way.
const MOST_BYTES: usize = 4 * 1024 * 1024;
/// Events decided about at once.
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
    let before = query.cursor.as_deref().map(|text| text.parse().map(EventId));
    let mut before = before.transpose().map_err(|_| bad_cursor())?;
    let mut decisions = vec![BLOCKED.to_owned()];
    if !query.blocked {
        decisions.push(WOULD_BE_BLOCKED.to_owned());
    }
    let filter = filter(&state, &query).await?;
    let filter = EventFilter { kinds: vec![EventKind::Execution], decisions, ..filter };
    let limit = page_size(query.limit);
    let mut desk = Desk::default();
    let mut looked_at = 0;
    while looked_at < MOST_EVENTS {
        let events = state.store.events(&filter, before, EVENTS_A_READ).await?;
        let is_last = !events.more;
        looked_at += events.len();
        for event in events {
            before = Some(event.id);
            desk.add(&state, event).await?;
            if desk.programs.len() >= limit || desk.is_full() {
                return Ok(Json(Page { items: desk.programs, next: Some(cursor(before)) }));
            }
        }
        if is_last {
            return Ok(Json(Page { items: desk.programs, next: None }));
        }
    }
    Ok(Json(Page { items: desk.programs, next: Some(cursor(before)) }))
}

/// Bytes of a program or a host without its longest texts.
const A_VIEW: usize = 2 * 1024;

fn cursor(before: Option<EventId>) -> String {
    before.map(|event| event.to_string()).unwrap_or_default()
}

/// What waits, as far as events were looked at.
#[derive(Default)]
struct Desk {
    programs: Vec<WaitingView>,
    /// Where each program stands among them, by its file's SHA-256.
    places: HashMap<String, usize>,
    /// Which hosts and users are named with which of them.
    named: HashSet<(usize, MachineId)>,
    ran: HashSet<(usize, String)>,
    /// Hosts that were asked for; none where one was forgotten.
    hosts: HashMap<MachineId, Option<Host>>,
    /// Whether nothing but the mode decides, by host, file and path.
    undecided: HashMap<(MachineId, String, String), bool>,
    /// About how many bytes the programs have in a response, and the hosts in memory.
    bytes: usize,
    hosts_bytes: usize,
}

impl Desk {
    fn is_full(&self) -> bool {
        self.bytes >= MOST_BYTES || self.hosts_bytes >= MOST_BYTES
    }

    async fn learn_host(&mut self, state: &State, machine: &MachineId) -> Result<(), Refused> {
        if let Entry::Vacant(new) = self.hosts.entry(machine.clone()) {
            let host = state.store.host(machine).await?.map(|stored| stored.host);
            let groups = host.iter().flat_map(|host| &host.facts.groups);
            self.hosts_bytes += A_VIEW + groups.map(String::len).sum::<usize>();
            new.insert(host);
        }
        Ok(())
    }

    async fn add(&mut self, state: &State, stored: StoredEvent) -> Result<(), Refused> {
        let StoredEvent { id, received, event } = stored;
        self.learn_host(state, &event.machine).await?;
        let Some(Some(host)) = self.hosts.get(&event.machine) else { return Ok(()) };
        let (program, path) = (&event.program, event.path());
        let pair = (event.machine.clone(), program.sha256.clone(), path.clone());
        let is_undecided = match self.undecided.entry(pair) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(new) => {
                let evidence = Evidence::new(program, &path);
                *new.insert(state.engine.is_undecided(host, evidence).await?)
            }
        };
        if !is_undecided {
            return Ok(());
        }
        let next = self.programs.len();
        let place = *self.places.entry(program.sha256.clone()).or_insert(next);
        if place == next {
            let candidates = program.candidates();
            // The program's texts stand in its candidates again.
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
        let Some(waiting) = self.programs.get_mut(place) else { return Ok(()) };
        waiting.events += 1;
        if !event.user.is_empty() && self.ran.insert((place, event.user.clone())) {
            self.bytes += event.user.len();
            waiting.users.push(event.user);
        }
        if self.named.insert((place, event.machine.clone())) {
            let scopes = state.engine.scopes_of(host).await?;
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
