//! The settings of one layer, before the layers are merged.

use std::str::FromStr;

use super::env::{self, Environment};
use super::error::{ConfigError, ConfigProblem};
use super::origin::{Origin, Source, WithOrigin};
use super::values::{CaFile, Color, DatabaseUrl, Output, Secret, ServerUrl};

#[derive(Debug, Clone, Default)]
pub struct Flags {
    pub server: Option<ServerUrl>,
    pub token: Option<Secret>,
    pub ca: Option<CaFile>,
    pub database: Option<DatabaseUrl>,
    pub context: Option<String>,
    pub output: Option<Output>,
    pub color: Option<Color>,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Connection {
    pub(super) server: Option<WithOrigin<ServerUrl>>,
    pub(super) token: Option<WithOrigin<Secret>>,
    pub(super) token_command: Option<WithOrigin<String>>,
    pub(super) ca: Option<WithOrigin<CaFile>>,
    pub(super) database: Option<WithOrigin<DatabaseUrl>>,
}

impl Connection {
    /// Returns an error if both a server and a database, or both a token and a token command, are
    /// set.
    pub(super) fn checked(self) -> Result<Self, ConfigError> {
        if let (Some(server), Some(database)) = (&self.server, &self.database) {
            let (server, database) = (server.origin.clone(), database.origin.clone());
            return Err(ConfigError::TwoBackends { server, database });
        }
        if let (Some(_), Some(command)) = (&self.token, &self.token_command) {
            let origin = command.origin.clone();
            return Err(ConfigError::Invalid { origin, problem: ConfigProblem::TwoTokens });
        }
        Ok(self)
    }
}

#[derive(Debug, Clone, Default)]
pub(super) struct Layer {
    pub(super) connection: Connection,
    pub(super) context: Option<WithOrigin<String>>,
    pub(super) output: Option<WithOrigin<Output>>,
    pub(super) color: Option<WithOrigin<Color>>,
}

impl Layer {
    pub(super) fn of_flags(flags: Flags) -> Result<Self, ConfigError> {
        let Flags { server, token, ca, database, context, output, color } = flags;
        let connection = Connection {
            server: flag("--server", server),
            token: flag("--token", token),
            token_command: None,
            ca: flag("--ca", ca),
            database: flag("--database", database),
        };
        Ok(Self {
            connection: connection.checked()?,
            context: flag("--context", context),
            output: flag("--output", output),
            color: flag("--color", color),
        })
    }

    pub(super) fn of_environment(environment: &Environment) -> Result<Self, ConfigError> {
        let connection = Connection {
            server: parsed(env::SERVER, environment.server.as_deref())?,
            token: variable(env::TOKEN, environment.token.clone()),
            token_command: None,
            ca: parsed(env::CA, environment.ca.as_deref())?,
            database: parsed(env::DATABASE, environment.database.as_deref())?,
        };
        Ok(Self {
            connection: connection.checked()?,
            context: variable(env::CONTEXT, environment.context.clone()),
            output: parsed(env::OUTPUT, environment.output.as_deref())?,
            color: variable(env::NO_COLOR, environment.no_color.then_some(Color::Never)),
        })
    }
}

fn flag<T>(name: &str, value: Option<T>) -> Option<WithOrigin<T>> {
    value.map(|value| WithOrigin { value, origin: Origin::new(Source::Flag, name) })
}

fn variable<T>(name: &str, value: Option<T>) -> Option<WithOrigin<T>> {
    value.map(|value| WithOrigin { value, origin: Origin::new(Source::Env, name) })
}

fn parsed<T>(name: &str, text: Option<&str>) -> Result<Option<WithOrigin<T>>, ConfigError>
where
    T: FromStr<Err = ConfigProblem>,
{
    let value = text.map(str::parse).transpose().map_err(|problem| {
        let origin = Origin::new(Source::Env, name);
        ConfigError::Invalid { origin, problem }
    })?;
    Ok(variable(name, value))
}
