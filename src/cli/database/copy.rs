//! `nicelist database copy`.

use clap::Args;
use serde::Serialize;

use super::compare::show_step;
use super::named::{DatabaseName, NamedDatabase};
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::ui::{Cell, Column, Row};
use crate::server::maintenance::{CopiedEpoch, CopiedTable, DatabaseCopy};

/// Copy a database into an empty one
///
/// Copies everything between SQLite and PostgreSQL, or between two databases of the same kind:
/// rules with their history, settings, tags, hosts and their rules, events and tokens. IDs and
/// revision numbers stay the same. The copy is read back and compared before it is committed. If
/// copying fails or is interrupted, the target stays empty. FROM does not change. Stop the server
/// first, because the copy does not include data that the server writes to FROM in the meantime.
///
/// The copy starts a new epoch, like `nicelist database new-epoch`, because hosts may sync with
/// FROM after the copy. With --keep-epoch, the epoch stays the same, and hosts do not notice the
/// copy.
///
/// `configured` means the database from --database, NICELIST_DATABASE or the configuration file.
/// Use it for URLs with a password, because all users of the machine can read command lines.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist database copy sqlite:/var/lib/nicelist/nicelist.db \\
      postgres://nicelist@db/nicelist
  nicelist database copy sqlite:/var/lib/nicelist/nicelist.db configured \\
      --dry-run
  nicelist database copy configured sqlite:nicelist.db")]
pub(crate) struct CopyArgs {
    /// Database to copy: sqlite:PATH, postgres://USER@HOST/NAME or configured
    #[arg(value_parser = DatabaseName)]
    from: NamedDatabase,
    /// Target: an empty database, or an SQLite file that does not exist yet
    #[arg(value_parser = DatabaseName)]
    to: NamedDatabase,
    /// Show what would be copied, but change nothing
    #[arg(long)]
    dry_run: bool,
    /// Do not start a new epoch; safe only if no server will use FROM again
    #[arg(long)]
    keep_epoch: bool,
}

pub(super) async fn run(context: &Context, args: CopyArgs) -> Result<(), CliError> {
    let CopyArgs { from, to, dry_run, keep_epoch } = args;
    let (from, to) = (from.resolve(context)?, to.resolve(context)?);
    let (from_url, to_url) = (from.expose(), to.expose());
    let copy = DatabaseCopy::prepare(&from_url, &to_url).await?;
    let total: u64 = copy.rows().iter().map(|moved| moved.rows).sum();
    let rows = |moved: &[CopiedTable]| moved.iter().copied().map(Line::from).collect::<Vec<_>>();
    if dry_run {
        context.ui.rows(rows(copy.rows()), "")?;
        context.ui.status(format!("would copy {total} rows from {from} to {to}"));
        return Ok(());
    }
    let epoch = match keep_epoch {
        true => CopiedEpoch::Kept,
        false => CopiedEpoch::New(context.ui.now()),
    };
    let progress = context.ui.progress(Some(2 * total), "opening");
    let moved = copy.run(epoch, &|step| show_step(&progress, step)).await?;
    drop(progress);
    context.ui.rows(rows(&moved), "")?;
    context.ui.status(format!("copied {total} rows from {from} to {to}; both have the same rows"));
    Ok(())
}

/// The number of rows to copy, or copied, from a table.
#[derive(Serialize)]
struct Line {
    table: &'static str,
    rows: u64,
}

impl From<CopiedTable> for Line {
    fn from(CopiedTable { table, rows }: CopiedTable) -> Self {
        Self { table, rows }
    }
}

impl Row for Line {
    fn columns() -> Vec<Column<Self>> {
        vec![
            Column::new("table", |line| Cell::text(line.table)),
            Column::new("rows", |line| Cell::text(line.rows)),
        ]
    }
}
