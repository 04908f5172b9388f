//! Lists. Rows are written as they arrive, so a million rows need no more memory than a few
//! hundred.

use std::io::{self, Write};

use anstyle::Style;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::cell::{Cell, Column, Row, Tone, harmless, no_formula};
use super::layout::{Layout, Piece};
use super::output::Ui;
use crate::cli::error::CliError;
use crate::client::Pages;
use crate::config::Output;

/// Maximum characters of a text in a table on a terminal.
const LONGEST_ON_TERMINAL: usize = 1000;

/// The widths of a table's columns are computed from this many rows at the start. Later rows use
/// the same widths.
const FITTED: usize = 500;

pub(crate) struct List<'u, R> {
    ui: &'u Ui,
    nothing: &'static str,
    count: usize,
    columns: Vec<Column<R>>,
    writing: Writing,
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
        Self { ui, nothing, count: 0, columns: R::columns(), writing }
    }

    pub(crate) fn push(&mut self, row: &R) -> Result<(), CliError> {
        let first = self.count == 0;
        self.count += 1;
        match &mut self.writing {
            Writing::Table { waiting, layout } => {
                let shown = self.columns.iter().filter(|column| column.in_tables);
                waiting.push(shown.map(|column| (column.cell)(row)).collect());
                if layout.is_some() || waiting.len() >= FITTED {
                    write_table(self.ui, &self.columns, waiting, layout)?;
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
                    writer.write_record(names(&self.columns)).map_err(io::Error::from)?;
                }
                let cells: Vec<Cell> =
                    self.columns.iter().map(|column| (column.cell)(row)).collect();
                let guards = R::FROM_HOSTS && !self.ui.raw_cells;
                let fields = cells.iter().map(Cell::for_programs);
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

    /// Writes the rows that were added so far, for lists that are followed.
    pub(crate) fn flush(&mut self) -> Result<(), CliError> {
        match &mut self.writing {
            Writing::Table { waiting, .. } if waiting.is_empty() => {}
            Writing::Table { waiting, layout } => {
                write_table(self.ui, &self.columns, waiting, layout)?;
            }
            Writing::Json | Writing::Jsonl => {}
            Writing::Separated(writer) => drain(writer, self.ui)?,
        }
        Ok(self.ui.out().flush()?)
    }

    /// Writes the rest.
    pub(crate) fn finish(mut self) -> Result<(), CliError> {
        match &mut self.writing {
            Writing::Table { waiting, layout } => {
                write_table(self.ui, &self.columns, waiting, layout)?;
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
                    writer.write_record(names(&self.columns)).map_err(io::Error::from)?;
                }
                drain(writer, self.ui)?;
            }
        }
        Ok(self.ui.out().flush()?)
    }
}

impl Ui {
    /// Starts a list. If it stays empty, a table prints `nothing` on stderr.
    pub(crate) fn list<R: Row>(&self, nothing: &'static str) -> List<'_, R> {
        List::new(self, nothing)
    }

    /// Shows values as a list.
    pub(crate) fn rows<R: Row>(
        &self,
        rows: impl IntoIterator<Item = R>,
        nothing: &'static str,
    ) -> Result<(), CliError> {
        let mut list = self.list(nothing);
        rows.into_iter().try_for_each(|row| list.push(&row))?;
        list.finish()
    }

    /// Shows a response of the API: unchanged as JSON, otherwise as rows.
    pub(crate) fn answer<R: Row>(
        &self,
        answer: &impl Serialize,
        rows: impl IntoIterator<Item = R>,
    ) -> Result<(), CliError> {
        match self.format {
            Output::Json | Output::Jsonl => self.json(answer),
            Output::Table | Output::Csv | Output::Tsv => self.rows(rows, ""),
        }
    }

    /// Shows a response of the API: unchanged as JSON, otherwise as one row.
    pub(crate) fn row<R: Row>(&self, row: &R) -> Result<(), CliError> {
        if self.writes_json() {
            return self.json(row);
        }
        let mut list = self.list("");
        list.push(row)?;
        list.finish()
    }

    /// Shows the pages of a server as one list.
    pub(crate) async fn pages<R: Row + DeserializeOwned>(
        &self,
        mut pages: Pages<'_, R>,
        nothing: &'static str,
    ) -> Result<(), CliError> {
        let mut list = self.list(nothing);
        while let Some(page) = pages.next().await? {
            page.iter().try_for_each(|row| list.push(row))?;
        }
        list.finish()
    }
}

pub(super) fn separated(delimiter: u8) -> csv::Writer<Vec<u8>> {
    csv::WriterBuilder::new().delimiter(delimiter).from_writer(Vec::new())
}

fn names<R>(columns: &[Column<R>]) -> impl Iterator<Item = &'static str> {
    columns.iter().map(|column| column.name)
}

/// Moves the text in memory to stdout.
fn drain(writer: &mut csv::Writer<Vec<u8>>, ui: &Ui) -> Result<(), CliError> {
    let full = std::mem::replace(writer, separated(ui.delimiter()));
    let bytes = full.into_inner().map_err(|error| io::Error::from(error.error().kind()))?;
    ui.write_data(&bytes)
}

/// Writes the buffered rows. The first rows determine the widths of the columns, and are written
/// below the header.
fn write_table<R: Row>(
    ui: &Ui,
    columns: &[Column<R>],
    waiting: &mut Vec<Vec<Cell>>,
    layout: &mut Option<Layout>,
) -> Result<(), CliError> {
    if waiting.is_empty() {
        return Ok(());
    }
    let texts = |row: &Vec<Cell>| row.iter().map(|cell| text(ui, cell)).collect::<Vec<_>>();
    let rows: Vec<Vec<String>> = waiting.iter().map(texts).collect();
    let head: Vec<String> = match R::HEADED {
        true => columns.iter().filter(|column| column.in_tables).map(title).collect(),
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

pub(super) fn tone_style(ui: &Ui, tone: Tone) -> Style {
    ui.out.style(tone.style())
}

/// The text of a cell in a table. A terminal gets only the beginning of a long text, because hosts
/// may report texts of any length.
pub(super) fn text(ui: &Ui, cell: &Cell) -> String {
    if !ui.is_terminal() {
        return harmless(&cell.for_pipes()).into_owned();
    }
    let text = cell.for_terminal(ui.now());
    match text.char_indices().nth(LONGEST_ON_TERMINAL) {
        Some((end, _)) => format!("{}…", harmless(&text[..end])),
        None => harmless(&text).into_owned(),
    }
}

fn title<R>(column: &Column<R>) -> String {
    column.name.replace('_', " ").to_uppercase()
}
