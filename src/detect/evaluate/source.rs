//! Where the variables of expressions are in events.

use std::collections::HashMap;

use super::projection::{Projection, Values};
use super::value::{present, resolve};
use crate::cel::{Program, Resolved, Slot, Value, Variables};
use crate::detect::telemetry::{Field, FieldPath, Kind, root};

/// The variables that are not fields of events, as the schema of expressions calls them.
const KIND: &str = "kind";
const EVENT: &str = "event";
const DECODED_ARGS: &str = "decoded_args";
const PARENT: &str = "parent";

const ARGS: &str = "execution.args";

/// Where the value of a slot is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Source {
    /// A slot of the projection.
    Field(usize, &'static Field),
    Parent,
    ParentPath,
    Nowhere,
}

/// The path of a slot, without the variable of the typed dialect.
fn names(slot: &Slot) -> &[&'static str] {
    match slot.path.as_slice() {
        [EVENT, rest @ ..] => rest,
        path => path,
    }
}

/// Whether an expression needs the process tree.
pub(super) fn needs_parent(program: &Program) -> bool {
    program.slots().iter().any(|slot| names(slot).first() == Some(&PARENT))
}

/// An event whose kind is known, and nothing else. It never has the fields of another kind.
pub(super) struct OnlyKind(pub(super) Kind);

impl Variables for OnlyKind {
    fn resolve(&self, _: usize, slot: &Slot) -> Resolved {
        let Self(kind) = self;
        match names(slot) {
            [] => Resolved::Value(present()),
            [KIND] => Resolved::Value(Value::Int(kind.number().into())),
            [DECODED_ARGS] if kind.name() != "execution" => Resolved::Absent,
            [first, rest @ ..] => match (Kind::from_name(first), rest.is_empty()) {
                (Some(owner), true) if owner == *kind => Resolved::Value(present()),
                (Some(_), true) => Resolved::Absent,
                (Some(owner), false) if owner != *kind => Resolved::Inaccessible,
                (Some(_) | None, _) => Resolved::Unknown,
            },
        }
    }
}

/// The fields that several expressions read, each with one slot.
#[derive(Debug, Default)]
pub(super) struct Sources {
    paths: Vec<FieldPath>,
    places: HashMap<String, usize>,
}

impl Sources {
    pub(super) fn of(&mut self, program: &Program) -> Box<[Source]> {
        program.slots().iter().map(|slot| self.find(slot)).collect()
    }

    fn find(&mut self, slot: &Slot) -> Source {
        let path = match names(slot) {
            [PARENT] => return Source::Parent,
            [PARENT, "path"] => return Source::ParentPath,
            [DECODED_ARGS] => ARGS.to_owned(),
            names => names.join("."),
        };
        let Ok(found) = FieldPath::find(root(), &path) else { return Source::Nowhere };
        let Some(field) = found.last() else { return Source::Nowhere };
        let place = *self.places.entry(path).or_insert_with(|| {
            self.paths.push(found);
            self.paths.len() - 1
        });
        Source::Field(place, field)
    }

    pub(super) fn projection(&self) -> Projection {
        Projection::new(&self.paths)
    }
}

/// The values of an expression's slots for one event.
pub(super) struct Facts<'a> {
    pub(super) sources: &'a [Source],
    pub(super) values: &'a Values,
    pub(super) event: &'a [u8],
    /// The path of the parent process, if it is known.
    pub(super) parent: Option<&'a str>,
}

impl Variables for Facts<'_> {
    fn resolve(&self, index: usize, slot: &Slot) -> Resolved {
        match (self.sources.get(index), self.parent) {
            (Some(&Source::Field(place, field)), _) => {
                resolve(self.values, place, self.event, field, slot.kind())
            }
            (Some(Source::Parent), Some(_)) => Resolved::Value(present()),
            (Some(Source::ParentPath), Some(path)) => Resolved::Value(Value::text(path)),
            (Some(Source::Parent | Source::ParentPath), None)
            | (Some(Source::Nowhere) | None, _) => Resolved::Absent,
        }
    }
}
