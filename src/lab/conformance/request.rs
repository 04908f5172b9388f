//! Requests, byte by byte.

use std::fmt;
use std::io::{self, Read};
use std::str::FromStr;

use flate2::Compression;
use flate2::read::{DeflateEncoder, GzEncoder, ZlibEncoder};

use super::stop::Stop;

pub(super) const JSON: &str = "application/json";
pub(super) const PROTOBUF: &str = "application/x-protobuf";
/// The content type that Santa 2024.6 and 2024.7 send for both formats.
pub(super) const OCTETS: &str = "application/octet-stream";

/// The values of `SyncClientContentEncoding`, which decides how a client compresses bodies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyEncoding {
    /// A zlib container, the default.
    Deflate,
    Gzip,
    None,
}

impl BodyEncoding {
    /// All encodings, in the order in which they are tried.
    pub const ALL: [Self; 3] = [Self::Deflate, Self::Gzip, Self::None];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Deflate => "deflate",
            Self::Gzip => "gzip",
            Self::None => "none",
        }
    }
}

impl fmt::Display for BodyEncoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for BodyEncoding {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|encoding| encoding.name() == text);
        found.ok_or_else(|| "expected deflate, gzip or none".to_owned())
    }
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Packing {
    /// A zlib container, which clients call `deflate`.
    Zlib,
    /// Deflate without a container.
    RawDeflate,
    Gzip,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Request {
    pub(super) stage: &'static str,
    /// The machine ID exactly as in the path, including any percent-encoding.
    pub(super) machine: String,
    pub(super) agent: String,
    pub(super) kind: Option<&'static str>,
    pub(super) encoding: Option<&'static str>,
    /// Whether the body is sent unchanged instead of in the encoding of the run.
    pub(super) is_exact: bool,
    pub(super) accepts: Option<&'static str>,
    pub(super) body: Vec<u8>,
}

impl Request {
    /// Sends this content type, or no content type.
    pub(super) fn typed(mut self, kind: Option<&'static str>) -> Self {
        self.kind = kind;
        self
    }

    /// Sends a different machine ID in the path.
    pub(super) fn to(mut self, machine: impl Into<String>) -> Self {
        self.machine = machine.into();
        self
    }

    pub(super) fn accepting(mut self, encodings: &'static str) -> Self {
        self.accepts = Some(encodings);
        self
    }

    /// Compresses the body and sends this `Content-Encoding`.
    pub(super) fn packed(mut self, packing: Packing, name: &'static str) -> Result<Self, Stop> {
        let impossible = |error: io::Error| {
            Stop::not_applicable(format!(
                "cannot encode the body: \
            {error}"
            ))
        };
        self.body = pack(packing, &*self.body).map_err(impossible)?;
        self.encoding = Some(name);
        self.is_exact = true;
        Ok(self)
    }

    pub(super) fn plain(mut self) -> Self {
        self.is_exact = true;
        self
    }

    /// Compresses the body as `encoding` specifies, unless the body is empty or already in its
    /// final form.
    pub(super) fn in_encoding(mut self, encoding: BodyEncoding) -> io::Result<Self> {
        let packing = match encoding {
            BodyEncoding::Deflate => Packing::Zlib,
            BodyEncoding::Gzip => Packing::Gzip,
            BodyEncoding::None => return Ok(self),
        };
        if !self.is_exact && !self.body.is_empty() {
            self.body = pack(packing, &*self.body)?;
            self.encoding = Some(encoding.name());
        }
        Ok(self)
    }

    pub(super) fn cut_in_half(mut self) -> Self {
        self.body.truncate(self.body.len() / 2);
        self
    }

    /// Sends an already compressed body, and this `Content-Encoding`.
    pub(super) fn with_packed(mut self, body: Vec<u8>, name: &'static str) -> Self {
        self.body = body;
        self.encoding = Some(name);
        self.is_exact = true;
        self
    }

    pub(super) fn with(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }
}

pub(super) fn pack(packing: Packing, body: impl Read) -> io::Result<Vec<u8>> {
    let (level, mut packed) = (Compression::default(), Vec::new());
    match packing {
        Packing::Zlib => ZlibEncoder::new(body, level).read_to_end(&mut packed)?,
        Packing::RawDeflate => DeflateEncoder::new(body, level).read_to_end(&mut packed)?,
        Packing::Gzip => GzEncoder::new(body, level).read_to_end(&mut packed)?,
    };
    Ok(packed)
}
