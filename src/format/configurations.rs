//! Zentral's configurations. Each applies to different hosts, so rules of several configurations
//! cannot be read as rules of one fleet.

use std::collections::BTreeSet;

use super::{Location, ParsedPolicy};

pub(super) struct Configurations<'w> {
    pub(super) wanted: Option<&'w str>,
    found: BTreeSet<String>,
}

/// The maximum number of configurations that a message lists.
const MAX_LISTED: usize = 8;

impl<'w> Configurations<'w> {
    pub(super) fn new(wanted: Option<&'w str>) -> Self {
        Self { wanted, found: BTreeSet::new() }
    }

    /// Adds the configuration of a rule. Returns whether the rule is wanted.
    pub(super) fn add(&mut self, name: &str) -> bool {
        if !self.found.contains(name) {
            self.found.insert(name.to_owned());
        }
        self.wanted.is_none_or(|wanted| wanted == name)
    }

    /// Refuses all rules if the file has several configurations and none was chosen, or if the
    /// chosen configuration has no rules.
    pub(super) fn check(self, policy: &mut ParsedPolicy) {
        let names = || {
            let names = self.found.iter().take(MAX_LISTED).map(String::as_str);
            let more = (self.found.len() > MAX_LISTED).then_some("...");
            names.chain(more).collect::<Vec<_>>().join(", ")
        };
        let text = match (self.wanted, self.found.len()) {
            (None, 0 | 1) => return,
            (Some(wanted), _) if self.found.contains(wanted) => return,
            (None, count) => format!(
                "has rules for {count} configurations ({}); choose one: --configuration {}",
                names(),
                self.found.first().map_or("", String::as_str),
            ),
            (Some(wanted), 0) => format!(
                "configuration {wanted} not found: the rules have no \
                configurations"
            ),
            (Some(wanted), _) => {
                format!("configuration {wanted} not found; the file has: {}", names())
            }
        };
        policy.rules.clear();
        policy.fault(Location::whole(0), text);
    }
}
