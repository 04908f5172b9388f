//! The kinds of fields. Each writes nothing where the value is the default, unless presence
//! itself says something (`flag_if_said` and its kind).

use prost::decode_length_delimiter;
use prost::encoding::{
    WireType, check_wire_type, decode_varint, encode_key, encode_varint, encoded_len_varint,
};

use super::super::lenient::MOST_TEXTS;
use super::{Fields, ProtobufError};

type Read = Result<(), ProtobufError>;

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

/// Takes a length and as many bytes off the front.
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

/// A string without the NUL characters that some clients pad theirs with.
fn read_text(field: u32, wire: WireType, from: &mut &[u8]) -> Result<String, ProtobufError> {
    let bytes = read_bytes(field, wire, from)?;
    let text = std::str::from_utf8(bytes).map_err(|_| ProtobufError::NotText(field))?;
    Ok(text.replace('\0', ""))
}

/// Appends a message with its length before it. The length of nearly every message fits one
/// byte, so one byte is kept free for it.
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

/// A string.
pub(super) mod text {
    use super::{ProtobufError, Read, WireType, read_text, write_bytes};

    pub(in super::super) fn write(field: u32, text: &impl AsRef<str>, to: &mut Vec<u8>) {
        if !text.as_ref().is_empty() {
            write_bytes(field, text.as_ref().as_bytes(), to);
        }
    }

    pub(in super::super) fn read<T: From<String>>(
        field: u32,
        value: &mut T,
        wire: WireType,
        from: &mut &[u8],
    ) -> Read {
        *value = read_text(field, wire, from)?.into();
        Ok::<(), ProtobufError>(())
    }
}

/// A string that says something even when it is empty.
pub(super) mod text_if_said {
    use super::{Read, WireType, read_text, write_bytes};

    pub(in super::super) fn write(field: u32, text: &Option<String>, to: &mut Vec<u8>) {
        if let Some(text) = text {
            write_bytes(field, text.as_bytes(), to);
        }
    }

    pub(in super::super) fn read(
        field: u32,
        value: &mut Option<String>,
        wire: WireType,
        from: &mut &[u8],
    ) -> Read {
        *value = Some(read_text(field, wire, from)?);
        Ok(())
    }
}

/// A string that says nothing when it is empty, where nothing is `None`.
pub(super) mod filled_text {
    use super::{Read, WireType, read_text, write_bytes};

    pub(in super::super) fn write(field: u32, text: &Option<String>, to: &mut Vec<u8>) {
        if let Some(text) = text.as_ref().filter(|text| !text.is_empty()) {
            write_bytes(field, text.as_bytes(), to);
        }
    }

    pub(in super::super) fn read(
        field: u32,
        value: &mut Option<String>,
        wire: WireType,
        from: &mut &[u8],
    ) -> Read {
        *value = Some(read_text(field, wire, from)?).filter(|text| !text.is_empty());
        Ok(())
    }
}

/// A list of strings; empty ones are left out, as in JSON.
pub(super) mod texts {
    use super::{MOST_TEXTS, Read, WireType, read_text, write_bytes};

    pub(in super::super) fn write(field: u32, texts: &[String], to: &mut Vec<u8>) {
        for text in texts {
            write_bytes(field, text.as_bytes(), to);
        }
    }

    pub(in super::super) fn read(
        field: u32,
        texts: &mut Vec<String>,
        wire: WireType,
        from: &mut &[u8],
    ) -> Read {
        let text = read_text(field, wire, from)?;
        if !text.is_empty() && texts.len() < MOST_TEXTS {
            texts.push(text);
        }
        Ok(())
    }
}

/// A number that is never negative.
pub(super) mod count {
    use super::{Read, WireType, read_number, write_number};

    pub(in super::super) fn write(field: u32, count: &u32, to: &mut Vec<u8>) {
        if *count != 0 {
            write_number(field, u64::from(*count), to);
        }
    }

    pub(in super::super) fn read(
        _: u32,
        value: &mut u32,
        wire: WireType,
        from: &mut &[u8],
    ) -> Read {
        // Longer numbers lose their upper half, as protobuf has it.
        *value = read_number(wire, from)? as u32;
        Ok(())
    }
}

/// A number that is nothing when it is not sent.
pub(super) mod count_if_said {
    use super::{Read, WireType, read_number, write_number};

    pub(in super::super) fn write(field: u32, count: &Option<u32>, to: &mut Vec<u8>) {
        if let Some(count) = count {
            write_number(field, u64::from(*count), to);
        }
    }

    pub(in super::super) fn read(
        _: u32,
        value: &mut Option<u32>,
        wire: WireType,
        from: &mut &[u8],
    ) -> Read {
        *value = Some(read_number(wire, from)? as u32);
        Ok(())
    }
}

/// A number that may be negative.
pub(super) mod signed {
    use super::{Read, WireType, read_number, write_number};

    pub(in super::super) fn write(field: u32, number: &i32, to: &mut Vec<u8>) {
        if *number != 0 {
            write_number(field, i64::from(*number).cast_unsigned(), to);
        }
    }

    pub(in super::super) fn read(
        _: u32,
        value: &mut i32,
        wire: WireType,
        from: &mut &[u8],
    ) -> Read {
        *value = read_number(wire, from)? as i32;
        Ok(())
    }
}

/// Seconds since the epoch, with their fraction.
pub(super) mod seconds {
    use super::{ProtobufError, Read, WireType, check_wire_type, encode_key};

    pub(in super::super) fn write(field: u32, seconds: &f64, to: &mut Vec<u8>) {
        if *seconds != 0.0 {
            encode_key(field, WireType::SixtyFourBit, to);
            to.extend_from_slice(&seconds.to_le_bytes());
        }
    }

