//! `nicelist context`.

mod list;
mod select;

use clap::Subcommand;

use super::context::Context;
use super::error::CliError;

/// List contexts and choose the one to use
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    List(list::ListArgs),
    Use(select::UseArgs),
}

pub(super) fn run(context: &Context, command: Command) -> Result<(), CliError> {
    match command {
        Command::List(args) => list::run(context, args),
        Command::Use(args) => select::run(context, &args),
    }
}
