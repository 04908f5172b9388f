//! The widths of the columns of a table. comfy-table wraps long texts and writes the rows.

use anstyle::Style;
use comfy_table::{Cell, ColumnConstraint, ContentLineStyle, Row, Table, TableStyle, Width};

/// A column with longer texts does not get narrower than this, unless the table would be too wide.
const NARROWEST: usize = 8;
/// The space between two columns: the padding of the left one, and a blank instead of a line.
const GAP: usize = 2;
const PADDING: u16 = 1;
/// A column becomes narrower than its share only if wrapping at spaces saves at least this much.
const WORTHWHILE: usize = 3;
const STYLE: TableStyle = TableStyle::new().content_lines(ContentLineStyle::none().junction(' '));

/// A text without control characters, and its colors.
pub(super) struct Piece<'a> {
    pub(super) text: &'a str,
    pub(super) style: Style,
}

#[derive(Debug)]
pub(super) struct Layout {
    /// The width of each column, without padding.
    widths: Vec<usize>,
    /// Whether longer texts are wrapped.
    wraps: bool,
}

impl Layout {
    /// Fits columns to the texts of `rows`, and to `limit` if there is one.
    pub(super) fn fit<'a>(rows: impl Iterator<Item = Vec<&'a str>>, limit: Option<usize>) -> Self {
        let mut columns: Vec<Vec<&str>> = Vec::new();
        for row in rows {
            columns.resize(columns.len().max(row.len()), Vec::new());
            columns.iter_mut().zip(row).for_each(|(column, text)| column.push(text));
        }
        let Some(limit) = limit else {
            return Self {
                widths: columns.iter().map(|texts| widest(texts)).collect(),
                wraps: false,
            };
        };
        let room = limit.saturating_sub(GAP * columns.len().saturating_sub(1));
        if let Some(widths) = whole_words(&columns, room) {
            return Self { widths, wraps: true };
        }
        let fits = |widths: &Vec<usize>| widths.iter().sum::<usize>() <= room;
        let mut narrowest = NARROWEST;
        loop {
            let widths = Fitting::new(&columns, room, narrowest).widths();
            if narrowest == 1 || fits(&widths) {
                return Self { widths, wraps: true };
            }
            narrowest -= 1;
        }
    }

    /// Writes one row, on several lines if necessary.
    pub(super) fn write(&self, row: &[Piece<'_>], out: &mut String) {
        let mut table = table([row.iter().map(cell)]);
        let contents = table.column_max_content_widths();
        for ((column, width), content) in table.column_iter_mut().zip(&self.widths).zip(contents) {
            let width = if self.wraps { *width } else { usize::from(content).max(*width) };
            let padded = narrowed(width).saturating_add(column.padding_width());
            column.set_constraint(ColumnConstraint::Absolute(Width::Fixed(padded)));
        }
        for line in table.lines() {
            out.push_str(line.trim_end());
            out.push('\n');
        }
    }
}

/// Texts up to this width are not wrapped if that is possible.
const SHORT: usize = 16;
/// Longer words, such as paths and hashes, may be broken.
const LONGEST_WORD: usize = 24;

/// The width that a column needs so that texts up to [`SHORT`] stay on one line and words up to
/// [`LONGEST_WORD`] are not broken.
pub(super) fn needed_width(texts: &[&str]) -> usize {
    let full = widest(texts);
    if full <= SHORT {
        return full;
    }
    let words = texts.iter().flat_map(|text| text.split(' ').map(width_of));
    words.max().unwrap_or(0).clamp(SHORT, LONGEST_WORD)
}

/// The width of a table whose columns have these widths.
pub(super) fn table_width(widths: &[usize]) -> usize {
    widths.iter().sum::<usize>() + GAP * widths.len().saturating_sub(1)
}

