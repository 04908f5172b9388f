//! Differences between two policies: what a plan would change, or what a revision changed.

use std::collections::BTreeSet;

use indicatif::HumanCount;
use serde::Serialize;

use super::error::CliError;
use super::labels::{first_names, outcome_mark, outcome_word, policy_cell};
use super::ui::{Cell, Column, Item, Row, Section, Tone, Ui};
use crate::api::{PolicyAnswer, PolicyChange, Subject};
use crate::fleet::{HostPattern, Membership, ReportedName, Serial, SettingKey, Tag};
use crate::rule::{Outcome, RuleDraft, Scope};

/// Maximum differences per group on a terminal, unless `--full` is given.
const MOST_ITEMS: usize = 20;
/// Maximum added or removed members of a tag that are shown per kind, such as users.
const MOST_MEMBERS: usize = 5;
/// Maximum groups on a terminal, unless `--full` is given.
const MOST_SECTIONS: usize = 20;

/// Shows the differences of a plan. The JSON output is the whole response.
pub(crate) fn show(ui: &Ui, answer: &PolicyAnswer, full: bool) -> Result<(), CliError> {
    show_changes(ui, answer, &answer.changes, full)
}

/// Shows differences: in groups as a table, one per line in other formats. The JSON output is
/// `whole`. A terminal shows only the first ones, unless `full` is set.
pub(crate) fn show_changes(
    ui: &Ui,
    whole: &impl Serialize,
    changes: &[PolicyChange],
    full: bool,
) -> Result<(), CliError> {
    let cut = is_cut(ui, full);
    let mut is_cut = false;
    ui.outline(whole, changes, || {
        let sections = sections(changes, cut);
        is_cut = sections.iter().any(|section| section.rest.is_some());
        sections
    })?;
    if is_cut {
        ui.hint(format!("to show all of them: {}", ui.again("--full")));
    }
    Ok(())
}

/// Whether only the first differences are shown.
pub(crate) fn is_cut(ui: &Ui, full: bool) -> bool {
    ui.draws_tables() && ui.is_terminal() && !full
}

