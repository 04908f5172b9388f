//! `nicelist tag delete`.

use clap::Args;

use crate::cli::change::{self, Edit};
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::rule::TagName;

/// Delete a tag
///
/// A tag that is used by hosts, rules or settings is only deleted with --force. --force also
/// deletes the rules and settings of the tag, and removes the tag from its hosts.
#[derive(Debug, Args)]
#[command(visible_alias = "rm")]
#[command(after_long_help = "\
Examples:
  nicelist tag delete canary
  nicelist tag delete canary --force --dry-run")]
pub(crate) struct DeleteArgs {
    /// Name of the tag
    name: TagName,
    /// Also delete the rules and settings of the tag, and remove the tag from its hosts
    #[arg(long)]
    force: bool,
    /// Skip confirmation
    #[arg(short, long)]
    yes: bool,
    /// Show what would change, but change nothing
    #[arg(long)]
    dry_run: bool,
}

pub(super) async fn run(context: &Context, args: DeleteArgs) -> Result<(), CliError> {
    let DeleteArgs { name, force, yes, dry_run } = args;
    let client = context.client_to_change(dry_run).await?;
    if force {
        let question = format!("Delete the tag {name}, its rules and its settings?");
        context.ui.confirm(&question, yes || dry_run)?;
    }
    let answer = client.delete_tag(&name, force, dry_run).await?;
    let edit = Edit { name: name.to_string(), label: format!("tag {name}") };
    change::show(&context.ui, &answer, [edit], dry_run)
}
