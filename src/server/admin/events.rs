//! Events, and decisions about them.

pub(super) mod bundle;
pub(super) mod import;
pub(super) mod undo;
pub(super) mod waiting;

use std::collections::HashMap;
use std::fmt;

use axum::Json;
use jiff::Timestamp;

use super::commit::commit_merges;
use super::lookup;
use crate::api::{
    AccessView, Code, DecisionAnswer, DecisionRequest, EventDetail, EventPath, EventQuery,
    EventStatQuery, EventView, Page, Problem, RulePatch,
};
use crate::fleet::{EventId, EventStat, KNOWN_DECISIONS, ProgramId, Role};
use crate::rule::{
    Candidate, MachineId, PolicyKind, Program, RuleField, RuleFields, RuleMerge, RuleType, Scope,
    Target,
};
use crate::server::access::Viewer;
use crate::server::answer::{Answer, Refused, page_size, read_cursor};
use crate::server::extract::{Body, Path, Query};
use crate::server::state::{Shared, State};
use crate::store::{EventFilter, StoredEvent};

/// A known decision is suggested for an unknown decision only if the similarity of the two words,
/// from 0 to 1, is at least this.
const ALIKE: f64 = 0.5;
/// Default maximum number of programs in the statistics.
const USUAL_STATS: usize = 20;

/// List events, newest first
///
/// With `after`, events are listed oldest first.
#[utoipa::path(get, path = "/events", operation_id = "list_events", tag = "events", params(EventQuery),
    responses((status = 200, body = Page<EventView>), (status = 404), (status = 409), (status = 422)))]
pub(super) async fn list(
    axum::extract::State(state): Shared,
    _: Viewer,
    Query(query): Query<EventQuery>,
) -> Answer<Page<EventView>> {
    let limit = page_size(query.limit);
    let before = read_cursor(query.cursor.as_deref())?.map(EventId);
    let filter = filter(&state, &query).await?;
    let events = match query.after {
        Some(after) => state.store.events_after(&filter, after, limit).await?,
        None => state.store.events(&filter, before, limit).await?,
    };
    let last = events.last().filter(|_| events.more && query.after.is_none());
    let next = last.map(|event| event.id.to_string());
    let machines = events.iter().map(|stored| &stored.event.machine);
    let names = lookup::hostnames(&state, machines).await?;
    let items = events.into_iter().map(|stored| view(stored, &names)).collect();
    Ok(Json(Page::new(items, next)))
}

/// List the programs that were reported most often
///
/// Events of different kinds, and file accesses with different rules, are counted separately.
#[utoipa::path(get, path = "/events/stats", operation_id = "count_events", tag = "events", params(EventStatQuery),
    responses((status = 200, body = Vec<EventStat>), (status = 404), (status = 409), (status = 422)))]
pub(super) async fn stats(
    axum::extract::State(state): Shared,
    _: Viewer,
    Query(query): Query<EventStatQuery>,
) -> Answer<Vec<EventStat>> {
    let query = EventQuery::from(query);
    let filter = filter(&state, &query).await?;
    let limit = page_size(query.limit.or(Some(USUAL_STATS)));
    Ok(Json(state.store.event_stats(&filter, limit).await?))
}

/// Show one event, with the rules that could be created for it
#[utoipa::path(get, path = "/events/{id}", operation_id = "get_event", tag = "events", params(EventPath),
    responses((status = 200, body = EventDetail), (status = 404)))]
pub(super) async fn show(
    axum::extract::State(state): Shared,
    _: Viewer,
    Path(EventPath { id }): Path<EventPath>,
) -> Answer<EventDetail> {
    let stored = find(&state, id).await?;
    let names = lookup::hostnames(&state, std::iter::once(&stored.event.machine)).await?;
    let candidates = stored.event.program.candidates();
    let best = candidates.first().map(|best| best.target.rule_type());
    let reason = best
        .map_or("the event does not identify a program", |best| stored.event.program.reason(best));
    let bundle = bundle::view(&state, &stored.event).await?;
    let event = stored.event.clone();
    Ok(Json(EventDetail {
        event: view(stored, &names),
        bundle,
        ancestors: event.access.map(|access| access.ancestors).unwrap_or_default(),
        pid: event.pid,
        parent_name: event.parent_name,
        bundle_name: event.bundle_name,
        bundle_version: event.bundle_version,
        download_url: event.download_url,
        signing_chain: event.signing_chain,
        candidates,
        reason: reason.to_owned(),
        other_fields: event.other_fields,
        truncated: event.truncated,
    }))
}

