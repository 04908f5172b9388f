//! The backend of commands: a server or a local database.

use std::process::Stdio;

use super::env::Environment;
use super::error::{ConfigError, Warning};
use super::layer::Connection;
use super::origin::{Origin, Source, WithOrigin};
use super::values::{CaFile, DatabaseUrl, Secret, ServerUrl};
use crate::shell;

#[derive(Debug, Clone)]
pub enum Backend {
    Server {
        url: ServerUrl,
        credential: Option<Credential>,
        /// Replaces the machine's certificate authorities.
        ca: Option<CaFile>,
    },
    Local {
        database: DatabaseUrl,
        /// Whether the user configured this database. False for the default database.
        is_chosen: bool,
    },
}

#[derive(Debug, Clone)]
pub enum Credential {
    Token(Secret),
    Command(WithOrigin<String>),
}

impl Credential {
    /// Returns the token. A token command runs on each call.
    ///
    /// # Errors
    /// The command cannot run, fails, or does not print a valid token.
    pub fn obtain(&self) -> Result<Secret, ConfigError> {
        self.obtain_with(Stdio::inherit())
    }

    /// Does the same as [`Credential::obtain`], but hides messages of a token command.
    ///
    /// # Errors
    /// The same errors as [`Credential::obtain`].
    pub fn obtain_silently(&self) -> Result<Secret, ConfigError> {
        self.obtain_with(Stdio::null())
    }

    fn obtain_with(&self, stderr: Stdio) -> Result<Secret, ConfigError> {
        let WithOrigin { value: command, origin } = match self {
            Self::Token(secret) => return Ok(secret.clone()),
            Self::Command(setting) => setting,
        };
        let mut shell = shell::command(command);
        shell.stdin(Stdio::null()).stderr(stderr);
        let output = shell.output();
        let output = output.map_err(|source| {
            let origin = origin.clone();
            ConfigError::TokenCommand { origin, source }
        })?;
        if !output.status.success() {
            let (origin, status) = (origin.clone(), output.status);
            return Err(ConfigError::TokenCommandFailed { origin, status });
        }
        let printed = String::from_utf8_lossy(&output.stdout);
        printed.parse().map_err(|problem| ConfigError::Invalid { origin: origin.clone(), problem })
    }
}

/// The default database. None if neither `XDG_DATA_HOME` nor the home directory is known.
pub(super) fn usual_database(env: &Environment) -> Option<WithOrigin<DatabaseUrl>> {
    let home = || env.home.as_ref().map(|home| home.join(".local").join("share"));
    let directory = env.xdg_data_home.clone().or_else(home)?;
    let value = DatabaseUrl::at(directory.join("nicelist").join("nicelist.db"));
    Some(WithOrigin { value, origin: Origin::built_in() })
}

/// Returns the first backend of `connections`, which are sorted from strongest to weakest. If no
/// connection has a backend, returns the `usual` database. Also returns a warning if a token in a
/// file is not sent, because a stronger connection contains the server.
pub(super) fn decide(
    connections: &[Connection],
    usual: Option<&WithOrigin<DatabaseUrl>>,
) -> (Option<Backend>, Option<Warning>) {
    for (rank, connection) in connections.iter().enumerate() {
        if let Some(database) = &connection.database {
            let database = database.value.clone();
            return (Some(Backend::Local { database, is_chosen: true }), None);
        }
        if let Some(server) = &connection.server {
            let (url, ca) = (server.value.clone(), ca(connections, rank));
            return match credential(connections, rank) {
                Some((credential, _, true)) => {
                    (Some(Backend::Server { url, credential: Some(credential), ca }), None)
                }
                Some((_, token, false)) => {
                    let server = server.origin.clone();
                    let withheld = Warning::TokenWithheld { token, server };
                    (Some(Backend::Server { url, credential: None, ca }), Some(withheld))
                }
                None => (Some(Backend::Server { url, credential: None, ca }), None),
            };
        }
    }
    let local = |usual: &WithOrigin<DatabaseUrl>| Backend::Local {
        database: usual.value.clone(),
        is_chosen: false,
    };
    (usual.map(local), None)
}

