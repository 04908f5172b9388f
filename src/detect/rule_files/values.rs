//! The values of detections. No type can contain an invalid or oversized value.

use std::num::NonZeroU32;
use std::ops::Deref;
use std::str::FromStr;
use std::time::Duration;

use crate::rule::{checked_text, words};

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ValueError {
    #[error("is empty")]
    Empty,
    #[error("has {length} characters; the maximum is {max}")]
    TooLong { length: usize, max: usize },
    #[error("contains a control character")]
    Control,
    #[error("invalid ID `{0}`: use letters, digits, dots, dashes, underscores and colons")]
    Id(String),
    #[error("invalid severity `{0}`: expected info, low, medium, high or critical")]
    Severity(String),
    #[error("invalid duration `{0}`: expected a number and a unit, such as 30s, 5m, 720h or 30d")]
    Period(String),
    #[error("must be longer than 0")]
    NotPositive,
    #[error("is longer than 366 days")]
    TooLongPeriod,
    #[error(
        "invalid field `{0}`: expected names with dots, such as execution.target.executable.path"
    )]
    Path(String),
    #[error("must be a whole number from 1 to {}", Threshold::MAX)]
    Threshold,
    #[error("has {length} entries; the maximum is {max}")]
    TooMany { length: usize, max: usize },
}

/// A text on one line.
fn line(text: &str, max: usize) -> Result<Box<str>, ValueError> {
    let text = bounded(text, max)?;
    match text.chars().any(char::is_control) {
        true => Err(ValueError::Control),
        false => Ok(text.into()),
    }
}

/// A text that may have several lines.
fn paragraphs(text: &str, max: usize) -> Result<Box<str>, ValueError> {
    let text = bounded(text, max)?;
    match text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\t' | '\r')) {
        true => Err(ValueError::Control),
        false => Ok(text.into()),
    }
}

fn bounded(text: &str, max: usize) -> Result<&str, ValueError> {
    let text = text.trim();
    match text.chars().count() {
        0 => Err(ValueError::Empty),
        length if length > max => Err(ValueError::TooLong { length, max }),
        _ => Ok(text),
    }
}

fn id(text: &str) -> Result<Box<str>, ValueError> {
    let text = line(text, MAX_ID)?;
    let is_start = text.starts_with(|c: char| c.is_ascii_alphanumeric());
    match is_start && text.chars().all(|c| c.is_ascii_alphanumeric() || "._-:".contains(c)) {
        true => Ok(text),
        false => Err(ValueError::Id(text.into())),
    }
}

/// Maximum characters of an ID. A UUID has 36.
pub(super) const MAX_ID: usize = 64;
pub(super) const MAX_TITLE: usize = 512;
pub(super) const MAX_DESCRIPTION: usize = 8192;
pub(super) const MAX_TAG: usize = 64;
pub(super) const MAX_REFERENCE: usize = 2048;
pub(super) const MAX_CREDIT: usize = 512;

checked_text!(
    /// The ID of a detection, which is unique among all files that are read together.
    DetectionId,
    ValueError,
    id
);
checked_text!(Title, ValueError, |text| line(text, MAX_TITLE));
checked_text!(Description, ValueError, |text| paragraphs(text, MAX_DESCRIPTION));
checked_text!(
    /// A tag of a detection, such as `T1204.002`. It is not a tag of hosts.
    DetectionTag,
    ValueError,
    |text| line(text, MAX_TAG)
);
checked_text!(Reference, ValueError, |text| line(text, MAX_REFERENCE));
checked_text!(
    /// The author or the license of a detection.
    Credit,
    ValueError,
    |text| line(text, MAX_CREDIT)
);

/// How serious a match is. The variants are sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    Info,
    Low,
    Medium,
    High,
    Critical,
}

words!(Severity {
    Info = "info",
    Low = "low",
    Medium = "medium",
    High = "high",
    Critical = "critical",
});

impl FromStr for Severity {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let word = text.trim().to_ascii_lowercase();
        Self::from_word(&word).ok_or_else(|| ValueError::Severity(shown(text)))
    }
}

/// A length of time that is longer than 0 and at most 366 days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Period(Duration);

impl Period {
    const MAX: Duration = Duration::from_secs(366 * 24 * 60 * 60);

    pub const fn duration(self) -> Duration {
        self.0
    }
}

/// The units of durations, each with its length in nanoseconds. Except for days, they are the units
/// of Go.
const UNITS: [(&str, u64); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60 * 1_000_000_000),
    ("h", 3600 * 1_000_000_000),
    ("d", 24 * 3600 * 1_000_000_000),
];

impl FromStr for Period {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let invalid = || ValueError::Period(shown(text));
        let text = text.trim();
        // Go accepts a sign.
        if text.starts_with('-') && nanoseconds(&text[1..]).is_some() {
            return Err(ValueError::NotPositive);
        }
        let length = nanoseconds(text.strip_prefix('+').unwrap_or(text)).ok_or_else(invalid)?;
        match Duration::from_nanos(length) {
            Duration::ZERO => Err(ValueError::NotPositive),
            length if length > Self::MAX => Err(ValueError::TooLongPeriod),
            length => Ok(Self(length)),
        }
    }
}

