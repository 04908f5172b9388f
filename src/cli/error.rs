//! Errors as users see them: a line, its causes, hints, and an exit code.

use std::io;

use crate::api::{Code, Detail, Problem};
use crate::client::ClientError;
use crate::config::{self, ConfigError};

/// Defines the kinds, each with its exit code and with the meaning that help and manual show.
macro_rules! kinds {
    ($($(#[$about:meta])* $kind:ident = $code:literal, $meaning:literal;)+) => {
        /// The kinds of failures that scripts distinguish by exit code.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Kind {
            $($(#[$about])* $kind,)+
        }

        impl Kind {
            /// All kinds, sorted by exit code.
            pub(crate) const ALL: &'static [Self] = &[$(Self::$kind,)+];

            pub(crate) const fn exit_code(self) -> u8 {
                match self {
                    $(Self::$kind => $code,)+
                }
            }

            pub(crate) const fn meaning(self) -> &'static str {
                match self {
                    $(Self::$kind => $meaning,)+
                }
            }
        }
    };
}

kinds! {
    /// The reader of stdout has closed it, which is not a failure.
    BrokenPipe = 0, "success, or nothing to do";
    Failed = 1, "failed; for status: the server is not ready";
    Usage = 2, "invalid usage or configuration";
    /// Differences were found. They are on stdout, so no error is printed.
    Differences = 3, "differences found";
    Denied = 4, "not authenticated, or not allowed";
    Input = 5, "invalid input";
    Guarded = 6, "refused by a safety check";
    Conflict = 7, "conflict: someone else changed the policy first";
    TimedOut = 8, "timed out";
    Interrupted = 130, "canceled with Ctrl-C, or ended with SIGTERM";
}

impl Kind {
    /// Whether a message is printed, in addition to the exit code.
    pub(crate) const fn has_message(self) -> bool {
        !matches!(self, Self::Differences | Self::BrokenPipe | Self::Interrupted)
    }
}

/// Why a command failed.
#[derive(Debug)]
pub(crate) struct CliError {
    pub(crate) kind: Kind,
    /// One line.
    pub(crate) message: String,
    /// One line each.
    pub(crate) causes: Vec<String>,
    /// One line each.
    pub(crate) hints: Vec<String>,
}

impl CliError {
    pub(crate) fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), causes: Vec::new(), hints: Vec::new() }
    }

    pub(crate) fn failed(message: impl Into<String>) -> Self {
        Self::new(Kind::Failed, message)
    }

    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Kind::Usage, message)
    }

    pub(crate) fn input(message: impl Into<String>) -> Self {
        Self::new(Kind::Input, message)
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    pub(crate) fn because(mut self, causes: impl IntoIterator<Item = String>) -> Self {
        self.causes.extend(causes);
        self
    }
}

impl From<io::Error> for CliError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::new(Kind::BrokenPipe, error.to_string()),
            _ => Self::failed(error.to_string()),
        }
    }
}

impl From<Problem> for CliError {
    fn from(problem: Problem) -> Self {
        let Problem { code, message, hints, details, request_id } = problem;
        let kind = match code {
            Code::Unauthenticated | Code::Forbidden => Kind::Denied,
            Code::BadRequest | Code::Invalid | Code::TooLarge => Kind::Input,
            Code::Conflict => Kind::Conflict,
            Code::Guarded => Kind::Guarded,
            Code::NotFound
            | Code::MethodNotAllowed
            | Code::UnsupportedMediaType
            | Code::Ambiguous
            | Code::Internal
            | Code::NotImplemented
            | Code::TooManyRequests
            | Code::Overloaded
            | Code::Unavailable => Kind::Failed,
        };
        // If there is only one detail, the message may already end with it.
        let is_repeated = matches!(details.as_slice(), [only] if message.ends_with(&only.message));
        let more = details.len().saturating_sub(MOST_CAUSES);
        let mut causes: Vec<String> = match is_repeated {
            true => Vec::new(),
            false => details.into_iter().take(MOST_CAUSES).map(cause).collect(),
        };
        causes.extend((more > 0).then(|| format!("and {more} more")));
        let mut error = Self { kind, message, causes, hints };
        if code == Code::Internal
            && let Some(id) = request_id
        {
            error = error.hint(format!("find the request in the server's log by its ID {id}"));
        }
        if code == Code::Unauthenticated && error.hints.is_empty() {
            error = error.hint(format!("pass a token with --token or {}", config::names::TOKEN));
        }
        error
    }
}

