//! The expression language: parse, check against a schema, evaluate.
//!
//! Knows nothing of Santa: the names an expression may use are given to it.
