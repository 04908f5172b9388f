//! Failed requests.

use crate::api::Problem;

/// Each message is one line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    #[error(transparent)]
    Problem(#[from] Problem),
    /// A request could not be sent, or the response to a read did not arrive completely.
    #[error("cannot reach {url}: {reason}")]
    Unreachable {
        url: String,
        reason: String,
        /// Whether the CA of the server's certificate is not trusted.
        untrusted_ca: bool,
    },
    /// A change may have been sent, but its response did not arrive completely. The server may have
    /// applied the change.
    #[error(
        "the connection to {url} broke before it responded ({reason}); the change may or may \
         not have been made"
    )]
    OutcomeUnknown {
        url: String,
        /// Why the response did not arrive.
        reason: String,
    },
    /// For example, the response is not one that a nicelist server sends.
    #[error("{url} does not answer as a nicelist server: {reason}")]
    Answer {
        url: String,
        /// Why the response is not accepted.
        reason: String,
    },
}
