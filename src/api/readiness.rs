//! The response of `/readyz`.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Whether the server is well, and why not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Readiness {
    /// Whether changes succeed and the server follows the clock and the database.
    pub ready: bool,
    /// Why it is not ready; empty if it is.
    pub reasons: Vec<Reason>,
    /// What an administrator must look into although the server is ready.
    pub warnings: Vec<Reason>,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Reason {
    /// A stable name, such as `disk-full`; docs/OPERATIONS.md lists them all.
    pub code: String,
    /// What is wrong and what to do, for people.
    pub message: String,
}

impl Reason {
    pub fn new(code: &str, message: impl Into<String>) -> Self {
        Self { code: code.to_owned(), message: message.into() }
    }
}
