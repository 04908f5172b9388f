//! A second, independent implementation of protobuf, to check the program's reader and writer.

use std::fmt;

pub(super) fn number(field: u64, value: u64) -> Vec<u8> {
    [varint(field << 3), varint(value)].concat()
}

/// A length-delimited field, such as a string or a message.
pub(super) fn bytes(field: u64, value: impl AsRef<[u8]>) -> Vec<u8> {
    let value = value.as_ref();
    [&varint(field << 3 | 2), &varint(value.len() as u64), value].concat()
}

pub(super) fn double(field: u64, value: f64) -> Vec<u8> {
    [varint(field << 3 | 1).as_slice(), &value.to_le_bytes()].concat()
}

fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value > 127 {
        bytes.push(value as u8 | 128);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

#[derive(Clone, PartialEq, Eq)]
pub(super) enum Field {
    Number(u64),
    Bytes(Vec<u8>),
}

impl fmt::Debug for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Bytes(bytes) => write!(f, "{:?}", String::from_utf8_lossy(bytes)),
        }
    }
}

pub(super) fn text(text: &str) -> Field {
    Field::Bytes(text.as_bytes().to_vec())
}

/// The fields of a message, each with its number, in the order of the bytes.
pub(super) fn fields(mut message: &[u8]) -> Vec<(u64, Field)> {
    let mut fields = Vec::new();
    while !message.is_empty() {
        let key = take_varint(&mut message);
        let field = match key & 7 {
            0 => Field::Number(take_varint(&mut message)),
            2 => {
                let length = take_varint(&mut message) as usize;
                let (bytes, rest) = message.split_at(length);
                message = rest;
                Field::Bytes(bytes.to_vec())
            }
            other => panic!("wire type {other}, which no answer has"),
        };
        fields.push((key >> 3, field));
    }
    fields
}

pub(super) fn all(message: &[u8], number: u64) -> Vec<Field> {
    let fields = fields(message).into_iter().filter(|(field, _)| *field == number);
    fields.map(|(_, value)| value).collect()
}

fn take_varint(bytes: &mut &[u8]) -> u64 {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (first, rest) = bytes.split_first().expect("a number that is cut off");
        *bytes = rest;
        value |= u64::from(first & 127) << shift;
        if first & 128 == 0 {
            return value;
        }
    }
    panic!("a number of more than 64 bits")
}
