//! `nicelist config path`.

use clap::Args;

use super::user_file::user_file;
use crate::cli::context::Context;
use crate::cli::error::CliError;

/// Print the path of the user's configuration file
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist config path
  $EDITOR \"$(nicelist config path)\"")]
pub(crate) struct PathArgs {}

pub(super) fn run(context: &Context, PathArgs {}: PathArgs) -> Result<(), CliError> {
    context.ui.raw(format!("{}\n", user_file(context)?.display()).as_bytes())
}
