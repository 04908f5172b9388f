//! The rules that an import changes, field by field.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::value::RawValue;

use super::rows::Sent;
use crate::api::ChangeAnswer;
use crate::cli::change::field_cells;
use crate::cli::error::CliError;
use crate::cli::labels::outcome_mark;
use crate::cli::policy_files::counted;
use crate::cli::ui::{Item, Section, Ui};
use crate::rule::{FieldChange, Outcome, Rule, RuleKey};

/// Maximum rules in a table: about a screenful.
const MAX_SHOWN: usize = 20;

/// A rule that differs.
#[derive(Clone, Debug, Serialize)]
pub(super) struct ChangedRule {
    outcome: Outcome,
    target: String,
    scope: String,
    fields: Vec<FieldChange>,
}

/// Every rule that differs: first those of the files, then those that are pruned.
pub(super) fn all(answer: &ChangeAnswer, sent: &Sent) -> Result<Vec<ChangedRule>, CliError> {
    let differs = |outcome| outcome != Outcome::Unchanged;
    let sent = sent_rules(answer, sent, differs)?;
    Ok(of_file(answer, &sent, differs).chain(pruned(answer)).collect())
}

/// The rules that were sent. Empty if none of them has a wanted outcome, because then they need not
/// be parsed.
fn sent_rules<'s>(
    answer: &ChangeAnswer,
    sent: &'s Sent,
    wanted: impl Fn(Outcome) -> bool,
) -> Result<Vec<&'s RawValue>, CliError> {
    match answer.outcomes.iter().any(|outcome| wanted(*outcome)) {
        true => sent.rules(),
        false => Ok(Vec::new()),
    }
}

fn of_file<'a>(
    answer: &'a ChangeAnswer,
    sent: &'a [&RawValue],
    wanted: impl Fn(Outcome) -> bool + 'a,
) -> impl Iterator<Item = ChangedRule> + 'a {
    let rules = answer.outcomes.iter().zip(sent).enumerate();
    rules.filter(move |(_, (outcome, _))| wanted(**outcome)).filter_map(
        |(index, (outcome, rule))| {
            let rule: Rule = serde_json::from_str(rule.get()).ok()?;
            let fields = match outcome {
                Outcome::Added => FieldChange::between(None, Some(&rule)),
                Outcome::Changed | Outcome::Removed | Outcome::Unchanged => fields(answer, index),
            };
            let (target, scope) = (rule.target().to_string(), rule.scope().to_string());
            Some(ChangedRule { outcome: *outcome, target, scope, fields })
        },
    )
}

fn pruned(answer: &ChangeAnswer) -> impl Iterator<Item = ChangedRule> + '_ {
    let behind = answer.outcomes.len();
    answer.pruned.iter().enumerate().map(move |(place, RuleKey { target, scope })| {
        let (target, scope) = (target.to_string(), scope.to_string());
        let fields = fields(answer, behind + place);
        ChangedRule { outcome: Outcome::Removed, target, scope, fields }
    })
}

/// The changed fields of an edit. The differences are sorted by edit.
fn fields(answer: &ChangeAnswer, edit: usize) -> Vec<FieldChange> {
    let found = answer.differences.binary_search_by_key(&edit, |difference| difference.edit);
    found
        .ok()
        .and_then(|place| answer.differences.get(place))
        .map_or_else(Vec::new, |difference| difference.fields.clone())
}

/// In a table, shows the first rules that were removed, changed or, in a dry run, added.
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
    let is_shown = |outcome| outcome == Outcome::Changed || (dry_run && outcome == Outcome::Added);
    let sent = sent_rules(answer, sent, is_shown)?;
    let rules = pruned(answer)
        .chain(of_file(answer, &sent, |outcome| outcome == Outcome::Changed))
        .chain(of_file(answer, &sent, |outcome| dry_run && outcome == Outcome::Added));
    let mut shown: Vec<ChangedRule> = rules.take(MAX_SHOWN).collect();
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
        ui.hint(format!("to show all of them: {}", ui.again("-o json")));
    }
    Ok(())
}

/// Warns of rules that had another source. `--prune` with that source no longer removes them.
pub(super) fn warn_of_moved(ui: &Ui, answer: &ChangeAnswer, dry_run: bool) {
    let mut moved: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for change in answer.differences.iter().flat_map(|difference| &difference.fields) {
        if let FieldChange { field, before: Some(before), after: Some(after) } = change
            && &**field == "source"
        {
            *moved.entry((&**before, &**after)).or_default() += 1;
        }
    }
    let becomes = |count| match (dry_run, count) {
        (true, _) => "would now belong",
        (false, 1) => "now belongs",
        (false, _) => "now belong",
    };
    for ((before, after), count) in moved {
        let rules = counted(count, "rule");
        let becomes = becomes(count);
        ui.warn(format!("{rules} of source {before} {becomes} to source {after}"));
    }
}

fn item(ui: &Ui, rule: &ChangedRule) -> Item {
    let fields = rule.fields.iter().map(|field| field_cells(ui, field, rule.outcome));
    Item { mark: outcome_mark(rule.outcome), name: rule.target.clone(), values: fields.collect() }
}
