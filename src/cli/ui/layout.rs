//! The widths of the columns of a table, and the wrapped lines of its cells. comfy-table pads the
//! columns and writes the rows.

use std::borrow::Cow;

use anstyle::Style;
use comfy_table::{ColumnConstraint, Table, TableStyle, Width};

/// The space between two columns.
const GAP: usize = 2;
/// Texts up to this width are not wrapped if that is possible.
const SHORT: usize = 16;
/// A column gets this width even if its longest word, such as a path, is wider.
const LONGEST_WORD: usize = 24;
/// A wrapped column keeps at least this width and that of its longest word if it gives room to the
/// first column.
const NARROWEST: usize = 12;
/// Hashes and UUIDs with this number of characters or more are shortened in tables.
const LONG_IDENTIFIER: usize = 32;
/// The characters that stay at the start and at the end of a shortened hash or UUID.
const KEPT: (usize, usize) = (6, 5);

/// A text without control characters, and its colors.
pub(super) struct Piece<'a> {
    pub(super) text: &'a str,
    pub(super) style: Style,
}

/// What happens to a word that is wider than its column. It is never broken into two lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LongWords {
    /// It is shortened in the middle.
    Shorten,
    /// It makes the line wider.
    Overflow,
}

#[derive(Debug)]
pub(super) struct Layout {
    widths: Vec<usize>,
    /// `None` if texts are not wrapped.
    wraps: Option<LongWords>,
    /// The columns whose texts stay on one line. Columns after the end are wrapped.
    whole: Vec<bool>,
}

impl Layout {
    /// Fits columns to the texts of `rows`, and to `limit` if there is one.
    pub(super) fn fit<'a>(
        rows: impl Iterator<Item = Vec<&'a str>>,
        limit: Option<usize>,
        long_words: LongWords,
    ) -> Self {
        let mut columns: Vec<Vec<&str>> = Vec::new();
        for row in rows {
            columns.resize(columns.len().max(row.len()), Vec::new());
            columns.iter_mut().zip(row).for_each(|(column, text)| column.push(text));
        }
        let full: Vec<usize> = columns.iter().map(|texts| widest(texts)).collect();
        let Some(limit) = limit else {
            return Self { widths: full, wraps: None, whole: Vec::new() };
        };
        let room = limit.saturating_sub(table_width(&vec![0; full.len()]));
        let mut needed: Vec<usize> = columns.iter().map(|texts| needed_width(texts)).collect();
        widen_first(&mut needed, &columns, room);
        let widths = whole_words(needed, &full, room).unwrap_or_else(|| with_rest(full, room));
        Self { widths, wraps: Some(long_words), whole: Vec::new() }
    }

    /// Keeps the texts of these columns on one line if long words are shortened.
    pub(super) fn with_whole(self, whole: Vec<bool>) -> Self {
        Self { whole, ..self }
    }

    /// Whether a text is wider than its column, so that it is wrapped.
    pub(super) fn wraps_text(&self, column: usize, text: &str) -> bool {
        self.wraps.is_some() && width_of(text) > self.width(column)
    }

    /// Whether a text has a word that is wider than its column.
    pub(super) fn overflows(&self, column: usize, text: &str) -> bool {
        self.wraps.is_some() && longest_word(&[text]) > self.width(column)
    }

    fn width(&self, column: usize) -> usize {
        self.widths.get(column).copied().unwrap_or(usize::MAX)
    }

    /// Writes one row, on several lines if necessary.
    pub(super) fn write(&self, row: &[Piece<'_>], out: &mut String) {
        let cells = row.iter().zip(&self.widths).enumerate();
        let cells: Vec<Vec<String>> =
            cells.map(|(at, (piece, width))| self.lines(at, piece.text, *width)).collect();
        let texts: Vec<String> =
            row.iter().zip(&cells).map(|(piece, lines)| styled(lines, piece.style)).collect();
        // comfy-table would break a line that is wider than its column, so the column is widened.
        let widths = cells.iter().zip(&self.widths);
        let widths = widths.map(|(lines, width)| u16::try_from(widest(lines).max(*width) + GAP));
        let lines = match widths.collect::<Result<Vec<u16>, _>>() {
            Ok(widths) => drawn(texts, widths),
            // comfy-table does not support a column this wide.
            Err(_) => vec![texts.join(&" ".repeat(GAP))],
        };
        for line in lines {
            out.push_str(line.trim_end_matches(' '));
            out.push('\n');
        }
    }

    fn lines(&self, column: usize, text: &str, width: usize) -> Vec<String> {
        match self.wraps {
            None => vec![text.trim_end().to_owned()],
            Some(LongWords::Overflow) => wrap(text, width),
            Some(LongWords::Shorten) if self.whole.get(column) == Some(&true) => {
                vec![shortened(text, width).into_owned()]
            }
            Some(LongWords::Shorten) => {
                let words: Vec<_> = text.split(' ').map(|word| shortened(word, width)).collect();
                wrap(&words.join(" "), width)
            }
        }
    }
}

