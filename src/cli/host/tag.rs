//! `nicelist host tag`.

use clap::Args;

use super::tagged_hosts::{TagChange, TaggedHosts};
use crate::cli::context::Context;
use crate::cli::error::CliError;

/// Add tags to hosts
///
/// If HOST is -, nicelist reads the names of hosts from stdin, one per line. With --with-tag,
/// --user, --state, --contact or --prefix, nicelist tags all hosts that match, and all arguments
/// are tags. One revision can tag up to 5,000 hosts, or fewer with more than 4 tags. For more
/// hosts, nicelist creates several revisions.
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
