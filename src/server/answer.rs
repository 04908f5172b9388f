//! Requests in and answers out: JSON bodies and queries, and problems in their one shape.

use std::io;
use std::sync::Arc;

use axum::Json;
use axum::body::HttpBody as _;
use axum::extract::path::ErrorKind;
use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::access::Operator;
use super::app::State;
use super::bodies::{self, Held, Unread};
use super::guard::request_id;
use super::rate_limits::Limit;
use super::readiness::{NEXT_MINUTE, RETRY};
use super::refusals::REFUSALS;
use crate::api::{Code, Detail, Page, Problem, Strict};
use crate::fleet::Role;
use crate::store::{Refusal, RefusalReason, StoreError};
use crate::sync::SyncError;

/// What a handler gives.
pub(super) type Answer<T> = Result<Json<T>, Refused>;

/// A JSON response that may be long. It delays no other request.
pub(super) struct LongAnswer(Vec<u8>);

impl LongAnswer {
    pub(super) async fn of<T: Serialize + Send + 'static>(answer: T) -> Result<Self, Refused> {
        let json = off_the_async_threads(move || serde_json::to_vec(&answer)).await?;
        json.map(Self).map_err(|error| {
            tracing::error!(%error, "cannot write an answer");
            Problem::new(Code::Internal, "the server cannot write its answer").into()
        })
    }
}

impl IntoResponse for LongAnswer {
    fn into_response(self) -> Response {
        ([(CONTENT_TYPE, "application/json")], self.0).into_response()
    }
}

/// The largest body of roles that may change policy, in bytes: a bulk import of about two million
/// rules. It leaves a quarter of the budget of all bodies to others.
const LARGEST_BODY: usize = 192 * 1024 * 1024;
/// The largest body of anyone else, in bytes.
const LARGEST_READERS_BODY: usize = 8 * 1024 * 1024;

/// From so many bytes on others should not wait while a body is read.
const LONG_BODY: usize = 64 * 1024;
/// Bodies of this size or more wait for a turn: each may use a core for seconds.
const BODY_WITH_TURN: usize = 1024 * 1024;

/// A problem, on its way out.
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
                .hint("look at what changed, plan again, and try again"),
            StoreError::HistoryDeleted { .. } => Problem::new(Code::NotFound, error.to_string())
                .hint("choose a newer revision: nicelist history"),
            StoreError::Refused(refusals) => refused(&refusals),
            StoreError::TokenExists(_) => {
                Problem::new(Code::Guarded, error.to_string()).hint("choose another name")
            }
            StoreError::TokenNameUsed(_) => Problem::new(Code::Guarded, error.to_string())
                .hint("choose another name: the history shows this one as an author"),
            StoreError::LastAdminToken(_) | StoreError::LastLastingAdminToken(_) => {
                Problem::new(Code::Guarded, error.to_string())
                    .hint("create another one first: nicelist token create NAME --role admin")
            }
            StoreError::Overloaded => Problem::new(Code::Overloaded, error.to_string())
                .hint("nothing was changed; try again in some seconds"),
            StoreError::Unreachable(_) => {
                log_failure("the store failed", &error);
                Problem::new(Code::Unavailable, "the server's database cannot be reached")
                    .hint("look before you try again: what you sent may have been done")
            }
            StoreError::TooSlow(_) => Problem::new(Code::Unavailable, error.to_string())
                .hint("ask for less: with a filter, a shorter time or a smaller limit"),
            StoreError::OutcomeUnknown(_) => {
                log_failure("the store failed", &error);
                Problem::new(
                    Code::Unavailable,
                    "outcome unknown: the server's database stopped responding during the change",
                )
                .hint("see whether it was made before you repeat it: nicelist history")
            }
            StoreError::Unwritable(_) => Problem::new(Code::Unavailable, error.to_string())
                .hint("GET /readyz shows why; look before you try again"),
            StoreError::Open { .. }
            | StoreError::Outdated { .. }
            | StoreError::Abandoned
            | StoreError::Damaged(_)
            | StoreError::Unreadable(_)
            | StoreError::Database(_) => {
                log_internal("the store failed", &error);
                Problem::new(Code::Internal, "the server's database failed")
                    .hint("the reason is in the server's log")
            }
        };
        Self(problem)
    }
}

