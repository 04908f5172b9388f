//! `nicelist database migrate`.

use clap::Args;
use serde::Serialize;

use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::ui::{Cell, Group, Report};
use crate::server::moving::{Migrated, migrate};

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
    let database = super::configured(context)?;
    let migrated = migrate(&database.expose(), args.dry_run).await;
    let Migrated { from, to } = migrated.map_err(|error| CliError::failed(error.to_string()))?;
    context.ui.report(&Schema { database: database.to_string(), from, to })?;
    let would = if args.dry_run { "would bring" } else { "brought" };
    context.ui.status(match from == to {
        true => format!("{database} is up to date"),
        false => format!("{would} {database} from schema {from} to schema {to}"),
    });
    Ok(())
}

/// The schema of a database, before and after.
#[derive(Serialize)]
struct Schema {
    database: String,
    from: usize,
    to: usize,
}

impl Report for Schema {
    fn groups(&self) -> Vec<Group> {
        let fields = [
            ("database", Cell::text(&self.database)),
            ("from", Cell::text(self.from)),
            ("to", Cell::text(self.to)),
        ];
        vec![Group::titled("Schema", fields)]
    }
}
