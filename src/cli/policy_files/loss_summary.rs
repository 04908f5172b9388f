//! Parts of a policy that a format cannot express, grouped for output.

use serde::Serialize;

use super::input::counted;
use crate::cli::ui::Ui;
use crate::format::{Format, Loss, Lost};
use crate::rule::{Rule, RuleKey, Scope};

/// Maximum rules that are listed per loss. The others are counted.
const MAX_LISTED: usize = 3;

/// The losses, grouped, in the order in which they first occur.
#[derive(Debug, Default, Serialize)]
#[serde(transparent)]
pub(crate) struct LossSummary(Vec<Group>);

/// A loss, and the rules that it affects.
#[derive(Debug, Serialize)]
struct Group {
    /// Whether the rules are left out. Otherwise they lose a field.
    left_out: bool,
    /// The lost field, or the reason why the rules are left out.
    what: String,
    /// Empty if a setting or a tag is lost.
    rules: Vec<RuleKey>,
}

impl LossSummary {
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
            let rule = rule.and_then(|rule| rules.get(rule));
            groups[index].rules.extend(rule.map(|rule| rule.key().clone()));
        }
        Self(groups)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn left_out(&self) -> usize {
        self.0.iter().filter(|group| group.left_out).map(|group| group.rules.len()).sum()
    }

    /// Warns of all losses, one line per group.
    pub(super) fn warn(&self, ui: &Ui, format: Format) {
        for Group { left_out, what, rules } in &self.0 {
            let names: Vec<String> = rules.iter().take(MAX_LISTED).map(describe).collect();
            let mut names = names.join(", ");
            if rules.len() > MAX_LISTED {
                names.push_str(&format!(" and {} more", rules.len() - MAX_LISTED));
            }
            let count = counted(rules.len(), "rule");
            ui.warn(match (left_out, rules.is_empty()) {
                (true, true) => format!("left out: {what}"),
                (true, false) => format!("left out {count} ({what}): {names}"),
                (false, _) => {
                    let lose = if rules.len() == 1 { "loses" } else { "lose" };
                    format!("{format} does not support {what}; {count} {lose} it: {names}")
                }
            });
        }
    }
}

fn describe(RuleKey { target, scope }: &RuleKey) -> String {
    match scope {
        Scope::Fleet => target.to_string(),
        scope => format!("{target} for {scope}"),
    }
}
