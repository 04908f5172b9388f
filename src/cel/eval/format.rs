//! `text.format(values)`, with the clauses `%s %d %f %e %b %o %x %X %%`.

use std::fmt::Write;

use super::super::value::{ErrorReason, Value};
use super::builtin::unsupported;
use super::convert::duration_text;

/// More decimal places are refused (cel-cpp).
const MAX_PRECISION: usize = 1000;

/// Formats values. A result with more than `max_length` bytes is refused.
pub(super) fn format(values: &[Value], max_length: usize) -> Result<Value, ErrorReason> {
    let [Value::String(pattern), Value::List(arguments)] = values else {
        return Err(unsupported(values));
    };
    let mut arguments = arguments.iter();
    let (mut text, mut rest) = (String::new(), &**pattern);
    while let Some(at) = rest.find('%') {
        text.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(tail) = rest.strip_prefix('%') {
            text.push('%');
            rest = tail;
            continue;
        }
        let precision = match rest.strip_prefix('.') {
            Some(tail) => {
                let digits = tail.find(|c: char| !c.is_ascii_digit()).ok_or(ErrorReason::Format)?;
                rest = &tail[digits..];
                let precision = tail[..digits].parse::<usize>().ok();
                precision.filter(|it| *it <= MAX_PRECISION).ok_or(ErrorReason::Format)?
            }
            None => 6,
        };
        let clause = rest.chars().next().ok_or(ErrorReason::Format)?;
        rest = &rest[clause.len_utf8()..];
        let argument = arguments.next().ok_or(ErrorReason::Format)?;
        append(&mut text, clause, precision, argument)?;
        if text.len() > max_length {
            return Err(ErrorReason::Overflow);
        }
    }
    text.push_str(rest);
    Ok(Value::text(text))
}

fn append(
    text: &mut String,
    clause: char,
    precision: usize,
    value: &Value,
) -> Result<(), ErrorReason> {
    let written = match (clause, value) {
        ('s', value) => {
            plain(text, value);
            Ok(())
        }
        ('d', Value::Int(number)) => write!(text, "{number}"),
        ('d', Value::Uint(number)) => write!(text, "{number}"),
        ('f', _) => write!(text, "{:.precision$}", double(value)?),
        ('e', _) => {
            text.push_str(&exponent(double(value)?, precision));
            Ok(())
        }
        ('b', Value::Bool(flag)) => write!(text, "{}", u8::from(*flag)),
        ('x' | 'X', Value::String(content)) => hexadecimal(text, clause, content.as_bytes()),
        ('x' | 'X', Value::Bytes(content)) => hexadecimal(text, clause, content),
        ('b' | 'o' | 'x' | 'X', Value::Int(number)) => {
            let sign = if *number < 0 { "-" } else { "" };
            text.push_str(sign);
            radix(text, clause, number.unsigned_abs())
        }
        ('b' | 'o' | 'x' | 'X', Value::Uint(number)) => radix(text, clause, *number),
        _ => return Err(ErrorReason::Format),
    };
    written.map_err(|_| ErrorReason::Format)
}

fn radix(text: &mut String, clause: char, number: u64) -> std::fmt::Result {
    match clause {
        'b' => write!(text, "{number:b}"),
        'o' => write!(text, "{number:o}"),
        'x' => write!(text, "{number:x}"),
        _ => write!(text, "{number:X}"),
    }
}

fn hexadecimal(text: &mut String, clause: char, bytes: &[u8]) -> std::fmt::Result {
    bytes.iter().try_for_each(|byte| match clause {
        'x' => write!(text, "{byte:02x}"),
        _ => write!(text, "{byte:02X}"),
    })
}

fn double(value: &Value) -> Result<f64, ErrorReason> {
    match value {
        Value::Double(number) => Ok(*number),
        Value::Int(number) => Ok(*number as f64),
        Value::Uint(number) => Ok(*number as f64),
        _ => Err(ErrorReason::Format),
    }
}

/// Like C's `%e`: the exponent has a sign and at least two digits.
fn exponent(number: f64, precision: usize) -> String {
    let text = format!("{number:.precision$e}");
    let Some((digits, exponent)) = text.split_once('e') else { return text };
    let (sign, exponent) = match exponent.strip_prefix('-') {
        Some(exponent) => ('-', exponent),
        None => ('+', exponent),
    };
    format!("{digits}e{sign}{exponent:0>2}")
}

/// The value as `%s` writes it: texts in lists have no quotes.
fn plain(text: &mut String, value: &Value) {
    match value {
        Value::String(content) => text.push_str(content),
        Value::Bytes(bytes) => text.push_str(&String::from_utf8_lossy(bytes)),
        Value::Uint(number) => text.push_str(&number.to_string()),
        Value::Double(number) => text.push_str(&number.to_string()),
        Value::Timestamp(time) => text.push_str(&time.to_string()),
        Value::Duration(duration) => text.push_str(&duration_text(*duration)),
        Value::List(values) => {
            text.push('[');
            for (place, value) in values.iter().enumerate() {
                text.push_str(if place == 0 { "" } else { ", " });
                plain(text, value);
            }
            text.push(']');
        }
        Value::Null
        | Value::Bool(_)
        | Value::Int(_)
        | Value::Type(_)
        | Value::Map(_)
        | Value::Message(_) => text.push_str(&value.to_string()),
    }
}