/// Gives each column its [`needed_width`], and distributes the rest of the room to columns with
/// longer texts. Returns `None` if there is not enough room.
fn whole_words(columns: &[Vec<&str>], room: usize) -> Option<Vec<usize>> {
    let full: Vec<usize> = columns.iter().map(|texts| widest(texts)).collect();
    let mut widths: Vec<usize> = columns.iter().map(|texts| needed_width(texts)).collect();
    let mut rest = room.checked_sub(widths.iter().sum())?;
    while rest > 0 && widths != full {
        for (width, full) in widths.iter_mut().zip(&full) {
            if rest > 0 && *width < *full {
                *width += 1;
                rest -= 1;
            }
        }
    }
    Some(widths)
}

/// Distributes the width of a table. Columns that need less than an equal share keep what they
/// need, and the others share the rest.
struct Fitting<'a> {
    columns: &'a [Vec<&'a str>],
    widths: Vec<Option<usize>>,
    room: usize,
}

impl<'a> Fitting<'a> {
    fn new(columns: &'a [Vec<&'a str>], room: usize, narrowest: usize) -> Self {
        let mut fitting = Self { columns, widths: vec![None; columns.len()], room };
        fitting.decide(|texts, _| Some(widest(texts)).filter(|width| *width <= narrowest));
        fitting.decide(|_, share| (share <= narrowest).then_some(narrowest));
        fitting
    }

    fn widths(mut self) -> Vec<usize> {
        self.decide(|texts, share| Some(widest(texts)).filter(|width| *width <= share));
        self.decide(|texts, share| {
            let wrapped = wrapped_width(texts, share);
            (wrapped + WORTHWHILE <= share).then_some(wrapped)
        });
        let (count, share) = (self.undecided(), self.share().max(1));
        let mut rest = self.room.saturating_sub(share * count);
        let mut shared = || {
            let extra = rest.min(1);
            rest -= extra;
            share + extra
        };
        self.widths.iter().map(|width| width.unwrap_or_else(&mut shared)).collect()
    }

    fn undecided(&self) -> usize {
        self.widths.iter().filter(|width| width.is_none()).count()
    }

    /// The room for each column without a width.
    fn share(&self) -> usize {
        self.room.checked_div(self.undecided()).unwrap_or(0)
    }

    /// Gives columns the width that `width` returns for their texts and share. Each width changes
    /// the share of the other columns, so these are computed again.
    fn decide(&mut self, width: impl Fn(&[&str], usize) -> Option<usize>) {
        let (columns, mut is_changed) = (self.columns, true);
        while is_changed {
            is_changed = false;
            for (at, texts) in columns.iter().enumerate() {
                if self.widths[at].is_some() {
                    continue;
                }
                if let Some(width) = width(texts, self.share()) {
                    self.widths[at] = Some(width);
                    self.room = self.room.saturating_sub(width);
                    is_changed = true;
                }
            }
        }
    }
}

fn widest(texts: &[&str]) -> usize {
    texts.iter().map(|text| width_of(text)).max().unwrap_or(0)
}

/// The width of the longest line after wrapping.
fn wrapped_width(texts: &[&str], width: usize) -> usize {
    if width < WORTHWHILE {
        return width;
    }
    wrap(texts.iter().copied(), width).iter().map(|line| width_of(line)).max().unwrap_or(0)
}

/// Wraps texts at `width`, at a space if possible.
pub(crate) fn wrap<'a>(texts: impl IntoIterator<Item = &'a str>, width: usize) -> Vec<String> {
    let mut table = table(texts.into_iter().map(|text| [text]));
    for column in table.column_iter_mut() {
        let width = Width::Fixed(narrowed(width.max(1)));
        column.set_constraint(ColumnConstraint::UpperBoundary(width));
    }
    table.lines().map(|line| line.trim_end().to_owned()).collect()
}

/// The columns of a terminal that a text occupies.
pub(super) fn width_of(text: &str) -> usize {
    console::measure_text_width(text)
}

/// A table that does not detect the width of the terminal, because `Ui` knows it.
fn table<R: IntoIterator<Item: Into<Cell>>>(rows: impl IntoIterator<Item = R>) -> Table {
    let mut table = Table::new();
    table.force_no_tty().load_style(STYLE).add_rows(rows.into_iter().map(Row::from));
    let last = table.column_count().saturating_sub(1);
    for column in table.column_iter_mut() {
        column.set_padding((0, if column.index < last { PADDING } else { 0 }));
    }
    table
}

