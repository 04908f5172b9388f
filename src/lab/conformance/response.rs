//! A server's response, and how a client reads it.

use http::HeaderMap;
use serde_json::{Map, Value};

use super::stop::Stop;

pub(super) type Object = Map<String, Value>;

/// Maximum bytes of a body that are shown.
const LONGEST_EXCERPT: usize = 200;

/// A response as received, without any decompression.
#[derive(Debug)]
pub(super) struct ServerResponse {
    pub(super) stage: &'static str,
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

impl ServerResponse {
    /// Returns the response if its status is 200. Otherwise, the case fails.
    pub(super) fn ok(self) -> Result<Self, Stop> {
        if self.status == 200 { Ok(self) } else { Err(Stop::fails(self.describe())) }
    }

    /// The body as JSON. An empty body counts as an empty message, as in clients since 2024.6.
    pub(super) fn object(self) -> Result<Object, Stop> {
        let response = self.ok()?;
        if response.body.is_empty() {
            return Ok(Object::new());
        }
        match serde_json::from_slice(&response.body) {
            Ok(Value::Object(object)) => Ok(object),
            Ok(_) | Err(_) => Err(Stop::fails(format!(
                "{}: the body is not a JSON object: {}",
                response.stage,
                response.excerpt()
            ))),
        }
    }

    pub(super) fn without_server_error(self) -> Result<Self, Stop> {
        if self.status < 500 { Ok(self) } else { Err(Stop::fails(self.describe())) }
    }

    pub(super) fn describe(&self) -> String {
        let Self { stage, status, .. } = self;
        match self.body.is_empty() {
            true => format!("{stage}: {status}"),
            false => format!("{stage}: {status}: {}", self.excerpt()),
        }
    }

    /// The beginning of the body, on one line.
    pub(super) fn excerpt(&self) -> String {
        let text = String::from_utf8_lossy(&self.body[..self.body.len().min(LONGEST_EXCERPT)]);
        let words: Vec<&str> = text.split_whitespace().collect();
        let shown = words.join(" ").replace(|letter: char| letter.is_control(), "\u{fffd}");
        if self.body.len() > LONGEST_EXCERPT { format!("{shown}…") } else { shown }
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn w8_a_failure_shows_the_beginning_of_the_body_on_one_line() {
        let described = |body: &[u8]| {
            let headers = HeaderMap::new();
            ServerResponse { stage: "preflight", status: 500, headers, body: body.to_vec() }
                .describe()
        };
        assert_eq!(
            described(b"{\"error\":\n  \"zlib: invalid header\"}\n"),
            r#"preflight: 500: {"error": "zlib: invalid header"}"#
        );
        assert_eq!(described(b""), "preflight: 500");
        assert_eq!(described(b"\x1b[2J").chars().count(), "preflight: 500: ?[2J".len());
        let long = described("é".repeat(1000).as_bytes());
        assert!(long.ends_with('…') && long.chars().count() < 130, "{long}");
    }
}
