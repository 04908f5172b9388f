//! Checks expressions: does one parse, and does it use only names that its reader knows?
//!
//! Knows nothing of Santa: the names an expression may use are given to it as a [`Schema`].
//! It checks names, not types, and evaluates nothing.

mod check;
mod error;
mod expression;
mod parser;
mod schema;

pub use error::{CelError, NameKind, Position};
pub use expression::{Expression, MAX_LENGTH};
pub use schema::{Macro, Schema};
