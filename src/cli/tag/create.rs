//! `nicelist tag create`.

use clap::Args;

use crate::api::TagRequest;
use crate::cli::change;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::rule::TagName;

/// Make a tag, or change the priority and description of one
///
/// Among the tags of a host the one with the higher priority is the stronger.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist tag create eng --description 'Engineering'
  nicelist tag create canary --priority 10")]
pub(crate) struct CreateArgs {
    /// Its name
    name: TagName,
    /// Its strength among tags; higher is stronger
    #[arg(long, default_value_t = 0, allow_negative_numbers = true, value_name = "N")]
    priority: i32,
    /// What it is for
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// Show what would happen and change nothing
    #[arg(long)]
    dry_run: bool,
}

pub(super) async fn run(context: &Context, args: CreateArgs) -> Result<(), CliError> {
    let CreateArgs { name, priority, description, dry_run } = args;
    let request = TagRequest { name, priority, description, dry_run };
    let answer = context.client().await?.put_tag(&request).await?;
    change::show(&context.ui, &answer, [format!("tag {}", request.name)], dry_run)
}
