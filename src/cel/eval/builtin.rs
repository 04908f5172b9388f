use std::cmp::Ordering;

use super::super::check::compile_pattern;
use super::super::function::Builtin;
use super::super::span::Span;
use super::super::syntax::Binary;
use super::super::value::{ErrorReason, Outcome, Stop, Value, compare};
use super::{Run, arithmetic, convert, error, format, text, time};

/// The cost of compiling a regular expression that is not a literal. The largest ones need a
/// hundredth of a second.
const PATTERN: u64 = 2_000;

impl Run<'_> {
    pub(super) fn builtin(&mut self, function: Builtin, values: &[Value], span: Span) -> Outcome {
        let has_elements = |value: &Value| matches!(value, Value::List(_) | Value::Map(_));
        let reads_elements = matches!(
            function,
            Builtin::Format | Builtin::Operator(Binary::Equal | Binary::NotEqual | Binary::In)
        );
        let read = match reads_elements && values.iter().any(has_elements) {
            true => self.deep_weight(values)?,
            false => values.iter().map(weight).sum(),
        };
        self.pay_for(read)?;
        let result = match function {
            Builtin::Format => {
                // The result may be longer than the arguments.
                let left = usize::try_from(self.left).unwrap_or(usize::MAX);
                match format::format(values, left.saturating_mul(16)) {
                    Err(ErrorReason::Overflow) => return Err(Stop::CostLimit),
                    result => result,
                }
            }
            Builtin::Replace => {
                let length = text::replaced_length(values);
                self.pay_for(length)?;
                text::replace(values)
            }
            Builtin::Join => {
                let length = text::joined_length(values);
                self.pay_for(length)?;
                text::join(values)
            }
            Builtin::Split => {
                // Each part is a value of its own.
                self.pay(text::parts(values))?;
                text::split(values)
            }
            Builtin::Matches => {
                self.pay(PATTERN)?;
                call(function, values)
            }
            other => call(other, values),
        };
        let value = result.map_err(|reason| error(reason, span))?;
        self.pay_for(weight(&value))?;
        Ok(value)
    }

    /// The weight of values with all their elements. The same list can be in a value many times, so
    /// the weight can be much larger than the memory of the value.
    fn deep_weight(&self, values: &[Value]) -> Result<usize, Stop> {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).saturating_mul(16);
        let mut open: Vec<&Value> = values.iter().collect();
        let mut total = 0_usize;
        while let Some(value) = open.pop() {
            total = total.saturating_add(weight(value)).saturating_add(1);
            if total > most {
                return Err(Stop::CostLimit);
            }
            match value {
                Value::List(values) => open.extend(values.iter()),
                Value::Map(map) => open.extend(map.keys().chain(map.values())),
                _ => {}
            }
        }
        Ok(total)
    }
}

/// The bytes or values that a function reads.
fn weight(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        Value::Bytes(bytes) => bytes.len(),
        Value::List(values) => values.len() * 16,
        Value::Map(map) => map.len(),
        _ => 0,
    }
}

fn call(function: Builtin, values: &[Value]) -> Result<Value, ErrorReason> {
    match function {
        Builtin::Operator(operator) => match values {
            [a, b] => binary(operator, a, b),
            _ => Err(ErrorReason::Unsupported("missing")),
        },
        Builtin::Negate => match values {
            [Value::Int(number)] => {
                number.checked_neg().map(Value::Int).ok_or(ErrorReason::Overflow)
            }
            [Value::Double(number)] => Ok(Value::Double(-number)),
            _ => Err(unsupported(values)),
        },
        Builtin::Size => text::size(values),
        Builtin::Contains | Builtin::StartsWith | Builtin::EndsWith => {
            let [Value::String(text), Value::String(part)] = values else {
                return Err(unsupported(values));
            };
            Ok(Value::Bool(match function {
                Builtin::StartsWith => text.starts_with(&**part),
                Builtin::EndsWith => text.ends_with(&**part),
                _ => text.contains(&**part),
            }))
        }
        Builtin::Matches => {
            let [Value::String(text), Value::String(pattern)] = values else {
                return Err(unsupported(values));
            };
            let pattern = compile_pattern(pattern).map_err(|_| ErrorReason::Pattern)?;
            Ok(Value::Bool(pattern.is_match(text)))
        }
        Builtin::Convert(conversion) => match values {
            [value] => convert::convert(conversion, value),
            _ => Err(unsupported(values)),
        },
        Builtin::TypeOf => match values {
            [value] => Ok(Value::Type(value.kind())),
            _ => Err(unsupported(values)),
        },
        Builtin::Part(part) => time::part(part, values),
        Builtin::CharAt => text::char_at(values),
        Builtin::IndexOf => text::index_of(values),
        Builtin::LastIndexOf => text::last_index_of(values),
        Builtin::LowerAscii => text::changed(values, |text| text.to_ascii_lowercase()),
        Builtin::UpperAscii => text::changed(values, |text| text.to_ascii_uppercase()),
        Builtin::Quote => text::changed(values, text::quoted),
        Builtin::Reverse => text::changed(values, |text| text.chars().rev().collect()),
        Builtin::Trim => text::changed(values, |text| text.trim().to_owned()),
        Builtin::Substring => text::substring(values),
        Builtin::Format | Builtin::Replace | Builtin::Join | Builtin::Split => {
            Err(unsupported(values))
        }
    }
}

/// The error for values whose types no form of the function supports.
pub(super) fn unsupported(values: &[Value]) -> ErrorReason {
    ErrorReason::Unsupported(values.first().map_or("missing", Value::kind))
}

fn binary(operator: Binary, a: &Value, b: &Value) -> Result<Value, ErrorReason> {
    let ordered = |wanted: fn(Ordering) -> bool| -> Result<Value, ErrorReason> {
        Ok(Value::Bool(compare(a, b)?.is_some_and(wanted)))
    };
    match operator {
        Binary::Equal => Ok(Value::Bool(a == b)),
        Binary::NotEqual => Ok(Value::Bool(a != b)),
        Binary::Less => ordered(Ordering::is_lt),
        Binary::LessOrEqual => ordered(Ordering::is_le),
        Binary::Greater => ordered(Ordering::is_gt),
        Binary::GreaterOrEqual => ordered(Ordering::is_ge),
        Binary::In => match b {
            Value::List(values) => Ok(Value::Bool(values.contains(a))),
            Value::Map(map) => Ok(Value::Bool(map.get(a).is_some())),
            other => Err(ErrorReason::Unsupported(other.kind())),
        },
        Binary::Add => arithmetic::add(a, b),
        Binary::Subtract => arithmetic::subtract(a, b),
        Binary::Multiply => arithmetic::multiply(a, b),
        Binary::Divide => arithmetic::divide(a, b),
        Binary::Modulo => arithmetic::modulo(a, b),
    }
}
