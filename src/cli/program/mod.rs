//! `nicelist program`.

mod list;
mod show;
mod view;

use super::commands::commands;

commands! {
    /// List and inspect the programs that hosts reported
    List => list::ListArgs,
    Show => show::ShowArgs,
}
