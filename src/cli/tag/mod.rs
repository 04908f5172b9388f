//! `nicelist tag`.

mod create;
mod delete;
mod list;

use super::commands::commands;

commands! {
    /// Create, list and delete tags for hosts
    List => list::ListArgs,
    Create => create::CreateArgs,
    Delete => delete::DeleteArgs,
}
