//! Missing closing quotes.
//!
//! A quoted field may contain line breaks. If its closing quote is missing, it therefore continues
//! to the next quote in the file and contains the rows in between. The number of fields is often
//! right by accident, so that these rows would be lost without an error.

use ::csv::ByteRecord;

use super::column::{Column, Layout};
use super::identifier;
use crate::format::Spot;
use crate::rule::{PolicyKind, RuleType, Target};

/// Maximum characters of a quoted text that an error shows.
const MAX_SHOWN: usize = 30;

/// The quoted fields of a row.
#[derive(Default)]
struct Quotes {
    /// The index of each quoted field, and the offset of its opening quote in the row.
    opening: Vec<(usize, usize)>,
    /// Whether the last of them is not closed.
    is_open: bool,
}

#[derive(Clone, Copy)]
enum State {
    FieldStart,
    Unquoted,
    Quoted,
    /// After a quote in a quoted field: it closes the field, or is the first of two quotes that
    /// stand for one.
    QuoteInQuoted,
}

impl Quotes {
    /// Finds the quotes in the bytes of a row, as the parser reads them.
    fn of(row: &[u8], delimiter: u8) -> Self {
        let mut quotes = Self::default();
        let (mut state, mut field) = (State::FieldStart, 0);
        for (offset, byte) in row.iter().enumerate() {
            state = match (state, *byte) {
                (State::FieldStart, b'"') => {
                    quotes.opening.push((field, offset));
                    State::Quoted
                }
                (State::Quoted, b'"') => State::QuoteInQuoted,
                (State::Quoted, _) | (State::QuoteInQuoted, b'"') => State::Quoted,
                // Empty lines before the row.
                (State::FieldStart, b'\r' | b'\n') if field == 0 => State::FieldStart,
                (State::FieldStart | State::Unquoted | State::QuoteInQuoted, byte) => {
                    if byte == delimiter {
                        field += 1;
                        State::FieldStart
                    } else {
                        State::Unquoted
                    }
                }
            };
        }
        quotes.is_open = matches!(state, State::Quoted);
        quotes
    }

    fn offset_of(&self, field: usize) -> Option<usize> {
        self.opening.iter().find(|(index, _)| *index == field).map(|(_, offset)| *offset)
    }
}

/// A row with its bytes, to find a missing closing quote in it.
pub(super) struct QuotedRow<'r> {
    pub(super) record: &'r ByteRecord,
    pub(super) row: &'r [u8],
    /// The line that the row begins on.
    pub(super) line: u32,
    pub(super) layout: &'r Layout,
    pub(super) delimiter: u8,
}

