//! Protobuf's wire format: the fields of a message, without a schema.
//!
//! Nothing here allocates or recurses, so its cost is proportional to the bytes that are read.
//! Groups, which no message of Santa has, are errors.

mod writer;

#[cfg(test)]
mod tests;

pub use writer::{put_bytes, put_number, put_tag, put_varint};

use std::borrow::Cow;

use thiserror::Error;

/// Why bytes are not a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum WireError {
    #[error("a field ends after the end of its message")]
    Truncated,
    #[error("a number is longer than 64 bits")]
    Varint,
    #[error("the number of a field is invalid")]
    FieldNumber,
    #[error("the wire type of a field is invalid")]
    WireType,
    #[error("the message has too many fields")]
    TooManyFields,
}

/// How a field is written. The values are those of the wire format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WireType {
    Varint = 0,
    Fixed64 = 1,
    Bytes = 2,
    Fixed32 = 5,
}

/// The value of a field, before its type is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WireValue<'a> {
    Varint(u64),
    Fixed64(u64),
    /// A text, bytes, a message or packed numbers.
    Bytes(&'a [u8]),
    Fixed32(u32),
}

/// A field of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WireField<'a> {
    pub number: u32,
    pub value: WireValue<'a>,
}

/// The fields of a message in the order of its bytes. After an error, there are no more fields.
///
/// A scalar may occur several times; its last value counts. The occurrences of a submessage are
/// merged, which equals one submessage with the bytes of all of them.
#[derive(Clone, Debug)]
pub struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    pub const fn new(message: &'a [u8]) -> Self {
        Self { rest: message }
    }

    /// The bytes after the fields that were returned.
    pub const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    fn read(&mut self) -> Result<WireField<'a>, WireError> {
        let (number, wire_type) = take_tag(&mut self.rest)?;
        let value = match wire_type {
            WireType::Varint => WireValue::Varint(take_varint(&mut self.rest)?),
            WireType::Fixed64 => WireValue::Fixed64(u64::from_le_bytes(take(&mut self.rest)?)),
            WireType::Fixed32 => WireValue::Fixed32(u32::from_le_bytes(take(&mut self.rest)?)),
            WireType::Bytes => {
                let length = take_varint(&mut self.rest)?;
                let length = usize::try_from(length).map_err(|_| WireError::Truncated)?;
                let (bytes, rest) =
                    self.rest.split_at_checked(length).ok_or(WireError::Truncated)?;
                self.rest = rest;
                WireValue::Bytes(bytes)
            }
        };
        Ok(WireField { number, value })
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<WireField<'a>, WireError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let field = self.read();
        if field.is_err() {
            self.rest = &[];
        }
        Some(field)
    }
}

/// Removes the number and the wire type of a field from the start of the bytes.
///
/// # Errors
/// If the bytes do not begin with a valid tag.
pub fn take_tag(bytes: &mut &[u8]) -> Result<(u32, WireType), WireError> {
    let tag = take_varint(bytes)?;
    let wire_type = match tag & 7 {
        0 => WireType::Varint,
        1 => WireType::Fixed64,
        2 => WireType::Bytes,
        5 => WireType::Fixed32,
        _ => return Err(WireError::WireType),
    };
    match u32::try_from(tag >> 3) {
        Ok(number @ 1..=MAX_FIELD_NUMBER) => Ok((number, wire_type)),
        _ => Err(WireError::FieldNumber),
    }
}

const MAX_FIELD_NUMBER: u32 = (1 << 29) - 1;

/// Maximum bytes of a number.
pub const MAX_VARINT: usize = 10;

/// Removes a number from the start of the bytes.
///
/// # Errors
/// If the bytes do not begin with a complete number of at most 64 bits.
pub fn take_varint(bytes: &mut &[u8]) -> Result<u64, WireError> {
    let mut value = 0_u64;
    for (at, byte) in bytes.iter().take(MAX_VARINT).enumerate() {
        let bits = u64::from(byte & 0x7F);
        if at == MAX_VARINT - 1 && *byte > 1 {
            return Err(WireError::Varint);
        }
        value |= bits << (7 * at);
        if byte & 0x80 == 0 {
            *bytes = &bytes[at + 1..];
            return Ok(value);
        }
    }
    Err(WireError::Truncated)
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Result<[u8; N], WireError> {
    let (taken, rest) = bytes.split_first_chunk().ok_or(WireError::Truncated)?;
    *bytes = rest;
    Ok(*taken)
}

/// The numbers of a packed field. After an error, there are no more numbers.
pub fn packed(mut bytes: &[u8]) -> impl Iterator<Item = Result<u64, WireError>> {
    std::iter::from_fn(move || {
        if bytes.is_empty() {
            return None;
        }
        let number = take_varint(&mut bytes);
        if number.is_err() {
            bytes = &[];
        }
        Some(number)
    })
}

/// A text. Invalid UTF-8 is replaced, because an event with such a text, for example a path, must
/// not be lost.
pub fn text(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}
