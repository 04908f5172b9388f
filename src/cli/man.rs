//! `nicelist man`: for packagers, so it is hidden.

use std::path::PathBuf;

use clap::Args;

use super::artifacts;
use super::error::CliError;

/// Write the manual pages into a folder
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist man /usr/local/share/man/man1")]
pub(crate) struct ManArgs {
    /// The folder; made if it is not there
    folder: PathBuf,
}

pub(crate) fn run(args: &ManArgs) -> Result<(), CliError> {
    Ok(artifacts::write_into(&args.folder, artifacts::man()?)?)
}
