//! `nicelist rule export`.

use std::path::PathBuf;

use clap::Args;

use super::list::Filter;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::policy_files::{self, Destination, Finished, WriteOptions};
use crate::fleet::PolicyState;
use crate::format::Format;

/// Export rules to a file in any format
///
/// CSV, TSV, JSON and TOML keep everything: importing the file creates the same rules in the same
/// scopes. If another format cannot express something, nicelist lists it and leaves it out. With
/// --strict, nicelist then writes nothing, and the exit code is 5.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist rule export > rules.csv
  nicelist rule export -f eng.csv --scope tag:eng
  nicelist rule export -f before.csv --at 41
  nicelist rule export -f santa.mobileconfig --scope fleet --strict
  nicelist rule export --to jsonl | jq -r .target")]
pub(crate) struct ExportArgs {
    /// File or folder to write instead of stdout; its extension selects the format
    #[arg(short, long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Format [default: detected from the extension, otherwise csv]
    #[arg(long, value_name = "FORMAT", value_parser = policy_files::formats())]
    to: Option<Format>,
    /// Write nothing if the format cannot express all rules
    #[arg(long)]
    strict: bool,
    #[command(flatten)]
    filter: Filter,
}

pub(super) async fn run(context: &Context, args: ExportArgs) -> Result<(), CliError> {
    let ExportArgs { file, to, strict, filter } = args;
    let named = file.as_ref().and_then(|file| Format::of_name(&file.to_string_lossy()));
    let format = to.or(named).unwrap_or(Format::Csv);
    let destination = Destination::new(file, Some(format))?;
    let client = context.client().await?;
    let query = filter.query(context, &client).await?;
    let place = destination.path().map(|path| path.display().to_string());
    let progress =
        place.as_ref().map(|place| context.ui.progress(None, format!("writing {place}")));
    let mut sink = destination.begin(
        &context.ui,
        PolicyState::default(),
        WriteOptions { strict, dry_run: false },
    )?;
    let mut pages = client.rules(&query);
    while let Some(page) = pages.next().await? {
        for view in page {
            sink.write(super::view::rule(view)?)?;
        }
    }
    let Finished { count, losses: _ } = sink.finish()?;
    drop(progress);
    if let Some(place) = place {
        context.ui.status(format!("wrote {} to {place}", policy_files::counted(count, "rule")));
    }
    Ok(())
}
