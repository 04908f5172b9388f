//! `nicelist help`, which prints the same as `--help`.

use clap::Args;

/// Show the help of a command
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist help
  nicelist help rule add")]
pub(crate) struct HelpArgs {
    /// Command, such as rule add
    #[arg(value_name = "COMMAND")]
    command: Vec<String>,
}

impl HelpArgs {
    /// The command line that prints the help. It has no other options, so that it runs no command.
    pub(crate) fn command_line(self) -> impl Iterator<Item = String> {
        let words = self.command.into_iter().filter(|word| !word.starts_with('-'));
        std::iter::once("nicelist".to_owned()).chain(words).chain(["--help".to_owned()])
    }
}
