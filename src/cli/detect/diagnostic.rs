//! Remarks about rule files as text, as rows, or as SARIF.

use std::collections::{BTreeMap, HashMap};

use clap::ValueEnum;
use serde::Serialize;
use serde_json::json;

use crate::cli::error::CliError;
use crate::cli::expression_parts::with_excerpt;
use crate::cli::policy_files::counted;
use crate::cli::sarif::{self, Region};
use crate::cli::ui::{Cell, Column, Row, Ui, harmless};
use crate::detect::check::LintCode;
use crate::detect::rule_files::{Level, Remark, RuleFiles, SourceFile};

/// The minimum level for a failure.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Deny {
    Error,
    Warning,
    Note,
}

impl Deny {
    pub(super) fn level(self) -> Level {
        match self {
            Self::Error => Level::Error,
            Self::Warning => Level::Warning,
            Self::Note => Level::Note,
        }
    }
}

#[derive(Debug, Serialize)]
pub(super) struct Diagnostic {
    level: &'static str,
    code: &'static str,
    file: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<u32>,
    message: String,
    #[serde(skip)]
    end_column: Option<u32>,
    /// The message with its place, and the line with a pointer.
    #[serde(skip)]
    text: Vec<String>,
}

impl Row for Diagnostic {
    fn columns() -> Vec<Column<Self>> {
        vec![
            Column::new("level", |it| Cell::text(it.level)),
            Column::new("code", |it| Cell::text(it.code)),
            Column::new("file", |it| Cell::text(&it.file)),
            Column::new("line", |it| Cell::optional(it.line)),
            Column::new("column", |it| Cell::optional(it.column)),
            Column::new("message", |it| Cell::text(&it.message)),
        ]
    }

    fn identifier(&self) -> Option<String> {
        Some(self.code.to_owned())
    }
}

/// The remarks with the lines that they are about.
pub(super) fn diagnostics(
    remarks: &[Remark],
    read: &RuleFiles,
    files: &[SourceFile],
) -> Vec<Diagnostic> {
    let mut lines: HashMap<usize, Vec<&str>> = HashMap::new();
    let diagnostic = |remark: &Remark| {
        let lines = lines.entry(remark.file).or_insert_with(|| lines_of(files.get(remark.file)));
        let at = remark.position;
        let place = read.place(remark.file, at);
        let message = format!("{place}: {}: {}", remark.level, remark.message);
        let index = at.and_then(|at| usize::try_from(at.line.checked_sub(1)?).ok());
        let line = index.and_then(|index| lines.get(index));
        let number = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
        let text = match (at, line, remark.level) {
            (Some(at), Some(line), Level::Error | Level::Warning) => {
                with_excerpt(message, line, number(at.column), number(remark.width)).to_vec()
            }
            _ => vec![message],
        };
        Diagnostic {
            level: remark.level.word(),
            code: remark.code,
            file: read.file_name(remark.file).to_owned(),
            line: at.map(|at| at.line),
            column: at.map(|at| at.column),
            message: remark.message.clone(),
            end_column: at.map(|at| at.column.saturating_add(remark.width)),
            text,
        }
    };
    remarks.iter().map(diagnostic).collect()
}

/// The lines of a file in UTF-8. Files in other encodings have no excerpts.
fn lines_of(file: Option<&SourceFile>) -> Vec<&str> {
    let bytes = file.and_then(|file| file.content.as_deref().ok()).unwrap_or_default();
    std::str::from_utf8(bytes).unwrap_or_default().lines().collect()
}

/// Shows diagnostics on stdout: as SARIF, as text, or in the chosen format.
pub(super) fn show(ui: &Ui, found: Vec<Diagnostic>, as_sarif: bool) -> Result<(), CliError> {
    if as_sarif {
        return ui.json(&log(&found));
    }
    if !ui.draws_tables() {
        return ui.rows(found, "");
    }
    let lines = found.iter().flat_map(|it| &it.text).map(|line| format!("{}\n", harmless(line)));
    ui.raw(lines.collect::<String>().as_bytes())
}

/// Shows diagnostics on stderr, for commands whose output is something else.
pub(super) fn report(ui: &Ui, found: &[Diagnostic]) {
    found.iter().flat_map(|it| &it.text).for_each(|line| ui.fault(line));
}

fn log(found: &[Diagnostic]) -> serde_json::Value {
    let codes: BTreeMap<&str, &str> = found.iter().map(|it| (it.code, it.level)).collect();
    let about = |code: &str| match LintCode::from_word(code) {
        Some(lint) => lint.about().to_owned(),
        None => format!("A mistake in a detection: {}", code.replace('-', " ")),
    };
    let rules = codes.iter().map(|(code, level)| {
        json!({
            "id": code,
            "shortDescription": { "text": about(code) },
            "help": { "text": "See docs/DETECTIONS.md." },
            "defaultConfiguration": { "level": level },
        })
    });
    let results = found.iter().map(|it| {
        let Diagnostic { level, code, file, line, column, end_column, message, .. } = it;
        let (line, column, end_column) = (*line, *column, *end_column);
        json!({
            "ruleId": code,
            "ruleIndex": codes.keys().position(|known| known == code),
            "level": level,
            "message": { "text": message },
            "partialFingerprints": { "finding/v1": sarif::fingerprint(code, file, message) },
            "locations": [sarif::location(Region { file, line, column, end_column })],
        })
    });
    sarif::log(rules.collect(), results.collect())
}

/// The number of remarks of each level, such as `2 errors, 1 warning`.
pub(super) fn summary(remarks: &[Remark]) -> String {
    let count = |level: Level| {
        let count = remarks.iter().filter(|remark| remark.level == level).count();
        (count > 0).then(|| counted(count, level.word()))
    };
    let counts: Vec<String> = Level::ALL.into_iter().filter_map(count).collect();
    counts.join(", ")
}
