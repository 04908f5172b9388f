//! `nicelist man`, which is hidden because only packagers need it.

pub(super) mod page;

use std::path::PathBuf;

use clap::{Args, Command};

use super::artifacts;
use super::error::CliError;

/// Write manual pages to a folder
///
/// The pages of commands end with .1, and the pages of topics end with .7. Install them into the
/// folders man1 and man7 of your system, such as /usr/local/share/man/man1.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist man pages")]
pub(crate) struct ManArgs {
    /// Folder to write to; created if it does not exist
    folder: PathBuf,
}

pub(crate) fn run(args: &ManArgs, command: Command) -> Result<(), CliError> {
    Ok(artifacts::write_into(&args.folder, artifacts::man(command)?)?)
}
