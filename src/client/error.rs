//! Failed requests.

use crate::api::Problem;

/// Each message is one line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    #[error(transparent)]
    Problem(#[from] Problem),
    /// The server could not be reached, or the response to a read did not arrive completely.
    #[error("cannot reach {url}: {reason}")]
    Unreachable {
        url: String,
        reason: String,
        /// Whether the CA of the server's certificate is not trusted.
        untrusted_ca: bool,
    },
    /// A change was sent, but its response did not arrive completely. The server may have made the
    /// change.
    #[error(
        "the connection to {url} broke before the response ({reason}); the change may or may not \
        have been made"
    )]
    OutcomeUnknown {
        url: String,
        /// Why the response did not arrive.
        reason: String,
    },
    /// The response is not a valid response of a nicelist server.
    #[error("{url} does not respond like a nicelist server: {reason}")]
    Answer {
        url: String,
        /// Why the response is not valid.
        reason: String,
    },
}
