//! The values of literals.

use super::tree::Literal;

/// A message, and the offset of the mistake in the token.
pub(super) type Mistake = (usize, String);

/// The value of a string or bytes token.
pub(super) fn text(token: &str, start: usize) -> Result<Literal, Mistake> {
    let prefix = token.find(['"', '\'']).unwrap_or_default();
    let letters = token[..prefix].to_ascii_lowercase();
    let body = &token[prefix..];
    let is_triple = body.len() >= 6 && (body.starts_with("\"\"\"") || body.starts_with("'''"));
    let quote = if is_triple { 3 } else { 1 };
    let inner = body.get(quote..body.len() - quote).unwrap_or_default();
    let (is_raw, is_bytes) = (letters.contains('r'), letters.contains('b'));
    let offset = prefix + quote;
    let has_escapes = !is_raw && inner.contains('\\');
    if is_bytes {
        return Ok(Literal::Bytes(if has_escapes {
            unescape(inner, offset, true)?
        } else {
            inner.as_bytes().to_vec()
        }));
    }
    if !has_escapes {
        let verbatim_at = Some(start + offset);
        return Ok(Literal::Text { value: inner.to_owned(), verbatim_at });
    }
    let value = String::from_utf8(unescape(inner, offset, false)?)
        .map_err(|_| (0, "the string is not valid UTF-8".to_owned()))?;
    Ok(Literal::Text { value, verbatim_at: None })
}

fn unescape(inner: &str, offset: usize, is_bytes: bool) -> Result<Vec<u8>, Mistake> {
    let mut value = Vec::with_capacity(inner.len());
    let mut rest = inner;
    while let Some(at) = rest.find('\\') {
        value.extend_from_slice(&rest.as_bytes()[..at]);
        let start = offset + inner.len() - rest.len() + at;
        let (escaped, length) =
            escape(&rest[at + 1..], is_bytes).map_err(|message| (start, message))?;
        match escaped {
            Escaped::Byte(byte) => value.push(byte),
            Escaped::Character(character) => {
                value.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            }
        }
        rest = &rest[at + 1 + length..];
    }
    value.extend_from_slice(rest.as_bytes());
    Ok(value)
}

enum Escaped {
    Byte(u8),
    Character(char),
}

/// The value of an escape sequence without its backslash, and its length in bytes.
fn escape(rest: &str, is_bytes: bool) -> Result<(Escaped, usize), String> {
    let letter = rest.chars().next().ok_or("incomplete escape `\\`")?;
    let plain = match letter {
        'a' => '\u{7}',
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\u{b}',
        '\\' | '?' | '"' | '\'' | '`' => letter,
        'x' | 'X' => return numeric(rest, 1, 2, 16, is_bytes),
        'u' if !is_bytes => return numeric(rest, 1, 4, 16, false),
        'U' if !is_bytes => return numeric(rest, 1, 8, 16, false),
        '0'..='3' => return numeric(rest, 0, 3, 8, is_bytes),
        _ => return Err(format!("invalid escape `\\{}`", letter.escape_debug())),
    };
    Ok((Escaped::Character(plain), letter.len_utf8()))
}

fn numeric(
    rest: &str,
    skip: usize,
    digits: usize,
    radix: u32,
    is_byte: bool,
) -> Result<(Escaped, usize), String> {
    let written = rest
        .get(skip..skip + digits)
        .filter(|text| text.chars().all(|character| character.is_digit(radix)));
    let letter = rest.get(..1).unwrap_or_default();
    let number = written.and_then(|text| u32::from_str_radix(text, radix).ok());
    let escaped = number.and_then(|number| {
        if is_byte {
            u8::try_from(number).ok().map(Escaped::Byte)
        } else {
            char::from_u32(number).map(Escaped::Character)
        }
    });
    let kind = if radix == 8 { "octal" } else { "hexadecimal" };
    let fault = || format!("invalid escape `\\{letter}`: expected {digits} valid {kind} digits");
    escaped.map(|escaped| (escaped, skip + digits)).ok_or_else(fault)
}

/// The value of a number token. `is_negative` if a minus sign is in front of it.
pub(super) fn int(token: &str, is_negative: bool) -> Option<i64> {
    let (digits, radix) = radix(token);
    let sign = if is_negative { "-" } else { "" };
    i64::from_str_radix(&format!("{sign}{digits}"), radix).ok()
}

pub(super) fn uint(token: &str) -> Option<u64> {
    let (digits, radix) = radix(token.trim_end_matches(['u', 'U']));
    u64::from_str_radix(digits, radix).ok()
}

fn radix(token: &str) -> (&str, u32) {
    match token.strip_prefix("0x").or_else(|| token.strip_prefix("0X")) {
        Some(digits) => (digits, 16),
        None => (token, 10),
    }
}
