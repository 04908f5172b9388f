//! Santa's `protobufstream`: frames with a magic number, a hash, a length and an event.

use xxhash_rust::xxh3::xxh3_64;

use super::window::Window;
use super::{Limits, Loss, Place, Step};
use crate::detect::wire::{WireError, take_varint};

/// The first bytes of each frame.
pub(super) const MAGIC: [u8; 4] = *b"SNT!";

/// The magic number, and the XXH3-64 of the event in big-endian order.
const FIXED: usize = MAGIC.len() + size_of::<u64>();

/// Maximum bytes of a length.
const MAX_LENGTH: usize = 5;

/// The next frame. After a frame without the magic number, the file ends: searching for the next
/// one would accept a forged frame in an argument of a program.
pub(super) fn step(window: &mut Window<'_>, limits: &Limits) -> Step {
    let available = window.fill(FIXED + MAX_LENGTH);
    let bytes = window.bytes();
    if available == 0 {
        return Step::End(None);
    }
    if !bytes.starts_with(&MAGIC[..MAGIC.len().min(available)]) {
        return Step::End(Some(Loss::WrongMagic));
    }
    let Some((fixed, mut rest)) = bytes.split_at_checked(FIXED) else {
        return Step::End(Some(Loss::Truncated));
    };
    let mut expected = [0; size_of::<u64>()];
    expected.copy_from_slice(&fixed[MAGIC.len()..]);
    let before = rest.len();
    let length = match take_varint(&mut rest) {
        Ok(length) if u32::try_from(length).is_ok() => length,
        Err(WireError::Truncated) if before < MAX_LENGTH => {
            return Step::End(Some(Loss::Truncated));
        }
        Ok(_) | Err(_) => return Step::End(Some(Loss::InvalidFrame)),
    };
    let header = FIXED + before - rest.len();
    window.take(header);
    let Some(length) = usize::try_from(length).ok().filter(|length| *length <= limits.message)
    else {
        return match window.skip(length) {
            true => Step::Lost(Loss::MessageTooLarge),
            false => Step::End(Some(Loss::Truncated)),
        };
    };
    if window.fill(length) < length {
        return Step::End(Some(Loss::Truncated));
    }
    let range = window.take(length);
    // Zero means that the event has no hash.
    let expected = u64::from_be_bytes(expected);
    match expected == 0 || xxh3_64(window.range(&range)) == expected {
        true => Step::Message(Place::Window(range)),
        false => Step::Lost(Loss::WrongHash),
    }
}
