//! Hosts: where they stand, what they are tagged with, what is in force for them.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use axum::Json;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use super::macs::{self, MacsView};
use super::{Intent, commit, names};
use crate::api::{
    BehindReason, ChangeAnswer, CleanSyncRequest, Code, Contact, Detail, Done, DriftView,
    ForgetHostQuery, HostPath, HostQuery, HostRules, HostSetting, HostState, HostTagsRequest,
    HostView, ModeView, Page, Problem, RuleView,
};
use crate::fleet::{Drift, Host, Role, RulesHash, SYNC_TAKES};
use crate::rule::{MachineId, Rule, Target};
use crate::server::access::{Editor, Viewer};
use crate::server::answer::{Answer, Body, Path, Query, Refused, bad_cursor, page, page_size};
use crate::server::app::{Shared, State};
use crate::store::{Edit, HostFilter, RuleFilter};
use crate::sync::{self, Standing};

/// How many of its intervals a host may miss before it is silent.
const MISSED_INTERVALS: i32 = 3;
/// Hosts that one request examines. A page for a state may be short, or empty with a cursor.
const MOST_EXAMINED: usize = 2_000;
/// Maximum tags that one request adds and removes, together.
const MOST_TAGS: usize = 1_000;
/// What stands before a machine ID that must not be taken for another host's name.
pub(super) const EXACT_ID: &str = "id:";
/// Hosts that a search by name reads at a time.
const AT_ONCE: usize = 500;
/// Hosts listed when a name fits several.
const CANDIDATES: usize = 10;

/// List hosts by machine ID
#[utoipa::path(get, path = "/hosts", operation_id = "list_hosts", tag = "hosts", params(HostQuery),
    responses((status = 200, body = Page<HostView>), (status = 422)))]
pub(super) async fn list(
    axum::extract::State(state): Shared,
    _: Viewer,
    Query(query): Query<HostQuery>,
) -> Answer<Page<HostView>> {
    let limit = page_size(query.limit);
    let HostQuery { tag, prefix, user, state: in_state, contact, conflict, .. } = query;
    let filter = HostFilter { tag, prefix, user };
    let mut after: Option<MachineId> =
        query.cursor.map(|text| text.parse().map_err(|_| bad_cursor())).transpose()?;
    let mut items = Vec::new();
    let mut examined = 0;
    loop {
        let hosts = state.store.hosts(&filter, after.as_ref(), limit).await?;
        let more = hosts.more;
        examined += hosts.len();
        after = hosts.last().map(|host| host.machine.clone());
        for host in hosts {
            let view = view(&state, host).await?;
            if in_state.is_none_or(|wanted| wanted == view.state)
                && contact.is_none_or(|wanted| wanted == view.contact)
                && (!conflict || view.conflict.is_some() || view.refused.is_some())
            {
                items.push(view);
            }
        }
        if !more {
            return Ok(Json(Page { items, next: None }));
        }
        if !items.is_empty() || examined >= MOST_EXAMINED {
            return Ok(Json(Page { items, next: after.map(|machine| machine.to_string()) }));
        }
    }
}

/// Show one host
#[utoipa::path(get, path = "/hosts/{host}", operation_id = "get_host", tag = "hosts", params(HostPath),
    responses((status = 200, body = HostView), (status = 404), (status = 409)))]
pub(super) async fn show(
    axum::extract::State(state): Shared,
    _: Viewer,
    Path(HostPath { host: name }): Path<HostPath>,
) -> Answer<HostView> {
    let host = find(&state, &name).await?;
    let same_serial = names::same_serial(&state, &host).await?;
    Ok(Json(HostView { same_serial, ..view(&state, host).await? }))
}

/// Forget a host, given its whole machine ID
///
/// If the host comes back, it begins with a clean sync.
#[utoipa::path(delete, path = "/hosts/{host}", operation_id = "forget_host", tag = "hosts", params(HostPath, ForgetHostQuery),
    responses((status = 200, body = Done), (status = 404)))]
