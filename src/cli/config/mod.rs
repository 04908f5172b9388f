//! `nicelist config`.

mod get;
mod init;
mod list;
mod path;
mod set;
mod unset;
mod user_file;

use clap::Subcommand;

use super::context::Context;
use super::error::CliError;
pub(super) use user_file::user_file;

/// View and change settings and contexts of the command line
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    List(list::ListArgs),
    Get(get::GetArgs),
    Set(set::SetArgs),
    Unset(unset::UnsetArgs),
    Path(path::PathArgs),
    Init(init::InitArgs),
}

pub(super) fn run(context: &Context, command: Command) -> Result<(), CliError> {
    match command {
        Command::List(args) => list::run(context, args),
        Command::Get(args) => get::run(context, &args),
        Command::Set(args) => set::run(context, &args),
        Command::Unset(args) => unset::run(context, &args),
        Command::Path(args) => path::run(context, args),
        Command::Init(args) => init::run(context, args),
    }
}
