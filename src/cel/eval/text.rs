//! Functions on text. Positions count characters (Unicode code points).

use super::super::value::{ErrorReason, Value};
use super::builtin::unsupported;

type Result = std::result::Result<Value, ErrorReason>;

fn length(count: usize) -> Value {
    Value::Int(i64::try_from(count).unwrap_or(i64::MAX))
}

pub(super) fn size(values: &[Value]) -> Result {
    match values {
        [Value::String(text)] => Ok(length(text.chars().count())),
        [Value::Bytes(bytes)] => Ok(length(bytes.len())),
        [Value::List(values)] => Ok(length(values.len())),
        [Value::Map(map)] => Ok(length(map.len())),
        _ => Err(unsupported(values)),
    }
}

pub(super) fn changed(values: &[Value], change: impl Fn(&str) -> String) -> Result {
    match values {
        [Value::String(text)] => Ok(Value::text(change(text))),
        _ => Err(unsupported(values)),
    }
}

/// The byte where the character with this position starts. The end of the text is a position, too.
fn byte_at(text: &str, position: i64) -> std::result::Result<usize, ErrorReason> {
    let position = usize::try_from(position).map_err(|_| ErrorReason::OutOfRange)?;
    let mut starts = text.char_indices().map(|(start, _)| start).chain([text.len()]);
    starts.nth(position).ok_or(ErrorReason::OutOfRange)
}

pub(super) fn char_at(values: &[Value]) -> Result {
    let [Value::String(text), Value::Int(position)] = values else {
        return Err(unsupported(values));
    };
    let start = byte_at(text, *position)?;
    let character = text[start..].chars().next().map(String::from);
    Ok(Value::text(character.unwrap_or_default()))
}

/// The position of the character that starts at `byte`, or -1.
fn position(text: &str, byte: Option<usize>) -> Value {
    match byte {
        Some(byte) => length(text[..byte].chars().count()),
        None => Value::Int(-1),
    }
}

pub(super) fn index_of(values: &[Value]) -> Result {
    let (text, part, start) = match values {
        [Value::String(text), Value::String(part)] => (text, part, 0),
        [Value::String(text), Value::String(part), Value::Int(start)] => {
            (text, part, byte_at(text, *start)?)
        }
        _ => return Err(unsupported(values)),
    };
    Ok(position(text, text[start..].find(&**part).map(|at| at + start)))
}

pub(super) fn last_index_of(values: &[Value]) -> Result {
    let (text, part, last) = match values {
        [Value::String(text), Value::String(part)] => (text, part, text.len()),
        [Value::String(text), Value::String(part), Value::Int(last)] => {
            (text, part, byte_at(text, *last)?)
        }
        _ => return Err(unsupported(values)),
    };
    let mut end = (last + part.len()).min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    Ok(position(text, text[..end].rfind(&**part)))
}

pub(super) fn substring(values: &[Value]) -> Result {
    let (text, start, end) = match values {
        [Value::String(text), Value::Int(start)] => (text, byte_at(text, *start)?, text.len()),
        [Value::String(text), Value::Int(start), Value::Int(end)] => {
            (text, byte_at(text, *start)?, byte_at(text, *end)?)
        }
        _ => return Err(unsupported(values)),
    };
    text.get(start..end).map(Value::text).ok_or(ErrorReason::OutOfRange)
}

/// The number of parts that `split` returns, at most.
pub(super) fn parts(values: &[Value]) -> u64 {
    let [Value::String(text), Value::String(separator), ..] = values else { return 0 };
    let parts = match separator.is_empty() {
        true => text.len(),
        false => text.matches(&**separator).count() + 1,
    };
    u64::try_from(parts).unwrap_or(u64::MAX)
}

pub(super) fn split(values: &[Value]) -> Result {
    let (text, separator, limit) = match values {
        [Value::String(text), Value::String(separator)] => (text, separator, -1),
        [Value::String(text), Value::String(separator), Value::Int(limit)] => {
            (text, separator, *limit)
        }
        _ => return Err(unsupported(values)),
    };
    let limit = if limit < 0 { usize::MAX } else { usize::try_from(limit).unwrap_or(usize::MAX) };
    if separator.is_empty() {
        return Ok(Value::texts(characters(text, limit)));
    }
    Ok(match limit {
        0 => Value::texts(Vec::<&str>::new()),
        usize::MAX => Value::texts(text.split(&**separator)),
        limit => Value::texts(text.splitn(limit, &**separator)),
    })
}

/// The characters of a text, at most `limit` parts. The last part is the rest.
fn characters(text: &str, limit: usize) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if parts.len() == limit {
            return parts;
        }
        let end = if parts.len() + 1 == limit { rest.len() } else { first.len_utf8() };
        let (part, tail) = rest.split_at(end);
        parts.push(part);
        rest = tail;
    }
    parts
}

/// The length of the result of `replace`, at most.
pub(super) fn replaced_length(values: &[Value]) -> usize {
    let [Value::String(text), Value::String(part), Value::String(with), ..] = values else {
        return 0;
    };
    let found = if part.is_empty() { text.len() + 1 } else { text.len() / part.len() };
    text.len().saturating_add(found.saturating_mul(with.len()))
}

pub(super) fn replace(values: &[Value]) -> Result {
    let (text, part, with, limit) = match values {
        [Value::String(text), Value::String(part), Value::String(with)] => (text, part, with, -1),
        [Value::String(text), Value::String(part), Value::String(with), Value::Int(limit)] => {
            (text, part, with, *limit)
        }
        _ => return Err(unsupported(values)),
    };
    Ok(Value::text(match usize::try_from(limit) {
        Ok(limit) => text.replacen(&**part, with, limit),
        Err(_) => text.replace(&**part, with),
    }))
}

fn separator(values: &[Value]) -> Option<(&[Value], &str)> {
    match values {
        [Value::List(parts)] => Some((&**parts, "")),
        [Value::List(parts), Value::String(separator)] => Some((&**parts, &**separator)),
        _ => None,
    }
}

pub(super) fn joined_length(values: &[Value]) -> usize {
    let Some((parts, separator)) = separator(values) else { return 0 };
    let text = |value: &Value| match value {
        Value::String(text) => text.len() + separator.len(),
        _ => 0,
    };
    parts.iter().map(text).sum()
}

pub(super) fn join(values: &[Value]) -> Result {
    let (parts, separator) = separator(values).ok_or_else(|| unsupported(values))?;
    let mut joined = String::new();
    for (place, part) in parts.iter().enumerate() {
        let Value::String(part) = part else {
            return Err(ErrorReason::Unsupported(part.kind()));
        };
        if place > 0 {
            joined.push_str(separator);
        }
        joined.push_str(part);
    }
    Ok(Value::text(joined))
}

/// A text in double quotes, with escapes.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '\u{7}' => quoted.push_str("\\a"),
            '\u{8}' => quoted.push_str("\\b"),
            '\u{c}' => quoted.push_str("\\f"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '\u{b}' => quoted.push_str("\\v"),
            '\\' => quoted.push_str("\\\\"),
            '"' => quoted.push_str("\\\""),
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}
