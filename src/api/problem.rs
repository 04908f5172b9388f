//! Errors of the API: `application/problem+json` with a stable code.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::rule::words;

/// The stable name of a kind of problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Code {
    /// The token is missing or invalid.
    Unauthenticated,
    /// The role of the token does not allow the request.
    Forbidden,
    /// The request refers to something that does not exist.
    NotFound,
    /// A name matches more than one host.
    Ambiguous,
    /// The server cannot read the request: for example, the request does not have the form that the
    /// OpenAPI document describes, or the body did not arrive completely.
    BadRequest,
    /// The path exists, but does not support this method; the header `Allow` lists the supported
    /// methods.
    MethodNotAllowed,
    /// The content type of the body is not `application/json`, or the body is compressed.
    UnsupportedMediaType,
    /// The request has the right form, but contains invalid values. If the request contains a list,
    /// `details` may list the invalid items.
    Invalid,
    /// The policy was changed after the revision that the request is based on, or during the
    /// request. For an undo, a rule that the decision stored was changed or removed.
    Conflict,
    /// The change is refused to prevent harm: for example, lint found errors, a tag is in use or a
    /// name is taken.
    Guarded,
    /// The body is too large, or the request affects too many items.
    TooLarge,
    /// The client exceeded a limit per minute; nothing was changed.
    TooManyRequests,
    /// The transfer coding of the body is not supported; only `chunked` is supported.
    NotImplemented,
    /// The server is overloaded; nothing was changed.
    Overloaded,
    /// The server's database cannot be reached or written, or is too slow. A change may have been
    /// stored.
    Unavailable,
    /// The server failed; its log contains the reason, with the request ID.
    Internal,
}

words! {
    Code {
        Unauthenticated = "unauthenticated",
        Forbidden = "forbidden",
        NotFound = "not-found",
        Ambiguous = "ambiguous",
        BadRequest = "bad-request",
        MethodNotAllowed = "method-not-allowed",
        UnsupportedMediaType = "unsupported-media-type",
        Invalid = "invalid",
        Conflict = "conflict",
        Guarded = "guarded",
        TooLarge = "too-large",
        TooManyRequests = "too-many-requests",
        NotImplemented = "not-implemented",
        Overloaded = "overloaded",
        Unavailable = "unavailable",
        Internal = "internal",
    }
}

impl Code {
    pub const fn status(self) -> u16 {
        match self {
            Self::BadRequest => 400,
            Self::Unauthenticated => 401,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::Conflict | Self::Guarded | Self::Ambiguous => 409,
            Self::TooLarge => 413,
            Self::UnsupportedMediaType => 415,
            Self::Invalid => 422,
            Self::TooManyRequests => 429,
            Self::Internal => 500,
            Self::NotImplemented => 501,
            Self::Overloaded | Self::Unavailable => 503,
        }
    }
}

/// One detail of a problem, such as an error in the request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Detail {
    /// The index of the item in the request's list, from 0, if the detail is about one item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index: Option<usize>,
    /// The name of the field, if the detail is about one field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// The detail, in one line.
    pub message: String,
}

impl fmt::Display for Detail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.field {
            Some(field) => write!(f, "{field}: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

/// Why a request failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, thiserror::Error)]
#[error("{message}")]
pub struct Problem {
    /// The stable name of the kind of problem.
    pub code: Code,
    /// What went wrong, in one line, for people.
    pub message: String,
    /// Likely fixes, one line each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hints: Vec<String>,
    /// Details, such as errors in the request, or hosts that an ambiguous name matches.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<Detail>,
    /// The ID of the request, as in the server's log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

impl Problem {
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            hints: Vec::new(),
            details: Vec::new(),
            request_id: None,
        }
    }

    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    pub fn details(mut self, details: Vec<Detail>) -> Self {
        self.details = details;
        self
    }
}