/// Maximum details of a problem that are shown.
const MOST_CAUSES: usize = 20;

fn cause(detail: Detail) -> String {
    let Detail { index, field, message } = detail;
    match (index, field) {
        (Some(index), Some(field)) => format!("item {}: {field}: {message}", index + 1),
        (Some(index), None) => format!("item {}: {message}", index + 1),
        (None, Some(field)) => format!("{field}: {message}"),
        (None, None) => message,
    }
}

const PRIVATE_CA: &str = "to trust a private CA, use --ca FILE, NICELIST_CA or the setting ca";

impl From<ClientError> for CliError {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::Problem(problem) => problem.into(),
            ClientError::Unreachable { untrusted_ca, .. } => {
                let failed = Self::failed(error.to_string());
                let failed = if untrusted_ca { failed.hint(PRIVATE_CA) } else { failed };
                failed.hint("nicelist config list shows which server is used, and why")
            }
            ClientError::OutcomeUnknown { .. } => Self::failed(error.to_string()).hint(
                "nicelist history shows whether a revision was created; running the command again is \
                 safe",
            ),
            ClientError::Answer { .. } => Self::failed(error.to_string())
                .hint("use the address of the server without /api/v1"),
        }
    }
}

impl From<ConfigError> for CliError {
    fn from(error: ConfigError) -> Self {
        let source = std::error::Error::source(&error).map(ToString::to_string);
        let message = error.to_string();
        let error = match error {
            ConfigError::TokenCommand { .. } | ConfigError::TokenCommandFailed { .. } => {
                Self::new(Kind::Denied, message)
            }
            ConfigError::NoHome => Self::usage(message)
                .hint("choose a database with --database or a server with --server"),
            ConfigError::TwoBackends { .. } => Self::usage(message).hint("use only one of them"),
            ConfigError::UnknownContext { known, .. } if known.is_empty() => Self::usage(message)
                .hint("create a context first: nicelist config set contexts.NAME.server URL"),
            ConfigError::UnknownContext { known, .. } => Self::usage(message)
                .hint(format!("choose one of {}: nicelist context use NAME", known.join(", "))),
            ConfigError::Invalid { .. }
            | ConfigError::Key(_)
            | ConfigError::Read { .. }
            | ConfigError::Write { .. }
            | ConfigError::Exists { .. } => Self::usage(message),
        };
        let repeated = source.as_ref().is_some_and(|source| error.message.ends_with(source));
        error.because(source.filter(|_| !repeated))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(code: Code) -> u8 {
        CliError::from(Problem::new(code, "x")).kind.exit_code()
    }

    #[test]
    fn exit_codes_are_what_scripts_rely_on() {
        let codes = [
            (Kind::BrokenPipe, 0),
            (Kind::Failed, 1),
            (Kind::Usage, 2),
            (Kind::Differences, 3),
            (Kind::Denied, 4),
            (Kind::Input, 5),
            (Kind::Guarded, 6),
            (Kind::Conflict, 7),
            (Kind::TimedOut, 8),
            (Kind::Interrupted, 130),
        ];
        assert_eq!(codes.map(|(kind, _)| kind), Kind::ALL);
        for (kind, expected) in codes {
            assert_eq!(kind.exit_code(), expected, "{kind:?}");
        }
    }

    #[test]
    fn refusals_of_the_server_have_exit_codes() {
        assert_eq!([code(Code::Unauthenticated), code(Code::Forbidden)], [4, 4]);
        assert_eq!([code(Code::Invalid), code(Code::TooLarge)], [5, 5]);
        assert_eq!([code(Code::Guarded), code(Code::Conflict)], [6, 7]);
        assert_eq!([code(Code::NotFound), code(Code::Ambiguous), code(Code::Internal)], [1, 1, 1]);
    }

    #[test]
    fn a_closed_pipe_is_not_a_failure() {
        let error = CliError::from(io::Error::from(io::ErrorKind::BrokenPipe));
        assert_eq!((error.kind.exit_code(), error.kind.has_message()), (0, false));
    }

    #[test]
    fn details_have_their_place() {
        let detail = Detail { index: Some(2), field: Some("scope".into()), message: "no".into() };
        let problem = Problem::new(Code::Invalid, "x").details(vec![detail]);
        assert_eq!(CliError::from(problem).causes, ["item 3: scope: no"]);
    }
}
