//! Simulated faults, such as requests with a wrong `Content-Encoding` and responses that are
//! delayed or cut off.

use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;

use super::request::Stage;
use super::{HttpResponse, Transport, TransportError};
use crate::protocol::{BodyError, ContentEncoding, decode};

/// Maximum decompressed bytes of a request.
const LONGEST_BODY: usize = 1 << 28;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The n-th response to a rule download is cut off: its status arrives, but its body does not.
    /// Responses are counted from 1, including responses to repeated requests.
    CutPage(usize),
    Delay(Duration),
    StripEncoding,
    /// The `Content-Encoding` of requests is replaced with the name of another encoding.
    FalsifyEncoding,
    /// Requests are decompressed, but keep their `Content-Encoding`.
    Decompress,
    /// The client's `SyncBaseURL` changes: see
    /// [`Santa::change_server`](super::Santa::change_server). [`Faulty`] ignores this fault.
    ChangeUrl,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected cut-page=N, delay=SECONDS, strip-encoding, falsify-encoding, decompress or change-url"
)]
pub struct FaultError;

/// The faults without a value, and their names.
const NAMES: [(Fault, &str); 4] = [
    (Fault::StripEncoding, "strip-encoding"),
    (Fault::FalsifyEncoding, "falsify-encoding"),
    (Fault::Decompress, "decompress"),
    (Fault::ChangeUrl, "change-url"),
];

impl FromStr for Fault {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        let fault = match text.split_once('=') {
            Some(("cut-page", page)) => {
                page.parse::<usize>().ok().filter(|&n| n > 0).map(Self::CutPage)
            }
            Some(("delay", seconds)) => {
                let seconds = seconds.parse::<u32>().ok();
                seconds.map(|seconds| Self::Delay(Duration::from_secs(seconds.into())))
            }
            Some(_) => None,
            None => NAMES.iter().find(|(_, name)| *name == text).map(|(fault, _)| *fault),
        };
        fault.ok_or(FaultError)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CutPage(page) => write!(f, "cut-page={page}"),
            Self::Delay(time) => write!(f, "delay={}", time.as_secs()),
            _ => {
                let name = NAMES.iter().find(|(fault, _)| fault == self);
                f.write_str(name.map_or("", |(_, name)| name))
            }
        }
    }
}

#[derive(Debug)]
pub struct Faulty<T> {
    transport: T,
    faults: Vec<Fault>,
    /// The number of responses to rule downloads so far.
    pages: AtomicUsize,
}

impl<T> Faulty<T> {
    pub fn new(transport: T, faults: Vec<Fault>) -> Self {
        Self { transport, faults, pages: AtomicUsize::new(0) }
    }
}

fn is_encoding(name: &str) -> bool {
    name.eq_ignore_ascii_case("content-encoding")
}

fn falsified(encoding: &str) -> &'static str {
    if encoding.eq_ignore_ascii_case("gzip") { "deflate" } else { "gzip" }
}

/// The body of a request or a response, decompressed according to its headers.
///
/// # Errors
/// [`TransportError::Failed`] when the encoding is unknown or the body is damaged or too large.
pub fn decompressed(headers: &[(String, String)], body: &[u8]) -> Result<Vec<u8>, TransportError> {
    let damaged = |error: BodyError| TransportError::Failed(error.into());
    let encoding = headers.iter().find(|(name, _)| is_encoding(name));
    let encoding = encoding.map_or("", |(_, value)| value.as_str());
    let encoding: ContentEncoding = encoding.parse().map_err(damaged)?;
    Ok(decode(encoding, body, LONGEST_BODY).map_err(damaged)?.into_owned())
}

#[async_trait]
impl<T: Transport> Transport for Faulty<T> {
    async fn post(
        &self,
        path: &str,
        headers: &[(String, String)],
        body: &[u8],
    ) -> Result<HttpResponse, TransportError> {
        let (mut headers, mut body) = (headers.to_vec(), body.to_vec());
        for fault in &self.faults {
            match fault {
                Fault::StripEncoding => headers.retain(|(name, _)| !is_encoding(name)),
                Fault::FalsifyEncoding => {
                    let encodings = headers.iter_mut().filter(|(name, _)| is_encoding(name));
                    encodings.for_each(|(_, value)| *value = falsified(value).to_owned());
                }
                Fault::Decompress => {
                    body = decompressed(&headers, &body)?;
                }
                Fault::CutPage(_) | Fault::Delay(_) | Fault::ChangeUrl => {}
            }
        }
        let answer = self.transport.post(path, &headers, &body).await?;
        let page = path
            .starts_with(Stage::RuleDownload.name())
            .then(|| self.pages.fetch_add(1, Ordering::SeqCst) + 1);
        for fault in &self.faults {
            match fault {
                Fault::CutPage(cut) if page == Some(*cut) => {
                    return Err(TransportError::CutOff { status: answer.status });
                }
                Fault::Delay(time) => tokio::time::sleep(*time).await,
                Fault::CutPage(_)
                | Fault::StripEncoding
                | Fault::FalsifyEncoding
                | Fault::Decompress
                | Fault::ChangeUrl => {}
            }
        }
        Ok(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn w7_a_fault_is_read_back_from_its_name() {
        for name in [
            "cut-page=2",
            "delay=31",
            "strip-encoding",
            "falsify-encoding",
            "decompress",
            "change-url",
        ] {
            assert_eq!(name.parse::<Fault>().unwrap().to_string(), name);
        }
        for name in ["", "cut-page", "cut-page=0", "delay=x", "decompress=1", "cut"] {
            assert_eq!(name.parse::<Fault>(), Err(FaultError), "{name}");
        }
    }
}
