//! The responses of the admin API: JSON, pages and problems.

use std::io;
use std::str::FromStr;

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, Method, StatusCode};
use serde::Serialize;

use super::exceeded::Limit;
use super::refusals::REFUSALS;
use super::request_id::request_id;
use crate::api::{Code, Detail, Page, Problem};
use crate::store::{Refusal, RefusalReason, StoreError};
use crate::sync::SyncError;

/// The value of `Retry-After`, in seconds, in responses with status 503.
pub(super) const RETRY: HeaderValue = HeaderValue::from_static("5");
/// The value of `Retry-After`, in seconds, in responses with status 429.
pub(super) const NEXT_MINUTE: HeaderValue = HeaderValue::from_static("60");

pub(super) type Answer<T> = Result<Json<T>, Refused>;

/// A JSON response that may be long. It is serialized on another thread, so that it does not delay
/// other requests.
pub(super) struct LongAnswer(Vec<u8>);

impl LongAnswer {
    pub(super) async fn of<T: Serialize + Send + 'static>(answer: T) -> Result<Self, Refused> {
        let json = off_the_async_threads(move || serde_json::to_vec(&answer)).await?;
        json.map(Self).map_err(|error| {
            tracing::error!(%error, "cannot write a response");
            Problem::new(Code::Internal, "the server cannot write its response").into()
        })
    }
}

impl IntoResponse for LongAnswer {
    fn into_response(self) -> Response {
        ([(CONTENT_TYPE, "application/json")], self.0).into_response()
    }
}

#[derive(Debug)]
pub(super) struct Refused(pub(super) Problem);

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl From<Limit> for Refused {
    fn from(limit: Limit) -> Self {
        Self(Problem::new(Code::TooManyRequests, limit.to_string()).hint(format!(
            "nothing was changed; try again in a minute, or raise the limit: nicelist serve --{} N",
            limit.option()
        )))
    }
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        let problem = match error {
            StoreError::Moved { .. } => Problem::new(Code::Conflict, error.to_string())
                .hint("review the newer changes, then plan again: nicelist history"),
            StoreError::HistoryDeleted { .. } => Problem::new(Code::NotFound, error.to_string())
                .hint("choose a newer revision: nicelist history"),
            StoreError::Refused(refusals) => refused(&refusals),
            StoreError::TokenExists(_) => {
                Problem::new(Code::Guarded, error.to_string()).hint("choose another name")
            }
            StoreError::TokenNameUsed(_) => Problem::new(Code::Guarded, error.to_string()).hint(
                "choose another name; the history contains changes by the old token with this name",
            ),
            StoreError::LastAdminToken(_) | StoreError::LastLastingAdminToken(_) => {
                Problem::new(Code::Guarded, error.to_string())
                    .hint("create another one first: nicelist token create NAME --role admin")
            }
            StoreError::Overloaded => Problem::new(Code::Overloaded, error.to_string())
                .hint("nothing was changed; try again in a few seconds"),
            StoreError::Unreachable(_) => {
                log_failure("the store failed", &error);
                Problem::new(Code::Unavailable, "the server's database cannot be reached")
                    .hint("check whether the change was made before you repeat it")
            }
            StoreError::TooSlow(_) => Problem::new(Code::Unavailable, error.to_string()).hint(
                "narrow the request: add a filter, or use a shorter time range or a smaller \
                    limit",
            ),
            StoreError::OutcomeUnknown(_) => {
                log_failure("the store failed", &error);
                Problem::new(
                    Code::Unavailable,
                    "outcome unknown: the server's database stopped responding during the change",
                )
                .hint("check whether the change was made before you repeat it: nicelist history")
            }
            StoreError::Unwritable(_) => Problem::new(Code::Unavailable, error.to_string()).hint(
                "GET /readyz shows the reason; check whether the change was made before you \
                    repeat it",
            ),
            StoreError::Open { .. }
            | StoreError::Outdated { .. }
            | StoreError::Abandoned
            | StoreError::Damaged(_)
            | StoreError::Unreadable(_)
            | StoreError::Database(_) => {
                log_internal("the store failed", &error);
                Problem::new(Code::Internal, "the server's database failed")
                    .hint("the server's log has the reason")
            }
        };
        Self(problem)
    }
}

pub(super) fn refused(refusals: &[Refusal]) -> Problem {
    let detail = |refusal: &Refusal| Detail {
        index: Some(refusal.edit),
        field: None,
        message: refusal.reason.to_string(),
    };
    let details = refusals.iter().map(detail).collect();
    let (code, hint) = match refusals.first().map(|first| &first.reason) {
        Some(RefusalReason::TagInUse { .. }) => (
            Code::Guarded,
            Some(
                "--force removes the tag's rules and settings, and the tag from \
                its hosts",
            ),
        ),
        Some(RefusalReason::UnknownHost(_)) => (Code::NotFound, None),
        Some(RefusalReason::UnknownTag(_)) | None => (Code::Invalid, None),
    };
    let message = match refusals {
        [only] => only.reason.to_string(),
        several => format!("{} of the edits are invalid; nothing was changed", several.len()),
    };
    let problem = Problem::new(code, message).details(details);
    hint.into_iter().fold(problem, Problem::hint)
}

