//! Lists. Most lists are written row by row, so a million rows need no more memory than a few
//! hundred. Sorted lists, and JSON arrays that `--jq` filters, are kept in memory as a whole.

use std::io::{self, Write};

use anstyle::Style;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::arrangement::{Arrangement, Sorting};
use super::cell::{Cell, Column, Row, Tone, harmless, no_formula};
use super::output::Ui;
use super::table::{Fitted, in_tables, note_left_out, write_table};
use super::yaml;
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
    sorting: Option<Sorting<R, Written>>,
    writing: Writing,
}

enum Writing {
    Table {
        waiting: Vec<Vec<Cell>>,
        fitted: Option<Fitted>,
    },
    Separated(Box<csv::Writer<Vec<u8>>>),
    /// JSON, YAML or names.
    Texts,
    /// A JSON array that is filtered as a whole.
    Filtered(Vec<u8>),
}

/// A row in the output format.
enum Written {
    Cells(Vec<Cell>),
    Text(Vec<u8>),
}

impl<'u, R: Row> List<'u, R> {
    fn new(ui: &'u Ui, nothing: &'static str) -> Self {
        let writing = match ui.format {
            Output::Table | Output::Wide => Writing::Table { waiting: Vec::new(), fitted: None },
            Output::Csv | Output::Tsv => Writing::Separated(Box::new(separated(ui.delimiter()))),
            Output::Json if ui.filter.is_some() => Writing::Filtered(Vec::new()),
            Output::Json | Output::Jsonl | Output::Yaml | Output::Name => Writing::Texts,
        };
        Self { ui, nothing, count: 0, columns: R::columns(), sorting: None, writing }
    }

    /// Shows only these columns. JSON and YAML have all fields.
    pub(crate) fn with_columns(mut self, names: &[&str]) -> Self {
        self.columns.retain(|column| names.contains(&column.name));
        self
    }

    pub(crate) fn push(&mut self, row: &R) -> Result<(), CliError> {
        let written = self.written(row)?;
        match &mut self.sorting {
            Some(sorting) => sorting.add(row, written),
            None => self.write(written),
        }
    }

    /// Shows these rows.
    pub(crate) fn rows(mut self, rows: impl IntoIterator<Item = R>) -> Result<(), CliError> {
        rows.into_iter().try_for_each(|row| self.push(&row))?;
        self.finish()
    }

