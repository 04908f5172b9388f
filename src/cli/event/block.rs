//! `nicelist event block`.

use clap::Args;

use super::decide::{self, DecisionArgs, RulePolicy};
use super::decide_many;
use super::filter::WaitingFilter;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::rule::PolicyKind;

/// Block a program by creating a rule
///
/// On a terminal, shows the event and asks for the rule type, the scope, the expiry and a ticket.
/// With --as, --scope or --yes, nicelist asks no questions. The default type is the best one for
/// the program. The default scope is the host that reported the event.
///
/// Without an event ID, lists the programs pending approval. Type to filter the list, select
/// programs with Tab, and press ? to see all keys. nicelist then asks for the rule type, the scope,
/// the expiry and a ticket. Each answer applies to all selected programs. nicelist shows the
/// affected hosts and creates all rules in one revision. Press Esc at any question to cancel
/// without a change.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist event block
  nicelist event block 1187
  nicelist event block 1187 --scope fleet \\
      --message 'Known malware; call security'
  nicelist event block 1187 --as teamid --scope fleet --silent --ticket SEC-311")]
pub(crate) struct BlockArgs {
    /// ID of an event in nicelist event list; omit it to select from the programs pending approval
    #[arg(value_name = "ID")]
    id: Option<String>,
    /// Block without a notification on the Mac
    #[arg(long, conflicts_with = "message")]
    silent: bool,
    /// Text of the block window
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
    match waiting.event("block", id.as_deref())? {
        Some(id) => decide::run(context, id, policy, decision).await,
        None => decide_many::run(context, waiting, policy, decision).await,
    }
}
