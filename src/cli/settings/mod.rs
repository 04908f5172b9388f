//! `nicelist settings`.

mod import;
mod keys;
mod set;
mod show;
mod unset;

use super::commands::commands;

commands! {
    /// Show and change Santa settings
    Show => show::ShowArgs,
    Set => set::SetArgs,
    Unset => unset::UnsetArgs,
    Import => import::ImportArgs,
}
