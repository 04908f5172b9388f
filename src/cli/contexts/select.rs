//! `nicelist context use`.

use clap::Args;

use crate::cli::config::user_file;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::config::{self, ConfigKey, Name, names};

/// Use a context from now on
///
/// Writes the setting context into the user's configuration file. Comments in the file are kept.
/// --context chooses another context for one command.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist context use production
  nicelist context use staging && nicelist status")]
pub(crate) struct UseArgs {
    /// Name of the context
    #[arg(value_name = "NAME")]
    name: String,
}

pub(super) fn run(context: &Context, args: &UseArgs) -> Result<(), CliError> {
    let UseArgs { name } = args;
    let file = user_file(context)?;
    context.settings.check_context(&file, name)?;
    let key = Name { context: None, key: ConfigKey::Context };
    config::set(&file, &key, name)?;
    let entries = context.settings.contexts().iter();
    let place = entries.filter(|entry| entry.name == *name).find_map(|entry| entry.place());
    let place = place.map(|place| format!(": {place}")).unwrap_or_default();
    context.ui.status(format!("using the context {name}{place}"));
    if let Some(variable) = stronger_variable(context) {
        context.ui.warn(format!("{variable} is set and overrides the context"));
    }
    Ok(())
}

/// An environment variable that overrides the context in the file.
fn stronger_variable(context: &Context) -> Option<&'static str> {
    let env = &context.env;
    let set = [
        (env.context.is_some(), names::CONTEXT),
        (env.server.is_some(), names::SERVER),
        (env.database.is_some(), names::DATABASE),
    ];
    set.into_iter().find_map(|(is_set, name)| is_set.then_some(name))
}
