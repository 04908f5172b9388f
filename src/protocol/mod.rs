//! Santa's wire: messages, their JSON, body encodings.
//!
//! Holds no decisions, no SQL, and no field of our own.

mod body;

pub use body::{BodyError, ContentEncoding, decode, encode};
