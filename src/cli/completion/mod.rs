//! Completions for shells. A shell runs this program with the unfinished command line, and the
//! program prints the words that can follow.
//!
//! Hosts, tags and other values of the fleet come from the configured server or local database, but
//! only if a shell requests completions.

mod cache;
mod lists;
mod lookup;
mod proposal;
mod shells;
mod sources;

use std::process::ExitCode;

use clap_complete::CompleteEnv;

use crate::config::{arguments, names, working_directory};

pub(super) use shells::registration;

/// The command that shells complete and run. It is in a folder of `PATH`.
const PROGRAM: &str = "nicelist";

/// Prints completions if a shell requested them. Otherwise, returns `None`.
pub(super) fn respond() -> Option<ExitCode> {
    let completion = CompleteEnv::with_factory(|| sources::attach(super::command()))
        .var(names::COMPLETE)
        .bin(PROGRAM)
        .completer(PROGRAM)
        .shells(shells::ALL);
    match completion.try_complete(arguments(), working_directory().as_deref()) {
        Ok(false) => None,
        Ok(true) => Some(ExitCode::SUCCESS),
        // A message would be printed into the command line that the user is editing.
        Err(_) => Some(ExitCode::FAILURE),
    }
}
