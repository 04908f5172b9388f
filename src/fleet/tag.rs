//! Tags: names that administrators give to hosts.

use serde::{Deserialize, Serialize};

use crate::rule::TagName;

/// A tag. Among a host's tags the one with the higher priority is the stronger; at the same
/// priority the later name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Tag {
    /// Its name.
    pub name: TagName,
    /// Its strength among tags; higher is stronger.
    #[serde(default)]
    pub priority: i32,
    /// What it is for, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}
