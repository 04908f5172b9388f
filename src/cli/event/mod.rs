//! `nicelist event`.

mod approve;
mod block;
mod bundle;
mod decide;
mod decide_many;
mod filter;
mod import;
mod list;
mod question;
mod show;
mod stats;
mod subject;
mod tail;
mod undo;
mod view;
mod waiting;

use super::commands::commands;

commands! {
    /// View events from hosts, and approve or block programs
    List => list::ListArgs,
    Show => show::ShowArgs,
    Tail => tail::TailArgs,
    Stats => stats::StatsArgs,
    Approve => approve::ApproveArgs,
    Block => block::BlockArgs,
    Undo => undo::UndoArgs,
    Import => import::ImportArgs,
}
