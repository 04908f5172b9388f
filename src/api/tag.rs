//! Tags on the admin wire.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::fleet::{Membership, Tag, TagDescription};
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
    /// Which hosts have it without being given it.
    #[serde(default, skip_serializing_if = "Membership::is_empty")]
    pub membership: Membership,
}

impl From<Tag> for TagView {
    fn from(tag: Tag) -> Self {
        let Tag { name, priority, description, membership } = tag;
        Self { name, priority, description, membership }
    }
}

impl From<TagView> for Tag {
    fn from(tag: TagView) -> Self {
        let TagView { name, priority, description, membership } = tag;
        Self { name, priority, description, membership }
    }
}

/// Makes a tag, or changes its priority, description and membership.
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
    pub description: Option<TagDescription>,
    /// Which hosts have it without being given it; absent, that stays as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub membership: Option<Membership>,
    /// Work out the answer and change nothing.
    #[serde(default)]
    pub dry_run: bool,
}
