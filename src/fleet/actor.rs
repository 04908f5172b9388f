//! The author of a change, with its time and reason.

use jiff::Timestamp;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// A token's name, `local:USER`, or `nicelist` for the server itself.
    pub name: String,
    pub at: Timestamp,
    /// None if the change did not come from a request to the server.
    pub request_id: Option<String>,
    pub reason: Option<String>,
}

impl Actor {
    pub fn new(name: impl Into<String>, at: Timestamp) -> Self {
        Self { name: name.into(), at, request_id: None, reason: None }
    }

    pub fn server(at: Timestamp) -> Self {
        Self::new("nicelist", at)
    }

    pub fn because(self, reason: impl Into<String>) -> Self {
        Self { reason: Some(reason.into()), ..self }
    }
}
