//! Evaluates compiled expressions.

mod arithmetic;
mod builtin;
mod convert;
mod format;
mod macros;
mod text;
mod time;

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;

use super::program::{Code, FieldAccess, NodeId, Program, Slot, Variables};
use super::schema::{Absence, Presence};
use super::span::Span;
use super::types::Type;
use super::value::{ErrorReason, Map, Outcome, Resolved, Stop, Value};
pub(super) use convert::duration_text;

/// More steps are not recorded.
const MAX_STEPS: usize = 10_000;

/// The value of a part of an expression.
#[derive(Clone, Debug)]
pub struct Step {
    /// The part.
    pub span: Span,
    /// Whether the value never changes, as that of a literal.
    pub is_constant: bool,
    pub outcome: Outcome,
}

pub(super) fn evaluate(program: &Program, variables: &dyn Variables, limit: u64) -> Outcome {
    let mut run = Run::new(program, variables, limit, None);
    run.node(program.root)
}

pub(super) fn trace(
    program: &Program,
    variables: &dyn Variables,
    limit: u64,
) -> (Outcome, Vec<Step>) {
    let mut run = Run::new(program, variables, limit, Some(Vec::new()));
    let outcome = run.node(program.root);
    (outcome, run.steps.unwrap_or_default())
}

struct Run<'a> {
    program: &'a Program,
    variables: &'a dyn Variables,
    /// The values of the variables of the surrounding macros.
    locals: Vec<Value>,
    /// What the bodies of macros read, so that a long list is not built again for each element.
    repeated: Vec<(u32, Resolved)>,
    /// The cost that is left.
    left: u64,
    steps: Option<Vec<Step>>,
}

impl<'a> Run<'a> {
    fn new(
        program: &'a Program,
        variables: &'a dyn Variables,
        left: u64,
        steps: Option<Vec<Step>>,
    ) -> Self {
        Self { program, variables, locals: Vec::new(), repeated: Vec::new(), left, steps }
    }

    fn node(&mut self, id: NodeId) -> Outcome {
        self.pay(1)?;
        let Some(node) = self.program.nodes.get(id as usize) else {
            return Err(error(ErrorReason::NoSuchKey, Span::new(0, 0)));
        };
        let outcome = self.code(&node.code, node.span);
        if let Some(steps) = &mut self.steps
            && steps.len() < MAX_STEPS
        {
            let is_constant = matches!(node.code, Code::Constant(_));
            steps.push(Step { span: node.span, is_constant, outcome: outcome.clone() });
        }
        outcome
    }

    fn pay(&mut self, cost: u64) -> Result<(), Stop> {
        self.left = self.left.checked_sub(cost).ok_or(Stop::CostLimit)?;
        Ok(())
    }

    /// Pays for reading or creating `length` bytes or values.
    fn pay_for(&mut self, length: usize) -> Result<(), Stop> {
        self.pay(u64::try_from(length / 16).unwrap_or(u64::MAX))
    }

    fn code(&mut self, code: &'a Code, span: Span) -> Outcome {
        match code {
            Code::Broken => Err(error(ErrorReason::Unsupported("broken"), span)),
            Code::Constant(value) => Ok(value.clone()),
            Code::Slot(slot) => self.slot(*slot, span),
            Code::HasSlot(slot) => self.has_slot(*slot, span),
            Code::Local(at) => self
                .locals
                .get(*at as usize)
                .cloned()
                .ok_or_else(|| error(ErrorReason::NoSuchKey, span)),
            Code::Field { operand, field } => self.field(*operand, *field, span),
            Code::HasField { operand, field } => self.has_field(*operand, *field, span),
            Code::Member { operand, key } => {
                let owner = self.node(*operand)?;
                member(&owner, key, span)?.ok_or_else(|| error(ErrorReason::NoSuchKey, span))
            }
            Code::HasMember { operand, key } => {
                let owner = self.node(*operand)?;
                Ok(Value::Bool(member(&owner, key, span)?.is_some()))
            }
            Code::Index { operand, index } => {
                let (owner, index) = self.both(*operand, *index)?;
                element(&owner, &index).map_err(|reason| error(reason, span))
            }
            Code::Call { function, arguments } => {
                let arguments = self.all(arguments)?;
                self.builtin(*function, &arguments, span)
            }
            Code::Matches { text, pattern } => self.matches(*text, *pattern, span),
            Code::InSet { value, set } => {
                let value = self.node(*value)?;
                let set = self.program.sets.get(*set as usize);
                let is_in = match (&value, set) {
                    (Value::String(text), Some(set)) => set.contains(text),
                    _ => false,
                };
                Ok(Value::Bool(is_in))
            }
            Code::Logic { is_or, operands } => self.logic(*is_or, operands),
            Code::Not(operand) => match self.node(*operand)? {
                Value::Bool(flag) => Ok(Value::Bool(!flag)),
                other => Err(error(ErrorReason::Unsupported(other.kind()), span)),
            },
            Code::Conditional([condition, then, otherwise]) => match self.node(*condition)? {
                Value::Bool(true) => self.node(*then),
                Value::Bool(false) => self.node(*otherwise),
                other => Err(error(ErrorReason::Unsupported(other.kind()), span)),
            },
            Code::List(elements) => {
                let values = self.all(elements)?;
                self.pay_for(values.len())?;
                Ok(Value::List(values.into()))
            }
            Code::Map(entries) => self.map(entries, span),
            Code::Macro { kind, range, condition, body } => {
                self.comprehension(*kind, *range, *condition, *body, span)
            }
        }
    }

