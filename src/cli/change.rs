//! Shows the outcome of each edit of a change.

use jiff::Timestamp;
use serde::Serialize;

use super::arrival::ArrivalArgs;
use super::error::CliError;
use super::labels::{outcome_word, policy_cell, rule_label};
use super::policy_files::counted;
use super::ui::{Cell, Column, Row, Tone, Ui, relative};
use crate::api::{ChangeAnswer, ChangeWarning};
use crate::client::Client;
use crate::rule::{FieldChange, Outcome, Revision, RuleDifference, RuleDraft};

/// One edit of a request.
#[derive(Clone, Debug)]
pub(crate) struct Edit {
    /// What `-o name` writes, such as the target of a rule.
    pub(crate) name: String,
    /// What tables and CSV show.
    pub(crate) label: String,
}

/// The outcome of one edit or, in a table, one field that it changed.
#[derive(Debug, Serialize)]
pub(crate) struct EditRow {
    /// `None` in a line about a field.
    outcome: Option<Outcome>,
    #[serde(skip)]
    name: String,
    change: String,
    fields: Vec<FieldChange>,
}

impl EditRow {
    pub(crate) fn new(outcome: Outcome, Edit { name, label }: Edit) -> Self {
        Self { outcome: Some(outcome), name, change: label, fields: Vec::new() }
    }

    pub(crate) fn with_fields(self, fields: &[FieldChange]) -> Self {
        Self { fields: fields.to_vec(), ..self }
    }

    /// A line for each field, below the line of the edit.
    fn field_rows(&self, ui: &Ui) -> Vec<Self> {
        let outcome = self.outcome.unwrap_or(Outcome::Changed);
        let row = |field| {
            let cells = field_cells(ui, field, outcome);
            let words: Vec<_> = cells.iter().map(Cell::for_programs).collect();
            let change = format!("  {}", words.join(" "));
            Self { outcome: None, name: String::new(), change, fields: Vec::new() }
        };
        self.fields.iter().map(row).collect()
    }
}

impl Row for EditRow {
    const HEADED: bool = false;

    fn columns() -> Vec<Column<Self>> {
        vec![
            Column::new("outcome", |row| {
                let (word, tone) = row.outcome.map_or(("", Tone::Plain), outcome_word);
                Cell::toned(word, tone)
            }),
            Column::new("change", |row| Cell::text(&row.change)),
            Column::csv("fields", |row| {
                let fields: Vec<_> = row.fields.iter().map(field_text).collect();
                Cell::text(fields.join("; "))
            }),
        ]
    }

    fn identifier(&self) -> Option<String> {
        Some(self.name.clone())
    }
}

/// The name and the values of a field. A field of an added or removed item has only one value.
pub(crate) fn field_cells(ui: &Ui, field: &FieldChange, outcome: Outcome) -> Vec<Cell> {
    let FieldChange { field: name, before, after } = field;
    let times = [before, after].map(|text| text.as_deref().and_then(|text| expiry(name, text)));
    let ago = times.map(|time| time.map(|time| relative(time, ui.now())));
    // A rounded time would hide a small difference.
    let is_rounded = ago[0] != ago[1];
    let value = |value: &Option<Box<str>>| match value {
        Some(text) if &**name == "policy" => policy_cell(text),
        Some(text) => match expiry(name, text) {
            Some(at) if is_rounded => Cell::Time(Some(at)),
            _ => Cell::text(text),
        },
        None => Cell::toned("none", Tone::Faint),
    };
    let title = Cell::toned(name.replace('_', " "), Tone::Faint);
    match outcome {
        Outcome::Added => vec![title, value(after)],
        Outcome::Removed => vec![title, value(before)],
        Outcome::Changed | Outcome::Unchanged => {
            vec![title, value(before), Cell::toned("→", Tone::Faint), value(after)]
        }
    }
}

fn field_text(FieldChange { field, before, after }: &FieldChange) -> String {
    let value = |value: &Option<Box<str>>| value.as_deref().unwrap_or_default().to_owned();
    format!("{field}: {} → {}", value(before), value(after))
}

/// The time in a field. None if the field has no time.
fn expiry(name: &str, text: &str) -> Option<Timestamp> {
    (name == "expires").then(|| text.parse().ok()).flatten()
}

/// Shows edits with the fields that they changed. The JSON output is `answer`.
pub(crate) fn show_rows(
    ui: &Ui,
    answer: &impl Serialize,
    edits: impl IntoIterator<Item = EditRow>,
) -> Result<(), CliError> {
    let is_table = ui.draws_tables();
    let rows = edits.into_iter().flat_map(|edit| {
        let fields = if is_table { edit.field_rows(ui) } else { Vec::new() };
        std::iter::once(edit).chain(fields)
    });
    ui.answer(answer, rows)
}

/// Maximum warnings that are shown.
const MOST_WARNINGS: usize = 20;

pub(crate) fn warn(ui: &Ui, warnings: &[ChangeWarning]) {
    for warning in warnings.iter().take(MOST_WARNINGS) {
        ui.warn(&warning.message);
    }
    if let more @ 1.. = warnings.len().saturating_sub(MOST_WARNINGS) {
        ui.warn(format!("{}; to show all of them: -o json", counted(more, "more warning")));
    }
}

/// Shows the outcome of each of `edits`, which are in the order of the request, and the revision.
pub(crate) fn show(
    ui: &Ui,
    answer: &ChangeAnswer,
    edits: impl IntoIterator<Item = Edit>,
    dry_run: bool,
) -> Result<(), CliError> {
    show_edits(ui, answer, answer, edits)?;
    conclude(ui, &answer.outcomes, answer.revision, dry_run);
    Ok(())
}

