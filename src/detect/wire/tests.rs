use super::*;

fn fields(bytes: &[u8]) -> Vec<Result<WireField<'_>, WireError>> {
    Fields::new(bytes).collect()
}

fn ok(number: u32, value: WireValue<'_>) -> Result<WireField<'_>, WireError> {
    Ok(WireField { number, value })
}

#[test]
fn fields_of_every_wire_type_are_read() {
    let message = [
        0x08, 0x96, 0x01, // 1: 150
        0x11, 1, 0, 0, 0, 0, 0, 0, 0x80, // 2: eight bytes
        0x1A, 0x02, b'h', b'i', // 3: "hi"
        0x25, 2, 0, 0, 0, // 4: four bytes
    ];
    let expected = [
        ok(1, WireValue::Varint(150)),
        ok(2, WireValue::Fixed64(1 | (0x80 << 56))),
        ok(3, WireValue::Bytes(b"hi")),
        ok(4, WireValue::Fixed32(2)),
    ];
    assert_eq!(fields(&message), expected);
    assert!(fields(&[]).is_empty());
}

#[test]
fn broken_fields_are_errors_and_end_the_message() {
    let broken: [(&[u8], WireError); 9] = [
        (&[0x08], WireError::Truncated),
        (&[0x0A, 0x05, 1, 2], WireError::Truncated),
        (&[0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01], WireError::Truncated),
        (&[0x11, 1, 2, 3], WireError::Truncated),
        (&[0x00, 0x00], WireError::FieldNumber),
        (&[0x0B], WireError::WireType),
        (&[0x0F], WireError::WireType),
        (&[0xF8, 0xFF, 0xFF, 0xFF, 0x7F, 0x00], WireError::FieldNumber),
        (&[0x08, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x02], WireError::Varint),
    ];
    for (bytes, error) in broken {
        assert_eq!(fields(bytes), [Err(error)], "{bytes:x?}");
    }
    let after_a_good_field = fields(&[0x08, 0x01, 0x0A, 0x7F]);
    assert_eq!(after_a_good_field, [ok(1, WireValue::Varint(1)), Err(WireError::Truncated)]);
}

#[test]
fn numbers_are_the_same_after_writing_and_reading() {
    for value in [0, 1, 127, 128, 300, u64::from(u32::MAX), u64::MAX - 1, u64::MAX] {
        let mut bytes = Vec::new();
        put_varint(&mut bytes, value);
        assert!(bytes.len() <= MAX_VARINT);
        let mut rest = bytes.as_slice();
        assert_eq!(take_varint(&mut rest), Ok(value));
        assert!(rest.is_empty());
    }
}

#[test]
fn packed_numbers_are_read_until_the_first_error() {
    assert_eq!(packed(&[1, 0x96, 1]).collect::<Vec<_>>(), [Ok(1), Ok(150)]);
    assert_eq!(packed(&[1, 0x96]).collect::<Vec<_>>(), [Ok(1), Err(WireError::Truncated)]);
}

#[test]
fn invalid_utf_8_is_replaced() {
    assert_eq!(text(b"/tmp/\xFF"), "/tmp/\u{FFFD}");
    assert_eq!(text(b"/tmp/a"), "/tmp/a");
}
