//! Reads the rule files that a command works on.

use std::io;
use std::path::Path;

use crate::cli::error::CliError;
use crate::cli::policy_files::{Bounded, STDIO, name_of, unreadable};
use crate::detect::rule_files::{self, SourceFile};

/// Maximum bytes of stdin.
const LARGEST: u64 = 4 << 20;

/// The files of a path: one file, the rule files of a folder, or stdin.
pub(super) fn open(path: &Path) -> Result<Vec<SourceFile>, CliError> {
    let files = match path == Path::new(STDIO) {
        true => {
            let bytes = Bounded::new(io::stdin(), LARGEST).read_all();
            let bytes = bytes.map_err(|error| unreadable(path, &error))?;
            vec![SourceFile::new(name_of(path), bytes)]
        }
        false => rule_files::open(path).map_err(|error| unreadable(path, &error))?,
    };
    match files.is_empty() {
        true => Err(CliError::input(format!("{} contains no rule files", name_of(path)))
            .hint("rule files end with .yaml, .yml or .tf")),
        false => Ok(files),
    }
}
