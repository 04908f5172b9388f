//! The expression language CEL: parses an expression, checks its types against a schema, compiles
//! and evaluates it.
//!
//! This module contains no names from Santa: callers pass a [`Schema`].

mod check;
mod eval;
mod expression;
mod fault;
mod function;
mod inspect;
mod program;
mod required;
mod schema;
mod span;
mod specialize;
mod syntax;
mod types;
mod value;

#[cfg(test)]
mod tests;

pub use eval::Step;
pub use expression::{Expression, MAX_LENGTH};
pub use fault::{CelError, Fault, FaultKind, excerpt};
pub use function::{Function, strings_extension};
pub use program::{DEFAULT_COST, MAX_SOURCE, Program, Slot, Variables};
pub use required::{RequiredText, TextPlace, fold_case};
pub use schema::{Absence, Enum, EnumValue, Field, Macro, Message, Presence, Schema, Version};
pub use span::{Position, Span};
pub use specialize::Specialized;
pub use types::Type;
pub use value::{ErrorReason, Map, Outcome, Record, Resolved, Stop, Value};
