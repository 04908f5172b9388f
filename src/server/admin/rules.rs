//! Lists and changes rules.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use axum::Json;
use data_encoding::BASE64URL_NOPAD;
use jiff::Timestamp;

use super::commit::{Proposal, commit};
use super::history;
use super::lookup::{self, check_tag, stored_rule};
use super::names::{self, KnownNames, Resolved};
use crate::api::{
    ChangeAnswer, Code, Detail, Page, Problem, RuleChange, RulePatch, RuleQuery, RuleView,
};
use crate::fleet::Role;
use crate::rule::{MachineId, RevisionRecord, Rule, RuleFields, RuleKey, Scope};
use crate::server::access::{Permit, Viewer};
use crate::server::answer::{
    Answer, LongAnswer, Refused, bad_cursor, off_the_async_threads, page, page_size,
};
use crate::server::extract::{Body, Query};
use crate::server::state::{Shared, State};
use crate::store::{Edit, RuleFilter, RuleRecord};
use crate::sync;

/// List the current rules, or the rules of an older revision
///
/// The rules are sorted by type, identifier and scope. With `at`, the field `withheld` is always 0.
#[utoipa::path(get, path = "/rules", operation_id = "list_rules", tag = "rules", params(RuleQuery),
    responses((status = 200, body = Page<RuleView>), (status = 404), (status = 422)))]
pub(super) async fn list(
    axum::extract::State(state): Shared,
    _: Viewer,
    Query(query): Query<RuleQuery>,
) -> Answer<Page<RuleView>> {
    let limit = page_size(query.limit);
    let after = query.cursor.as_deref().map(read_cursor).transpose()?;
    let RuleQuery { target, scope, rule_type, policy, source, text, expires_before, at, .. } =
        query;
    if let Some(at) = at {
        history::exists(&state, at).await?;
    }
    if let Some(Scope::Tag(tag)) = &scope {
        check_tag(&state, tag, at).await?;
    }
    let filter = RuleFilter { at, target, scope, rule_type, policy, source, text, expires_before };
    let records = state.store.rules(&filter, after.as_ref(), limit).await?;
    let more = records.len() == limit;
    let keys: Vec<RuleKey> = records.iter().map(|record| record.rule.key().clone()).collect();
    let views = match at {
        None => views(&state, records).await?,
        Some(_) => records.into_iter().map(uncounted).collect(),
    };
    Ok(Json(page(keys.into_iter().zip(views), more, |key| write_cursor(&key))))
}

/// Adds to each rule the number of hosts in its scope whose Santa does not support the rule. The
/// hosts in a scope are counted at most once, and only if the scope has a rule that requires a
/// minimum Santa version.
async fn views(state: &State, records: Vec<RuleRecord>) -> Result<Vec<RuleView>, Refused> {
    let mut versions: HashMap<Scope, Vec<(String, u64)>> = HashMap::new();
    let machines = records.iter().filter_map(|record| host_of(&record.rule));
    let names = lookup::hostnames(state, machines).await?;
    let mut views = Vec::with_capacity(records.len());
    for RuleRecord { rule, made } in records {
        let needs = sync::first_version_for(&rule);
        let mut withheld = 0;
        if needs.is_some() {
            let scope = rule.scope();
            if !versions.contains_key(scope) {
                versions.insert(scope.clone(), state.store.santa_versions(scope).await?);
            }
            let too_old =
                versions[scope].iter().filter(|(version, _)| !sync::supports(version, &rule));
            withheld = too_old.map(|(_, hosts)| hosts).sum();
        }
        let hostname = host_of(&rule).and_then(|machine| names.get(machine));
        let hostname = hostname.filter(|name| !name.is_empty()).cloned();
        let view = view(RuleRecord { rule, made }, needs, withheld);
        views.push(RuleView { hostname, ..view });
    }
    Ok(views)
}

/// The host that a rule is for.
fn host_of(rule: &Rule) -> Option<&MachineId> {
    match rule.scope() {
        Scope::Host(machine) => Some(machine),
        Scope::Fleet | Scope::Group(_) | Scope::Tag(_) | Scope::User(_) => None,
    }
}

/// A rule without the number of hosts that do not support it. Counting these hosts may read all
/// hosts.
pub(super) fn uncounted(record: RuleRecord) -> RuleView {
    let needs = sync::first_version_for(&record.rule);
    view(record, needs, 0)
}

fn view(record: RuleRecord, needs: Option<String>, withheld: u64) -> RuleView {
    let RuleRecord { rule, made } = record;
    let RevisionRecord { revision, author, at: since, message: _ } = made;
    RuleView { rule: rule.into(), revision, author, since, needs, withheld, hostname: None }
}

