//! Runs lint on a change before it is committed. A change that causes lint errors is refused unless
//! it is forced. The lint error about lockdown without allow rules only causes a warning.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::names;
use crate::api::{ChangeWarning, Code, Detail, Problem};
use crate::fleet::{ClientMode, PolicyState, Setting, SettingKey};
use crate::lint::{self, About, Finding, Severity};
use crate::rule::{ChangeMessage, Outcome, Rule, RuleKey, RuleType, Scope, Target};
use crate::server::answer::{Refused, off_the_async_threads};
use crate::server::state::State;
use crate::store::{Change, Edit, HostFilter, RuleFilter};

/// If a change has more rules than this, lint checks each rule alone and does not compare it with
/// related rules. This is also the maximum number of stored rules that are read for one target.
const MOST_COMPARED: usize = 100;
/// Maximum lint findings in a response.
const MOST_WARNINGS: usize = 100;
/// Maximum scopes in a change for which hosts, or allow rules for lockdown, are looked up.
const MOST_LOOKED_UP: usize = 5;

type Answered<T> = Result<T, Refused>;

#[derive(Default)]
pub(super) struct Checked {
    pub(super) warnings: Vec<ChangeWarning>,
    /// The codes of the overridden findings, for the history.
    forced: BTreeSet<&'static str>,
}

impl Force {
    /// A blank message does not count as a reason.
    pub(super) fn new(is_forced: bool, message: Option<&ChangeMessage>) -> Self {
        Self { is_forced, has_reason: message.is_some_and(|message| !message.is_blank()) }
    }
}

impl Checked {
    /// The message of the change, with the codes of the overridden findings.
    pub(super) fn message(&self, message: Option<String>) -> Option<String> {
        if self.forced.is_empty() {
            return message;
        }
        let codes: Vec<&str> = self.forced.iter().copied().collect();
        let reason = message.unwrap_or_default();
        Some(format!("{reason} (forced: {})", codes.join(", ")))
    }
}

#[derive(Clone, Copy, Default)]
pub(super) struct Force {
    is_forced: bool,
    has_reason: bool,
}

/// Checks a change. Takes and returns the change, so that a large change is not copied on a request
/// thread.
pub(super) async fn check(
    state: &State,
    change: Change,
    force: Force,
) -> Answered<(Change, Checked)> {
    let (mut change, survey) = off_the_async_threads(move || {
        let survey = Survey::of(&change);
        (change, survey)
    })
    .await?;
    let Survey { is_compared, alone: mut found, scopes } = survey;
    if is_compared {
        found.extend(compared(state, &change).await?);
    }
    if found.iter().any(|(_, finding)| is_refused(finding)) {
        (change, found) = of_what_changes(state, change, found).await?;
    }
    let (errors, others): (Vec<_>, Vec<_>) =
        found.into_iter().partition(|(_, finding)| is_refused(finding));
    if !errors.is_empty() && !force.is_forced {
        return Err(refused(&errors).into());
    }
    if !errors.is_empty() && !force.has_reason {
        let message = "a forced change requires a reason";
        return Err(Problem::new(Code::Invalid, message).hint("add --reason TEXT").into());
    }
    let forced = errors.iter().map(|(_, finding)| finding.code.id()).collect();
    let shown = errors.iter().chain(&others).map(|(_, finding)| finding);
    let shown = shown.filter(|finding| finding.code.severity() >= Severity::Warning);
    let mut warnings: Vec<ChangeWarning> = shown
        .take(MOST_WARNINGS)
        .map(|finding| ChangeWarning {
            code: Some(finding.code.id().to_owned()),
            message: described(finding),
        })
        .collect();
    warnings.extend(scope_warnings(state, &scopes).await?);
    Ok((change, Checked { warnings, forced }))
}

/// A change to lockdown without allow rules is not refused, because allow rules may be added later.
fn is_refused(finding: &Finding) -> bool {
    finding.code.severity() == Severity::Error && finding.code != lint::LintCode::EmptyLockdown
}

fn described(finding: &Finding) -> String {
    format!("{} ({} {})", finding.message, finding.code.id(), finding.code.name())
}

fn refused(errors: &[(usize, Finding)]) -> Problem {
    let details = errors
        .iter()
        .take(MOST_WARNINGS)
        .map(|(_, finding)| Detail { message: described(finding), ..Detail::default() });
    let details: Vec<Detail> = details.collect();
    let message = match (errors.len(), details.as_slice()) {
        (_, [only]) => only.message.clone(),
        (count, _) => format!("{count} changes would be harmful; nothing was changed"),
    };
    let problem = Problem::new(Code::Guarded, message).details(details);
    let fix = errors.first().map(|(_, finding)| finding.code.fix());
    fix.into_iter()
        .fold(problem, Problem::hint)
        .hint("to store it anyway and record the reason: --force --reason TEXT")
}

