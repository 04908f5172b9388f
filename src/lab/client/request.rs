//! One request of a sync, with the retries and timeouts of a real client.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::generation::{ANSWER_TIMEOUT, TOKEN_TIMEOUT, Version};
use super::{Clock, HttpResponse, Profile, Transport, TransportError, with_causes};
use crate::protocol::{self, BodyError, ContentEncoding, MessageError};

/// Maximum decompressed bytes of a compressed response. Santa has no limit, and pedro's own limit
/// is lower.
const LONGEST_ANSWER: usize = 1 << 28;

/// The header of an XSRF token in responses, and in requests unless the server chooses another
/// header.
const TOKEN_HEADER: &str = "X-XSRF-TOKEN";

/// The response header whose value is the name of the request header for the token.
const TOKEN_HEADER_NAME: &str = "X-XSRF-TOKEN-HEADER";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// How long the simulated client waits for each second that Santa waits between attempts.
    pub second: Duration,
    /// How long the client waits for a response, including its body.
    pub timeout: Duration,
}

impl Pace {
    pub const REAL: Self = Self { second: Duration::from_secs(1), timeout: ANSWER_TIMEOUT };

    pub const WITHOUT_BACKOFF: Self = Self { second: Duration::ZERO, ..Self::REAL };
}

#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// The status of the last response was not a success.
    #[error("the server responded with {status} (attempt {attempts})")]
    Refused { status: u16, attempts: u32 },
    /// The last attempt got no usable response. For example, no response arrived, or the response
    /// cannot be decompressed.
    #[error("{} (attempt {attempts})", .source.summary())]
    Unanswered { attempts: u32, source: TransportError },
    /// The status was a success, but the client cannot read the body.
    #[error("cannot read the server's response")]
    Unreadable(#[source] MessageError),
    #[error("cannot encode the request")]
    Unwritable(#[source] MessageError),
    #[error("cannot compress the request")]
    Uncompressable(#[source] BodyError),
}

impl RequestError {
    /// Why the last attempt failed.
    fn reason(&self) -> String {
        match self {
            Self::Refused { status, .. } => format!("the server responded with {status}"),
            Self::Unanswered { source, .. } => with_causes(source),
            Self::Unreadable(_) | Self::Unwritable(_) | Self::Uncompressable(_) => {
                with_causes(self)
            }
        }
    }
}

/// An attempt that failed, and the wait before the next one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retry {
    stage: &'static str,
    attempt: u32,
    attempts: u32,
    reason: String,
    wait: Duration,
}

impl fmt::Display for Retry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { stage, attempt, attempts, reason, wait } = self;
        write!(f, "{stage}: attempt {attempt} of {attempts} failed: {reason}; next try ")?;
        match wait.is_zero() {
            true => f.write_str("now"),
            false => write!(f, "in {wait:?}"),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    Preflight,
    EventUpload,
    RuleDownload,
    Postflight,
    Xsrf,
}

impl Stage {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Preflight => "preflight",
            Self::EventUpload => "eventupload",
            Self::RuleDownload => "ruledownload",
            Self::Postflight => "postflight",
            Self::Xsrf => "xsrf",
        }
    }
}

/// The XSRF token of a client, if it has fetched one.
///
/// The token is not saved in the client's file, because real clients keep it only in memory. Clones
/// share one token.
#[derive(Debug, Clone, Default)]
pub(crate) struct XsrfToken(Arc<Mutex<Option<(String, String)>>>);

impl PartialEq for XsrfToken {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl XsrfToken {
    fn header(&self) -> Option<(String, String)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn hold(&self, name: String, value: String) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((name, value));
    }
}

pub(crate) struct RequestSender<'a> {
    pub(crate) transport: &'a dyn Transport,
    pub(crate) profile: &'a Profile,
    pub(crate) version: Version,
    pub(crate) token: &'a XsrfToken,
    pub(crate) clock: &'a Clock,
    pub(crate) pace: Pace,
}

