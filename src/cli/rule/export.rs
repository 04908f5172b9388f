//! `nicelist rule export`.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::Args;

use super::list::Filter;
use crate::api::RuleQuery;
use crate::cli::context::Context;
use crate::cli::error::{CliError, Kind};
use crate::cli::ui::Ui;
use crate::client::Client;
use crate::format::csv::{Delimiter, Writer};
use crate::rule::Rule;

/// Export rules as CSV that rule import reads
///
/// Nothing is lost: importing the file gives the same rules, in the same scopes.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist rule export > rules.csv
  nicelist rule export -f eng.csv --scope tag:eng
  nicelist rule export -f before.csv --at 41
  nicelist rule export --type teamid | cut -d, -f2")]
pub(crate) struct ExportArgs {
    /// Write to this file rather than stdout; .tsv puts tabs between fields
    #[arg(short, long, value_name = "FILE")]
    file: Option<PathBuf>,
    #[command(flatten)]
    filter: Filter,
}

pub(super) async fn run(context: &Context, args: ExportArgs) -> Result<(), CliError> {
    let ExportArgs { file, filter } = args;
    let client = context.client().await?;
    let query = filter.query(context, &client).await?;
    let Some(path) = file else {
        write(&client, &query, Stdout(&context.ui), Delimiter::Comma).await?;
        return Ok(());
    };
    let progress = context.ui.progress(None, format!("writing {}", path.display()));
    let count = write_file(&client, &query, &path).await?;
    drop(progress);
    context.ui.status(format!("wrote {count} rules to {}", path.display()));
    Ok(())
}

/// Writes a file beside the one that is meant and puts it in its place when it is complete.
async fn write_file(client: &Client, query: &RuleQuery, path: &Path) -> Result<usize, CliError> {
    let unwritable = |error: io::Error| {
        CliError::failed(format!("cannot write {}", path.display())).because([error.to_string()])
    };
    let tabs = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("tsv"));
    let delimiter = if tabs { Delimiter::Tab } else { Delimiter::Comma };
    let mut unfinished = path.to_owned().into_os_string();
    unfinished.push(".new");
    let file = BufWriter::new(File::create(&unfinished).map_err(unwritable)?);
    let written = write(client, query, file, delimiter).await;
    match written {
        Ok(count) => fs::rename(&unfinished, path).map_err(unwritable).map(|()| count),
        Err(error) => {
            drop(fs::remove_file(&unfinished));
            Err(error)
        }
    }
}

/// Writes all rules, a page at a time.
async fn write(
    client: &Client,
    query: &RuleQuery,
    output: impl Write,
    delimiter: Delimiter,
) -> Result<usize, CliError> {
    let mut writer = Writer::new(output, delimiter)?;
    let mut pages = client.rules(query);
    let mut count = 0;
    while let Some(page) = pages.next().await? {
        for view in page {
            let target = view.rule.target.clone();
            let rule = Rule::try_from(view.rule).map_err(|error| {
                CliError::failed(format!("cannot export the rule for {target}"))
                    .because([error.to_string()])
                    .hint("the server may be newer than this nicelist")
            })?;
            writer.write(&rule)?;
            count += 1;
        }
    }
    writer.finish()?;
    Ok(count)
}

/// Stdout, as something that can be written to.
struct Stdout<'u>(&'u Ui);

impl Write for Stdout<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.0.raw(bytes) {
            Ok(()) => Ok(bytes.len()),
            Err(error) if error.kind == Kind::BrokenPipe => Err(io::ErrorKind::BrokenPipe.into()),
            Err(error) => Err(io::Error::other(error.message)),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
