//! `nicelist detect`.

mod fields;
mod generate;

use super::commands::commands;

commands! {
    /// Work with Santa's telemetry
    Fields => fields::FieldsArgs,
    Generate => generate::GenerateArgs,
}
