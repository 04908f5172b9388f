//! Changes the whole policy: computes the changes that a request needs, and commits them as one
//! revision.

use std::collections::HashSet;
use std::hash::Hash;
use std::sync::Arc;

use jiff::Timestamp;

use super::checks::Force;
use super::commit::{Proposal, check};
use crate::api::{
    Code, Detail, PolicyAnswer, PolicyChange, PolicyRequest, Problem, SettingView, Subject,
};
use crate::fleet::{
    DiffOptions, PolicyDifference, PolicyDifferences, PolicyState, Role, Setting, Tag,
    TagDescription,
};
use crate::rule::{Revision, Rule, RuleDraft, Scope, TagName};
use crate::server::access::{Permit, Viewer};
use crate::server::answer::{LongAnswer, Refused, off_the_async_threads};
use crate::server::extract::Body;
use crate::server::state::{Shared, State};
use crate::store::{Edit, RuleFilter, Store, StoreError};

/// Maximum number of times that a change is planned. The change is planned again if someone else
/// changed the policy at the same time.
const ATTEMPTS: usize = 5;

/// Make tags, settings and rules match a request
///
/// All changes are stored in one revision, or none is stored. If items are invalid, `details` of
/// the problem lists them, with the index and the field. Fields of tags and settings begin with
/// `tags.` or `settings.`.
#[utoipa::path(post, path = "/policy", operation_id = "change_policy", tag = "policy", request_body = PolicyRequest,
    responses((status = 200, body = PolicyAnswer), (status = 404), (status = 409), (status = 422)))]
pub(super) async fn change(
    axum::extract::State(state): Shared,
    Viewer(operator): Viewer,
    Body(request): Body<PolicyRequest>,
) -> Result<LongAnswer, Refused> {
    let PolicyRequest { message, base, dry_run, force, prune, tags, settings, rules } = request;
    let permit = operator.permit(Role::Editor, dry_run)?;
    permit.operator().may_try(rules.len())?;
    let wanted = off_the_async_threads(move || read(tags, settings, rules)).await??;
    let force = Force::new(force, message.as_ref());
    let message = message.map(|text| text.to_string());
    let goal = Goal { wanted, prune, base, force, message };
    LongAnswer::of(reach(&state, permit, goal).await?).await
}

pub(super) struct Goal {
    pub(super) wanted: PolicyState,
    pub(super) prune: bool,
    pub(super) base: Option<Revision>,
    pub(super) force: Force,
    pub(super) message: Option<String>,
}

/// Computes the differences from the wanted policy and, unless this is a dry run, commits them. If
/// someone else changes the policy first and the request has no base revision, the differences are
/// computed again.
pub(super) async fn reach(
    state: &State,
    permit: Permit,
    goal: Goal,
) -> Result<PolicyAnswer, Refused> {
    let goal = Arc::new(goal);
    let mut left = ATTEMPTS;
    loop {
        left -= 1;
        match attempt(state, &permit, &goal).await {
            Err(Refused(problem))
                if problem.code == Code::Conflict && goal.base.is_none() && left > 0 => {}
            done => return done,
        }
    }
}

async fn attempt(
    state: &State,
    permit: &Permit,
    goal: &Arc<Goal>,
) -> Result<PolicyAnswer, Refused> {
    let head = state.store.head().await?;
    if let Some(planned) = goal.base.filter(|planned| *planned != head) {
        return Err(StoreError::Moved { planned, head }.into());
    }
    let is = policy_at(&*state.store, head).await?;
    let now = state.clock.now();
    let wanted = Arc::clone(goal);
    let (mut answer, edits) = off_the_async_threads(move || plan(&is, &wanted, now)).await??;
    answer.revision = head;
    count_hosts(state, &mut answer.changes).await;
    if edits.is_empty() {
        return Ok(answer);
    }
    let (message, force) = (goal.message.clone(), goal.force);
    let proposal = Proposal { message, base: Some(head), force, edits };
    let mut checked = check(state, permit.clone(), proposal).await?;
    answer.warnings = std::mem::take(&mut checked.warnings);
    if permit.is_dry_run() {
        // A dry run ends here, because its response needs only the differences and the warnings.
        return Ok(answer);
    }
    let committed = checked.commit(state).await?;
    Ok(PolicyAnswer { revision: committed.head, changed: committed.changed, ..answer })
}

