//! `nicelist token`.

mod create;
mod list;
mod revoke;

use clap::Subcommand;

use super::context::Context;
use super::error::CliError;

/// Make and revoke tokens for people, scripts and hosts
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Create(create::CreateArgs),
    List(list::ListArgs),
    Revoke(revoke::RevokeArgs),
}

pub(super) async fn run(context: &Context, command: Command) -> Result<(), CliError> {
    match command {
        Command::Create(args) => create::run(context, args).await,
        Command::List(args) => list::run(context, args).await,
        Command::Revoke(args) => revoke::run(context, args).await,
    }
}
