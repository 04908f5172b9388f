//! `nicelist token`.

mod create;
mod list;
mod revoke;

use super::commands::commands;

commands! {
    /// Create, list and revoke tokens for people, scripts and hosts
    Create => create::CreateArgs,
    List => list::ListArgs,
    Revoke => revoke::RevokeArgs,
}