fn cell(piece: &Piece<'_>) -> Cell {
    // Escape sequences around an empty text would stay at the end of the line.
    let style = if piece.text.is_empty() { Style::new() } else { piece.style };
    Cell::new_owned(format!("{style}{}{style:#}", piece.text))
}

fn narrowed(width: usize) -> u16 {
    u16::try_from(width).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(rows: &[&[&str]], limit: Option<usize>) -> String {
        let layout = Layout::fit(rows.iter().map(|row| row.to_vec()), limit);
        let mut out = String::new();
        for row in rows {
            let pieces: Vec<_> =
                row.iter().map(|text| Piece { text, style: Style::new() }).collect();
            layout.write(&pieces, &mut out);
        }
        out
    }

    #[test]
    fn columns_are_aligned_and_lines_have_no_trailing_spaces() {
        let text = table(&[&["a", "long", "x"], &["漢字", "b", ""]], None);
        assert_eq!(text, "a     long  x\n漢字  b\n");
    }

    #[test]
    fn the_widest_column_is_wrapped_and_nothing_is_lost() {
        let text = table(&[&["short", "abcdefghijklmnopqrstuvwxyz"]], Some(20));
        assert_eq!(text, "short  abcdefghijklm\n       nopqrstuvwxyz\n");
        let text = table(&[&["short", "some words of a comment"]], Some(20));
        assert_eq!(text, "short  some words of\n       a comment\n");
    }

    #[test]
    fn no_word_is_broken_if_there_is_room_for_the_longest() {
        let text = table(&[&["annas-mbp.local", "just now", "a comment of some length"]], Some(44));
        assert_eq!(
            text,
            "annas-mbp.local  just now  a comment of some\n                           length\n"
        );
    }

    #[test]
    fn a_table_of_many_columns_fits_the_terminal() {
        let row = ["annas-mbp.local", "never-synced", "silent", "standalone", "lockdown", "1000"];
        let row = [&row[..], &["1000", "just now", "2026.7", "anna", "design, canary"]].concat();
        let text = table(&[&row, &row], Some(80));
        assert!(text.lines().all(|line| width_of(line) <= 80), "{text}");
    }

    #[test]
    fn a_terminal_of_one_column_is_possible() {
        assert!(table(&[&["abcdefghijkl", "abcdefghijkl"]], Some(1)).lines().count() >= 2);
    }

    #[test]
    fn colors_take_no_width_and_continue_on_the_next_line() {
        let layout = Layout::fit([vec!["abcdefghijklmnopqrstuvwxyz", "x"]].into_iter(), Some(18));
        let mut out = String::new();
        let faint = Piece { text: "abcdefghijklmnopqrstuvwxyz", style: Style::new().dimmed() };
        layout.write(&[faint, Piece { text: "x", style: Style::new() }], &mut out);
        assert_eq!(out, "\u{1b}[2mabcdefghijklmno\u{1b}[0m  x\n\u{1b}[2mpqrstuvwxyz\u{1b}[0m\n");
    }

    #[test]
    fn later_rows_are_wrapped_only_on_a_terminal() {
        for (limit, expected) in [(None, "longer  b\n"), (Some(20), "long  b\ner\n")] {
            let layout = Layout::fit([vec!["four", "a"]].into_iter(), limit);
            let mut out = String::new();
            let row = ["longer", "b"].map(|text| Piece { text, style: Style::new() });
            layout.write(&row, &mut out);
            assert_eq!(out, expected);
        }
    }

    #[test]
    fn a_text_may_be_wider_than_any_table() {
        let long = "x".repeat(70_000);
        assert!(table(&[&[&long, "b"]], Some(70_000)).len() > long.len());
        assert!(table(&[&["a", &long]], None).len() > long.len());
    }
}
