//! `nicelist event approve`.

use clap::Args;

use super::decide::{self, DecisionArgs, RulePolicy};
use super::decide_many;
use super::filter::WaitingFilter;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::rule::PolicyKind;

/// Allow a blocked program by creating a rule
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
///
/// With --bundle, creates a binary rule for each program in the bundle of the blocked program, in
/// one revision. If the setting enable-bundles is true, Santa hashes the bundle of a blocked
/// program and reports all programs in it. nicelist event show shows how many of these programs the
/// server knows. The server refuses --bundle until it knows all of them.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist event approve
  nicelist event approve --host mira-mbp --since 24h
  nicelist event approve 1204
  nicelist event approve 1204 --yes --for 24h --wait
  nicelist event approve 1204 --as signingid --scope tag:eng --ticket IT-42
  nicelist event approve 1204 --as teamid --scope fleet --dry-run
  nicelist event approve 1204 --bundle --scope tag:eng --ticket IT-42")]
pub(crate) struct ApproveArgs {
    /// ID of an event in nicelist event list; omit it to select from the programs pending approval
    #[arg(value_name = "ID")]
    id: Option<String>,
    /// Also allow the files that the program writes (policy allow-compiler)
    #[arg(long)]
    compiler: bool,
    /// Allow all programs of the bundle
    #[arg(long, requires = "id", conflicts_with_all = ["compiler", "as"])]
    bundle: bool,
    #[command(flatten)]
    waiting: WaitingFilter,
    #[command(flatten)]
    decision: DecisionArgs,
}

pub(super) async fn run(context: &Context, args: ApproveArgs) -> Result<(), CliError> {
    let ApproveArgs { id, compiler, bundle, waiting, decision } = args;
    let policy = if compiler { PolicyKind::AllowCompiler } else { PolicyKind::Allow };
    let policy = RulePolicy { policy, message: None };
    match waiting.event("approve", id.as_deref())? {
        Some(id) if bundle => super::bundle::run(context, id, decision).await,
        Some(id) => decide::run(context, id, policy, decision).await,
        None => decide_many::run(context, waiting, policy, decision).await,
    }
}
