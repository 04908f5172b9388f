//! Whom a rule or a setting is for.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The longest machine id, group or user name that is taken, in bytes.
const LONGEST_NAME: usize = 255;
/// The longest tag name, in bytes.
const LONGEST_TAG: usize = 63;

/// Why a scope or one of its names was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScopeError {
    /// The word before the colon is none we know.
    #[error("{}", unknown(_0))]
    Unknown(String),
    /// A tag name with letters that tags do not have.
    #[error(
        "`{0}` is no tag name; use up to 63 letters, digits, dots, dashes and underscores, starting with a letter or digit"
    )]
    Tag(String),
    /// An empty, endless or unprintable name.
    #[error("{0} must have 1 to 255 bytes and no control characters")]
    Name(&'static str),
}

/// Says what scopes are. A name alone is most often that of a tag.
fn unknown(text: &str) -> String {
    let expected = "expected fleet, group:NAME, tag:NAME, user:NAME or host:MACHINE_ID";
    match text.parse::<TagName>() {
        Ok(tag) => format!("`{text}` is no scope; {expected}; did you mean tag:{tag}?"),
        Err(_) => format!("`{text}` is no scope; {expected}"),
    }
}

macro_rules! text_newtype {
    ($(#[$doc:meta])* $name:ident, $parse:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Box<str>);

        impl $name {
            /// The text itself.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = ScopeError;

            fn from_str(text: &str) -> Result<Self, ScopeError> {
                let parse: fn(&str) -> Result<Box<str>, ScopeError> = $parse;
                parse(text).map(Self)
            }
        }

        impl TryFrom<String> for $name {
            type Error = ScopeError;

            fn try_from(text: String) -> Result<Self, ScopeError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0.into()
            }
        }
    };
}

text_newtype!(
    /// How a Mac names itself in its sync URL: the hardware UUID unless its profile says
    /// otherwise. Opaque, and kept in the case that it came in.
    MachineId,
    |text| name(text, "a machine id")
);

impl MachineId {
    /// Whether it is a hardware UUID, as it is for Macs whose profile does not name them
    /// otherwise: 8-4-4-4-12 hex digits.
    #[must_use]
    pub fn is_uuid(&self) -> bool {
        let is_hex = self.0.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
        is_hex && self.0.split('-').map(str::len).eq([8, 4, 4, 4, 12])
    }
}

text_newtype!(
    /// The name of a tag, in lower case.
    TagName,
    |text| {
        let folded = text.trim().to_lowercase();
        let starts = folded.starts_with(|first: char| first.is_ascii_alphanumeric());
        let known =
            |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '-' | '_');
        if starts && folded.len() <= LONGEST_TAG && folded.chars().all(known) {
            Ok(folded.into())
        } else {
            Err(ScopeError::Tag(text.to_owned()))
        }
    }
);

fn name(text: &str, what: &'static str) -> Result<Box<str>, ScopeError> {
    let printable = !text.chars().any(char::is_control);
    if printable && !text.trim().is_empty() && text.len() <= LONGEST_NAME {
        Ok(text.into())
    } else {
        Err(ScopeError::Name(what))
    }
}

/// Whom a rule or a setting is for. The order of the variants is the order of strength,
/// weakest first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Scope {
    /// Every host.
    Fleet,
    /// Hosts that report this group for their primary user.
    Group(Box<str>),
    /// Hosts that an administrator gave this tag.
    Tag(TagName),
    /// Hosts with this primary user.
    User(Box<str>),
    Host(MachineId),
}

impl Scope {
    /// The scope of a group that hosts report.
    ///
    /// # Errors
    /// [`ScopeError::Name`] for a name that is empty, too long or has control characters.
    pub fn group(text: &str) -> Result<Self, ScopeError> {
        name(text, "a group name").map(Self::Group)
    }

    /// The scope of a primary user.
    ///
    /// # Errors
    /// [`ScopeError::Name`] for a name that is empty, too long or has control characters.
    pub fn user(text: &str) -> Result<Self, ScopeError> {
        name(text, "a user name").map(Self::User)
    }

    /// The word before the colon, as stored and shown.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Fleet => "fleet",
            Self::Group(_) => "group",
            Self::Tag(_) => "tag",
            Self::User(_) => "user",
            Self::Host(_) => "host",
        }
    }

    /// The name behind the colon; empty for the fleet.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Fleet => "",
            Self::Group(name) | Self::User(name) => name,
            Self::Tag(tag) => tag.as_str(),
            Self::Host(machine) => machine.as_str(),
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fleet => f.pad("fleet"),
            _ => f.pad(&format!("{}:{}", self.kind(), self.name())),
        }
    }
}

impl FromStr for Scope {
    type Err = ScopeError;

    fn from_str(text: &str) -> Result<Self, ScopeError> {
        let text = text.trim();
        if text.eq_ignore_ascii_case("fleet") || text.eq_ignore_ascii_case("global") {
            return Ok(Self::Fleet);
        }
        let (kind, rest) =
            text.split_once(':').ok_or_else(|| ScopeError::Unknown(text.to_owned()))?;
        match kind.to_ascii_lowercase().as_str() {
            "group" => Self::group(rest),
            "tag" => rest.parse().map(Self::Tag),
            "user" => Self::user(rest),
            "host" => rest.parse().map(Self::Host),
            _ => Err(ScopeError::Unknown(text.to_owned())),
        }
    }
}

impl TryFrom<String> for Scope {
    type Error = ScopeError;

    fn try_from(text: String) -> Result<Self, ScopeError> {
        text.parse()
    }
}

impl From<Scope> for String {
    fn from(scope: Scope) -> Self {
        scope.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_read_what_they_write() {
        for text in ["fleet", "group:Design Team", "tag:eng", "user:anna", "host:A1:b"] {
            assert_eq!(text.parse::<Scope>().unwrap().to_string(), text);
        }
        assert_eq!("tag:Eng".parse::<Scope>().unwrap().to_string(), "tag:eng");
    }

    #[test]
    fn strength_is_the_order_of_the_variants() {
        let scopes: Vec<Scope> =
            ["fleet", "group:g", "tag:t", "user:u", "host:h"].map(|s| s.parse().unwrap()).into();
        assert!(scopes.is_sorted());
    }

    #[test]
    fn hostile_names_are_refused() {
        for text in ["host:", "host:a\0b", "tag:a b", "tag:-x", "user:\n", "team:x", "fleets"] {
            assert!(text.parse::<Scope>().is_err(), "{text:?} was taken");
        }
    }
}
