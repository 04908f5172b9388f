use std::sync::Arc;

use super::super::value::{ErrorReason, Value};
use super::time;

type Number = Result<Value, ErrorReason>;

fn int(result: Option<i64>) -> Number {
    result.map(Value::Int).ok_or(ErrorReason::Overflow)
}

fn uint(result: Option<u64>) -> Number {
    result.map(Value::Uint).ok_or(ErrorReason::Overflow)
}

fn unsupported(a: &Value, b: &Value) -> ErrorReason {
    let wrong = if matches!(a, Value::Int(_) | Value::Uint(_) | Value::Double(_)) { b } else { a };
    ErrorReason::Unsupported(wrong.kind())
}

pub(super) fn add(a: &Value, b: &Value) -> Number {
    match (a, b) {
        (Value::Int(a), Value::Int(b)) => int(a.checked_add(*b)),
        (Value::Uint(a), Value::Uint(b)) => uint(a.checked_add(*b)),
        (Value::Double(a), Value::Double(b)) => Ok(Value::Double(a + b)),
        (Value::String(a), Value::String(b)) => Ok(Value::text(format!("{a}{b}"))),
        (Value::Bytes(a), Value::Bytes(b)) => {
            Ok(Value::Bytes(a.iter().chain(&**b).copied().collect()))
        }
        (Value::List(a), Value::List(b)) => {
            let values: Arc<[Value]> = a.iter().chain(&**b).cloned().collect();
            Ok(Value::List(values))
        }
        (Value::Timestamp(time), Value::Duration(duration))
        | (Value::Duration(duration), Value::Timestamp(time)) => {
            time::checked(time.checked_add(*duration).ok())
        }
        (Value::Duration(a), Value::Duration(b)) => {
            a.checked_add(*b).map(Value::Duration).ok_or(ErrorReason::Overflow)
        }
        _ => Err(unsupported(a, b)),
    }
}

pub(super) fn subtract(a: &Value, b: &Value) -> Number {
    match (a, b) {
        (Value::Int(a), Value::Int(b)) => int(a.checked_sub(*b)),
        (Value::Uint(a), Value::Uint(b)) => uint(a.checked_sub(*b)),
        (Value::Double(a), Value::Double(b)) => Ok(Value::Double(a - b)),
        (Value::Timestamp(a), Value::Timestamp(b)) => Ok(Value::Duration(a.duration_since(*b))),
        (Value::Timestamp(time), Value::Duration(duration)) => {
            time::checked(time.checked_sub(*duration).ok())
        }
        (Value::Duration(a), Value::Duration(b)) => {
            a.checked_sub(*b).map(Value::Duration).ok_or(ErrorReason::Overflow)
        }
        _ => Err(unsupported(a, b)),
    }
}

pub(super) fn multiply(a: &Value, b: &Value) -> Number {
    match (a, b) {
        (Value::Int(a), Value::Int(b)) => int(a.checked_mul(*b)),
        (Value::Uint(a), Value::Uint(b)) => uint(a.checked_mul(*b)),
        (Value::Double(a), Value::Double(b)) => Ok(Value::Double(a * b)),
        _ => Err(unsupported(a, b)),
    }
}

pub(super) fn divide(a: &Value, b: &Value) -> Number {
    match (a, b) {
        (Value::Int(_), Value::Int(0)) | (Value::Uint(_), Value::Uint(0)) => {
            Err(ErrorReason::DivisionByZero)
        }
        (Value::Int(a), Value::Int(b)) => int(a.checked_div(*b)),
        (Value::Uint(a), Value::Uint(b)) => uint(a.checked_div(*b)),
        (Value::Double(a), Value::Double(b)) => Ok(Value::Double(a / b)),
        _ => Err(unsupported(a, b)),
    }
}

pub(super) fn modulo(a: &Value, b: &Value) -> Number {
    match (a, b) {
        (Value::Int(_), Value::Int(0)) | (Value::Uint(_), Value::Uint(0)) => {
            Err(ErrorReason::DivisionByZero)
        }
        (Value::Int(a), Value::Int(b)) => int(a.checked_rem(*b)),
        (Value::Uint(a), Value::Uint(b)) => uint(a.checked_rem(*b)),
        _ => Err(unsupported(a, b)),
    }
}
