//! The database arguments of commands.

use std::ffi::OsStr;
use std::path::PathBuf;

use clap::builder::TypedValueParser;

use crate::cli::arg::Confidential;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::config::{Backend, DatabaseUrl};
use crate::shell::argument;

/// The word for the configured database. A URL on the command line would show its password to other
/// users of the machine.
const CONFIGURED: &str = "configured";

/// A database in the arguments of a command.
#[derive(Clone, Debug)]
pub(super) enum NamedDatabase {
    Url(DatabaseUrl),
    Configured,
}

impl NamedDatabase {
    pub(super) fn resolve(self, context: &Context) -> Result<DatabaseUrl, CliError> {
        match self {
            Self::Url(database) => Ok(database),
            Self::Configured => configured(context),
        }
    }
}

/// Parses a [`NamedDatabase`].
#[derive(Clone, Copy, Debug)]
pub(super) struct DatabaseName;

impl TypedValueParser for DatabaseName {
    type Value = NamedDatabase;

    fn parse_ref(
        &self,
        command: &clap::Command,
        arg: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<NamedDatabase, clap::Error> {
        if value == CONFIGURED {
            return Ok(NamedDatabase::Configured);
        }
        Confidential::<DatabaseUrl>::new().parse_ref(command, arg, value).map(NamedDatabase::Url)
    }
}

pub(super) fn configured(context: &Context) -> Result<DatabaseUrl, CliError> {
    match context.settings.backend()? {
        Backend::Local { database, .. } => Ok(database.clone()),
        Backend::Server { .. } => Err(CliError::usage(
            "this command requires direct access to the database, not a server",
        )
        .hint(
            "add the database: --database sqlite:PATH or --database \
                    postgres://USER@HOST/NAME",
        )),
    }
}

/// The configured database and its file. `for_postgres` returns the command that does the same with
/// PostgreSQL's tools.
pub(super) fn local_file(
    context: &Context,
    for_postgres: impl Fn(&str) -> String,
) -> Result<(DatabaseUrl, PathBuf), CliError> {
    let database = configured(context)?;
    match database.path().map(PathBuf::from) {
        Some(path) => Ok((database, path)),
        None => Err(CliError::usage("use PostgreSQL's tools for a PostgreSQL database")
            .hint(for_postgres(&argument(&database.to_string())))),
    }
}
