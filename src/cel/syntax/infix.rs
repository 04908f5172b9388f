//! The operators between two operands.

use super::lexer::Kind;
use super::tree::{Binary, Logic};

/// How strongly an operator binds. The condition `?:` is the weakest.
pub(super) const CONDITION: u8 = 1;
pub(super) const OR: u8 = 2;
const AND: u8 = 3;
const RELATION: u8 = 4;
const SUM: u8 = 5;
const PRODUCT: u8 = 6;

pub(super) enum Infix {
    Binary(Binary),
    Logic(Logic),
}

/// The operator of a token, and how strongly it binds.
pub(super) fn infix(kind: Kind) -> Option<(Infix, u8)> {
    let relation = |operator| Some((Infix::Binary(operator), RELATION));
    match kind {
        Kind::Or => Some((Infix::Logic(Logic::Or), OR)),
        Kind::And => Some((Infix::Logic(Logic::And), AND)),
        Kind::Equal => relation(Binary::Equal),
        Kind::NotEqual => relation(Binary::NotEqual),
        Kind::Less => relation(Binary::Less),
        Kind::LessOrEqual => relation(Binary::LessOrEqual),
        Kind::Greater => relation(Binary::Greater),
        Kind::GreaterOrEqual => relation(Binary::GreaterOrEqual),
        Kind::In => relation(Binary::In),
        Kind::Plus => Some((Infix::Binary(Binary::Add), SUM)),
        Kind::Minus => Some((Infix::Binary(Binary::Subtract), SUM)),
        Kind::Star => Some((Infix::Binary(Binary::Multiply), PRODUCT)),
        Kind::Slash => Some((Infix::Binary(Binary::Divide), PRODUCT)),
        Kind::Percent => Some((Infix::Binary(Binary::Modulo), PRODUCT)),
        _ => None,
    }
}
