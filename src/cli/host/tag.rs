//! `nicelist host tag`.

use clap::Args;

use super::tagged_hosts::{TagChange, TaggedHosts};
use crate::cli::context::Context;
use crate::cli::error::CliError;

/// Add tags to hosts
///
/// With - in place of HOST, the names of hosts are read from stdin, one per line. With --with-tag,
/// --user, --state, --contact or --prefix, all hosts that match are tagged, and all arguments are
/// tags. Up to 5,000 hosts are tagged in one revision, fewer with more than 4 tags. More hosts need
/// several revisions.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist host tag C02XK0 eng canary
  nicelist host tag annas-mac eng --dry-run
  nicelist host tag - eng < serial-numbers.txt
  nicelist host tag --with-tag eng --contact online canary")]
pub(crate) struct TagArgs {
    #[command(flatten)]
    hosts: TaggedHosts,
}

pub(super) async fn run(context: &Context, args: TagArgs) -> Result<(), CliError> {
    args.hosts.change(context, TagChange::Add).await
}
