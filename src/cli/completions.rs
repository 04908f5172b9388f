//! `nicelist completions`.

use clap::{Args, Command};
use clap_complete::Shell;

use super::artifacts;
use super::context::Context;
use super::error::CliError;

/// Print shell completions
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist completions zsh > ~/.zfunc/_nicelist
  nicelist completions bash | sudo tee /etc/bash_completion.d/nicelist")]
pub(crate) struct CompletionsArgs {
    /// Shell
    #[arg(value_enum)]
    shell: Shell,
}

pub(crate) fn run(
    context: &Context,
    args: &CompletionsArgs,
    command: Command,
) -> Result<(), CliError> {
    context.ui.raw(&artifacts::completions(command, args.shell))
}
