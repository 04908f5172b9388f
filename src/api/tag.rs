//! Tags in the admin API.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::fleet::{Membership, TagDescription};
use crate::rule::TagName;

/// Which tags to list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub struct TagQuery {
    /// Maximum items on the page: 500 by default, at most 5,000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
    /// The `next` of the previous page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// A tag to create or change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TagRequest {
    /// The name of the tag.
    pub name: TagName,
    /// The priority among tags. A tag with a higher number is stronger. If absent, the current
    /// priority is kept; the priority of a new tag is 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<i32>,
    /// The purpose of the tag. If absent, the current description is kept; an empty one removes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<TagDescription>,
    /// Which hosts have the tag automatically. If absent, the current membership is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub membership: Option<Membership>,
    /// Show what would happen, and change nothing.
    #[serde(default)]
    pub dry_run: bool,
}
