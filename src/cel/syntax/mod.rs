//! From text to a tree.

mod infix;
mod lexer;
mod literal;
mod parser;
mod tree;

pub(super) use parser::parse;
pub(super) use tree::{Binary, Expr, ExprKind, Literal, Logic, Name, Unary};
