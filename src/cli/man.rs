//! `nicelist man`, which is hidden because only packagers need it.

use std::path::PathBuf;

use clap::{Args, Command};

use super::artifacts;
use super::error::CliError;

/// Write manual pages to a folder
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist man /usr/local/share/man/man1")]
pub(crate) struct ManArgs {
    /// Folder to write to; created if it does not exist
    folder: PathBuf,
}

pub(crate) fn run(args: &ManArgs, command: Command) -> Result<(), CliError> {
    Ok(artifacts::write_into(&args.folder, artifacts::man(command)?)?)
}
