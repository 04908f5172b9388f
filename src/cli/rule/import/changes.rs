//! The rules that an import changes, field by field.

use serde::Serialize;

use super::rows::Sent;
use crate::api::{ChangeAnswer, RuleReference};
use crate::cli::change::field_cells;
use crate::cli::difference::mark;
use crate::cli::error::CliError;
use crate::cli::ui::{Item, Section, Ui};
use crate::rule::{FieldChange, Outcome, Rule, RuleDraft};

/// Maximum rules in a table: about a screenful.
const MOST_SHOWN: usize = 20;

/// A rule that differs.
#[derive(Clone, Debug, Serialize)]
pub(super) struct ChangedRule {
    outcome: Outcome,
    target: String,
    scope: String,
    fields: Vec<FieldChange>,
}

/// Every rule that differs: first those of the file, then those that are pruned.
pub(super) fn all<'a>(
    answer: &'a ChangeAnswer,
    sent: &'a Sent,
) -> impl Iterator<Item = ChangedRule> + 'a {
    of_file(answer, sent, |outcome| outcome != Outcome::Unchanged).chain(pruned(answer))
}

fn of_file<'a>(
    answer: &'a ChangeAnswer,
    sent: &'a Sent,
    wanted: impl Fn(Outcome) -> bool + 'a,
) -> impl Iterator<Item = ChangedRule> + 'a {
    let places: Vec<usize> = (0..answer.outcomes.len())
        .filter(|place| answer.outcomes.get(*place).copied().is_some_and(&wanted))
        .collect();
    let rules = sent.rules(places.clone());
    places.into_iter().zip(rules).filter_map(|(place, rule)| {
        let rule = rule?;
        let outcome = *answer.outcomes.get(place)?;
        let (target, scope) = (rule.target.clone(), scope_of(&rule));
        let fields = match outcome {
            Outcome::Added => FieldChange::between(None, Rule::try_from(rule).ok().as_ref()),
            Outcome::Changed | Outcome::Removed | Outcome::Unchanged => fields(answer, place),
        };
        Some(ChangedRule { outcome, target, scope, fields })
    })
}

fn pruned(answer: &ChangeAnswer) -> impl Iterator<Item = ChangedRule> + '_ {
    let behind = answer.outcomes.len();
    answer.pruned.iter().enumerate().map(move |(place, RuleReference { target, scope })| {
        let (target, scope) = (target.to_string(), scope.to_string());
        let fields = fields(answer, behind + place);
        ChangedRule { outcome: Outcome::Removed, target, scope, fields }
    })
}

fn scope_of(rule: &RuleDraft) -> String {
    if rule.scope.is_empty() { "fleet".to_owned() } else { rule.scope.clone() }
}

/// Differences are in the order of the edits.
fn fields(answer: &ChangeAnswer, edit: usize) -> Vec<FieldChange> {
    let found = answer.differences.binary_search_by_key(&edit, |difference| difference.edit);
    found
        .ok()
        .and_then(|place| answer.differences.get(place))
        .map_or_else(Vec::new, |difference| difference.fields.clone())
}

/// Shows what was removed, changed and, in a dry run, added: the first rules of a table.
pub(super) fn show(
    ui: &Ui,
    answer: &ChangeAnswer,
    sent: &Sent,
    dry_run: bool,
) -> Result<(), CliError> {
    if !ui.draws_tables() {
        return Ok(());
    }
    let (changed, added) = (answer.count(Outcome::Changed), answer.count(Outcome::Added));
    let all = answer.pruned.len() + changed + if dry_run { added } else { 0 };
    let rules = pruned(answer)
        .chain(of_file(answer, sent, |outcome| outcome == Outcome::Changed))
        .chain(of_file(answer, sent, |outcome| dry_run && outcome == Outcome::Added));
    let mut shown: Vec<ChangedRule> = rules.take(MOST_SHOWN).collect();
    let rest = all.saturating_sub(shown.len());
    shown.sort_by(|one, other| one.scope.cmp(&other.scope));
    let mut sections: Vec<Section> = shown
        .chunk_by(|one, other| one.scope == other.scope)
        .map(|group| Section {
            title: group.first().map(|it| format!("Rules for {}", it.scope)).unwrap_or_default(),
            items: group.iter().map(|rule| item(ui, rule)).collect(),
            rest: None,
        })
        .collect();
    if let (1.., Some(last)) = (rest, sections.last_mut()) {
        last.rest = Some(format!("… and {rest} more"));
    }
    ui.sections(&sections)?;
    if rest > 0 {
        ui.hint("-o json shows all of them");
    }
    Ok(())
}

fn item(ui: &Ui, rule: &ChangedRule) -> Item {
    let fields = rule.fields.iter().map(|field| field_cells(ui, field, rule.outcome));
    Item { mark: mark(rule.outcome), name: rule.target.clone(), values: fields.collect() }
}
