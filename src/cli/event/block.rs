//! `nicelist event block`.

use clap::Args;

use super::decide::{self, DecisionArgs, RulePolicy};
use super::decide_many;
use super::filter::WaitingFilter;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::fleet::EventId;
use crate::rule::PolicyKind;

/// Block what an event shows, by making a rule
///
/// On a terminal it shows what was reported, and asks which rule to make and for whom. With
/// --as, --scope or --yes it asks nothing: the rule is the one of --as or else the best, for
/// the scope of --scope or else the host that reported the event.
///
/// Without an event's number it lists the programs that wait, to pick any of them with the space
/// bar, and asks once which rules to make and for whom. All become one revision. Esc leaves, and
/// changes nothing.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist event block
  nicelist event block 1187
  nicelist event block 1187 --scope fleet --message 'Known malware; call security'
  nicelist event block 1187 --as teamid --scope fleet --silent --ticket SEC-311")]
pub(crate) struct BlockArgs {
    /// The event's number, as event list shows it; without one, pick among what waits
    #[arg(value_name = "ID")]
    id: Option<i64>,
    /// Tell nobody at the Mac
    #[arg(long, conflicts_with = "message")]
    silent: bool,
    /// Show this in the block window
    #[arg(long, value_name = "TEXT")]
    message: Option<String>,
    #[command(flatten)]
    waiting: WaitingFilter,
    #[command(flatten)]
    decision: DecisionArgs,
}

pub(super) async fn run(context: &Context, args: BlockArgs) -> Result<(), CliError> {
    let BlockArgs { id, silent, message, waiting, decision } = args;
    let policy = if silent { PolicyKind::SilentBlock } else { PolicyKind::Block };
    let policy = RulePolicy { policy, message };
    match id.map(EventId) {
        Some(id) => decide::run(context, id, policy, decision).await,
        None => decide_many::run(context, waiting, policy, decision).await,
    }
}
