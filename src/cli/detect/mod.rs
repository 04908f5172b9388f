//! `nicelist detect`.

mod fields;
mod generate;
mod import;

use super::commands::commands;
use super::error::CliError;
use crate::detect::spool::SpoolError;

commands! {
    /// Write and test detections over Santa's telemetry
    Fields => fields::FieldsArgs,
    Generate => generate::GenerateArgs,
    Import => import::ImportArgs,
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
