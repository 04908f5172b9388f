//! The programs that hosts reported.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;

use axum::Json;
use jiff::Timestamp;

use super::events::undo::undone_by;
use super::pending::{PendingHost, find_pending};
use super::{lookup, rules};
use crate::api::{
    Code, DecisionView, Page, Problem, ProgramDetail, ProgramPath, ProgramQuery, ProgramView,
    RuleVersionView, RuleView, SightingQuery, SightingView,
};
use crate::fleet::{KnownProgram, ProgramId, Sighting};
use crate::rule::{MachineId, RuleType, Scope};
use crate::server::access::Viewer;
use crate::server::answer::{Answer, Refused, page_size, read_cursor};
use crate::server::extract::{Path, Query};
use crate::server::state::{Shared, State};
use crate::store::{
    ExaminedPart, ProgramFilter, ProgramPosition, RuleFilter, RuleVersion, SightingFilter,
    UndecidedFilter, UndecidedPosition,
};

/// Maximum programs on a page. A program takes up to about 3 kB in the response.
const MOST_PROGRAMS: usize = 1_000;
/// A page of programs ends when its programs together have about this many sightings; so does the
/// list of other versions. All of these sightings are read to find out when the programs were last
/// seen. A single program may have more sightings.
const MOST_SIGHTINGS_READ: u64 = 10_000;
/// Maximum hosts in the details of a program.
const MOST_SIGHTINGS: usize = 100;
/// Maximum other versions in the details of a program.
const MOST_VERSIONS: usize = 20;
/// Maximum rules for each identifier in the details of a program.
const MOST_RULES: usize = 100;
/// Maximum decisions in the details of a program.
const MOST_DECISIONS: usize = 50;

/// List programs that hosts reported, newest first
///
/// Programs are sorted by the time of their first report. They stay in the list after their events
/// are deleted. With `pending`, the program with the newest pending report comes first, and a later
/// page can list the same program again because of older reports from other hosts.
#[utoipa::path(get, path = "/programs", operation_id = "list_programs", tag = "programs", params(ProgramQuery),
    responses((status = 200, body = Page<ProgramView>), (status = 404), (status = 409), (status = 422)))]
pub(super) async fn list(
    axum::extract::State(state): Shared,
    _: Viewer,
    Query(query): Query<ProgramQuery>,
) -> Answer<Page<ProgramView>> {
    let limit = page_size(query.limit).min(MOST_PROGRAMS);
    let (is_pending, cursor) = (query.pending, query.cursor.clone());
    let filter = filter(&state, query).await?;
    let (rows, next) = if is_pending {
        let (rows, next) = pending(&state, filter, read_cursor(cursor.as_deref())?, limit).await?;
        (rows, next.map(|position| position.to_string()))
    } else {
        let after: Option<ProgramPosition> = read_cursor(cursor.as_deref())?;
        let ExaminedPart { mut rows, next } = state.store.programs(&filter, after, limit).await?;
        let is_shortened = shorten(&mut rows);
        let last = rows.last().filter(|_| is_shortened).map(ProgramPosition::after);
        let next = last.or(next);
        (rows, next.map(|position| position.to_string()))
    };
    let items = views(&state, rows).await?;
    let reading_older_events = state.store.has_uncounted_events().await?;
    Ok(Json(Page { items, next, reading_older_events }))
}

async fn filter(state: &State, query: ProgramQuery) -> Result<ProgramFilter, Refused> {
    let ProgramQuery {
        sha256,
        cdhash,
        signing_id,
        publisher,
        signing_status,
        text,
        since,
        host,
        tag,
        user,
        blocked,
        pending: _,
        limit: _,
        cursor: _,
    } = query;
    let machine = match &host {
        Some(name) => Some(lookup::find(state, name).await?.machine),
        None => None,
    };
    if let Some(tag) = &tag {
        lookup::check_tag(state, tag, None).await?;
    }
    let seen = SightingFilter { machine, tag, user, blocked };
    Ok(ProgramFilter { sha256, cdhash, signing_id, publisher, signing_status, text, since, seen })
}