/// The problem that refused edits make.
pub(super) fn refused(refusals: &[Refusal]) -> Problem {
    let detail = |refusal: &Refusal| Detail {
        index: Some(refusal.edit),
        field: None,
        message: refusal.reason.to_string(),
    };
    let details = refusals.iter().map(detail).collect();
    let (code, hint) = match refusals.first().map(|first| &first.reason) {
        Some(RefusalReason::TagInUse { .. }) => {
            (Code::Guarded, Some("--force takes it away from whatever uses it"))
        }
        Some(RefusalReason::UnknownHost(_)) => (Code::NotFound, None),
        Some(RefusalReason::UnknownTag(_)) | None => (Code::Invalid, None),
    };
    let message = match refusals {
        [only] => only.reason.to_string(),
        several => format!("{} of the edits cannot be made; nothing was changed", several.len()),
    };
    let problem = Problem::new(code, message).details(details);
    hint.into_iter().fold(problem, Problem::hint)
}

impl From<SyncError> for Refused {
    fn from(error: SyncError) -> Self {
        match error {
            SyncError::Store(error) => error.into(),
            SyncError::UnknownMac => Problem::new(Code::NotFound, error.to_string())
                .hint("nicelist host show HOST lists the Macs")
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

/// Logs a request that the client has to change, with its ID, unless the same was logged in this
/// minute. Other refusals are logged where they happen, with more about them.
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
        tracing::info!(status, error, "a request of the admin API was refused");
    }
}

impl IntoResponse for Refused {
    fn into_response(mut self) -> Response {
        self.0.request_id = request_id();
        log_refusal(&self.0);
        let status = StatusCode::from_u16(self.0.code.status());
        let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(self.0)).into_response();
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

/// Logs why a request of the admin API gets 500. Every one is logged: its response refers to the log
/// by the request's ID.
fn log_internal(what: &str, error: &dyn std::error::Error) {
    tracing::error!(error = error.to_string(), "{what}");
}

/// Logs why the database did not answer, unless the same was logged in this minute.
fn log_failure(what: &str, error: &dyn std::error::Error) {
    if let Some((what, error)) = REFUSALS.line(what, &error.to_string()) {
        tracing::error!(error, "{what}");
    }
}

/// Does work that takes long without holding up others.
pub(super) async fn off_the_async_threads<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Refused> {
    tokio::task::spawn_blocking(work).await.map_err(|error| {
        tracing::error!(%error, "a request's work ended early");
        Problem::new(Code::Internal, "the server failed to do this").into()
    })
}

/// A JSON body. Unlike axum's own it refuses in our one shape.
pub(super) struct Body<T>(pub(super) T);

impl<T: DeserializeOwned + Send + 'static> FromRequest<Arc<State>> for Body<T> {
    type Rejection = Refused;

    async fn from_request(request: Request, state: &Arc<State>) -> Result<Self, Refused> {
        let (parts, body) = request.into_parts();
        check_content_encoding(&parts.headers)?;
        check_content_type(&parts.headers)?;
        let role = parts.extensions.get().map(|operator: &Operator| operator.role);
        let may_change = match role {
            Some(Role::Editor | Role::Admin) => true,
            Some(Role::Viewer | Role::Helpdesk | Role::Enrolment) | None => false,
        };
        let limit = if may_change { LARGEST_BODY } else { LARGEST_READERS_BODY };
        if announced(&body) > limit {
            return Err(unread_problem(Unread::TooLarge, limit).into());
        }
        let mut share = state.bodies.share();
        let body = bodies::read(body, limit, &mut share).await;
        let body = body.map_err(|unread| unread_problem(unread, limit))?;
        if body.len() >= BODY_WITH_TURN {
            share.wait_for_turn(&state.bodies, may_change).await;
        }
        if let Some(held) = parts.extensions.get::<Held>() {
            held.keep(share);
        }
        let parsed = match body.len() {
            ..LONG_BODY => serde_json::from_slice(&body),
            _ => off_the_async_threads(move || serde_json::from_slice(&body)).await?,
        };
        let Strict(value) = parsed
            .map_err(|error| Problem::new(Code::BadRequest, format!("invalid body: {error}")))?;
        Ok(Self(value))
    }
}

/// The length of a body, as far as it is known before it is read.
fn announced(body: &axum::body::Body) -> usize {
    usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX)
}

/// Refuses a compressed body. It would be read as JSON that is not valid.
fn check_content_encoding(headers: &HeaderMap) -> Result<(), Problem> {
    let Some(given) = headers.get(CONTENT_ENCODING) else { return Ok(()) };
    let coding = given.to_str().unwrap_or_default().trim();
    if coding.is_empty() || coding.eq_ignore_ascii_case("identity") {
        return Ok(());
    }
    let message =
        format!("unsupported content encoding `{coding}`: the admin API reads plain bodies only");
    Err(Problem::new(Code::UnsupportedMediaType, message)
        .hint("send the body uncompressed, without the header `Content-Encoding`"))
}

