//! PEM files in arguments of commands.

use std::fs;
use std::path::Path;

use super::error::CliError;
use super::policy_files::{Bounded, LARGEST_PEM};

pub(crate) fn read(path: &Path) -> Result<Vec<u8>, CliError> {
    let unread =
        |error| CliError::usage(format!("{}: cannot read the file: {error}", path.display()));
    let read = fs::File::open(path).and_then(|file| Bounded::new(file, LARGEST_PEM).read_all());
    read.map_err(unread)
}

/// The error about a file without certificates.
pub(crate) fn no_certificate(path: &Path) -> CliError {
    CliError::usage(format!("{}: the file contains no certificate", path.display()))
        .hint("a PEM file has a line -----BEGIN CERTIFICATE-----")
}
