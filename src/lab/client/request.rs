//! One request of a sync, with the patience of a real client.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::generation::{ANSWER_TIMEOUT, TOKEN_TIMEOUT, Version};
use super::{Answer, Clock, Profile, Transport, TransportError};
use crate::protocol::{self, BodyError, ContentEncoding, MessageError};

/// The most that an answer may unfold into. Real clients have no bound but their memory.
const LONGEST_ANSWER: usize = 1 << 28;

/// The header that an XSRF token comes in, and goes in unless the server names another.
const TOKEN_HEADER: &str = "X-XSRF-TOKEN";

/// The header in which a server names the header for its token.
const TOKEN_HEADER_NAME: &str = "X-XSRF-TOKEN-HEADER";

/// How patient a client is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// What a second of waiting between attempts lasts.
    pub second: Duration,
    /// How long an answer may take, body included.
    pub timeout: Duration,
}

impl Pace {
    /// That of a real client.
    pub const REAL: Self = Self { second: Duration::from_secs(1), timeout: ANSWER_TIMEOUT };

    /// Without waiting between attempts.
    pub const WITHOUT_BACKOFF: Self = Self { second: Duration::ZERO, ..Self::REAL };
}

/// Why a request was given up.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// The server's last answer was not 200.
    #[error("the server answered {status} (attempt {attempts})")]
    Refused {
        /// That answer's status.
        status: u16,
        /// How often the request was sent.
        attempts: u32,
    },
    /// There was no answer to the last attempt.
    #[error("no answer from the server (attempt {attempts})")]
    Unanswered {
        /// How often the request was sent.
        attempts: u32,
        /// What happened to the last attempt.
        source: TransportError,
    },
    /// The server answered 200 with something that clients can't read.
    #[error("the server's answer cannot be read")]
    Unreadable(#[source] MessageError),
    /// The request can't be written.
    #[error("the request cannot be written")]
    Unwritable(#[source] MessageError),
    /// The request can't be compressed.
    #[error("the request cannot be compressed")]
    Uncompressable(#[source] BodyError),
}

/// A stage of a sync.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    Preflight,
    EventUpload,
    RuleDownload,
    Postflight,
    Xsrf,
}

impl Stage {
    /// Its name in a request's path.
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

/// The token against forged requests that a client holds, if it was ever asked for one.
///
/// It is in the memory of a client's process, and no part of its state. Clones are the same.
#[derive(Debug, Clone, Default)]
pub(crate) struct XsrfToken(Arc<Mutex<Option<(String, String)>>>);

impl PartialEq for XsrfToken {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl XsrfToken {
    /// The header to send.
    fn header(&self) -> Option<(String, String)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn hold(&self, name: String, value: String) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((name, value));
    }
}

/// Santa's way to its server.
pub(crate) struct Line<'a> {
    pub(crate) transport: &'a dyn Transport,
    pub(crate) profile: &'a Profile,
    pub(crate) version: Version,
    pub(crate) token: &'a XsrfToken,
    pub(crate) clock: &'a Clock,
    pub(crate) pace: Pace,
}

impl Line<'_> {
    /// Sends a message to a stage until it is answered with 200 or there is no point in going
    /// on. The answer is out of its encoding.
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
                Ok(Answer { status: 200, body, .. }) => return Ok(body),
                Err(TransportError::CutOff { status: 200 })
                    if self.version.accepts_cut_bodies() =>
                {
                    return Ok(Vec::new());
                }
                Ok(Answer { status, .. }) => RequestError::Refused { status, attempts },
                Err(source) => RequestError::Unanswered { attempts, source },
            };
            if self.is_final(&error).await || attempts == self.version.attempts() {
                return Err(error);
            }
            let wait = self.pace.second * self.version.seconds_after(attempts);
            if !wait.is_zero() {
                self.clock.sleep(wait).await;
            }
            attempts += 1;
        }
    }

    /// Whether it is no use to try again after this. A client error won't get better, unless
    /// it is a timeout or too many requests, or the lack of a token that there is now.
    async fn is_final(&self, error: &RequestError) -> bool {
        let RequestError::Refused { status, .. } = *error else { return false };
        let has_new_token =
            status == 403 && self.token.header().is_none() && self.fetch_token().await;
        let is_client_error = (400..500).contains(&status) && status != 408 && status != 429;
        is_client_error && self.version.gives_up_at_client_errors() && !has_new_token
    }

    /// Asks for an XSRF token. Any answer of 200 will do, even one that brings none.
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
    ) -> Result<Answer, TransportError> {
        let answer = self.clock.within(timeout, self.transport.post(path, headers, body)).await;
        answer.unwrap_or(Err(TransportError::TimedOut(timeout)))
    }
}

/// An answer whose body is out of its encoding, as the system's URL loading takes it.
pub(crate) fn decoded(answer: Answer) -> Result<Answer, TransportError> {
    let damaged = |error: BodyError| TransportError::Failed(error.into());
    let encoding = answer.header("content-encoding").unwrap_or_default();
    let encoding: ContentEncoding = encoding.parse().map_err(damaged)?;
    if encoding == ContentEncoding::Identity {
        return Ok(answer);
    }
    let body = protocol::decode(encoding, &answer.body, LONGEST_ANSWER).map_err(damaged)?;
    let body = body.into_owned();
    Ok(Answer { body, ..answer })
}

#[cfg(test)]
mod tests;
