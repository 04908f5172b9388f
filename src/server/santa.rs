//! Santa's endpoints.
//!
//! For clients, only status 200 is a success. Santa 2026.4 and later retry after 5xx, 408 and 429,
//! and give up after other 4xx (SNTSyncStage.mm). Earlier versions also retry after other 4xx.

use std::borrow::Cow;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::{
    ACCEPT_ENCODING, ALLOW, CONTENT_ENCODING, CONTENT_TYPE, HeaderName, RETRY_AFTER, VARY,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use percent_encoding::percent_decode_str;

use super::answer::{NEXT_MINUTE, RETRY, method_not_allowed, unknown_path};
use super::bodies::{self, Share, Unread};
use super::client_address::ClientAddress;
use super::exceeded::Limit;
use super::refusals::REFUSALS;
use super::state::{Shared, State};
use crate::protocol::{
    BodyError, ContentEncoding, EventUploadResponse, Format, Message, MessageError, Wire,
    decode_request, found_encoding, read_request, write,
};
use crate::rule::MachineId;
use crate::store::{QueryPurpose, StoreError};
use crate::sync::SyncError;

/// The default for the maximum size of a body, in bytes, before and after decompression. This is
/// enough for a batch of events with long signing chains and many entitlements.
pub(super) const LARGEST_BODY: usize = 16 * 1024 * 1024;
/// How long a host may take to send a body: as long as a client waits for a response.
const BODY_DEADLINE: Duration = Duration::from_secs(30);
/// The longest body, in bytes after decompression, that is parsed on a request thread. A longer
/// body would delay other requests.
const LONG_BODY: usize = 256 * 1024;
/// The machine ID that `santactl doctor` uses to test a server. It is not stored as a host.
const DOCTOR: &str = "santactl-doctor-test";

#[derive(Clone, Copy)]
enum Stage {
    Preflight,
    EventUpload,
    RuleDownload,
    Postflight,
}

impl Stage {
    const ALL: [Self; 4] =
        [Self::Preflight, Self::EventUpload, Self::RuleDownload, Self::Postflight];

    const fn name(self) -> &'static str {
        match self {
            Self::Preflight => "preflight",
            Self::EventUpload => "eventupload",
            Self::RuleDownload => "ruledownload",
            Self::Postflight => "postflight",
        }
    }
}

struct StagePath<'a> {
    /// The base path, perhaps with an enrollment secret in it.
    base: &'a str,
    stage: Stage,
    /// The host's machine ID, percent-encoded.
    machine: &'a str,
}

impl<'a> StagePath<'a> {
    /// None if the path has no stage that this server supports, or no machine ID. For the stages
    /// `commands`, `metrics`, `signalupload` and `xsrf`, clients accept a 404.
    fn of(path: &'a str) -> Option<Self> {
        let (rest, machine) = path.rsplit_once('/')?;
        let (base, name) = rest.rsplit_once('/')?;
        let stage = Stage::ALL.into_iter().find(|stage| stage.name() == name)?;
        (!machine.is_empty()).then_some(Self { base, stage, machine })
    }

    fn machine(&self) -> Result<String, Failure> {
        let decoded = percent_decode_str(self.machine).decode_utf8();
        decoded.map(|name| name.into_owned()).map_err(|_| Failure::MachineBytes)
    }
}

struct StageResponse {
    body: Bytes,
    wire: Wire,
}

