//! `nicelist history`.

pub(super) mod deleted;
mod list;
mod show;
mod view;

use clap::{Args, Subcommand};

use super::context::Context;
use super::error::CliError;

/// Show who changed what, when and why
///
/// Every change is saved as a revision, and revisions never change. Without a subcommand, lists
/// revisions, newest first.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
#[command(after_long_help = "\
Examples:
  nicelist history
  nicelist history --since 7d --author ci
  nicelist history --target teamid:EQHXZ8M8AV
  nicelist history show 41
  nicelist history -n 1 -o jsonl | jq .revision")]
pub(crate) struct HistoryArgs {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    list: list::ListArgs,
}

#[derive(Debug, Subcommand)]
enum Command {
    Show(show::ShowArgs),
}

pub(super) async fn run(context: &Context, args: HistoryArgs) -> Result<(), CliError> {
    match args.command {
        Some(Command::Show(args)) => show::run(context, args).await,
        None => list::run(context, args.list).await,
    }
}