/// The kind of a difference, and its scope.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Group<'a> {
    Tags,
    Settings(&'a Scope),
    Rules(&'a Scope),
}

impl<'a> Group<'a> {
    fn of(change: &'a PolicyChange) -> Self {
        match &change.subject {
            Subject::Tag { .. } => Self::Tags,
            Subject::Setting { scope, .. } => Self::Settings(scope),
            Subject::Rule { scope, .. } => Self::Rules(scope),
        }
    }

    fn title(self) -> String {
        match self {
            Self::Tags => "Tags".to_owned(),
            Self::Settings(scope) => format!("Settings for {scope}"),
            Self::Rules(scope) => format!("Rules for {scope}"),
        }
    }
}

fn sections(changes: &[PolicyChange], cut: bool) -> Vec<Section> {
    let mut sorted: Vec<&PolicyChange> = changes.iter().collect();
    sorted.sort_by(|a, b| Group::of(a).cmp(&Group::of(b)));
    let groups: Vec<&[&PolicyChange]> =
        sorted.chunk_by(|a, b| Group::of(a) == Group::of(b)).collect();
    let shown = if cut { MOST_SECTIONS.min(groups.len()) } else { groups.len() };
    let (shown, hidden) = groups.split_at(shown);
    let mut sections: Vec<Section> = shown.iter().map(|group| section(group, cut)).collect();
    if !hidden.is_empty() {
        let differences: usize = hidden.iter().map(|group| group.len()).sum();
        let counted = |count: usize, thing: &str| {
            let plural = if count == 1 { "" } else { "s" };
            format!("{} {thing}{plural}", HumanCount(count as u64))
        };
        let rest = counted(differences, "difference");
        let title = format!("… and {}", counted(hidden.len(), "more group"));
        sections.push(Section { title, items: Vec::new(), rest: Some(rest) });
    }
    sections
}

fn section(group: &[&PolicyChange], cut: bool) -> Section {
    let title = group.first().map(|first| Group::of(first).title()).unwrap_or_default();
    if !cut || group.len() <= MOST_ITEMS {
        return Section { title, items: group.iter().map(|it| item(it)).collect(), rest: None };
    }
    // Removals are shown first, because they are the most important.
    let mut group = group.to_vec();
    group.sort_by_key(|change| match change.outcome {
        Outcome::Removed => 0,
        Outcome::Changed => 1,
        Outcome::Added => 2,
        Outcome::Unchanged => 3,
    });
    let (shown, hidden) = group.split_at(MOST_ITEMS);
    let of = |outcome| hidden.iter().filter(|change| change.outcome == outcome).count();
    let kinds = [(Outcome::Removed, "-"), (Outcome::Changed, "~"), (Outcome::Added, "+")];
    let kinds = kinds.map(|(outcome, mark)| (of(outcome), mark)).into_iter();
    let kinds: Vec<String> = kinds
        .filter(|(count, _)| *count > 0)
        .map(|(count, mark)| format!("{mark} {}", HumanCount(count as u64)))
        .collect();
    let rest = format!("… and {} more ({})", HumanCount(hidden.len() as u64), kinds.join(", "));
    Section { title, items: shown.iter().map(|it| item(it)).collect(), rest: Some(rest) }
}

fn item(change: &PolicyChange) -> Item {
    let values = match &change.subject {
        Subject::Tag { before, after, hosts, .. } => {
            let (before, after) = (before.as_deref(), after.as_deref());
            let values = compared(before.map(tag_fields), after.map(tag_fields));
            let lost = hosts.map(|hosts| vec![Cell::toned(lost_tag(hosts), Tone::Bad)]);
            values.into_iter().chain(members(before, after)).chain(lost).collect()
        }
        Subject::Setting { before, after, .. } => {
            let field = |value: &String| vec![("", Cell::text(value))];
            compared(before.as_ref().map(field), after.as_ref().map(field))
        }
        Subject::Rule { before, after, .. } => rule_values(before.as_deref(), after.as_deref()),
    };
    Item { mark: outcome_mark(change.outcome), name: name(&change.subject), values }
}

/// What happens to the hosts to which a removed tag is assigned.
fn lost_tag(hosts: u64) -> String {
    let lose = match hosts {
        1 => "1 host loses".to_owned(),
        hosts => format!("{} hosts lose", HumanCount(hosts)),
    };
    format!("({lose} it; a later rollback does not restore this)")
}

/// The fields of a rule, or those that differ.
pub(crate) fn rule_values(before: Option<&RuleDraft>, after: Option<&RuleDraft>) -> Vec<Vec<Cell>> {
    compared(before.map(rule_fields), after.map(rule_fields))
}

fn name(subject: &Subject) -> String {
    match subject {
        Subject::Tag { name, .. } => name.to_string(),
        Subject::Setting { key, .. } => SettingKey::name(*key).to_owned(),
        Subject::Rule { target, .. } => target.to_string(),
    }
}

type Fields = Vec<(&'static str, Cell)>;

/// The fields of the only side that exists, or the fields that differ between both sides.
fn compared(before: Option<Fields>, after: Option<Fields>) -> Vec<Vec<Cell>> {
    let faint = |text: &str| Cell::toned(text, Tone::Faint);
    match (before, after) {
        (Some(before), Some(after)) => {
            let pairs = before.into_iter().zip(after).filter(|(before, after)| before != after);
            let none = |cell: Cell| if is_empty(&cell) { faint("none") } else { cell };
            pairs
                .map(|((name, before), (_, after))| {
                    vec![faint(name), none(before), faint("→"), none(after)]
                })
                .collect()
        }
        (Some(only), None) | (None, Some(only)) => {
            let present = only.into_iter().filter(|(_, cell)| !is_empty(cell));
            present
                .map(|(name, cell)| match name {
                    // The policy of a rule is clear without the name of the field.
                    "policy" => vec![cell],
                    _ => vec![faint(name), cell],
                })
                .collect()
        }
        (None, None) => Vec::new(),
    }
}

fn is_empty(cell: &Cell) -> bool {
    cell.for_programs().is_empty()
}

fn tag_fields(tag: &Tag) -> Fields {
    let Tag { name: _, priority, description, membership: _ } = tag;
    vec![("priority", Cell::text(priority)), ("description", Cell::optional(description.as_ref()))]
}

fn all_of_tag(tag: &Tag) -> Fields {
    let lists = entries(&tag.membership);
    let lists = lists.into_iter().map(|(name, entries)| (name, Cell::list(entries)));
    tag_fields(tag).into_iter().chain(lists).collect()
}

fn entries(membership: &Membership) -> [(&'static str, BTreeSet<&str>); 4] {
    let Membership { serials, users, groups, hostnames } = membership;
    [
        ("serials", serials.iter().map(Serial::as_str).collect()),
        ("users", users.iter().map(ReportedName::as_str).collect()),
        ("groups", groups.iter().map(ReportedName::as_str).collect()),
        ("host names", hostnames.iter().map(HostPattern::as_str).collect()),
    ]
}

/// The first new and the first former members of a tag.
fn members(before: Option<&Tag>, after: Option<&Tag>) -> Vec<Vec<Cell>> {
    let none = Membership::default();
    let [was, is] = [before, after].map(|tag| entries(tag.map_or(&none, |tag| &tag.membership)));
    let both = before.is_some() && after.is_some();
    let mut rows = Vec::new();
    for ((name, was), (_, is)) in was.iter().zip(&is) {
        for (sign, tone, one, other) in [("+", Tone::Good, is, was), ("-", Tone::Bad, was, is)] {
            let moved: Vec<&str> = one.difference(other).copied().collect();
            if !moved.is_empty() {
                let mut row = vec![Cell::toned(*name, Tone::Faint)];
                row.extend(both.then(|| Cell::toned(sign, tone)));
                row.push(Cell::text(first_names(moved, MOST_MEMBERS)));
                rows.push(row);
            }
        }
    }
    rows
}

fn rule_fields(rule: &RuleDraft) -> Fields {
    let RuleDraft { target: _, scope: _, policy, cel, message, url, .. } = rule;
    let RuleDraft { button_label, app_name, bundle_hash, bundle_binary_count, .. } = rule;
    let RuleDraft { comment, ticket, source, expires, .. } = rule;
    vec![
        ("policy", policy_cell(policy)),
        ("cel", Cell::optional(cel.as_ref())),
        ("expires", expires.map_or(Cell::text(""), |at| Cell::Time(Some(at)))),
        ("comment", Cell::optional(comment.as_ref())),
        ("ticket", Cell::optional(ticket.as_ref())),
        ("message", Cell::optional(message.as_ref())),
        ("url", Cell::optional(url.as_ref())),
        ("button label", Cell::optional(button_label.as_ref())),
        ("app name", Cell::optional(app_name.as_ref())),
        ("bundle", Cell::optional(bundle_hash.as_ref())),
        ("bundle count", Cell::optional(*bundle_binary_count)),
        ("source", Cell::optional(source.as_ref())),
    ]
}

impl Row for PolicyChange {
    fn columns() -> Vec<Column<Self>> {
        vec![
            Column::new("outcome", |change| Cell::text(outcome_word(change.outcome).0)),
            Column::new("kind", |change| {
                Cell::text(match &change.subject {
                    Subject::Tag { .. } => "tag",
                    Subject::Setting { .. } => "setting",
                    Subject::Rule { .. } => "rule",
                })
            }),
            Column::new("scope", |change| match &change.subject {
                Subject::Tag { .. } => Cell::text(""),
                Subject::Setting { scope, .. } | Subject::Rule { scope, .. } => Cell::text(scope),
            }),
            Column::new("name", |change| Cell::text(name(&change.subject))),
            Column::new("before", |change| sides(&change.subject).0),
            Column::new("after", |change| sides(&change.subject).1),
        ]
    }

    fn identifier(&self) -> Option<String> {
        Some(name(&self.subject))
    }
}

/// The values before and after, each in one line.
fn sides(subject: &Subject) -> (Cell, Cell) {
    let tag = |tag: &Option<Box<Tag>>| Cell::optional(tag.as_ref().map(|it| line(all_of_tag(it))));
    let rule = |rule: &Option<Box<RuleDraft>>| {
        Cell::optional(rule.as_ref().map(|it| line(rule_fields(it))))
    };
    match subject {
        Subject::Tag { before, after, .. } => (tag(before), tag(after)),
        Subject::Setting { before, after, .. } => {
            (Cell::optional(before.as_ref()), Cell::optional(after.as_ref()))
        }
        Subject::Rule { before, after, .. } => (rule(before), rule(after)),
    }
}

/// Fields in one line.
fn line(fields: Fields) -> String {
    let present = fields.into_iter().filter(|(_, cell)| !is_empty(cell));
    let present: Vec<String> = present
        .map(|(name, cell)| match name {
            "policy" => cell.for_programs().into_owned(),
            _ => format!("{name}: {}", cell.for_programs()),
        })
        .collect();
    present.join("; ")
}

#[cfg(test)]
mod tests;
