//! Checks whether an expression parses, and whether it uses only known names.
//!
//! This module contains no names from Santa: callers pass the allowed names as a [`Schema`]. This
//! module checks names, not types, and evaluates nothing.

mod check;
mod error;
mod expression;
mod parser;
mod schema;

pub use error::{CelError, NameKind, Position};
pub use expression::{Expression, MAX_LENGTH};
pub use schema::{Macro, Schema};
