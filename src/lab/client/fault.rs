//! What goes wrong between a client and its server: proxies and connections that change or lose a
//! part of an exchange.

use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;

use super::request::Stage;
use super::{Answer, Transport, TransportError};
use crate::protocol::{BodyError, ContentEncoding, decode};

/// The most bytes that a proxy decompresses.
const LONGEST_BODY: usize = 1 << 28;

/// One thing that goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The n-th page of rules, from 1, is cut off: status 200 arrives and the body does not.
    CutPage(usize),
    /// Every response is late.
    Delay(Duration),
    /// Requests lose their `Content-Encoding`.
    StripEncoding,
    /// Requests get the `Content-Encoding` of another encoding.
    FalsifyEncoding,
    /// Requests are decompressed, and keep their `Content-Encoding`.
    Decompress,
    /// The client gets another `SyncBaseURL`, so it forgets what its server set. It is no fault of
    /// a connection: [`Santa::change_server`](super::Santa::change_server) does it.
    ChangeUrl,
}

/// A text that is not a fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected cut-page=N, delay=SECONDS, strip-encoding, falsify-encoding, decompress or change-url"
)]
pub struct FaultError;

impl FromStr for Fault {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        match text.split_once('=') {
            Some(("cut-page", page)) => match page.parse() {
                Ok(page @ 1..) => Ok(Self::CutPage(page)),
                Ok(0) | Err(_) => Err(FaultError),
            },
            Some(("delay", seconds)) => match seconds.parse::<u32>() {
                Ok(seconds) => Ok(Self::Delay(Duration::from_secs(seconds.into()))),
                Err(_) => Err(FaultError),
            },
            Some(_) => Err(FaultError),
            None => match text {
                "strip-encoding" => Ok(Self::StripEncoding),
                "falsify-encoding" => Ok(Self::FalsifyEncoding),
                "decompress" => Ok(Self::Decompress),
                "change-url" => Ok(Self::ChangeUrl),
                _ => Err(FaultError),
            },
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CutPage(page) => write!(f, "cut-page={page}"),
            Self::Delay(time) => write!(f, "delay={}", time.as_secs()),
            Self::StripEncoding => f.write_str("strip-encoding"),
            Self::FalsifyEncoding => f.write_str("falsify-encoding"),
            Self::Decompress => f.write_str("decompress"),
            Self::ChangeUrl => f.write_str("change-url"),
        }
    }
}

/// A transport on which things go wrong.
#[derive(Debug)]
pub struct Faulty<T> {
    transport: T,
    faults: Vec<Fault>,
    /// Pages of rules that the server sent.
    pages: AtomicUsize,
}

impl<T> Faulty<T> {
    /// The transport with these faults, all at the same time.
    #[must_use]
    pub fn new(transport: T, faults: Vec<Fault>) -> Self {
        Self { transport, faults, pages: AtomicUsize::new(0) }
    }
}

type Headers = Vec<(String, String)>;

fn is_encoding(name: &str) -> bool {
    name.eq_ignore_ascii_case("content-encoding")
}

/// The name of another encoding.
fn falsified(encoding: &str) -> &'static str {
    if encoding.eq_ignore_ascii_case("gzip") { "deflate" } else { "gzip" }
}

/// A body as a proxy that decompresses it passes it on.
fn decompressed(headers: &Headers, body: Vec<u8>) -> Result<Vec<u8>, BodyError> {
    let encoding = headers.iter().find(|(name, _)| is_encoding(name));
    let encoding = encoding.map_or("", |(_, value)| value.as_str());
    let encoding: ContentEncoding = encoding.parse()?;
    Ok(decode(encoding, &body, LONGEST_BODY)?.into_owned())
}

#[async_trait]
impl<T: Transport> Transport for Faulty<T> {
    async fn post(
        &self,
        path: &str,
        headers: &[(String, String)],
        body: &[u8],
    ) -> Result<Answer, TransportError> {
        let (mut headers, mut body) = (headers.to_vec(), body.to_vec());
        for fault in &self.faults {
            match fault {
                Fault::StripEncoding => headers.retain(|(name, _)| !is_encoding(name)),
                Fault::FalsifyEncoding => {
                    let encodings = headers.iter_mut().filter(|(name, _)| is_encoding(name));
                    encodings.for_each(|(_, value)| *value = falsified(value).to_owned());
                }
                Fault::Decompress => {
                    body = decompressed(&headers, body)
                        .map_err(|error| TransportError::Failed(error.into()))?;
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
