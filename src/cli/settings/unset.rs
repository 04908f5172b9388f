//! `nicelist settings unset`.

use std::collections::BTreeMap;

use clap::Args;

use super::keys;
use super::set::{SettingsArgs, send};
use crate::cli::context::Context;
use crate::cli::error::CliError;

/// Remove settings of a scope
///
/// The values of weaker scopes, or the defaults, then apply.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist settings unset client-mode --scope tag:eng
  nicelist settings unset removable-media --dry-run")]
pub(crate) struct UnsetArgs {
    /// Names of the settings
    #[arg(required = true, value_name = "KEY")]
    keys: Vec<String>,
    #[command(flatten)]
    options: SettingsArgs,
}

pub(super) async fn run(context: &Context, args: UnsetArgs) -> Result<(), CliError> {
    let keys = args.keys.iter().map(|text| keys::key(text));
    let names: Result<Vec<String>, CliError> =
        keys.map(|key| key.map(|key| key.name().to_owned())).collect();
    let names = names.map_err(|error| args.options.arrival.hint_at_percent(error, &args.keys))?;
    send(context, args.options, BTreeMap::new(), names).await
}
