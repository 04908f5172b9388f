//! Values in tables: how they are written on a terminal, in a file or pipe, and in CSV and TSV.

use std::borrow::Cow;

use anstyle::{AnsiColor, Style};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

/// A value that lists show as a line.
pub(crate) trait Row: Serialize + Sized {
    /// Whether hosts choose some of its texts. A spreadsheet must not run those as formulas.
    const FROM_HOSTS: bool = false;

    /// Whether a table shows the names of the columns.
    const HEADED: bool = true;

    /// The columns, in order.
    fn columns() -> Vec<Column<Self>>;

    /// What `-o name` writes. `None` means the text of the first column.
    fn identifier(&self) -> Option<String> {
        None
    }
}

/// A column of a list.
#[derive(Debug)]
pub(crate) struct Column<R> {
    /// Its stable name, in snake case.
    pub(crate) name: &'static str,
    /// Whether tables show the column. CSV and TSV contain every column.
    pub(crate) in_tables: bool,
    /// If a terminal is too narrow, columns with a greater rank are left out first.
    pub(crate) rank: u8,
    /// Whether a terminal shows the column even if all its cells are empty.
    pub(crate) keeps_empty: bool,
    /// The heading in tables, if it differs from the name.
    pub(crate) heading: Option<&'static str>,
    /// Whether a terminal shows the text on one line and shortens it only once, as for a path with
    /// spaces.
    pub(crate) is_whole: bool,
    pub(crate) cell: fn(&R) -> Cell,
}

impl<R> Column<R> {
    pub(crate) const fn new(name: &'static str, cell: fn(&R) -> Cell) -> Self {
        Self {
            name,
            in_tables: true,
            rank: 0,
            keeps_empty: false,
            heading: None,
            is_whole: false,
            cell,
        }
    }

    /// A column of CSV and TSV only.
    pub(crate) const fn csv(name: &'static str, cell: fn(&R) -> Cell) -> Self {
        Self { in_tables: false, ..Self::new(name, cell) }
    }

    /// The column with this rank.
    pub(crate) const fn rank(self, rank: u8) -> Self {
        Self { rank, ..self }
    }

    /// The column with this heading in tables.
    pub(crate) const fn headed(self, heading: &'static str) -> Self {
        Self { heading: Some(heading), ..self }
    }

    /// The column with texts that stay on one line.
    pub(crate) const fn whole(self) -> Self {
        Self { is_whole: true, ..self }
    }

    /// The words for the column in tables.
    pub(super) fn heading(&self) -> String {
        self.heading.map_or_else(|| heading(self.name), str::to_owned)
    }

    /// The column if a user chose it.
    pub(super) fn chosen(self) -> Self {
        Self { in_tables: true, rank: 0, keeps_empty: true, ..self }
    }
}

/// The words for a column or a field in tables. Its name is stable, so it may be less clear.
pub(super) fn heading(name: &str) -> String {
    let words = match name {
        "asks" => "requirement",
        "bundles_wanted" => "requested bundles",
        "did" => "observed",
        "due" => "pending",
        "holds" => "rules",
        "rules_due" => "pending rules",
        "rules_held" => "rules on host",
        "rules_withheld" => "rules not sent",
        "syncs_per_second_asked" => "requested syncs per second",
        "wanted" => "requested",
        "why_the_first" => "why the first is best",
        "withheld" => "not sent to",
        _ => return name.replace('_', " "),
    };
    words.to_owned()
}

/// What the color of a text means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Tone {
    #[default]
    Plain,
    Good,
    /// Pending or unusual.
    Notice,
    Bad,
    /// Less important than the rest.
    Faint,
    /// More important than the rest.
    Strong,
}

impl Tone {
    pub(crate) const fn style(self) -> Style {
        match self {
            Self::Plain => Style::new(),
            Self::Good => AnsiColor::Green.on_default(),
            Self::Notice => AnsiColor::Yellow.on_default(),
            Self::Bad => AnsiColor::Red.on_default(),
            Self::Faint => Style::new().dimmed(),
            Self::Strong => Style::new().bold(),
        }
    }
}

/// A value in a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Cell {
    Text(String, Tone),
    /// A text, and another one that tables show instead.
    Shown {
        data: String,
        shown: String,
        tone: Tone,
    },
    /// A time, or never.
    Time(Option<Timestamp>),
}

impl Cell {
    pub(crate) fn text(text: impl ToString) -> Self {
        Self::Text(text.to_string(), Tone::Plain)
    }

    pub(crate) fn toned(text: impl ToString, tone: Tone) -> Self {
        Self::Text(text.to_string(), tone)
    }

    pub(crate) fn optional(text: Option<impl ToString>) -> Self {
        Self::text(text.map(|text| text.to_string()).unwrap_or_default())
    }

    pub(crate) fn list<T: ToString>(texts: impl IntoIterator<Item = T>) -> Self {
        let texts: Vec<String> = texts.into_iter().map(|text| text.to_string()).collect();
        Self::text(texts.join(", "))
    }

