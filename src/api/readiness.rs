//! The response of `/readyz`.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Whether the server is well, and why not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Readiness {
    /// Whether the server works. True if `reasons` is empty.
    pub ready: bool,
    /// Why the server is not ready.
    pub reasons: Vec<Reason>,
    /// Problems that an administrator must check even if the server is ready.
    pub warnings: Vec<Reason>,
}

/// One problem of the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Reason {
    /// A stable name, such as `disk-full`; docs/OPERATIONS.md lists them all.
    pub code: String,
    /// The problem, and for some problems how to fix it.
    pub message: String,
}

impl Reason {
    pub fn new(code: &str, message: impl Into<String>) -> Self {
        Self { code: code.to_owned(), message: message.into() }
    }
}
