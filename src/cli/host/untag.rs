//! `nicelist host untag`.

use clap::Args;

use super::tag::{TaggedHost, send};
use crate::api::HostTagsRequest;
use crate::cli::context::Context;
use crate::cli::error::CliError;

/// Remove tags from a host
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist host untag C02XK0 canary")]
pub(crate) struct UntagArgs {
    #[command(flatten)]
    target: TaggedHost,
}

pub(super) async fn run(context: &Context, args: UntagArgs) -> Result<(), CliError> {
    let TaggedHost { host, tags, reason, dry_run } = args.target;
    let request = HostTagsRequest { add: Vec::new(), remove: tags, message: reason, dry_run };
    send(context, &host, &request).await
}