/// Maximum removed tags whose hosts are counted.
const MOST_COUNTED: usize = 20;

/// Counts the hosts that lose removed tags. A failure is ignored, because an urgent rollback must
/// not fail if the count takes too long.
async fn count_hosts(state: &State, changes: &mut [PolicyChange]) {
    // Changes of tags come first.
    let of_tags = changes.iter_mut().map_while(|change| match &mut change.subject {
        Subject::Tag { name, after, hosts, .. } => Some((name, after, hosts)),
        _ => None,
    });
    let removed = of_tags.filter(|(_, after, _)| after.is_none()).take(MOST_COUNTED);
    let (names, hosts): (Vec<TagName>, Vec<&mut Option<u64>>) =
        removed.map(|(name, _, hosts)| (name.clone(), hosts)).unzip();
    if names.is_empty() {
        return;
    }
    // All tags are counted in one query, so that a slow database delays the change only once.
    let counts = state.store.tagged_hosts(&names).await.unwrap_or_default();
    for (hosts, count) in hosts.into_iter().zip(counts) {
        *hosts = (count > 0).then_some(count);
    }
}

pub(super) async fn policy_at(store: &dyn Store, at: Revision) -> Result<PolicyState, Refused> {
    let snapshot = store.snapshot_at(at).await?;
    let filter = RuleFilter { at: Some(at), ..RuleFilter::default() };
    let rules = store.rules(&filter, None, usize::MAX).await?;
    let rules = move || rules.into_iter().map(|record| record.rule).collect();
    let rules = off_the_async_threads(rules).await?;
    Ok(PolicyState { tags: snapshot.tags, settings: snapshot.settings, rules })
}

/// Reads the items of a request. The error lists invalid items or, if there are none, duplicates.
fn read(
    tags: Vec<Tag>,
    settings: Vec<SettingView>,
    rules: Vec<RuleDraft>,
) -> Result<PolicyState, Refused> {
    let mut faults = Faults::default();
    let wanted = PolicyState {
        tags: faults.tags(tags),
        settings: faults.settings(settings),
        rules: faults.rules(rules),
    };
    // If an invalid item was left out, the other items no longer have the indexes of the request.
    if faults.details.is_empty() {
        let names = wanted.tags.iter().map(|tag| &tag.name);
        faults.twice("tags.name", names, |name| format!("tag `{name}`"));
        let keys = wanted.settings.iter().map(|(scope, setting)| (scope, setting.key()));
        faults.twice("settings.key", keys, |(scope, key)| format!("{key} for {scope}"));
        let keys = wanted.rules.iter().map(|rule| (rule.target(), rule.scope()));
        faults.twice("target", keys, |(target, scope)| format!("{target} for {scope}"));
    }
    faults.or(wanted)
}

#[derive(Default)]
struct Faults {
    details: Vec<Detail>,
    /// The first unknown tag.
    unknown_tag: Option<TagName>,
}

impl Faults {
    fn add(&mut self, index: usize, field: &str, message: String) {
        self.details.push(Detail { index: Some(index), field: Some(field.to_owned()), message });
    }

    fn tags(&mut self, tags: Vec<Tag>) -> Vec<Tag> {
        for (index, Tag { description, membership, .. }) in tags.iter().enumerate() {
            if let Some(Err(error)) = description.as_deref().map(str::parse::<TagDescription>) {
                self.add(index, "tags.description", error.to_string());
            }
            if let Err(error) = membership.check_size() {
                self.add(index, "tags.membership", error.to_string());
            }
        }
        tags
    }

    fn settings(&mut self, views: Vec<SettingView>) -> Vec<(Scope, Setting)> {
        let mut settings = Vec::with_capacity(views.len());
        for (index, SettingView { scope, key, value }) in views.into_iter().enumerate() {
            match Setting::parse(key, &value) {
                Ok(setting) => match key.check_scope(&scope) {
                    Ok(()) => settings.push((scope, setting)),
                    Err(error) => self.add(index, "settings.scope", format!("{key}: {error}")),
                },
                Err(error) => self.add(index, "settings.value", format!("{key}: {error}")),
            }
        }
        settings
    }

