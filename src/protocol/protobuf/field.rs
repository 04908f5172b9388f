//! Reads and writes each type of field. Outside an `Option`, a default value means the same as an
//! absent field, and is not written.

use prost::decode_length_delimiter;
use prost::encoding::{
    WireType, check_wire_type, decode_varint, encode_key, encode_varint, encoded_len_varint,
};

use std::borrow::Cow;

use super::super::event::EntitlementInfo;
use super::super::lenient::{Listed, MAX_TEXTS};
use super::super::preflight::{MediaPolicy, MediaPolicyCases, RemountCase};
use super::super::rule::Rule;
use super::super::words::{Open, Word};
use super::{Fields, ProtobufError, merge};

/// Maximum rules that the simulated client reads from one page in protobuf.
const MAX_RULES: usize = 5_000_000;

type Read = Result<(), ProtobufError>;

pub(in super::super) trait Field {
    fn write(&self, number: u32, to: &mut Vec<u8>);

    /// Reads one occurrence of the field. The caller has already read the field's key.
    fn read(&mut self, number: u32, wire: WireType, from: &mut &[u8]) -> Read;
}

fn write_number(field: u32, number: u64, to: &mut Vec<u8>) {
    encode_key(field, WireType::Varint, to);
    encode_varint(number, to);
}

fn read_number(wire: WireType, from: &mut &[u8]) -> Result<u64, ProtobufError> {
    check_wire_type(WireType::Varint, wire)?;
    Ok(decode_varint(from)?)
}

fn write_bytes(field: u32, bytes: &[u8], to: &mut Vec<u8>) {
    encode_key(field, WireType::LengthDelimited, to);
    encode_varint(bytes.len() as u64, to);
    to.extend_from_slice(bytes);
}

fn read_bytes<'a>(
    field: u32,
    wire: WireType,
    from: &mut &'a [u8],
) -> Result<&'a [u8], ProtobufError> {
    check_wire_type(WireType::LengthDelimited, wire)?;
    let length = decode_length_delimiter(&mut *from)?;
    let (bytes, rest) = from.split_at_checked(length).ok_or(ProtobufError::CutOff(field))?;
    *from = rest;
    Ok(bytes)
}

/// Reads a string, and removes the NUL characters that some clients use as padding.
fn read_text(field: u32, wire: WireType, from: &mut &[u8]) -> Result<String, ProtobufError> {
    let bytes = read_bytes(field, wire, from)?;
    let text = std::str::from_utf8(bytes).map_err(|_| ProtobufError::NotText(field))?;
    Ok(text.replace('\0', ""))
}

/// Appends a field that is a message. One byte is reserved for the length. If the length needs more
/// bytes, the message is moved.
fn write_message(field: u32, message: &impl Fields, to: &mut Vec<u8>) {
    encode_key(field, WireType::LengthDelimited, to);
    let start = to.len();
    to.push(0);
    message.write_fields(to);
    let length = (to.len() - start - 1) as u64;
    let mut prefix = Vec::with_capacity(encoded_len_varint(length));
    encode_varint(length, &mut prefix);
    match prefix.as_slice() {
        [byte] => to[start] = *byte,
        longer => drop(to.splice(start..=start, longer.iter().copied())),
    }
}

fn read_message(message: &mut impl Fields, number: u32, wire: WireType, from: &mut &[u8]) -> Read {
    merge(message, read_bytes(number, wire, from)?)
}

/// Reads a message and appends it to a list. Fails if the list already has `max` messages.
fn push_message<M: Fields + Default>(
    list: &mut Vec<M>,
    max: usize,
    number: u32,
    wire: WireType,
    from: &mut &[u8],
) -> Read {
    let bytes = read_bytes(number, wire, from)?;
    if list.len() == max {
        return Err(ProtobufError::TooMany { field: number, most: max });
    }
    let mut message = M::default();
    merge(&mut message, bytes)?;
    list.push(message);
    Ok(())
}

impl Field for String {
    fn write(&self, number: u32, to: &mut Vec<u8>) {
        if !self.is_empty() {
            write_bytes(number, self.as_bytes(), to);
        }
    }

    fn read(&mut self, number: u32, wire: WireType, from: &mut &[u8]) -> Read {
        *self = read_text(number, wire, from)?;
        Ok(())
    }
}

impl Field for Cow<'_, str> {
    fn write(&self, number: u32, to: &mut Vec<u8>) {
        if !self.is_empty() {
            write_bytes(number, self.as_bytes(), to);
        }
    }

    fn read(&mut self, number: u32, wire: WireType, from: &mut &[u8]) -> Read {
        *self = read_text(number, wire, from)?.into();
        Ok(())
    }
}

impl Field for Option<String> {
    fn write(&self, number: u32, to: &mut Vec<u8>) {
        if let Some(text) = self {
            write_bytes(number, text.as_bytes(), to);
        }
    }

    fn read(&mut self, number: u32, wire: WireType, from: &mut &[u8]) -> Read {
        *self = Some(read_text(number, wire, from)?);
        Ok(())
    }
}

/// Reading ignores empty strings, and strings after the first [`MAX_TEXTS`], as in JSON requests.
impl Field for Vec<String> {
    fn write(&self, number: u32, to: &mut Vec<u8>) {
        for text in self {
            write_bytes(number, text.as_bytes(), to);
        }
    }

