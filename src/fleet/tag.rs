//! Tags: names that administrators give to hosts, one by one or by what hosts report.

use std::collections::HashMap;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{Host, HostPattern, Membership, ReportedName, Serial};
use crate::rule::TagName;

/// Bytes of the longest description.
const LONGEST_DESCRIPTION: usize = 1024;

/// What a tag is for, in words.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TagDescription(Box<str>);

/// Why a description was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the description of a tag has {0} bytes; {LONGEST_DESCRIPTION} are allowed")]
pub struct DescriptionTooLong(usize);

impl FromStr for TagDescription {
    type Err = DescriptionTooLong;

    fn from_str(text: &str) -> Result<Self, DescriptionTooLong> {
        let fits = text.len() <= LONGEST_DESCRIPTION;
        if fits { Ok(Self(text.into())) } else { Err(DescriptionTooLong(text.len())) }
    }
}

impl TryFrom<String> for TagDescription {
    type Error = DescriptionTooLong;

    fn try_from(text: String) -> Result<Self, DescriptionTooLong> {
        text.parse()
    }
}

impl From<TagDescription> for String {
    fn from(description: TagDescription) -> Self {
        description.0.into()
    }
}

/// A tag. Among a host's tags the one with the higher priority is the stronger; at the same
/// priority the later name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Tag {
    pub name: TagName,
    /// Its strength among tags; higher is stronger.
    #[serde(default)]
    pub priority: i32,
    /// What it is for, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Which hosts have it without being given it.
    #[serde(default, skip_serializing_if = "Membership::is_empty")]
    pub membership: Membership,
}

impl Tag {
    /// A tag of priority 0 that nobody is a member of.
    #[must_use]
    pub fn new(name: TagName) -> Self {
        Self { name, priority: 0, description: None, membership: Membership::default() }
    }

    /// Whether a host has it: given by hand, or as a member.
    #[must_use]
    pub fn is_of(&self, host: &Host) -> bool {
        host.tags.contains(&self.name) || self.membership.has(&host.facts)
    }
}

/// All tags there are, so arranged that a host's own are found without looking at every entry of
/// every membership.
#[derive(Debug, Default)]
pub struct Tags {
    /// Weakest first.
    tags: Vec<Tag>,
    names: HashMap<TagName, usize>,
    serials: HashMap<Serial, Vec<usize>>,
    users: HashMap<ReportedName, Vec<usize>>,
    groups: HashMap<ReportedName, Vec<usize>>,
    patterns: Vec<(HostPattern, usize)>,
}

impl Tags {
    /// Arranges tags.
    #[must_use]
    pub fn new(mut tags: Vec<Tag>) -> Self {
        tags.sort_unstable_by(|a, b| (a.priority, &a.name).cmp(&(b.priority, &b.name)));
        let mut all = Self::default();
        for (at, tag) in tags.iter().enumerate() {
            let Membership { serials, users, groups, hostnames } = &tag.membership;
            all.names.insert(tag.name.clone(), at);
            for serial in serials {
                all.serials.entry(serial.clone()).or_default().push(at);
            }
            for (names, index) in [(users, &mut all.users), (groups, &mut all.groups)] {
                for name in names {
                    index.entry(name.clone()).or_default().push(at);
                }
            }
            all.patterns.extend(hostnames.iter().map(|pattern| (pattern.clone(), at)));
        }
        Self { tags, ..all }
    }

    /// All tags, weakest first.
    #[must_use]
    pub fn all(&self) -> &[Tag] {
        &self.tags
    }

    /// The tags of a host, weakest first: the same of which [`Tag::is_of`] says so.
    pub fn of<'a>(&'a self, host: &Host) -> impl Iterator<Item = &'a Tag> {
        let facts = &host.facts;
        let named = |index: &HashMap<ReportedName, Vec<usize>>, name: &str| -> Vec<usize> {
            let name = name.parse::<ReportedName>().ok();
            name.and_then(|name| index.get(&name).cloned()).unwrap_or_default()
        };
        let mut own: Vec<usize> =
            host.tags.iter().filter_map(|name| self.names.get(name).copied()).collect();
        if let Ok(serial) = facts.serial.parse::<Serial>() {
            own.extend(self.serials.get(&serial).into_iter().flatten());
        }
        own.extend(named(&self.users, &facts.primary_user));
        own.extend(facts.groups.iter().flat_map(|group| named(&self.groups, group)));
        let matching = self.patterns.iter().filter(|(it, _)| it.matches(&facts.hostname));
        own.extend(matching.map(|(_, at)| at));
        own.sort_unstable();
        own.dedup();
        own.into_iter().map(|at| &self.tags[at])
    }
}