    /// The text in CSV and TSV.
    pub(crate) fn for_programs(&self) -> Cow<'_, str> {
        match self {
            Self::Text(text, _) | Self::Shown { data: text, .. } => text.into(),
            Self::Time(Some(time)) => time.to_string().into(),
            Self::Time(None) => "".into(),
        }
    }

    /// The text in a table that is written to a file or a pipe.
    pub(super) fn for_pipes(&self) -> Cow<'_, str> {
        match self {
            Self::Shown { shown, .. } => shown.into(),
            Self::Text(..) | Self::Time(_) => self.for_programs(),
        }
    }

    /// The text in a table on a terminal.
    pub(super) fn for_terminal(&self, now: Timestamp) -> Cow<'_, str> {
        match self {
            Self::Time(Some(time)) => relative(*time, now).into(),
            Self::Time(None) => "never".into(),
            Self::Text(..) | Self::Shown { .. } => self.for_pipes(),
        }
    }

    pub(super) fn tone(&self) -> Tone {
        match self {
            Self::Text(_, tone) | Self::Shown { tone, .. } => *tone,
            Self::Time(Some(_)) => Tone::Plain,
            Self::Time(None) => Tone::Faint,
        }
    }
}

/// `3m ago`, `in 7d` or `just now`.
pub(crate) fn relative(time: Timestamp, now: Timestamp) -> String {
    let apart = now.duration_since(time);
    if apart.abs() < SignedDuration::from_secs(5) {
        "just now".to_owned()
    } else if apart.is_negative() {
        format!("in {}", rough(apart.abs()))
    } else {
        format!("{} ago", rough(apart))
    }
}

/// A duration in its largest unit only, such as `3m`.
pub(crate) fn rough(duration: SignedDuration) -> String {
    match duration.as_secs() {
        seconds @ ..60 => format!("{seconds}s"),
        seconds @ 60..3600 => format!("{}m", seconds / 60),
        seconds @ 3600..86_400 => format!("{}h", seconds / 3600),
        seconds => format!("{}d", seconds / 86_400),
    }
}

/// Escapes control characters, so that a text cannot control a terminal.
pub(crate) fn harmless(text: &str) -> Cow<'_, str> {
    if text.chars().any(is_harmful) {
        let escaped = |c: char| match is_harmful(c) {
            true => c.escape_default().to_string(),
            false => c.to_string(),
        };
        text.chars().map(escaped).collect::<String>().into()
    } else {
        text.into()
    }
}

/// Escapes control characters in data, so that it cannot control a terminal. Line ends and tabs
/// stay. The escapes are those of JSON and TOML.
pub(super) fn harmless_data(text: &str) -> Cow<'_, str> {
    let is_harmful = |c: char| is_harmful(c) && c != '\n' && c != '\t';
    if !text.contains(is_harmful) {
        return text.into();
    }
    let mut escaped = String::with_capacity(text.len() + 64);
    for c in text.chars() {
        match is_harmful(c) {
            true => escaped.push_str(&format!("\\u{:04x}", u32::from(c))),
            false => escaped.push(c),
        }
    }
    escaped.into()
}

/// Prevents spreadsheets from running a cell of CSV as a formula.
pub(super) fn no_formula(text: Cow<'_, str>) -> Cow<'_, str> {
    match text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        true => format!("'{text}").into(),
        false => text,
    }
}

/// Control characters, line separators, characters that change the direction of text, and invisible
/// characters that no name needs. With an invisible character, a host could pass for another host.
fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(c, '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn l16_data_on_a_terminal_has_no_control_characters() {
        let text = "{\"name\": \"a\u{1b}[2J\u{9b}31m\u{202e}\u{7f}ä\"}\n\tb";
        let shown = harmless_data(text);
        assert_eq!(shown, "{\"name\": \"a\\u001b[2J\\u009b31m\\u202e\\u007fä\"}\n\tb");
        let read: serde_json::Value =
            serde_json::from_str(shown.trim_end_matches("\n\tb")).unwrap();
        assert_eq!(read["name"], "a\u{1b}[2J\u{9b}31m\u{202e}\u{7f}ä", "the same JSON");
    }

    #[test]
    fn l16_a_cell_that_a_spreadsheet_would_run_gets_an_apostrophe() {
        for formula in ["=HYPERLINK(\"http://x\")", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"] {
            assert_eq!(no_formula(formula.into()), format!("'{formula}"));
        }
        for text in ["", "a=1", "'=1", "C02XK0", " -1"] {
            assert_eq!(no_formula(text.into()), text);
        }
    }

    #[test]
    fn a_relative_time_has_one_unit() {
        let now: Timestamp = "2026-11-20T12:00:00Z".parse().unwrap();
        let shown = |seconds| relative(now + SignedDuration::from_secs(seconds), now);
        assert_eq!(shown(0), "just now");
        assert_eq!(shown(-59), "59s ago");
        assert_eq!(shown(-200), "3m ago");
        assert_eq!(shown(-7200), "2h ago");
        assert_eq!(shown(-86_400 * 3), "3d ago");
        assert_eq!(shown(86_400 * 7), "in 7d");
    }

    #[test]
    fn control_characters_are_escaped() {
        assert_eq!(harmless("a\u{1b}[2Jb\n\u{202e}c"), "a\\u{1b}[2Jb\\n\\u{202e}c");
        assert_eq!(harmless("Zoë 漢字"), "Zoë 漢字");
        assert_eq!(harmless("a\u{61c}b\u{200b}c\u{2029}"), "a\\u{61c}b\\u{200b}c\\u{2029}");
        let needed = "\u{200c}\u{200d}\u{fe0f}";
        assert_eq!(harmless(needed), needed, "for letters of some languages, and for emoji");
    }
}
