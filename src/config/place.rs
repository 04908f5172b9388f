//! The place that commands talk to.

use std::process::Stdio;

use super::env::Environment;
use super::error::{ConfigError, Warning};
use super::layer::Connection;
use super::origin::{Origin, Setting, Source};
use super::values::{CaFile, Database, Secret, ServerUrl};
use crate::shell;

/// The place that commands talk to.
#[derive(Debug, Clone)]
pub enum Place {
    /// A server, over HTTP.
    Server {
        /// Its address.
        url: ServerUrl,
        /// What it is shown, if anything is.
        credential: Option<Credential>,
        /// The authorities that its certificate may be from, where they are not the machine's.
        ca: Option<CaFile>,
    },
    /// A local database, without a server.
    Local {
        database: Database,
        /// Whether the user named it. If not, it is the usual one, because nothing is configured.
        is_chosen: bool,
    },
}

/// A token, or the way to get one.
#[derive(Debug, Clone)]
pub enum Credential {
    /// The token itself.
    Token(Secret),
    /// A command of the shell that prints it.
    Command(Setting<String>),
}

impl Credential {
    /// The token; a command is run for it each time.
    ///
    /// # Errors
    /// The command can't be run, fails, or prints something that is no token.
    pub fn obtain(&self) -> Result<Secret, ConfigError> {
        let Setting { value: command, origin } = match self {
            Self::Token(secret) => return Ok(secret.clone()),
            Self::Command(setting) => setting,
        };
        let mut shell = shell::command(command);
        shell.stdin(Stdio::null()).stderr(Stdio::inherit());
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

/// The database to work on when nothing is configured, if the user has a home.
pub(super) fn usual_database(env: &Environment) -> Option<Setting<Database>> {
    let home = || env.home.as_ref().map(|home| home.join(".local").join("share"));
    let directory = env.xdg_data_home.clone().or_else(home)?;
    let value = Database::at(directory.join("nicelist").join("nicelist.db"));
    Some(Setting { value, origin: Origin::built_in() })
}

/// The place that the strongest of `connections` names, or else the `usual` one. Tells if a
/// token is left unused because it stands with a weaker server.
pub(super) fn decide(
    connections: &[Connection],
    usual: Option<&Setting<Database>>,
) -> (Option<Place>, Option<Warning>) {
    for (rank, connection) in connections.iter().enumerate() {
        if let Some(database) = &connection.database {
            let database = database.value.clone();
            return (Some(Place::Local { database, is_chosen: true }), None);
        }
        if let Some(server) = &connection.server {
            let (url, ca) = (server.value.clone(), ca(connections, rank));
            return match credential(connections, rank) {
                Some((credential, _, true)) => {
                    (Some(Place::Server { url, credential: Some(credential), ca }), None)
                }
                Some((_, token, false)) => {
                    let server = server.origin.clone();
                    let withheld = Warning::TokenWithheld { token, server };
                    (Some(Place::Server { url, credential: None, ca }), Some(withheld))
                }
                None => (Some(Place::Server { url, credential: None, ca }), None),
            };
        }
    }
    let local = |usual: &Setting<Database>| Place::Local {
        database: usual.value.clone(),
        is_chosen: false,
    };
    (usual.map(local), None)
}

/// The strongest credential, where it is from, and whether it may be shown to the server at
/// `rank`: a token in a file is meant for the server that it stands with or for weaker ones,
/// while one typed for this command is meant for whatever the command talks to.
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

/// The strongest setting of authorities, if it is meant for the server at `rank`.
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

    fn set<T>(value: T, source: Source, at: &str) -> Option<Setting<T>> {
        Some(Setting { value, origin: Origin::new(source, at) })
    }

    fn server(source: Source) -> Connection {
        let server = set("https://x".parse().unwrap(), source, "server");
        Connection { server, ..Connection::default() }
    }

    fn token(source: Source) -> Connection {
        let token = set("hush".parse().unwrap(), source, "token");
        Connection { token, ..Connection::default() }
    }

    /// Whether the token is shown to the server, and whether the user hears of it if not.
    fn shown(connections: &[Connection]) -> (bool, bool) {
        match decide(connections, None) {
            (Some(Place::Server { credential, .. }), withheld) => {
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
            (Some(Place::Server { ca, .. }), None) => ca.is_some(),
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
        assert!(matches!(place, Some(Place::Local { .. })));
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
