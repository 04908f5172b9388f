//! How findings look.

use indicatif::HumanCount;
use serde::Serialize;

use crate::cli::error::CliError;
use crate::cli::policy_files::{FileNames, counted};
use crate::cli::ui::{Cell, Column, Item, Row, Section, Tone, Ui};
use crate::format::{Location, Spot};
use crate::lint::{Code, Severity};
use crate::rule::Rule;

/// A finding with its place.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) code: Code,
    pub(super) message: String,
    pub(super) target: Option<String>,
    pub(super) scope: Option<String>,
    pub(super) at: Option<ShownLocation>,
    /// Where the other rule stands that it has to do with.
    pub(super) see: Option<ShownLocation>,
}

/// A place in a file.
#[derive(Debug)]
pub(super) struct ShownLocation {
    pub(super) file: String,
    pub(super) line: Option<u32>,
    pub(super) column: Option<u32>,
    /// All of it in words.
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

impl Told {
    pub(super) fn of(code: Code, message: String) -> Self {
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

/// What programs are told.
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
    fix: &'static str,
}

impl<'a> From<&'a Told> for Record<'a> {
    fn from(told: &'a Told) -> Self {
        Self {
            code: told.code.id(),
            name: told.code.name(),
            severity: told.code.severity().word(),
            file: told.at.as_ref().map(|at| at.file.as_str()),
            line: told.at.as_ref().and_then(|at| at.line),
            column: told.at.as_ref().and_then(|at| at.column),
            target: told.target.as_deref(),
            scope: told.scope.as_deref(),
            message: told.whole(),
            fix: told.code.fix(),
        }
    }
}

impl Serialize for Told {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Record::from(self).serialize(serializer)
    }
}

impl Row for Told {
    const COLUMNS: &'static [Column] = &[
        Column::new("severity"),
        Column::new("code"),
        Column::new("file"),
        Column::new("line"),
        Column::new("column"),
        Column::new("target"),
        Column::new("scope"),
        Column::new("message"),
        Column::new("fix"),
    ];

    fn cells(&self) -> Vec<Cell> {
        let number = |number: Option<u32>| number.map_or_else(String::new, |it| it.to_string());
        let at = self.at.as_ref();
        vec![
            Cell::text(self.code.severity()),
            Cell::text(self.code),
            Cell::text(at.map_or("", |at| at.file.as_str())),
            Cell::text(number(at.and_then(|at| at.line))),
            Cell::text(number(at.and_then(|at| at.column))),
            Cell::text(self.target.as_deref().unwrap_or_default()),
            Cell::text(self.scope.as_deref().unwrap_or_default()),
            Cell::text(self.whole()),
            Cell::text(self.code.fix()),
        ]
    }
}

/// Maximum findings of a severity that a table shows, unless all are wanted.
const MOST_ITEMS: usize = 20;

/// Shows findings: in a table by severity, the worst first, and of each severity the first ones.
pub(super) fn show(ui: &Ui, told: &[Told], full: bool) -> Result<(), CliError> {
    let most = if full { usize::MAX } else { MOST_ITEMS };
    let mut is_cut = false;
    ui.outline(&told, told, || {
        let severities = Severity::ALL.into_iter().rev();
        let sections: Vec<Section> =
            severities.filter_map(|severity| section(severity, told, most)).collect();
        is_cut = sections.iter().any(|section| section.rest.is_some());
        sections
    })?;
    if is_cut {
        ui.hint("--full shows all of them, and so do -o jsonl and -o csv");
    }
    Ok(())
}

fn section(severity: Severity, told: &[Told], most: usize) -> Option<Section> {
    let (title, tone) = match severity {
        Severity::Error => ("Errors", Tone::Bad),
        Severity::Warning => ("Warnings", Tone::Notice),
        Severity::Note => ("Notes", Tone::Faint),
    };
    let of_it = told.iter().filter(|finding| finding.code.severity() == severity);
    let count = of_it.clone().count();
    let items = of_it.take(most).map(|finding| {
        let place = finding.at.as_ref().map(|at| vec![Cell::toned(&at.words, Tone::Strong)]);
        let values = place.into_iter().chain([
            vec![Cell::text(finding.whole())],
            vec![Cell::toned(format!("→ {}", finding.code.fix()), Tone::Faint)],
        ]);
        Item { mark: ("•", tone), name: finding.code.to_string(), values: values.collect() }
    });
    let items: Vec<Item> = items.collect();
    let hidden = count - items.len();
    let rest = (hidden > 0).then(|| format!("… and {} more", HumanCount(hidden as u64)));
    (!items.is_empty()).then(|| Section { title: title.to_owned(), items, rest })
}

/// How many findings there are.
pub(super) fn summary(told: &[Told]) -> String {
    let count = |severity: Severity| {
        let count = told.iter().filter(|finding| finding.code.severity() == severity).count();
        (count > 0).then(|| counted(count, severity.word()))
    };
    let counts: Vec<String> = Severity::ALL.into_iter().rev().filter_map(count).collect();
    if counts.is_empty() { "no findings".to_owned() } else { counts.join(", ") }
}
