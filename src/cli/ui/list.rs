//! Lists. Rows are written as they arrive, so a million rows need no more memory than a few
//! hundred.

use std::io::{self, Write};

use anstyle::Style;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::cell::{Cell, Column, Row, Tone, harmless, no_formula};
use super::layout::{Layout, Piece, needed_width, table_width};
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
    Table { waiting: Vec<Vec<Cell>>, fitted: Option<Fitted> },
    Json,
    Jsonl,
    Separated(Box<csv::Writer<Vec<u8>>>),
}

/// The columns of a table that are shown, and their widths.
struct Fitted {
    /// Whether each column is shown.
    shown: Vec<bool>,
    layout: Layout,
}

impl<'u, R: Row> List<'u, R> {
    pub(super) fn new(ui: &'u Ui, nothing: &'static str) -> Self {
        let writing = match ui.format {
            Output::Table => Writing::Table { waiting: Vec::new(), fitted: None },
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
            Writing::Table { waiting, fitted } => {
                let shown = self.columns.iter().filter(|column| column.in_tables);
                waiting.push(shown.map(|column| (column.cell)(row)).collect());
                if fitted.is_some() || waiting.len() >= FITTED {
                    write_table(self.ui, &self.columns, waiting, fitted)?;
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
            Writing::Table { waiting, fitted } => {
                write_table(self.ui, &self.columns, waiting, fitted)?;
            }
            Writing::Json | Writing::Jsonl => {}
            Writing::Separated(writer) => drain(writer, self.ui)?,
        }
        Ok(self.ui.out().flush()?)
    }

    /// Writes the rest.
    pub(crate) fn finish(mut self) -> Result<(), CliError> {
        match &mut self.writing {
            Writing::Table { waiting, fitted } => {
                write_table(self.ui, &self.columns, waiting, fitted)?;
                self.ui.out().flush()?;
                if let Some(fitted) = fitted {
                    note_left_out(self.ui, &self.columns, &fitted.shown);
                }
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

    /// Fetches all pages of a list, and shows them as one list.
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

/// Writes the buffered rows. The first rows determine the columns that are shown and their widths,
/// and are written below the header.
fn write_table<R: Row>(
    ui: &Ui,
    columns: &[Column<R>],
    waiting: &mut Vec<Vec<Cell>>,
    fitted: &mut Option<Fitted>,
) -> Result<(), CliError> {
    if waiting.is_empty() {
        return Ok(());
    }
    let texts = |row: &Vec<Cell>| row.iter().map(|cell| text(ui, cell)).collect::<Vec<_>>();
    let rows: Vec<Vec<String>> = waiting.iter().map(texts).collect();
    let head: Vec<String> = match R::HEADED {
        true => in_tables(columns).map(title).collect(),
        false => Vec::new(),
    };
    let mut out = String::new();
    let is_first = fitted.is_none();
    let Fitted { shown, layout } = fitted.get_or_insert_with(|| {
        let all: Vec<Vec<&str>> = std::iter::once(&head)
            .chain(&rows)
            .map(|row| row.iter().map(String::as_str).collect())
            .collect();
        let ranks: Vec<u8> = in_tables(columns).map(|column| column.rank).collect();
        let shown = match ui.width.filter(|_| R::HEADED) {
            Some(width) => columns_that_fit(&all, &ranks, width),
            None => vec![true; ranks.len()],
        };
        let kept = all.iter().map(|row| kept(row, &shown).copied().collect());
        let layout = Layout::fit(kept, ui.width);
        Fitted { shown, layout }
    });
    if is_first && R::HEADED {
        layout.write(&pieces(ui, kept(&head, shown), std::iter::repeat(Tone::Faint)), &mut out);
    }
    for (texts, cells) in rows.iter().zip(&*waiting) {
        let tones = kept(cells, shown).map(Cell::tone);
        layout.write(&pieces(ui, kept(texts, shown), tones), &mut out);
    }
    waiting.clear();
    ui.out().write_all(out.as_bytes())?;
    Ok(())
}

fn in_tables<R>(columns: &[Column<R>]) -> impl Iterator<Item = &Column<R>> {
    columns.iter().filter(|column| column.in_tables)
}

/// The items of a row in the columns that are shown.
fn kept<'a, T>(row: &'a [T], shown: &'a [bool]) -> impl Iterator<Item = &'a T> {
    row.iter().zip(shown).filter(|(_, is_shown)| **is_shown).map(|(item, _)| item)
}

/// Leaves out columns until the others have their needed width: first those with the greatest rank,
/// and among these the last. The first column always stays.
fn columns_that_fit(rows: &[Vec<&str>], ranks: &[u8], width: usize) -> Vec<bool> {
    let needed = |column: usize| {
        let texts: Vec<&str> = rows.iter().filter_map(|row| row.get(column).copied()).collect();
        needed_width(&texts)
    };
    let needed: Vec<usize> = (0..ranks.len()).map(needed).collect();
    let mut shown = vec![true; ranks.len()];
    let mut order: Vec<usize> = (1..ranks.len()).collect();
    order.sort_by_key(|column| (ranks[*column], *column));
    let total = |shown: &[bool]| table_width(&kept(&needed, shown).copied().collect::<Vec<_>>());
    while total(&shown) > width
        && let Some(column) = order.pop()
    {
        shown[column] = false;
    }
    shown
}

/// Writes a hint with the columns that were left out because the terminal is too narrow.
fn note_left_out<R>(ui: &Ui, columns: &[Column<R>], shown: &[bool]) {
    let names = in_tables(columns).zip(shown).filter(|(_, is_shown)| !**is_shown);
    let names: Vec<String> = names.map(|(column, _)| column.name.replace('_', " ")).collect();
    if !names.is_empty() {
        ui.hint(format!(
            "a wider terminal also shows {}; -o csv shows all columns",
            names.join(", ")
        ));
    }
}

fn pieces<'a>(
    ui: &Ui,
    texts: impl Iterator<Item = &'a String>,
    tones: impl Iterator<Item = Tone>,
) -> Vec<Piece<'a>> {
    let piece = |(text, tone): (&'a String, Tone)| Piece { text, style: tone_style(ui, tone) };
    texts.zip(tones).map(piece).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    const HOST: [&str; 6] =
        ["jonas-studio.local", "in-sync", "online", "lockdown", "just now", "design, canary"];

    fn shown(ranks: [u8; 6], width: usize) -> Vec<&'static str> {
        let columns = columns_that_fit(&[HOST.to_vec()], &ranks, width);
        kept(&HOST, &columns).copied().collect()
    }

    #[test]
    fn a_narrow_terminal_shows_the_most_important_columns() {
        let ranks = [0, 0, 2, 3, 0, 1];
        assert_eq!(shown(ranks, 80), HOST);
        assert_eq!(shown(ranks, 61), [HOST[0], HOST[1], HOST[2], HOST[4], HOST[5]]);
        assert_eq!(shown(ranks, 40), [HOST[0], HOST[1], HOST[4]]);
        assert_eq!(shown(ranks, 1), [HOST[0]]);
    }

    #[test]
    fn columns_of_the_same_rank_are_left_out_from_the_last() {
        assert_eq!(shown([0; 6], 40), HOST[..3]);
    }
}
