//! Why there is no answer, or none that helps.

use crate::api::Problem;

/// Why a request came to nothing. Each text is one line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    /// The server understood and refused.
    #[error(transparent)]
    Problem(#[from] Problem),
    /// Nothing answered.
    #[error("cannot reach {url}: {reason}")]
    Unreachable {
        /// Who was asked.
        url: String,
        /// What happened instead.
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
    /// Something answered, and not as a nicelist server does.
    #[error("{url} does not answer as a nicelist server: {reason}")]
    Answer {
        /// Who was asked.
        url: String,
        /// What is odd about the answer.
        reason: String,
    },
}
