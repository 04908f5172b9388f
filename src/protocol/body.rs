//! Compression of the bodies of requests and responses.

use std::borrow::Cow;
use std::fmt;
use std::io::{self, Write};
use std::str::FromStr;

use flate2::write::{GzEncoder, ZlibEncoder};
use flate2::{Compression, Decompress, FlushDecompress, Status};
use serde::{Deserialize, Serialize};

/// The base-two logarithm of the largest window that zlib and gzip data can have.
const WINDOW_BITS: u8 = 15;

/// The first byte of zlib data with the largest window, which compressors use by default.
const ZLIB: u8 = 0x78;

/// Maximum bytes that one step of the decompression produces.
const CHUNK: usize = 16 * 1024;

/// The compression of a body, as in the `Content-Encoding` header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ContentEncoding {
    /// No compression. No `Content-Encoding` header is sent.
    #[serde(alias = "none")]
    Identity,
    /// `deflate`: a zlib container, Santa's default. Raw deflate data are accepted, too, because
    /// some third-party clients send them.
    #[default]
    Deflate,
    Gzip,
}

impl ContentEncoding {
    /// The value of the header, or `None` if no header is sent.
    pub fn header(self) -> Option<&'static str> {
        match self {
            Self::Identity => None,
            Self::Deflate => Some("deflate"),
            Self::Gzip => Some("gzip"),
        }
    }
}

impl fmt::Display for ContentEncoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.header().unwrap_or("identity"))
    }
}

impl FromStr for ContentEncoding {
    type Err = BodyError;

    fn from_str(header: &str) -> Result<Self, BodyError> {
        match header.trim().to_ascii_lowercase().as_str() {
            "" | "identity" | "none" => Ok(Self::Identity),
            // Clients up to 1.14 send `zlib`, and clients up to 2023.3 send it if configured.
            "deflate" | "zlib" => Ok(Self::Deflate),
            "gzip" | "x-gzip" => Ok(Self::Gzip),
            _ => Err(BodyError::UnknownEncoding(header.to_owned())),
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    #[error("unknown content encoding {0:?}")]
    UnknownEncoding(String),
    #[error("body is longer than {limit} bytes")]
    TooLarge {
        /// The maximum number of bytes after decompression.
        limit: usize,
    },
    #[error("{0} body is cut off")]
    Truncated(ContentEncoding),
    #[error("{0} body is followed by other data")]
    TrailingData(ContentEncoding),
    #[error("{encoding} body is damaged")]
    Damaged { encoding: ContentEncoding, source: flate2::DecompressError },
    #[error("cannot compress the body")]
    Compress(#[from] io::Error),
}

/// Decompresses a body. Returns [`BodyError::TooLarge`] if the result has more than `limit` bytes.
/// An empty body stays empty in every encoding, because clients do not compress empty bodies.
pub fn decode(
    encoding: ContentEncoding,
    body: &[u8],
    limit: usize,
) -> Result<Cow<'_, [u8]>, BodyError> {
    let inflater = match encoding {
        ContentEncoding::Deflate if !body.is_empty() => Decompress::new(is_zlib(body)),
        ContentEncoding::Gzip if !body.is_empty() => Decompress::new_gzip(WINDOW_BITS),
        ContentEncoding::Identity | ContentEncoding::Deflate | ContentEncoding::Gzip => {
            if body.len() > limit {
                return Err(BodyError::TooLarge { limit });
            }
            return Ok(Cow::Borrowed(body));
        }
    };
    inflate(inflater, encoding, body, limit).map(Cow::Owned)
}

/// The encoding of a request's body. The first bytes of a gzip or zlib body take precedence over
/// the header, because a proxy may have changed the body or its `Content-Encoding`. Other bodies
/// are raw deflate or not compressed, depending on the header.
///
/// The result `Deflate` may be wrong, for example for protobuf that begins like zlib. In that case,
/// [`decode_request`] does not decompress the body.
///
/// # Errors
///
/// When neither the header nor the first bytes identify the encoding.
pub fn found_encoding(header: &str, body: &[u8]) -> Result<ContentEncoding, BodyError> {
    if is_gzip(body) {
        return Ok(ContentEncoding::Gzip);
    }
    if is_zlib(body) {
        return Ok(ContentEncoding::Deflate);
    }
    match header.parse() {
        Ok(ContentEncoding::Deflate) => Ok(ContentEncoding::Deflate),
        Ok(ContentEncoding::Identity | ContentEncoding::Gzip) => Ok(ContentEncoding::Identity),
        Err(_) if is_json(body) => Ok(ContentEncoding::Identity),
        Err(error) => Err(error),
    }
}

/// Decompresses the body of a request. The encoding is detected as in [`found_encoding`]. The limit
/// applies as in [`decode`].
///
/// # Errors
///
/// When the encoding is unknown, the result is too long, or the body is certainly compressed but
/// the compressed data are invalid.
pub fn decode_request<'a>(
    header: &str,
    body: &'a [u8],
    limit: usize,
) -> Result<Cow<'a, [u8]>, BodyError> {
    if body.is_empty() {
        return Ok(Cow::Borrowed(body));
    }
    let found = found_encoding(header, body)?;
    let is_named = header.parse().is_ok_and(|named: ContentEncoding| named == found);
    // A body that seems to be `Deflate` may be plain. A proxy may have decompressed the body and
    // kept the header, or the body may be protobuf that begins like zlib.
    let is_zlib_for_certain = is_named && is_zlib(body) && body.first() == Some(&ZLIB);
    let may_be_plain = found == ContentEncoding::Deflate && !is_zlib_for_certain;
    match decode(found, body, limit) {
        Err(error) if may_be_plain && !matches!(error, BodyError::TooLarge { .. }) => {
            decode(ContentEncoding::Identity, body, limit)
        }
        decoded => decoded,
    }
}

