//! Membership: the hosts that have a tag automatically, because of the facts that they report.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::fleet::HostFacts;
use crate::rule::checked_text;

/// The longest serial number, name or pattern, in bytes.
const LONGEST: usize = 255;

/// Maximum entries of a membership.
const MOST_MEMBERS: usize = 100_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the membership of a tag has {0} entries; the maximum is {MOST_MEMBERS}")]
pub struct TooManyMembers(usize);

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} must have 1 to 255 bytes and no control characters")]
pub struct MembershipError(&'static str);

fn checked(text: &str, what: &'static str) -> Result<Box<str>, MembershipError> {
    let printable = !text.chars().any(char::is_control);
    let fits = printable && !text.trim().is_empty() && text.len() <= LONGEST;
    fits.then(|| text.into()).ok_or(MembershipError(what))
}

checked_text!(
    /// A serial number, in upper case.
    Serial,
    MembershipError,
    |text| checked(text.trim(), "a serial number").map(|text| text.to_ascii_uppercase().into())
);

checked_text!(
    /// The name of a user or a group, as hosts report it.
    ReportedName,
    MembershipError,
    |text| checked(text, "a name")
);

checked_text!(
    /// A pattern for host names, in lower case: `*` is any text, `?` is one character. The case of
    /// ASCII letters in host names is ignored.
    HostPattern,
    MembershipError,
    |text| checked(text.trim(), "a pattern").map(|text| text.to_ascii_lowercase().into())
);

impl HostPattern {
    /// Whether a host name matches. An empty host name never matches.
    pub fn matches(&self, hostname: &str) -> bool {
        let pattern: Vec<char> = self.0.chars().collect();
        let text: Vec<char> = hostname.chars().map(|c| c.to_ascii_lowercase()).collect();
        let (mut at, mut seen) = (0, 0);
        // The position after the last `*` that was reached in the pattern, and the end of the text
        // that this `*` matches. If the rest does not match, the `*` matches one more character.
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

/// The members of a tag. A host is a member if at least one of these fields matches.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Membership {
    /// The serial number of the host is one of these.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub serials: BTreeSet<Serial>,
    /// The primary user of the host is one of these.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub users: BTreeSet<ReportedName>,
    /// The primary user of the host is in one of these groups.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub groups: BTreeSet<ReportedName>,
    /// The name of the host matches one of these patterns.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub hostnames: BTreeSet<HostPattern>,
}

impl Membership {
    pub fn is_empty(&self) -> bool {
        let Self { serials, users, groups, hostnames } = self;
        serials.is_empty() && users.is_empty() && groups.is_empty() && hostnames.is_empty()
    }

    /// Refuses a membership with too many entries. Memberships in the database may have more.
    ///
    /// # Errors
    /// More than 100,000 entries.
    pub fn check_size(&self) -> Result<(), TooManyMembers> {
        let Self { serials, users, groups, hostnames } = self;
        let entries = serials.len() + users.len() + groups.len() + hostnames.len();
        if entries > MOST_MEMBERS { Err(TooManyMembers(entries)) } else { Ok(()) }
    }

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