    /// Shows the pages of a server.
    pub(crate) async fn pages(mut self, mut pages: Pages<'_, R>) -> Result<(), CliError>
    where
        R: DeserializeOwned,
    {
        while let Some(page) = pages.next().await? {
            page.iter().try_for_each(|row| self.push(row))?;
        }
        self.finish()
    }

    fn written(&self, row: &R) -> Result<Written, CliError> {
        Ok(match self.ui.format {
            Output::Table | Output::Wide => {
                let columns = in_tables(&self.columns);
                Written::Cells(columns.map(|column| (column.cell)(row)).collect())
            }
            Output::Csv | Output::Tsv => {
                Written::Cells(self.columns.iter().map(|column| (column.cell)(row)).collect())
            }
            Output::Json | Output::Jsonl => {
                Written::Text(serde_json::to_vec(row).map_err(io::Error::from)?)
            }
            Output::Yaml => Written::Text(yaml::element(row)?.into_bytes()),
            Output::Name => Written::Text(self.identifier(row).into_bytes()),
        })
    }

    fn identifier(&self, row: &R) -> String {
        let first = || {
            let first = self.columns.first().map(|column| (column.cell)(row));
            first.map(|cell| cell.for_programs().into_owned()).unwrap_or_default()
        };
        row.identifier().unwrap_or_else(first)
    }

    fn write(&mut self, row: Written) -> Result<(), CliError> {
        let is_first = self.count == 0;
        self.count += 1;
        match (&mut self.writing, row) {
            (Writing::Table { waiting, fitted }, Written::Cells(cells)) => {
                waiting.push(cells);
                if fitted.is_some() || waiting.len() >= FITTED {
                    write_table(self.ui, &self.columns, waiting, fitted)?;
                }
            }
            (Writing::Separated(writer), Written::Cells(cells)) => {
                if is_first {
                    writer.write_record(names(&self.columns)).map_err(io::Error::from)?;
                }
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
            (Writing::Filtered(array), Written::Text(text)) => {
                array.push(if is_first { b'[' } else { b',' });
                array.extend(text);
            }
            (_, Written::Text(text)) => {
                if let Some(filter) = &self.ui.filter {
                    return self.ui.write_data(&filter.apply(&text)?);
                }
                let (before, after) = match (self.ui.format, is_first) {
                    (Output::Json, true) => ("[\n", ""),
                    (Output::Json, false) => (",\n", ""),
                    (Output::Yaml, _) => ("", ""),
                    _ => ("", "\n"),
                };
                self.ui.out().write_all(before.as_bytes())?;
                self.ui.write_data(&text)?;
                self.ui.out().write_all(after.as_bytes())?;
            }
            (Writing::Texts | Writing::Filtered(_), Written::Cells(_)) => {}
        }
        Ok(())
    }

    /// Writes the rows that were added so far, for lists that are followed.
    pub(crate) fn flush(&mut self) -> Result<(), CliError> {
        match &mut self.writing {
            Writing::Table { waiting, .. } if waiting.is_empty() => {}
            Writing::Table { waiting, fitted } => {
                write_table(self.ui, &self.columns, waiting, fitted)?;
            }
            Writing::Texts | Writing::Filtered(_) => {}
            Writing::Separated(writer) => drain(writer, self.ui)?,
        }
        Ok(self.ui.out().flush()?)
    }

    /// Writes the rest.
    pub(crate) fn finish(mut self) -> Result<(), CliError> {
        if let Some(sorting) = self.sorting.take() {
            sorting.sorted().try_for_each(|row| self.write(row))?;
        }
        match &mut self.writing {
            Writing::Table { waiting, fitted } => {
                write_table(self.ui, &self.columns, waiting, fitted)?;
                self.ui.out().flush()?;
                if let Some(fitted) = fitted {
                    note_left_out(self.ui, &self.columns, &fitted.columns);
                }
                if self.count == 0 && !self.nothing.is_empty() {
                    self.ui.status(self.nothing);
                }
            }
            Writing::Texts => {
                let end = match (self.ui.format, self.count) {
                    (Output::Json | Output::Yaml, 0) => "[]\n",
                    (Output::Json, _) => "\n]\n",
                    _ => "",
                };
                self.ui.out().write_all(end.as_bytes())?;
            }
            Writing::Filtered(array) => {
                array.extend_from_slice(if self.count == 0 { b"[]" } else { b"]" });
                if let Some(filter) = &self.ui.filter {
                    self.ui.write_data(&filter.apply(array)?)?;
                }
            }
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

    /// Starts a list whose columns and order a user may have chosen.
    pub(crate) fn arranged<R: Row>(
        &self,
        arrangement: &Arrangement,
        nothing: &'static str,
    ) -> Result<List<'_, R>, CliError> {
        let mut list = List::new(self, nothing);
        if let Some(columns) = arrangement.columns()? {
            if !self.draws_tables() && !matches!(self.format, Output::Csv | Output::Tsv) {
                let text = format!("--columns does not apply to -o {}", self.format);
                return Err(CliError::usage(text)
                    .hint("columns can be chosen for table, wide, csv and tsv; --jq selects fields of JSON"));
            }
            list.columns = columns;
        }
        list.sorting = arrangement.sorting()?;
        Ok(list)
    }

    /// Shows values as a list.
    pub(crate) fn rows<R: Row>(
        &self,
        rows: impl IntoIterator<Item = R>,
        nothing: &'static str,
    ) -> Result<(), CliError> {
        self.list(nothing).rows(rows)
    }

    /// Shows a response of the API: unchanged as JSON or YAML, otherwise as rows.
    pub(crate) fn answer<R: Row>(
        &self,
        answer: &impl Serialize,
        rows: impl IntoIterator<Item = R>,
    ) -> Result<(), CliError> {
        match self.writes_documents() {
            true => self.document(answer),
            false => self.rows(rows, ""),
        }
    }

    /// Shows a response of the API: unchanged as JSON or YAML, otherwise as one row.
    pub(crate) fn row<R: Row>(&self, row: &R) -> Result<(), CliError> {
        if self.writes_documents() {
            return self.document(row);
        }
        let mut list = self.list("");
        list.push(row)?;
        list.finish()
    }

    /// Shows the pages of a server as one list.
    pub(crate) async fn pages<R: Row + DeserializeOwned>(
        &self,
        pages: Pages<'_, R>,
        nothing: &'static str,
    ) -> Result<(), CliError> {
        self.list(nothing).pages(pages).await
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
