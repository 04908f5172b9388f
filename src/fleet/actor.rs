//! The author of a change, with its time and reason.

use jiff::Timestamp;

/// A person, token or server that changes something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// A token's name, `local:USER`, or `nicelist` for the server itself.
    pub name: String,
    pub at: Timestamp,
    /// The ID of the request that made the change, if a request did.
    pub request_id: Option<String>,
    /// The actor's reason for the change.
    pub reason: Option<String>,
}

impl Actor {
    /// An actor without a request.
    pub fn new(name: impl Into<String>, at: Timestamp) -> Self {
        Self { name: name.into(), at, request_id: None, reason: None }
    }

    /// The server itself.
    pub fn server(at: Timestamp) -> Self {
        Self::new("nicelist", at)
    }

    pub fn because(self, reason: impl Into<String>) -> Self {
        Self { reason: Some(reason.into()), ..self }
    }
}
