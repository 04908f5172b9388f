//! Values of enums, and names of types.

use super::super::fault::{FaultKind, nearest, shown};
use super::super::program::Code;
use super::super::schema::{Enum, EnumValue};
use super::super::span::Span;
use super::super::syntax::{Expr, ExprKind, Literal};
use super::super::types::Type;
use super::super::value::Value;
use super::{Checked, Checker};

/// The names of types that can be written in an expression, as in `type(1) == int`.
const TYPES: [&str; 10] =
    ["bool", "bytes", "double", "int", "list", "map", "null_type", "string", "type", "uint"];

impl<'a> Checker<'a, '_, '_> {
    /// A value of an enum, or the name of a type. If several enums have the value, the enum
    /// `wanted` is meant.
    pub(super) fn named_constant(
        &mut self,
        name: &str,
        wanted: Option<&str>,
        span: Span,
    ) -> Option<Checked> {
        let enums = self.schema.enums().iter().filter(|it| it.is_named);
        let found: Vec<(&'a Enum, &'a EnumValue)> =
            enums.filter_map(|it| Some((it, it.value(name)?))).collect();
        let meant = found.iter().find(|(it, _)| wanted == Some(it.name)).or(found.first());
        let Some((of, value)) = meant else {
            let known = TYPES.into_iter().find(|known| *known == name)?;
            return Some(self.add(Code::Constant(Value::Type(known)), span, Type::Type));
        };
        let is_ambiguous = found.len() > 1 && wanted != Some(of.name);
        if is_ambiguous && found.iter().any(|(_, other)| other.number != value.number) {
            let names: Vec<&str> = found.iter().map(|(of, _)| of.name).collect();
            let names = names.join(", ");
            let message = format!("`{name}` is ambiguous, because several enums have it: {names}");
            self.faults.add(FaultKind::UnknownVariable, span, message);
            return Some(self.broken(span));
        }
        self.since(value.since);
        self.program.uses.insert(value.name.to_owned());
        Some(self.add(Code::Constant(Value::Int(value.number)), span, Type::Enum(of.name)))
    }

    /// A value of an enum with its full name, such as `package.Decision.ALLOW`.
    pub(super) fn qualified_constant(&mut self, expr: &Expr) -> Option<Checked> {
        let package = self.schema.package();
        let ExprKind::Select { operand, field } = &expr.kind else { return None };
        if package.is_empty() {
            return None;
        }
        let full = self.dotted(operand)?;
        let name = full.strip_prefix(package)?.strip_prefix('.')?;
        let known = self.schema.enums().iter().find(|it| it.is_named && it.name == name)?;
        let Some(value) = known.value(&field.text) else {
            let near = nearest(&field.text, known.values.iter().map(|value| value.name));
            let message = format!("`{}` is not a value of {}", shown(&field.text), known.name);
            self.faults.unknown(FaultKind::UnknownValue, field.span, message, near);
            return Some(self.broken(expr.span));
        };
        self.since(value.since);
        self.program.uses.insert(value.name.to_owned());
        let code = Code::Constant(Value::Int(value.number));
        Some(self.add(code, expr.span, Type::Enum(known.name)))
    }

    /// Names with dots that do not begin with a variable.
    fn dotted(&self, expr: &Expr) -> Option<String> {
        match &expr.kind {
            ExprKind::Variable { name, .. } => self.is_constant(expr).then(|| name.clone()),
            ExprKind::Select { operand, field } => {
                Some(format!("{}.{}", self.dotted(operand)?, field.text))
            }
            _ => None,
        }
    }

    /// An operand that is compared with a value of the type `other`. Texts and names become values
    /// of the enum that `other` is.
    pub(super) fn compared(&mut self, expr: &Expr, other: &Type) -> Checked {
        let Type::Enum(name) = other else { return self.value(expr) };
        let known = self.schema.enums().iter().find(|known| known.name == *name);
        match (&expr.kind, known) {
            (ExprKind::Literal(Literal::Text { value, .. }), Some(known)) if known.is_textual => {
                self.textual(known, value, expr.span)
            }
            (ExprKind::Variable { name: constant, is_absolute: false }, Some(known))
                if known.is_named && self.is_constant(expr) && known.value(constant).is_some() =>
            {
                match self.named_constant(constant, Some(known.name), expr.span) {
                    Some(checked) => checked,
                    None => self.value(expr),
                }
            }
            (ExprKind::List(elements), _) => {
                let elements: Vec<_> = elements.iter().map(|it| self.compared(it, other)).collect();
                self.list(&elements, expr.span)
            }
            _ => self.value(expr),
        }
    }

    fn textual(&mut self, of: &'a Enum, text: &str, span: Span) -> Checked {
        if let Some(value) = of.value(text) {
            self.since(value.since);
            return self.add(Code::Constant(Value::Int(value.number)), span, Type::Enum(of.name));
        }
        let near = nearest(text, of.values.iter().map(|value| value.name));
        let message = format!("`{}` is not a value of {}", shown(text), of.name);
        self.faults.unknown(FaultKind::UnknownValue, span, message, near);
        self.broken(span)
    }

    /// Whether the meaning of an operand may depend on the other operand.
    pub(super) fn is_constant(&self, expr: &Expr) -> bool {
        match &expr.kind {
            ExprKind::Literal(_) | ExprKind::List(_) => true,
            ExprKind::Variable { name, is_absolute } => {
                let is_local = !is_absolute && self.is_local(name);
                let mut variables = self.schema.variables().iter();
                !is_local && !variables.any(|variable| variable.name == name)
            }
            _ => false,
        }
    }
}
