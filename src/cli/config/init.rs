//! `nicelist config init`.

use clap::Args;

use super::user_file::user_file;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::config::{self, DEFAULT_TEXT};

/// Create a configuration file that explains all settings
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist config init
  nicelist config init --print")]
pub(crate) struct InitArgs {
    /// Print the file instead of creating it
    #[arg(long)]
    print: bool,
}

pub(super) fn run(context: &Context, args: InitArgs) -> Result<(), CliError> {
    if args.print {
        return context.ui.raw(DEFAULT_TEXT.as_bytes());
    }
    let file = user_file(context)?;
    config::init(&file)?;
    context.ui.status(format!("created {}", file.display()));
    Ok(())
}