/// The strongest credential, its origin, and whether it may be sent to the server at `rank`. A
/// credential in a file may be sent to the server of the same connection or of a weaker connection.
/// A credential from a flag or variable may be sent to any server.
fn credential(connections: &[Connection], rank: usize) -> Option<(Credential, Origin, bool)> {
    connections.iter().enumerate().find_map(|(at, connection)| {
        let token = connection
            .token
            .as_ref()
            .map(|token| (Credential::Token(token.value.clone()), token.origin.clone()));
        let command = connection
            .token_command
            .as_ref()
            .map(|command| (Credential::Command(command.clone()), command.origin.clone()));
        let (credential, origin) = token.or(command)?;
        let meant = is_meant(at, rank, &origin);
        Some((credential, origin, meant))
    })
}

/// The strongest CA setting, if it may be used for the server at `rank`.
fn ca(connections: &[Connection], rank: usize) -> Option<CaFile> {
    let mut all = connections.iter().enumerate();
    let (at, ca) = all.find_map(|(at, connection)| Some((at, connection.ca.as_ref()?)))?;
    is_meant(at, rank, &ca.origin).then(|| ca.value.clone())
}

fn is_meant(at: usize, rank: usize, origin: &Origin) -> bool {
    at <= rank || origin.source >= Source::Env
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set<T>(value: T, source: Source, at: &str) -> Option<WithOrigin<T>> {
        Some(WithOrigin { value, origin: Origin::new(source, at) })
    }

    fn server(source: Source) -> Connection {
        let server = set("https://x".parse().unwrap(), source, "server");
        Connection { server, ..Connection::default() }
    }

    fn token(source: Source) -> Connection {
        let token = set("hush".parse().unwrap(), source, "token");
        Connection { token, ..Connection::default() }
    }

    /// Whether the token is sent to the server, and whether a warning reports an unsent token.
    fn shown(connections: &[Connection]) -> (bool, bool) {
        match decide(connections, None) {
            (Some(Backend::Server { credential, .. }), withheld) => {
                (credential.is_some(), withheld.is_some())
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_token_in_a_file_is_not_shown_to_a_stronger_server() {
        assert_eq!(shown(&[server(Source::Flag), token(Source::User)]), (false, true));
        assert_eq!(shown(&[server(Source::User), token(Source::System)]), (false, true));
        assert_eq!(shown(&[token(Source::User), server(Source::System)]), (true, false));
        let both = Connection { server: server(Source::User).server, ..token(Source::User) };
        assert_eq!(shown(&[both]), (true, false));
    }

    #[test]
    fn a_token_given_for_this_command_is_shown_to_any_server() {
        assert_eq!(shown(&[server(Source::Flag), token(Source::Env)]), (true, false));
        assert_eq!(shown(&[token(Source::Flag), server(Source::User)]), (true, false));
    }

    #[test]
    fn authorities_are_meant_for_the_servers_that_a_token_is_meant_for() {
        let with = |source| Connection {
            ca: set("/etc/ca.pem".parse().unwrap(), source, "ca"),
            ..Connection::default()
        };
        let trusts = |connections: &[Connection]| match decide(connections, None) {
            (Some(Backend::Server { ca, .. }), None) => ca.is_some(),
            other => panic!("{other:?}"),
        };
        assert!(!trusts(&[server(Source::Flag), with(Source::User)]));
        assert!(trusts(&[with(Source::User), server(Source::System)]));
        assert!(trusts(&[server(Source::Flag), with(Source::Env)]));
        assert!(trusts(&[with(Source::Flag), server(Source::User)]));
    }

    #[test]
    fn a_local_database_needs_no_token_and_gives_no_warning() {
        let database = set("sqlite:x".parse().unwrap(), Source::Flag, "database");
        let local = Connection { database, ..Connection::default() };
        let (place, withheld) = decide(&[local, server(Source::User), token(Source::User)], None);
        assert!(matches!(place, Some(Backend::Local { .. })));
        assert_eq!(withheld, None);
    }

    fn obtain(command: &str) -> Result<String, String> {
        let setting = set(command.to_owned(), Source::User, "c.toml:1").unwrap();
        let secret = Credential::Command(setting).obtain();
        secret.map(|secret| secret.expose().to_owned()).map_err(|error| error.to_string())
    }

    #[cfg(unix)]
    #[test]
    fn a_token_command_prints_the_token() {
        assert_eq!(obtain("echo nl_abc"), Ok("nl_abc".into()));
        let failed = obtain("echo nl_abc; exit 3").unwrap_err();
        assert_eq!(failed, "c.toml:1: the token command failed (exit status: 3)");
        assert!(obtain("true").unwrap_err().contains("not empty"));
    }
}
