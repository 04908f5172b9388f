//! `nicelist database check`.

use clap::Args;
use serde::Serialize;

use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::ui::{Cell, Group, Report};
use crate::server::moving::{Checked, check};

/// Check a database for damage
///
/// Checks the structure of an SQLite file and, in both kinds of database, the checksums of all
/// rules, settings and tags. Nothing is changed, and a server may run at the same time. Exit code 1
/// means that the database is damaged: restore it from a backup.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist database check --database sqlite:/var/lib/nicelist/nicelist.db
  nicelist database check --database postgres://nicelist@db/nicelist")]
pub(crate) struct CheckArgs {}

pub(super) async fn run(context: &Context, _: &CheckArgs) -> Result<(), CliError> {
    let database = super::configured(context)?;
    let checked = check(&database.expose()).await;
    let Checked { rows, damage } = checked.map_err(|error| CliError::failed(error.to_string()))?;
    if let Some(damage) = damage {
        return Err(CliError::failed(format!("{database} is damaged: {damage}"))
            .hint("stop the server and restore the database from a backup"));
    }
    context.ui.report(&Sound { database: database.to_string(), rows })?;
    let noun = if rows == 1 { "row" } else { "rows" };
    context.ui.status(format!("no damage found in {database} ({rows} {noun} checked)"));
    Ok(())
}

/// A database without damage.
#[derive(Serialize)]
struct Sound {
    database: String,
    rows: u64,
}

impl Report for Sound {
    fn groups(&self) -> Vec<Group> {
        let fields = [("database", Cell::text(&self.database)), ("rows", Cell::text(self.rows))];
        vec![Group::titled("Check", fields)]
    }
}
