//! Extractors of the admin API for JSON bodies, queries and paths. Unlike axum's extractors, they
//! refuse an invalid request with a [`Problem`].

use std::sync::Arc;

use axum::body::HttpBody as _;
use axum::extract::path::ErrorKind;
use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequest, FromRequestParts, Request};
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::request::Parts;
use serde::de::DeserializeOwned;

use super::access::Operator;
use super::answer::{Refused, off_the_async_threads};
use super::bodies::{self, Held, Unread};
use super::state::State;
use crate::api::{Code, Problem, Strict};
use crate::fleet::Role;

/// Maximum size of a body from an editor or admin, in bytes. This is enough to import about two
/// million rules. Other requests can still use at least a quarter of the memory for bodies.
const LARGEST_BODY: usize = 192 * 1024 * 1024;
/// Maximum size of a body from any other role, in bytes.
const LARGEST_READERS_BODY: usize = 8 * 1024 * 1024;

/// Bodies of this size or more are not parsed on a request thread.
const LONG_BODY: usize = 64 * 1024;
/// Bodies of this size or more wait for a turn, because each may use a core for seconds.
const BODY_WITH_TURN: usize = 1024 * 1024;

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
            Some(Role::Viewer | Role::Helpdesk | Role::Enrollment) | None => false,
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

/// The length of a body, as far as it is known before the body is read.
fn announced(body: &axum::body::Body) -> usize {
    usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX)
}

/// Refuses a compressed body, which would otherwise be reported as invalid JSON.
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

/// Refuses a body whose content type is not JSON. A body without a content type is accepted.
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
        Unread::NoRoom => Problem::new(Code::Overloaded, "the server is receiving too many bodies")
            .hint("nothing was changed; try again in a few seconds"),
        Unread::Stalled => Problem::new(Code::BadRequest, "timed out while receiving the body"),
        Unread::CutOff => Problem::new(
            Code::BadRequest,
            "the connection closed before the end of \
            the body",
        ),
    }
}

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
    tracing::error!(error = rejection.body_text(), "a route does not match its handler");
    Problem::new(Code::Internal, "the server failed to read the path")
}
