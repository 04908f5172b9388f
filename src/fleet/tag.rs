//! Tags, which administrators assign to hosts directly or by membership.

mod membership;
mod merge;

pub use membership::{
    HostPattern, Membership, MembershipError, ReportedName, Serial, TooManyMembers,
};
pub use merge::TagMerge;

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Host;
use crate::rule::{TagName, checked_text};

/// The longest description, in bytes.
const LONGEST_DESCRIPTION: usize = 1024;

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the description of a tag has {0} bytes; the maximum is {LONGEST_DESCRIPTION}")]
pub struct DescriptionTooLong(usize);

checked_text!(
    /// The purpose of a tag.
    TagDescription,
    DescriptionTooLong,
    |text| match text.len() {
        ..=LONGEST_DESCRIPTION => Ok(text.into()),
        length => Err(DescriptionTooLong(length)),
    }
);

/// A tag.
// If two tags have the same priority, the tag whose name sorts last is stronger.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[schema(as = TagView)]
pub struct Tag {
    /// The name of the tag.
    pub name: TagName,
    /// The priority among tags. A tag with a higher number is stronger.
    pub priority: i32,
    /// The purpose of the tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The hosts that have the tag automatically.
    #[serde(default, skip_serializing_if = "Membership::is_empty")]
    pub membership: Membership,
}

impl Tag {
    pub fn new(name: TagName) -> Self {
        Self { name, priority: 0, description: None, membership: Membership::default() }
    }

    /// Whether a host has the tag, directly or as a member.
    pub fn is_of(&self, host: &Host) -> bool {
        host.tags.contains(&self.name) || self.membership.has(&host.facts)
    }
}

/// All tags, with indexes that find tags by tag name, serial number, user and group.
#[derive(Debug, Default)]
pub struct Tags {
    tags: Vec<Tag>,
    names: HashMap<TagName, usize>,
    serials: HashMap<Serial, Vec<usize>>,
    users: HashMap<ReportedName, Vec<usize>>,
    groups: HashMap<ReportedName, Vec<usize>>,
    patterns: Vec<(HostPattern, usize)>,
}

impl Tags {
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
    pub fn all(&self) -> &[Tag] {
        &self.tags
    }

    /// The tags of a host, weakest first: the same tags that [`Tag::is_of`] finds.
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