/// Create a rule for an event
#[utoipa::path(post, path = "/events/{id}/decision", operation_id = "decide_event", tag = "events", params(EventPath), request_body = DecisionRequest,
    responses((status = 200, body = DecisionAnswer), (status = 404), (status = 409), (status = 422)))]
pub(super) async fn decide(
    axum::extract::State(state): Shared,
    Viewer(operator): Viewer,
    Path(EventPath { id }): Path<EventPath>,
    Body(request): Body<DecisionRequest>,
) -> Answer<DecisionAnswer> {
    let permit = operator.permit(Role::Helpdesk, request.dry_run)?;
    let stored = find(&state, id).await?;
    let machine = stored.event.machine.clone();
    check_access(&stored, request.policy)?;
    let subject = Subject::Event(id);
    let target = choose(subject, &stored.event.program, request.policy, request.rule_type)?;
    let scope = request.scope.unwrap_or_else(|| Scope::Host(machine.clone()));
    let patch = RulePatch {
        target: target.to_string(),
        scope: scope.to_string(),
        policy: request.policy.word().to_owned(),
        message: request.message.into(),
        comment: request.comment.into(),
        ticket: request.ticket.into(),
        expires: request.expires.into(),
        expires_in: request.expires_in,
        ..RulePatch::default()
    };
    let merges = vec![merge(subject, patch, "decided on", state.clock.now())?];
    let message = format!("{} event {id}", request.policy);
    let (committed, rules) = commit_merges(&state, permit, message, merges).await?;
    let outcome = committed.outcomes.first().copied();
    let (Some(outcome), Some(rule)) = (outcome, rules.into_iter().next()) else {
        tracing::error!(event = %id, "a decision has no outcome");
        return Err(Problem::new(Code::Internal, "the server lost the result of the change").into());
    };
    let fields = committed.differences.into_iter().flat_map(|it| it.fields).collect();
    let (revision, warnings) = (committed.revision, committed.warnings);
    Ok(Json(DecisionAnswer { rule, outcome, fields, revision, warnings, machine }))
}

/// The event or program that a decision is about.
#[derive(Clone, Copy, Debug)]
enum Subject {
    Event(EventId),
    Program(ProgramId),
}

impl Subject {
    fn source(self) -> String {
        match self {
            Self::Event(id) => format!("{EVENT_SOURCE}{id}"),
            Self::Program(id) => format!("{PROGRAM_SOURCE}{id}"),
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Event(id) => write!(f, "event {id}"),
            Self::Program(id) => write!(f, "program {id}"),
        }
    }
}

/// Prefixes of the field `source` in rules that decisions create.
const EVENT_SOURCE: &str = "event:";
const PROGRAM_SOURCE: &str = "program:";

/// A rule that a decision creates. The rule's source and its default comment contain the ID of the
/// event or program.
fn merge(
    subject: Subject,
    patch: RulePatch,
    reason: &str,
    now: Timestamp,
) -> Result<RuleMerge, Refused> {
    let merge = patch.into_merge(RuleFields::default(), now);
    let mut merge = merge.map_err(|error| Problem::new(Code::Invalid, error.to_string()))?;
    let provenance = &mut merge.rule.provenance;
    if merge.kept.has(RuleField::Comment) {
        provenance.comment = Some(format!("{reason} {subject}").into());
    }
    provenance.source = Some(subject.source().into());
    Ok(merge)
}

