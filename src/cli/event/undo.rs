//! `nicelist event undo`.

use clap::Args;

use crate::api::{UndoAnswer, UndoRequest};
use crate::cli::change;
use crate::cli::context::Context;
use crate::cli::error::CliError;

/// Take back your newest decision about events
///
/// Removes the rules that it made and restores those that it replaced, as a new revision. If any
/// of these rules was changed since, nothing is taken back. Each further undo takes back the
/// decision before.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist event undo
  nicelist event undo --dry-run
  nicelist event undo --yes")]
pub(crate) struct UndoArgs {
    /// Skip confirmation
    #[arg(short, long)]
    yes: bool,
    /// Show what would change and change nothing
    #[arg(long)]
    dry_run: bool,
}

pub(super) async fn run(context: &Context, args: UndoArgs) -> Result<(), CliError> {
    let ui = &context.ui;
    let client = context.client_to_change(args.dry_run).await?;
    let planned = client.undo(UndoRequest { dry_run: true }).await?;
    if args.dry_run {
        return show(context, &planned, true);
    }
    for rule in &planned.rules {
        ui.status(format!("  {} {} in {}", rule.policy, rule.target, rule.scope));
    }
    ui.confirm(&format!("take back revision {}?", planned.undone), args.yes)?;
    show(context, &client.undo(UndoRequest { dry_run: false }).await?, false)
}

fn show(context: &Context, answer: &UndoAnswer, dry_run: bool) -> Result<(), CliError> {
    let rules = answer.rules.iter();
    let rules = rules.map(|rule| format!("{} {} in {}", rule.policy, rule.target, rule.scope));
    let rows = change::rows(&answer.outcomes, rules, &answer.differences);
    change::show_rows(&context.ui, answer, rows)?;
    context.ui.status(change::sum_up(&answer.outcomes, answer.revision, dry_run));
    Ok(())
}
