//! What can be wrong with settings, and what deserves a warning.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;

use super::origin::Origin;

/// Why settings could not be read, resolved or changed. Each text is one line.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A value or a file is not as it must be.
    #[error("{origin}: {problem}")]
    Invalid {
        /// Where it was found: a file and line, a variable, a flag.
        origin: Origin,
        /// What is wrong with it.
        problem: Problem,
    },
    /// Two places to talk to, neither stronger than the other.
    #[error("both a server ({server}) and a database ({database}) are given")]
    TwoPlaces {
        /// Where the server was found.
        server: Origin,
        /// Where the database was found.
        database: Origin,
    },
    /// A context that no file has.
    #[error("{origin}: no context is named `{name}`{}", DidYouMean(nearest.as_deref()))]
    UnknownContext {
        /// Where it was chosen.
        origin: Origin,
        name: String,
        /// The context most like it.
        nearest: Option<String>,
        /// All contexts.
        known: Vec<String>,
    },
    /// A key, given by name, that is no setting.
    #[error("{0}")]
    Key(#[source] Problem),
    /// Nothing says where the user's files are.
    #[error("no home directory is known: HOME is not set")]
    NoHome,
    /// A file could not be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A file could not be written.
    #[error("cannot write {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The file is there already.
    #[error("{} exists already", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// The token command could not be started.
    #[error("{origin}: cannot run the token command")]
    TokenCommand {
        /// Where the command was found.
        origin: Origin,
        /// Why not.
        source: io::Error,
    },
    #[error("{origin}: the token command failed ({status})")]
    TokenCommandFailed {
        /// Where the command was found.
        origin: Origin,
        /// How it ended.
        status: ExitStatus,
    },
}

/// What is wrong with a value or a file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// Not UTF-8.
    #[error("not UTF-8 text")]
    NotText,
    /// Not TOML.
    #[error("not TOML: {0}")]
    Toml(String),
    /// A key that is no setting.
    #[error("unknown key `{key}`{}", DidYouMean(nearest.as_deref()))]
    UnknownKey {
        key: String,
        /// The known key most like it.
        nearest: Option<String>,
    },
    /// A value of the wrong type.
    #[error("`{key}` must be {wanted}, not {found}")]
    Type {
        key: String,
        /// What it must be.
        wanted: &'static str,
        found: &'static str,
    },
    /// Two settings of which there may be one.
    #[error("`token` and `token_command` are both set")]
    TwoTokens,
    /// A server's address that isn't one.
    #[error("not the address of a server: {reason}")]
    Server {
        /// What is wrong with it.
        reason: String,
    },
    /// A database that isn't one.
    #[error("not a database: {reason}")]
    Database {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The path of a file that isn't one.
    #[error("not the path of a file: {reason}")]
    Path {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A secret that no header can carry.
    #[error("a secret must be printable ASCII without spaces, and not empty")]
    Secret,
    /// A text that says nothing.
    #[error("`{0}` must not be empty")]
    Empty(String),
    /// None of the few values that are allowed.
    #[error("`{given}` is not one of {allowed}")]
    Choice {
        given: String,
        /// What could have been.
        allowed: String,
    },
}

/// Something that a user should hear of, though commands can go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Warning {
    /// A file with a token that others may read.
    Readable {
        /// The file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// A token that was not used, lest it be shown to a server that it wasn't meant for.
    TokenWithheld {
        /// Where the token was found.
        token: Origin,
        /// Where the server was found.
        server: Origin,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Readable { path, mode } => {
                write!(f, "{} holds a token and others may read it (mode {mode:o})", path.display())
            }
            Self::TokenWithheld { token, server } => {
                write!(f, "the token of {token} is not used for the server of {server}")
            }
        }
    }
}

impl Problem {
    /// The first line of a TOML parser's message.
    pub(super) fn toml(message: &str) -> Self {
        Self::Toml(message.lines().next().unwrap_or_default().trim().to_owned())
    }
}

pub(super) struct DidYouMean<'a>(pub(super) Option<&'a str>);

impl fmt::Display for DidYouMean<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(name) => write!(f, ", did you mean `{name}`?"),
            None => Ok(()),
        }
    }
}
