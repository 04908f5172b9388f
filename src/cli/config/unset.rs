//! `nicelist config unset`.

use clap::Args;

use super::user_file::user_file;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::config::{self, ConfigError, Name};

/// Remove a setting from the user's configuration file
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist config unset context
  nicelist config unset contexts.staging.token")]
pub(crate) struct UnsetArgs {
    /// Setting, or contexts.NAME.SETTING
    #[arg(value_name = "KEY")]
    key: String,
}

pub(super) fn run(context: &Context, args: &UnsetArgs) -> Result<(), CliError> {
    let name: Name = args.key.parse().map_err(ConfigError::Key)?;
    let file = user_file(context)?;
    let removed = config::unset(&file, &name)?;
    let file = file.display();
    context.ui.status(match removed {
        true => format!("removed {name} from {file}"),
        false => format!("unchanged: {name} is not set in {file}"),
    });
    Ok(())
}
