//! `nicelist database restore`.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::backup::contents;
use super::named::local_file;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::ui::Facts;
use crate::server::maintenance::{RestoreError, Restored, examine_backup, restore};
use crate::shell::argument;

/// Restore an SQLite database from a backup
///
/// Stop the server first. The backup is checked before it is restored. It may be from an older
/// version of nicelist. The replaced database is kept next to the restored one under another name.
/// If the restore is interrupted, either the old or the restored database is in place.
///
/// Hosts may have newer rules than the backup. A restore therefore starts a new epoch, like
/// `nicelist database new-epoch`. Restore PostgreSQL databases with pg_restore.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist database restore nicelist-backup.db
  nicelist database restore --yes /backups/nicelist.db \\
      --database sqlite:/var/lib/nicelist/nicelist.db")]
pub(crate) struct RestoreArgs {
    /// Backup to restore
    file: PathBuf,
    /// Skip confirmation
    #[arg(short, long)]
    yes: bool,
}

pub(super) async fn run(context: &Context, args: RestoreArgs) -> Result<(), CliError> {
    let RestoreArgs { file, yes } = args;
    let (database, path) = local_file(context, |url| {
        format!(
            "restore into an empty database: pg_restore --exit-on-error --dbname={url} \
            nicelist.dump && nicelist database new-epoch --database {url}"
        )
    })?;
    let progress = context.ui.progress(None, "checking");
    let backup = examine_backup(&file).map_err(failed)?;
    drop(progress);
    let (shown, contents) = (file.display().to_string(), contents(&backup));
    context.ui.confirm(&format!("Replace {database} with {shown} ({contents})?"), yes)?;
    let progress = context.ui.progress(None, "restoring");
    let restored = restore(&path, &file, context.ui.now()).map_err(failed)?;
    drop(progress);
    let replaced = restored.replaced.as_ref().map(|path| path.display().to_string());
    let Restored { backup, replaced: _ } = restored;
    context.ui.report(&Facts {
        title: "Restore",
        fields: [
            ("database", json!(database.to_string())),
            ("file", json!(shown)),
            ("replaced", json!(replaced)),
            ("revision", json!(backup.revision)),
            ("hosts", json!(backup.hosts)),
        ],
    })?;
    context.ui.status(format!("restored {database} from {shown} ({contents})"));
    if let Some(replaced) = replaced {
        context.ui.status(format!("the replaced database is now {replaced}"));
    }
    context
        .ui
        .hint("tokens that were revoked after the backup are valid again: nicelist token list");
    Ok(())
}

fn failed(error: RestoreError) -> CliError {
    let failed = CliError::failed(error.to_string());
    match error {
        RestoreError::InUse(_) => failed.hint("stop the server, then restore again"),
        RestoreError::Irreplaceable { database, .. } => {
            let shown = database.display().to_string();
            let aside = format!("{shown}.old");
            let (from, to) = (argument(&shown), argument(&aside));
            failed.hint(format!("move the file away, then restore again: mv {from} {to}"))
        }
        RestoreError::Unusable { .. } => failed.hint("choose another backup file"),
        RestoreError::Write { .. } => failed,
    }
}