impl From<SyncError> for Refused {
    fn from(error: SyncError) -> Self {
        match error {
            SyncError::Store(error) => error.into(),
            SyncError::UnknownMac => Problem::new(Code::NotFound, error.to_string())
                .hint("nicelist host show HOST lists the host's Macs")
                .into(),
            SyncError::Answer(_)
            | SyncError::TooManyRules(_)
            | SyncError::Outdated
            | SyncError::TooManyNewHosts
            | SyncError::AnotherMac
            | SyncError::Contended => {
                log_internal("the sync engine failed", &error);
                Self(Problem::new(Code::Internal, "the server failed; try again"))
            }
        }
    }
}

/// Logs a refused request that the client must correct. [`REFUSALS`] limits the number of lines.
/// Missing and wrong tokens, exceeded limits and failures of the server are not logged here.
fn log_refusal(problem: &Problem) {
    match problem.code {
        Code::Unauthenticated
        | Code::TooManyRequests
        | Code::Overloaded
        | Code::Unavailable
        | Code::Internal => return,
        Code::BadRequest
        | Code::Forbidden
        | Code::NotFound
        | Code::MethodNotAllowed
        | Code::Ambiguous
        | Code::Conflict
        | Code::Guarded
        | Code::TooLarge
        | Code::UnsupportedMediaType
        | Code::NotImplemented
        | Code::Invalid => {}
    }
    let status = problem.code.status().to_string();
    if let Some((status, error)) = REFUSALS.line(&status, &problem.message) {
        tracing::info!(status, error, "a request to the admin API was refused");
    }
}

impl IntoResponse for Refused {
    fn into_response(mut self) -> Response {
        self.0.request_id = request_id();
        log_refusal(&self.0);
        let code = self.0.code;
        let status = StatusCode::from_u16(code.status());
        let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(self.0)).into_response();
        // The metrics count refusals by this code.
        response.extensions_mut().insert(code);
        let kind = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(CONTENT_TYPE, kind);
        let retry = match status {
            StatusCode::SERVICE_UNAVAILABLE => Some(RETRY),
            StatusCode::TOO_MANY_REQUESTS => Some(NEXT_MINUTE),
            _ => None,
        };
        response.headers_mut().extend(retry.map(|retry| (RETRY_AFTER, retry)));
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// Logs why a request of the admin API gets status 500. Every failure is logged, because the
/// response refers to the log by the request's ID.
fn log_internal(what: &str, error: &dyn std::error::Error) {
    tracing::error!(error = error.to_string(), "{what}");
}

/// Logs why the database did not respond. [`REFUSALS`] limits the number of lines.
fn log_failure(what: &str, error: &dyn std::error::Error) {
    if let Some((what, error)) = REFUSALS.line(what, &error.to_string()) {
        tracing::error!(error, "{what}");
    }
}

/// Runs long work on a thread that handles no requests.
pub(super) async fn off_the_async_threads<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Refused> {
    tokio::task::spawn_blocking(work).await.map_err(|error| {
        tracing::error!(%error, "a request's task stopped unexpectedly");
        Problem::new(Code::Internal, "the server could not complete the request").into()
    })
}

/// The response to an unknown path. The path is not repeated, because it may contain an enrollment
/// secret.
pub(super) fn unknown_path() -> Refused {
    Problem::new(Code::NotFound, "this path does not exist").into()
}

/// The response if a path exists, but does not support the method. The caller adds `Allow`.
pub(super) async fn method_not_allowed(method: Method) -> Refused {
    let message = format!(
        "this path does not support {method}; the Allow header lists the \
        supported methods"
    );
    Problem::new(Code::MethodNotAllowed, message).into()
}

const USUAL_PAGE: usize = 500;
const LARGEST_PAGE: usize = 5000;

pub(super) fn page_size(asked: Option<usize>) -> usize {
    asked.unwrap_or(USUAL_PAGE).clamp(1, LARGEST_PAGE)
}

/// Bytes of JSON after which a page ends.
const PAGE_BYTES: usize = 4 * 1024 * 1024;

/// Creates a page from items and their cursors. The page ends after about 4 MiB of JSON. `more` is
/// true if the list continues after `items`.
pub(super) fn page<C, T: Serialize>(
    items: impl IntoIterator<Item = (C, T)>,
    mut more: bool,
    cursor: impl FnOnce(C) -> String,
) -> Page<T> {
    let (mut page, mut last, mut bytes) = (Vec::new(), None, 0);
    for (place, item) in items {
        if bytes >= PAGE_BYTES {
            more = true;
            break;
        }
        bytes += json_bytes(&item);
        last = Some(place);
        page.push(item);
    }
    Page::new(page, last.filter(|_| more).map(cursor))
}

fn json_bytes(value: &impl Serialize) -> usize {
    let mut written = Written(0);
    // A failure is ignored here: if a value cannot be written as JSON, sending it fails, too.
    drop(serde_json::to_writer(&mut written, value));
    written.0
}

struct Written(usize);

impl io::Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

pub(super) fn read_cursor<T: FromStr>(cursor: Option<&str>) -> Result<Option<T>, Refused> {
    cursor.map(|text| text.parse().map_err(|_| bad_cursor())).transpose()
}

pub(super) fn bad_cursor() -> Refused {
    Problem::new(Code::Invalid, "invalid cursor: start again without it").into()
}
