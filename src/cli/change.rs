//! Tells what became of a change.

use serde::Serialize;

use super::error::CliError;
use super::ui::{Cell, Column, Row, Tone, Ui};
use crate::api::ChangeAnswer;
use crate::rule::{Outcome, Revision};

/// What became of one edit.
#[derive(Debug, Serialize)]
pub(crate) struct Changed {
    outcome: Outcome,
    change: String,
}

impl Changed {
    /// `change` tells the edit in words.
    pub(crate) fn new(outcome: Outcome, change: String) -> Self {
        Self { outcome, change }
    }
}

impl Row for Changed {
    const COLUMNS: &'static [Column] = &[Column::new("outcome"), Column::new("change")];
    const HEADED: bool = false;

    fn cells(&self) -> Vec<Cell> {
        let (word, tone) = told(self.outcome);
        vec![Cell::toned(word, tone), Cell::text(&self.change)]
    }
}

const fn told(outcome: Outcome) -> (&'static str, Tone) {
    match outcome {
        Outcome::Added => ("added", Tone::Good),
        Outcome::Changed => ("changed", Tone::Notice),
        Outcome::Removed => ("removed", Tone::Bad),
        Outcome::Unchanged => ("unchanged", Tone::Faint),
    }
}

/// Shows what became of each of `edits`, which are told in the order of the request.
pub(crate) fn show(
    ui: &Ui,
    answer: &ChangeAnswer,
    edits: impl IntoIterator<Item = String>,
    dry_run: bool,
) -> Result<(), CliError> {
    let outcomes = answer.outcomes.iter().copied();
    let rows = outcomes.zip(edits).map(|(outcome, change)| Changed::new(outcome, change));
    ui.answer(answer, rows)?;
    ui.status(summary(answer, dry_run));
    Ok(())
}

/// What became of a change as a whole.
pub(crate) fn summary(answer: &ChangeAnswer, dry_run: bool) -> String {
    sum_up(&answer.outcomes, answer.revision, dry_run)
}

/// What became of edits as a whole.
pub(crate) fn sum_up(outcomes: &[Outcome], revision: Revision, dry_run: bool) -> String {
    let would = outcomes.iter().any(|outcome| *outcome != Outcome::Unchanged);
    match (dry_run, would) {
        (true, true) => format!("dry run: nothing was changed (revision {revision})"),
        (true, false) => format!("dry run: there is nothing to change (revision {revision})"),
        (false, true) => format!("revision {revision}"),
        (false, false) => format!("nothing to change (revision {revision})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::ui::tests::remembering;
    use crate::config::Output;

    fn shown(format: Output, dry_run: bool) -> (String, String) {
        let (ui, out, err) = remembering(format, false);
        let answer = ChangeAnswer {
            revision: Revision(7),
            changed: !dry_run,
            outcomes: vec![Outcome::Added, Outcome::Unchanged],
            pruned: Vec::new(),
        };
        let edits = ["allow a in fleet", "allow b in fleet"].map(str::to_owned);
        show(&ui, &answer, edits, dry_run).unwrap();
        (out.text(), err.text())
    }

    #[test]
    fn each_edit_gets_a_line_and_the_revision_is_no_data() {
        let (out, err) = shown(Output::Table, false);
        assert_eq!(out, "added      allow a in fleet\nunchanged  allow b in fleet\n");
        assert_eq!(err, "revision 7\n");
        assert!(shown(Output::Table, true).1.starts_with("dry run"));
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
