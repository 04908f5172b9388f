//! `nicelist host tag`.

use clap::Args;

use crate::api::HostTagsRequest;
use crate::cli::change;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::rule::{ChangeMessage, TagName};

/// Add tags to a host
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist host tag C02XK0 eng canary
  nicelist host tag annas-mac eng --dry-run")]
pub(crate) struct TagArgs {
    #[command(flatten)]
    target: TaggedHost,
}

/// A host with its tags, and the change.
#[derive(Debug, Args)]
pub(super) struct TaggedHost {
    /// Machine ID, serial number or host name, or a unique prefix of one
    pub(super) host: String,
    /// The tags
    #[arg(required = true, value_name = "TAG")]
    pub(super) tags: Vec<TagName>,
    /// Reason for the change, kept in the history
    #[arg(short = 'm', long, value_name = "TEXT")]
    pub(super) reason: Option<ChangeMessage>,
    /// Show what would change, but change nothing
    #[arg(long)]
    pub(super) dry_run: bool,
}

pub(super) async fn run(context: &Context, args: TagArgs) -> Result<(), CliError> {
    let TaggedHost { host, tags, reason, dry_run } = args.target;
    let request = HostTagsRequest { add: tags, remove: Vec::new(), message: reason, dry_run };
    send(context, &host, &request).await
}

pub(super) async fn send(
    context: &Context,
    host: &str,
    request: &HostTagsRequest,
) -> Result<(), CliError> {
    let answer = context.client_to_change(request.dry_run).await?.tag_host(host, request).await?;
    let tags = request.add.iter().chain(&request.remove);
    let edits = tags.map(|tag| format!("tag {tag} of {host}"));
    change::show(&context.ui, &answer, edits, request.dry_run)
}
