//! `nicelist database`.

mod accept_clock;
mod backup;
mod check;
mod compare;
mod copy;
mod migrate;
mod new_epoch;
mod restore;

use std::ffi::OsStr;
use std::path::PathBuf;

use clap::Subcommand;
use clap::builder::TypedValueParser;

use super::arg::DatabaseUrl;
use super::context::Context;
use super::error::CliError;
use super::ui::Progress;
use crate::config::{Database, Place};
use crate::server::moving::{MovingError, Step};
use crate::shell::argument;

/// Back up, restore, copy and check whole databases
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Backup(backup::BackupArgs),
    Restore(restore::RestoreArgs),
    NewEpoch(new_epoch::NewEpochArgs),
    Copy(copy::CopyArgs),
    Compare(compare::CompareArgs),
    Check(check::CheckArgs),
    Migrate(migrate::MigrateArgs),
    AcceptClock(accept_clock::AcceptClockArgs),
}

pub(super) async fn run(context: &Context, command: Command) -> Result<(), CliError> {
    match command {
        Command::Backup(args) => backup::run(context, &args),
        Command::Restore(args) => restore::run(context, &args),
        Command::Copy(args) => copy::run(context, args).await,
        Command::Compare(args) => compare::run(context, args).await,
        Command::Check(args) => check::run(context, &args).await,
        Command::NewEpoch(args) => new_epoch::run(context, &args).await,
        Command::AcceptClock(args) => accept_clock::run(context, &args).await,
        Command::Migrate(args) => migrate::run(context, args).await,
    }
}

/// The word for the database that the settings name: whoever may read a command line would read
/// a password in it.
const CONFIGURED: &str = "configured";

/// A database that a command line names.
#[derive(Clone, Debug)]
enum Named {
    /// By its URL.
    Url(Database),
    /// As the one that the settings name.
    Configured,
}

impl Named {
    fn resolve(self, context: &Context) -> Result<Database, CliError> {
        match self {
            Self::Url(database) => Ok(database),
            Self::Configured => configured(context),
        }
    }
}

/// Reads the name of a database.
#[derive(Clone, Copy, Debug)]
struct DatabaseName;

impl TypedValueParser for DatabaseName {
    type Value = Named;

    fn parse_ref(
        &self,
        command: &clap::Command,
        arg: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<Named, clap::Error> {
        if value == CONFIGURED {
            return Ok(Named::Configured);
        }
        DatabaseUrl.parse_ref(command, arg, value).map(Named::Url)
    }
}

/// The database that the settings name.
fn configured(context: &Context) -> Result<Database, CliError> {
    match context.settings.place()? {
        Place::Local { database, .. } => Ok(database.clone()),
        Place::Server { .. } => {
            Err(CliError::usage("this is done where the database is, not through a server")
                .hint("name it: --database sqlite:PATH or --database postgres://USER@HOST/NAME"))
        }
    }
}

/// The database that the settings name, and its file. `of_server` is the command that does the same
/// to a database on a PostgreSQL server.
fn local_file(
    context: &Context,
    of_server: &dyn Fn(&str) -> String,
) -> Result<(Database, PathBuf), CliError> {
    let database = configured(context)?;
    match database.path().map(PathBuf::from) {
        Some(path) => Ok((database, path)),
        None => Err(CliError::usage("use PostgreSQL's tools for a PostgreSQL database")
            .hint(of_server(&argument(&database.to_string())))),
    }
}

/// Shows what a copy does next.
fn show(progress: &Progress, step: Step) {
    match step {
        Step::Copying(table) => progress.say(format!("copying {table}")),
        Step::Completing => progress.say("indexing"),
        Step::Checking(table) => progress.say(format!("comparing {table}")),
        Step::Rows(rows) => progress.advance(rows),
    }
}

impl From<MovingError> for CliError {
    fn from(error: MovingError) -> Self {
        let message = error.to_string();
        match error {
            MovingError::Open(_) | MovingError::Read { .. } | MovingError::Write { .. } => {
                Self::failed(message)
            }
            MovingError::Differs { tables, .. } => {
                let different = tables.iter().filter(|table| !table.is_same());
                Self::failed(message).because(different.map(compare::sentence))
            }
        }
    }
}