/// Whether a body begins like gzip (RFC 1952).
fn is_gzip(body: &[u8]) -> bool {
    matches!(body, [0x1f] | [0x1f, 0x8b, ..])
}

fn is_json(body: &[u8]) -> bool {
    body.trim_ascii_start().first() == Some(&b'{')
}

/// Whether a body begins like a zlib container (RFC 1950). The lower half of the first byte is 8,
/// the number of the compression method. The first two bytes, read as one number, are a multiple of
/// 31.
fn is_zlib(body: &[u8]) -> bool {
    match *body {
        [method] => method & 0x0f == 8,
        [method, flags, ..] => {
            method & 0x0f == 8 && u16::from_be_bytes([method, flags]).is_multiple_of(31)
        }
        [] => false,
    }
}

/// An empty body stays empty.
pub fn encode(encoding: ContentEncoding, body: &[u8]) -> Result<Cow<'_, [u8]>, BodyError> {
    if body.is_empty() {
        return Ok(Cow::Borrowed(body));
    }
    match encoding {
        ContentEncoding::Identity => Ok(Cow::Borrowed(body)),
        ContentEncoding::Deflate => {
            let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
            encoder.write_all(body)?;
            Ok(Cow::Owned(encoder.finish()?))
        }
        ContentEncoding::Gzip => {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
            encoder.write_all(body)?;
            Ok(Cow::Owned(encoder.finish()?))
        }
    }
}

/// Decompresses exactly one stream, which must end at the last byte of `body`.
///
/// The readers of `flate2` are not used because some of them accept a stream that is cut off.
fn inflate(
    mut inflater: Decompress,
    encoding: ContentEncoding,
    body: &[u8],
    limit: usize,
) -> Result<Vec<u8>, BodyError> {
    let mut message = Vec::new();
    let mut chunk = [0; CHUNK];
    let mut rest = body;
    loop {
        let (read, written) = (inflater.total_in(), inflater.total_out());
        let status = inflater
            .decompress(rest, &mut chunk, FlushDecompress::None)
            .map_err(|source| BodyError::Damaged { encoding, source })?;
        let consumed = (inflater.total_in() - read) as usize;
        let produced = (inflater.total_out() - written) as usize;
        rest = &rest[consumed..];
        append(&mut message, &chunk[..produced], limit)?;
        match status {
            Status::StreamEnd if rest.is_empty() => return Ok(message),
            Status::StreamEnd => return Err(BodyError::TrailingData(encoding)),
            Status::Ok | Status::BufError if consumed == 0 && produced == 0 => {
                return Err(BodyError::Truncated(encoding));
            }
            Status::Ok | Status::BufError => {}
        }
    }
}