pub(super) async fn forget(
    axum::extract::State(state): Shared,
    Editor(operator): Editor,
    Path(HostPath { host: name }): Path<HostPath>,
    Query(ForgetHostQuery { events }): Query<ForgetHostQuery>,
) -> Answer<Done> {
    let machine = with_id(&state, name.strip_prefix(EXACT_ID).unwrap_or(&name)).await?.machine;
    forget_in_batches(&state, machine, events, operator.name).await?;
    Ok(Json(Done {}))
}

/// Events of a host that are deleted in one transaction. Hosts wait no longer than for that.
const EVENTS_AT_ONCE: usize = 500;

/// Forgets a host in a task of its own: it goes on if the client does not wait for it. The events
/// are deleted first, so that the host can be forgotten again if this is interrupted.
pub(super) async fn forget_in_batches(
    state: &State,
    machine: MachineId,
    events: bool,
    operator: String,
) -> Result<(), Refused> {
    let store = Arc::clone(&state.store);
    let forgetting = tokio::spawn(async move {
        let forget = async {
            while events
                && store.delete_events_of(&machine, EVENTS_AT_ONCE).await? == EVENTS_AT_ONCE
            {
            }
            store.forget_host(&machine).await
        };
        let forgotten = forget.await;
        match &forgotten {
            Ok(_) => tracing::info!(%machine, operator, "forgot a host"),
            Err(error) => tracing::error!(%machine, operator, %error, "cannot forget a host"),
        }
        forgotten
    });
    let failed = |error: tokio::task::JoinError| {
        tracing::error!(%error, "forgetting a host ended early");
        Problem::new(Code::Internal, "the server failed to forget the host")
    };
    forgetting.await.map_err(failed)??;
    Ok(())
}

/// Where a page of a host's rules begins and how long it is.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct RulesQuery {
    /// At most so many, up to 5000; 500 when absent.
    limit: Option<usize>,
    /// The `next` of the page before.
    cursor: Option<String>,
}

/// List the active rules of a host
///
/// For each target, this is the rule of the strongest scope.
#[utoipa::path(get, path = "/hosts/{host}/rules", operation_id = "list_host_rules", tag = "hosts", params(HostPath, RulesQuery),
    responses((status = 200, body = Page<RuleView>), (status = 404), (status = 409), (status = 422)))]
pub(super) async fn rules(
    axum::extract::State(state): Shared,
    _: Viewer,
    Path(HostPath { host: name }): Path<HostPath>,
    Query(query): Query<RulesQuery>,
) -> Answer<Page<RuleView>> {
    let host = find(&state, &name).await?;
    let limit = page_size(query.limit);
    let after: Option<Target> =
        query.cursor.map(|text| text.parse().map_err(|_| bad_cursor())).transpose()?;
    let rules = state.engine.rules_of(&host, after.as_ref(), limit).await?;
    let more = rules.len() == limit;
    let mut items = Vec::with_capacity(rules.len());
    for rule in rules {
        let view = with_revision(&state, &rule.rule).await?;
        let withheld = u64::from(rule.needs.is_some());
        items.push((rule.rule.target().clone(), RuleView { withheld, ..view }));
    }
    Ok(Json(page(items, more, |target| target.to_string())))
}

/// A rule with the revision that made it.
pub(super) async fn with_revision(state: &State, rule: &Rule) -> Result<RuleView, Refused> {
    let filter = RuleFilter {
        target: Some(rule.target().clone()),
        scope: Some(rule.scope().clone()),
        ..RuleFilter::default()
    };
    let record = state.store.rules(&filter, None, 1).await?.pop();
    let gone = || Problem::new(Code::Conflict, "the rules changed meanwhile; ask again");
    let made = record.ok_or_else(gone)?.made;
    Ok(RuleView {
        needs: sync::first_version_for(rule),
        rule: rule.clone().into(),
        revision: made.revision,
        author: made.author,
        since: made.at,
        withheld: 0,
    })
}

