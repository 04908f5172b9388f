//! How many lists and maps a value can have inside each other. Values are compared, written and
//! dropped by recursion, so that a deep value would exhaust the stack.

use super::super::program::{Code, NodeId};
use super::super::schema::Macro;
use super::super::value::Value;
use super::Checker;

/// Deeper values are refused.
pub(super) const MAX_NESTING: usize = 64;

/// The nesting of values from the caller. Callers bound their values themselves.
const GIVEN: usize = 4;

impl Checker<'_, '_, '_> {
    /// The maximum for the value of a node, which may be less.
    pub(super) fn nesting_of(&self, code: &Code) -> usize {
        match code {
            Code::Constant(value) => nesting(value),
            Code::Slot(_) => GIVEN,
            Code::Local(at) => self.locals.get(*at as usize).map_or(0, |local| local.nesting),
            Code::Field { operand, .. } | Code::Member { operand, .. } => {
                self.deepest([operand]).max(GIVEN)
            }
            Code::Index { operand, .. } => self.deepest([operand]).saturating_sub(1),
            Code::Call { arguments, .. } => self.deepest(arguments.iter()).max(1),
            Code::Conditional([_, then, otherwise]) => self.deepest([then, otherwise]),
            Code::List(elements) => self.deepest(elements.iter()) + 1,
            Code::Map(entries) => self.deepest(entries.iter().map(|(_, value)| value)) + 1,
            Code::Macro { kind: Macro::Map, body, .. } => self.deepest([body]) + 1,
            Code::Macro { range, .. } => self.deepest([range]),
            Code::Broken
            | Code::HasSlot(_)
            | Code::HasField { .. }
            | Code::HasMember { .. }
            | Code::Matches { .. }
            | Code::InSet { .. }
            | Code::Logic { .. }
            | Code::Not(_) => 0,
        }
    }

    pub(super) fn deepest<'n>(&self, nodes: impl IntoIterator<Item = &'n NodeId>) -> usize {
        let nesting = |id: &NodeId| self.nesting.get(*id as usize).copied().unwrap_or_default();
        nodes.into_iter().map(nesting).max().unwrap_or_default()
    }
}

/// The nesting of a constant, whose elements were checked before.
fn nesting(value: &Value) -> usize {
    match value {
        Value::List(values) => values.iter().map(nesting).max().unwrap_or_default() + 1,
        _ => 0,
    }
}