/// Refuses a body that says it is something else than JSON. One that says nothing is read.
fn check_content_type(headers: &HeaderMap) -> Result<(), Problem> {
    let Some(given) = headers.get(CONTENT_TYPE) else { return Ok(()) };
    let kind = given.to_str().unwrap_or_default().split(';').next().unwrap_or_default().trim();
    if kind.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    let message = format!("unsupported content type `{kind}`: expected application/json");
    Err(Problem::new(Code::UnsupportedMediaType, message)
        .hint("send the header `Content-Type: application/json`"))
}

fn unread_problem(unread: Unread, limit: usize) -> Problem {
    match unread {
        Unread::TooLarge => {
            Problem::new(Code::TooLarge, format!("the body is larger than {limit} bytes"))
                .hint("send it in parts; roles editor and admin may send larger bodies")
        }
        Unread::NoRoom => Problem::new(Code::Overloaded, "too many bodies are being received")
            .hint("nothing was changed; try again in some seconds"),
        Unread::Stalled => Problem::new(Code::BadRequest, "the body stopped coming"),
        Unread::CutOff => Problem::new(Code::BadRequest, "the body was cut off"),
    }
}

/// A query. Unlike axum's own it refuses in our one shape.
pub(super) struct Query<T>(pub(super) T);

impl<S: Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refused> {
        let parsed = axum::extract::Query::<Strict<T>>::try_from_uri(&parts.uri);
        let axum::extract::Query(Strict(query)) = parsed.map_err(|error| {
            let text = error.body_text();
            let reason = text.strip_prefix("Failed to deserialize query string: ");
            let message = format!("invalid query: {}", reason.unwrap_or(&text));
            Problem::new(Code::BadRequest, message)
        })?;
        Ok(Self(query))
    }
}

/// Parameters in a path. Unlike axum's own it refuses in our one shape.
pub(super) struct Path<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refused> {
        let read = axum::extract::Path::<T>::from_request_parts(parts, state).await;
        let axum::extract::Path(value) = read.map_err(|rejection| path_problem(&rejection))?;
        Ok(Self(value))
    }
}

fn path_problem(rejection: &PathRejection) -> Problem {
    if let PathRejection::FailedToDeserializePathParams(failed) = rejection {
        match failed.kind() {
            ErrorKind::ParseError { value, .. }
            | ErrorKind::ParseErrorAtKey { value, .. }
            | ErrorKind::ParseErrorAtIndex { value, .. } => {
                let message = format!("invalid path: `{value}` is not a valid number");
                return Problem::new(Code::BadRequest, message);
            }
            ErrorKind::InvalidUtf8InPathParam { key } => {
                let message = format!("invalid path: {key} is not UTF-8");
                return Problem::new(Code::BadRequest, message);
            }
            _ => {}
        }
    }
    tracing::error!(error = rejection.body_text(), "a route does not fit its handler");
    Problem::new(Code::Internal, "the server failed to read the path")
}

/// The response to an unknown path. It does not repeat the path, which may contain an enrollment
/// secret.
pub(super) fn unknown_path() -> Refused {
    Problem::new(Code::NotFound, "there is nothing at this path").into()
}

/// The response to a path that exists, but not with this method. The router adds `Allow`.
pub(super) async fn method_not_allowed(method: Method) -> Refused {
    let message = format!("this path does not support {method}; the header Allow has what it does");
    Problem::new(Code::MethodNotAllowed, message).into()
}

/// Rows on a page when nobody says how many.
const USUAL_PAGE: usize = 500;
/// Rows on the largest page.
const LARGEST_PAGE: usize = 5000;

/// How many rows a page has.
pub(super) fn page_size(asked: Option<usize>) -> usize {
    asked.unwrap_or(USUAL_PAGE).clamp(1, LARGEST_PAGE)
}

/// Bytes of JSON after which a page ends.
const PAGE_BYTES: usize = 4 * 1024 * 1024;

/// A page of items, each with its cursor, that ends after about 4 MiB of JSON. `more` is whether
/// further items follow these.
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
    Page { items: page, next: last.filter(|_| more).map(cursor) }
}

fn json_bytes(value: &impl Serialize) -> usize {
    let mut written = Written(0);
    // Counting never fails. A value that cannot be written as JSON fails when it is sent.
    drop(serde_json::to_writer(&mut written, value));
    written.0
}

/// Counts what is written to it.
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

/// A cursor that is none of ours.
pub(super) fn bad_cursor() -> Refused {
    Problem::new(Code::Invalid, "invalid cursor: begin again without it").into()
}