impl QuotedRow<'_> {
    /// The place of the opening quote whose closing quote is missing, and the message.
    ///
    /// It is missing if the file ends before it, or if a line of a quoted text looks like a row;
    /// see [`QuotedRow::swallowed_line`].
    pub(super) fn fault(&self) -> Option<(Spot, String)> {
        let ends_without_line_break = !matches!(self.row.last(), Some(b'\r' | b'\n'));
        if !self.has_line_breaks() && !ends_without_line_break {
            return None;
        }
        let quotes = Quotes::of(self.row, self.delimiter);
        let fields = (0..).zip(self.record.iter());
        let mut swallowed =
            fields.filter_map(|(index, text)| Some((index, self.swallowed_line(index, text)?)));
        let (field, content) = match (swallowed.next(), quotes.opening.last()) {
            (Some((field, 0)), _) => (field, "the rest of its row".to_owned()),
            (Some((field, line)), _) => {
                let row = self.line_of(quotes.offset_of(field)).saturating_add(line);
                (field, format!("the row on line {row}"))
            }
            (None, Some((field, _))) if quotes.is_open => {
                (*field, "the rest of the file".to_owned())
            }
            (None, _) => return None,
        };
        let text = shortened(self.record.get(field).unwrap_or_default());
        let text = format!("close the quote that begins with \"{text}\"; it contains {content}");
        Some((self.spot(quotes.offset_of(field)), text))
    }

    /// The place of the first quoted text with a line break.
    pub(super) fn first_of_several_lines(&self) -> Spot {
        let index = self.record.iter().position(|text| memchr::memchr(b'\n', text).is_some());
        let quotes = Quotes::of(self.row, self.delimiter);
        self.spot(index.and_then(|index| quotes.offset_of(index)))
    }

    fn has_line_breaks(&self) -> bool {
        memchr::memchr2(b'\n', b'\r', self.record.as_slice()).is_some()
    }

    /// The first line of a quoted text that looks like a row, counted from 0. `None` if the text
    /// has only one line.
    ///
    /// Comments and messages may have several lines. A line in them looks like a row only if the
    /// cell in the column for targets is a target, and either the cell in the column for policies is
    /// a policy, or the line has the delimiters of a row. Thus sentences with commas, and
    /// lines that only begin with a target, are accepted.
    ///
    /// The first line of the text follows the other fields of its own row. It shows that the quote
    /// is not closed only if it contains the target. The last line ends at the next quote of the
    /// file, which is in the same column.
    fn swallowed_line(&self, index: usize, text: &[u8]) -> Option<u32> {
        memchr::memchr(b'\n', text)?;
        let before: Vec<&[u8]> = self.record.iter().take(index).collect();
        let has_target = self.layout.place_of(Column::Identifier) >= Some(index);
        let last = memchr::memchr_iter(b'\n', text).count();
        let width = self.layout.names().len();
        let lines = (0..).zip(text.split(|byte| *byte == b'\n'));
        for (number, line) in lines {
            let cells = line.split(|byte| *byte == self.delimiter);
            let cells: Vec<&[u8]> = match number {
                0 if has_target => before.iter().copied().chain(cells).collect(),
                0 => continue,
                _ => cells.collect(),
            };
            let has_delimiters = match number == last {
                true => cells.len() == index + 1,
                false => cells.len() >= width,
            };
            if self.looks_like_row(&cells, has_delimiters) {
                return Some(u32::try_from(number).unwrap_or(u32::MAX));
            }
        }
        None
    }

    fn looks_like_row(&self, cells: &[&[u8]], has_delimiters: bool) -> bool {
        let policy = self.cell(cells, Column::Policy);
        let is_policy = policy.is_some_and(|text| text.parse::<PolicyKind>().is_ok());
        match self.target_in(cells) {
            Some(Likeness::Valid) => is_policy || has_delimiters,
            Some(Likeness::Similar) => is_policy,
            None => false,
        }
    }

    fn target_in(&self, cells: &[&[u8]]) -> Option<Likeness> {
        let identifier = self.cell(cells, Column::Identifier)?;
        if identifier.is_empty() || identifier.contains(char::is_whitespace) {
            return None;
        }
        let (is_valid, is_similar) = if self.layout.has_whole_targets() {
            let (rule_type, _) = identifier.split_once(':')?;
            (identifier.parse::<Target>().is_ok(), rule_type.parse::<RuleType>().is_ok())
        } else if self.layout.has_no_types() {
            // A word of ten letters is a valid team ID.
            let is_distinct = identifier.contains(|it: char| it.is_ascii_digit() || it == ':');
            let target = identifier::untyped(identifier).filter(|_| is_distinct);
            (target.is_some_and(|target| target.is_ok()), false)
        } else {
            let rule_type: RuleType = self.cell(cells, Column::RuleType)?.parse().ok()?;
            (identifier::target(rule_type, identifier).is_ok(), true)
        };
        match (is_valid, is_similar) {
            (true, _) => Some(Likeness::Valid),
            (false, true) => Some(Likeness::Similar),
            (false, false) => None,
        }
    }

    /// A cell without white space and quotes around it.
    fn cell<'c>(&self, cells: &[&'c [u8]], column: Column) -> Option<&'c str> {
        let bytes = self.layout.place_of(column).and_then(|index| cells.get(index)).copied()?;
        let text = std::str::from_utf8(bytes).ok()?;
        Some(text.trim_matches(|letter: char| letter.is_whitespace() || letter == '"'))
    }

    /// The line of an offset in the row; the row's first line if the offset is unknown.
    fn line_of(&self, offset: Option<usize>) -> u32 {
        let text = self.text_before(offset.unwrap_or(0));
        let breaks = memchr::memchr_iter(b'\n', text).count();
        self.line.saturating_add(u32::try_from(breaks).unwrap_or(u32::MAX))
    }

    fn spot(&self, offset: Option<usize>) -> Spot {
        let Some(offset) = offset else { return Spot::Line(self.line) };
        let text = self.text_before(offset);
        let line = memchr::memrchr(b'\n', text).map_or(text, |end| &text[end + 1..]);
        let column = String::from_utf8_lossy(line).chars().count() + 1;
        Spot::Column(self.line_of(Some(offset)), u32::try_from(column).unwrap_or(u32::MAX))
    }

    /// The row up to an offset, without the empty lines before the row.
    fn text_before(&self, offset: usize) -> &[u8] {
        let is_break = |byte: &u8| matches!(byte, b'\r' | b'\n');
        let start = self.row.iter().take_while(|byte| is_break(byte)).count();
        self.row.get(start..offset).unwrap_or_default()
    }
}

/// How much a cell looks like a target.
enum Likeness {
    Valid,
    /// It has a rule type, but the identifier is invalid.
    Similar,
}

/// The first line of a text that is not empty, shortened.
fn shortened(text: &[u8]) -> String {
    let mut lines = text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let line = String::from_utf8_lossy(lines.find(|line| !line.is_empty()).unwrap_or_default());
    match line.char_indices().nth(MAX_SHOWN) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.into_owned(),
    }
}
