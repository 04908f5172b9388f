//! The cursor of a rule download: from where, to where, and which page comes next, under a
//! seal. Any server over the same database can answer it, and asking twice gives the same
//! bytes, because it names a fixed past and never "now".

use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::fleet::{Generation, Holding, ScopeSetId};
use crate::rule::Revision;

/// Bytes of the seal: 128 bits are beyond guessing.
const SEAL: usize = 16;
/// Bytes of what is sealed.
const BODY: usize = 1 + 3 * 8 + 8 + 8 + 4 + 4;

/// Where a host comes from, by the ids of interned scope sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum From {
    /// A clean slate.
    Nothing,
    /// A holding and what was offered since.
    Held {
        /// The holding's revision.
        since: Revision,
        /// All scopes of all answers since.
        union: ScopeSetId,
        /// The scopes that all those answers had.
        common: ScopeSetId,
    },
}

/// A whole download: from where to where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Span {
    pub(super) from: From,
    pub(super) to: Holding,
}

impl Span {
    /// The oldest revision whose history is needed to compute it.
    pub(super) fn oldest_revision(&self) -> Revision {
        match self.from {
            From::Nothing => self.to.revision,
            From::Held { since, .. } => since.min(self.to.revision),
        }
    }
}

/// A place in a download.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Cursor {
    pub(super) span: Span,
    /// The page to serve next, from 0.
    pub(super) page: u32,
}

/// What seals cursors.
#[derive(Clone)]
pub(super) struct CursorKey(pub(super) [u8; 32]);

impl CursorKey {
    /// The cursor as the client will give it back.
    pub(super) fn seal(&self, cursor: &Cursor) -> String {
        let mut bytes = body(cursor);
        let seal = self.mac(&bytes).finalize().into_bytes();
        bytes.extend_from_slice(&seal[..SEAL]);
        BASE64URL_NOPAD.encode(&bytes)
    }

    /// The cursor that a client gave back, if it is one of ours.
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
    let (kind, since, union, common) = match from {
        From::Nothing => (0_u8, Revision(0), ScopeSetId(0), ScopeSetId(0)),
        From::Held { since, union, common } => (1, since, union, common),
    };
    let mut bytes = Vec::with_capacity(BODY + SEAL);
    bytes.push(kind);
    bytes.extend_from_slice(&since.0.to_be_bytes());
    bytes.extend_from_slice(&union.0.to_be_bytes());
    bytes.extend_from_slice(&common.0.to_be_bytes());
    bytes.extend_from_slice(&to.set.0.to_be_bytes());
    bytes.extend_from_slice(&to.revision.0.to_be_bytes());
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
    let (since, union, common) = (Revision(long()?), long()?, long()?);
    let (set, revision) = (long()?, Revision(long()?));
    let last = long()?;
    let (generation, page) = ((last >> 32) as u32, (last & u64::from(u32::MAX)) as u32);
    let id = |bits: u64| ScopeSetId(bits.cast_signed());
    let from = match kind {
        0 => From::Nothing,
        1 => From::Held { since, union: id(union), common: id(common) },
        _ => return None,
    };
    let to = Holding { set: id(set), revision, generation: Generation(generation) };
    Some(Cursor { span: Span { from, to }, page })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cursor() -> Cursor {
        let from = From::Held { since: Revision(7), union: ScopeSetId(3), common: ScopeSetId(2) };
        let to =
            Holding { set: ScopeSetId(4), revision: Revision(9), generation: Generation(202_506) };
        Cursor { span: Span { from, to }, page: 12 }
    }

    #[test]
    fn a_cursor_comes_back_as_it_went_out() {
        let key = CursorKey([1; 32]);
        assert_eq!(key.open(&key.seal(&cursor())), Some(cursor()));
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
