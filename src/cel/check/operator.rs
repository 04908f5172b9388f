use std::collections::HashSet;
use std::sync::Arc;

use super::super::fault::FaultKind;
use super::super::function::{self, Builtin};
use super::super::program::Code;
use super::super::span::Span;
use super::super::syntax::{Binary, Expr, ExprKind, Literal};
use super::super::types::{Bindings, Type, are_comparable};
use super::super::value::Value;
use super::{Checked, Checker, alternatives, index};

/// Shorter lists are compared value by value.
const MIN_SET: usize = 4;

impl Checker<'_, '_, '_> {
    pub(super) fn binary(
        &mut self,
        operator: Binary,
        at: Span,
        operands: &[Expr; 2],
        span: Span,
    ) -> Checked {
        let [left, right] = operands;
        match operator {
            Binary::Equal | Binary::NotEqual => self.equality(operator, left, right, span),
            Binary::In => self.membership(left, right, span),
            Binary::Less
            | Binary::LessOrEqual
            | Binary::Greater
            | Binary::GreaterOrEqual
            | Binary::Add
            | Binary::Subtract
            | Binary::Multiply
            | Binary::Divide
            | Binary::Modulo => {
                let checked = [self.value(left), self.value(right)];
                let kind = self.arithmetic(operator, &checked, [left, right], at);
                self.operation(operator, &checked, span, kind)
            }
        }
    }

    fn operation(
        &mut self,
        operator: Binary,
        operands: &[Checked; 2],
        span: Span,
        kind: Type,
    ) -> Checked {
        let arguments = operands.iter().map(|operand| operand.id).collect();
        let function = Builtin::Operator(operator);
        self.add(Code::Call { function, arguments }, span, kind)
    }

    fn equality(&mut self, operator: Binary, left: &Expr, right: &Expr, span: Span) -> Checked {
        let is_null = |expr: &Expr| matches!(expr.kind, ExprKind::Literal(Literal::Null));
        let checked = if is_null(left) || is_null(right) {
            [self.any(left), self.any(right)]
        } else if self.is_constant(left) {
            let second = self.value(right);
            [self.compared(left, &second.kind), second]
        } else {
            let first = self.value(left);
            let second = self.compared(right, &first.kind);
            [first, second]
        };
        let [first, second] = [&checked[0].kind, &checked[1].kind];
        if !are_comparable(first, second) {
            let is_left_wrong = self.is_constant(left) && !self.is_constant(right);
            let (wrong, other) = if is_left_wrong { (left, second) } else { (right, first) };
            let message = format!("cannot compare {first} with {second}");
            let expected = expectation(other);
            self.faults.expected(FaultKind::Operands, wrong.span, message, expected);
        }
        self.operation(operator, &checked, span, Type::Bool)
    }

    fn membership(&mut self, left: &Expr, right: &Expr, span: Span) -> Checked {
        let (value, list) = if self.is_constant(left) {
            let list = self.value(right);
            let element = match &list.kind {
                Type::List(element) | Type::Map(element, _) => (**element).clone(),
                _ => Type::Dyn,
            };
            (self.compared(left, &element), list)
        } else {
            let value = self.value(left);
            let list = self.compared(right, &value.kind);
            (value, list)
        };
        match &list.kind {
            Type::List(element) | Type::Map(element, _) => {
                if !are_comparable(element, &value.kind) {
                    let message = format!("cannot search for {} in {}", value.kind, list.kind);
                    let expected = expectation(element);
                    self.faults.expected(FaultKind::Operands, left.span, message, expected);
                }
            }
            Type::Dyn | Type::Broken => {}
            other => {
                let message = format!("cannot search in {other}");
                let expected = match other {
                    Type::String => "a list or a map; to search in text, use `contains`",
                    _ => "a list or a map",
                };
                self.faults.expected(FaultKind::Operands, right.span, message, expected);
            }
        }
        if let Some(set) = self.set(&list) {
            self.program.sets.push(set);
            let set = index(self.program.sets.len() - 1);
            return self.add(Code::InSet { value: value.id, set }, span, Type::Bool);
        }
        self.operation(Binary::In, &[value, list], span, Type::Bool)
    }

    /// The texts of a constant list, if it contains only texts.
    fn set(&self, list: &Checked) -> Option<HashSet<Arc<str>>> {
        match self.constant(list.id)? {
            Value::List(values) if values.len() >= MIN_SET => {
                let text = |value: &Value| match value {
                    Value::String(text) => Some(text.clone()),
                    _ => None,
                };
                values.iter().map(text).collect()
            }
            _ => None,
        }
    }

    /// The type of the result. [`Type::Broken`] after a fault.
    fn arithmetic(
        &mut self,
        operator: Binary,
        checked: &[Checked; 2],
        operands: [&Expr; 2],
        at: Span,
    ) -> Type {
        let [left, right] = [&checked[0].kind, &checked[1].kind];
        if *left == Type::Broken || *right == Type::Broken {
            return Type::Broken;
        }
        let (mut results, mut rights) = (Vec::new(), Vec::new());
        for (wanted_left, wanted_right, result) in function::operator(operator) {
            let mut bindings = Bindings::default();
            if !bindings.accept(&wanted_left, left) {
                continue;
            }
            rights.push(bindings.resolve(&wanted_right));
            if bindings.accept(&wanted_right, right) {
                results.push(bindings.resolve(&result));
            }
        }
        if let Some(result) = results.first() {
            let is_certain = results.iter().all(|other| other == result);
            return if is_certain { result.clone() } else { Type::Dyn };
        }
        let symbol = operator.symbol();
        if rights.is_empty() {
            let message = format!("`{symbol}` does not support {left}");
            self.faults.add(FaultKind::Operands, operands[0].span.to(at), message);
        } else {
            let message = format!("`{symbol}` does not support {left} and {right}");
            let expected = match rights.as_slice() {
                [only] => expectation(only),
                several => alternatives(several),
            };
            self.faults.expected(FaultKind::Operands, operands[1].span, message, expected);
        }
        Type::Broken
    }

    pub(super) fn negate(&mut self, operand: &Checked, at: Span, span: Span) -> Checked {
        let kind = match &operand.kind {
            Type::Int | Type::Enum(_) => Type::Int,
            Type::Double => Type::Double,
            Type::Dyn => Type::Dyn,
            Type::Broken => Type::Broken,
            other => {
                let message = format!("`-` does not support {other}");
                self.faults.expected(FaultKind::Operands, at, message, "int or double");
                Type::Broken
            }
        };
        let arguments = Box::new([operand.id]);
        self.add(Code::Call { function: Builtin::Negate, arguments }, span, kind)
    }
}

/// A type, with an example where its literal is not obvious.
fn expectation(kind: &Type) -> String {
    match kind {
        Type::Timestamp => "timestamp, such as timestamp('2025-01-31T12:00:00Z')".to_owned(),
        Type::Duration => "duration, such as duration('24h')".to_owned(),
        Type::Uint => "uint, such as 1u".to_owned(),
        Type::Double => "double, such as 1.0".to_owned(),
        Type::Message(_) => "null or a field".to_owned(),
        other => other.to_string(),
    }
}
