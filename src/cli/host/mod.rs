//! `nicelist host`.

mod accept;
mod clean_sync;
mod diagnose;
mod forget;
mod list;
mod show;
mod summary;
mod tag;
mod tagged_hosts;
mod untag;
mod view;
pub(super) mod wait;

pub(super) use summary::uncounted_and_age;

use super::commands::commands;

commands! {
    /// List, inspect and tag hosts
    List => list::ListArgs,
    Show => show::ShowArgs,
    Diagnose => diagnose::DiagnoseArgs,
    Tag => tag::TagArgs,
    Untag => untag::UntagArgs,
    CleanSync => clean_sync::CleanSyncArgs,
    Accept => accept::AcceptArgs,
    Wait => wait::WaitArgs,
    Forget => forget::ForgetArgs,
}