/// The lines of a cell with their colors, for comfy-table.
fn styled(lines: &[String], style: Style) -> String {
    let styled = |line: &String| match line.is_empty() {
        // Escape sequences around an empty text would stay at the end of the row.
        true => String::new(),
        false => format!("{style}{line}{style:#}"),
    };
    lines.iter().map(styled).collect::<Vec<_>>().join("\n")
}

/// The lines of a row. The widths include the gap after each column.
fn drawn(row: Vec<String>, widths: Vec<u16>) -> Vec<String> {
    let mut table = Table::new();
    // comfy-table must not look up the terminal's width, because the widths are already computed.
    table.force_no_tty().load_style(TableStyle::new()).add_row(row);
    for (column, width) in table.column_iter_mut().zip(widths) {
        let width = ColumnConstraint::Absolute(Width::Fixed(width));
        column.set_padding((0, 0)).set_constraint(width);
    }
    table.lines().collect()
}

/// The width that a column needs so that short texts stay on one line and no word is broken.
pub(super) fn needed_width(texts: &[&str]) -> usize {
    let full = widest(texts);
    if full <= SHORT {
        return full;
    }
    longest_word(texts).clamp(SHORT, LONGEST_WORD)
}

fn longest_word(texts: &[&str]) -> usize {
    let words = texts.iter().flat_map(|text| text.split(' ').map(width_of));
    words.max().unwrap_or(0)
}

/// Widens the first column so that its words are not shortened, because it identifies the row.
/// Other columns with long texts, such as comments, are wrapped into more lines for this.
fn widen_first(widths: &mut [usize], columns: &[Vec<&str>], room: usize) {
    let Some(rest) = room.checked_sub(widths.iter().sum()) else { return };
    let (Some((first, others)), Some((names, texts))) =
        (widths.split_first_mut(), columns.split_first())
    else {
        return;
    };
    let mut missing = longest_word(names).saturating_sub(*first);
    let used = missing.min(rest);
    *first += used;
    missing -= used;
    for (width, texts) in others.iter_mut().zip(texts).rev() {
        let is_wrapped = widest(texts) > SHORT;
        let spare = width.saturating_sub(longest_word(texts).max(NARROWEST));
        let given = if is_wrapped { spare.min(missing) } else { 0 };
        *width -= given;
        *first += given;
        missing -= given;
    }
}

/// The width of a table whose columns have these widths.
pub(super) fn table_width(widths: &[usize]) -> usize {
    widths.iter().sum::<usize>() + GAP * widths.len().saturating_sub(1)
}

/// Distributes the rest of `room` over the columns that would be wrapped. None if there is not
/// enough room.
fn whole_words(mut widths: Vec<usize>, full: &[usize], room: usize) -> Option<Vec<usize>> {
    let mut rest = room.checked_sub(widths.iter().sum())?;
    while rest > 0 && widths != full {
        for (width, full) in widths.iter_mut().zip(full) {
            if rest > 0 && *width < *full {
                *width += 1;
                rest -= 1;
            }
        }
    }
    Some(widths)
}

/// The last column gets what the others leave.
fn with_rest(mut widths: Vec<usize>, room: usize) -> Vec<usize> {
    if let Some(last) = widths.pop() {
        let rest = room.saturating_sub(widths.iter().sum());
        widths.push(last.min(rest).max(1));
    }
    widths
}

