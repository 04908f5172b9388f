//! The cursor of a rule download: the origin, the destination and the next page, with an
//! authentication code. Every server that uses the same database accepts the cursor. The cursor
//! contains fixed revisions, so a repeated request gets the same page.

use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::fleet::{Generation, Holding, ScopeSetId};
use crate::rule::Revision;

/// Bytes of the authentication code. A code of 128 bits cannot be guessed.
const SEAL: usize = 16;
const BODY: usize = 1 + 3 * 8 + 8 + 8 + 4 + 4;

/// Identifies an origin. All hosts with the same origin share this value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum SpanStart {
    /// The host deletes its rules first, or its rules are unknown.
    Nothing,
    /// The host has the rules of this holding.
    Offer(Holding),
    /// The host has the rules of one of several offers.
    Offers {
        /// The oldest revision among the offers that differ from the destination.
        since: Revision,
        digest: [u64; 2],
    },
    /// The host has the rules of one of many offers. The server knows only the scopes of these
    /// offers.
    Union {
        /// The revision of the host's holding, or another revision with the same rules in the
        /// scopes of `union`.
        since: Revision,
        union: ScopeSetId,
        common: ScopeSetId,
    },
}

/// Identifies a download by its origin and destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Span {
    pub(super) from: SpanStart,
    pub(super) to: Holding,
}

impl Span {
    pub(super) fn is_empty(&self) -> bool {
        self.from == SpanStart::Offer(self.to)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Cursor {
    pub(super) span: Span,
    /// The next page, counted from 0.
    pub(super) page: u32,
}

#[derive(Clone)]
pub(super) struct CursorKey(pub(super) [u8; 32]);

impl CursorKey {
    pub(super) fn seal(&self, cursor: &Cursor) -> String {
        let mut bytes = body(cursor);
        let seal = self.mac(&bytes).finalize().into_bytes();
        bytes.extend_from_slice(&seal[..SEAL]);
        BASE64URL_NOPAD.encode(&bytes)
    }

    /// The cursor that a client sent, if it is authentic.
    pub(super) fn open(&self, text: &str) -> Option<Cursor> {
        let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).ok()?;
        let (body, seal) = bytes.split_at_checked(BODY)?;
        if seal.len() != SEAL {
            return None;
        }
        self.mac(body).verify_truncated_left(seal).ok()?;
        parse(body)
    }

    fn mac(&self, body: &[u8]) -> Hmac<Sha256> {
        #[expect(clippy::expect_used, reason = "HMAC takes keys of every length")]
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("any key length");
        mac.update(body);
        mac
    }
}

fn body(cursor: &Cursor) -> Vec<u8> {
    let Span { from, to } = cursor.span;
    let (kind, from) = match from {
        SpanStart::Nothing => (0_u8, [0; 3]),
        SpanStart::Union { since, union, common } => {
            (1, [since.0, union.0.cast_unsigned(), common.0.cast_unsigned()])
        }
        SpanStart::Offer(Holding { set, revision, generation }) => {
            (2, [set.0.cast_unsigned(), revision.0, generation.0.into()])
        }
        SpanStart::Offers { since, digest: [high, low] } => (3, [since.0, high, low]),
    };
    let mut bytes = Vec::with_capacity(BODY + SEAL);
    bytes.push(kind);
    for number in from.into_iter().chain([to.set.0.cast_unsigned(), to.revision.0]) {
        bytes.extend_from_slice(&number.to_be_bytes());
    }
    bytes.extend_from_slice(&to.generation.0.to_be_bytes());
    bytes.extend_from_slice(&cursor.page.to_be_bytes());
    bytes
}

fn parse(body: &[u8]) -> Option<Cursor> {
    let (kind, mut rest) = body.split_first()?;
    let mut long = || {
        let (head, tail) = rest.split_first_chunk::<8>()?;
        rest = tail;
        Some(u64::from_be_bytes(*head))
    };
    let from = [long()?, long()?, long()?];
    let (set, revision) = (long()?, long()?);
    let last = long()?;
    let (generation, page) = ((last >> 32) as u32, (last & u64::from(u32::MAX)) as u32);
    let id = |bits: u64| ScopeSetId(bits.cast_signed());
    let state = |set: u64, revision: u64, generation: u32| Holding {
        set: id(set),
        revision: Revision(revision),
        generation: Generation(generation),
    };
    let from = match (kind, from) {
        (0, _) => SpanStart::Nothing,
        (1, [since, union, common]) => {
            SpanStart::Union { since: Revision(since), union: id(union), common: id(common) }
        }
        (2, [set, revision, generation]) => {
            SpanStart::Offer(state(set, revision, generation.try_into().ok()?))
        }
        (3, [since, high, low]) => {
            SpanStart::Offers { since: Revision(since), digest: [high, low] }
        }
        _ => return None,
    };
    Some(Cursor { span: Span { from, to: state(set, revision, generation) }, page })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cursor_from(from: SpanStart) -> Cursor {
        let to =
            Holding { set: ScopeSetId(4), revision: Revision(9), generation: Generation(202_506) };
        Cursor { span: Span { from, to }, page: 12 }
    }

    fn cursor() -> Cursor {
        let (union, common) = (ScopeSetId(3), ScopeSetId(2));
        cursor_from(SpanStart::Union { since: Revision(7), union, common })
    }

    #[test]
    fn a_cursor_comes_back_as_it_went_out() {
        let key = CursorKey([1; 32]);
        let offer = Holding { revision: Revision(8), ..cursor().span.to };
        let offers = SpanStart::Offers { since: Revision(7), digest: [1 << 63, 5] };
        for from in [SpanStart::Nothing, SpanStart::Offer(offer), offers, cursor().span.from] {
            let cursor = cursor_from(from);
            assert_eq!(key.open(&key.seal(&cursor)), Some(cursor));
        }
    }

    #[test]
    fn no_bit_of_a_cursor_can_be_changed() {
        let key = CursorKey([1; 32]);
        let sealed = BASE64URL_NOPAD.decode(key.seal(&cursor()).as_bytes()).unwrap();
        for place in 0..sealed.len() {
            let mut forged = sealed.clone();
            forged[place] ^= 1;
            assert_eq!(key.open(&BASE64URL_NOPAD.encode(&forged)), None, "byte {place}");
        }
        assert_eq!(CursorKey([2; 32]).open(&key.seal(&cursor())), None);
        assert_eq!(key.open(""), None);
        assert_eq!(key.open("2200"), None);
    }
}
