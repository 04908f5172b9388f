//! `nicelist database migrate`.

use clap::Args;
use serde_json::json;

use super::named::configured;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::ui::Facts;
use crate::server::maintenance::{Migrated, migrate};

/// Upgrade the schema of a database
///
/// `nicelist serve` and all commands that change a database upgrade it automatically. This command
/// does nothing else. If an SQLite database does not exist, it is created. Create a PostgreSQL
/// database with createdb first. The upgrade is applied as a whole or not at all. Make a backup
/// first: older versions of nicelist cannot use an upgraded database.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist database migrate --dry-run \\
      --database sqlite:/var/lib/nicelist/nicelist.db
  nicelist database migrate --database postgres://nicelist@db/nicelist")]
pub(crate) struct MigrateArgs {
    /// Show the upgrade, but change nothing
    #[arg(long)]
    dry_run: bool,
}

pub(super) async fn run(context: &Context, args: MigrateArgs) -> Result<(), CliError> {
    let database = configured(context)?;
    let migrated = migrate(&database.expose(), args.dry_run).await;
    let Migrated { from, to } = migrated.map_err(|error| CliError::failed(error.to_string()))?;
    let name = json!(database.to_string());
    let fields = [("database", name), ("from", json!(from)), ("to", json!(to))];
    context.ui.report(&Facts { title: "Schema", fields })?;
    let would = if args.dry_run { "would update" } else { "updated" };
    context.ui.status(match from == to {
        true => format!("{database} is up to date"),
        false => format!("{would} {database} from schema {from} to schema {to}"),
    });
    Ok(())
}
