//! `nicelist config set`.

use clap::Args;

use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::config::{self, ConfigError, Key, Name};

/// Give a setting a value in the user's configuration file
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist config set server https://santa.example.com
  nicelist config set token_command 'security find-generic-password -s nicelist -w'
  nicelist config set contexts.staging.server https://staging.example.com
  nicelist config set context staging")]
pub(crate) struct SetArgs {
    /// The setting, or contexts.NAME. and a setting
    #[arg(value_name = "KEY")]
    key: String,
    /// Its value
    #[arg(value_name = "VALUE")]
    value: String,
}

pub(super) fn run(context: &Context, args: &SetArgs) -> Result<(), CliError> {
    let name: Name = args.key.parse().map_err(ConfigError::Key)?;
    let file = super::file(context)?;
    if name == (Name { context: None, key: Key::Context }) {
        context.settings.check_context(&file, args.value.trim())?;
    }
    config::set(&file, &name, &args.value)?;
    context.ui.status(format!("set {name} in {}", file.display()));
    Ok(())
}