/// The programs of pending sightings after a position, and the position after which the list
/// continues. All conditions on sightings must match the same sighting.
async fn pending(
    state: &State,
    mut program: ProgramFilter,
    after: Option<UndecidedPosition>,
    limit: usize,
) -> Result<(Vec<KnownProgram>, Option<UndecidedPosition>), Refused> {
    let SightingFilter { machine, tag, user, blocked } = std::mem::take(&mut program.seen);
    let filter = UndecidedFilter { machine, user, blocked, program, ..UndecidedFilter::default() };
    let (mut programs, mut listed, mut sightings) = (Vec::new(), HashSet::new(), 0);
    let tag = tag.map(Scope::Tag);
    let add = |known: KnownProgram, _: Sighting, host: &PendingHost| {
        let has_tag = tag.as_ref().is_none_or(|tag| host.scopes.contains(tag));
        if has_tag && listed.insert(known.id) {
            sightings += known.hosts;
            programs.push(known);
        }
        match programs.len() >= limit || sightings >= MOST_SIGHTINGS_READ {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    };
    let next = find_pending(state, &filter, after, limit, add).await?;
    Ok((programs, next))
}

/// Shortens a list of programs, to limit the number of sightings that are read for the list.
/// Returns whether programs were left out.
fn shorten(programs: &mut Vec<KnownProgram>) -> bool {
    let (all, mut sightings) = (programs.len(), 0);
    let fits = |known: &&KnownProgram| {
        sightings += known.hosts;
        sightings <= MOST_SIGHTINGS_READ
    };
    let fit = programs.iter().take_while(fits).count().max(1);
    programs.truncate(fit);
    programs.len() < all
}

/// Show a program: its hosts, its other versions, the rules that match it, and decisions about it
#[utoipa::path(get, path = "/programs/{id}", operation_id = "get_program", tag = "programs", params(ProgramPath),
    responses((status = 200, body = ProgramDetail), (status = 404)))]
pub(super) async fn show(
    axum::extract::State(state): Shared,
    _: Viewer,
    Path(ProgramPath { id }): Path<ProgramPath>,
) -> Answer<ProgramDetail> {
    let known = find(&state, id).await?;
    let sightings = async {
        let sightings = state.store.sightings(id, None, MOST_SIGHTINGS).await?;
        sighting_views(&state, sightings.rows).await
    };
    let (sightings, versions, rules, decisions) = tokio::try_join!(
        sightings,
        other_versions(&state, &known),
        matching_rules(&state, &known),
        decisions(&state, &known),
    )?;
    let candidates = known.program.candidates();
    let best = candidates.first().map(|best| best.target.rule_type());
    let reason = best.map(|best| known.program.reason(best).to_owned()).unwrap_or_default();
    let mut program = views(&state, vec![known]).await?;
    let program = program.pop().ok_or_else(|| missing(id))?;
    Ok(Json(ProgramDetail { program, sightings, versions, rules, decisions, candidates, reason }))
}

/// List the hosts that a program was seen on
#[utoipa::path(get, path = "/programs/{id}/sightings", operation_id = "list_sightings", tag = "programs", params(ProgramPath, SightingQuery),
    responses((status = 200, body = Page<SightingView>), (status = 404), (status = 422)))]
pub(super) async fn sightings(
    axum::extract::State(state): Shared,
    _: Viewer,
    Path(ProgramPath { id }): Path<ProgramPath>,
    Query(SightingQuery { limit, cursor }): Query<SightingQuery>,
) -> Answer<Page<SightingView>> {
    let after: Option<MachineId> = read_cursor(cursor.as_deref())?;
    find(&state, id).await?;
    let part = state.store.sightings(id, after.as_ref(), page_size(limit)).await?;
    let next = part.rows.last().filter(|_| part.more).map(|last| last.machine.to_string());
    let items = sighting_views(&state, part.rows).await?;
    Ok(Json(Page::new(items, next)))
}