/// Add, change and remove rules
///
/// All changes are stored in one revision, or none is stored. If rules are invalid, `details` of
/// the problem lists all of them. An `index` counts the rules in `put` first, and then those in
/// `drop`. With `prune`, rules from the given source that are not in `put` are removed, too. A
/// field that is missing in a rule keeps the value of the current rule if the policy stays the
/// same, unless `reset` lists the field.
#[utoipa::path(post, path = "/rules", operation_id = "change_rules", tag = "rules", request_body = RuleChange,
    responses((status = 200, body = ChangeAnswer), (status = 404), (status = 409), (status = 422)))]
pub(super) async fn change(
    axum::extract::State(state): Shared,
    Viewer(operator): Viewer,
    Body(change): Body<RuleChange>,
) -> Result<LongAnswer, Refused> {
    let RuleChange { message, base, dry_run, force, put, reset, drop, prune } = change;
    let permit = operator.permit(Role::Editor, dry_run)?;
    permit.operator().may_try(put.len() + drop.len())?;
    if prune.as_deref() == Some("") {
        return Err(Problem::new(Code::Invalid, "prune: expected the name of a source").into());
    }
    let (reset, now) = (reset.into_iter().collect(), state.clock.now());
    let mut edits = off_the_async_threads(move || edits(put, drop, reset, now)).await??;
    let unknown = name_hosts(&state, &mut edits).await?;
    let unknown = names::unknown(&state, &unknown).await?;
    let proposal = Proposal { base, ..Proposal::new(message, force, edits) };
    let Json(mut answer) = match prune {
        None => commit(&state, permit, proposal).await?,
        Some(source) => prune_and_commit(&state, &permit, proposal, &source).await?,
    };
    answer.warnings.extend(unknown);
    LongAnswer::of(answer).await
}

/// Whether this is a host scope whose name may be a host name or serial number, because the name is
/// not a hardware UUID.
fn is_looked_up(scope: &Scope) -> bool {
    matches!(scope, Scope::Host(name) if !name.is_uuid())
}

/// Maximum different host scopes without a hardware UUID in one change. Each of them is looked up.
const MOST_HOSTS: usize = 20_000;

/// Replaces host names in the scopes of rules with machine IDs. Returns the names that match no
/// host, except in edits that remove rules. Refuses host names that match several hosts.
async fn name_hosts(state: &State, edits: &mut [Edit]) -> Result<Vec<MachineId>, Refused> {
    let mut known: HashMap<Scope, Resolved> = HashMap::new();
    let mut looked_up = KnownNames::default();
    let mut unknown = BTreeSet::new();
    let mut details = Vec::new();
    for (index, edit) in edits.iter_mut().enumerate() {
        let Some(scope) = rule_scope(edit).filter(is_looked_up) else {
            continue;
        };
        if !known.contains_key(&scope) {
            if known.len() >= MOST_HOSTS {
                return Err(too_many_hosts().into());
            }
            let resolved = names::resolve(state, scope.clone(), &mut looked_up).await?;
            known.insert(scope.clone(), resolved);
        }
        match &known[&scope] {
            Resolved::Stored(stored) if *stored == scope => {}
            Resolved::Stored(stored) => set_scope(state, edit, stored).await?,
            Resolved::Unknown(name) => {
                if matches!(edit, Edit::MergeRule(_)) {
                    unknown.insert(name.clone());
                }
            }
            Resolved::Shared { name, hosts } => details.push(Detail {
                index: Some(index),
                field: Some("scope".to_owned()),
                message: names::shared(name, hosts),
            }),
        }
    }
    match details.as_slice() {
        [] => Ok(unknown.into_iter().collect()),
        several => {
            let message = match several.len() {
                1 => "a scope matches more than one host".to_owned(),
                count => format!("{count} scopes match more than one host"),
            };
            let hint = "use the machine ID of a host; nicelist host list shows it";
            Err(Problem::new(Code::Ambiguous, message).details(details).hint(hint).into())
        }
    }
}

fn rule_scope(edit: &Edit) -> Option<Scope> {
    match edit {
        Edit::MergeRule(merge) => Some(merge.rule.scope().clone()),
        Edit::DropRule(key) => Some(key.scope.clone()),
        Edit::PutRule(_)
        | Edit::Set { .. }
        | Edit::Unset { .. }
        | Edit::PutTag(_)
        | Edit::MergeTag(_)
        | Edit::DropTag { .. }
        | Edit::TagHost { .. }
        | Edit::UntagHost { .. } => None,
    }
}

fn too_many_hosts() -> Problem {
    let message = format!(
        "a change can refer to at most {MOST_HOSTS} hosts by names other than their hardware UUIDs"
    );
    Problem::new(Code::TooLarge, message).hint("split the change, or assign a tag to the hosts")
}

