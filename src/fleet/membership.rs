//! Who has a tag without being given it: hosts that report what the tag's membership names.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::HostFacts;

/// The longest serial number, name or pattern that is taken, in bytes.
const LONGEST: usize = 255;

/// Entries of the largest membership that is accepted.
const MOST_MEMBERS: usize = 100_000;

/// Why a membership was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the membership of a tag has {0} entries; {MOST_MEMBERS} are allowed")]
pub struct TooManyMembers(usize);

/// Why an entry of a membership was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} must have 1 to 255 bytes and no control characters")]
pub struct MembershipError(&'static str);

fn checked(text: &str, what: &'static str) -> Result<Box<str>, MembershipError> {
    let printable = !text.chars().any(char::is_control);
    let fits = printable && !text.trim().is_empty() && text.len() <= LONGEST;
    fits.then(|| text.into()).ok_or(MembershipError(what))
}

macro_rules! entries {
    ($($(#[$doc:meta])* $name:ident = $read:expr;)+) => {
        $(
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

            impl FromStr for $name {
                type Err = MembershipError;

                fn from_str(text: &str) -> Result<Self, MembershipError> {
                    let read: fn(&str) -> Result<Box<str>, MembershipError> = $read;
                    read(text).map(Self)
                }
            }

            impl TryFrom<String> for $name {
                type Error = MembershipError;

                fn try_from(text: String) -> Result<Self, MembershipError> {
                    text.parse()
                }
            }

            impl From<$name> for String {
                fn from(entry: $name) -> Self {
                    entry.0.into()
                }
            }

            impl fmt::Display for $name {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.pad(&self.0)
                }
            }
        )+
    };
}

entries! {
    /// A serial number, in upper case.
    Serial = |text| {
        checked(text.trim(), "a serial number").map(|text| text.to_ascii_uppercase().into())
    };
    /// A user or a group, spelt as hosts report it.
    ReportedName = |text| checked(text, "a name");
    /// A pattern of host names, in lower case: `*` stands for any letters, `?` for one. ASCII
    /// letters match in either case.
    HostPattern = |text| {
        checked(text.trim(), "a pattern").map(|text| text.to_ascii_lowercase().into())
    };
}

impl HostPattern {
    /// Whether a host name matches; an empty one, which is none, never does.
    #[must_use]
    pub fn matches(&self, hostname: &str) -> bool {
        let pattern: Vec<char> = self.0.chars().collect();
        let text: Vec<char> = hostname.chars().map(|c| c.to_ascii_lowercase()).collect();
        let (mut at, mut seen) = (0, 0);
        // Where to go on when what follows the last `*` does not fit: it swallows a letter more.
        let mut back: Option<(usize, usize)> = None;
        while seen < text.len() {
            match (pattern.get(at), back) {
                (Some('*'), _) => {
                    back = Some((at + 1, seen));
                    at += 1;
                }
                (Some(c), _) if *c == '?' || *c == text[seen] => (at, seen) = (at + 1, seen + 1),
                (_, Some((star, from))) => {
                    back = Some((star, from + 1));
                    (at, seen) = (star, from + 1);
                }
                (_, None) => return false,
            }
        }
        !text.is_empty() && pattern[at..].iter().all(|c| *c == '*')
    }
}

/// What makes a host a member of a tag: any of these.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Membership {
    /// Its serial number is one of these.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub serials: BTreeSet<Serial>,
    /// Its primary user is one of these.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub users: BTreeSet<ReportedName>,
    /// Its primary user is in one of these groups.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub groups: BTreeSet<ReportedName>,
    /// Its host name matches one of these.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub hostnames: BTreeSet<HostPattern>,
}

impl Membership {
    /// Whether it names nobody.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let Self { serials, users, groups, hostnames } = self;
        serials.is_empty() && users.is_empty() && groups.is_empty() && hostnames.is_empty()
    }

    /// Refuses a membership with too many entries. Memberships that are already stored may have
    /// more.
    ///
    /// # Errors
    /// When it has more than 100,000.
    pub fn check_size(&self) -> Result<(), TooManyMembers> {
        let Self { serials, users, groups, hostnames } = self;
        let entries = serials.len() + users.len() + groups.len() + hostnames.len();
        if entries > MOST_MEMBERS { Err(TooManyMembers(entries)) } else { Ok(()) }
    }

    /// Whether a host that says this of itself is a member.
    #[must_use]
    pub fn has(&self, facts: &HostFacts) -> bool {
        let serial: Result<Serial, _> = facts.serial.parse();
        let named = |names: &BTreeSet<ReportedName>, name: &str| {
            name.parse().is_ok_and(|name| names.contains(&name))
        };
        serial.is_ok_and(|serial| self.serials.contains(&serial))
            || named(&self.users, &facts.primary_user)
            || facts.groups.iter().any(|group| named(&self.groups, group))
            || self.hostnames.iter().any(|pattern| pattern.matches(&facts.hostname))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_whole_names_in_any_case() {
        let matches =
            |pattern: &str, name: &str| pattern.parse::<HostPattern>().unwrap().matches(name);
        for (pattern, name) in [
            ("*", "a"),
            ("eng-*", "ENG-mac.local"),
            ("eng-*", "eng-"),
            ("*-LAB-??.local", "a-lab-b-lab-12.local"),
            ("mac?", "macü"),
            ("a*b*c", "aXbXbXc"),
            ("[a]", "[a]"),
        ] {
            assert!(matches(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in
            [("*", ""), ("eng-*", "my-eng-1"), ("mac?", "mac"), ("a*b", "abc"), ("[a]", "a")]
        {
            assert!(!matches(pattern, name), "{pattern} {name}");
        }
    }

    #[test]
    fn any_entry_makes_a_member() {
        let facts = HostFacts {
            serial: "c02abc".into(),
            hostname: "Lab-1.local".into(),
            primary_user: "anna".into(),
            groups: vec!["staff".into(), "design".into()],
            ..HostFacts::default()
        };
        let has = |json: &str| {
            let membership: Membership = serde_json::from_str(json).unwrap();
            assert_eq!(serde_json::to_string(&membership).unwrap().to_lowercase(), json);
            membership.has(&facts)
        };
        assert!(has(r#"{"serials":["c02abc","c02xyz"]}"#));
        assert!(has(r#"{"users":["anna"]}"#));
        assert!(has(r#"{"groups":["design"]}"#));
        assert!(has(r#"{"serials":["x"],"hostnames":["lab-?.*"]}"#));
        assert!(!has(
            r#"{"serials":["c02"],"users":["ann"],"groups":["des"],"hostnames":["lab"]}"#
        ));
        assert!(!has("{}"));
    }

    #[test]
    fn entries_that_can_match_nothing_are_refused() {
        assert!(" ".parse::<Serial>().is_err() && "".parse::<HostPattern>().is_err());
        assert!("a\nb".parse::<ReportedName>().is_err());
        assert!(serde_json::from_str::<Membership>(r#"{"serial":["x"]}"#).is_err());
    }
}
