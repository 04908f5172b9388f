//! Shows changes, asks for confirmation, and commits the changes only if the policy is still the
//! same.

use clap::Args;
use indicatif::HumanCount;

use super::arg::revision;
use super::arrival::ArrivalArgs;
use super::change::{show_undo, warn};
use super::error::CliError;
use super::labels::capital;
use super::policy_changes::{show, show_changes};
use super::ui::Ui;
use crate::api::{Code, PolicyAnswer, Subject};
use crate::client::{Client, ClientError};
use crate::rule::{ChangeMessage, Outcome, Revision};

#[derive(Debug, Args)]
pub(crate) struct PlannedChangeArgs {
    /// Reason for the change, kept in the history
    #[arg(short = 'm', long, value_name = "TEXT")]
    pub(crate) reason: Option<ChangeMessage>,
    /// Save the change even if lint finds errors; requires --reason
    #[arg(long, requires = "reason")]
    pub(crate) force: bool,
    /// Fail if this is no longer the newest revision
    #[arg(long, value_name = "REVISION", value_parser = revision)]
    pub(crate) base: Option<Revision>,
    /// Show all differences
    #[arg(long)]
    full: bool,
    /// Skip confirmation
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// Show what would change, but change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    arrival: ArrivalArgs,
}

impl PlannedChangeArgs {
    pub(crate) fn options<'a>(&self, question: &'a str) -> PlanOptions<'a> {
        let Self { reason: _, force: _, base, full, yes, dry_run, arrival } = *self;
        PlanOptions { question, yes, dry_run, full, base, arrival }
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct PlanOptions<'a> {
    pub(crate) question: &'a str,
    /// Whether to skip the question.
    pub(crate) yes: bool,
    pub(crate) dry_run: bool,
    /// Whether a terminal shows all differences.
    pub(crate) full: bool,
    /// The revision on which the user planned the change.
    pub(crate) base: Option<Revision>,
    pub(crate) arrival: ArrivalArgs,
}

/// Shows a plan, asks for confirmation, and commits the change. `change` commits on a base, or only
/// plans if its second argument is true. If the revision is no longer the newest, shows the new
/// plan and changes nothing.
pub(crate) async fn confirm_and_change(
    ui: &Ui,
    client: &Client,
    options: PlanOptions<'_>,
    mut change: impl AsyncFnMut(Option<Revision>, bool) -> Result<PolicyAnswer, ClientError>,
) -> Result<(), CliError> {
    let PlanOptions { question, yes, dry_run, full, base, arrival } = options;
    let is_asked = !yes && !dry_run;
    // With `--yes` and without `--dry-run`, one request plans and commits the change. Otherwise,
    // the first request only plans.
    let first = match change(base, !yes || dry_run).await {
        Err(error) => return Err(show_conflict(ui, full, error, change).await),
        Ok(answer) => answer,
    };
    warn(ui, &first.warnings);
    if first.changed || first.changes.is_empty() {
        let created = first.changed.then_some(first.revision);
        let shown = arrival.show_and_wait(ui, client, created, &first, |whole| {
            show_changes(ui, whole, &first.changes, full)?;
            conclude(ui, &first);
            Ok(())
        });
        return shown.await;
    }
    show(ui, &first, full)?;
    ui.status(planned(&first));
    if !is_asked {
        ui.status(format!("dry run: nothing was changed (revision {})", first.revision));
        return Ok(());
    }
    ui.confirm(&with_lost_tags(question, &first), yes)?;
    match change(Some(first.revision), false).await {
        Err(error) => Err(show_conflict(ui, full, error, change).await),
        Ok(answer) => {
            conclude(ui, &answer);
            let created = answer.changed.then_some(answer.revision);
            arrival.wait_after(ui, client, created).await
        }
    }
}

/// The question, with the tags that hosts lose.
fn with_lost_tags(question: &str, answer: &PolicyAnswer) -> String {
    let lost = answer.changes.iter().filter_map(|change| match &change.subject {
        Subject::Tag { name, hosts: Some(hosts), .. } => Some((name, *hosts)),
        _ => None,
    });
    let lose = match lost.collect::<Vec<_>>().as_slice() {
        [] => return question.to_owned(),
        [(name, 1)] => format!("1 host loses the tag {name}"),
        [(name, hosts)] => format!("{} hosts lose the tag {name}", HumanCount(*hosts)),
        tags => format!("hosts lose {} tags", HumanCount(tags.len() as u64)),
    };
    format!("{question} {}, and a later rollback does not restore this.", capital(&lose))
}

