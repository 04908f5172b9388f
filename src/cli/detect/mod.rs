//! `nicelist detect`.

mod fields;
mod generate;

use super::commands::commands;
use super::error::CliError;
use crate::detect::spool::SpoolError;

commands! {
    /// Work with Santa's telemetry
    Fields => fields::FieldsArgs,
    Generate => generate::GenerateArgs,
}

impl From<SpoolError> for CliError {
    fn from(error: SpoolError) -> Self {
        let failed = Self::failed(error.to_string());
        match error.hint() {
            Some(hint) => failed.hint(hint),
            None => failed,
        }
    }
}