/// List the active settings of a host, with their scopes
#[utoipa::path(get, path = "/hosts/{host}/settings", operation_id = "list_host_settings", tag = "hosts", params(HostPath),
    responses((status = 200, body = Vec<HostSetting>), (status = 404), (status = 409)))]
pub(super) async fn settings(
    axum::extract::State(state): Shared,
    _: Viewer,
    Path(HostPath { host: name }): Path<HostPath>,
) -> Answer<Vec<HostSetting>> {
    let host = find(&state, &name).await?;
    let (effective, mut scopes) = state.engine.settings_of(&host).await?;
    let setting = |setting: crate::fleet::Setting| HostSetting {
        key: setting.key(),
        value: setting.value(),
        scope: scopes.remove(&setting.key()),
    };
    let about_hosts = effective.all().into_iter().filter(|setting| !setting.key().is_fleets());
    Ok(Json(about_hosts.map(setting).collect()))
}

/// Add and remove tags of a host
#[utoipa::path(post, path = "/hosts/{host}/tags", operation_id = "change_host_tags", tag = "hosts", params(HostPath), request_body = HostTagsRequest,
    responses((status = 200, body = ChangeAnswer), (status = 404), (status = 409), (status = 422)))]
pub(super) async fn tags(
    axum::extract::State(state): Shared,
    Viewer(operator): Viewer,
    Path(HostPath { host: name }): Path<HostPath>,
    Body(request): Body<HostTagsRequest>,
) -> Answer<ChangeAnswer> {
    let HostTagsRequest { add, remove, message, dry_run } = request;
    operator.may_change(Role::Editor, dry_run)?;
    let machine = find(&state, &name).await?.machine;
    if add.len() + remove.len() > MOST_TAGS {
        let message = format!("one request can add and remove at most {MOST_TAGS} tags");
        return Err(Problem::new(Code::Invalid, message).into());
    }
    let add = add.into_iter().map(|tag| Edit::TagHost { machine: machine.clone(), tag });
    let remove = remove.into_iter().map(|tag| Edit::UntagHost { machine: machine.clone(), tag });
    let edits = add.chain(remove).collect();
    commit(&state, operator, Intent { message, base: None, dry_run, force: false }, edits).await
}

/// Request a clean sync of a host
///
/// It happens at the next sync. The host deletes events that it has not uploaded.
#[utoipa::path(post, path = "/hosts/{host}/clean-sync", operation_id = "request_clean_sync", tag = "hosts", params(HostPath), request_body = CleanSyncRequest,
    responses((status = 200, body = HostView), (status = 404), (status = 409)))]
pub(super) async fn clean_sync(
    axum::extract::State(state): Shared,
    Editor(operator): Editor,
    Path(HostPath { host: name }): Path<HostPath>,
    Body(request): Body<CleanSyncRequest>,
) -> Answer<HostView> {
    let machine = find(&state, &name).await?.machine;
    state.engine.order_clean_sync(&machine, Some(request.kind)).await?;
    tracing::info!(%machine, operator = operator.name, "ordered a clean sync");
    let host = find(&state, machine.as_str()).await?;
    Ok(Json(view(&state, host).await?))
}

/// Cancel a clean sync that the host has not begun
#[utoipa::path(delete, path = "/hosts/{host}/clean-sync", operation_id = "cancel_clean_sync", tag = "hosts", params(HostPath),
    responses((status = 200, body = HostView), (status = 404), (status = 409)))]
pub(super) async fn cancel_clean_sync(
    axum::extract::State(state): Shared,
    Editor(operator): Editor,
    Path(HostPath { host: name }): Path<HostPath>,
) -> Answer<HostView> {
    let machine = find(&state, &name).await?.machine;
    state.engine.order_clean_sync(&machine, None).await?;
    tracing::info!(%machine, operator = operator.name, "took back the order for a clean sync");
    let host = find(&state, machine.as_str()).await?;
    Ok(Json(view(&state, host).await?))
}