fn conclude(ui: &Ui, answer: &PolicyAnswer) {
    ui.status(done(answer));
    if answer.changed {
        show_undo(ui, answer.revision);
    }
}

/// If the revision is no longer the newest, shows what the change would do now.
async fn show_conflict(
    ui: &Ui,
    full: bool,
    error: ClientError,
    mut change: impl AsyncFnMut(Option<Revision>, bool) -> Result<PolicyAnswer, ClientError>,
) -> CliError {
    let is_conflict =
        matches!(&error, ClientError::Problem(problem) if problem.code == Code::Conflict);
    if is_conflict && let Ok(answer) = change(None, true).await {
        if let Err(error) = show(ui, &answer, full) {
            return error;
        }
        ui.status(planned(&answer));
    }
    error.into()
}

/// A plan in one line: `Plan: 3 to add, 1 to change, 2 to remove; 1,204 unchanged`.
pub(crate) fn planned(answer: &PolicyAnswer) -> String {
    let counts = counts(answer, ["to add", "to change", "to remove"]);
    let plan = match counts.is_empty() {
        true => format!("no changes (revision {})", answer.revision),
        false => format!("Plan: {counts}"),
    };
    plan + &rest(answer)
}

/// A change in one line: `revision 12: 3 added, 1 changed, 2 removed`.
pub(crate) fn done(answer: &PolicyAnswer) -> String {
    let counts = counts(answer, ["added", "changed", "removed"]);
    match answer.changed {
        true => format!("revision {}: {counts}{}", answer.revision, rest(answer)),
        false => format!("no changes (revision {}){}", answer.revision, rest(answer)),
    }
}

/// The differences in one line: `3 added, 1 changed; 1,204 unchanged`.
pub(crate) fn differing(answer: &PolicyAnswer) -> String {
    let counts = counts(answer, ["added", "changed", "removed"]);
    let counts = if counts.is_empty() { "no differences".to_owned() } else { counts };
    counts + &rest(answer)
}

fn counts(answer: &PolicyAnswer, words: [&str; 3]) -> String {
    let outcomes = [Outcome::Added, Outcome::Changed, Outcome::Removed];
    let counted = outcomes.map(|outcome| answer.count(outcome)).into_iter().zip(words);
    let present: Vec<String> = counted
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{} {word}", HumanCount(count as u64)))
        .collect();
    present.join(", ")
}

fn rest(answer: &PolicyAnswer) -> String {
    let unchanged = match answer.unchanged {
        0 => String::new(),
        count => format!("; {} unchanged", HumanCount(count)),
    };
    match answer.expired {
        0 => unchanged,
        1 => format!("{unchanged}; 1 expired rule is ignored"),
        count => format!("{unchanged}; {} expired rules are ignored", HumanCount(count)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::PolicyChange;

    #[test]
    fn a_plan_and_a_change_are_counted() {
        let changes = |json: &str| serde_json::from_str::<Vec<PolicyChange>>(json).unwrap();
        let changes = changes(
            r#"[{"outcome": "added", "kind": "setting", "scope": "fleet", "key": "client-mode",
                 "after": "lockdown"},
                {"outcome": "removed", "kind": "setting", "scope": "tag:eng", "key": "client-mode",
                 "before": "monitor"}]"#,
        );
        let revision = Revision(7);
        let answer = PolicyAnswer { revision, unchanged: 1204, changes, ..PolicyAnswer::default() };
        assert_eq!(planned(&answer), "Plan: 1 to add, 1 to remove; 1,204 unchanged");
        let changed = PolicyAnswer { changed: true, expired: 1, ..answer };
        assert_eq!(
            done(&changed),
            "revision 7: 1 added, 1 removed; 1,204 unchanged; 1 expired rule is ignored"
        );
    }

    #[test]
    fn nothing_to_change_is_reported() {
        let answer =
            PolicyAnswer { revision: Revision(7), unchanged: 3, ..PolicyAnswer::default() };
        assert_eq!(planned(&answer), "no changes (revision 7); 3 unchanged");
        assert_eq!(done(&answer), "no changes (revision 7); 3 unchanged");
    }
}
