//! `nicelist event`.

mod approve;
mod block;
mod bundle;
mod decide;
mod desk;
mod filter;
mod import;
mod list;
mod question;
mod show;
mod stats;
mod tail;
mod undo;
mod view;

use clap::Subcommand;

use super::context::Context;
use super::error::CliError;

/// Look at what Macs blocked, and decide about it
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    List(list::ListArgs),
    Show(show::ShowArgs),
    Tail(tail::TailArgs),
    Stats(stats::StatsArgs),
    Approve(approve::ApproveArgs),
    Block(block::BlockArgs),
    Undo(undo::UndoArgs),
    Import(import::ImportArgs),
}

pub(super) async fn run(context: &Context, command: Command) -> Result<(), CliError> {
    match command {
        Command::List(args) => list::run(context, args).await,
        Command::Show(args) => show::run(context, args).await,
        Command::Tail(args) => tail::run(context, args).await,
        Command::Stats(args) => stats::run(context, args).await,
        Command::Approve(args) => approve::run(context, args).await,
        Command::Block(args) => block::run(context, args).await,
        Command::Undo(args) => undo::run(context, args).await,
        Command::Import(args) => import::run(context, args).await,
    }
}