/// Replaces the scope of an edit with its stored form. Version 0.1.0 stored host names in scopes.
/// If an edit removes a rule with such a scope, the scope is not replaced.
async fn set_scope(state: &State, edit: &mut Edit, stored: &Scope) -> Result<(), Refused> {
    if let Edit::MergeRule(merge) = edit {
        merge.rule = merge.rule.clone().in_scope(stored.clone());
    } else if let Edit::DropRule(RuleKey { target, scope }) = edit
        && stored_rule(state, target, scope, None).await?.is_none()
    {
        scope.clone_from(stored);
    }
    Ok(())
}

/// Maximum attempts to prune a source. Another attempt is made if someone else changed the policy
/// at the same time.
const ATTEMPTS: usize = 5;

async fn prune_and_commit(
    state: &State,
    permit: &Permit,
    proposal: Proposal,
    source: &str,
) -> Answer<ChangeAnswer> {
    let Proposal { message, base, force, edits } = proposal;
    let edits = Arc::new(edits);
    let mut left = ATTEMPTS;
    loop {
        left -= 1;
        let head = state.store.head().await?;
        let filter =
            RuleFilter { at: Some(head), source: Some(source.to_owned()), ..RuleFilter::default() };
        let of_source = state.store.rules(&filter, None, usize::MAX).await?;
        let put = Arc::clone(&edits);
        let (edits, pruned) = off_the_async_threads(move || with_pruned(&put, &of_source)).await?;
        let (message, planned_on) = (message.clone(), base.or(Some(head)));
        let proposal = Proposal { message, base: planned_on, force, edits };
        match commit(state, permit.clone(), proposal).await {
            Err(Refused(problem))
                if problem.code == Code::Conflict && base.is_none() && left > 0 => {}
            Err(refused) => return Err(refused),
            Ok(Json(mut answer)) => {
                answer.outcomes.truncate(answer.outcomes.len() - pruned.len());
                return Ok(Json(ChangeAnswer { pruned, ..answer }));
            }
        }
    }
}

/// The given edits, followed by edits that remove all rules of a source except those that the given
/// edits store. Also returns the keys of the removed rules.
fn with_pruned(edits: &[Edit], of_source: &[RuleRecord]) -> (Vec<Edit>, Vec<RuleKey>) {
    let put = edits.iter().filter_map(|edit| match edit {
        Edit::MergeRule(merge) => Some(merge.rule.key()),
        _ => None,
    });
    let put: HashSet<&RuleKey> = put.collect();
    let of_source = of_source.iter().map(|record| record.rule.key());
    let pruned: Vec<RuleKey> = of_source.filter(|key| !put.contains(key)).cloned().collect();
    let dropped = pruned.iter().cloned().map(Edit::DropRule);
    (edits.iter().cloned().chain(dropped).collect(), pruned)
}

fn edits(
    put: Vec<RulePatch>,
    drop: Vec<RuleKey>,
    reset: RuleFields,
    now: Timestamp,
) -> Result<Vec<Edit>, Refused> {
    let mut edits = Vec::with_capacity(put.len() + drop.len());
    let mut details = Vec::new();
    for (index, patch) in put.into_iter().enumerate() {
        match patch.into_merge(reset, now) {
            Ok(merge) => edits.push(Edit::MergeRule(Box::new(merge))),
            Err(error) => details.push(Detail {
                index: Some(index),
                field: Some(error.field.to_owned()),
                message: error.problem.to_string(),
            }),
        }
    }
    let message = match details.as_slice() {
        [] => None,
        [only] => Some(format!("invalid rule: {only}")),
        several => Some(format!("{} rules are invalid; nothing was changed", several.len())),
    };
    if let Some(message) = message {
        return Err(Problem::new(Code::Invalid, message).details(details).into());
    }
    edits.extend(drop.into_iter().map(Edit::DropRule));
    Ok(edits)
}

/// Separates target and scope in a cursor, because neither can contain this character.
const SEPARATOR: char = '\u{1f}';

fn write_cursor(RuleKey { target, scope }: &RuleKey) -> String {
    let key = format!("{target}{SEPARATOR}{scope}");
    BASE64URL_NOPAD.encode(key.as_bytes())
}

fn read_cursor(cursor: &str) -> Result<RuleKey, Refused> {
    let key = BASE64URL_NOPAD.decode(cursor.as_bytes()).ok();
    let key = key.and_then(|bytes| String::from_utf8(bytes).ok());
    let parts = key.as_deref().and_then(|key| key.split_once(SEPARATOR));
    let key = parts.and_then(|(target, scope)| {
        Some(RuleKey { target: target.parse().ok()?, scope: scope.parse().ok()? })
    });
    key.ok_or_else(bad_cursor)
}