    fn rules(&mut self, drafts: Vec<RuleDraft>) -> Vec<Rule> {
        let mut rules = Vec::with_capacity(drafts.len());
        for (index, draft) in drafts.into_iter().enumerate() {
            match Rule::try_from(draft) {
                Ok(mut rule) => {
                    rule.expires = rule.expires.map(kept);
                    rules.push(rule);
                }
                Err(error) => self.add(index, error.field, error.problem.to_string()),
            }
        }
        rules
    }

    /// Refuses a key that is listed twice, because it is not clear which of the two is wanted.
    fn twice<K: Copy + Eq + Hash>(
        &mut self,
        field: &str,
        keys: impl Iterator<Item = K>,
        describe: impl Fn(K) -> String,
    ) {
        let mut seen = HashSet::new();
        for (index, key) in keys.enumerate() {
            if !seen.insert(key) {
                self.add(index, field, format!("{} is listed twice", describe(key)));
            }
        }
    }

    /// Refuses rules and settings for a tag that would not exist after the change.
    fn without_tags(&mut self, goal: &Goal, is: &PolicyState) {
        let kept = if goal.prune { &[][..] } else { &is.tags[..] };
        let tags: HashSet<&TagName> =
            goal.wanted.tags.iter().chain(kept).map(|tag| &tag.name).collect();
        let PolicyState { settings, rules, .. } = &goal.wanted;
        let settings = settings.iter().map(|(scope, _)| scope).enumerate();
        let rules = rules.iter().map(Rule::scope).enumerate();
        let settings = settings.map(|(index, scope)| (index, "settings.scope", scope));
        let all = settings.chain(rules.map(|(index, scope)| (index, "scope", scope)));
        for (index, field, scope) in all {
            if let Scope::Tag(tag) = scope
                && !tags.contains(tag)
            {
                self.unknown_tag.get_or_insert_with(|| tag.clone());
                self.add(index, field, format!("tag `{tag}` not found"));
            }
        }
    }

    fn or<T>(self, value: T) -> Result<T, Refused> {
        let message = match self.details.as_slice() {
            [] => return Ok(value),
            [only] => format!("the policy is invalid: {only}"),
            several => {
                format!("{} items of the policy are invalid; nothing was changed", several.len())
            }
        };
        let problem = Problem::new(Code::Invalid, message);
        let problem = match self.unknown_tag {
            Some(tag) => problem.hint(format!(
                "add the tag to the policy, or create it first: nicelist tag create {tag}"
            )),
            None => problem,
        };
        Err(problem.details(self.details).into())
    }
}

/// The time in whole milliseconds, which is the precision of the store.
fn kept(time: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(time.as_millisecond()).unwrap_or(time)
}

fn plan(
    is: &PolicyState,
    goal: &Goal,
    now: Timestamp,
) -> Result<(PolicyAnswer, Vec<Edit>), Refused> {
    let mut faults = Faults::default();
    faults.without_tags(goal, is);
    faults.or(())?;
    let found =
        PolicyDifferences::between(is, &goal.wanted, DiffOptions { prune: goal.prune, now });
    let changes = found.differences.iter().map(PolicyChange::from).collect();
    let PolicyDifferences { differences, unchanged, expired } = found;
    let answer = PolicyAnswer { unchanged, expired, changes, ..PolicyAnswer::default() };
    Ok((answer, edits(&differences)))
}

/// Tags are deleted last, when no rule or setting uses them.
fn edits(differences: &[PolicyDifference<'_>]) -> Vec<Edit> {
    let mut dropped = Vec::new();
    let mut edits = Vec::with_capacity(differences.len());
    for difference in differences {
        match *difference {
            PolicyDifference::Tag { after: Some(tag), .. } => edits.push(Edit::PutTag(tag.clone())),
            PolicyDifference::Tag { name, after: None, .. } => {
                dropped.push(Edit::DropTag { name: name.clone(), force: true });
            }
            PolicyDifference::Setting { scope, after: Some(setting), .. } => {
                edits.push(Edit::Set { scope: scope.clone(), setting: setting.clone() });
            }
            PolicyDifference::Setting { scope, key, after: None, .. } => {
                edits.push(Edit::Unset { scope: scope.clone(), key });
            }
            PolicyDifference::Rule { after: Some(rule), .. } => {
                edits.push(Edit::PutRule(Box::new(rule.clone())));
            }
            PolicyDifference::Rule { key, after: None, .. } => {
                edits.push(Edit::DropRule(key.clone()));
            }
        }
    }
    edits.append(&mut dropped);
    edits
}
