//! `nicelist token`.

mod create;
mod list;
mod revoke;

use super::commands::commands;

commands! {
    /// Create, list and revoke API tokens and enrollment secrets
    Create => create::CreateArgs,
    List => list::ListArgs,
    Revoke => revoke::RevokeArgs,
}
