//! `nicelist database check`.

use clap::Args;
use serde_json::json;

use super::named::configured;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::ui::Facts;
use crate::server::maintenance::{Checked, check};

/// Check a database for damage
///
/// Checks the structure of an SQLite file. In SQLite and PostgreSQL databases, checks the checksums
/// of all rules, settings and tags. Nothing is changed, and a server can run at the same time. The
/// exit code is 1 if the database is damaged. In that case, restore it from a backup.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist database check --database sqlite:/var/lib/nicelist/nicelist.db
  nicelist database check --database postgres://nicelist@db/nicelist")]
pub(crate) struct CheckArgs {}

pub(super) async fn run(context: &Context, CheckArgs {}: CheckArgs) -> Result<(), CliError> {
    let database = configured(context)?;
    let checked = check(&database.expose()).await;
    let Checked { rows, damage } = checked.map_err(|error| CliError::failed(error.to_string()))?;
    if let Some(damage) = damage {
        return Err(CliError::failed(format!("{database} is damaged: {damage}"))
            .hint("stop the server and restore the database from a backup"));
    }
    let fields = [("database", json!(database.to_string())), ("rows", json!(rows))];
    context.ui.report(&Facts { title: "Check", fields })?;
    let noun = if rows == 1 { "row" } else { "rows" };
    context.ui.status(format!("no damage found in {database} ({rows} {noun} checked)"));
    Ok(())
}
