//! Kinds of events.

use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use thiserror::Error;

use super::{FieldType, Message, MessageId, Presence, Schema, root};
use crate::detect::wire::{Fields, WireError, WireValue};

/// What happened, for example `execution` or `file_access`: the field of an event that is set.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kind(u8);

/// A kind's field, its name and the message of its fields.
struct KindEntry {
    number: u32,
    name: &'static str,
    message: MessageId,
}

static KINDS: LazyLock<Vec<KindEntry>> = LazyLock::new(|| {
    let fields = root().fields.iter();
    let events = fields.filter(|field| matches!(field.presence, Presence::Oneof(_)));
    let kinds = events.filter_map(|field| match field.field_type {
        FieldType::Message(message) => {
            Some(KindEntry { number: field.number, name: field.name, message })
        }
        _ => None,
    });
    kinds.collect()
});

impl Kind {
    /// All kinds, sorted by the number of their field.
    pub fn all() -> impl ExactSizeIterator<Item = Self> {
        (0..KINDS.len()).map(|at| Self(at as u8))
    }

    pub fn from_number(number: u32) -> Option<Self> {
        // The numbers have no gaps, so the first guess is usually right.
        let first = KINDS.first()?.number;
        let guess = usize::try_from(number.checked_sub(first)?).ok()?;
        if KINDS.get(guess).is_some_and(|kind| kind.number == number) {
            return Some(Self(guess as u8));
        }
        KINDS.iter().position(|kind| kind.number == number).map(|at| Self(at as u8))
    }

    pub fn from_name(name: &str) -> Option<Self> {
        KINDS.iter().position(|kind| kind.name == name).map(|at| Self(at as u8))
    }

    /// The place of the kind in [`Kind::all`].
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    /// The number of the kind's field in an event.
    pub fn number(self) -> u32 {
        self.entry().number
    }

    pub fn name(self) -> &'static str {
        self.entry().name
    }

    /// The message with the fields of this kind.
    pub fn message(self) -> &'static Message {
        Schema::get().message(self.entry().message)
    }

    fn entry(self) -> &'static KindEntry {
        &KINDS[self.index()]
    }
}

/// A name that is not a kind.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("no kind of event has this name; {expected}")]
pub struct UnknownKind {
    expected: String,
}

impl FromStr for Kind {
    type Err = UnknownKind;

    fn from_str(name: &str) -> Result<Self, UnknownKind> {
        let distance = |kind: &Self| strsim::damerau_levenshtein(name, kind.name());
        Self::from_name(name).ok_or_else(|| {
            let nearest = Self::all().min_by_key(distance);
            let nearest = nearest.filter(|kind| distance(kind) <= kind.name().len().div_ceil(3));
            let expected = match nearest {
                Some(kind) => format!("did you mean {kind}?"),
                None => {
                    let all: Vec<&str> = Self::all().map(Self::name).collect();
                    format!("expected {}", all.join(", "))
                }
            };
            UnknownKind { expected }
        })
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The kind of an event, or `None` if the event has no kind or one that is newer than the schema.
/// The message itself must be complete; its submessages are not read. If several kinds are set, the
/// last one counts, as in every protobuf parser.
///
/// # Errors
/// If the bytes are not a message.
pub fn find_kind(event: &[u8]) -> Result<Option<Kind>, WireError> {
    let mut found = None;
    for field in Fields::new(event) {
        let field = field?;
        if let WireValue::Bytes(_) = field.value
            && let Some(kind) = Kind::from_number(field.number)
        {
            found = Some(kind);
        }
    }
    Ok(found)
}
