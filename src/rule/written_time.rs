//! Times as people write them.

use std::str::FromStr;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use serde::{Deserialize, Deserializer};

/// A time as people write it. Only [`WrittenTime::At`] does not depend on a time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WrittenTime {
    /// An exact time, such as `2027-01-31T18:00:00+01:00`.
    At(Timestamp),
    /// A time without a zone, such as `2027-01-31T18:00`.
    Local(DateTime),
    /// A day, such as `2027-01-31`.
    Day(Date),
    /// A number of days from today: 1 for `tomorrow`.
    FromToday(i32),
}

/// Whether a date without a time means the start or the end of the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DayEdge {
    /// The first second of the day.
    Start,
    /// The last second of the day.
    End,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected a date such as 2027-01-31, or a time such as 2027-01-31T18:00 or 2027-01-31T18:00:00Z"
)]
pub struct WrittenTimeError;

impl FromStr for WrittenTime {
    type Err = WrittenTimeError;

    fn from_str(text: &str) -> Result<Self, WrittenTimeError> {
        let text = text.trim();
        let relative = [("yesterday", -1), ("today", 0), ("tomorrow", 1)];
        if let Some((_, days)) = relative.iter().find(|(word, _)| word.eq_ignore_ascii_case(text)) {
            return Ok(Self::FromToday(*days));
        }
        let at = text.parse().map(Self::At);
        // Without this check, a date alone would be parsed as midnight.
        let day = |_| match text.contains([':', 'T', 't']) {
            false => text.parse().map(Self::Day),
            true => text.parse().map(Self::Local),
        };
        at.or_else(day).map_err(|_| WrittenTimeError)
    }
}

impl WrittenTime {
    /// The point in time. Words such as `tomorrow` are relative to `now`, and dates and times
    /// without a zone are in `zone`. None if the time is out of range.
    pub fn resolve(self, now: Timestamp, zone: &TimeZone, edge: DayEdge) -> Option<Timestamp> {
        let of_day = |day: Date| {
            let local = match edge {
                DayEdge::Start => day.at(0, 0, 0, 0),
                DayEdge::End => day.at(23, 59, 59, 0),
            };
            zone.to_timestamp(local).ok()
        };
        match self {
            Self::At(at) => Some(at),
            Self::Local(local) => zone.to_timestamp(local).ok(),
            Self::Day(day) => of_day(day),
            Self::FromToday(days) => {
                let today = now.to_zoned(zone.clone()).date();
                of_day(today.checked_add(Span::new().try_days(days).ok()?).ok()?)
            }
        }
    }

    /// Whether the resolved time depends on the time zone.
    pub fn is_local(self) -> bool {
        !matches!(self, Self::At(_))
    }
}

/// Parses the expiry in a file or a request. A date means the end of that day in the local time
/// zone. Words such as `tomorrow` are refused, because their meaning changes every day. A time in
/// the year 9999 that is out of range becomes the latest possible second.
///
/// # Errors
/// The text is not a time, is such a word, or is out of range.
pub fn expiry(text: &str) -> Result<Timestamp, WrittenTimeError> {
    let zone = TimeZone::system();
    let resolved = match text.parse() {
        Ok(WrittenTime::FromToday(_)) => return Err(WrittenTimeError),
        Ok(written) => written.resolve(Timestamp::UNIX_EPOCH, &zone, DayEdge::End),
        Err(WrittenTimeError) => None,
    };
    let last = || is_in_the_last_year(text).then(last_second).flatten();
    resolved.or_else(last).ok_or(WrittenTimeError)
}

/// Whether a text is a time in the year 9999. Files may use the last days of that year for "never",
/// but those days can be out of range.
fn is_in_the_last_year(text: &str) -> bool {
    let rest = text.trim().strip_prefix("9999-");
    rest.is_some_and(|rest| format!("2097-{rest}").parse::<WrittenTime>().is_ok())
}

fn last_second() -> Option<Timestamp> {
    Timestamp::from_second(Timestamp::MAX.as_second()).ok()
}

/// Reads an optional expiry from JSON.
///
/// # Errors
/// The value is neither null nor a string, or [`expiry`] refuses it.
pub fn optional_expiry<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Timestamp>, D::Error> {
    let text: Option<String> = Option::deserialize(deserializer)?;
    text.map(|text| expiry(&text)).transpose().map_err(serde::de::Error::custom)
}

/// A time with its zone, as in `2027-01-31T23:59:59+01:00[Europe/Berlin]`.
pub fn in_zone(at: Timestamp, zone: &TimeZone) -> String {
    let seconds = Timestamp::from_second(at.as_second()).unwrap_or(at);
    seconds.to_zoned(zone.clone()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn m8_times_are_read_as_people_write_them() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let now: Timestamp = "2026-11-20T23:30:00Z".parse().unwrap();
        let read = |text: &str, edge| {
            let written: WrittenTime = text.parse().unwrap();
            written.resolve(now, &zone, edge).unwrap().to_string()
        };
        let end = |text| read(text, DayEdge::End);
        assert_eq!(end("2027-01-31"), "2027-01-31T22:59:59Z");
        assert_eq!(end("2027-07-31"), "2027-07-31T21:59:59Z");
        assert_eq!(read("2027-01-31", DayEdge::Start), "2027-01-30T23:00:00Z");
        assert_eq!(end("2027-01-31T18:00"), "2027-01-31T17:00:00Z");
        assert_eq!(end("2027-01-31 18:00:30"), "2027-01-31T17:00:30Z");
        assert_eq!(end("2027-01-31T18:00:00Z"), "2027-01-31T18:00:00Z");
        // In Berlin it is 00:30 on November 21.
        assert_eq!(end("Tomorrow"), "2026-11-22T22:59:59Z");
        assert_eq!(read("yesterday", DayEdge::Start), "2026-11-19T23:00:00Z");
        for wrong in ["", "soon", "31.01.2027", "2027-02-30", "2027-13-01", "18:00"] {
            assert!(wrong.parse::<WrittenTime>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn m8_a_time_is_shown_with_its_zone() {
        let at = "2027-01-31T22:59:59Z".parse().unwrap();
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        assert_eq!(in_zone(at, &zone), "2027-01-31T23:59:59+01:00[Europe/Berlin]");
        assert_eq!(in_zone(at, &TimeZone::UTC), "2027-01-31T22:59:59+00:00[UTC]");
    }

    #[test]
    fn w14_the_last_day_of_the_calendar_is_the_last_time_there_is() {
        for text in ["9999-12-31", "9999-12-30", "9999-12-31T23:59:59Z", "9999-12-31 23:59"] {
            let at = expiry(text).unwrap();
            assert!(at.to_string().starts_with("9999-12-30T"), "{text}: {at}");
        }
        for wrong in ["9999-13-01", "9999-", "9999-12-31x", "-9999-01-01"] {
            assert!(expiry(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn m8_a_word_that_changes_its_meaning_is_refused_in_files() {
        assert!(expiry("tomorrow").is_err());
        assert_eq!(expiry("2027-01-31T00:00:00Z").unwrap().to_string(), "2027-01-31T00:00:00Z");
    }
}