/// The length of a duration such as `1h30m` or `1.5h`. Durations that are much too long have the
/// length `u64::MAX`. None if the text is not a duration.
fn nanoseconds(text: &str) -> Option<u64> {
    let mut rest = text;
    let mut sum: u64 = 0;
    if rest == "0" {
        return Some(0);
    }
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, after) = rest.split_at(end);
        let end = after.find(|c: char| c.is_ascii_digit()).unwrap_or(after.len());
        let (unit, after) = after.split_at(end);
        let (_, length) = UNITS.iter().find(|(name, _)| *name == unit)?;
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if whole.is_empty() && fraction.is_empty() || fraction.contains('.') {
            return None;
        }
        // More digits than these do not change a sum of nanoseconds that is useful.
        let digits = &fraction[..fraction.len().min(6)];
        let scale = 10_u64.pow(u32::try_from(digits.len()).ok()?);
        let whole = if whole.is_empty() { 0 } else { whole.parse().unwrap_or(u64::MAX) };
        let part = if digits.is_empty() { 0 } else { digits.parse::<u64>().ok()? };
        let part = length.saturating_mul(part) / scale;
        sum = sum.saturating_add(length.saturating_mul(whole)).saturating_add(part);
        rest = after;
    }
    (!text.is_empty()).then_some(sum)
}

/// A field of events, such as `execution.target.executable.path`. Whether the field exists depends
/// on the schema of events.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldPath(Box<str>);

impl FieldPath {
    pub(super) const MAX: usize = 256;
    /// The names of an event's fields begin with this in the typed dialect.
    const EVENT: &'static str = "event.";

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn segments(&self) -> impl Iterator<Item = &str> {
        self.0.split('.')
    }
}

impl FromStr for FieldPath {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let path = bounded(text, Self::MAX)?;
        let path = path.strip_prefix(Self::EVENT).unwrap_or(path);
        let is_name = |name: &str| {
            name.starts_with(|c: char| c.is_ascii_lowercase())
                && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        };
        match path.split('.').all(is_name) {
            true => Ok(Self(path.into())),
            false => Err(ValueError::Path(shown(text))),
        }
    }
}

/// The number of events at which a correlation fires.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Threshold(NonZeroU32);

impl Threshold {
    /// Each event in a window is kept in memory.
    pub const MAX: u32 = 100_000;

    pub const fn get(self) -> u32 {
        self.0.get()
    }
}

impl FromStr for Threshold {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let number = text.parse().ok().filter(|number: &NonZeroU32| number.get() <= Self::MAX);
        number.map(Self).ok_or(ValueError::Threshold)
    }
}

/// A list with a maximum number of entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpTo<const MAX: usize, T>(Vec<T>);

impl<const MAX: usize, T> UpTo<MAX, T> {
    /// # Errors
    /// The list has too many entries.
    pub fn new(entries: Vec<T>) -> Result<Self, ValueError> {
        match entries.len() {
            length if length > MAX => Err(ValueError::TooMany { length, max: MAX }),
            _ => Ok(Self(entries)),
        }
    }
}

impl<const MAX: usize, T> Default for UpTo<MAX, T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<const MAX: usize, T> Deref for UpTo<MAX, T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

/// An invalid value, short enough for a message of one line.
pub(super) fn shown(text: &str) -> String {
    const LONGEST: usize = 80;
    let printable = |c: char| if c.is_control() { ' ' } else { c };
    let mut short: String = text.chars().take(LONGEST).map(printable).collect();
    if text.chars().nth(LONGEST).is_some() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(text: &str) -> Result<u64, String> {
        let period = text.parse::<Period>().map_err(|error| error.to_string());
        period.map(|period| period.duration().as_secs())
    }

    #[test]
    fn durations_are_those_of_go_and_days() {
        for (text, expected) in
            [("5m", 300), ("720h", 2_592_000), ("1h30m", 5400), ("1.5h", 5400), ("30d", 2_592_000)]
        {
            assert_eq!(seconds(text), Ok(expected), "{text}");
        }
        let invalid = "expected a number and a unit, such as 30s, 5m, 720h or 30d";
        for text in ["5", "m", "5 m", "5x", "", ".s", "1..5h", "5mm"] {
            assert_eq!(seconds(text), Err(format!("invalid duration `{text}`: {invalid}")));
        }
        for text in ["-5m", "0s", "0"] {
            assert_eq!(seconds(text), Err("must be longer than 0".into()), "{text}");
        }
        for text in ["367d", "99999999999999999999h"] {
            assert_eq!(seconds(text), Err("is longer than 366 days".into()), "{text}");
        }
    }

    #[test]
    fn the_prefix_of_the_typed_dialect_is_removed_from_fields() {
        let path = |text: &str| text.parse::<FieldPath>().map(|path| path.as_str().to_owned());
        assert_eq!(path("event.execution.args"), Ok("execution.args".into()));
        assert_eq!(path("machine_id"), Ok("machine_id".into()));
        for text in ["", "execution.", "execution..args", "Execution.args", "a b", "execution[0]"] {
            assert!(path(text).is_err(), "{text}");
        }
        assert!(path(&"a.".repeat(200)).is_err());
    }

    #[test]
    fn ids_and_thresholds_have_limits() {
        assert!("SM-COR-001".parse::<DetectionId>().is_ok());
        assert!("7b0cd1f4-6b0a-4c5f-9a3e-4f2c6d1f0a11".parse::<DetectionId>().is_ok());
        for text in ["", "a b", "-a", "ä", &"a".repeat(65)] {
            assert!(text.parse::<DetectionId>().is_err(), "{text}");
        }
        assert_eq!("100000".parse::<Threshold>().map(Threshold::get), Ok(100_000));
        for text in ["0", "-1", "1.5", "100001", "99999999999"] {
            assert_eq!(text.parse::<Threshold>(), Err(ValueError::Threshold), "{text}");
        }
    }
}