    pub(in super::super) fn read(
        field: u32,
        value: &mut f64,
        wire: WireType,
        from: &mut &[u8],
    ) -> Read {
        check_wire_type(WireType::SixtyFourBit, wire)?;
        let (bytes, rest) = from.split_first_chunk().ok_or(ProtobufError::CutOff(field))?;
        *from = rest;
        let seconds = f64::from_le_bytes(*bytes);
        *value = if seconds.is_finite() { seconds } else { 0.0 };
        Ok(())
    }
}

/// A truth value.
pub(super) mod flag {
    use super::{Read, WireType, read_number, write_number};

    pub(in super::super) fn write(field: u32, flag: &bool, to: &mut Vec<u8>) {
        if *flag {
            write_number(field, 1, to);
        }
    }

    pub(in super::super) fn read(
        _: u32,
        value: &mut bool,
        wire: WireType,
        from: &mut &[u8],
    ) -> Read {
        *value = read_number(wire, from)? != 0;
        Ok(())
    }
}

/// A truth value that says something even when it is false.
pub(super) mod flag_if_said {
    use super::{Read, WireType, read_number, write_number};

    pub(in super::super) fn write(field: u32, flag: &Option<bool>, to: &mut Vec<u8>) {
        if let Some(flag) = flag {
            write_number(field, u64::from(*flag), to);
        }
    }

    pub(in super::super) fn read(
        _: u32,
        value: &mut Option<bool>,
        wire: WireType,
        from: &mut &[u8],
    ) -> Read {
        *value = Some(read_number(wire, from)? != 0);
        Ok(())
    }
}

/// A word of a closed vocabulary; any other number is as if not said.
pub(super) mod word {
    use super::super::super::words::Word;
    use super::{Read, WireType, read_number, write_number};

    pub(in super::super) fn write<W: Word>(field: u32, word: &Option<W>, to: &mut Vec<u8>) {
        if let Some(word) = word {
            write_number(field, word.number().cast_unsigned(), to);
        }
    }

    pub(in super::super) fn read<W: Word>(
        _: u32,
        value: &mut Option<W>,
        wire: WireType,
        from: &mut &[u8],
    ) -> Read {
        *value = W::from_number(read_number(wire, from)?.cast_signed());
        Ok(())
    }
}

/// A word, known or not. An unknown one that came as a name cannot be said in numbers.
pub(super) mod open {
    use super::super::super::words::{Open, Word};
    use super::{Read, WireType, read_number, write_number};

    pub(in super::super) fn write<W: Word>(field: u32, word: &Open<W>, to: &mut Vec<u8>) {
        let number = match word {
            Open::Known(word) => word.number(),
            Open::Other(said) => said.parse().unwrap_or_default(),
        };
        if number != 0 {
            write_number(field, number.cast_unsigned(), to);
        }
    }

    pub(in super::super) fn read<W: Word>(
        _: u32,
        value: &mut Open<W>,
        wire: WireType,
        from: &mut &[u8],
    ) -> Read {
        let number = read_number(wire, from)?.cast_signed();
        *value = match W::from_number(number) {
            Some(word) => Open::Known(word),
            None => Open::Other(number.to_string()),
        };
        Ok(())
    }
}

/// A message within a message.
pub(super) mod record {
    use super::super::merge;
    use super::{Fields, Read, WireType, read_bytes, write_message};

    pub(in super::super) fn write<M: Fields>(field: u32, message: &Option<M>, to: &mut Vec<u8>) {
        if let Some(message) = message {
            write_message(field, message, to);
        }
    }

    pub(in super::super) fn read<M: Fields + Default>(
        field: u32,
        value: &mut Option<M>,
        wire: WireType,
        from: &mut &[u8],
    ) -> Read {
        merge(value.get_or_insert_default(), read_bytes(field, wire, from)?)
    }
}

/// A list of messages, of which no client sends more than `most`.
pub(super) mod records {
    use super::super::merge;
    use super::{Fields, ProtobufError, Read, WireType, read_bytes, write_message};

    pub(in super::super) fn write<M: Fields>(field: u32, messages: &[M], to: &mut Vec<u8>) {
        for message in messages {
            write_message(field, message, to);
        }
    }

    pub(in super::super) fn read<M: Fields + Default>(
        field: u32,
        messages: &mut Vec<M>,
        wire: WireType,
        from: &mut &[u8],
        most: usize,
    ) -> Read {
        let bytes = read_bytes(field, wire, from)?;
        if messages.len() == most {
            return Err(ProtobufError::TooMany { field, most });
        }
        let mut message = M::default();
        merge(&mut message, bytes)?;
        messages.push(message);
        Ok(())
    }
}

/// A media policy: a message with one of three members.
pub(super) mod media {
    use super::super::super::preflight::{MediaPolicy, MediaPolicyCases};
    use super::super::merge;
    use super::{Read, WireType, read_bytes, write_message};

    pub(in super::super) fn write(field: u32, policy: &Option<MediaPolicy>, to: &mut Vec<u8>) {
        if let Some(policy) = policy {
            write_message(field, &MediaPolicyCases::from(policy.clone()), to);
        }
    }

    pub(in super::super) fn read(
        field: u32,
        value: &mut Option<MediaPolicy>,
        wire: WireType,
        from: &mut &[u8],
    ) -> Read {
        let mut cases = MediaPolicyCases::default();
        merge(&mut cases, read_bytes(field, wire, from)?)?;
        *value = cases.try_into().ok();
        Ok(())
    }
}