pub(super) async fn find(state: &State, id: ProgramId) -> Result<KnownProgram, Refused> {
    Ok(state.store.program(id).await?.ok_or_else(|| missing(id))?)
}

fn missing(id: ProgramId) -> Problem {
    Problem::new(Code::NotFound, format!("program {id} not found"))
        .hint("nicelist program list lists the newest programs")
}

async fn views(state: &State, programs: Vec<KnownProgram>) -> Result<Vec<ProgramView>, Refused> {
    let ids: Vec<ProgramId> = programs.iter().map(|known| known.id).collect();
    let last_seen: HashMap<ProgramId, Timestamp> =
        state.store.last_seen(&ids).await?.into_iter().collect();
    let view = |known: KnownProgram| {
        let last = last_seen.get(&known.id).copied().unwrap_or(known.first_seen);
        ProgramView::new(known, last)
    };
    Ok(programs.into_iter().map(view).collect())
}

async fn sighting_views(
    state: &State,
    sightings: Vec<Sighting>,
) -> Result<Vec<SightingView>, Refused> {
    let machines = sightings.iter().map(|sighting| &sighting.machine);
    let mut names = lookup::hostnames(state, machines).await?;
    let view = |sighting: Sighting| SightingView {
        hostname: names.remove(&sighting.machine).unwrap_or_default(),
        machine: sighting.machine,
        first_seen: sighting.first_seen,
        last_seen: sighting.last_seen,
        reports: sighting.reports,
        decision: sighting.decision,
        event: sighting.latest,
        path: sighting.path,
        users: sighting.users,
        more_users: sighting.more_users,
    };
    Ok(sightings.into_iter().map(view).collect())
}

/// The newest other programs with the same signing ID.
async fn other_versions(state: &State, known: &KnownProgram) -> Result<Vec<ProgramView>, Refused> {
    let Some(signing_id) = known.program.target(RuleType::SigningId) else {
        return Ok(Vec::new());
    };
    let signing_id = Some(signing_id.identifier().to_owned());
    let filter = ProgramFilter { signing_id, ..ProgramFilter::default() };
    let mut others = state.store.programs(&filter, None, MOST_VERSIONS + 1).await?.rows;
    others.retain(|other| other.id != known.id);
    others.truncate(MOST_VERSIONS);
    shorten(&mut others);
    views(state, others).await
}

async fn matching_rules(state: &State, known: &KnownProgram) -> Result<Vec<RuleView>, Refused> {
    let mut records = Vec::new();
    for candidate in known.program.candidates() {
        let filter = RuleFilter { target: Some(candidate.target), ..RuleFilter::default() };
        records.extend(state.store.rules(&filter, None, MOST_RULES).await?);
    }
    Ok(records.into_iter().map(rules::uncounted).collect())
}

/// The newest rules, active and earlier, in any scope for the identifiers of a program.
async fn decisions(state: &State, known: &KnownProgram) -> Result<Vec<DecisionView>, Refused> {
    let mut versions = Vec::new();
    for candidate in known.program.candidates() {
        let target = &candidate.target;
        versions.extend(state.store.rule_versions(target, None, MOST_DECISIONS).await?);
    }
    versions.sort_unstable_by_key(|version| Reverse(version.id));
    versions.truncate(MOST_DECISIONS);
    let decision = |RuleVersion { id: _, rule, made, ended }: RuleVersion| {
        let reason = ended.as_ref().and_then(|ended| ended.message.as_deref());
        let undone = reason.and_then(undone_by) == Some(made.revision);
        DecisionView { version: RuleVersionView { rule: rule.into(), made, ended }, undone }
    };
    Ok(versions.into_iter().map(decision).collect())
}
