//! Zentral's lists as scopes.

use std::collections::BTreeSet;

use crate::document::{Node, Value};
use crate::format::builder::Faults;
use crate::format::record::Record;
use crate::format::{Location, Remark};
use crate::rule::{Scope, TagName};

/// The kinds of lists in a Zentral rule, from the weakest scope to the strongest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Tags,
    Users,
    Serials,
}

impl Kind {
    pub(super) const ALL: [Self; 3] = [Self::Tags, Self::Users, Self::Serials];

    /// The name of the list of tags, users or hosts that get the rule.
    pub(super) const fn included(self) -> &'static str {
        match self {
            Self::Tags => "tags",
            Self::Users => "primary_users",
            Self::Serials => "serial_numbers",
        }
    }

    /// The name of the list of exceptions.
    pub(super) const fn excluded(self) -> &'static str {
        match self {
            Self::Tags => "excluded_tags",
            Self::Users => "excluded_primary_users",
            Self::Serials => "excluded_serial_numbers",
        }
    }
}

pub(super) struct Lists<'a> {
    included: [Option<&'a Node>; 3],
    excluded: [Option<&'a Node>; 3],
}

impl<'a> Lists<'a> {
    pub(super) fn take(record: &mut Record<'a>) -> Self {
        let mut list = |name| record.take(name).map(|entry| &entry.node);
        Self {
            included: Kind::ALL.map(|kind| list(kind.included())),
            excluded: Kind::ALL.map(|kind| list(kind.excluded())),
        }
    }
}

/// The scopes of a rule, and the scopes of the `remove` rules for its exceptions.
#[derive(Default)]
pub(super) struct Reach {
    pub(super) rule: Vec<Scope>,
    pub(super) remove: Vec<Scope>,
}

/// Converts the lists in one file to scopes.
#[derive(Default)]
pub(super) struct Scopes {
    file: u32,
    /// Whether the file contains the names of tags. The API returns their numbers.
    pub(super) names_tags: bool,
    /// The scope of a rule without lists. If absent, the scope is the fleet.
    usual: Option<Scope>,
    pub(super) notes: Vec<Remark>,
    folded: BTreeSet<String>,
    noted_serials: bool,
    noted_users: bool,
}

impl Scopes {
    pub(super) fn new(file: u32, usual: Option<Scope>) -> Self {
        Self { file, usual, ..Self::default() }
    }

    fn at(&self, node: &Node) -> Location {
        Location::of(self.file, node.position)
    }

    pub(super) fn reach(&mut self, at: Location, lists: &Lists<'_>) -> Result<Reach, Faults> {
        let mut faults = Vec::new();
        let mut read = |list: &Option<&Node>, kind, name| -> Vec<Scope> {
            let Some(node) = list else { return Vec::new() };
            self.list(node, kind, name).unwrap_or_else(|found| {
                faults.extend(found);
                Vec::new()
            })
        };
        let included = Kind::ALL.map(|it| read(&lists.included[it as usize], it, it.included()));
        let excluded = Kind::ALL.map(|it| read(&lists.excluded[it as usize], it, it.excluded()));
        match faults.is_empty() {
            true => Ok(self.joined(at, lists, included, excluded)?),
            false => Err(Faults(faults)),
        }
    }

    /// Combines the lists of a rule into scopes, if possible.
    fn joined(
        &mut self,
        at: Location,
        lists: &Lists<'_>,
        included: [Vec<Scope>; 3],
        excluded: [Vec<Scope>; 3],
    ) -> Result<Reach, Remark> {
        let there = |lists: &[Vec<Scope>; 3]| -> Vec<Kind> {
            Kind::ALL.into_iter().filter(|kind| !lists[*kind as usize].is_empty()).collect()
        };
        let (of, except) = (there(&included), there(&excluded));
        let base = match of.as_slice() {
            [] => None,
            [kind] => Some(*kind),
            [first, second, ..] => {
                let text = format!(
                    "{} and {} together match only Macs that are in both, which one scope cannot \
                    express; assign a tag to those Macs and use that",
                    first.included(),
                    second.included()
                );
                return Err(Remark::new(at, text));
            }
        };
        for kind in &except {
            let location = lists.excluded[*kind as usize].map_or(at, |node| self.at(node));
            let fault = |text: String| Remark::new(location, text);
            let names = &included[*kind as usize];
            if let Some(both) = excluded[*kind as usize].iter().find(|it| names.contains(it)) {
                let (name, included) = (both.name(), kind.included());
                return Err(fault(format!("{}: `{name}` is also in {included}", kind.excluded())));
            }
            match base {
                Some(base) if *kind < base => {
                    let (base, name) = (base.included(), kind.excluded());
                    return Err(fault(format!(
                        "{name}: cannot exclude Macs from {base}, which are stronger scopes in \
                        nicelist; remove those Macs from {base}"
                    )));
                }
                Some(_) | None => {
                    self.note_exceptions(*kind, base, location, &included, &excluded);
                }
            }
        }
        let rule: Vec<Scope> = match base {
            None => vec![self.usual.clone().unwrap_or(Scope::Fleet)],
            Some(base) => included[base as usize].clone(),
        };
        // If a rule is for listed users, an exception for another user has no effect. The same is
        // true for hosts.
        let says = |kind: &Kind| Some(*kind) != base || *kind == Kind::Tags;
        let remove = except.into_iter().filter(says);
        let remove = remove.flat_map(|kind| excluded[kind as usize].clone()).collect();
        Ok(Reach { rule, remove })
    }

    fn note_exceptions(
        &mut self,
        kind: Kind,
        base: Option<Kind>,
        location: Location,
        included: &[Vec<Scope>; 3],
        excluded: &[Vec<Scope>; 3],
    ) {
        let names = |scopes: &[Scope]| -> String {
            let names: Vec<&str> = scopes.iter().map(Scope::name).collect();
            names.join(", ")
        };
        let text = match (kind, base) {
            (Kind::Tags, Some(Kind::Tags)) => format!(
                "excluded_tags: give {} a higher priority than {}; otherwise the exclusion has no \
                effect",
                names(&excluded[kind as usize]),
                names(&included[kind as usize]),
            ),
            (Kind::Users, None | Some(Kind::Tags)) if !self.noted_users => {
                self.noted_users = true;
                "excluded_primary_users: a Mac without a primary user gets the rule from \
                nicelist, but not from Zentral"
                    .to_owned()
            }
            (Kind::Tags | Kind::Users | Kind::Serials, _) => return,
        };
        self.notes.push(Remark::new(location, text));
    }

    fn list(&mut self, node: &Node, kind: Kind, name: &str) -> Result<Vec<Scope>, Vec<Remark>> {
        if node.value == Value::Null {
            return Ok(Vec::new());
        }
        let Some(nodes) = node.elements() else {
            let text = format!("{name}: {}", node.expected("a list"));
            return Err(vec![Remark::new(self.at(node), text)]);
        };
        let (mut scopes, mut faults) = (Vec::with_capacity(nodes.len()), Vec::new());
        for node in nodes {
            match self.scope(node, kind) {
                Ok(scope) if scopes.contains(&scope) => {}
                Ok(scope) => scopes.push(scope),
                Err(text) => faults.push(Remark::new(self.at(node), format!("{name}: {text}"))),
            }
        }
        if kind == Kind::Serials && !self.noted_serials && !scopes.is_empty() {
            self.noted_serials = true;
            let text = format!(
                "{name}: serial numbers become scopes; each applies to the host that has the \
                serial number, now or later"
            );
            self.notes.push(Remark::new(self.at(node), text));
        }
        if faults.is_empty() { Ok(scopes) } else { Err(faults) }
    }

    fn scope(&mut self, node: &Node, kind: Kind) -> Result<Scope, String> {
        let Some(text) = node.scalar() else { return Err(node.expected("a name")) };
        let is_number = node.as_str().is_none();
        match kind {
            Kind::Serials => text.parse().map(Scope::Host).map_err(|error| error.to_string()),
            Kind::Users => Scope::user(&text).map_err(|error| error.to_string()),
            Kind::Tags if is_number && !self.names_tags => {
                Err(format!("{text} is the number of a tag in Zentral; use the tag's name instead"))
            }
            Kind::Tags => self.tag(self.at(node), &text).map(Scope::Tag),
        }
    }

    fn tag(&mut self, location: Location, text: &str) -> Result<TagName, String> {
        let tag: TagName = text.parse().map_err(|error| match renamed(text) {
            Some(name) => format!("{error}; rename it, for example to {name}"),
            None => format!("{error}; rename it"),
        })?;
        if tag.as_str() != text && self.folded.insert(text.to_owned()) {
            let text = format!("tags: `{text}` becomes {tag}");
            self.notes.push(Remark::new(location, text));
        }
        Ok(tag)
    }
}

fn renamed(text: &str) -> Option<TagName> {
    let kept = |letter: char| if letter.is_ascii_alphanumeric() { letter } else { '-' };
    let name: String = text.chars().map(kept).collect();
    let name: Vec<&str> = name.split('-').filter(|part| !part.is_empty()).collect();
    let name = name.join("-");
    name.get(..name.len().min(63))?.parse().ok()
}
