//! What a format cannot say, told so that a person can decide about it.

use serde::Serialize;

use super::input::counted;
use crate::cli::ui::Ui;
use crate::format::{Format, Loss, Lost};
use crate::rule::{Rule, Scope, Target};

/// As many rules are named of those that lose the same; the others are counted.
const NAMED: usize = 3;

/// What is lost, in the order of first sight.
#[derive(Debug, Default, Serialize)]
#[serde(transparent)]
pub(crate) struct Losses(Vec<Group>);

/// What several rules lose.
#[derive(Debug, Serialize)]
struct Group {
    /// Whether the rules are left out; otherwise they lose a field.
    left_out: bool,
    /// The field, or why they are left out.
    what: String,
    /// The rules; none where it is no rule that is lost.
    rules: Vec<Name>,
}

#[derive(Debug, Serialize)]
struct Name {
    target: Target,
    scope: Scope,
}

impl Losses {
    /// Sorts losses by what is lost.
    pub(super) fn of(rules: &[Rule], losses: &[Loss]) -> Self {
        let mut groups: Vec<Group> = Vec::new();
        let mut known = std::collections::HashMap::new();
        for Loss { rule, lost } in losses {
            let (left_out, what) = match lost {
                Lost::Everything(why) => (true, why.as_str()),
                Lost::Field(field) => (false, *field),
            };
            let index = *known.entry((left_out, what)).or_insert_with(|| {
                groups.push(Group { left_out, what: what.to_owned(), rules: Vec::new() });
                groups.len() - 1
            });
            let rule = rule
                .and_then(|rule| rules.get(rule))
                .map(|rule| Name { target: rule.target().clone(), scope: rule.scope().clone() });
            groups[index].rules.extend(rule);
        }
        Self(groups)
    }

    /// Whether nothing is lost.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many rules are left out.
    pub(crate) fn left_out(&self) -> usize {
        self.0.iter().filter(|group| group.left_out).map(|group| group.rules.len()).sum()
    }

    /// Tells all of it, a line for what is lost.
    pub(super) fn tell(&self, ui: &Ui, format: Format) {
        for Group { left_out, what, rules } in &self.0 {
            let names: Vec<String> = rules.iter().take(NAMED).map(Name::to_string).collect();
            let mut names = names.join(", ");
            if rules.len() > NAMED {
                names.push_str(&format!(" and {} more", rules.len() - NAMED));
            }
            let count = counted(rules.len(), "rule");
            ui.warn(match (left_out, rules.is_empty()) {
                (true, true) => format!("left out: {what}"),
                (true, false) => format!("left out {count} ({what}): {names}"),
                (false, _) => {
                    let lose = if rules.len() == 1 { "loses" } else { "lose" };
                    format!("{format} has no {what}, which {count} {lose}: {names}")
                }
            });
        }
    }
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.scope {
            Scope::Fleet => self.target.fmt(f),
            scope => write!(f, "{} for {scope}", self.target),
        }
    }
}
