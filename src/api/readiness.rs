//! The response of `/readyz`.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Whether the server works, and its problems.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Readiness {
    /// Whether the server works: true if `reasons` is empty.
    pub ready: bool,
    /// Why the server is not ready.
    pub reasons: Vec<Reason>,
    /// Problems that an administrator must check, but that do not affect `ready`.
    pub warnings: Vec<Reason>,
}

/// One problem of the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Reason {
    /// A stable name, such as `disk-full`; docs/OPERATIONS.md explains the names.
    pub code: String,
    /// The problem, and for some problems how to fix it.
    pub message: String,
}

impl Reason {
    pub fn new(code: &str, message: impl Into<String>) -> Self {
        Self { code: code.to_owned(), message: message.into() }
    }
}
