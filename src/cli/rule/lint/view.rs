//! Findings in lists and in one-line summaries.

use indicatif::HumanCount;
use serde::Serialize;

use crate::cli::error::CliError;
use crate::cli::policy_files::{FileNames, counted};
use crate::cli::ui::{Cell, Column, Item, Row, Section, Tone, Ui};
use crate::format::{Location, Spot};
use crate::lint::{LintCode, Severity};
use crate::rule::Rule;

/// A finding with its place.
#[derive(Debug)]
pub(super) struct LocatedFinding {
    pub(super) code: LintCode,
    pub(super) message: String,
    pub(super) target: Option<String>,
    pub(super) scope: Option<String>,
    pub(super) at: Option<ShownLocation>,
    /// The place of a second rule that is part of the problem.
    pub(super) see: Option<ShownLocation>,
}

/// A place in a file.
#[derive(Debug)]
pub(super) struct ShownLocation {
    pub(super) file: String,
    pub(super) line: Option<u32>,
    pub(super) column: Option<u32>,
    /// The file, the line and the column in one text.
    words: String,
}

impl ShownLocation {
    fn of(names: &FileNames, place: Location) -> Self {
        let words = names.place(place);
        let file = names.place(Location { spot: Spot::Whole, ..place });
        let (line, column) = match place.spot {
            Spot::Column(line, column) => (Some(line), Some(column)),
            Spot::Line(line) => (Some(line), None),
            Spot::Whole | Spot::Rule(_) => (None, None),
        };
        Self { file, line, column, words }
    }
}

impl LocatedFinding {
    pub(super) fn of(code: LintCode, message: String) -> Self {
        Self { code, message, target: None, scope: None, at: None, see: None }
    }

    pub(super) fn about(self, rule: &Rule) -> Self {
        let (target, scope) = (Some(rule.target().to_string()), Some(rule.scope().to_string()));
        Self { target, scope, ..self }
    }

    pub(super) fn in_scope(self, scope: String) -> Self {
        Self { scope: Some(scope), ..self }
    }

    pub(super) fn at(self, names: &FileNames, place: Location) -> Self {
        Self { at: Some(ShownLocation::of(names, place)), ..self }
    }

    pub(super) fn see(self, names: &FileNames, place: Location) -> Self {
        Self { see: Some(ShownLocation::of(names, place)), ..self }
    }

    /// The message, with the place of the other rule.
    fn whole(&self) -> String {
        match &self.see {
            Some(see) => format!("{} (see {})", self.message, see.words),
            None => self.message.clone(),
        }
    }
}

#[derive(Serialize)]
struct Record<'a> {
    code: &'static str,
    name: &'static str,
    severity: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<&'a str>,
    message: String,
    #[serde(skip_serializing_if = "str::is_empty")]
    fix: &'static str,
}

impl<'a> Record<'a> {
    fn of(finding: &'a LocatedFinding) -> Self {
        let at = finding.at.as_ref();
        Self {
            code: finding.code.id(),
            name: finding.code.name(),
            severity: finding.code.severity().word(),
            file: at.map(|at| at.file.as_str()),
            line: at.and_then(|at| at.line),
            column: at.and_then(|at| at.column),
            target: finding.target.as_deref(),
            scope: finding.scope.as_deref(),
            message: finding.whole(),
            fix: finding.code.fix(),
        }
    }
}

impl Row for Record<'_> {
    fn columns() -> Vec<Column<Self>> {
        vec![
            Column::new("severity", |record| Cell::text(record.severity)),
            Column::new("code", |record| Cell::text(record.code)),
            Column::new("file", |record| Cell::optional(record.file)),
            Column::new("line", |record| Cell::optional(record.line)),
            Column::new("column", |record| Cell::optional(record.column)),
            Column::new("target", |record| Cell::optional(record.target)),
            Column::new("scope", |record| Cell::optional(record.scope)),
            Column::new("message", |record| Cell::text(&record.message)),
            Column::new("fix", |record| Cell::text(record.fix)),
        ]
    }

    fn identifier(&self) -> Option<String> {
        Some(self.target.unwrap_or(self.code).to_owned())
    }
}

/// Maximum findings per severity in a table, unless `--full` is given.
const MOST_ITEMS: usize = 20;

/// Shows findings. A table has the first ones of each severity, errors first.
pub(super) fn show(ui: &Ui, findings: &[LocatedFinding], full: bool) -> Result<(), CliError> {
    let most = if full { usize::MAX } else { MOST_ITEMS };
    let mut is_cut = false;
    let records: Vec<Record<'_>> = findings.iter().map(Record::of).collect();
    ui.outline(&records, &records, || {
        let severities = Severity::ALL.into_iter().rev();
        let sections: Vec<Section> =
            severities.filter_map(|severity| section(severity, findings, most)).collect();
        is_cut = sections.iter().any(|section| section.rest.is_some());
        sections
    })?;
    if is_cut {
        ui.hint(format!("to show all of them: {}", ui.again("--full")));
    }
    Ok(())
}

fn section(severity: Severity, findings: &[LocatedFinding], most: usize) -> Option<Section> {
    let (title, tone) = match severity {
        Severity::Error => ("Errors", Tone::Bad),
        Severity::Warning => ("Warnings", Tone::Notice),
        Severity::Note => ("Notes", Tone::Faint),
    };
    let of_it = findings.iter().filter(|finding| finding.code.severity() == severity);
    let count = of_it.clone().count();
    let items = of_it.take(most).map(|finding| {
        let place = finding.at.as_ref().map(|at| vec![Cell::toned(&at.words, Tone::Strong)]);
        let fix = finding.code.fix();
        let fix = (!fix.is_empty()).then(|| vec![Cell::toned(format!("→ {fix}"), Tone::Faint)]);
        let values = place.into_iter().chain([vec![Cell::text(finding.whole())]]).chain(fix);
        Item { mark: ("•", tone), name: finding.code.to_string(), values: values.collect() }
    });
    let items: Vec<Item> = items.collect();
    let hidden = count - items.len();
    let rest = (hidden > 0).then(|| format!("… and {} more", HumanCount(hidden as u64)));
    (!items.is_empty()).then(|| Section { title: title.to_owned(), items, rest })
}

/// The number of findings of each severity.
pub(super) fn summary(findings: &[LocatedFinding]) -> String {
    let count = |severity: Severity| {
        let count = findings.iter().filter(|finding| finding.code.severity() == severity).count();
        (count > 0).then(|| counted(count, severity.word()))
    };
    let counts: Vec<String> = Severity::ALL.into_iter().rev().filter_map(count).collect();
    if counts.is_empty() { "no findings".to_owned() } else { counts.join(", ") }
}
