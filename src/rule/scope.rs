//! Scopes: the hosts that a rule or a setting applies to.

use std::fmt;
use std::str::FromStr;

use super::{checked_text, serde_as_text};

/// The longest machine ID, group or user name, in bytes.
const LONGEST_NAME: usize = 255;
/// The longest tag name, in bytes.
const LONGEST_TAG: usize = 63;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScopeError {
    #[error("{}", unknown(_0))]
    Unknown(String),
    #[error(
        "invalid tag name `{0}`: use up to 63 letters, digits, dots, dashes and underscores, \
        starting with a letter or digit"
    )]
    Tag(String),
    #[error("{0} must have 1 to 255 bytes and no control characters")]
    Name(&'static str),
}

/// The error message for an unknown scope. For a word such as `all`, the message suggests the
/// fleet. For any other valid tag name, it suggests a tag and a host with this name.
fn unknown(text: &str) -> String {
    let expected = "expected fleet, group:NAME, tag:NAME, user:NAME or host:NAME";
    let is_everything = ["all", "everyone", "*"].iter().any(|it| it.eq_ignore_ascii_case(text));
    match text.parse::<TagName>() {
        _ if is_everything => format!("invalid scope `{text}`: {expected}; did you mean fleet?"),
        Ok(tag) => {
            format!("invalid scope `{text}`: {expected}; did you mean tag:{tag} or host:{text}?")
        }
        Err(_) => format!("invalid scope `{text}`: {expected}"),
    }
}

checked_text!(
    /// The ID of a host in its sync URL: the hardware UUID, unless the host's profile sets another
    /// ID. Upper and lower case are kept.
    MachineId,
    ScopeError,
    |text| name(text, "a machine ID")
);

impl MachineId {
    /// Whether the machine ID has the form of a hardware UUID: 8-4-4-4-12 hex digits.
    pub fn is_uuid(&self) -> bool {
        let is_hex = self.0.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
        is_hex && self.0.split('-').map(str::len).eq([8, 4, 4, 4, 12])
    }
}

checked_text!(
    /// The name of a tag, in lower case.
    TagName,
    ScopeError,
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

/// The hosts that a rule or a setting applies to. The variants are in order of strength, weakest
/// first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Every host.
    Fleet,
    /// Hosts that report this group for their primary user.
    Group(Box<str>),
    /// Hosts with this tag.
    Tag(TagName),
    /// Hosts with this primary user.
    User(Box<str>),
    Host(MachineId),
}

impl Scope {
    /// The scope of a group that hosts report.
    ///
    /// # Errors
    /// [`ScopeError::Name`] for a name that is blank, is too long or has control characters.
    pub fn group(text: &str) -> Result<Self, ScopeError> {
        name(text, "a group name").map(Self::Group)
    }

    /// The scope of a primary user.
    ///
    /// # Errors
    /// [`ScopeError::Name`] for a name that is blank, is too long or has control characters.
    pub fn user(text: &str) -> Result<Self, ScopeError> {
        name(text, "a user name").map(Self::User)
    }

    /// The part before the colon in the scope's text, or `fleet`.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Fleet => "fleet",
            Self::Group(_) => "group",
            Self::Tag(_) => "tag",
            Self::User(_) => "user",
            Self::Host(_) => "host",
        }
    }

    /// The part after the colon in the scope's text; empty for the fleet.
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

serde_as_text!(Scope);

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
    fn an_unknown_scope_gets_a_suggestion() {
        let error = |text: &str| text.parse::<Scope>().unwrap_err().to_string();
        assert!(error("All").ends_with("; did you mean fleet?"));
        assert!(error("eng").ends_with("; did you mean tag:eng or host:eng?"));
    }

    #[test]
    fn hostile_names_are_refused() {
        for text in ["host:", "host:a\0b", "tag:a b", "tag:-x", "user:\n", "team:x", "fleets"] {
            assert!(text.parse::<Scope>().is_err(), "{text:?} was taken");
        }
    }
}
