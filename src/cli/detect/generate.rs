//! `nicelist detect generate`.

use std::path::PathBuf;

use clap::{Args, ValueHint};
use serde_json::json;

use crate::cli::arg::Words;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::ui::Facts;
use crate::detect::generate::{Corpus, GenerateError, SpoolFormat, Written, write_corpus};

/// Generate telemetry for tests and sizing
///
/// Creates the events of a simulated Mac in the folder DIR/new, in files like those of Santa's
/// spool. Processes form trees, and every kind of event occurs. An event takes about 1.2 kB.
/// The same options generate the same files.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist detect generate --out spool
  nicelist detect generate --events 1000000 --seed 7 \\
      --format protobufstreamzstd --out spool
  nicelist detect generate --events 10 --format jsonl --out sample && cat \\
      sample/new/*")]
pub(crate) struct GenerateArgs {
    /// Number of events
    #[arg(long, value_name = "N", default_value = "10000")]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=MOST_EVENTS))]
    events: u64,
    /// Seed for generating the events
    #[arg(long, value_name = "N", default_value = "1")]
    seed: u64,
    /// Folder to write to; if it has a subfolder new, that must be empty
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    out: PathBuf,
    /// Format of the files
    #[arg(long, value_name = "FORMAT", default_value = "protobuf", value_parser = formats())]
    format: SpoolFormat,
}

/// Maximum events, which need about 120 GB.
const MOST_EVENTS: u64 = 100_000_000;

fn formats() -> Words<SpoolFormat> {
    Words::new(SpoolFormat::ALL.iter().map(|format| format.name()))
}

pub(super) async fn run(context: &Context, args: GenerateArgs) -> Result<(), CliError> {
    let GenerateArgs { events, seed, out, format } = args;
    let progress = context.ui.progress(Some(events), "generating events");
    let corpus = Corpus { events, seed, format, folder: &out };
    let written = write_corpus(&corpus, |count| progress.advance(count));
    drop(progress);
    let Written { files, events, bytes } = written?;
    context.ui.report(&Facts {
        title: "Generated telemetry",
        fields: [
            ("folder", json!(out.display().to_string())),
            ("format", json!(format.name())),
            ("files", json!(files)),
            ("events", json!(events)),
            ("bytes", json!(bytes)),
        ],
    })
}

impl From<GenerateError> for CliError {
    fn from(error: GenerateError) -> Self {
        let message = error.to_string();
        match error {
            GenerateError::NotEmpty { .. } => {
                Self::usage(message).hint("choose another folder with --out, or empty this one")
            }
            GenerateError::Write { .. } | GenerateError::Encode(_) | GenerateError::Decode(_) => {
                Self::failed(message)
            }
        }
    }
}