fn widest(texts: &[impl AsRef<str>]) -> usize {
    texts.iter().map(|text| width_of(text.as_ref())).max().unwrap_or(0)
}

/// Wraps a text at spaces. A wider word has its own line.
pub(crate) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let (mut line, mut used, mut spaces) = (String::new(), 0, 0);
    for word in text.split(' ') {
        if word.is_empty() {
            spaces += 1;
            continue;
        }
        let needed = width_of(word);
        if used > 0 && used + spaces + needed > width {
            lines.push(std::mem::take(&mut line));
            (used, spaces) = (0, 0);
        }
        line.push_str(&" ".repeat(spaces));
        line.push_str(word);
        used += spaces + needed;
        spaces = 1;
    }
    lines.push(line);
    lines
}

/// The word, shortened in the middle if it is wider.
pub(super) fn shortened(word: &str, width: usize) -> Cow<'_, str> {
    if width_of(word) <= width {
        return word.into();
    }
    let room = width.saturating_sub(1);
    let head = console::truncate_str(word, room - room / 2, "");
    let (mut tail, mut used) = (word.len(), 0);
    for (at, c) in word.char_indices().rev() {
        used += width_of(c.encode_utf8(&mut [0; 4]));
        if used > room / 2 {
            break;
        }
        tail = at;
    }
    format!("{head}…{}", &word[tail..]).into()
}

/// Shortens hashes and UUIDs in the middle: `binary:0f4bd0…a7928`.
pub(super) fn short_identifiers(text: &str) -> Cow<'_, str> {
    let short = |word: &str| {
        let end = word.trim_end_matches([',', ':', ';', '`']).len();
        let start = word[..end].rfind([':', '`']).map_or(0, |mark| mark + 1);
        let identifier = &word[start..end];
        let is_long = identifier.len() >= LONG_IDENTIFIER
            && identifier.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
        match is_long {
            true => format!("{}…{}", &word[..start + KEPT.0], &word[end - KEPT.1..]),
            false => word.to_owned(),
        }
    };
    match text.len() < LONG_IDENTIFIER {
        true => text.into(),
        false => text.split(' ').map(short).collect::<Vec<_>>().join(" ").into(),
    }
}

