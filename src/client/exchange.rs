//! Logs each request: its status and time, and its bodies without secrets.

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
/// The part of a sync URL before the enrollment secret.
const BEFORE_ENROLLMENT_SECRET: &str = "/santa/";

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
        let time = rounded(started.elapsed());
        match response {
            Ok(response) => info!("{method} {uri}: {} in {time:?}", response.status()),
            Err(error) => info!("{method} {uri}: {error} (after {time:?})"),
        }
        let received = response.as_ref().ok().map(Response::body);
        let Some(sent) = sent else { return };
        if !sent.is_empty() {
            debug!("sent {}", without_secrets(&sent));
        }
        if let Some(received) = received.filter(|body| !body.is_empty()) {
            debug!("received {}", without_secrets(received));
        }
    }
}

fn rounded(time: Duration) -> Duration {
    Duration::from_micros(u64::try_from(time.as_micros()).unwrap_or(u64::MAX) / 100 * 100)
}

/// A body as JSON with redacted secrets. Other bodies and long ones are not shown, because secrets
/// in them cannot be found.
fn without_secrets(body: &[u8]) -> String {
    let length = body.len();
    if length > LONGEST {
        return format!("{length} bytes");
    }
    match serde_json::from_slice(body) {
        Ok(mut value) => {
            redact(&mut value);
            value.to_string()
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
        Value::String(text) => {
            if let Some((before, rest)) = text.split_once(BEFORE_ENROLLMENT_SECRET) {
                let after = rest.find('/').map_or("", |end| &rest[end..]);
                *text = format!("{before}{BEFORE_ENROLLMENT_SECRET}{REDACTED}{after}");
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
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
    fn other_bodies_are_only_counted() {
        assert_eq!(without_secrets(b"<html>"), "6 bytes that are not JSON");
        assert_eq!(without_secrets(&vec![b' '; LONGEST + 1]), "65537 bytes");
    }
}
