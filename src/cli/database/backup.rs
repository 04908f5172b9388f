//! `nicelist database backup`.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::named::local_file;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::ui::{Facts, Ui};
use crate::server::maintenance::{BackedUp, BackupError, backup};
use crate::shell::argument;

/// Back up an SQLite database
///
/// A server can keep using the database during the backup. The backup is a single file with the
/// state of the database at one moment. nicelist checks the backup before it gives the file its
/// name, so an interrupted backup cannot be mistaken for a complete one. Only the owner can read
/// the file, because it contains token hashes and the events of all hosts. Back up PostgreSQL
/// databases with pg_dump.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist database backup nicelist-backup.db
  nicelist database backup --force /backups/nicelist.db \\
      --database sqlite:/var/lib/nicelist/nicelist.db")]
pub(crate) struct BackupArgs {
    /// File to write
    file: PathBuf,
    /// Replace the file if it exists
    #[arg(long)]
    force: bool,
}

pub(super) async fn run(context: &Context, args: BackupArgs) -> Result<(), CliError> {
    let BackupArgs { file, force } = args;
    let (database, path) =
        local_file(context, |url| format!("pg_dump --format=custom --file=nicelist.dump {url}"))?;
    let progress = context.ui.progress(None, "copying");
    let backed_up = backup(&path, &file, force).map_err(|error| failed(&context.ui, error))?;
    drop(progress);
    let shown = file.display().to_string();
    let BackedUp { revision, at: _, hosts, bytes } = backed_up;
    context.ui.report(&Facts {
        title: "Backup",
        fields: [
            ("file", json!(shown)),
            ("revision", json!(revision)),
            ("hosts", json!(hosts)),
            ("bytes", json!(bytes)),
        ],
    })?;
    context.ui.status(format!("backed up {database} to {shown} ({})", contents(&backed_up)));
    Ok(())
}

fn failed(ui: &Ui, error: BackupError) -> CliError {
    let message = error.to_string();
    let failed = CliError::failed(message);
    match error {
        BackupError::Exists(_) => failed.hint(format!("to replace it: {}", ui.again("--force"))),
        BackupError::Damaged { database, .. } => failed.hint(format!(
            "for details: nicelist database check --database {}",
            argument(&format!("sqlite:{}", database.display()))
        )),
        BackupError::Database { .. } | BackupError::Write { .. } => failed,
    }
}

pub(super) fn contents(BackedUp { revision, at, hosts, bytes: _ }: &BackedUp) -> String {
    let noun = if *hosts == 1 { "host" } else { "hosts" };
    let of = at.map(|at| format!(" of {}", at.strftime("%Y-%m-%d %H:%M UTC"))).unwrap_or_default();
    format!("revision {revision}{of}, {hosts} {noun}")
}
