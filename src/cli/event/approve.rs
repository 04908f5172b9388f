//! `nicelist event approve`.

use clap::Args;

use super::decide::{self, Choice, Verdict};
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::fleet::EventId;
use crate::rule::PolicyKind;

/// Allow what an event shows, by making a rule
///
/// On a terminal it shows what was blocked, and asks which rule to make and for whom. With
/// --as, --scope or --yes it asks nothing: the rule is the one of --as or else the best, for
/// the scope of --scope or else the host that reported the event.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist event approve 1204
  nicelist event approve 1204 --yes --for 24h --wait
  nicelist event approve 1204 --as signingid --scope tag:eng --ticket IT-42
  nicelist event approve 1204 --as teamid --scope fleet --dry-run")]
pub(crate) struct ApproveArgs {
    /// The event's number, as event list shows it
    #[arg(value_name = "ID")]
    id: i64,
    /// Let run what the program writes, too: for compilers
    #[arg(long)]
    compiler: bool,
    #[command(flatten)]
    choice: Choice,
}

pub(super) async fn run(context: &Context, args: ApproveArgs) -> Result<(), CliError> {
    let ApproveArgs { id, compiler, choice } = args;
    let policy = if compiler { PolicyKind::AllowCompiler } else { PolicyKind::Allow };
    let verdict = Verdict { policy, message: None };
    decide::run(context, EventId(id), verdict, choice).await
}