impl RequestSender<'_> {
    /// Sends a message until the status is 200, an error is final, or no attempts are left. Returns
    /// the decompressed body.
    pub(crate) async fn ask(&self, stage: Stage, message: &[u8]) -> Result<Vec<u8>, RequestError> {
        let encoding = self.profile.encoding(self.version);
        let body = protocol::encode(encoding, message).map_err(RequestError::Uncompressable)?;
        let headers = self.profile.headers(self.version, !body.is_empty());
        let path = self.profile.path(stage.name());
        let mut attempts = 1;
        loop {
            let mut headers = headers.clone();
            headers.extend(self.token.header());
            let answer = self.attempt(&path, &headers, &body, self.pace.timeout).await;
            let error = match answer.and_then(decoded) {
                Ok(HttpResponse { status: 200, body, .. }) => return Ok(body),
                Err(TransportError::CutOff { status: 200 })
                    if self.version.accepts_cut_bodies() =>
                {
                    return Ok(Vec::new());
                }
                Ok(HttpResponse { status, .. }) => RequestError::Refused { status, attempts },
                Err(source) => RequestError::Unanswered { attempts, source },
            };
            let most = self.version.attempts();
            if self.is_final(&error).await || attempts == most {
                return Err(error);
            }
            let wait = self.pace.second * self.version.seconds_after(attempts);
            self.transport.before_retry(&Retry {
                stage: stage.name(),
                attempt: attempts,
                attempts: most,
                reason: error.reason(),
                wait,
            });
            if !wait.is_zero() {
                self.clock.sleep(wait).await;
            }
            attempts += 1;
        }
    }

    /// Whether the client stops after this error. Fetches a missing token after a 403. Santa 2026.4
    /// and later stop after client errors (4xx), except 408, 429, and a 403 after which the token
    /// was fetched.
    async fn is_final(&self, error: &RequestError) -> bool {
        let RequestError::Refused { status, .. } = *error else { return false };
        let has_new_token =
            status == 403 && self.token.header().is_none() && self.fetch_token().await;
        let is_client_error = (400..500).contains(&status) && status != 408 && status != 429;
        is_client_error && self.version.gives_up_at_client_errors() && !has_new_token
    }

    /// Fetches an XSRF token. Returns true if the status is 200, even if the response contains no
    /// token.
    async fn fetch_token(&self) -> bool {
        let mut headers = self.profile.headers(self.version, false);
        headers.retain(|(name, _)| name != "Content-Type");
        let timeout = TOKEN_TIMEOUT.min(self.pace.timeout);
        let path = self.profile.path(Stage::Xsrf.name());
        let Ok(answer) = self.attempt(&path, &headers, &[], timeout).await else { return false };
        if answer.status != 200 {
            return false;
        }
        if let Some(value) = answer.header(TOKEN_HEADER) {
            let named = answer.header(TOKEN_HEADER_NAME);
            let name = named.filter(|_| self.version.renames_xsrf_header());
            self.token.hold(name.unwrap_or(TOKEN_HEADER).to_owned(), value.to_owned());
        }
        true
    }

    async fn attempt(
        &self,
        path: &str,
        headers: &[(String, String)],
        body: &[u8],
        timeout: Duration,
    ) -> Result<HttpResponse, TransportError> {
        let answer = self.clock.within(timeout, self.transport.post(path, headers, body)).await;
        answer.unwrap_or(Err(TransportError::TimedOut(timeout)))
    }
}

pub(crate) fn decoded(answer: HttpResponse) -> Result<HttpResponse, TransportError> {
    let damaged = |error: BodyError| TransportError::Failed(error.into());
    let encoding = answer.header("content-encoding").unwrap_or_default();
    let encoding: ContentEncoding = encoding.parse().map_err(damaged)?;
    if encoding == ContentEncoding::Identity {
        return Ok(answer);
    }
    let body = protocol::decode(encoding, &answer.body, LONGEST_ANSWER).map_err(damaged)?;
    let body = body.into_owned();
    Ok(HttpResponse { body, ..answer })
}

#[cfg(test)]
mod tests;
