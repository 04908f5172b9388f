//! `nicelist person`.

mod export;
mod forget;

use super::commands::commands;

commands! {
    /// Export or replace what is stored about a person
    Export => export::ExportArgs,
    Forget => forget::ForgetArgs,
}