/// Keeps the findings about edits that would change something. Thus an edit that was forced earlier
/// can be repeated without force.
async fn of_what_changes(
    state: &State,
    change: Change,
    found: Vec<(usize, Finding)>,
) -> Answered<(Change, Vec<(usize, Finding)>)> {
    let (change, dry) = off_the_async_threads(move || {
        let dry = Change { dry_run: true, ..change.clone() };
        (change, dry)
    })
    .await?;
    // If the dry run fails, all findings are kept.
    let Ok(planned) = state.engine.commit(dry).await else { return Ok((change, found)) };
    let is_changed = |edit: &usize| planned.outcomes.get(*edit) != Some(&Outcome::Unchanged);
    Ok((change, found.into_iter().filter(|(edit, _)| is_changed(edit)).collect()))
}

/// What is known about a change before the database is read.
struct Survey {
    /// Whether the change is compared with stored rules or settings.
    is_compared: bool,
    /// Findings about single rules of a change that has too many rules to compare, each with the
    /// index of its edit.
    alone: Vec<(usize, Finding)>,
    /// The first user, group and host scopes in the change. Hosts are looked up for these scopes.
    scopes: BTreeSet<Scope>,
}

impl Survey {
    fn of(change: &Change) -> Self {
        let rules = rules(change);
        let is_large = rules.len() > MOST_COMPARED;
        let sets_any = change.edits.iter().any(|edit| matches!(edit, Edit::Set { .. }));
        let is_compared = sets_any || !(rules.is_empty() || is_large);
        let mut alone = Vec::new();
        let mut others = 0;
        for (edit, rule) in rules.into_iter().filter(|_| is_large) {
            for finding in lint::findings_of_rule(edit, rule) {
                others += usize::from(!is_refused(&finding));
                if is_refused(&finding) || others <= MOST_WARNINGS {
                    alone.push((edit, finding));
                }
            }
        }
        Self { is_compared, alone, scopes: scopes(change) }
    }
}

/// The rules that a change stores, each with the index of its edit.
fn rules<'c>(change: &'c Change) -> Vec<(usize, &'c Rule)> {
    let rule = |(edit, it): (usize, &'c Edit)| match it {
        Edit::PutRule(rule) => Some((edit, rule.as_ref())),
        Edit::MergeRule(merge) => Some((edit, &merge.rule)),
        Edit::DropRule(_)
        | Edit::Set { .. }
        | Edit::Unset { .. }
        | Edit::PutTag(_)
        | Edit::MergeTag(_)
        | Edit::DropTag { .. }
        | Edit::TagHost { .. }
        | Edit::UntagHost { .. } => None,
    };
    change.edits.iter().enumerate().filter_map(rule).collect()
}

/// Runs lint on all settings, on the change's rules, and on stored rules for the same targets and
/// teams, as if the change were committed. Returns the findings about edits of the change. If the
/// change has too many rules, only settings are checked.
async fn compared(state: &State, change: &Change) -> Answered<Vec<(usize, Finding)>> {
    let mut rules = rules(change);
    if rules.len() > MOST_COMPARED {
        rules.clear();
    }
    let mut near = neighbors(state, &rules).await?;
    let mut settings: BTreeMap<(Scope, SettingKey), (Option<usize>, Setting)> = BTreeMap::new();
    for (scope, setting) in state.store.snapshot().await?.settings {
        settings.insert((scope, setting.key()), (None, setting));
    }
    let mut locked = Vec::new();
    for (edit, it) in change.edits.iter().enumerate() {
        if let Edit::DropRule(key) = it {
            near.remove(key);
        } else if let Edit::Unset { scope, key } = it {
            settings.remove(&(scope.clone(), *key));
        } else if let Edit::Set { scope, setting } = it {
            if *setting == Setting::ClientMode(ClientMode::Lockdown)
                && locked.len() < MOST_LOOKED_UP
            {
                locked.push((edit, scope));
            }
            settings.insert((scope.clone(), setting.key()), (Some(edit), setting.clone()));
        }
    }
    for (edit, rule) in rules {
        near.insert(rule.key().clone(), (Some(edit), rule.clone()));
    }
    let (rule_edits, rules): (Vec<_>, Vec<_>) = near.into_values().unzip();
    let settings = settings.into_iter().map(|((scope, _), (edit, it))| (edit, (scope, it)));
    let (setting_edits, settings): (Vec<_>, Vec<_>) = settings.unzip();
    let policy = PolicyState { tags: Vec::new(), settings, rules };
    let now = state.clock.now();
    let found = off_the_async_threads(move || lint::findings(&policy, now)).await?;
    let empty = without_allow_rules(state, change, locked).await?;
    let edit_of = |finding: &Finding| match finding.about {
        About::Policy => None,
        About::Setting(place) => setting_edits.get(place).copied().flatten(),
        About::Rule(place) => rule_edits.get(place).copied().flatten(),
    };
    let found = found.into_iter().filter_map(|finding| Some((edit_of(&finding)?, finding)));
    let is_known = |edit, finding: &Finding| {
        finding.code != lint::LintCode::EmptyLockdown || empty.contains(&edit)
    };
    Ok(found.filter(|(edit, finding)| is_known(*edit, finding)).collect())
}