    /// Evaluates all operands. An error of one of them comes before an unknown value.
    fn all(&mut self, ids: &[NodeId]) -> Result<Vec<Value>, Stop> {
        let mut values = Vec::with_capacity(ids.len());
        let mut unknown: Option<BTreeSet<Arc<str>>> = None;
        for id in ids {
            match self.node(*id) {
                Ok(value) => values.push(value),
                Err(Stop::Unknown(names)) => unknown.get_or_insert_default().extend(names),
                Err(stop @ (Stop::Error { .. } | Stop::CostLimit)) => return Err(stop),
            }
        }
        unknown.map_or(Ok(values), |names| Err(Stop::Unknown(names)))
    }

    fn both(&mut self, a: NodeId, b: NodeId) -> Result<(Value, Value), Stop> {
        let mut values = self.all(&[a, b])?.into_iter();
        match (values.next(), values.next()) {
            (Some(a), Some(b)) => Ok((a, b)),
            _ => Ok((Value::Null, Value::Null)),
        }
    }

    fn map(&mut self, entries: &[(NodeId, NodeId)], span: Span) -> Outcome {
        let mut map = Map::default();
        for (key, value) in entries {
            let (key, value) = self.both(*key, *value)?;
            map.insert(key, value).map_err(|reason| error(reason, span))?;
        }
        Ok(Value::Map(Arc::new(map)))
    }

    fn logic(&mut self, is_or: bool, operands: &[NodeId]) -> Outcome {
        let mut undecided = Undecided::default();
        for operand in operands {
            let span = self.program.nodes.get(*operand as usize).map(|node| node.span);
            match self.node(*operand) {
                Ok(Value::Bool(flag)) if flag == is_or => return Ok(Value::Bool(is_or)),
                Ok(Value::Bool(_)) => {}
                Ok(other) => {
                    let reason = ErrorReason::Unsupported(other.kind());
                    undecided.add(error(reason, span.unwrap_or(Span::new(0, 0))))?;
                }
                Err(stop) => undecided.add(stop)?,
            }
        }
        undecided.or(Value::Bool(!is_or))
    }

    fn resolve(&mut self, index: u32) -> Option<(&'a Slot, Resolved)> {
        let slot = self.program.slots.get(index as usize)?;
        if self.locals.is_empty() {
            return Some((slot, self.variables.resolve(index as usize, slot)));
        }
        if let Some((_, resolved)) = self.repeated.iter().find(|(known, _)| *known == index) {
            return Some((slot, resolved.clone()));
        }
        let resolved = self.variables.resolve(index as usize, slot);
        self.repeated.push((index, resolved.clone()));
        Some((slot, resolved))
    }

    fn slot(&mut self, index: u32, span: Span) -> Outcome {
        match self.resolve(index) {
            Some((slot, resolved)) => read(resolved, &slot.access, &slot.name, span),
            None => Err(error(ErrorReason::NoSuchField, span)),
        }
    }

    fn has_slot(&mut self, index: u32, span: Span) -> Outcome {
        match self.resolve(index) {
            Some((slot, resolved)) => has(&resolved, &slot.access, &slot.name, span),
            None => Err(error(ErrorReason::NoSuchField, span)),
        }
    }

    /// The field of a message, which may be absent itself.
    fn owned_field(
        &mut self,
        operand: NodeId,
        field: u32,
        span: Span,
    ) -> Result<(&'a FieldAccess, Resolved), Stop> {
        let owner = self.node(operand)?;
        let access = self.program.fields.get(field as usize);
        let access = access.ok_or_else(|| error(ErrorReason::NoSuchField, span))?;
        match owner {
            Value::Message(record) => Ok((access, record.field(access.name))),
            Value::Null => Ok((access, Resolved::Absent)),
            other => Err(error(ErrorReason::Unsupported(other.kind()), span)),
        }
    }

    fn field(&mut self, operand: NodeId, field: u32, span: Span) -> Outcome {
        let (access, resolved) = self.owned_field(operand, field, span)?;
        read(resolved, access, access.name, span)
    }

    fn has_field(&mut self, operand: NodeId, field: u32, span: Span) -> Outcome {
        let (access, resolved) = self.owned_field(operand, field, span)?;
        has(&resolved, access, access.name, span)
    }

    fn matches(&mut self, text: NodeId, pattern: u32, span: Span) -> Outcome {
        let value = self.node(text)?;
        match (&value, self.program.patterns.get(pattern as usize)) {
            (Value::String(text), Some(pattern)) => {
                self.pay_for(text.len())?;
                Ok(Value::Bool(pattern.is_match(text)))
            }
            _ => Err(error(ErrorReason::Unsupported(value.kind()), span)),
        }
    }
}

