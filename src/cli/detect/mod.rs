//! `nicelist detect`.

mod backtest;
mod diagnostic;
mod explain;
mod fields;
mod generate;
mod import;
mod lint;
mod rule_input;
mod test;
mod validate;

use super::commands::commands;
use super::error::CliError;
use crate::detect::spool::SpoolError;

commands! {
    /// Write and test detections over Santa's telemetry
    Backtest => backtest::BacktestArgs,
    Explain => explain::ExplainArgs,
    Fields => fields::FieldsArgs,
    Generate => generate::GenerateArgs,
    Import => import::ImportArgs,
    Lint => lint::LintArgs,
    Test => test::TestArgs,
    Validate => validate::ValidateArgs,
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