/// Rules by target and scope. A rule of the change has the index of its edit; a stored rule has no
/// index.
type Neighbors = BTreeMap<RuleKey, (Option<usize>, Rule)>;

/// Stored rules for the targets of the given rules, and for the teams of their signing IDs.
async fn neighbors(state: &State, rules: &[(usize, &Rule)]) -> Answered<Neighbors> {
    let mut targets: HashSet<Target> = HashSet::new();
    for (_, rule) in rules {
        let target = rule.target();
        if target.rule_type() == RuleType::SigningId
            && let Some((team, _)) = target.identifier().split_once(':')
            && let Ok(team) = Target::new(RuleType::TeamId, team)
        {
            targets.insert(team);
        }
        targets.insert(target.clone());
    }
    let mut near = BTreeMap::new();
    for target in targets {
        let filter = RuleFilter { target: Some(target), ..RuleFilter::default() };
        for record in state.store.rules(&filter, None, MOST_COMPARED).await? {
            near.insert(record.rule.key().clone(), (None, record.rule));
        }
    }
    Ok(near)
}

/// The edits that set lockdown in a scope without allow rules for all its hosts.
async fn without_allow_rules(
    state: &State,
    change: &Change,
    locked: Vec<(usize, &Scope)>,
) -> Answered<HashSet<usize>> {
    let mut empty = HashSet::new();
    for (edit, scope) in locked {
        if !allows_anything(state, change, scope).await? {
            empty.insert(edit);
        }
    }
    Ok(empty)
}

/// Whether a stored rule or a rule of the change may allow a program on all hosts of a scope.
async fn allows_anything(state: &State, change: &Change, locked: &Scope) -> Answered<bool> {
    if rules(change).iter().any(|(_, rule)| lint::may_allow(rule, locked)) {
        return Ok(true);
    }
    // Rules in any group or tag may apply to these hosts.
    let has_other_scopes = matches!(locked, Scope::User(_) | Scope::Host(_));
    let scopes = [Some(Scope::Fleet), Some(locked.clone())];
    let scopes: Vec<_> = scopes.into_iter().chain(has_other_scopes.then_some(None)).collect();
    for policy in lint::ALLOWING {
        for scope in &scopes {
            let filter =
                RuleFilter { policy: Some(policy), scope: scope.clone(), ..RuleFilter::default() };
            let found = state.store.rules(&filter, None, MOST_COMPARED).await?;
            // A rule that was not read may apply to the hosts.
            let is_cut = found.len() >= MOST_COMPARED;
            if is_cut || found.iter().any(|record| lint::may_allow(&record.rule, locked)) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

fn scopes(change: &Change) -> BTreeSet<Scope> {
    let mut scopes = BTreeSet::new();
    for edit in &change.edits {
        let scope = match edit {
            Edit::PutRule(rule) => rule.scope(),
            Edit::MergeRule(merge) => merge.rule.scope(),
            Edit::Set { scope, .. } => scope,
            Edit::DropRule(_)
            | Edit::Unset { .. }
            | Edit::PutTag(_)
            | Edit::MergeTag(_)
            | Edit::DropTag { .. }
            | Edit::TagHost { .. }
            | Edit::UntagHost { .. } => continue,
        };
        if matches!(scope, Scope::User(_) | Scope::Group(_) | Scope::Host(_))
            && scopes.len() < MOST_LOOKED_UP
        {
            scopes.insert(scope.clone());
        }
    }
    scopes
}

/// Warns about users and groups without hosts, and about names in host scopes that match several
/// hosts. If there are no hosts yet, there are no warnings.
async fn scope_warnings(state: &State, scopes: &BTreeSet<Scope>) -> Answered<Vec<ChangeWarning>> {
    let mut warnings = Vec::new();
    let any_host = HostFilter::default();
    if scopes.is_empty() || state.store.hosts(&any_host, None, 1).await?.is_empty() {
        return Ok(warnings);
    }
    for scope in scopes {
        if matches!(scope, Scope::Host(_)) {
            warnings.extend(names::warning(state, scope).await?);
        } else if state.store.santa_versions(scope).await?.is_empty() {
            let message = format!("no host is in the scope {scope}; check the spelling");
            warnings.push(ChangeWarning { code: None, message });
        }
    }
    Ok(warnings)
}
