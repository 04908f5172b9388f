//! The scheduled backups of `nicelist serve`.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::cli::arg::positive;
use crate::cli::error::CliError;
use crate::config::DatabaseUrl;
use crate::fleet::parse_duration;
use crate::server::BackupOptions;
use crate::shell::argument;

#[derive(Debug, Args)]
pub(super) struct BackupArgs {
    /// Back up the SQLite database to this folder regularly
    #[arg(long, value_name = "DIR")]
    backup_dir: Option<PathBuf>,
    /// Interval between backups
    #[arg(long, value_name = "DURATION", requires = "backup_dir", value_parser = interval,
        default_value = "1d")]
    backup_every: Duration,
    /// Number of backups to keep; older ones are deleted
    #[arg(long, value_name = "N", requires = "backup_dir", default_value = "7",
        value_parser = positive::<NonZeroUsize>)]
    backup_keep: NonZeroUsize,
}

/// Minimum and maximum interval between backups.
const INTERVALS: std::ops::RangeInclusive<Duration> =
    Duration::from_secs(1)..=Duration::from_secs(366 * 24 * 60 * 60);

fn interval(text: &str) -> Result<Duration, String> {
    let interval = parse_duration(text).and_then(|interval| Duration::try_from(interval).ok());
    interval
        .filter(|interval| INTERVALS.contains(interval))
        .ok_or_else(|| "expected a duration from 1s to 366d, such as 6h or 1d".to_owned())
}

impl BackupArgs {
    /// Fails if nicelist cannot back up the database.
    pub(super) fn options(
        &self,
        database: &DatabaseUrl,
    ) -> Result<Option<BackupOptions>, CliError> {
        let Some(folder) = &self.backup_dir else { return Ok(None) };
        if database.path().is_none() {
            let message = "--backup-dir backs up only SQLite databases; use pg_dump for PostgreSQL";
            let url = database.to_string();
            let dump = format!("pg_dump --format=custom --file=nicelist.dump {}", argument(&url));
            return Err(CliError::usage(message).hint(dump));
        }
        Ok(Some(BackupOptions {
            // The status shows the folder to people who do not know the server's working folder.
            folder: std::path::absolute(folder).unwrap_or_else(|_| folder.clone()),
            every: self.backup_every,
            keep: self.backup_keep,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn l9_the_interval_of_backups_is_from_a_second_to_a_year() {
        assert_eq!(interval("6h"), Ok(Duration::from_secs(6 * 60 * 60)));
        assert_eq!(interval("1d"), Ok(Duration::from_secs(24 * 60 * 60)));
        for wrong in ["", "0s", "-1h", "daily", "400d"] {
            assert!(interval(wrong).is_err(), "{wrong}");
        }
    }
}
