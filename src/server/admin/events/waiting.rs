//! Programs that are pending approval, and decisions about several of them.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;

use axum::Json;

use super::{Subject, choose, given, merge};
use crate::api::{
    ChangeAnswer, Code, DecisionsAnswer, DecisionsRequest, Page, Problem, RulePatch, WaitingHost,
    WaitingQuery, WaitingView,
};
use crate::fleet::{KnownProgram, ProgramId, Role, Sighting};
use crate::server::access::Viewer;
use crate::server::admin::commit::commit_merges;
use crate::server::admin::pending::{PendingHost, find_pending, scopes_bytes};
use crate::server::admin::{lookup, programs};
use crate::server::answer::{Answer, Refused, page_size, read_cursor};
use crate::server::extract::{Body, Query};
use crate::server::state::{Shared, State};
use crate::store::{ProgramFilter, UndecidedFilter, UndecidedPosition};

/// A page ends when its programs, hosts and scopes have about this number of bytes.
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
    let after: Option<UndecidedPosition> = read_cursor(query.cursor.as_deref())?;
    let limit = page_size(query.limit);
    let filter = filter(&state, query).await?;
    let mut waiting = WaitingPrograms { limit, ..WaitingPrograms::default() };
    let add = |known, sighting, host: &PendingHost| waiting.add(known, sighting, host);
    let next = find_pending(&state, &filter, after, limit, add).await?;
    let next = next.map(|position| position.to_string());
    let reading_older_events = state.store.has_uncounted_events().await?;
    Ok(Json(Page { items: waiting.programs, next, reading_older_events }))
}

async fn filter(state: &State, query: WaitingQuery) -> Result<UndecidedFilter, Refused> {
    let WaitingQuery { host, user, blocked, since, until, path, signer, text, .. } = query;
    let machine = match &host {
        Some(name) => Some(lookup::find(state, name).await?.machine),
        None => None,
    };
    let (signer, text) = (given(signer), given(text));
    let program = ProgramFilter::default();
    Ok(UndecidedFilter { machine, user, blocked, since, until, path, signer, text, program })
}

/// Estimated bytes of a program without its longest texts.
const A_VIEW: usize = 2 * 1024;

/// The programs of the pending sightings on a page.
#[derive(Default)]
struct WaitingPrograms {
    limit: usize,
    programs: Vec<WaitingView>,
    indexes: HashMap<ProgramId, usize>,
    /// Users that are already listed, each with the index of the program.
    users: HashSet<(usize, String)>,
    /// The approximate bytes of the programs in the response.
    bytes: usize,
}

impl WaitingPrograms {
    /// Adds a pending sighting. Returns `Break` if the page is then full.
    fn add(
        &mut self,
        known: KnownProgram,
        sighting: Sighting,
        host: &PendingHost,
    ) -> ControlFlow<()> {
        let KnownProgram { id, program, bundle_name, .. } = known;
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
        if let Some(waiting) = self.programs.get_mut(index) {
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
        match self.programs.len() >= self.limit || self.bytes >= MOST_BYTES {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    }
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
