//! The log, on stderr.

use std::io::{self, IsTerminal};

use clap::ValueEnum;
use tracing_subscriber::EnvFilter;

use super::error::CliError;

/// The format of the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// Lines of text
    #[default]
    Text,
    /// One JSON object per line
    Json,
}

/// The log of a command, unless the user sets another filter.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LogDefaults {
    pub(crate) filter: &'static str,
    pub(crate) format: LogFormat,
}

/// Starts the log. `--verbose` replaces the filter.
pub(crate) fn start(filter: &str, format: LogFormat, verbose: u8) -> Result<(), CliError> {
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
    let started = match format {
        LogFormat::Text => log.with_ansi(io::stderr().is_terminal()).try_init(),
        LogFormat::Json => log.json().flatten_event(true).with_span_list(false).try_init(),
    };
    started.map_err(|error| CliError::failed(format!("cannot start logging: {error}")))
}
