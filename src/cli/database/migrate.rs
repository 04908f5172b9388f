//! `nicelist database migrate`.

use clap::Args;
use serde_json::json;

use super::named::configured;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::ui::Facts;
use crate::server::maintenance::{Migrated, migrate};

/// Bring a database's schema up to date
///
/// serve and every command that changes a database do so; this does nothing else. A database that
/// is not there yet is made, but for PostgreSQL's, which createdb makes. All or nothing. Back up
/// first: an older nicelist refuses a database that a newer one has brought up to date.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist database migrate --dry-run --database sqlite:/var/lib/nicelist/nicelist.db
  nicelist database migrate --database postgres://nicelist@db/nicelist")]
pub(crate) struct MigrateArgs {
    /// Say what would be done and change nothing
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
    let would = if args.dry_run { "would bring" } else { "brought" };
    context.ui.status(match from == to {
        true => format!("{database} is up to date"),
        false => format!("{would} {database} from schema {from} to schema {to}"),
    });
    Ok(())
}