/// The target of the wanted type, or the best target of the program if no type is given. Refuses
/// policies that a decision cannot have.
fn choose(
    subject: Subject,
    program: &Program,
    policy: PolicyKind,
    wanted: Option<RuleType>,
) -> Result<Target, Refused> {
    match policy {
        PolicyKind::Allow
        | PolicyKind::AllowCompiler
        | PolicyKind::Block
        | PolicyKind::SilentBlock
        | PolicyKind::SilentBlockGui
        | PolicyKind::SilentBlockTty => {}
        PolicyKind::Cel | PolicyKind::Remove => {
            let message = format!("a decision cannot have the policy {policy}");
            return Err(Problem::new(Code::Invalid, message)
                .hint("use allow, allow-compiler, block, silent-block, silent-block-gui or silent-block-tty")
                .into());
        }
    }
    let candidates = program.candidates();
    let known: Vec<&str> = candidates.iter().map(|each| each.target.rule_type().word()).collect();
    let known = known.join(", ");
    let fits =
        |candidate: &Candidate| wanted.is_none_or(|wanted| wanted == candidate.target.rule_type());
    let chosen = candidates.into_iter().find(fits);
    let chosen = chosen.ok_or_else(|| {
        let message = match wanted {
            Some(wanted) => format!("no {wanted} rule can match {subject}"),
            None => format!("{subject} has no identifier that a rule can match"),
        };
        let problem = Problem::new(Code::Invalid, message);
        match known.is_empty() {
            true => problem,
            false => problem.hint(format!("rule types that can match it: {known}")),
        }
    })?;
    Ok(chosen.target)
}

/// Refuses to allow a file access, because the server's rules cannot allow file accesses.
fn check_access(stored: &StoredEvent, policy: PolicyKind) -> Result<(), Refused> {
    let Some(access) = stored.event.access.as_ref().filter(|_| policy.allows()) else {
        return Ok(());
    };
    let message =
        format!("event {} is a file access; the server's rules cannot allow it", stored.id);
    let hint =
        format!("change the file-access rule `{}` in the Mac's configuration profile", access.rule);
    Err(Problem::new(Code::Invalid, message).hint(hint).into())
}

async fn find(state: &State, id: EventId) -> Result<StoredEvent, Refused> {
    let missing = || {
        Problem::new(Code::NotFound, format!("event {id} not found"))
            .hint("nicelist event list lists the newest events")
    };
    Ok(state.store.event(id).await?.ok_or_else(missing)?)
}

async fn filter(state: &State, query: &EventQuery) -> Result<EventFilter, Refused> {
    let machine = match &query.host {
        Some(name) => Some(lookup::find(state, name).await?.machine),
        None => None,
    };
    for decision in &query.decision {
        check_decision(state, decision).await?;
    }
    Ok(EventFilter {
        kinds: query.kind.clone(),
        machine,
        user: query.user.clone(),
        decisions: query.decision.iter().filter(|word| !word.is_empty()).cloned().collect(),
        blocked: query.blocked,
        since: query.since,
        until: query.until,
        path: query.path.clone(),
        signer: given(query.signer.clone()),
        text: given(query.text.clone()),
    })
}

/// None if the text is empty.
fn given(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

/// Refuses an unknown decision, unless a stored event has this decision.
async fn check_decision(state: &State, word: &str) -> Result<(), Refused> {
    if KNOWN_DECISIONS.iter().any(|known| known.eq_ignore_ascii_case(word)) {
        return Ok(());
    }
    let filter = EventFilter { decisions: vec![word.to_owned()], ..EventFilter::default() };
    if state.store.events(&filter, None, 1).await?.into_iter().next().is_some() {
        return Ok(());
    }
    let upper = word.to_ascii_uppercase();
    let likeness = |known: &&str| strsim::normalized_damerau_levenshtein(known, &upper);
    let nearest = KNOWN_DECISIONS.into_iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    let hint = match nearest.filter(|known| likeness(known) >= ALIKE) {
        Some(known) => format!("did you mean {known}?"),
        None => format!("known decisions: {}", KNOWN_DECISIONS.join(", ")),
    };
    let message = format!("unknown decision `{word}`");
    Err(Problem::new(Code::Invalid, message).hint(hint).into())
}

fn view(stored: StoredEvent, names: &HashMap<MachineId, String>) -> EventView {
    let StoredEvent { id, received, event } = stored;
    EventView {
        id,
        kind: event.kind(),
        received,
        occurred: event.occurred,
        hostname: names.get(&event.machine).cloned().unwrap_or_default(),
        path: event.path(),
        machine: event.machine,
        user: event.user,
        decision: event.decision,
        program: event.program,
        access: event.access.map(|access| AccessView {
            rule: access.rule,
            rule_version: access.rule_version,
            file: access.file,
        }),
    }
}
