//! The user's configuration file.

use std::path::PathBuf;

use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::config::{ConfigError, Paths};

/// The path, whether or not the file exists.
pub(in crate::cli) fn user_file(context: &Context) -> Result<PathBuf, CliError> {
    Ok(Paths::of(&context.env).user.ok_or(ConfigError::NoHome)?)
}
