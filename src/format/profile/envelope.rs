//! The CMS envelope of a signed profile (RFC 5652). Some tools use indefinite lengths and split the
//! profile into several parts, which BER allows and DER does not.

use bcder::decode::{Constructed, Content, DecodeError, SliceSource, Source};
use bcder::{Captured, Mode, Oid, Tag};
use bytes::Bytes;

/// Maximum characters of a name that are shown.
const SHOWN: usize = 64;

pub(super) struct Signed {
    pub(super) content: Vec<u8>,
    /// The name in the first signer's certificate, if the certificate is found and has a name.
    pub(super) signer: Option<String>,
}

/// Extracts the profile. The signature is not checked.
///
/// # Errors
/// If the data is damaged, or contains only a signature. The message follows the file's name.
pub(super) fn open(bytes: &[u8]) -> Result<Signed, &'static str> {
    let content =
        decode(bytes, content).map_err(|_| "is a damaged signed profile; it may be incomplete")?;
    let content = content.ok_or("is a signature without its profile")?;
    let signer = decode(bytes, signer).ok().flatten();
    Ok(Signed { content, signer })
}

type Decoded<T, S> = Result<T, DecodeError<<S as Source>::Error>>;

/// Calls `read` with the signed data that follows the version and the digest algorithms.
fn decode<'b, T>(
    bytes: &'b [u8],
    read: impl FnOnce(&mut Constructed<'_, SliceSource<'b>>) -> Decoded<T, SliceSource<'b>>,
) -> Decoded<T, SliceSource<'b>> {
    Constructed::decode(SliceSource::new(bytes), Mode::Ber, |file| {
        file.take_sequence(|info| {
            info.take_primitive_if(Tag::OID, |kind| kind.skip_all())?;
            info.take_constructed_if(Tag::CTX_0, |wrapped| {
                wrapped.take_sequence(|data| {
                    data.take_primitive_if(Tag::INTEGER, |version| version.skip_all())?;
                    data.take_set(skip)?;
                    let found = read(data)?;
                    skip(data)?;
                    Ok(found)
                })
            })
        })
    })
}

/// Skips all remaining values. `skip_all` fails at the end of a value with an indefinite length.
fn skip<S: Source>(rest: &mut Constructed<'_, S>) -> Decoded<(), S> {
    while rest.skip_opt(|_, _, _| Ok(()))?.is_some() {}
    Ok(())
}

fn content<S: Source>(data: &mut Constructed<'_, S>) -> Decoded<Option<Vec<u8>>, S> {
    data.take_sequence(|inner| {
        inner.take_primitive_if(Tag::OID, |kind| kind.skip_all())?;
        inner.take_opt_constructed_if(Tag::CTX_0, |wrapped| {
            wrapped.take_value_if(Tag::OCTET_STRING, |content| {
                let mut bytes = Vec::new();
                match content {
                    Content::Primitive(whole) => bytes.extend(whole.take_all()?),
                    Content::Constructed(parts) => {
                        let take = |part: &mut bcder::decode::Primitive<'_, S>| part.take_all();
                        while let Some(part) =
                            parts.take_opt_primitive_if(Tag::OCTET_STRING, take)?
                        {
                            bytes.extend(part);
                        }
                    }
                }
                Ok(bytes)
            })
        })
    })
}

/// The key by which a signer refers to its certificate.
struct Key {
    issuer: Captured,
    serial: Bytes,
}

fn signer<S: Source>(data: &mut Constructed<'_, S>) -> Decoded<Option<String>, S> {
    data.take_sequence(skip)?;
    let certificates = data.take_opt_constructed_if(Tag::CTX_0, certificates)?.unwrap_or_default();
    data.take_opt_constructed_if(Tag::CTX_1, skip)?;
    let key = data.take_set(|signers| {
        let first = signers.take_opt_sequence(|signer| {
            signer.take_primitive_if(Tag::INTEGER, |version| version.skip_all())?;
            let key = signer.take_opt_sequence(|id| {
                let issuer = id.capture_one()?;
                let serial = id.take_primitive_if(Tag::INTEGER, |serial| serial.take_all())?;
                Ok(Key { issuer, serial })
            })?;
            skip(signer)?;
            Ok(key)
        })?;
        skip(signers)?;
        Ok(first.flatten())
    })?;
    let is_signer = |other: &Key| {
        key.as_ref().is_some_and(|key| {
            key.serial == other.serial && key.issuer.as_slice() == other.issuer.as_slice()
        })
    };
    Ok(certificates.into_iter().find(|(other, _)| is_signer(other)).and_then(|(_, name)| name))
}

/// The keys of the certificates, each with the name of the certificate's subject.
fn certificates<S: Source>(set: &mut Constructed<'_, S>) -> Decoded<Vec<(Key, Option<String>)>, S> {
    let mut found = Vec::new();
    while let Some(certificate) = set.take_opt_value(|tag, content| match content {
        Content::Constructed(certificate) if tag == Tag::SEQUENCE => {
            let named = certificate.take_sequence(named)?;
            skip(certificate)?;
            Ok(Some(named))
        }
        Content::Constructed(other) => skip(other).map(|()| None),
        Content::Primitive(other) => other.skip_all().map(|()| None),
    })? {
        found.extend(certificate);
    }
    Ok(found)
}

fn named<S: Source>(certificate: &mut Constructed<'_, S>) -> Decoded<(Key, Option<String>), S> {
    certificate.take_opt_constructed_if(Tag::CTX_0, skip)?;
    let serial = certificate.take_primitive_if(Tag::INTEGER, |serial| serial.take_all())?;
    certificate.take_sequence(skip)?;
    let issuer = certificate.capture_one()?;
    certificate.take_sequence(skip)?;
    let name = certificate.take_sequence(subject)?;
    skip(certificate)?;
    Ok((Key { issuer, serial }, name))
}

const COMMON_NAME: &[u8] = &[0x55, 4, 3];
const ORGANIZATION: &[u8] = &[0x55, 4, 10];

/// The common name of a subject, or else its organization.
fn subject<S: Source>(name: &mut Constructed<'_, S>) -> Decoded<Option<String>, S> {
    let mut found: Option<(bool, String)> = None;
    while let Some(()) = name.take_opt_set(|parts| {
        while let Some((kind, value)) = parts.take_opt_sequence(|part| {
            let kind = Oid::take_from(part)?;
            let value = part.take_value(|tag, content| match content {
                Content::Primitive(value) => Ok(text(tag, &value.take_all()?)),
                Content::Constructed(other) => skip(other).map(|()| String::new()),
            })?;
            Ok((kind, value))
        })? {
            let is_name = kind.as_ref() == COMMON_NAME;
            let is_wanted = match found {
                None => is_name || kind.as_ref() == ORGANIZATION,
                Some((has_name, _)) => is_name && !has_name,
            };
            if is_wanted && !value.is_empty() {
                found = Some((is_name, value));
            }
        }
        Ok(())
    })? {}
    Ok(found.map(|(_, value)| value))
}

fn text(tag: Tag, bytes: &[u8]) -> String {
    let text = match tag == Tag::BMP_STRING {
        true => {
            let units = bytes.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
            char::decode_utf16(units).map(|it| it.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
        }
        false => String::from_utf8_lossy(bytes).into_owned(),
    };
    text.chars().take(SHOWN).collect()
}
