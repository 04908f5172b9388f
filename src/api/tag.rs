//! Tags on the admin wire.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::fleet::Tag;
use crate::rule::TagName;

/// A tag.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TagView {
    /// Its name.
    pub name: TagName,
    /// Its strength among tags; higher is stronger.
    pub priority: i32,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

impl From<Tag> for TagView {
    fn from(tag: Tag) -> Self {
        let Tag { name, priority, description } = tag;
        Self { name, priority, description }
    }
}

impl From<TagView> for Tag {
    fn from(tag: TagView) -> Self {
        let TagView { name, priority, description } = tag;
        Self { name, priority, description }
    }
}

/// Makes a tag, or changes its priority and description.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TagRequest {
    /// Its name.
    pub name: TagName,
    /// Its strength among tags; higher is stronger.
    #[serde(default)]
    pub priority: i32,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Work out the answer and change nothing.
    #[serde(default)]
    pub dry_run: bool,
}
