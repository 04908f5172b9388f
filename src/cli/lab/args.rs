//! Values of arguments that several lab commands share.

use std::time::Duration;

use crate::cli::error::CliError;

/// A timeout of up to an hour.
pub(super) fn seconds(text: &str) -> Result<Duration, String> {
    const LONGEST: u32 = 3600;
    match text.parse::<u32>() {
        Ok(seconds @ 1..=LONGEST) => Ok(Duration::from_secs(seconds.into())),
        Ok(_) | Err(_) => Err(format!("expected a number from 1 to {LONGEST}")),
    }
}

/// Converts one of nicelist's words into a value of Santa's protocol.
pub(super) fn on_the_wire<T: serde::de::DeserializeOwned>(word: &str) -> Result<T, CliError> {
    serde_json::from_value(word.into())
        .map_err(|error| CliError::usage(format!("`{word}`: {error}")))
}
