//! Variables, fields of messages, and keys of maps that are written like fields.

use super::super::fault::{FaultKind, nearest, shown};
use super::super::program::{Code, FieldAccess, Slot};
use super::super::schema::{Field, Message};
use super::super::span::Span;
use super::super::syntax::{Expr, ExprKind, Name};
use super::super::types::Type;
use super::{Checked, Checker, index};

/// What a chain of names is.
pub(super) enum Found<'a> {
    /// A variable, or a field of message variables, with its path.
    Field(Vec<&'static str>, &'a Field),
    /// A field that does not exist. It was reported.
    Faulty,
    /// Anything else.
    Other,
}

impl<'a> Checker<'a, '_, '_> {
    fn message(&self, name: &str) -> Option<&'a Message> {
        self.schema.messages().iter().find(|message| message.name == name)
    }

    pub(super) fn path(&mut self, expr: &Expr) -> Found<'a> {
        match &expr.kind {
            ExprKind::Variable { name, is_absolute } => {
                let is_local = !is_absolute && self.is_local(name);
                let variables = self.schema.variables();
                let found = variables.iter().find(|field| field.name == name && !is_local);
                found.map_or(Found::Other, |field| Found::Field(vec![field.name], field))
            }
            ExprKind::Select { operand, field } => match self.path(operand) {
                Found::Field(mut path, outer) => match outer.kind {
                    Type::Message(name) => match self.field(name, field, &path.join(".")) {
                        Some(found) => {
                            path.push(found.name);
                            self.since(outer.since);
                            Found::Field(path, found)
                        }
                        None => Found::Faulty,
                    },
                    _ => Found::Other,
                },
                Found::Faulty => Found::Faulty,
                Found::Other => Found::Other,
            },
            _ => Found::Other,
        }
    }

    /// The field of a message. An unknown field is reported. `owner` is how the expression calls
    /// the message.
    fn field(&mut self, message: &str, name: &Name, owner: &str) -> Option<&'a Field> {
        let message = self.message(message)?;
        if let Some(field) = message.field(&name.text) {
            return Some(field);
        }
        let known = nearest(&name.text, message.fields.iter().map(|field| field.name));
        let known = known.map(|field| format!("{owner}.{field}"));
        let path = shown(&format!("{owner}.{}", name.text));
        let fault = format!("unknown field `{path}`");
        self.faults.unknown(FaultKind::UnknownField, name.span, fault, known);
        None
    }

    /// The index of the slot for `path`.
    fn slot_index(&mut self, path: Vec<&'static str>, field: &Field) -> u32 {
        self.since(field.since);
        let name = path.join(".");
        self.program.uses.insert(name.clone());
        let known = self.program.slots.iter().position(|slot| *slot.name == *name);
        index(known.unwrap_or_else(|| {
            let access = FieldAccess::of(field);
            self.program.slots.push(Slot { path, name: name.into(), access });
            self.program.slots.len() - 1
        }))
    }

    pub(super) fn slot(&mut self, path: Vec<&'static str>, field: &Field, span: Span) -> Checked {
        let slot = self.slot_index(path, field);
        self.add(Code::Slot(slot), span, field.kind.clone())
    }

    /// The index of a field of a message that is not a variable.
    fn field_access(&mut self, message: &str, field: &Field) -> u32 {
        self.since(field.since);
        self.program.uses.insert(format!("{message}.{}", field.name));
        self.program.fields.push(FieldAccess::of(field));
        index(self.program.fields.len() - 1)
    }

    pub(super) fn select(&mut self, expr: &Expr, operand: &Expr, name: &Name) -> Checked {
        match self.path(expr) {
            Found::Field(path, field) => return self.slot(path, field, expr.span),
            Found::Faulty => return self.broken(expr.span),
            Found::Other => {}
        }
        if let Some(constant) = self.qualified_constant(expr) {
            return constant;
        }
        let owner = self.any(operand);
        let id = owner.id;
        match &owner.kind {
            Type::Message(message) => {
                let written = shown(operand.span.text(self.faults.source()));
                let Some(field) = self.field(message, name, &written) else {
                    return self.broken(expr.span);
                };
                let access = self.field_access(message, field);
                self.add(Code::Field { operand: id, field: access }, expr.span, field.kind.clone())
            }
            kind => match self.member_kind(kind, name) {
                Some(kind) => {
                    let key = name.text.as_str().into();
                    self.add(Code::Member { operand: id, key }, expr.span, kind)
                }
                None => self.broken(expr.span),
            },
        }
    }

    /// The type of a value in a map, written like a field. None after a fault.
    fn member_kind(&mut self, owner: &Type, name: &Name) -> Option<Type> {
        match owner {
            Type::Map(key, value) if **key == Type::String || key.is_open() => {
                Some((**value).clone())
            }
            Type::Dyn => Some(Type::Dyn),
            Type::Broken => None,
            other => {
                let message =
                    format!("a value of the type {other} has no field `{}`", shown(&name.text));
                self.faults.add(FaultKind::UnknownField, name.span, message);
                None
            }
        }
    }

    /// `has(operand.name)`, whose argument is `select`.
    pub(super) fn has(
        &mut self,
        select: &Expr,
        operand: &Expr,
        name: &Name,
        span: Span,
    ) -> Checked {
        match self.path(select) {
            Found::Field(path, field) => {
                let slot = self.slot_index(path, field);
                return self.add(Code::HasSlot(slot), span, Type::Bool);
            }
            Found::Faulty => return self.broken(span),
            Found::Other => {}
        }
        let owner = self.any(operand);
        let id = owner.id;
        match &owner.kind {
            Type::Message(message) => {
                let written = shown(operand.span.text(self.faults.source()));
                let Some(field) = self.field(message, name, &written) else {
                    return self.broken(span);
                };
                let access = self.field_access(message, field);
                self.add(Code::HasField { operand: id, field: access }, span, Type::Bool)
            }
            kind => match self.member_kind(kind, name) {
                Some(_) => {
                    let key = name.text.as_str().into();
                    self.add(Code::HasMember { operand: id, key }, span, Type::Bool)
                }
                None => self.broken(span),
            },
        }
    }
}
