//! `nicelist completions`.

use clap::Args;
use clap_complete::Shell;

use super::completion::registration;
use super::context::Context;
use super::error::CliError;

/// Print the script for shell completions
///
/// The script runs nicelist for each completion. Hosts, tags, targets and other values come from
/// the configured server or local database, and are cached for 5 seconds in ~/.cache/nicelist.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  echo 'source <(nicelist completions bash)' >> ~/.bashrc
  nicelist completions zsh > ~/.zfunc/_nicelist
  nicelist completions fish > ~/.config/fish/completions/nicelist.fish")]
pub(crate) struct CompletionsArgs {
    /// Shell
    #[arg(value_enum)]
    shell: Shell,
}

pub(crate) fn run(context: &Context, args: &CompletionsArgs) -> Result<(), CliError> {
    context.ui.raw(&registration(args.shell)?)
}
