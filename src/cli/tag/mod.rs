//! `nicelist tag`.

mod create;
mod delete;
mod list;

use clap::Subcommand;

use super::context::Context;
use super::error::CliError;

/// Make the tags that hosts can have
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    List(list::ListArgs),
    Create(create::CreateArgs),
    Delete(delete::DeleteArgs),
}

pub(super) async fn run(context: &Context, command: Command) -> Result<(), CliError> {
    match command {
        Command::List(args) => list::run(context, args).await,
        Command::Create(args) => create::run(context, args).await,
        Command::Delete(args) => delete::run(context, args).await,
    }
}
