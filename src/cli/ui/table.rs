//! Tables: which columns of a list are shown, and the lines of its rows.

use std::io::Write;

use super::cell::{Cell, Column, Row, Tone};
use super::layout::{
    Layout, LongWords, Piece, needed_width, short_identifiers, table_width, width_of, wrap,
};
use super::list::{text, tone_style};
use super::output::Ui;
use crate::cli::error::CliError;
use crate::config::Output;

/// The start of a line that continues a row of `-o wide`.
const CONTINUED: &str = "    ";
/// A space at which a row is not broken.
const JOINED_SPACE: char = '\u{a0}';

/// The columns of a table, and the widths of those that are shown.
pub(super) struct Fitted {
    pub(super) columns: Vec<Visibility>,
    layout: Layout,
}

/// Whether a table on a terminal shows a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Visibility {
    Shown,
    LeftOut,
    /// All its cells are empty so far.
    Empty,
}

/// Writes the buffered rows. The first rows determine the columns that are shown and their widths,
/// and are written below the header.
pub(super) fn write_table<R: Row>(
    ui: &Ui,
    columns: &[Column<R>],
    waiting: &mut Vec<Vec<Cell>>,
    fitted: &mut Option<Fitted>,
) -> Result<(), CliError> {
    if waiting.is_empty() {
        return Ok(());
    }
    let texts =
        |row: &Vec<Cell>| row.iter().map(|cell| list_text::<R>(ui, cell)).collect::<Vec<_>>();
    let rows: Vec<Vec<String>> = waiting.iter().map(texts).collect();
    let head: Vec<String> = match R::HEADED {
        true => in_tables(columns).map(title).collect(),
        false => Vec::new(),
    };
    let mut out = String::new();
    let is_first = fitted.is_none();
    let Fitted { columns: visible, layout } = fitted.get_or_insert_with(|| {
        let places: Vec<Place> = in_tables(columns).map(Place::of).collect();
        Fitted::of(&head, &rows, &places, ui.width.get().filter(|_| ui.format != Output::Wide))
    });
    if is_first && R::HEADED {
        layout.write(&pieces(ui, kept(&head, visible), std::iter::repeat(Tone::Faint)), &mut out);
    }
    for (texts, cells) in rows.iter().zip(&*waiting) {
        let tones = kept(cells, visible).map(Cell::tone);
        layout.write(&pieces(ui, kept(texts, visible), tones), &mut out);
        for (column, text) in visible.iter_mut().zip(texts) {
            if *column == Visibility::Empty && !text.is_empty() {
                *column = Visibility::LeftOut;
            }
        }
    }
    waiting.clear();
    if let Some(width) = ui.width.get().filter(|_| ui.format == Output::Wide) {
        out = out.lines().map(|line| continued(line, width) + "\n").collect();
    }
    ui.out().write_all(out.as_bytes())?;
    Ok(())
}

/// Breaks a line that is wider than the terminal, which would break it in a word. It is broken
/// between two columns if possible, and otherwise between two words.
fn continued(line: &str, width: usize) -> String {
    if width_of(line) <= width {
        return line.to_owned();
    }
    let room = width.saturating_sub(CONTINUED.len());
    let line = joined_words(line);
    let first = wrap(&line, width).into_iter().next().unwrap_or_default();
    let rest = wrap(line[first.len()..].trim_start_matches(' '), room);
    let parts = std::iter::once(first).chain(rest).filter(|part| !part.is_empty());
    let lines = parts.flat_map(|part| {
        let part = part.replace(JOINED_SPACE, " ");
        if width_of(&part) <= width { vec![part] } else { wrap(&part, room) }
    });
    lines.collect::<Vec<_>>().join(&format!("\n{CONTINUED}"))
}

/// Replaces the spaces within cells. Between two columns are at least two spaces.
fn joined_words(line: &str) -> String {
    let is_space = |place: Option<usize>| {
        place.and_then(|place| line.as_bytes().get(place)).is_some_and(|byte| *byte == b' ')
    };
    let joined = |(at, c): (usize, char)| match c {
        ' ' if !is_space(at.checked_sub(1)) && !is_space(Some(at + 1)) => JOINED_SPACE,
        c => c,
    };
    line.char_indices().map(joined).collect()
}

/// How easily a column is left out.
#[derive(Clone, Copy)]
struct Place {
    rank: u8,
    keeps_empty: bool,
    is_whole: bool,
}

impl Place {
    fn of<R>(column: &Column<R>) -> Self {
        Self { rank: column.rank, keeps_empty: column.keeps_empty, is_whole: column.is_whole }
    }
}

impl Fitted {
    /// Chooses the columns that a terminal with this width shows, and their widths. A list without
    /// a header shows all columns.
    fn of(head: &[String], rows: &[Vec<String>], places: &[Place], width: Option<usize>) -> Self {
        fn texts(row: &[String]) -> Vec<&str> {
            row.iter().map(String::as_str).collect()
        }
        let mut all = vec![texts(head)];
        all.extend(rows.iter().map(|row| texts(row)));
        let columns = match width {
            Some(width) if !head.is_empty() => columns_that_fit(&all, places, width),
            _ => vec![Visibility::Shown; places.len()],
        };
        let shown = all.iter().map(|row| kept(row, &columns).copied().collect());
        let long_words = match head.is_empty() {
            true => LongWords::Overflow,
            false => LongWords::Shorten,
        };
        let whole = kept(places, &columns).map(|place| place.is_whole).collect();
        let layout = Layout::fit(shown, width, long_words).with_whole(whole);
        Self { columns, layout }
    }
}