/// Appends a chunk if the result is within the limit. The buffer's capacity also stays within the
/// limit.
fn append(message: &mut Vec<u8>, chunk: &[u8], limit: usize) -> Result<(), BodyError> {
    let length = message.len() + chunk.len();
    if length > limit {
        return Err(BodyError::TooLarge { limit });
    }
    if message.capacity() < length {
        let capacity = length.max(message.capacity() * 2).min(limit);
        message.reserve_exact(capacity - message.len());
    }
    message.extend_from_slice(chunk);
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const COMPRESSED: [ContentEncoding; 2] = [ContentEncoding::Deflate, ContentEncoding::Gzip];
    const LIMIT: usize = 1 << 20;

    fn packed(encoding: ContentEncoding, body: &[u8]) -> Vec<u8> {
        encode(encoding, body).unwrap().into_owned()
    }

    #[test]
    fn headers_name_the_encodings_whatever_their_case() {
        let cases = [
            ("deflate", ContentEncoding::Deflate),
            ("zlib", ContentEncoding::Deflate),
            (" GZIP ", ContentEncoding::Gzip),
            ("", ContentEncoding::Identity),
            ("identity", ContentEncoding::Identity),
        ];
        for (header, encoding) in cases {
            assert_eq!(header.parse::<ContentEncoding>().unwrap(), encoding, "{header:?}");
        }
        assert!(matches!("br".parse::<ContentEncoding>(), Err(BodyError::UnknownEncoding(_))));
    }

    #[test]
    fn deflate_is_a_zlib_container_as_clients_send_it() {
        assert_eq!(packed(ContentEncoding::Deflate, b"{}")[..2], [0x78, 0x9c]);
        assert_eq!(packed(ContentEncoding::Gzip, b"{}")[..2], [0x1f, 0x8b]);
    }

    #[test]
    fn a_zlib_body_made_elsewhere_is_read() {
        let body = b"\x78\x9c\xab\xae\x05\x00\x01\x75\x00\xf9";
        assert_eq!(&*decode(ContentEncoding::Deflate, body, LIMIT).unwrap(), b"{}");
    }

    #[test]
    fn raw_deflate_data_are_read_too() {
        let body = b"\xab\xae\x05\x00";
        assert_eq!(&*decode(ContentEncoding::Deflate, body, LIMIT).unwrap(), b"{}");
    }

    #[test]
    fn an_empty_body_is_empty_in_every_encoding() {
        for encoding in [ContentEncoding::Identity, ContentEncoding::Deflate, ContentEncoding::Gzip]
        {
            assert!(decode(encoding, b"", LIMIT).unwrap().is_empty());
            assert!(encode(encoding, b"").unwrap().is_empty());
        }
    }

    #[test]
    fn a_body_cut_off_anywhere_is_refused() {
        for encoding in COMPRESSED {
            let body = packed(encoding, b"{\"machine_id\":\"M1\"}");
            for length in 1..body.len() {
                let result = decode(encoding, &body[..length], LIMIT);
                assert!(matches!(result, Err(BodyError::Truncated(_))), "{encoding} at {length}");
            }
        }
    }

    #[test]
    fn a_body_with_bytes_after_the_stream_is_refused() {
        for encoding in COMPRESSED {
            let mut body = packed(encoding, b"{}");
            body.push(b'\n');
            let result = decode(encoding, &body, LIMIT);
            assert!(matches!(result, Err(BodyError::TrailingData(_))), "{encoding}");
        }
    }

    #[test]
    fn a_body_with_a_flipped_bit_is_refused() {
        for encoding in COMPRESSED {
            let mut body = packed(encoding, b"{\"machine_id\":\"M1\"}");
            let last = body.len() - 6;
            body[last] ^= 1;
            assert!(decode(encoding, &body, LIMIT).is_err(), "{encoding}");
        }
        assert!(decode(ContentEncoding::Deflate, b"{\"plain\":1}", LIMIT).is_err());
    }

    #[test]
    fn w6_the_first_bytes_decide_whatever_the_header_says() {
        const PLAIN: &[u8] = br#"{"machine_id":"M1"}"#;
        let raw = {
            let mut encoder =
                flate2::write::DeflateEncoder::new(Vec::new(), Compression::default());
            encoder.write_all(PLAIN).unwrap();
            encoder.finish().unwrap()
        };
        let (zlib, gzip) = (packed(COMPRESSED[0], PLAIN), packed(COMPRESSED[1], PLAIN));
        for header in ["", "identity", "deflate", "zlib", "gzip", "br"] {
            for body in [PLAIN, &zlib, &gzip] {
                let decoded = decode_request(header, body, LIMIT).unwrap();
                assert_eq!(&*decoded, PLAIN, "{header:?} {body:x?}");
            }
        }
        assert_eq!(&*decode_request("deflate", &raw, LIMIT).unwrap(), PLAIN);
        assert!(matches!(decode_request("br", &raw, LIMIT), Err(BodyError::UnknownEncoding(_))));
    }

    #[test]
    fn w6_protobuf_that_begins_like_zlib_is_read_as_it_is() {
        // A postflight with 29 rules received (field 1) and 29 rules processed (field 2).
        let body = [0x08, 0x1d, 0x10, 0x1d];
        assert!(is_zlib(&body));
        for header in ["", "deflate", "gzip"] {
            assert_eq!(&*decode_request(header, &body, LIMIT).unwrap(), body, "{header:?}");
        }
    }

    #[test]
    fn w6_a_bomb_without_a_header_is_refused_at_the_limit() {
        let zeros = vec![0; 8 << 20];
        for encoding in COMPRESSED {
            let bomb = packed(encoding, &zeros);
            for header in ["", "deflate", "gzip", "br"] {
                let result = decode_request(header, &bomb, LIMIT);
                assert!(matches!(result, Err(BodyError::TooLarge { limit: LIMIT })), "{header}");
            }
        }
        let long = vec![b'{'; LIMIT + 1];
        for header in ["", "deflate", "gzip"] {
            let result = decode_request(header, &long, LIMIT);
            assert!(matches!(result, Err(BodyError::TooLarge { .. })), "{header}");
        }
    }

    #[test]
    fn w6_a_compressed_body_that_was_cut_off_is_no_plain_one() {
        for (encoding, header) in COMPRESSED.into_iter().zip(["deflate", "gzip"]) {
            let body = packed(encoding, br#"{"machine_id":"M1"}"#);
            for length in 2..body.len() {
                assert!(decode_request(header, &body[..length], LIMIT).is_err(), "{length}");
            }
        }
    }

    #[test]
    fn decompression_stops_at_the_limit() {
        let zeros = vec![0; 8 << 20];
        for encoding in COMPRESSED {
            let bomb = packed(encoding, &zeros);
            assert!(bomb.len() < 16 << 10);
            let result = decode(encoding, &bomb, LIMIT);
            assert!(matches!(result, Err(BodyError::TooLarge { limit: LIMIT })), "{encoding}");
        }
    }

    #[test]
    fn the_limit_itself_is_allowed() {
        let body = vec![b' '; LIMIT];
        for encoding in [ContentEncoding::Identity, ContentEncoding::Deflate, ContentEncoding::Gzip]
        {
            let sent = packed(encoding, &body);
            assert_eq!(decode(encoding, &sent, LIMIT).unwrap().len(), LIMIT);
            assert!(matches!(decode(encoding, &sent, LIMIT - 1), Err(BodyError::TooLarge { .. })));
        }
    }

    #[test]
    fn the_buffer_never_grows_past_the_limit() {
        let mut message = Vec::new();
        for _ in 0..100 {
            append(&mut message, &[0; 1000], 100_000).unwrap();
            assert!(message.capacity() <= 100_000);
        }
        assert!(append(&mut message, &[0], 100_000).is_err());
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded(body in prop::collection::vec(any::<u8>(), 0..5_000)) {
            for encoding in COMPRESSED {
                let sent = encode(encoding, &body).unwrap();
                prop_assert_eq!(&*decode(encoding, &sent, LIMIT).unwrap(), &body[..]);
            }
        }

        #[test]
        fn no_bytes_make_decoding_panic(body in prop::collection::vec(any::<u8>(), 0..200)) {
            for encoding in COMPRESSED {
                // Random bytes may be a valid stream, so both results are correct.
                prop_assert!(decode(encoding, &body, 1000).is_ok_and(|m| m.len() <= 1000)
                    || decode(encoding, &body, 1000).is_err());
            }
        }
    }
}
