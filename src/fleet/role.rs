//! The roles of tokens.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::rule::words;

/// Tokens with `enrollment` can use only Santa's endpoints. Each role after `viewer` also has the
/// rights of the role before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// For tokens that hosts send when they sync.
    Enrollment,
    /// Reads everything except tokens.
    Viewer,
    /// Also approves and blocks programs from events.
    Helpdesk,
    /// Also changes rules, settings, tags and hosts, and imports events.
    Editor,
    /// Also manages tokens, accepts the clock after a jump, and begins epochs.
    Admin,
}

words! {
    Role {
        Enrollment = "enrollment",
        Viewer = "viewer",
        Helpdesk = "helpdesk",
        Editor = "editor",
        Admin = "admin",
    }
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid role `{0}`: expected viewer, helpdesk, editor, admin or enrollment")]
pub struct UnknownRole(String);

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, UnknownRole> {
        let role = Self::from_word(&text.to_ascii_lowercase());
        role.ok_or_else(|| UnknownRole(text.to_owned()))
    }
}
