//! Santa's endpoints: bodies out of their encodings, messages to the engine, answers back.
//!
//! Clients take nothing but status 200 for success, retry 5xx, 408 and 429, and give up on any
//! other 4xx (SNTSyncStage.mm).

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Request};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::de::DeserializeOwned;

use super::app::{Shared, State};
use crate::protocol::{BodyError, ContentEncoding, MessageError, decode, read_request, write};
use crate::rule::MachineId;
use crate::sync::SyncError;

/// The largest body, before and after it is taken out of its encoding, in bytes: a batch of
/// events with long signing chains and many entitlements.
const LARGEST_BODY: usize = 16 * 1024 * 1024;
/// How long a host may take to send a body: as long as a client waits for an answer.
const BODY_DEADLINE: Duration = Duration::from_secs(30);
/// The name under which `santactl doctor` tries whether a server answers. It is no host.
const DOCTOR: &str = "santactl-doctor-test";

pub(super) fn router() -> Router<Arc<State>> {
    [Stage::Preflight, Stage::EventUpload, Stage::RuleDownload, Stage::Postflight].into_iter().fold(
        Router::new(),
        |router, stage| {
            let bare = move |state: Shared, Path(machine): Path<String>, request: Request| {
                answer(state, stage, None, machine, request)
            };
            let secret = move |state: Shared,
                               Path((secret, machine)): Path<(String, String)>,
                               request: Request| {
                answer(state, stage, Some(secret), machine, request)
            };
            let name = stage.name();
            router
                .route(&format!("/santa/{name}/{{machine}}"), post(bare))
                .route(&format!("/santa/{{secret}}/{name}/{{machine}}"), post(secret))
        },
    )
}

#[derive(Clone, Copy)]
enum Stage {
    Preflight,
    EventUpload,
    RuleDownload,
    Postflight,
}

impl Stage {
    const fn name(self) -> &'static str {
        match self {
            Self::Preflight => "preflight",
            Self::EventUpload => "eventupload",
            Self::RuleDownload => "ruledownload",
            Self::Postflight => "postflight",
        }
    }
}

/// Why a request of a host was not answered as it hoped.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("no enrolment secret, or one that is not known")]
    NotEnrolled,
    #[error("the machine id is not usable: {0}")]
    Machine(#[from] crate::rule::ScopeError),
    #[error("the body could not be read, or is larger than {LARGEST_BODY} bytes")]
    Unread,
    #[error("the body did not come within {BODY_DEADLINE:?}")]
    TooSlow,
    #[error(transparent)]
    Encoding(#[from] BodyError),
    #[error(transparent)]
    Message(#[from] MessageError),
    #[error(transparent)]
    Sync(#[from] SyncError),
}

impl Failure {
    fn status(&self) -> StatusCode {
        match self {
            Self::NotEnrolled => StatusCode::UNAUTHORIZED,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Unread | Self::Encoding(BodyError::TooLarge { .. }) => {
                StatusCode::PAYLOAD_TOO_LARGE
            }
            Self::Encoding(BodyError::UnknownEncoding(_)) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Machine(_) | Self::Encoding(_) | Self::Message(_) => StatusCode::BAD_REQUEST,
            Self::Sync(SyncError::Contended) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Sync(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

async fn answer(
    axum::extract::State(state): Shared,
    stage: Stage,
    secret: Option<String>,
    machine: String,
    request: Request,
) -> Response {
    match stage_answer(&state, stage, secret.as_deref(), &machine, request).await {
        Ok(body) => {
            let kind = HeaderValue::from_static("application/json");
            ([(CONTENT_TYPE, kind)], Body::from(body)).into_response()
        }
        Err(failure) => {
            let status = failure.status();
            let stage = stage.name();
            if status.is_server_error() {
                tracing::error!(stage, ?machine, error = %failure, "a sync failed");
            } else {
                tracing::warn!(stage, ?machine, error = %failure, "a sync was refused");
            }
            let text = if status.is_server_error() {
                "the server failed\n".to_owned()
            } else {
                format!("{failure}\n")
            };
            (status, text).into_response()
        }
    }
}

async fn stage_answer(
    state: &State,
    stage: Stage,
    secret: Option<&str>,
    machine: &str,
    request: Request,
) -> Result<Bytes, Failure> {
    let (parts, body) = request.into_parts();
    if !state.access.may_sync(secret, &parts.headers) {
        return Err(Failure::NotEnrolled);
    }
    if machine == DOCTOR {
        return Ok(Bytes::from_static(b"{}"));
    }
    let machine: MachineId = machine.parse()?;
    let body = tokio::time::timeout(BODY_DEADLINE, axum::body::to_bytes(body, LARGEST_BODY));
    let body = body.await.map_err(|_| Failure::TooSlow)?.map_err(|_| Failure::Unread)?;
    let body = decode(encoding(&parts.headers)?, &body, LARGEST_BODY)?;
    let engine = &state.engine;
    match stage {
        Stage::Preflight => written(&engine.preflight(&machine, &read(&body)?).await?),
        Stage::EventUpload => written(&engine.event_upload(&machine, &read(&body)?).await?),
        Stage::RuleDownload => Ok(engine.rule_download(&machine, &read(&body)?).await?),
        Stage::Postflight => written(&engine.postflight(&machine, &read(&body)?).await?),
    }
}

fn encoding(headers: &HeaderMap) -> Result<ContentEncoding, BodyError> {
    let name = headers.get(CONTENT_ENCODING).map(HeaderValue::as_bytes).unwrap_or_default();
    String::from_utf8_lossy(name).parse()
}

fn read<T: DeserializeOwned + Default>(body: &[u8]) -> Result<T, Failure> {
    Ok(read_request(body)?)
}

fn written<T: serde::Serialize>(message: &T) -> Result<Bytes, Failure> {
    Ok(write(message)?.into())
}
