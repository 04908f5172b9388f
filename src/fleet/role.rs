//! What a token may do.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The roles of tokens. `enrolment` opens Santa's endpoints and nothing else; each of the
/// others may do all that the ones before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Hosts present it to sync.
    Enrolment,
    /// Reads everything but tokens.
    Viewer,
    /// Also approves and blocks programs from events.
    Helpdesk,
    /// Also changes rules, settings, tags and hosts.
    Editor,
    /// Also makes and revokes tokens.
    Admin,
}

impl Role {
    /// All roles, weakest first.
    pub const ALL: [Self; 5] =
        [Self::Enrolment, Self::Viewer, Self::Helpdesk, Self::Editor, Self::Admin];

    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Enrolment => "enrolment",
            Self::Viewer => "viewer",
            Self::Helpdesk => "helpdesk",
            Self::Editor => "editor",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// The word is no role.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no role; expected viewer, helpdesk, editor, admin or enrolment")]
pub struct UnknownRole(String);

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, UnknownRole> {
        let wanted = Self::ALL.into_iter().find(|role| role.word().eq_ignore_ascii_case(text));
        wanted.ok_or_else(|| UnknownRole(text.to_owned()))
    }
}