/// The host with exactly this machine ID.
async fn with_id(state: &State, id: &str) -> Result<Host, Refused> {
    let stored = match id.parse::<MachineId>() {
        Ok(machine) => state.store.host(&machine).await?,
        Err(_) => None,
    };
    let unknown = || Problem::new(Code::NotFound, format!("no host has the machine ID `{id}`"));
    Ok(stored.ok_or_else(unknown)?.host)
}

/// The host that a name means: a machine id, serial number or host name, or a unique prefix of
/// one, or `id:` and a whole machine ID. A whole name beats a prefix, and a serial number or host
/// name beats a machine ID unless that is a UUID: a client chooses its ID, and could choose the name of
/// another host.
pub(super) async fn find(state: &State, name: &str) -> Result<Host, Refused> {
    if name.is_empty() {
        return Err(Problem::new(Code::Invalid, "the name of a host must not be empty").into());
    }
    if let Some(id) = name.strip_prefix(EXACT_ID) {
        return with_id(state, id).await;
    }
    let by_id = match name.parse::<MachineId>() {
        Ok(machine) => state.store.host(&machine).await?.map(|stored| stored.host),
        Err(_) => None,
    };
    if let Some(host) = by_id.clone().filter(|host| host.machine.is_uuid()) {
        return Ok(host);
    }
    let Search { mut named, same_id, mut begin } = Search::of(state, name).await?;
    match (&mut named[..], by_id.or(same_id), &begin[..]) {
        ([_], _, _) => Ok(named.swap_remove(0)),
        ([], Some(host), _) => Ok(host),
        ([], None, [_]) => Ok(begin.swap_remove(0)),
        ([], None, []) => Err(Problem::new(Code::NotFound, format!("there is no host `{name}`"))
            .hint("nicelist host list shows all hosts")
            .into()),
        ([], None, _) => Err(ambiguous(name, &begin)),
        _ => Err(ambiguous(name, &named)),
    }
}

/// The hosts whose names begin with a text.
pub(super) struct Search {
    /// Whose serial number or host name it is.
    pub(super) named: Vec<Host>,
    /// Whose machine ID it is.
    same_id: Option<Host>,
    /// Some of the others.
    begin: Vec<Host>,
}

impl Search {
    pub(super) async fn of(state: &State, name: &str) -> Result<Self, Refused> {
        let filter = HostFilter { prefix: Some(name.to_owned()), ..HostFilter::default() };
        let mut found = Self { named: Vec::new(), same_id: None, begin: Vec::new() };
        let (mut after, mut examined) = (None, 0);
        loop {
            let hosts = state.store.hosts(&filter, after.as_ref(), AT_ONCE).await?;
            let more = hosts.more;
            examined += hosts.len();
            after = hosts.last().map(|host| host.machine.clone());
            hosts.into_iter().for_each(|host| found.add(host, name));
            if !more || examined >= MOST_EXAMINED {
                return Ok(found);
            }
        }
    }

    fn add(&mut self, host: Host, name: &str) {
        let names = [&host.facts.serial, &host.facts.hostname];
        if names.iter().any(|known| known.eq_ignore_ascii_case(name)) {
            self.named.push(host);
        } else if host.machine.as_str().eq_ignore_ascii_case(name) {
            self.same_id.get_or_insert(host);
        } else if self.begin.len() <= CANDIDATES {
            self.begin.push(host);
        }
    }
}

pub(super) fn ambiguous(name: &str, hosts: &[Host]) -> Refused {
    let detail = |host: &Host| Detail {
        message: format!("{} ({}, {})", host.machine, host.facts.hostname, host.facts.serial),
        ..Detail::default()
    };
    let listed = match hosts.len() > CANDIDATES {
        true => format!("; the first {CANDIDATES} are listed"),
        false => String::new(),
    };
    Problem::new(Code::Ambiguous, format!("`{name}` fits more than one host{listed}"))
        .details(hosts.iter().take(CANDIDATES).map(detail).collect())
        .hint("write more of the name, or the machine ID")
        .into()
}

