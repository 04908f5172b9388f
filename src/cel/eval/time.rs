use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp, Zoned};

use super::super::function::TimePart;
use super::super::value::{ErrorReason, Value};
use super::builtin::unsupported;

/// The first second of the year 1, which is the start of the language's range of timestamps. The
/// range ends with the year 9999.
const FIRST: i64 = -62_135_596_800;

pub(super) fn checked(time: Option<Timestamp>) -> Result<Value, ErrorReason> {
    let time = time.filter(|time| time.as_second() >= FIRST);
    time.map(Value::Timestamp).ok_or(ErrorReason::Overflow)
}

pub(super) fn part(part: TimePart, values: &[Value]) -> Result<Value, ErrorReason> {
    match values {
        [Value::Timestamp(time)] => Ok(Value::Int(of_time(part, &time.to_zoned(TimeZone::UTC)))),
        [Value::Timestamp(time), Value::String(zone)] => {
            Ok(Value::Int(of_time(part, &time.to_zoned(time_zone(zone)?))))
        }
        [Value::Duration(duration)] => of_duration(part, *duration).ok_or(unsupported(values)),
        _ => Err(unsupported(values)),
    }
}

/// An IANA name, or an offset such as `+01:00` or `-8:30`.
fn time_zone(name: &str) -> Result<TimeZone, ErrorReason> {
    let (sign, digits) = match name.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, name.strip_prefix('+').unwrap_or(name)),
    };
    if let Some((hours, minutes)) = digits.split_once(':') {
        let number = |text: &str| text.parse::<i32>().map_err(|_| ErrorReason::TimeZone);
        let (hours, minutes) = (number(hours)?, number(minutes)?);
        if !(0..24).contains(&hours) || !(0..60).contains(&minutes) {
            return Err(ErrorReason::TimeZone);
        }
        let seconds = sign * (hours * 3600 + minutes * 60);
        let offset = Offset::from_seconds(seconds).map_err(|_| ErrorReason::TimeZone)?;
        return Ok(TimeZone::fixed(offset));
    }
    TimeZone::get(name).map_err(|_| ErrorReason::TimeZone)
}

fn of_time(part: TimePart, time: &Zoned) -> i64 {
    match part {
        TimePart::Date => i64::from(time.day()),
        TimePart::DayOfMonth => i64::from(time.day()) - 1,
        TimePart::DayOfWeek => i64::from(time.weekday().to_sunday_zero_offset()),
        TimePart::DayOfYear => i64::from(time.day_of_year()) - 1,
        TimePart::FullYear => i64::from(time.year()),
        TimePart::Hours => i64::from(time.hour()),
        TimePart::Milliseconds => i64::from(time.millisecond()),
        TimePart::Minutes => i64::from(time.minute()),
        TimePart::Month => i64::from(time.month()) - 1,
        TimePart::Seconds => i64::from(time.second()),
    }
}

/// The whole duration in a unit, except for milliseconds, which are those of the last second.
fn of_duration(part: TimePart, duration: SignedDuration) -> Option<Value> {
    Some(Value::Int(match part {
        TimePart::Hours => duration.as_hours(),
        TimePart::Minutes => duration.as_mins(),
        TimePart::Seconds => duration.as_secs(),
        TimePart::Milliseconds => i64::from(duration.subsec_millis()),
        TimePart::Date
        | TimePart::DayOfMonth
        | TimePart::DayOfWeek
        | TimePart::DayOfYear
        | TimePart::FullYear
        | TimePart::Month => return None,
    }))
}
