//! Where the columns of a table stand.

use anstyle::Style;
use console::measure_text_width;

/// Between two columns.
const GAP: usize = 2;
/// No column is squeezed below this, where the terminal is wide enough at all.
const NARROWEST: usize = 8;

/// A piece of a line: a text without control characters, and its colours.
pub(super) struct Piece<'a> {
    pub(super) text: &'a str,
    pub(super) style: Style,
}

/// The widths of a table's columns. The last is never padded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    widths: Vec<usize>,
    /// Whether longer texts are broken into lines, rather than let stand out.
    breaks: bool,
}

impl Layout {
    /// Fits columns to the texts of `rows`, and to `limit` if there is one.
    pub(super) fn fit<'a>(
        rows: impl Iterator<Item = Vec<&'a str>>,
        columns: usize,
        limit: Option<usize>,
    ) -> Self {
        let mut widths = vec![0; columns];
        for row in rows {
            for (width, text) in widths.iter_mut().zip(row) {
                *width = measure_text_width(text).max(*width);
            }
        }
        if let Some(limit) = limit {
            squeeze(&mut widths, limit.saturating_sub(GAP * columns.saturating_sub(1)));
        }
        Self { widths, breaks: limit.is_some() }
    }

    /// Writes one row, on as many lines as it needs.
    pub(super) fn write(&self, row: &[Piece<'_>], out: &mut String) {
        let broken: Vec<Vec<&str>> = row
            .iter()
            .zip(&self.widths)
            .map(|(piece, width)| match self.breaks {
                true => wrap(piece.text, *width),
                false => vec![piece.text],
            })
            .collect();
        let height = broken.iter().map(Vec::len).max().unwrap_or(0);
        for line in 0..height {
            let mut owed = 0;
            for ((piece, lines), width) in row.iter().zip(&broken).zip(&self.widths) {
                let text = lines.get(line).copied().unwrap_or_default();
                if !text.is_empty() {
                    out.extend(std::iter::repeat_n(' ', owed));
                    owed = 0;
                    out.push_str(&format!("{}{text}{:#}", piece.style, piece.style));
                }
                owed += width.saturating_sub(measure_text_width(text)) + GAP;
            }
            out.push('\n');
        }
    }
}

/// Takes width from the widest columns until all fit.
fn squeeze(widths: &mut [usize], limit: usize) {
    loop {
        let over = widths.iter().sum::<usize>().saturating_sub(limit);
        let Some(widest) = widths.iter().copied().max().filter(|widest| *widest > NARROWEST) else {
            return;
        };
        if over == 0 {
            return;
        }
        let next = widths.iter().copied().filter(|width| *width < widest).max();
        let floor = next.unwrap_or(NARROWEST).max(NARROWEST);
        let tied: Vec<usize> = (0..widths.len()).filter(|at| widths[*at] == widest).collect();
        let each = over.div_ceil(tied.len()).min(widest - floor).max(1);
        for at in tied {
            widths[at] -= each;
        }
    }
}

/// Breaks a text into lines of at most `width`, at a space where there is one.
pub(crate) fn wrap(text: &str, width: usize) -> Vec<&str> {
    let mut lines = Vec::new();
    let mut rest = text;
    while measure_text_width(rest) > width.max(1) {
        let mut end = 0;
        for (at, c) in rest.char_indices() {
            let after = at + c.len_utf8();
            if end > 0 && measure_text_width(&rest[..after]) > width {
                break;
            }
            end = after;
        }
        let space = rest[..end].rfind(' ').filter(|at| *at > 0);
        let at = match rest[end..].starts_with(' ') {
            true => end,
            false => space.map_or(end, |at| at + 1),
        };
        lines.push(rest[..at].trim_end());
        rest = rest[at..].trim_start();
    }
    lines.push(rest);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(rows: &[&[&str]], limit: Option<usize>) -> String {
        let layout = Layout::fit(rows.iter().map(|row| row.to_vec()), rows[0].len(), limit);
        let mut out = String::new();
        for row in rows {
            let pieces: Vec<_> =
                row.iter().map(|text| Piece { text, style: Style::new() }).collect();
            layout.write(&pieces, &mut out);
        }
        out
    }

    #[test]
    fn columns_are_aligned_and_lines_end_where_their_text_ends() {
        let text = table(&[&["a", "long", "x"], &["漢字", "b", ""]], None);
        assert_eq!(text, "a     long  x\n漢字  b\n");
    }

    #[test]
    fn the_widest_column_gives_way_and_nothing_is_lost() {
        let text = table(&[&["short", "abcdefghijklmnopqrstuvwxyz"]], Some(20));
        assert_eq!(text, "short  abcdefghijklm\n       nopqrstuvwxyz\n");
        let text = table(&[&["short", "some words of a comment"]], Some(20));
        assert_eq!(text, "short  some words of\n       a comment\n");
    }

    #[test]
    fn a_terminal_of_no_width_still_ends() {
        assert!(table(&[&["abcdefghijkl", "abcdefghijkl"]], Some(1)).lines().count() >= 2);
    }
}