pub(super) fn in_tables<R>(columns: &[Column<R>]) -> impl Iterator<Item = &Column<R>> {
    columns.iter().filter(|column| column.in_tables)
}

/// The items of a row in the columns that are shown.
fn kept<'a, T>(row: &'a [T], columns: &'a [Visibility]) -> impl Iterator<Item = &'a T> {
    let items = row.iter().zip(columns);
    items.filter(|(_, column)| **column == Visibility::Shown).map(|(item, _)| item)
}

/// Leaves out empty columns, and then other columns until no word is broken: first those with the
/// greatest rank, and among these the last. The first column that is not empty always stays. The
/// first row is the header.
fn columns_that_fit(rows: &[Vec<&str>], places: &[Place], width: usize) -> Vec<Visibility> {
    let texts = |column: usize| rows.iter().filter_map(move |row| row.get(column).copied());
    let is_empty = |column: usize| texts(column).skip(1).all(str::is_empty);
    let visible = |column: usize| match !places[column].keeps_empty && is_empty(column) {
        true => Visibility::Empty,
        false => Visibility::Shown,
    };
    let mut columns: Vec<Visibility> = (0..places.len()).map(visible).collect();
    let needed = |column: usize| needed_width(&texts(column).collect::<Vec<_>>());
    let needed: Vec<usize> = (0..places.len()).map(needed).collect();
    let shown = (0..places.len()).filter(|column| columns[*column] == Visibility::Shown);
    let mut order: Vec<usize> = shown.skip(1).collect();
    order.sort_by_key(|column| (places[*column].rank, *column));
    let total =
        |columns: &[Visibility]| table_width(&kept(&needed, columns).copied().collect::<Vec<_>>());
    while total(&columns) > width
        && let Some(column) = order.pop()
    {
        columns[column] = Visibility::LeftOut;
    }
    columns
}

/// Lists the columns that were left out although some of their cells have a text.
pub(super) fn note_left_out<R>(ui: &Ui, columns: &[Column<R>], visible: &[Visibility]) {
    let names = in_tables(columns).zip(visible);
    let names = names.filter(|(_, column)| **column == Visibility::LeftOut);
    let names: Vec<String> = names.map(|(column, _)| column.heading()).collect();
    if !names.is_empty() {
        ui.hint(format!("-o wide also shows {}; -o csv has all columns", names.join(", ")));
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

/// The text of a cell in a list. A table on a terminal has short hashes, unless `-o wide` is given.
fn list_text<R: Row>(ui: &Ui, cell: &Cell) -> String {
    let text = text(ui, cell);
    match R::HEADED && ui.is_terminal() && ui.format == Output::Table {
        true => short_identifiers(&text).into_owned(),
        false => text,
    }
}

fn title<R>(column: &Column<R>) -> String {
    column.heading().to_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: [&str; 6] = ["NAME", "STATE", "CONTACT", "MODE", "LAST SEEN", "TAGS"];
    const HOST: [&str; 6] =
        ["jonas-studio.local", "in-sync", "online", "lockdown", "just now", "design, canary"];

    fn shown(host: [&'static str; 6], ranks: [u8; 6], width: usize) -> Vec<&'static str> {
        let places = ranks.map(|rank| Place { rank, keeps_empty: false, is_whole: false });
        let columns = columns_that_fit(&[HEAD.to_vec(), host.to_vec()], &places, width);
        kept(&host, &columns).copied().collect()
    }

    #[test]
    fn a_wide_row_is_continued_between_columns_and_never_in_a_word() {
        let row = "teamid:EQHXZ8M8AV  allow   fleet  our browser";
        assert_eq!(continued(row, 45), row);
        assert_eq!(continued(row, 40), "teamid:EQHXZ8M8AV  allow   fleet\n    our browser");
        assert_eq!(continued(row, 24), "teamid:EQHXZ8M8AV  allow\n    fleet  our browser");
        assert_eq!(continued("a comment of many words", 14), "a comment\n    of many\n    words");
        assert_eq!(continued("0123456789", 5), "0123456789");
    }

    #[test]
    fn a_narrow_terminal_shows_the_most_important_columns() {
        let ranks = [0, 0, 2, 3, 0, 1];
        assert_eq!(shown(HOST, ranks, 80), HOST);
        assert_eq!(shown(HOST, ranks, 63), [HOST[0], HOST[1], HOST[2], HOST[4], HOST[5]]);
        assert_eq!(shown(HOST, ranks, 40), [HOST[0], HOST[1], HOST[4]]);
        assert_eq!(shown(HOST, ranks, 1), [HOST[0]]);
    }

    #[test]
    fn columns_of_the_same_rank_are_left_out_from_the_last() {
        assert_eq!(shown(HOST, [0; 6], 41), HOST[..3]);
    }

    #[test]
    fn a_column_without_texts_is_left_out() {
        let [name, state, contact, ..] = HOST;
        assert_eq!(shown([name, state, contact, "", "", ""], [0; 6], 80), [name, state, contact]);
    }
}
