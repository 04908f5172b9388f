//! Checks whether an expression parses, and whether it uses only known names.
//!
//! Contains no names of Santa: callers pass the allowed names as a [`Schema`]. It checks names, not
//! types, and evaluates nothing.

mod check;
mod error;
mod expression;
mod parser;
mod schema;

pub use error::{CelError, NameKind, Position};
pub use expression::{Expression, MAX_LENGTH};
pub use schema::{Macro, Schema};
