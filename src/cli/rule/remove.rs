//! `nicelist rule remove`.

use std::io;

use clap::Args;

use super::targets;
use crate::api::RuleChange;
use crate::cli::arrival::ArrivalArgs;
use crate::cli::change::{self, Edit};
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::rule::{ChangeMessage, RuleKey, Scope};

/// Remove rules from a scope
///
/// Weaker scopes may still have a rule for the target. If the hosts of the scope must have no rule
/// for it, add a rule with the policy remove instead.
#[derive(Debug, Args)]
#[command(visible_aliases = ["rm", "delete"])]
#[command(after_long_help = "\
Examples:
  nicelist rule remove teamid:EQHXZ8M8AV
  nicelist rule remove teamid:EQHXZ8M8AV --scope tag:eng --wait=95%
  nicelist rule remove signingid:EQHXZ8M8AV:com.google.Chrome --scope tag:eng --dry-run
  nicelist rule list --text IT-42 -o jsonl | jq -r .target | nicelist rule remove -")]
pub(crate) struct RemoveArgs {
    /// Targets of the rules; - reads them from stdin, one per line
    #[arg(required = true, value_name = "TARGET")]
    targets: Vec<String>,
    /// Scope of the rules: fleet, or group:, tag:, user: or host:NAME
    #[arg(long, default_value = "fleet")]
    scope: Scope,
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
    let scope = context.scope(&client, scope).await?;
    let reference = |target| RuleKey { target, scope: scope.clone() };
    let drop = targets.into_iter().map(reference).collect();
    let change = RuleChange { message: reason, dry_run, drop, ..RuleChange::default() };
    let answer = client.change_rules(&change).await?;
    let edits = change.drop.iter().map(|rule| Edit {
        name: rule.target.to_string(),
        label: format!("{} in {}", rule.target, rule.scope),
    });
    change::show_and_wait(&context.ui, &client, &answer, edits, dry_run, arrival).await
}
