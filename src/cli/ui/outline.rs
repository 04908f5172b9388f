//! Many small items in sections. Each item begins on a new line and has a mark, a name and values.
//! Values that do not fit continue on further lines.

use serde::Serialize;

use super::cell::{Cell, Row, Tone, harmless};
use super::layout::{Piece, width_of, wrap};
use super::list::{text, tone_style};
use super::output::Ui;
use crate::cli::error::CliError;
use crate::config::Output;

/// Maximum width of the column of names. A wider name does not move the values of the other items.
const WIDEST_NAME: usize = 44;
/// The indent of the second and all further lines of an item.
const INDENT: &str = "      ";
/// The space between two values of one line.
const GAP: &str = "  ";

#[derive(Clone, Debug)]
pub(crate) struct Section {
    pub(crate) title: String,
    pub(crate) items: Vec<Item>,
    /// A line about the items that are not shown.
    pub(crate) rest: Option<String>,
}

#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) mark: (&'static str, Tone),
    pub(crate) name: String,
    /// Each value is a list of cells, which are wrapped as one text.
    pub(crate) values: Vec<Vec<Cell>>,
}

impl Ui {
    /// Shows a response of the API that has many small parts: unchanged as JSON or YAML, in
    /// sections as a table, as rows in other formats such as JSON Lines.
    pub(crate) fn outline<R: Row>(
        &self,
        answer: &impl Serialize,
        rows: &[R],
        sections: impl FnOnce() -> Vec<Section>,
    ) -> Result<(), CliError> {
        match self.format {
            Output::Json | Output::Yaml => self.document(answer),
            Output::Table | Output::Wide => self.raw(draw(&sections(), self).as_bytes()),
            Output::Jsonl | Output::Csv | Output::Tsv | Output::Name => {
                let mut list = self.list("");
                rows.iter().try_for_each(|row| list.push(row))?;
                list.finish()
            }
        }
    }

    /// Shows sections. Call it only if the output is a table.
    pub(crate) fn sections(&self, sections: &[Section]) -> Result<(), CliError> {
        self.raw(draw(sections, self).as_bytes())
    }
}

fn draw(sections: &[Section], ui: &Ui) -> String {
    let mut out = String::new();
    for section in sections {
        if !out.is_empty() {
            out.push('\n');
        }
        let style = tone_style(ui, Tone::Strong);
        for line in wrap(&harmless(&section.title), ui.width.get().unwrap_or(usize::MAX)) {
            out.push_str(&format!("{style}{line}{style:#}\n"));
        }
        let widths = section.items.iter().map(|item| width_of(&item.name));
        let column = widths.filter(|width| *width <= WIDEST_NAME).max().unwrap_or(0);
        for item in &section.items {
            draw_item(item, column, ui, &mut out);
        }
        if let Some(rest) = &section.rest {
            let style = tone_style(ui, Tone::Faint);
            out.push_str(&format!("  {style}{}{style:#}\n", harmless(rest)));
        }
    }
    out
}

/// Writes an item without a name. All its values begin in the column after the mark.
fn draw_text(item: &Item, ui: &Ui, out: &mut String) {
    let (mark, tone) = item.mark;
    let style = tone_style(ui, tone);
    out.push_str(&format!("  {style}{mark}{style:#} "));
    let indent = 2 + mark.len() + 1;
    let room = ui.width.get().unwrap_or(usize::MAX).saturating_sub(indent).max(1);
    let values = item.values.iter().map(|value| colored(&words(value, ui), ui));
    let lines: Vec<String> = values.flat_map(|text| wrap(&text, room)).collect();
    out.push_str(&lines.join(&format!("\n{:indent$}", "")));
    out.push('\n');
}

fn draw_item(item: &Item, column: usize, ui: &Ui, out: &mut String) {
    if item.name.is_empty() {
        return draw_text(item, ui, out);
    }
    let (mark, tone) = item.mark;
    let style = tone_style(ui, tone);
    let name = harmless(&item.name);
    out.push_str(&format!("  {style}{mark}{style:#} {name}"));
    let width = ui.width.get().unwrap_or(usize::MAX);
    let room = width.saturating_sub(INDENT.len()).max(1);
    let mut used = 2 + mark.len() + 1 + width_of(&name);
    let mut padding = column.saturating_sub(width_of(&name));
    for value in &item.values {
        let words = words(value, ui);
        let text = colored(&words, ui);
        let needed = value_width(&words);
        let gap = padding + GAP.len();
        if used.saturating_add(gap + needed) <= width {
            out.push_str(&format!("{:gap$}{text}", ""));
            used += gap + needed;
        } else if needed <= room {
            out.push_str(&format!("\n{INDENT}{text}"));
            used = INDENT.len() + needed;
        } else {
            let lines = wrap(&text, room);
            lines.iter().for_each(|line| out.push_str(&format!("\n{INDENT}{line}")));
            // The next value begins on a new line.
            used = width;
        }
        padding = 0;
    }
    out.push('\n');
}

/// The words of a value that are not empty.
fn words(value: &[Cell], ui: &Ui) -> Vec<(String, Tone)> {
    let words = value.iter().map(|cell| (text(ui, cell), cell.tone()));
    words.filter(|(word, _)| !word.is_empty()).collect()
}

fn value_width(words: &[(String, Tone)]) -> usize {
    let letters: usize = words.iter().map(|(word, _)| width_of(word)).sum();
    letters + words.len().saturating_sub(1)
}

fn colored(words: &[(String, Tone)], ui: &Ui) -> String {
    let words = words.iter().map(|(text, tone)| Piece { text, style: tone_style(ui, *tone) });
    let words: Vec<String> =
        words.map(|Piece { text, style }| format!("{style}{text}{style:#}")).collect();
    words.join(" ")
}
