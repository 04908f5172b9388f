//! The result of a check, and the report of all results.

use serde::Serialize;

use crate::cli::error::CliError;
use crate::cli::ui::{Cell, Column, Item, Row, Section, Tone, Ui};

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum CheckStatus {
    Ok,
    /// Hosts can sync, but something is unusual or will fail later.
    Warning,
    /// Hosts cannot sync, or have wrong rules or settings.
    Problem,
    /// The check was not possible.
    Skipped,
}

impl CheckStatus {
    const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Problem => "problem",
            Self::Skipped => "skipped",
        }
    }

    /// The word, with the width of the longest word, and its color.
    const fn mark(self) -> (&'static str, Tone) {
        match self {
            Self::Ok => ("ok     ", Tone::Good),
            Self::Warning => ("warning", Tone::Notice),
            Self::Problem => ("problem", Tone::Bad),
            Self::Skipped => ("skipped", Tone::Faint),
        }
    }
}

/// The result of one check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct CheckResult {
    /// A stable name.
    check: &'static str,
    status: CheckStatus,
    /// One line.
    found: String,
    /// One line: a command that can be pasted, or what to change.
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<String>,
}

impl CheckResult {
    fn new(check: &'static str, status: CheckStatus, found: impl Into<String>) -> Self {
        Self { check, status, found: found.into(), fix: None }
    }

    pub(crate) fn ok(check: &'static str, found: impl Into<String>) -> Self {
        Self::new(check, CheckStatus::Ok, found)
    }

    pub(crate) fn warning(check: &'static str, found: impl Into<String>) -> Self {
        Self::new(check, CheckStatus::Warning, found)
    }

    pub(crate) fn problem(check: &'static str, found: impl Into<String>) -> Self {
        Self::new(check, CheckStatus::Problem, found)
    }

    pub(crate) fn skipped(check: &'static str, found: impl Into<String>) -> Self {
        Self::new(check, CheckStatus::Skipped, found)
    }

    pub(crate) fn fix(self, fix: impl Into<String>) -> Self {
        Self { fix: Some(fix.into()), ..self }
    }

    /// The problem that made a command fail. Its first hint is the fix.
    pub(crate) fn failed(check: &'static str, error: CliError) -> Self {
        let CliError { message, hints, .. } = error;
        Self { fix: hints.into_iter().next(), ..Self::problem(check, message) }
    }

    pub(crate) fn is_problem(&self) -> bool {
        self.status == CheckStatus::Problem
    }
}

impl Row for CheckResult {
    const FROM_HOSTS: bool = true;

    fn columns() -> Vec<Column<Self>> {
        vec![
            Column::new("check", |result| Cell::text(result.check)),
            Column::new("status", |result| Cell::text(result.status.word())),
            Column::new("found", |result| Cell::text(&result.found)),
            Column::new("fix", |result| Cell::optional(result.fix.as_ref())),
        ]
    }
}

/// Results with a title.
pub(crate) struct CheckSection {
    pub(crate) title: String,
    pub(crate) results: Vec<CheckResult>,
}

/// The JSON output.
#[derive(Serialize)]
struct CheckReport<'a> {
    problems: usize,
    warnings: usize,
    checks: &'a [CheckResult],
}

/// Shows the results. Fails if there is a problem.
pub(crate) fn conclude(ui: &Ui, sections: Vec<CheckSection>) -> Result<(), CliError> {
    let all: Vec<CheckResult> =
        sections.iter().flat_map(|section| section.results.iter().cloned()).collect();
    let count = |status| all.iter().filter(|result| result.status == status).count();
    let (problems, warnings) = (count(CheckStatus::Problem), count(CheckStatus::Warning));
    let report = CheckReport { problems, warnings, checks: &all };
    ui.outline(&report, &all, || sections.into_iter().map(section).collect())?;
    let found = format!("{}, {}", counted(problems, "problem"), counted(warnings, "warning"));
    if problems > 0 {
        return Err(CliError::failed(found));
    }
    ui.status(found);
    Ok(())
}

fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

fn section(CheckSection { title, results }: CheckSection) -> Section {
    Section { title, items: results.into_iter().flat_map(items).collect(), rest: None }
}

/// The line of a result, and the line of its fix.
fn items(result: CheckResult) -> impl Iterator<Item = Item> {
    let CheckResult { check, status, found, fix } = result;
    let mark = status.mark();
    let line = Item { mark, name: check.to_owned(), values: vec![vec![Cell::text(found)]] };
    let fix = fix.map(|fix| Item {
        mark: ("  fix: ", Tone::Strong),
        name: String::new(),
        values: vec![vec![Cell::text(fix)]],
    });
    std::iter::once(line).chain(fix)
}
