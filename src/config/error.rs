//! Errors and warnings about settings.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;

use super::origin::Origin;

/// Each message is one line.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("{origin}: {problem}")]
    Invalid { origin: Origin, problem: ConfigProblem },
    /// One layer or context has both a server and a database.
    #[error("both a server ({server}) and a database ({database}) are given")]
    TwoBackends { server: Origin, database: Origin },
    #[error("{origin}: context `{name}` not found{}", DidYouMean(nearest.as_deref()))]
    UnknownContext { origin: Origin, name: String, nearest: Option<String>, known: Vec<String> },
    #[error("{0}")]
    Key(#[source] ConfigProblem),
    #[error("cannot find the home directory: HOME is not set")]
    NoHome,
    #[error("cannot read {}", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("cannot write {}", path.display())]
    Write { path: PathBuf, source: io::Error },
    #[error("{} already exists", path.display())]
    Exists { path: PathBuf },
    #[error("{origin}: cannot run the token command")]
    TokenCommand { origin: Origin, source: io::Error },
    #[error("{origin}: the token command failed ({status})")]
    TokenCommandFailed { origin: Origin, status: ExitStatus },
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigProblem {
    #[error("the text is not UTF-8")]
    NotText,
    #[error("invalid TOML: {0}")]
    Toml(String),
    #[error("unknown key `{key}`{}", DidYouMean(nearest.as_deref()))]
    UnknownKey { key: String, nearest: Option<String> },
    #[error("`{key}` must be {wanted}, not {found}")]
    Type { key: String, wanted: &'static str, found: &'static str },
    #[error("`token` and `token_command` are both set")]
    TwoTokens,
    #[error("invalid server address: {reason}")]
    Server { reason: String },
    #[error("invalid database URL: {reason}")]
    Database { reason: &'static str },
    #[error("invalid file path: {reason}")]
    Path { reason: &'static str },
    #[error("a secret must be printable ASCII without spaces, and not empty")]
    Secret,
    #[error("leave out `Bearer`: only the secret itself is expected")]
    SecretWithScheme,
    #[error("`{0}` must not be empty")]
    Empty(String),
    #[error("invalid value `{given}`: expected one of {allowed}")]
    Choice { given: String, allowed: String },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Warning {
    /// A file contains a token, and other users can read the file.
    Readable { path: PathBuf, mode: u32 },
    /// A token in a file was not used, because it may be meant for another server.
    TokenWithheld { token: Origin, server: Origin },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Readable { path, mode } => {
                write!(
                    f,
                    "{} contains a token, and other users can read it (mode {mode:o})",
                    path.display()
                )
            }
            Self::TokenWithheld { token, server } => {
                write!(
                    f,
                    "the token from {token} is not sent, because the server comes from {server}; \
                    configure both in the same place, or pass --token"
                )
            }
        }
    }
}

impl ConfigProblem {
    /// Keeps the first line of the parser's message.
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
