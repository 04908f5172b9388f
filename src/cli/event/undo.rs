//! `nicelist event undo`.

use clap::Args;

use crate::api::{UndoAnswer, UndoRequest};
use crate::cli::change::{self, DecidedRules};
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::labels::rule_label;

/// Undo your latest approval or block
///
/// Removes the rules that the decision created and restores the rules that it replaced, in a new
/// revision. If any of these rules has changed since then, nothing is undone. Run the command again
/// to undo the decision before that one.
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
    /// Show what would change, but change nothing
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
        ui.status(format!("  {}", rule_label(rule)));
    }
    ui.confirm(&format!("Undo revision {}?", planned.undone), args.yes)?;
    show(context, &client.undo(UndoRequest { dry_run: false }).await?, false)
}

fn show(context: &Context, answer: &UndoAnswer, dry_run: bool) -> Result<(), CliError> {
    let UndoAnswer { undone: _, rules, outcomes, differences, revision } = answer;
    DecidedRules { rules, outcomes, differences, warnings: &[] }.show(&context.ui, answer)?;
    change::conclude(&context.ui, outcomes, *revision, dry_run);
    Ok(())
}
