//! A protobuf message with a list of events: Santa's `LogBatch`, and `SantaMessageBatch`.

use std::ops::Range;

use super::window::Window;
use super::{Limits, Loss, Place, Step};
use crate::detect::wire::{
    Fields, MAX_VARINT, WireError, WireType, WireValue, take_tag, take_varint,
};

/// What each record of the list is.
#[derive(Clone, Copy)]
pub(super) enum Record {
    /// A `google.protobuf.Any` that contains the event.
    Any,
    /// The event.
    Message,
}

/// The number of the list's field in both messages.
pub(super) const LIST: u32 = 1;

/// The fields of a `google.protobuf.Any`.
const TYPE_URL: u32 = 1;
const VALUE: u32 = 2;

/// What an `Any` may need in addition to its event.
const MOST_TYPE_URL: usize = 1 << 10;

/// The start of a field, up to its value.
pub(super) struct Header {
    pub(super) number: u32,
    pub(super) wire_type: WireType,
    /// The bytes of the header.
    pub(super) length: usize,
    /// The bytes of the value.
    pub(super) value: u64,
}

/// Maximum bytes of a header.
pub(super) const MAX_HEADER: usize = 2 * MAX_VARINT;

impl Header {
    pub(super) fn read(bytes: &[u8]) -> Result<Self, WireError> {
        let mut rest = bytes;
        let (number, wire_type) = take_tag(&mut rest)?;
        let value = match wire_type {
            WireType::Bytes => take_varint(&mut rest)?,
            WireType::Varint => {
                take_varint(&mut rest)?;
                0
            }
            WireType::Fixed64 => 8,
            WireType::Fixed32 => 4,
        };
        Ok(Self { number, wire_type, length: bytes.len() - rest.len(), value })
    }

    pub(super) fn is_record(&self) -> bool {
        self.number == LIST && self.wire_type == WireType::Bytes
    }
}

/// The next record. Unknown fields between records are skipped.
pub(super) fn step(window: &mut Window<'_>, limits: &Limits, record: Record) -> Step {
    loop {
        let available = window.fill(MAX_HEADER);
        if available == 0 {
            return Step::End(None);
        }
        let header = match Header::read(window.bytes()) {
            Ok(header) => header,
            Err(WireError::Truncated) if available < MAX_HEADER => {
                return Step::End(Some(Loss::Truncated));
            }
            Err(_) => return Step::End(Some(Loss::InvalidFrame)),
        };
        window.take(header.length);
        let most = limits.message.saturating_add(MOST_TYPE_URL);
        let length = usize::try_from(header.value).ok().filter(|length| *length <= most);
        let Some(length) = length.filter(|_| header.is_record()) else {
            match (window.skip(header.value), header.is_record()) {
                (false, _) => return Step::End(Some(Loss::Truncated)),
                (true, true) => return Step::Lost(Loss::MessageTooLarge),
                (true, false) => continue,
            }
        };
        if window.fill(length) < length {
            return Step::End(Some(Loss::Truncated));
        }
        let range = window.take(length);
        return match record {
            Record::Message => Step::Message(Place::Window(range)),
            Record::Any => match any_value(window.range(&range)) {
                Ok(value) => {
                    let value = range.start + value.start..range.start + value.end;
                    Step::Message(Place::Window(value))
                }
                Err(_) => Step::Lost(Loss::Undecodable),
            },
        };
    }
}

/// Where the event in an `Any` is. The type is ignored, because Santa's internal package differs
/// from the public one, and because an event must not be lost for its label.
fn any_value(any: &[u8]) -> Result<Range<usize>, WireError> {
    let mut fields = Fields::new(any);
    let mut found = 0..0;
    while let Some(field) = fields.next() {
        let field = field?;
        if let (VALUE, WireValue::Bytes(value)) = (field.number, field.value) {
            let end = any.len() - fields.rest().len();
            found = end - value.len()..end;
        }
    }
    Ok(found)
}

/// Whether bytes are an `Any` with an event of Santa.
pub(super) fn is_any_with_event(bytes: &[u8]) -> bool {
    let mut is_event = false;
    for field in Fields::new(bytes) {
        match field {
            Ok(field) => {
                if let (TYPE_URL, WireValue::Bytes(url)) = (field.number, field.value) {
                    is_event = url.ends_with(b".SantaMessage");
                }
            }
            Err(_) => return false,
        }
    }
    is_event
}
