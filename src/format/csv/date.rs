//! Dates as spreadsheets write them.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use jiff::Span;
use jiff::civil::{Date, date};

use crate::rule::WrittenTimeError;

/// The numbers that spreadsheets use for the days from 2000-01-01 to 2099-12-31.
const NUMBERS: RangeInclusive<i32> = 36_526..=73_050;
/// The day with the number 0.
const DAY_ZERO: Date = date(1899, 12, 30);

/// Converts dates such as 2027/01/31, 2027-1-31 and 31.1.2027 to 2027-01-31. A time may follow the
/// date. Dates such as 01/02/2027 are not converted, because some countries write the month first.
pub(super) fn normal(text: &str) -> Cow<'_, str> {
    let end = text.find([' ', 'T']).unwrap_or(text.len());
    let (day, time) = text.split_at(end);
    match parts(day) {
        Some([year, month, day]) => {
            let hour = if has_short_hour(time) { "0" } else { "" };
            let (mark, time) = time.split_at(time.len().min(1));
            Cow::Owned(format!("{year}-{month:0>2}-{day:0>2}{mark}{hour}{time}"))
        }
        None => Cow::Borrowed(text),
    }
}

/// Year, month and day. None if their order is not clear.
fn parts(day: &str) -> Option<[&str; 3]> {
    let three = |sign: char| <[&str; 3]>::try_from(day.split(sign).collect::<Vec<_>>()).ok();
    let dotted = three('.').map(|[day, month, year]| [year, month, day]);
    let parts = three('/').or_else(|| three('-')).or(dotted)?;
    let [year, month, day] = parts;
    (year.len() == 4 && is_number(year) && is_short(month) && is_short(day)).then_some(parts)
}

/// Whether the hour of a time has one digit. The time follows a space or a `T`.
fn has_short_hour(time: &str) -> bool {
    let hour = time.get(1..).and_then(|time| time.split_once(':'));
    hour.is_some_and(|(hour, _)| hour.len() == 1 && is_number(hour))
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|it| it.is_ascii_digit())
}

fn is_short(text: &str) -> bool {
    text.len() <= 2 && is_number(text)
}

/// The error for a text that is not a date or a time.
pub(super) fn fault(text: &str) -> String {
    let reason = match (date_of_number(text), has_unclear_order(text)) {
        (Some(day), _) => format!("looks like a spreadsheet's serial number for a date ({day})"),
        (None, true) => {
            "the order of day and month is not clear; write it as in 2026-12-31".to_owned()
        }
        (None, false) => WrittenTimeError.to_string(),
    };
    format!("invalid date `{text}`: {reason}")
}

fn date_of_number(text: &str) -> Option<Date> {
    let number: i32 = Some(text).filter(|text| is_number(text))?.parse().ok()?;
    let days = NUMBERS.contains(&number).then(|| Span::new().try_days(number).ok())??;
    DAY_ZERO.checked_add(days).ok()
}

/// Whether a text is a date such as 12/31/2026 or 1/2/27, also in front of a time.
fn has_unclear_order(text: &str) -> bool {
    let day = text.split(' ').next().unwrap_or_default();
    let parts: Vec<&str> = day.split('/').collect();
    matches!(parts.as_slice(), [first, second, year]
        if is_short(first) && is_short(second) && is_number(year))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_if_their_order_is_clear() {
        for (text, expected) in [
            ("1.2.2027", "2027-02-01"),
            ("31.12.2026 18:00", "2026-12-31 18:00"),
            ("31.12.2026 9:00", "2026-12-31 09:00"),
            ("2027-2-1", "2027-02-01"),
            ("2027/2/1", "2027-02-01"),
            ("2027-02-01T18:00:00+01:00", "2027-02-01T18:00:00+01:00"),
            ("12/31/2026", "12/31/2026"),
            ("1.2.27", "1.2.27"),
            ("tomorrow", "tomorrow"),
            ("2027-1.2", "2027-1.2"),
            ("", ""),
        ] {
            assert_eq!(normal(text), expected, "{text}");
        }
    }

    #[test]
    fn other_dates_get_a_reason() {
        assert_eq!(
            fault("12/31/2026"),
            "invalid date `12/31/2026`: the order of day and month is not clear; write it as in \
             2026-12-31"
        );
        assert!(fault("1/2/27 18:00").contains("is not clear"));
        assert_eq!(
            fault("46387"),
            "invalid date `46387`: looks like a spreadsheet's serial number for a date (2026-12-31)"
        );
        for text in ["36525", "73051", "soon", "99999999999"] {
            let fault = fault(text);
            assert!(fault.contains("expected a date such as"), "{fault}");
        }
    }
}