fn error(reason: ErrorReason, span: Span) -> Stop {
    Stop::Error { reason, span }
}

/// What prevents a decision of `&&`, `||`, `all` or `exists`. Unknown values come before errors,
/// because with the value the other operand may decide.
#[derive(Default)]
struct Undecided {
    unknown: Option<BTreeSet<Arc<str>>>,
    error: Option<Stop>,
}

impl Undecided {
    /// Remembers `stop`, or returns it if it ends the evaluation.
    fn add(&mut self, stop: Stop) -> Result<(), Stop> {
        match stop {
            Stop::Unknown(names) => self.unknown.get_or_insert_default().extend(names),
            Stop::Error { .. } => self.error = self.error.take().or(Some(stop)),
            Stop::CostLimit => return Err(stop),
        }
        Ok(())
    }

    /// `value`, if nothing prevents the decision.
    fn or(self, value: Value) -> Outcome {
        match (self.unknown, self.error) {
            (Some(names), _) => Err(Stop::Unknown(names)),
            (None, Some(stop)) => Err(stop),
            (None, None) => Ok(value),
        }
    }
}

fn read(resolved: Resolved, access: &FieldAccess, name: &str, span: Span) -> Outcome {
    match (resolved, access.absence) {
        (Resolved::Value(value), _) => Ok(value),
        (Resolved::Unknown, _) => Err(unknown(name)),
        (Resolved::Inaccessible, _) => Err(error(ErrorReason::Inaccessible, span)),
        (Resolved::Absent, Absence::Default) => Ok(default_of(&access.kind)),
        (Resolved::Absent, Absence::Null) => Ok(Value::Null),
        (Resolved::Absent, Absence::Error) => Err(error(ErrorReason::NoSuchField, span)),
    }
}

fn has(resolved: &Resolved, access: &FieldAccess, name: &str, span: Span) -> Outcome {
    match (resolved, access.presence) {
        (Resolved::Value(Value::Null) | Resolved::Absent, _) => Ok(Value::Bool(false)),
        (Resolved::Value(Value::List(_) | Value::Map(_)), _)
        | (Resolved::Value(_), Presence::Implicit) => {
            let is_default = matches!(resolved, Resolved::Value(value) if value.is_default());
            Ok(Value::Bool(!is_default))
        }
        (Resolved::Value(_), Presence::Explicit) => Ok(Value::Bool(true)),
        (Resolved::Unknown, _) => Err(unknown(name)),
        (Resolved::Inaccessible, _) => Err(error(ErrorReason::Inaccessible, span)),
    }
}

fn unknown(name: &str) -> Stop {
    Stop::Unknown(BTreeSet::from([Arc::from(name)]))
}

/// The value of an absent field. An absent message is `null`, and its fields are absent.
fn default_of(kind: &Type) -> Value {
    match kind {
        Type::Bool => Value::Bool(false),
        Type::Int | Type::Enum(_) => Value::Int(0),
        Type::Uint => Value::Uint(0),
        Type::Double => Value::Double(0.0),
        Type::String => Value::text(""),
        Type::Bytes => Value::Bytes(Arc::default()),
        Type::Timestamp => Value::Timestamp(Timestamp::UNIX_EPOCH),
        Type::Duration => Value::Duration(jiff::SignedDuration::ZERO),
        Type::List(_) => Value::List(Arc::default()),
        Type::Map(..) => Value::Map(Arc::default()),
        Type::Type => Value::Type("null_type"),
        Type::Null | Type::Message(_) | Type::Dyn | Type::Broken | Type::Any(_) => Value::Null,
    }
}

/// The value of a key that is written like a field.
fn member(owner: &Value, key: &Arc<str>, span: Span) -> Result<Option<Value>, Stop> {
    match owner {
        Value::Map(map) => Ok(map.text(key).cloned()),
        Value::Message(record) => match record.field(key) {
            Resolved::Value(value) => Ok(Some(value)),
            Resolved::Absent => Ok(None),
            Resolved::Unknown => Err(unknown(key)),
            Resolved::Inaccessible => Err(error(ErrorReason::Inaccessible, span)),
        },
        other => Err(error(ErrorReason::Unsupported(other.kind()), span)),
    }
}

fn element(owner: &Value, index: &Value) -> Result<Value, ErrorReason> {
    match owner {
        Value::List(values) => {
            let at = match index {
                Value::Int(at) => usize::try_from(*at).ok(),
                Value::Uint(at) => usize::try_from(*at).ok(),
                Value::Double(at) if at.fract() == 0.0 && *at >= 0.0 => Some(*at as usize),
                Value::Double(_) => None,
                other => return Err(ErrorReason::Unsupported(other.kind())),
            };
            at.and_then(|at| values.get(at)).cloned().ok_or(ErrorReason::OutOfRange)
        }
        Value::Map(map) => map.get(index).cloned().ok_or(ErrorReason::NoSuchKey),
        other => Err(ErrorReason::Unsupported(other.kind())),
    }
}
