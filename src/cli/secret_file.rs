//! Files with a secret, because other users can see the arguments of a command.

use std::fmt::Display;
use std::fs;
use std::io;
use std::path::Path;
use std::str::FromStr;

use super::error::CliError;
use super::policy_files::{Bounded, LARGEST_PEM, STDIO, name_of, unreadable};

/// Reads a secret from a file, or from stdin if the path is `-`. The error does not show it.
pub(super) fn read<T: FromStr<Err: Display>>(path: &Path) -> Result<T, CliError> {
    let read = match path == Path::new(STDIO) {
        true => Bounded::new(io::stdin(), LARGEST_PEM).read_all(),
        false => fs::File::open(path).and_then(|file| Bounded::new(file, LARGEST_PEM).read_all()),
    };
    let bytes = read.map_err(|error| unreadable(path, &error))?;
    let invalid = |error: T::Err| CliError::input(format!("{}: {error}", name_of(path)));
    String::from_utf8_lossy(&bytes).trim().parse().map_err(invalid)
}
