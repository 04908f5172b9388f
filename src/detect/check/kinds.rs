//! Which kinds of events an expression can match.

use super::schema::{DECODED_ARGS, EVENT, KIND};
use crate::cel::{ErrorReason, Program, Resolved, Slot, Span, Stop, Value, Variables};
use crate::detect::telemetry::Kind;

/// The cost limit of an evaluation for one kind. Each expression is evaluated for every kind, and a
/// file may have thousands of expressions. If the limit is exceeded, the kind may match.
const MOST_COST: u64 = 10_000;

/// Whether events of a kind match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Matching {
    Never,
    /// It depends on the fields of the event.
    Maybe,
    Always,
}

/// What an expression does for the events of a kind.
#[derive(Clone, Copy, Debug)]
pub struct KindMatching {
    pub kind: Kind,
    pub matching: Matching,
    /// The first field of another kind that is read although the expression is not already false.
    pub foreign: Option<Span>,
}

/// Evaluates an expression for each kind, with all fields of the kind unknown.
pub fn kinds_of(program: &Program) -> Vec<KindMatching> {
    Kind::all().map(|kind| of_kind(program, kind)).collect()
}

fn of_kind(program: &Program, kind: Kind) -> KindMatching {
    let (outcome, steps) = program.trace(&OnlyKind(kind), MOST_COST);
    let matching = match outcome {
        Ok(Value::Bool(false)) | Err(Stop::Error { .. }) => Matching::Never,
        Ok(Value::Bool(true)) => Matching::Always,
        Ok(_) | Err(Stop::Unknown(_) | Stop::CostLimit) => Matching::Maybe,
    };
    let foreign = match outcome {
        Ok(Value::Bool(false)) => None,
        Ok(_) | Err(_) => steps.iter().find_map(|step| match &step.outcome {
            Err(Stop::Error { reason: ErrorReason::Inaccessible, .. }) => Some(step.span),
            Ok(_) | Err(_) => None,
        }),
    };
    KindMatching { kind, matching, foreign }
}

/// An event whose fields are unknown, except for its kind.
struct OnlyKind(Kind);

impl Variables for OnlyKind {
    fn resolve(&self, _: usize, slot: &Slot) -> Resolved {
        let Self(kind) = self;
        match names(slot) {
            [KIND] => Resolved::Value(Value::Int(kind.number().into())),
            [DECODED_ARGS] if kind.name() != "execution" => Resolved::Absent,
            [first, rest @ ..] => foreign(*kind, first, rest).unwrap_or(Resolved::Unknown),
            [] => Resolved::Unknown,
        }
    }
}

/// The path of a slot, without the variable of the typed dialect.
pub(super) fn names(slot: &Slot) -> &[&'static str] {
    match slot.path.as_slice() {
        [EVENT, rest @ ..] => rest,
        path => path,
    }
}

/// What a field reads if it belongs to another kind than the event. None if it does not.
pub(super) fn foreign(kind: Kind, first: &str, rest: &[&str]) -> Option<Resolved> {
    let owner = Kind::from_name(first).filter(|owner| *owner != kind);
    owner.map(|_| if rest.is_empty() { Resolved::Absent } else { Resolved::Inaccessible })
}
