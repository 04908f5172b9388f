//! `nicelist host untag`.

use clap::Args;

use super::tagged_hosts::{TagChange, TaggedHosts};
use crate::cli::context::Context;
use crate::cli::error::CliError;

/// Remove tags from hosts
///
/// Select the hosts as in nicelist host tag: with one name, with - for names on stdin, or with a
/// filter.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist host untag C02XK0 canary
  nicelist host untag --with-tag canary canary --yes")]
pub(crate) struct UntagArgs {
    #[command(flatten)]
    hosts: TaggedHosts,
}

pub(super) async fn run(context: &Context, args: UntagArgs) -> Result<(), CliError> {
    args.hosts.change(context, TagChange::Remove).await
}
