//! Failed requests.

use crate::api::Problem;

/// Each text is one line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    /// The server responded with an error.
    #[error(transparent)]
    Problem(#[from] Problem),
    /// No response arrived.
    #[error("cannot reach {url}: {reason}")]
    Unreachable {
        /// The server's address.
        url: String,
        /// The reason why no response arrived.
        reason: String,
        /// Whether the CA of the server's certificate is not trusted.
        untrusted_ca: bool,
    },
    /// A change was sent, and the connection broke before the response arrived.
    #[error(
        "the connection to {url} broke before it responded ({reason}); the change may or may \
         not have been made"
    )]
    OutcomeUnknown {
        /// The server's address.
        url: String,
        /// How the connection broke.
        reason: String,
    },
    /// The response is not from a nicelist server.
    #[error("{url} does not answer as a nicelist server: {reason}")]
    Answer {
        /// The server's address.
        url: String,
        /// The reason why the response cannot be from nicelist.
        reason: String,
    },
}
