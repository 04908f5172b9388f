//! `nicelist event approve`.

use clap::Args;

use super::decide::{self, DecisionArgs, RulePolicy};
use super::decide_many;
use super::filter::WaitingFilter;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::fleet::EventId;
use crate::rule::PolicyKind;

/// Allow what an event shows, by making a rule
///
/// On a terminal it shows what was blocked, and asks which rule to make and for whom. With
/// --as, --scope or --yes it asks nothing: the rule is the one of --as or else the best, for
/// the scope of --scope or else the host that reported the event.
///
/// Without an event's number it lists the programs that wait, to pick any of them with the space
/// bar, and asks once which rules to make and for whom, showing whom that affects. All become
/// one revision. Esc leaves, and changes nothing.
///
/// With --bundle it makes one rule for the file of each program of the bundle that the program
/// belongs to, in one revision. Santa hashes bundles of what it blocks, and reports their
/// programs, where the setting enable-bundles is on; event show tells how many are known.
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
    /// The event's number, as event list shows it; without one, pick among what waits
    #[arg(value_name = "ID")]
    id: Option<i64>,
    /// Let run what the program writes, too: for compilers
    #[arg(long)]
    compiler: bool,
    /// Allow every program of the bundle
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
    match id.map(EventId) {
        Some(id) if bundle => super::bundle::run(context, id, decision).await,
        Some(id) => decide::run(context, id, policy, decision).await,
        None => decide_many::run(context, waiting, policy, decision).await,
    }
}
