//! `nicelist event block`.

use clap::Args;

use super::decide::{self, Choice, Verdict};
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::fleet::EventId;
use crate::rule::PolicyKind;

/// Block what an event shows, by making a rule
///
/// On a terminal it shows what was reported, and asks which rule to make and for whom. With
/// --as, --scope or --yes it asks nothing: the rule is the one of --as or else the best, for
/// the scope of --scope or else the host that reported the event.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist event block 1187
  nicelist event block 1187 --scope fleet --message 'Known malware; call security'
  nicelist event block 1187 --as teamid --scope fleet --silent --ticket SEC-311")]
pub(crate) struct BlockArgs {
    /// The event's number, as event list shows it
    #[arg(value_name = "ID")]
    id: i64,
    /// Tell nobody at the Mac
    #[arg(long, conflicts_with = "message")]
    silent: bool,
    /// Show this in the block window
    #[arg(long, value_name = "TEXT")]
    message: Option<String>,
    #[command(flatten)]
    choice: Choice,
}

pub(super) async fn run(context: &Context, args: BlockArgs) -> Result<(), CliError> {
    let BlockArgs { id, silent, message, choice } = args;
    let policy = if silent { PolicyKind::SilentBlock } else { PolicyKind::Block };
    decide::run(context, EventId(id), Verdict { policy, message }, choice).await
}
