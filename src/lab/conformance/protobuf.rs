//! The part of protobuf that is needed to write requests and to read responses.

#[derive(Debug, Default)]
pub(super) struct Writer(Vec<u8>);

impl Writer {
    /// Appends a string, or an encoded message.
    pub(super) fn bytes(mut self, field: u32, value: impl AsRef<[u8]>) -> Self {
        let value = value.as_ref();
        self.varint(u64::from(field) << 3 | 2);
        self.varint(value.len() as u64);
        self.0.extend_from_slice(value);
        self
    }

    /// Appends a number, a boolean, or the number of an enum value.
    pub(super) fn number(mut self, field: u32, value: u64) -> Self {
        self.varint(u64::from(field) << 3);
        self.varint(value);
        self
    }

    pub(super) fn double(mut self, field: u32, value: f64) -> Self {
        self.varint(u64::from(field) << 3 | 1);
        self.0.extend_from_slice(&value.to_le_bytes());
        self
    }

    pub(super) fn done(self) -> Vec<u8> {
        self.0
    }

    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push((value & 0x7f) as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value<'a> {
    /// A number, a boolean, or the number of an enum value.
    Number(u64),
    /// A string or a message.
    Bytes(&'a [u8]),
    /// A value of fixed size. No field that the cases check has such a value.
    Fixed,
}

/// Returns `None` if the bytes are not a message.
pub(super) fn fields(mut rest: &[u8]) -> Option<Vec<(u32, Value<'_>)>> {
    let mut fields = Vec::new();
    while !rest.is_empty() {
        let key = varint(&mut rest)?;
        let value = match key & 7 {
            0 => Value::Number(varint(&mut rest)?),
            1 => take(&mut rest, 8).map(|_| Value::Fixed)?,
            2 => {
                let length = usize::try_from(varint(&mut rest)?).ok()?;
                Value::Bytes(take(&mut rest, length)?)
            }
            5 => take(&mut rest, 4).map(|_| Value::Fixed)?,
            _ => return None,
        };
        let field = u32::try_from(key >> 3).ok().filter(|field| *field > 0)?;
        fields.push((field, value));
    }
    Some(fields)
}

/// The last value of a number field.
pub(super) fn number(fields: &[(u32, Value<'_>)], field: u32) -> Option<u64> {
    let mut numbers = fields.iter().filter_map(|(known, value)| match value {
        Value::Number(number) if *known == field => Some(*number),
        Value::Number(_) | Value::Bytes(_) | Value::Fixed => None,
    });
    numbers.next_back()
}

fn varint(rest: &mut &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let byte = take(rest, 1)?[0];
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (taken, left) = rest.split_at_checked(length)?;
    *rest = left;
    Some(taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_as_they_were_written() {
        let message = Writer::default().bytes(1, "a").number(1007, 300).double(5, 1.5).done();
        assert_eq!(&message[..3], b"\x0a\x01a");
        let read = fields(&message).unwrap();
        assert_eq!(read, [(1, Value::Bytes(b"a")), (1007, Value::Number(300)), (5, Value::Fixed)]);
        assert_eq!(number(&read, 1007), Some(300));
    }

    #[test]
    fn json_and_cut_bytes_are_not_messages() {
        assert_eq!(fields(br#"{"client_mode":"MONITOR"}"#), None);
        assert_eq!(fields(b"\x0a\x05ab"), None);
        assert_eq!(fields(&[0x80; 12]), None);
    }
}
