//! The log, on stderr.

use std::io::{self, IsTerminal};

use tracing_subscriber::EnvFilter;

use super::error::CliError;

/// Starts the log. `--verbose` replaces the filter.
pub(crate) fn start(filter: &str, verbose: u8) -> Result<(), CliError> {
    let level = match verbose {
        0 => filter,
        1 => "info",
        2 => "info,nicelist=debug",
        _ => "debug,nicelist=trace",
    };
    let filter = EnvFilter::try_new(level).map_err(|error| {
        let name = crate::config::names::LOG;
        CliError::usage(format!("{name}: {error}")).hint(
            "expected a filter such as \
            info,nicelist::sync=debug",
        )
    })?;
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    let log = log.with_ansi(io::stderr().is_terminal());
    log.try_init().map_err(|error| CliError::failed(format!("cannot start logging: {error}")))
}