#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("no client certificate from the CA that this server trusts")]
    NoCertificate,
    #[error("the enrollment secret is missing or unknown")]
    NotEnrolled,
    #[error("invalid machine ID: {0}")]
    Machine(#[from] crate::rule::ScopeError),
    #[error("the machine ID is not UTF-8")]
    MachineBytes,
    #[error("the body could not be read, or is larger than {limit} bytes")]
    Unread { limit: usize },
    #[error("{0}")]
    OverLimit(Limit),
    #[error("no memory is left for the body, because of the bodies of other requests")]
    NoRoom,
    #[error("the task that decodes the body stopped unexpectedly")]
    Panicked,
    #[error("the body did not arrive within {BODY_DEADLINE:?}")]
    TooSlow,
    #[error(transparent)]
    Encoding(#[from] BodyError),
    #[error(transparent)]
    Message(#[from] MessageError),
    #[error(transparent)]
    Sync(#[from] SyncError),
}

impl Failure {
    fn of(unread: Unread, limit: usize) -> Self {
        match unread {
            Unread::TooLarge | Unread::CutOff => Self::Unread { limit },
            Unread::NoRoom => Self::NoRoom,
            Unread::Stalled => Self::TooSlow,
        }
    }

    /// The reason in the metrics.
    fn reason(&self) -> &'static str {
        match self {
            Self::NoCertificate => "no-certificate",
            Self::NotEnrolled => "wrong-secret",
            Self::Machine(_) | Self::MachineBytes => "invalid-machine-id",
            Self::Unread { .. } => "body-unread",
            Self::OverLimit(limit) => limit.option(),
            Self::NoRoom => "no-memory",
            Self::Panicked => "panic",
            Self::TooSlow => "body-timeout",
            Self::Encoding(_) => "invalid-encoding",
            Self::Message(_) => "invalid-message",
            Self::Sync(error) => match error {
                SyncError::Store(StoreError::Overloaded) => "overloaded",
                SyncError::Store(_) => "database",
                SyncError::TooManyRules(_) => "too-many-rules",
                SyncError::Outdated => "restored",
                SyncError::TooManyNewHosts => Limit::NewHosts.option(),
                SyncError::AnotherMac => "another-mac",
                SyncError::Contended => "contended",
                SyncError::Answer(_) | SyncError::UnknownMac => "internal",
            },
        }
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::NoCertificate | Self::NotEnrolled => StatusCode::UNAUTHORIZED,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::OverLimit(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Unread { .. } | Self::Encoding(BodyError::TooLarge { .. }) => {
                StatusCode::PAYLOAD_TOO_LARGE
            }
            Self::Encoding(BodyError::UnknownEncoding(_)) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Machine(_) | Self::MachineBytes | Self::Encoding(_) | Self::Message(_) => {
                StatusCode::BAD_REQUEST
            }
            Self::NoRoom
            | Self::Sync(
                SyncError::Contended
                | SyncError::Outdated
                | SyncError::Store(
                    StoreError::Overloaded
                    | StoreError::TooSlow(_)
                    | StoreError::OutcomeUnknown(_)
                    | StoreError::Unreachable(_)
                    | StoreError::Unwritable(_),
                ),
            ) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Sync(SyncError::AnotherMac) => StatusCode::FORBIDDEN,
            Self::Sync(SyncError::TooManyRules(_)) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Panicked | Self::Sync(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

/// The routes for hosts: all paths that no other area uses, because administrators choose the base
/// path. The requests use the database connections for hosts. No middleware layer is added, because
/// each layer costs an idle sync some microseconds.
pub(super) fn area<S, F>(handler: fn(axum::extract::State<S>, Request) -> F) -> Router<S>
where
    S: Clone + Send + Sync + 'static,
    F: Future<Output = Response> + Send + 'static,
{
    Router::new().fallback(move |state, request| QueryPurpose::Sync.run(handler(state, request)))
}

/// Responds to a host. The last two parts of the path are the stage and the machine ID. All earlier
/// parts are used only as enrollment secrets.
pub(super) async fn answer(axum::extract::State(state): Shared, request: Request) -> Response {
    let uri = request.uri().clone();
    let Some(path) = StagePath::of(uri.path()) else {
        return unknown_path().into_response();
    };
    if request.method() != Method::POST {
        let refused = method_not_allowed(request.method().clone()).await;
        return ([(ALLOW, "POST")], refused).into_response();
    }
    let client = ClientAddress::of(request.extensions());
    let started = Instant::now();
    let (reason, response) = match stage_answer(&state, &path, client, request).await {
        Ok(answered) => (None, answered.into_response()),
        Err(failure) => (Some(failure.reason()), refusal(&state, &path, client, &failure)),
    };
    state.metrics.count_sync(path.stage.name(), response.status(), reason, started.elapsed());
    response
}

impl IntoResponse for StageResponse {
    fn into_response(self) -> Response {
        let kind = HeaderValue::from_static(self.wire.format.content_type());
        let mut headers: Vec<(HeaderName, HeaderValue)> = vec![(CONTENT_TYPE, kind)];
        if self.wire.gzip {
            headers.push((CONTENT_ENCODING, HeaderValue::from_static("gzip")));
            headers.push((VARY, HeaderValue::from_static("accept-encoding")));
        }
        let mut response = Body::from(self.body).into_response();
        response.headers_mut().extend(headers);
        response
    }
}

fn refusal(
    state: &State,
    path: &StagePath<'_>,
    client: ClientAddress,
    failure: &Failure,
) -> Response {
    let status = failure.status();
    if matches!(failure, Failure::NoRoom | Failure::Sync(SyncError::Store(StoreError::Overloaded)))
    {
        // The server logs the number of these requests regularly. A log line for each request would
        // add to the load.
        state.turned_away.fetch_add(1, Ordering::Relaxed);
        let retry = [(RETRY_AFTER, RETRY)];
        return (status, retry, "the server is overloaded, try again\n").into_response();
    }
    if let Failure::OverLimit(limit) = failure {
        // `rate_limits` has already counted the request, and logged it if necessary.
        return (status, [(RETRY_AFTER, NEXT_MINUTE)], format!("{limit}\n")).into_response();
    }
    let (stage, machine) = (path.stage.name(), path.machine);
    if status.is_server_error() {
        if let Some((machine, error)) = REFUSALS.line(machine, &failure.to_string()) {
            tracing::error!(stage, machine, %client, error, "a sync failed");
        }
        let retry = (status == StatusCode::SERVICE_UNAVAILABLE).then_some([(RETRY_AFTER, RETRY)]);
        let mut response = (status, "the server failed\n").into_response();
        response.headers_mut().extend(retry.into_iter().flatten());
        return response;
    }
    if let Some((machine, error)) = REFUSALS.line(machine, &failure.to_string()) {
        tracing::warn!(stage, machine, %client, error, "a sync was refused");
    }
    (status, format!("{failure}\n")).into_response()
}

async fn stage_answer(
    state: &State,
    path: &StagePath<'_>,
    client: ClientAddress,
    request: Request,
) -> Result<StageResponse, Failure> {
    let (parts, body) = request.into_parts();
    if !state.access.is_certified(&parts.extensions) {
        return Err(Failure::NoCertificate);
    }
    if !state.access.may_sync(path.base, &parts.headers) {
        state.rates.admit_wrong_secret(client).map_err(Failure::OverLimit)?;
        return Err(Failure::NotEnrolled);
    }
    let machine = path.machine()?;
    if machine == DOCTOR {
        let wire = Wire::default();
        return Ok(StageResponse { body: Bytes::from_static(b"{}"), wire });
    }
    let machine: MachineId = machine.parse()?;
    let admitted = state.rates.admit_address(client);
    let limit = state.largest_body;
    if let Err(exceeded) = admitted.and_then(|()| state.rates.admit_host(client, &machine)) {
        return over_limit(path.stage, exceeded, &parts.headers, body, limit).await;
    }
    let mut share = state.bodies.share();
    let body = tokio::time::timeout(BODY_DEADLINE, bodies::read(body, limit, &mut share));
    let body = body.await.map_err(|_| Failure::TooSlow)?;
    let body = body.map_err(|unread| Failure::of(unread, limit))?;
    let headers = &parts.headers;
    let engine = &state.engine;
    let may_join = || state.rates.admit_new_host(client).is_ok();
    match path.stage {
        Stage::Preflight => {
            let (format, request, _share) = read_message(state, headers, body, share).await?;
            match engine.preflight(&machine, &request, &may_join).await {
                Err(SyncError::TooManyNewHosts) => Err(Failure::OverLimit(Limit::NewHosts)),
                settings => write_message(format, &settings?),
            }
        }
        Stage::EventUpload => {
            let (format, request, _share) = read_message(state, headers, body, share).await?;
            match engine.event_upload(&machine, &request, &may_join).await {
                // The upload succeeds, but its events are dropped. `over_limit` explains why.
                Err(SyncError::TooManyNewHosts) => {
                    write_message(format, &EventUploadResponse::default())
                }
                wanted => write_message(format, &wanted?),
            }
        }
        Stage::RuleDownload => {
            let (format, request, _share) = read_message(state, headers, body, share).await?;
            let wire = Wire { format, gzip: takes_gzip(&parts.headers) };
            let body = engine.rule_download(&machine, &request, wire).await?;
            Ok(StageResponse { body, wire })
        }
        Stage::Postflight => {
            let (format, request, _share) = read_message(state, headers, body, share).await?;
            write_message(format, &engine.postflight(&machine, &request).await?)
        }
    }
}

/// Refuses a request that exceeds a limit, unless it is an event upload. An event upload succeeds,
/// but its events are dropped. If the upload failed, Santa would send the events again and exceed
/// the limit for longer.
async fn over_limit(
    stage: Stage,
    exceeded: Limit,
    headers: &HeaderMap,
    body: Body,
    limit: usize,
) -> Result<StageResponse, Failure> {
    match stage {
        Stage::Preflight | Stage::RuleDownload | Stage::Postflight => {
            Err(Failure::OverLimit(exceeded))
        }
        Stage::EventUpload => {
            let dropped = tokio::time::timeout(BODY_DEADLINE, bodies::discard(body, limit));
            dropped.await.map_err(|_| Failure::TooSlow)?;
            let format = Format::of(header(headers, &CONTENT_TYPE).as_deref(), &[]);
            write_message(format, &EventUploadResponse::default())
        }
    }
}

/// Decompresses and parses a body. Long bodies are not parsed on a request thread. Also returns the
/// format of the body and its share of the memory budget. The caller keeps the share until the
/// response is ready.
async fn read_message<M: Message + Send + 'static>(
    state: &State,
    headers: &HeaderMap,
    body: Vec<u8>,
    mut share: Share,
) -> Result<(Format, M, Share), Failure> {
    let encoding = header(headers, &CONTENT_ENCODING).unwrap_or_default();
    let found = found_encoding(&encoding, &body)?;
    let kind = header(headers, &CONTENT_TYPE);
    let limit = state.largest_body;
    let no_room = |unread| Failure::of(unread, limit);
    if body.len() <= LONG_BODY {
        match decode_request(&encoding, &body, limit.min(LONG_BODY)) {
            Err(BodyError::TooLarge { .. }) if limit > LONG_BODY => {}
            decoded => {
                let decoded = decoded?;
                if let Cow::Owned(decoded) = &decoded {
                    share.grow(decoded.len()).map_err(no_room)?;
                }
                let format = Format::of(kind.as_deref(), &decoded);
                return Ok((format, read_request(format, &decoded)?, share));
            }
        }
    }
    let turn = state.bodies.turn().await;
    let unfolded = if found == ContentEncoding::Identity { 0 } else { limit };
    share.grow(unfolded).map_err(no_room)?;
    let work = tokio::task::spawn_blocking(move || {
        // The turn is kept here, because the work continues if the client disconnects.
        let _turn = turn;
        let decoded = decode_request(&encoding, &body, limit)?;
        share.shrink(unfolded.saturating_sub(decoded.len()));
        let format = Format::of(kind.as_deref(), &decoded);
        Ok((format, read_request(format, &decoded)?, share))
    });
    work.await.map_err(|_| Failure::Panicked)?
}

fn header(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}

/// Whether a client accepts gzip. A weight of 0 means that it does not.
fn takes_gzip(headers: &HeaderMap) -> bool {
    let accepted = header(headers, &ACCEPT_ENCODING).unwrap_or_default();
    accepted.split(',').any(|offer| {
        let (name, weight) = offer.split_once(';').unwrap_or((offer, ""));
        let weight = weight.trim().strip_prefix("q=").and_then(|weight| weight.parse::<f32>().ok());
        name.trim().eq_ignore_ascii_case("gzip") && weight != Some(0.0)
    })
}

/// Writes a response without compression, because it is too short to benefit.
fn write_message<M: Message>(format: Format, message: &M) -> Result<StageResponse, Failure> {
    let body = write(format, message)?.into();
    Ok(StageResponse { body, wire: Wire { format, gzip: false } })
}
