//! `nicelist config get`.

use clap::Args;

use crate::cli::arg::Words;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::config::{ConfigError, ConfigKey, Name};
use crate::shell::argument;

/// Print the value of a setting; secrets are redacted
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist config get server
  nicelist config get database --context staging")]
pub(crate) struct GetArgs {
    /// Setting
    #[arg(value_name = "KEY")]
    #[arg(value_parser = Words::<String>::new(ConfigKey::ALL.map(ConfigKey::as_str)))]
    key: String,
}

pub(super) fn run(context: &Context, args: &GetArgs) -> Result<(), CliError> {
    let name: Name = args.key.parse().map_err(ConfigError::Key)?;
    if let Some(chosen) = &name.context {
        return Err(CliError::usage(format!(
            "`{name}` is a setting of one context; read it with \
            --context"
        ))
        .hint(format!(
            "nicelist config get {} --context {}",
            name.key.as_str(),
            argument(chosen)
        )));
    }
    if ConfigKey::IN_CONTEXT.contains(&name.key) {
        context.settings.context_exists()?;
    }
    let entries = context.settings.entries();
    let entry = entries.into_iter().find(|entry| entry.key == name.key.as_str());
    match entry.and_then(|entry| entry.value) {
        Some(value) => context.ui.raw(format!("{value}\n").as_bytes()),
        None => Err(CliError::failed(format!("`{name}` is not set"))),
    }
}
