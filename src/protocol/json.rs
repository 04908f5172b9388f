//! Messages as JSON: the one place where bytes become messages and back.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::strict::Object;

/// What servers may put before an answer so that no browser runs it as a script.
const XSSI_PREFIXES: [&[u8]; 2] = [b")]}'\n", b"])}"];

/// How much of a hostile key an error shows.
const SHOWN_KEY_BYTES: usize = 64;

/// Why bytes are not a message.
#[derive(Debug, thiserror::Error)]
pub enum MessageError {
    /// A string holds a NUL character, which databases and C strings can't.
    #[error("the value of {key:?} holds a NUL character")]
    Nul {
        /// The key whose value it is, or the key that holds it.
        key: String,
    },
    /// The JSON is malformed, or not of the message's shape.
    #[error("not a valid message: {0}")]
    Json(#[from] serde_json::Error),
}

/// Reads a client's request. An empty body is an empty message.
pub fn read_request<T: DeserializeOwned + Default>(body: &[u8]) -> Result<T, MessageError> {
    if let Some(key) = key_of_nul(body) {
        return Err(MessageError::Nul { key });
    }
    read(body)
}

/// Reads a server's answer as a client does. An empty body is an empty message.
pub fn read_answer<T: DeserializeOwned + Default>(body: &[u8]) -> Result<T, MessageError> {
    let body = XSSI_PREFIXES.iter().find_map(|prefix| body.strip_prefix(*prefix)).unwrap_or(body);
    read(body)
}

/// Writes a message, as a request or as an answer.
pub fn write<T: Serialize>(message: &T) -> Result<Vec<u8>, MessageError> {
    Ok(serde_json::to_vec(message)?)
}

fn read<T: DeserializeOwned + Default>(body: &[u8]) -> Result<T, MessageError> {
    if body.trim_ascii().is_empty() {
        return Ok(T::default());
    }
    let Object(message) = serde_json::from_slice(body)?;
    Ok(message)
}

/// The key nearest before the first string that holds an escaped NUL, if there is one.
///
/// One pass over the bytes covers every field, known or not, and allocates nothing. (A NUL
/// that is not escaped is no JSON anyway.)
fn key_of_nul(body: &[u8]) -> Option<String> {
    let mut key: &[u8] = b"";
    let mut rest = body;
    while let Some(quote) = rest.iter().position(|&byte| byte == b'"') {
        let (string, has_nul) = string_at(&rest[quote + 1..]);
        rest = rest.get(quote + string.len() + 2..).unwrap_or_default();
        let is_key = rest.trim_ascii_start().first() == Some(&b':');
        if is_key {
            key = string;
        }
        if has_nul {
            let shown = &key[..key.len().min(SHOWN_KEY_BYTES)];
            return Some(String::from_utf8_lossy(shown).into_owned());
        }
    }
    None
}

/// The bytes up to the closing quote, and whether an escaped NUL is among them.
fn string_at(bytes: &[u8]) -> (&[u8], bool) {
    let mut has_nul = false;
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' => return (&bytes[..at], has_nul),
            b'\\' => {
                has_nul |= bytes[at..].starts_with(br"\u0000");
                at += 2;
            }
            _ => at += 1,
        }
    }
    (bytes, has_nul)
}

#[cfg(test)]
mod tests {
    use super::super::{PostflightRequest, PreflightRequest, PreflightResponse};
    use super::*;

    #[test]
    fn an_empty_body_is_an_empty_message() {
        assert_eq!(read_request::<PreflightRequest>(b" \n").unwrap(), PreflightRequest::default());
        assert_eq!(read_answer::<PreflightResponse>(b"").unwrap(), PreflightResponse::default());
    }

    #[test]
    fn a_nul_is_refused_and_its_key_is_named() {
        let cases = [
            (r#"{"hostname":"a\u0000b"}"#, "hostname"),
            (
                r#"{"serial_num":"x","primary_user_groups" : ["a","\\\u0000"]}"#,
                "primary_user_groups",
            ),
            (r#"{"un\u0000known":1}"#, r"un\u0000known"),
            (r#"{"unknown":{"deep":["\u0000"]}}"#, "deep"),
        ];
        for (body, expected) in cases {
            match read_request::<PreflightRequest>(body.as_bytes()) {
                Err(MessageError::Nul { key }) => assert_eq!(key, expected, "{body}"),
                other => panic!("{body}: {other:?}"),
            }
        }
    }

    #[test]
    fn an_escaped_backslash_before_u0000_is_no_nul() {
        let request: PreflightRequest = read_request(br#"{"hostname":"a\\u0000b"}"#).unwrap();
        assert_eq!(request.hostname, r"a\u0000b");
    }

    #[test]
    fn what_is_no_object_is_no_message() {
        for body in ["[]", r#"["M1"]"#, "null", "7", r#""text""#, "{", "{}{}", "plain", "\"\\"] {
            let result = read_request::<PostflightRequest>(body.as_bytes());
            assert!(matches!(result, Err(MessageError::Json(_))), "{body}: {result:?}");
        }
    }

    #[test]
    fn a_prefix_against_script_inclusion_is_dropped_from_answers() {
        for body in [")]}'\n{\"batch_size\":7}", "])}{\"batch_size\":7}"] {
            let answer: PreflightResponse = read_answer(body.as_bytes()).unwrap();
            assert_eq!(answer.batch_size, Some(7));
        }
        assert!(read_request::<PreflightRequest>(b"])}{}").is_err());
    }
}
