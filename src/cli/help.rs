//! `nicelist help`, which shows a topic, or the same as `--help` for a command.

mod nearest;
mod topic;

use clap::{Args, Command};

pub(super) use topic::Topic;

use super::context::Context;
use super::error::CliError;

/// Show the help of a command or topic
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist help
  nicelist help rule add
  nicelist help scopes")]
pub(crate) struct HelpArgs {
    #[arg(value_name = "COMMAND|TOPIC", help = help_of_name())]
    name: Option<String>,
    /// Subcommand, such as add
    #[arg(value_name = "SUBCOMMAND")]
    below: Vec<String>,
}

fn help_of_name() -> String {
    format!("Command, such as rule, or one of the topics {}", Topic::names(", "))
}

impl HelpArgs {
    fn topic(&self) -> Option<Topic> {
        let name = self.name.as_deref().filter(|_| self.below.is_empty())?;
        Topic::ALL.into_iter().find(|topic| topic.name() == name)
    }

    /// The given words. Options are left out, so that they have no effect.
    fn words(&self) -> impl Iterator<Item = &str> {
        let words = self.name.iter().chain(&self.below).map(String::as_str);
        words.filter(|word| !word.starts_with('-'))
    }

    /// The command line that prints the help of a command. `None` for a topic or an unknown
    /// command.
    pub(crate) fn command_line(&self, root: &Command) -> Option<Vec<String>> {
        if self.topic().is_some() || nearest::first_unknown(root, self.words()).is_some() {
            return None;
        }
        let words = std::iter::once("nicelist").chain(self.words()).chain(["--help"]);
        Some(words.map(str::to_owned).collect())
    }
}

/// Shows a topic, or fails if the name is unknown. The help of commands is shown by `--help`.
pub(crate) fn run(context: &Context, args: &HelpArgs, root: &Command) -> Result<(), CliError> {
    match (args.topic(), nearest::first_unknown(root, args.words())) {
        (Some(topic), _) => context.ui.raw(topic.page().as_bytes()),
        (None, Some(unknown)) => Err(unknown.error()),
        (None, None) => Ok(()),
    }
}