    fn read(&mut self, number: u32, wire: WireType, from: &mut &[u8]) -> Read {
        let text = read_text(number, wire, from)?;
        if !text.is_empty() && self.len() < MAX_TEXTS {
            self.push(text);
        }
        Ok(())
    }
}

/// Implements `Field` for types that protobuf encodes as varints. A 64-bit number that is read into
/// a 32-bit field loses its upper half, as protobuf specifies.
macro_rules! numbers {
    ($($type:ty: $value:ident to $bits:expr, $read:ident to $result:expr;)+) => {$(
        impl Field for $type {
            fn write(&self, field: u32, to: &mut Vec<u8>) {
                let $value = *self;
                if $value != Self::default() {
                    write_number(field, $bits, to);
                }
            }

            fn read(&mut self, _: u32, wire: WireType, from: &mut &[u8]) -> Read {
                let $read = read_number(wire, from)?;
                *self = $result;
                Ok(())
            }
        }
    )+};
}

numbers! {
    bool: flag to u64::from(flag), bits to bits != 0;
    u32: count to u64::from(count), bits to bits as u32;
    i32: number to i64::from(number).cast_unsigned(), bits to bits as i32;
}

/// Implements `Field` for optional numbers, which are written even if they are 0.
macro_rules! optional_numbers {
    ($($type:ty)+) => {$(
        impl Field for Option<$type> {
            fn write(&self, number: u32, to: &mut Vec<u8>) {
                if let Some(value) = self {
                    write_number(number, u64::from(*value), to);
                }
            }

            fn read(&mut self, number: u32, wire: WireType, from: &mut &[u8]) -> Read {
                self.insert(<$type>::default()).read(number, wire, from)
            }
        }
    )+};
}

optional_numbers! { bool u32 }

/// Seconds since the epoch, with a fraction. Infinity and NaN count as absent.
impl Field for f64 {
    fn write(&self, number: u32, to: &mut Vec<u8>) {
        if *self != 0.0 {
            encode_key(number, WireType::SixtyFourBit, to);
            to.extend_from_slice(&self.to_le_bytes());
        }
    }

    fn read(&mut self, number: u32, wire: WireType, from: &mut &[u8]) -> Read {
        check_wire_type(WireType::SixtyFourBit, wire)?;
        let (bytes, rest) = from.split_first_chunk().ok_or(ProtobufError::CutOff(number))?;
        *from = rest;
        let seconds = Self::from_le_bytes(*bytes);
        *self = if seconds.is_finite() { seconds } else { 0.0 };
        Ok(())
    }
}

/// An unknown number counts as absent.
impl<W: Word> Field for Option<W> {
    fn write(&self, number: u32, to: &mut Vec<u8>) {
        if let Some(word) = self {
            write_number(number, word.number().cast_unsigned(), to);
        }
    }

    fn read(&mut self, _: u32, wire: WireType, from: &mut &[u8]) -> Read {
        *self = W::from_number(read_number(wire, from)?.cast_signed());
        Ok(())
    }
}

/// An unknown word is written only if its text is a number.
impl<W: Word> Field for Open<W> {
    fn write(&self, number: u32, to: &mut Vec<u8>) {
        let value = match self {
            Self::Known(word) => word.number(),
            Self::Other(said) => said.parse().unwrap_or_default(),
        };
        if value != 0 {
            write_number(number, value.cast_unsigned(), to);
        }
    }

    fn read(&mut self, _: u32, wire: WireType, from: &mut &[u8]) -> Read {
        let value = read_number(wire, from)?.cast_signed();
        *self = match W::from_number(value) {
            Some(word) => Self::Known(word),
            None => Self::Other(value.to_string()),
        };
        Ok(())
    }
}

macro_rules! optional_messages {
    ($($message:ty)+) => {$(
        impl Field for Option<$message> {
            fn write(&self, number: u32, to: &mut Vec<u8>) {
                if let Some(message) = self {
                    write_message(number, message, to);
                }
            }

            fn read(&mut self, number: u32, wire: WireType, from: &mut &[u8]) -> Read {
                read_message(self.get_or_insert_default(), number, wire, from)
            }
        }
    )+};
}

optional_messages! { EntitlementInfo RemountCase }

impl<M: Listed + Fields + Default> Field for Vec<M> {
    fn write(&self, number: u32, to: &mut Vec<u8>) {
        self.iter().for_each(|message| write_message(number, message, to));
    }

    fn read(&mut self, number: u32, wire: WireType, from: &mut &[u8]) -> Read {
        push_message(self, M::MAX, number, wire, from)
    }
}

impl Field for Vec<Rule<'_>> {
    fn write(&self, number: u32, to: &mut Vec<u8>) {
        self.iter().for_each(|rule| write_message(number, rule, to));
    }

    fn read(&mut self, number: u32, wire: WireType, from: &mut &[u8]) -> Read {
        push_message(self, MAX_RULES, number, wire, from)
    }
}

/// A policy that does not have exactly one known kind counts as absent.
impl Field for Option<MediaPolicy> {
    fn write(&self, number: u32, to: &mut Vec<u8>) {
        if let Some(policy) = self {
            write_message(number, &MediaPolicyCases::from(policy.clone()), to);
        }
    }

    fn read(&mut self, number: u32, wire: WireType, from: &mut &[u8]) -> Read {
        let mut cases = MediaPolicyCases::default();
        read_message(&mut cases, number, wire, from)?;
        *self = cases.try_into().ok();
        Ok(())
    }
}
