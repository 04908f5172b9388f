//! `nicelist tag`.

mod create;
mod delete;
mod list;

use super::commands::commands;

commands! {
    /// Make the tags that hosts can have
    List => list::ListArgs,
    Create => create::CreateArgs,
    Delete => delete::DeleteArgs,
}
