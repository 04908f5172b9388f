//! Detects how a file is laid out.

use super::frames::MAGIC;
use super::records::{Header, MAX_HEADER, is_any_with_event};
use super::window::Window;
use super::{Limits, json};
use crate::detect::telemetry::Kind;
use crate::detect::wire::{Fields, WireValue};

/// How the events of a file follow each other, after decompression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// Santa's `protobufstream`.
    Frames,
    /// Santa's `protobuf`.
    LogBatch,
    /// A `SantaMessageBatch`.
    MessageBatch,
    /// One event.
    Message,
    Json,
    /// Nothing is left to read.
    Nothing,
    Unknown,
}

/// How many records are checked. The first ones may be damaged.
const CHECKED_RECORDS: usize = 16;

/// Detects the layout of a file from its first events. No bytes are used.
///
/// The byte 0x0A begins a `LogBatch`, a `SantaMessageBatch` and an event with a machine ID. It is
/// also a line feed, which may begin a file of JSON.
pub(super) fn find_layout(window: &mut Window<'_>, limits: &Limits) -> Layout {
    if window.fill(MAGIC.len()) == 0 {
        // A damaged file without a byte is not empty: the window has a failure.
        return Layout::Nothing;
    }
    let bytes = window.bytes();
    if bytes.starts_with(&MAGIC[..MAGIC.len().min(bytes.len())]) {
        return Layout::Frames;
    }
    let is_json = json::begins(bytes);
    if is_json && bytes[0] != b'\n' {
        return Layout::Json;
    }
    find_list(window, limits).unwrap_or_else(|| {
        let most = limits.message.saturating_add(1);
        if window.fill(most) < most && count_events(window.bytes()) == Some(1) {
            return Layout::Message;
        }
        if json::begins(window.bytes()) { Layout::Json } else { Layout::Unknown }
    })
}

/// The list whose records the file begins with.
fn find_list(window: &mut Window<'_>, limits: &Limits) -> Option<Layout> {
    let mut start = 0;
    for _ in 0..CHECKED_RECORDS {
        window.fill(start + MAX_HEADER);
        let header = Header::read(window.bytes().get(start..)?).ok()?;
        let length = usize::try_from(header.value).ok().filter(|it| *it <= limits.message)?;
        if !header.is_record() {
            return None;
        }
        let (from, to) = (start + header.length, start + header.length + length);
        if to > limits.message || window.fill(to) < to {
            return None;
        }
        let record = &window.bytes()[from..to];
        if is_any_with_event(record) {
            return Some(Layout::LogBatch);
        }
        if count_events(record) == Some(1) {
            return Some(Layout::MessageBatch);
        }
        start = to;
    }
    None
}

/// How many events are set in bytes that are a message.
fn count_events(bytes: &[u8]) -> Option<usize> {
    let mut count = 0;
    for field in Fields::new(bytes) {
        let field = field.ok()?;
        let is_event = matches!(field.value, WireValue::Bytes(_));
        count += usize::from(is_event && Kind::from_number(field.number).is_some());
    }
    Some(count)
}
