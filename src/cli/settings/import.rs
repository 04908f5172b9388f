//! `nicelist settings import`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::{Args, ValueHint};

use super::set::{SettingsArgs, send};
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::policy_files;

/// Import settings from a configuration profile
///
/// FILE is a .mobileconfig or a property list with preferences of com.northpolesec.santa or
/// com.google.santa. The client mode, path regexes, intervals and other settings that a sync server
/// can send become settings of one scope. All other preferences are listed but not imported. Keep
/// them in the profile.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist settings import santa.mobileconfig --dry-run
  nicelist settings import santa.mobileconfig --scope tag:eng \\
      -m 'from the MDM profile'
  security cms -D -i signed.mobileconfig | nicelist settings import -")]
pub(crate) struct ImportArgs {
    /// Profile to read; - reads stdin
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    file: PathBuf,
    #[command(flatten)]
    options: SettingsArgs,
}

pub(super) async fn run(context: &Context, args: ImportArgs) -> Result<(), CliError> {
    let ImportArgs { file, options } = args;
    let parsed = policy_files::read_settings(&file, &options.scope)?;
    policy_files::warn_of_notes(&context.ui, &parsed);
    policy_files::refuse_faults(&context.ui, &parsed)?;
    let settings = parsed.settings.iter().map(|placed| {
        let setting = &placed.setting;
        (setting.key().name().to_owned(), setting.value())
    });
    let set: BTreeMap<String, String> = settings.collect();
    if set.is_empty() {
        let text =
            format!("{} has no settings that a sync server can send", policy_files::name_of(&file));
        return Err(CliError::input(text)
            .hint("nicelist settings set --help lists the settings that hosts can receive"));
    }
    send(context, options, set, Vec::new()).await
}