/// The columns of a terminal that a text occupies.
pub(super) fn width_of(text: &str) -> usize {
    console::measure_text_width(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(rows: &[&[&str]], limit: Option<usize>, long_words: LongWords) -> String {
        let layout = Layout::fit(rows.iter().map(|row| row.to_vec()), limit, long_words);
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
        let text = table(&[&["a", "long", "x"], &["漢字", "b", ""]], None, LongWords::Shorten);
        assert_eq!(text, "a     long  x\n漢字  b\n");
    }

    #[test]
    fn long_words_are_shortened_or_overflow_but_never_broken() {
        let path = "/Applications/Pinecone.app/Contents/MacOS/Pinecone";
        let text = table(&[&["1", path]], Some(30), LongWords::Shorten);
        assert_eq!(text, "1  /Applications…acOS/Pinecone\n");
        let text = table(&[&["1", path]], Some(30), LongWords::Overflow);
        assert_eq!(text, format!("1  {path}\n"));
        let text = table(&[&["rule", &format!("allow {path}")]], Some(40), LongWords::Overflow);
        assert_eq!(text, format!("rule  allow\n      {path}\n"));
    }

    #[test]
    fn a_whole_text_is_shortened_once() {
        let path = "/Applications/Zoom Workplace.app/Contents/MacOS/Zoom Workplace";
        let layout = Layout::fit([vec!["1", path]].into_iter(), Some(30), LongWords::Shorten);
        let layout = layout.with_whole(vec![false, true]);
        let mut out = String::new();
        layout.write(&["1", path].map(|text| Piece { text, style: Style::new() }), &mut out);
        assert_eq!(out, "1  /Applications…oom Workplace\n");
    }

    #[test]
    fn a_text_is_wrapped_at_spaces_and_keeps_its_indent() {
        assert_eq!(wrap("some words of a comment", 13), ["some words of", "a comment"]);
        assert_eq!(wrap("  ticket IT-1 → IT-2", 15), ["  ticket IT-1 →", "IT-2"]);
        assert_eq!(wrap("two  spaces", 20), ["two  spaces"]);
        assert_eq!(wrap("", 5), [""]);
    }

    #[test]
    fn no_word_is_broken_if_there_is_room_for_the_longest() {
        let row = ["annas-mbp.local", "just now", "a comment of some length"];
        assert_eq!(
            table(&[&row], Some(44), LongWords::Shorten),
            "annas-mbp.local  just now  a comment of some\n                           length\n"
        );
    }

    #[test]
    fn the_first_column_is_not_shortened_while_another_can_be_wrapped() {
        let target = "signingid:EQHXZ8M8AV:com.google.Chrome";
        let row = [target, "allow", "fleet", "the browser of the engineers", "3m ago"];
        let text = table(&[&row], Some(80), LongWords::Shorten);
        assert_eq!(
            text,
            format!(
                "{target}  allow  fleet  the browser of the  3m ago\n{}engineers\n",
                " ".repeat(54)
            )
        );
        let text = table(&[&row], Some(74), LongWords::Shorten);
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].starts_with(&format!("{target}  allow  fleet  the browser  ")), "{text}");
        let rest: Vec<&str> = lines[1..].iter().map(|line| line.trim()).collect();
        assert_eq!(rest, ["of the", "engineers"]);
        let text = table(&[&row], Some(68), LongWords::Shorten);
        assert!(text.starts_with("signingid:EQHXZ8…"), "{text}");
    }

    #[test]
    fn hashes_and_uuids_are_shortened_in_the_middle() {
        let hash = "0f4bd0c8e9b6b6d2f1a3f5c7d9e1b3a5c7d9e1b3a5c7d9e1b3a5c7d9e1ba7928";
        assert_eq!(short_identifiers(hash), "0f4bd0…a7928");
        assert_eq!(short_identifiers(&format!("binary:{hash}")), "binary:0f4bd0…a7928");
        let uuid = "6C5E2B41-0A5F-4C1E-9E3B-2F6D8A9B0C1D";
        assert_eq!(short_identifiers(&format!("host:{uuid}, fleet")), "host:6C5E2B…B0C1D, fleet");
        for whole in ["signingid:EQHXZ8M8AV:com.google.Chrome.helper.renderer", "/opt/a b", "C02"] {
            assert_eq!(short_identifiers(whole), whole);
        }
    }

    #[test]
    fn a_terminal_of_one_column_is_possible() {
        let row = ["abcdefghijkl", "abcdefghijkl"];
        assert_eq!(table(&[&row], Some(1), LongWords::Shorten).lines().count(), 1);
    }

    #[test]
    fn colors_take_no_width_and_continue_on_the_next_line() {
        let rows = [vec!["some words of a comment", "x"]];
        let layout = Layout::fit(rows.into_iter(), Some(19), LongWords::Shorten);
        let mut out = String::new();
        let faint = Piece { text: "some words of a comment", style: Style::new().dimmed() };
        layout.write(&[faint, Piece { text: "x", style: Style::new() }], &mut out);
        assert_eq!(out, "\u{1b}[2msome words of a\u{1b}[0m   x\n\u{1b}[2mcomment\u{1b}[0m\n");
    }

    #[test]
    fn later_rows_are_shortened_only_on_a_terminal() {
        for (limit, expected) in [(None, "longer  b\n"), (Some(20), "lo…r  b\n")] {
            let rows = [vec!["four", "a"]];
            let layout = Layout::fit(rows.into_iter(), limit, LongWords::Shorten);
            let mut out = String::new();
            let row = ["longer", "b"].map(|text| Piece { text, style: Style::new() });
            layout.write(&row, &mut out);
            assert_eq!(out, expected);
        }
    }

    #[test]
    fn a_text_may_be_wider_than_any_table() {
        let long = "x".repeat(70_000);
        assert!(table(&[&[&long, "b"]], Some(70_004), LongWords::Shorten).len() > long.len());
        assert!(table(&[&["a", &long]], None, LongWords::Shorten).len() > long.len());
    }
}