/// Does the same as `show`, and then waits for hosts if `arrival` requires it.
pub(crate) async fn show_and_wait(
    ui: &Ui,
    client: &Client,
    answer: &ChangeAnswer,
    edits: impl IntoIterator<Item = Edit>,
    dry_run: bool,
    arrival: ArrivalArgs,
) -> Result<(), CliError> {
    let ChangeAnswer { revision, changed, outcomes, .. } = answer;
    let created = changed.then_some(*revision);
    arrival
        .show_and_wait(ui, client, created, answer, |whole| {
            show_edits(ui, whole, answer, edits)?;
            conclude(ui, outcomes, *revision, dry_run);
            Ok(())
        })
        .await
}

/// Shows the outcome of each edit, without the revision. The JSON output is `document`.
pub(crate) fn show_edits(
    ui: &Ui,
    document: &impl Serialize,
    answer: &ChangeAnswer,
    edits: impl IntoIterator<Item = Edit>,
) -> Result<(), CliError> {
    warn(ui, &answer.warnings);
    show_rows(ui, document, rows(&answer.outcomes, edits, &answer.differences))
}

/// Shows the revision, and the command that undoes the change.
pub(crate) fn conclude(ui: &Ui, outcomes: &[Outcome], revision: Revision, dry_run: bool) {
    ui.status(summary(outcomes, revision, dry_run));
    if !dry_run && outcomes.iter().any(|outcome| *outcome != Outcome::Unchanged) {
        show_undo(ui, revision);
    }
}

/// Shows the command that undoes the newest revision.
pub(crate) fn show_undo(ui: &Ui, revision: Revision) {
    ui.undo(&format!("rollback {}", revision.0.saturating_sub(1)));
}

/// The rules of a decision about events, with what happened to each of them.
pub(crate) struct DecidedRules<'a> {
    pub(crate) rules: &'a [RuleDraft],
    pub(crate) outcomes: &'a [Outcome],
    pub(crate) differences: &'a [RuleDifference],
    pub(crate) warnings: &'a [ChangeWarning],
}

impl DecidedRules<'_> {
    /// Shows the rules. The JSON output is `answer`.
    pub(crate) fn show(&self, ui: &Ui, answer: &impl Serialize) -> Result<(), CliError> {
        let Self { rules, outcomes, differences, warnings } = self;
        warn(ui, warnings);
        let edit = |rule: &RuleDraft| Edit { name: rule.target.clone(), label: rule_label(rule) };
        show_rows(ui, answer, rows(outcomes, rules.iter().map(edit), differences))
    }

    /// Shows when the rules expire, in a sentence that begins with `subject`.
    pub(crate) fn show_expiry(&self, ui: &Ui, subject: &str) {
        if let Some(expires) = self.rules.first().and_then(|rule| rule.expires) {
            let at = match ui.is_terminal() {
                true => ui.local_minute(expires),
                false => ui.in_zone(expires),
            };
            ui.status(format!("{subject} at {at}"));
        }
    }
}

fn rows(
    outcomes: &[Outcome],
    edits: impl IntoIterator<Item = Edit>,
    differences: &[RuleDifference],
) -> impl Iterator<Item = EditRow> {
    // Differences are in the order of the edits.
    let mut differences = differences.iter().peekable();
    outcomes.iter().zip(edits).enumerate().map(move |(place, (outcome, edit))| {
        let row = EditRow::new(*outcome, edit);
        match differences.next_if(|difference| difference.edit == place) {
            Some(difference) => row.with_fields(&difference.fields),
            None => row,
        }
    })
}

pub(crate) fn summary(outcomes: &[Outcome], revision: Revision, dry_run: bool) -> String {
    let would = outcomes.iter().any(|outcome| *outcome != Outcome::Unchanged);
    match (dry_run, would) {
        (true, true) => format!("dry run: nothing was changed (revision {revision})"),
        (true, false) => format!("dry run: no changes (revision {revision})"),
        (false, true) => format!("revision {revision}"),
        (false, false) => format!("no changes (revision {revision})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::ui::tests::captured_ui;
    use crate::config::Output;

    fn shown(format: Output, dry_run: bool) -> (String, String) {
        let (ui, out, err) = captured_ui(format, false);
        let answer = ChangeAnswer {
            revision: Revision(7),
            changed: !dry_run,
            outcomes: vec![Outcome::Added, Outcome::Unchanged],
            pruned: Vec::new(),
            differences: Vec::new(),
            warnings: Vec::new(),
        };
        let edit =
            |name: &str| Edit { name: name.to_owned(), label: format!("allow {name} in fleet") };
        let edits = ["a", "b"].map(edit);
        show(&ui, &answer, edits, dry_run).unwrap();
        (out.text(), err.text())
    }

    #[test]
    fn each_edit_has_a_line_and_the_revision_goes_to_stderr() {
        let (out, err) = shown(Output::Table, false);
        assert_eq!(out, "added      allow a in fleet\nunchanged  allow b in fleet\n");
        assert_eq!(err, "revision 7\n");
        assert!(shown(Output::Table, true).1.starts_with("dry run"));
    }

    #[test]
    fn names_are_those_of_the_edits() {
        assert_eq!(shown(Output::Name, false).0, "a\nb\n");
    }

    #[test]
    fn json_is_the_answer_itself() {
        let (out, _) = shown(Output::Jsonl, false);
        assert_eq!(
            out,
            "{\"revision\":7,\"changed\":true,\"outcomes\":[\"added\",\"unchanged\"]}\n"
        );
    }
}
