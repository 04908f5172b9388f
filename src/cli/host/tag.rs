//! `nicelist host tag` and `nicelist host untag`.

use clap::Args;

use crate::api::HostTagsRequest;
use crate::cli::change;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::rule::{ChangeMessage, TagName};

/// Give a host tags
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist host tag C02XK0 eng canary
  nicelist host tag annas-mac eng --dry-run")]
pub(crate) struct TagArgs {
    #[command(flatten)]
    common: Common,
}

/// Take tags from a host
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist host untag C02XK0 canary")]
pub(crate) struct UntagArgs {
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, Args)]
struct Common {
    /// Machine id, serial number, host name, or a unique prefix of one
    host: String,
    /// The tags
    #[arg(required = true, value_name = "TAG")]
    tags: Vec<TagName>,
    /// Say why, for the history
    #[arg(short = 'm', long, value_name = "TEXT")]
    reason: Option<ChangeMessage>,
    /// Show what would happen and change nothing
    #[arg(long)]
    dry_run: bool,
}

pub(super) async fn run(context: &Context, args: TagArgs) -> Result<(), CliError> {
    let Common { host, tags, reason, dry_run } = args.common;
    let request = HostTagsRequest { add: tags, remove: Vec::new(), message: reason, dry_run };
    send(context, &host, &request).await
}

pub(super) async fn run_untag(context: &Context, args: UntagArgs) -> Result<(), CliError> {
    let Common { host, tags, reason, dry_run } = args.common;
    let request = HostTagsRequest { add: Vec::new(), remove: tags, message: reason, dry_run };
    send(context, &host, &request).await
}

async fn send(context: &Context, host: &str, request: &HostTagsRequest) -> Result<(), CliError> {
    let answer = context.client_to_change(request.dry_run).await?.tag_host(host, request).await?;
    let tags = request.add.iter().chain(&request.remove);
    let told = tags.map(|tag| format!("tag {tag} of {host}"));
    change::show(&context.ui, &answer, told, request.dry_run)
}
