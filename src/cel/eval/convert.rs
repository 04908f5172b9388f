//! Conversions between types.

use jiff::{SignedDuration, Timestamp};

use super::super::function::Conversion;
use super::super::value::{ErrorReason, Value};
use super::time;

/// Doubles below these limits have an integer of the type.
const INT_LIMIT: f64 = 9_223_372_036_854_775_808.0;
const UINT_LIMIT: f64 = 18_446_744_073_709_551_616.0;

type Converted = Result<Value, ErrorReason>;

pub(super) fn convert(conversion: Conversion, value: &Value) -> Converted {
    match conversion {
        Conversion::Bool => to_bool(value),
        Conversion::Bytes => match value {
            Value::Bytes(_) => Ok(value.clone()),
            Value::String(text) => Ok(Value::Bytes(text.as_bytes().into())),
            other => Err(ErrorReason::Unsupported(other.kind())),
        },
        Conversion::Double => to_double(value),
        Conversion::Duration => match value {
            Value::Duration(_) => Ok(value.clone()),
            Value::String(text) => {
                let duration = parse_duration(text).ok_or(ErrorReason::Conversion("duration"))?;
                Ok(Value::Duration(duration))
            }
            other => Err(ErrorReason::Unsupported(other.kind())),
        },
        Conversion::Dyn => Ok(value.clone()),
        Conversion::Int => to_int(value),
        Conversion::String => to_string(value),
        Conversion::Timestamp => to_timestamp(value),
        Conversion::Uint => to_uint(value),
    }
}

fn to_bool(value: &Value) -> Converted {
    match value {
        Value::Bool(_) => Ok(value.clone()),
        Value::String(text) => match &**text {
            "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(Value::Bool(true)),
            "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(Value::Bool(false)),
            _ => Err(ErrorReason::Conversion("bool")),
        },
        other => Err(ErrorReason::Unsupported(other.kind())),
    }
}

fn to_double(value: &Value) -> Converted {
    Ok(Value::Double(match value {
        Value::Double(number) => *number,
        Value::Int(number) => *number as f64,
        Value::Uint(number) => *number as f64,
        Value::String(text) => text.parse().map_err(|_| ErrorReason::Conversion("double"))?,
        other => return Err(ErrorReason::Unsupported(other.kind())),
    }))
}

fn to_int(value: &Value) -> Converted {
    Ok(Value::Int(match value {
        Value::Int(number) => *number,
        Value::Uint(number) => i64::try_from(*number).map_err(|_| ErrorReason::Overflow)?,
        // Like cel-cpp, which excludes both ends of the range.
        Value::Double(number) if number.abs() < INT_LIMIT => *number as i64,
        Value::Double(_) => return Err(ErrorReason::Overflow),
        Value::String(text) => text.parse().map_err(|_| ErrorReason::Conversion("int"))?,
        Value::Timestamp(time) => time.as_second(),
        other => return Err(ErrorReason::Unsupported(other.kind())),
    }))
}

fn to_uint(value: &Value) -> Converted {
    Ok(Value::Uint(match value {
        Value::Uint(number) => *number,
        Value::Int(number) => u64::try_from(*number).map_err(|_| ErrorReason::Overflow)?,
        Value::Double(number) if (0.0..UINT_LIMIT).contains(number) => *number as u64,
        Value::Double(_) => return Err(ErrorReason::Overflow),
        Value::String(text) => text.parse().map_err(|_| ErrorReason::Conversion("uint"))?,
        other => return Err(ErrorReason::Unsupported(other.kind())),
    }))
}

fn to_timestamp(value: &Value) -> Converted {
    match value {
        Value::Timestamp(_) => Ok(value.clone()),
        Value::Int(seconds) => time::checked(Timestamp::from_second(*seconds).ok()),
        Value::String(text) => {
            // RFC 3339. The parser also supports other forms of ISO 8601.
            let is_complete = text.len() >= 20 && text.as_bytes().get(10) == Some(&b'T');
            let time = text.parse::<Timestamp>().ok().filter(|_| is_complete);
            time::checked(time).map_err(|_| ErrorReason::Conversion("timestamp"))
        }
        other => Err(ErrorReason::Unsupported(other.kind())),
    }
}

fn to_string(value: &Value) -> Converted {
    Ok(Value::text(match value {
        Value::String(_) => return Ok(value.clone()),
        Value::Bool(flag) => flag.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Uint(number) => number.to_string(),
        Value::Double(number) => number.to_string(),
        Value::Bytes(bytes) => {
            let text = std::str::from_utf8(bytes).map_err(|_| ErrorReason::Conversion("string"))?;
            text.to_owned()
        }
        Value::Timestamp(time) => time.to_string(),
        Value::Duration(duration) => duration_text(*duration),
        other => return Err(ErrorReason::Unsupported(other.kind())),
    }))
}

/// Seconds with at most nine decimal places, such as `1.5s` (Protocol Buffers' JSON).
pub(in crate::cel) fn duration_text(duration: SignedDuration) -> String {
    let nanoseconds = duration.as_nanos();
    let sign = if nanoseconds < 0 { "-" } else { "" };
    let nanoseconds = nanoseconds.unsigned_abs();
    let (seconds, rest) = (nanoseconds / 1_000_000_000, nanoseconds % 1_000_000_000);
    if rest == 0 {
        return format!("{sign}{seconds}s");
    }
    let fraction = format!("{rest:09}");
    format!("{sign}{seconds}.{}s", fraction.trim_end_matches('0'))
}

/// Numbers with units, such as `1h30m`, `-1.5s` or `250ms` (Go's `time.ParseDuration`).
fn parse_duration(text: &str) -> Option<SignedDuration> {
    let (is_negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Some(SignedDuration::ZERO);
    }
    let mut nanoseconds = 0_i128;
    loop {
        let digits = rest.find(|c: char| !(c.is_ascii_digit() || c == '.')).filter(|at| *at > 0)?;
        let (number, tail) = rest.split_at(digits);
        let letters = tail.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(letters);
        let unit: i128 = match unit {
            "h" => 3_600_000_000_000,
            "m" => 60_000_000_000,
            "s" => 1_000_000_000,
            "ms" => 1_000_000,
            "us" | "µs" | "μs" => 1_000,
            "ns" => 1,
            _ => return None,
        };
        nanoseconds = nanoseconds.checked_add(scaled(number, unit)?)?;
        rest = tail;
        if rest.is_empty() {
            break;
        }
    }
    let signed = if is_negative { -nanoseconds } else { nanoseconds };
    SignedDuration::try_from_nanos_i128(signed)
}

/// A decimal number, multiplied with `unit`. Fractions of a nanosecond are cut.
fn scaled(number: &str, unit: i128) -> Option<i128> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let is_number = !(fraction.contains('.') || whole.is_empty() && fraction.is_empty());
    if !is_number || whole.len() > 18 {
        return None;
    }
    let whole: i128 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let fraction = fraction.get(..fraction.len().min(18))?;
    let part: i128 = if fraction.is_empty() { 0 } else { fraction.parse().ok()? };
    let scale = 10_i128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    whole.checked_mul(unit)?.checked_add(part.checked_mul(unit)? / scale)
}
