//! Lists, written as they come: a million rows need the memory of the first few hundred.

use std::io::{self, Write};
use std::marker::PhantomData;

use anstyle::Style;

use super::cell::{Cell, Column, Row, Tone, harmless, no_formula};
use super::layout::{Layout, Piece};
use super::{CliError, Ui};
use crate::config::Output;

/// Letters of a text that a table on a terminal shows at most.
const LONGEST_FOR_EYES: usize = 1000;

/// A table's columns are fitted to this many rows; those after them keep the widths.
const FITTED: usize = 500;

/// A list that is being written.
pub(crate) struct List<'u, R> {
    ui: &'u Ui,
    nothing: &'static str,
    count: usize,
    writing: Writing,
    rows: PhantomData<fn(R)>,
}

enum Writing {
    Table { waiting: Vec<Vec<Cell>>, layout: Option<Layout> },
    Json,
    Jsonl,
    Separated(Box<csv::Writer<Vec<u8>>>),
}

impl<'u, R: Row> List<'u, R> {
    pub(super) fn new(ui: &'u Ui, nothing: &'static str) -> Self {
        let writing = match ui.format {
            Output::Table => Writing::Table { waiting: Vec::new(), layout: None },
            Output::Json => Writing::Json,
            Output::Jsonl => Writing::Jsonl,
            Output::Csv | Output::Tsv => Writing::Separated(Box::new(separated(ui.delimiter()))),
        };
        Self { ui, nothing, count: 0, writing, rows: PhantomData }
    }

    /// Adds a row.
    pub(crate) fn push(&mut self, row: &R) -> Result<(), CliError> {
        let first = self.count == 0;
        self.count += 1;
        match &mut self.writing {
            Writing::Table { waiting, layout } => {
                let cells = row.cells().into_iter().zip(R::COLUMNS);
                let shown = cells.filter(|(_, column)| column.in_tables).map(|(cell, _)| cell);
                waiting.push(shown.collect());
                if layout.is_some() || waiting.len() >= FITTED {
                    write_table::<R>(self.ui, waiting, layout)?;
                }
            }
            Writing::Json => {
                self.ui.out().write_all(if first { b"[\n" } else { b",\n" })?;
                self.ui.write_data(&serde_json::to_vec(row).map_err(io::Error::from)?)?;
            }
            Writing::Jsonl => {
                self.ui.write_data(&serde_json::to_vec(row).map_err(io::Error::from)?)?;
                self.ui.out().write_all(b"\n")?;
            }
            Writing::Separated(writer) => {
                if first {
                    writer.write_record(names::<R>()).map_err(io::Error::from)?;
                }
                let cells = row.cells();
                let guards = R::FROM_HOSTS && !self.ui.raw_cells;
                let fields = cells.iter().map(Cell::for_machines);
                let fields = fields.map(|field| if guards { no_formula(field) } else { field });
                writer
                    .write_record(fields.map(|field| field.as_bytes().to_vec()))
                    .map_err(io::Error::from)?;
                if self.count.is_multiple_of(FITTED) {
                    drain(writer, self.ui)?;
                }
            }
        }
        Ok(())
    }

    /// Writes what was added so far, for lists that somebody follows.
    pub(crate) fn flush(&mut self) -> Result<(), CliError> {
        match &mut self.writing {
            Writing::Table { waiting, .. } if waiting.is_empty() => {}
            Writing::Table { waiting, layout } => write_table::<R>(self.ui, waiting, layout)?,
            Writing::Json | Writing::Jsonl => {}
            Writing::Separated(writer) => drain(writer, self.ui)?,
        }
        Ok(self.ui.out().flush()?)
    }

    /// Writes what is left.
    pub(crate) fn finish(mut self) -> Result<(), CliError> {
        match &mut self.writing {
            Writing::Table { waiting, layout } => {
                write_table::<R>(self.ui, waiting, layout)?;
                if self.count == 0 && !self.nothing.is_empty() {
                    self.ui.status(self.nothing);
                }
            }
            Writing::Json => {
                let end: &[u8] = if self.count == 0 { b"[]\n" } else { b"\n]\n" };
                self.ui.out().write_all(end)?;
            }
            Writing::Jsonl => {}
            Writing::Separated(writer) => {
                if self.count == 0 {
                    writer.write_record(names::<R>()).map_err(io::Error::from)?;
                }
                drain(writer, self.ui)?;
            }
        }
        Ok(self.ui.out().flush()?)
    }
}

/// A writer of separated values into memory.
pub(super) fn separated(delimiter: u8) -> csv::Writer<Vec<u8>> {
    csv::WriterBuilder::new().delimiter(delimiter).from_writer(Vec::new())
}

fn names<R: Row>() -> impl Iterator<Item = &'static str> {
    R::COLUMNS.iter().map(|column| column.name)
}

/// Moves what was written so far to stdout.
fn drain(writer: &mut csv::Writer<Vec<u8>>, ui: &Ui) -> Result<(), CliError> {
    let full = std::mem::replace(writer, separated(ui.delimiter()));
    let bytes = full.into_inner().map_err(|error| io::Error::from(error.error().kind()))?;
    ui.write_data(&bytes)
}

/// Writes the rows that wait; with the first of them the head, and the widths for all.
fn write_table<R: Row>(
    ui: &Ui,
    waiting: &mut Vec<Vec<Cell>>,
    layout: &mut Option<Layout>,
) -> Result<(), CliError> {
    if waiting.is_empty() {
        return Ok(());
    }
    let texts = |row: &Vec<Cell>| row.iter().map(|cell| text(ui, cell)).collect::<Vec<_>>();
    let rows: Vec<Vec<String>> = waiting.iter().map(texts).collect();
    let head: Vec<String> = match R::HEADED {
        true => R::COLUMNS.iter().filter(|column| column.in_tables).map(title).collect(),
        false => Vec::new(),
    };
    let mut out = String::new();
    let is_first = layout.is_none();
    let layout = layout.get_or_insert_with(|| {
        let all = std::iter::once(&head).chain(&rows);
        Layout::fit(all.map(|row| row.iter().map(String::as_str).collect()), ui.width)
    });
    if is_first && R::HEADED {
        layout.write(&pieces(ui, &head, std::iter::repeat(Tone::Faint)), &mut out);
    }
    for (texts, cells) in rows.iter().zip(&*waiting) {
        layout.write(&pieces(ui, texts, cells.iter().map(Cell::tone)), &mut out);
    }
    waiting.clear();
    ui.out().write_all(out.as_bytes())?;
    Ok(())
}

fn pieces<'a>(ui: &Ui, texts: &'a [String], tones: impl Iterator<Item = Tone>) -> Vec<Piece<'a>> {
    let piece = |(text, tone): (&'a String, Tone)| Piece { text, style: tone_style(ui, tone) };
    texts.iter().zip(tones).map(piece).collect()
}

/// The colours of a tone on stdout.
pub(super) fn tone_style(ui: &Ui, tone: Tone) -> Style {
    ui.out.style(tone.style())
}

/// What a cell says in a table. Eyes get the beginning of a text that would fill their screen:
/// a host can report names as long as it likes.
pub(super) fn text(ui: &Ui, cell: &Cell) -> String {
    if !ui.for_eyes() {
        return harmless(&cell.for_pipes()).into_owned();
    }
    let text = cell.for_eyes(ui.now());
    match text.char_indices().nth(LONGEST_FOR_EYES) {
        Some((end, _)) => format!("{}…", harmless(&text[..end])),
        None => harmless(&text).into_owned(),
    }
}

fn title(column: &Column) -> String {
    column.name.replace('_', " ").to_uppercase()
}
