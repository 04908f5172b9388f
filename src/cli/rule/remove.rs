//! `nicelist rule remove`.

use std::io;

use clap::Args;

use super::targets;
use crate::api::{RuleChange, RuleQuery};
use crate::cli::arrival::ArrivalArgs;
use crate::cli::change::{self, Edit};
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::labels::first_names;
use crate::client::Client;
use crate::rule::{ChangeMessage, Outcome, Revision, RuleKey, Scope, Target};
use crate::shell::argument;

/// Remove rules from a scope
///
/// A weaker scope may have a rule for the same target, which then applies. If the hosts of the
/// scope must not get any rule for the target, add a rule with the policy remove instead.
///
/// Without --scope, rules are removed from the fleet scope. If a target has rules only in other
/// scopes, nothing is removed and the exit code is 1.
#[derive(Debug, Args)]
#[command(visible_aliases = ["rm", "delete"])]
#[command(after_long_help = "\
Examples:
  nicelist rule remove teamid:EQHXZ8M8AV
  nicelist rule remove teamid:EQHXZ8M8AV --scope tag:eng --wait=95%
  nicelist rule remove signingid:EQHXZ8M8AV:com.google.Chrome --scope tag:eng \\
      --dry-run
  nicelist rule list --text IT-42 -o jsonl | jq -r .target | nicelist rule \\
      remove -")]
pub(crate) struct RemoveArgs {
    /// Targets of the rules; - reads them from stdin, one per line
    #[arg(required = true, value_name = "TARGET")]
    targets: Vec<String>,
    /// Scope of the rules: fleet, or group:, tag:, user: or host:NAME [default: fleet]
    #[arg(long)]
    scope: Option<Scope>,
    /// Reason for the change, kept in the history
    #[arg(short = 'm', long, value_name = "TEXT")]
    reason: Option<ChangeMessage>,
    /// Show what would change, but change nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    arrival: ArrivalArgs,
}

pub(super) async fn run(context: &Context, args: RemoveArgs) -> Result<(), CliError> {
    let RemoveArgs { targets, scope, reason, dry_run, arrival } = args;
    let targets = targets::read(&targets, io::stdin().lock())?;
    let client = context.client_to_change(dry_run).await?;
    let is_given = scope.is_some();
    let scope = context.scope(&client, scope.unwrap_or(Scope::Fleet)).await?;
    let reference = |target| RuleKey { target, scope: scope.clone() };
    let drop = targets.into_iter().map(reference).collect();
    let change = RuleChange { message: reason, dry_run, drop, ..RuleChange::default() };
    let remaining = match is_given {
        true => Vec::new(),
        false => check_other_scopes(context, &client, &change).await?,
    };
    let answer = client.change_rules(&change).await?;
    for (target, scopes) in &remaining {
        context.ui.status(format!("{target} still has rules in {scopes}"));
    }
    let edits = change.drop.iter().map(|rule| Edit {
        name: rule.target.to_string(),
        label: format!("{} in {}", rule.target, rule.scope),
    });
    change::show_and_wait(&context.ui, &client, &answer, edits, dry_run, arrival).await
}

/// Maximum scopes of a target that a message lists.
const MOST_SCOPES: usize = 10;
/// Maximum targets for which the remaining scopes are shown, and maximum targets in an error.
const MOST_TARGETS: usize = 20;

/// Fails if a target has rules, but none in the fleet scope, because the user may have meant
/// another scope. Returns targets that still have rules after the change, each with their scopes.
async fn check_other_scopes<'a>(
    context: &Context,
    client: &Client,
    change: &'a RuleChange,
) -> Result<Vec<(&'a Target, String)>, CliError> {
    let planned = client.change_rules(&RuleChange { dry_run: true, ..change.clone() }).await?;
    let (mut missing, mut remaining) = (Vec::new(), Vec::new());
    let mut removed = 0;
    for (RuleKey { target, .. }, outcome) in change.drop.iter().zip(planned.outcomes) {
        let is_unchanged = outcome == Outcome::Unchanged;
        removed += usize::from(!is_unchanged);
        if !is_unchanged && removed > MOST_TARGETS {
            continue;
        }
        let all = scopes_of(client, target, planned.revision).await?;
        let has_fleet = all.contains(&Scope::Fleet);
        let others: Vec<Scope> = all.into_iter().filter(|scope| *scope != Scope::Fleet).collect();
        match (others.is_empty(), has_fleet) {
            (true, _) => {}
            (false, false) => missing.push((target, others)),
            // A target that is given twice is unchanged the second time.
            (false, true) if is_unchanged => {}
            (false, true) => remaining.push((target, listed(&others))),
        }
        if missing.len() == MOST_TARGETS {
            break;
        }
    }
    match no_fleet_rule(context, &missing) {
        Some(error) => Err(error),
        None => Ok(remaining),
    }
}

/// The error about targets that have rules only in these other scopes, if there are any.
fn no_fleet_rule(context: &Context, missing: &[(&Target, Vec<Scope>)]) -> Option<CliError> {
    let describe = |(target, scopes): &(&Target, Vec<Scope>)| {
        format!("no rule for {target} in fleet; it has rules in {}", listed(scopes))
    };
    let error = match missing {
        [] => return None,
        [only] => CliError::failed(describe(only)),
        several => {
            let message = "some targets have rules only in other scopes; nothing was changed";
            CliError::failed(message).because(several.iter().map(describe))
        }
    };
    let (target, scopes) = missing.first()?;
    let (target, scope) = (target.to_string(), scopes.first()?.to_string());
    let rule = format!("rule remove {} --scope {}", argument(&target), argument(&scope));
    Some(error.hint(context.ui.command(&rule)))
}

/// The scopes of a target's rules at a revision.
async fn scopes_of(client: &Client, target: &Target, at: Revision) -> Result<Vec<Scope>, CliError> {
    // With a revision, the server does not count the hosts in each scope.
    let query = RuleQuery { target: Some(target.clone()), at: Some(at), ..RuleQuery::default() };
    let mut pages = client.rules(&query);
    let mut scopes = Vec::new();
    while let Some(page) = pages.next().await? {
        scopes.extend(page.iter().filter_map(|view| view.rule.scope.parse::<Scope>().ok()));
    }
    Ok(scopes)
}

fn listed(scopes: &[Scope]) -> String {
    let names: Vec<String> = scopes.iter().map(ToString::to_string).collect();
    first_names(names.iter().map(String::as_str), MOST_SCOPES)
}
