//! The ID of a request, for its response and for the log.

use data_encoding::HEXLOWER;
use http::{HeaderMap, HeaderName, HeaderValue};

pub(super) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Bytes of the longest ID that is accepted from a client.
pub(super) const LONGEST_ID: usize = 64;

tokio::task_local! {
    pub(super) static REQUEST_ID: RequestId;
}

/// An ID of a request: letters, digits, `-`, `_` and `.`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RequestId(pub(super) HeaderValue);

impl RequestId {
    /// The ID that a client or proxy sent, if it is short and safe to log. Otherwise, a new ID.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let safe = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
        let usable = |id: &&HeaderValue| {
            (1..=LONGEST_ID).contains(&id.len()) && id.as_bytes().iter().all(safe)
        };
        headers.get(X_REQUEST_ID).filter(usable).map_or_else(Self::new, |id| Self(id.clone()))
    }

    fn new() -> Self {
        let id = HEXLOWER.encode(&rand::random::<[u8; 8]>());
        Self(HeaderValue::try_from(id).unwrap_or(HeaderValue::from_static("none")))
    }

    pub(super) fn as_str(&self) -> &str {
        self.0.to_str().unwrap_or_default()
    }
}

/// The ID of the request that this task handles.
pub(super) fn request_id() -> Option<String> {
    REQUEST_ID.try_with(|id| id.as_str().to_owned()).ok()
}