/// The names of hosts, where they are known.
pub(super) async fn hostnames(
    state: &State,
    machines: impl Iterator<Item = &MachineId>,
) -> Result<HashMap<MachineId, String>, Refused> {
    let distinct: HashSet<&MachineId> = machines.collect();
    let machines: Vec<MachineId> = distinct.into_iter().cloned().collect();
    Ok(state.store.hostnames(&machines).await?.into_iter().collect())
}

pub(super) async fn view(state: &State, host: Host) -> Result<HostView, Refused> {
    let standing = state.engine.standing(&host).await?;
    let tags_by_membership = state.engine.member_tags(&host).await?;
    let events_dropped = state.engine.events_dropped_of(&host.machine);
    let now = state.clock.now();
    let MacsView { state, conflict, replaced, refused, accepted } =
        macs::view(state, &host, &standing).await?;
    let contact = contact(host.sync.last_seen, standing.interval, now);
    let Host { machine, facts, mut tags, first_seen, sync } = host;
    tags.extend(tags_by_membership.iter().cloned());
    tags.sort_unstable();
    Ok(HostView {
        machine,
        serial: facts.serial,
        hostname: facts.hostname,
        model: facts.model,
        os_version: facts.os_version,
        os_build: facts.os_build,
        santa_version: facts.santa_version,
        primary_user: facts.primary_user,
        groups: facts.groups,
        groups_reported: facts.groups_reported,
        truncated: facts.truncated,
        events_dropped,
        tags,
        tags_by_membership,
        state,
        reason: (state == HostState::Behind && standing.is_restored)
            .then_some(BehindReason::Restored),
        contact,
        mode: ModeView { wanted: standing.mode, reported: facts.client_mode },
        rules: HostRules {
            held: standing.held,
            due: standing.due,
            withheld: standing.withheld,
            most: standing.most_rules,
            revision: sync.holding.map(|holding| holding.revision),
            reported: facts.rule_counts,
            expected_hash: sync.expected_hash.map(|hash| hash.to_string()),
            reported_hash: sync.reported_hash.map(|hash| hash.to_string()),
        },
        drift: sync.drift.map(drift),
        conflict,
        replaced,
        refused,
        accepted,
        same_serial: Vec::new(),
        settings_due: standing.settings_due,
        clean_sync: sync.clean_order.map(|order| order.kind),
        interval: standing.interval,
        first_seen,
        last_seen: sync.last_seen,
        last_sync: sync.last_sync,
    })
}

fn drift(drift: Drift) -> DriftView {
    let Drift { found, expected_hash, reported_hash, expected, reported, .. } = drift;
    let text = |hash: RulesHash| hash.to_string();
    DriftView {
        found,
        expected_hash: expected_hash.map(text),
        reported_hash: reported_hash.map(text),
        expected,
        reported,
        repairable: drift.is_repairable(),
    }
}

pub(super) fn host_state(host: &Host, standing: &Standing, now: Timestamp) -> HostState {
    let sync = &host.sync;
    let in_progress =
        sync.session.is_some_and(|session| now.duration_since(session.started) < SYNC_TAKES);
    let due = standing.due > 0 || standing.settings_due || sync.clean_order.is_some();
    match () {
        // A host that rejected its rules does so until a postflight reports otherwise.
        () if in_progress && sync.miscount.is_none() => HostState::Syncing,
        // What its row says of it is of an earlier time.
        () if standing.is_restored => HostState::Behind,
        () if sync.holding.is_none() && sync.miscount.is_none() => HostState::NeverSynced,
        () if sync.drift.is_some() => HostState::Drifted,
        () if sync.miscount.is_some() => HostState::Rejecting,
        () if due => HostState::Behind,
        () => HostState::InSync,
    }
}

/// Whether a host was seen recently, given the seconds between two of its syncs.
fn contact(last_seen: Option<Timestamp>, interval: u32, now: Timestamp) -> Contact {
    let longest = SignedDuration::from_secs(i64::from(interval)) * MISSED_INTERVALS;
    match last_seen {
        Some(seen) if now.duration_since(seen) <= longest => Contact::Online,
        Some(_) | None => Contact::Silent,
    }
}
