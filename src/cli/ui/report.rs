//! One value in full: groups of named fields.

use std::borrow::Cow;
use std::io;

use serde::{Serialize, Serializer};
use serde_json::Value;

use super::cell::{Cell, Row, Tone, harmless, heading};
use super::layout::{Layout, LongWords, Piece, wrap};
use super::list::{separated, text, tone_style};
use super::output::Ui;
use crate::cli::error::CliError;
use crate::config::Output;

/// A value that can be shown in full. The JSON output is its serialized form.
pub(crate) trait Report: Serialize {
    fn groups(&self) -> Vec<Group>;

    /// What `-o name` writes. `None` means the first field that is not empty.
    fn identifier(&self) -> Option<String> {
        None
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Group {
    pub(crate) title: Option<String>,
    /// The names are stable and in snake case.
    pub(crate) fields: Vec<(&'static str, Cell)>,
}

impl Group {
    pub(crate) fn titled(
        title: impl Into<String>,
        fields: impl IntoIterator<Item = (&'static str, Cell)>,
    ) -> Self {
        Self { title: Some(title.into()), fields: fields.into_iter().collect() }
    }
}

/// The result of a command that has no type of its own. A field with `null` is missing in JSON and
/// empty in CSV.
pub(crate) struct Facts<const N: usize> {
    pub(crate) title: &'static str,
    pub(crate) fields: [(&'static str, Value); N],
}

impl<const N: usize> Serialize for Facts<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.fields.iter().filter(|(_, value)| !value.is_null()).cloned())
    }
}

impl<const N: usize> Report for Facts<N> {
    fn groups(&self) -> Vec<Group> {
        let fields = self.fields.iter().map(|(name, value)| match value {
            Value::Null => (*name, Cell::text("")),
            Value::String(text) => (*name, Cell::text(text)),
            other => (*name, Cell::text(other)),
        });
        vec![Group::titled(self.title, fields)]
    }
}

impl Ui {
    /// Shows one value.
    pub(crate) fn report(&self, report: &impl Report) -> Result<(), CliError> {
        match self.format {
            Output::Table | Output::Wide => self.raw(draw(&report.groups(), self).as_bytes()),
            Output::Json | Output::Jsonl | Output::Yaml => self.document(report),
            Output::Csv | Output::Tsv => self.data(&record(&report.groups(), self.delimiter())?),
            Output::Name => self.data(format!("{}\n", identifier(report)).as_bytes()),
        }
    }

    /// Shows one value: in full as a table, as a row in CSV and TSV.
    pub(crate) fn one<R: Row + Report>(&self, value: &R) -> Result<(), CliError> {
        match self.format {
            Output::Csv | Output::Tsv => self.in_full(std::slice::from_ref(value)),
            _ => self.report(value),
        }
    }

    /// Shows a few values: in full as a table, as a list in other formats.
    pub(crate) fn in_full<R: Row + Report>(&self, values: &[R]) -> Result<(), CliError> {
        if self.draws_tables() {
            let groups: Vec<Group> = values.iter().flat_map(Report::groups).collect();
            return self.raw(draw(&groups, self).as_bytes());
        }
        let mut list = self.list("");
        values.iter().try_for_each(|value| list.push(value))?;
        list.finish()
    }
}

fn identifier(report: &impl Report) -> String {
    let groups = report.groups();
    let texts = groups.iter().flat_map(|group| &group.fields).map(|(_, cell)| cell.for_programs());
    let first = || texts.map(Cow::into_owned).find(|text| !text.is_empty());
    report.identifier().or_else(first).unwrap_or_default()
}

/// The table of groups, without empty fields.
fn draw(groups: &[Group], ui: &Ui) -> String {
    let shown = |group: &Group| -> Vec<(String, String, Tone)> {
        let fields = group
            .fields
            .iter()
            .map(|(name, cell)| (format!("  {}", heading(name)), text(ui, cell), cell.tone()));
        fields.filter(|(_, text, _)| !text.is_empty()).collect()
    };
    let groups: Vec<_> = groups.iter().map(|group| (&group.title, shown(group))).collect();
    let all = groups.iter().flat_map(|(_, fields)| fields);
    let texts = all.map(|(name, text, _)| vec![name.as_str(), text.as_str()]);
    let layout = Layout::fit(texts, ui.width.get(), LongWords::Overflow);
    let mut out = String::new();
    for (title, fields) in &groups {
        if fields.is_empty() {
            continue;
        }
        if !out.is_empty() {
            out.push('\n');
        }
        if let Some(title) = title {
            let style = tone_style(ui, Tone::Strong);
            out.push_str(&format!("{style}{}{style:#}\n", harmless(title)));
        }
        for (name, text, tone) in fields {
            if is_own_line(&layout, name, text) {
                write_below(ui, (name.as_str(), text.as_str(), *tone), &mut out);
                continue;
            }
            let name = Piece { text: name, style: tone_style(ui, Tone::Faint) };
            layout.write(&[name, Piece { text, style: tone_style(ui, *tone) }], &mut out);
        }
    }
    out
}

/// The name of the field with a command to paste.
const COMMAND: &str = "next";
/// The space before a text on its own lines.
const INDENT: &str = "    ";

/// Whether the text of a field starts on its own line, because a hash or a command in it does not
/// fit next to the name.
fn is_own_line(layout: &Layout, name: &str, text: &str) -> bool {
    match name.trim() == COMMAND {
        true => layout.wraps_text(1, text),
        false => layout.overflows(1, text),
    }
}

/// Writes the text of a field below its name. A command stays on one line.
fn write_below(ui: &Ui, (name, text, tone): (&str, &str, Tone), out: &mut String) {
    let (faint, style) = (tone_style(ui, Tone::Faint), tone_style(ui, tone));
    out.push_str(&format!("{faint}{name}{faint:#}\n"));
    let room = ui.width.get().map_or(usize::MAX, |width| width.saturating_sub(INDENT.len()));
    let lines = match name.trim() == COMMAND {
        true => vec![text.to_owned()],
        false => wrap(text, room),
    };
    lines.iter().for_each(|line| out.push_str(&format!("{INDENT}{style}{line}{style:#}\n")));
}

/// A line with the names, and one with the values.
fn record(groups: &[Group], delimiter: u8) -> Result<Vec<u8>, CliError> {
    let mut writer = separated(delimiter);
    let fields = || groups.iter().flat_map(|group| &group.fields);
    let values = fields().map(|(_, cell)| cell.for_programs().into_owned());
    writer.write_record(fields().map(|(name, _)| name)).map_err(io::Error::from)?;
    writer.write_record(values).map_err(io::Error::from)?;
    Ok(writer.into_inner().map_err(|error| io::Error::from(error.error().kind()))?)
}
