//! Logs requests with their status and duration. The level debug also logs the bodies, without
//! secrets.

use std::time::{Duration, Instant};

use ::http::{Method, Request, Response, Uri};
use bytes::Bytes;
use serde_json::Value;
use tracing::{Level, debug, enabled, info};

use super::ClientError;

/// Maximum bytes of a body in the log.
const LONGEST: usize = 64 * 1024;
const REDACTED: &str = "[redacted]";
/// Fields whose values are secrets.
const SECRET_FIELDS: [&str; 4] = ["secret", "enrollment_secret", "password", "authorization"];
/// The beginning of a token.
const TOKEN: &str = "nicelist_";
/// The text before and after an enrollment secret in a sync URL. The second pair is for a sync URL
/// that is percent-encoded in the query of another URL.
const AROUND_ENROLLMENT_SECRETS: [(&str, &str); 2] = [("/santa/", "/"), ("%2Fsanta%2F", "%2F")];

/// A request that was sent.
pub(super) struct Exchange {
    method: Method,
    uri: Uri,
    /// Kept only if bodies are logged.
    sent: Option<Bytes>,
    started: Instant,
}

impl Exchange {
    /// `None` if requests are not logged.
    pub(super) fn begin(request: &Request<Bytes>) -> Option<Self> {
        enabled!(Level::INFO).then(|| Self {
            method: request.method().clone(),
            uri: request.uri().clone(),
            sent: enabled!(Level::DEBUG).then(|| request.body().clone()),
            started: Instant::now(),
        })
    }

    pub(super) fn end(self, response: &Result<Response<Bytes>, ClientError>) {
        let Self { method, uri, sent, started } = self;
        let (time, uri) = (rounded(started.elapsed()), without_enrollment_secrets(uri.to_string()));
        match response {
            Ok(response) => info!("{method} {uri}: {} in {time:?}", response.status()),
            Err(error) => {
                let error = without_enrollment_secrets(error.to_string());
                info!("{method} {uri}: {error} (after {time:?})");
            }
        }
        if let Some(sent) = sent {
            let received = response.as_ref().map(|response| &response.body()[..]);
            log_bodies(&sent, received.unwrap_or_default());
        }
    }
}

/// Logs the bodies of a request and its response, without secrets. Empty bodies are not logged.
pub(crate) fn log_bodies(sent: &[u8], received: &[u8]) {
    for (direction, body) in [("sent", sent), ("received", received)] {
        if !body.is_empty() {
            debug!("{direction} {}", without_secrets(body));
        }
    }
}

/// A duration as it is logged.
pub(crate) fn rounded(time: Duration) -> Duration {
    Duration::from_micros(u64::try_from(time.as_micros()).unwrap_or(u64::MAX) / 100 * 100)
}

/// A body as JSON with redacted secrets. If the body is longer than [`LONGEST`] or is not JSON,
/// only its length.
fn without_secrets(body: &[u8]) -> String {
    let length = body.len();
    if length > LONGEST {
        return format!("{length} bytes");
    }
    match serde_json::from_slice(body) {
        Ok(mut value) => {
            redact(&mut value);
            escaped(&value.to_string())
        }
        Err(_) => format!("{length} bytes that are not JSON"),
    }
}

fn redact(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match SECRET_FIELDS.contains(&name.as_str()) {
                    true => *value = REDACTED.into(),
                    false => redact(value),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(redact),
        Value::String(text) if text.contains(TOKEN) => *text = REDACTED.to_owned(),
        Value::String(text) => *text = without_enrollment_secrets(std::mem::take(text)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The text with each enrollment secret of a sync URL redacted.
fn without_enrollment_secrets(mut text: String) -> String {
    for (before, after) in AROUND_ENROLLMENT_SECRETS {
        let mut from = 0;
        while let Some(found) = text[from..].find(before) {
            let start = from + found + before.len();
            let end = text[start..].find(after).map_or(text.len(), |length| start + length);
            text.replace_range(start..end, REDACTED);
            from = start + REDACTED.len();
        }
    }
    text
}

/// Escapes control characters and characters that change the direction of text, so that the text
/// does not control a terminal. `json` contains such characters only in strings.
fn escaped(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for c in json.chars() {
        let is_harmful = c.is_control()
            || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}')
            || matches!(c, '\u{2066}'..='\u{2069}');
        match is_harmful {
            true => escaped.push_str(&format!("\\u{:04x}", u32::from(c))),
            false => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_redacted_wherever_they_are() {
        let body = br#"{"name":"ci","secret":"hush","items":[{"password":{"a":"hush"}},
            "use nicelist_hush","https://a/santa/hush/preflight"]}"#;
        let shown = without_secrets(body);
        assert!(!shown.contains("hush"), "{shown}");
        assert!(shown.contains(r#""name":"ci""#) && shown.contains("/preflight"), "{shown}");
    }

    #[test]
    fn every_enrollment_secret_is_redacted() {
        let redacted = |text: &str| without_enrollment_secrets(text.to_owned());
        for (text, expected) in [
            ("/santa/hush", "/santa/[redacted]"),
            ("/santa/hush/santa/hush/x", "/santa/[redacted]/santa/[redacted]/x"),
            (
                "https://a/santa/hush/x, https://b/santa/hush",
                "https://a/santa/[redacted]/x, https://b/santa/[redacted]",
            ),
            ("/x?text=a%2Fsanta%2Fhush%2Fx", "/x?text=a%2Fsanta%2F[redacted]%2Fx"),
            ("/api/v1/hosts", "/api/v1/hosts"),
        ] {
            assert_eq!(redacted(text), expected);
        }
        let body = br#"{"note":"https://a/santa/hush/x https://b/santa/hush"}"#;
        let shown = without_secrets(body);
        assert!(!shown.contains("hush"), "{shown}");
    }

    #[test]
    fn characters_that_change_the_direction_of_text_are_escaped() {
        let body = "{\"name\":\"a\u{202e}b\u{2066}c\u{9b}d\u{7f}e\u{61c}ä\"}";
        let shown = without_secrets(body.as_bytes());
        assert_eq!(shown, r#"{"name":"a\u202eb\u2066c\u009bd\u007fe\u061cä"}"#);
    }

    #[test]
    fn other_bodies_are_only_counted() {
        assert_eq!(without_secrets(b"<html>"), "6 bytes that are not JSON");
        assert_eq!(without_secrets(&vec![b' '; LONGEST + 1]), "65537 bytes");
    }
}
