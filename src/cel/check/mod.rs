//! Checks types and names, and compiles a tree in the same walk.

mod call;
mod constant;
mod macros;
mod nesting;
mod operator;
mod path;

use std::collections::BTreeSet;
use std::sync::Arc;

use super::fault::{FaultKind, Faults, nearest, shown};
use super::program::{Code, Node, NodeId, Program};
use super::schema::{Schema, Version};
use super::span::Span;
use super::syntax::{Expr, ExprKind, Literal, Logic, Unary};
use super::types::{Bindings, Type, are_comparable};
use super::value::Value;
use path::Found;

pub(super) use call::compile_pattern;

/// The program for the last of `trees`. It can be evaluated only if there are no faults.
pub(super) fn check(trees: &[Expr], schema: &dyn Schema, faults: &mut Faults<'_>) -> Program {
    let program = Program {
        source: faults.source().into(),
        nodes: Vec::new(),
        root: 0,
        slots: Vec::new(),
        patterns: Vec::new(),
        sets: Vec::new(),
        fields: Vec::new(),
        uses: BTreeSet::new(),
        first_version: None,
        result: Type::Broken,
    };
    let (locals, nesting) = (Vec::new(), Vec::new());
    let mut checker = Checker { schema, faults, program, locals, nesting };
    for tree in trees {
        let checked = checker.value(tree);
        checker.program.root = checked.id;
        checker.program.result = checked.kind;
    }
    if let [tree] = trees {
        checker.result(tree);
    }
    checker.program
}

/// A node of the program and its type.
#[derive(Debug, Clone)]
struct Checked {
    id: NodeId,
    kind: Type,
}

struct Checker<'a, 'f, 's> {
    schema: &'a dyn Schema,
    faults: &'f mut Faults<'s>,
    program: Program,
    /// The variables of the surrounding macros.
    locals: Vec<Local>,
    /// For each node, how many lists and maps its value can have inside each other.
    nesting: Vec<usize>,
}

/// A variable of a macro.
struct Local {
    name: String,
    kind: Type,
    nesting: usize,
}

impl Checker<'_, '_, '_> {
    fn add(&mut self, code: Code, span: Span, kind: Type) -> Checked {
        let id = index(self.program.nodes.len());
        let nesting = self.nesting_of(&code);
        let is_too_deep = nesting > nesting::MAX_NESTING;
        if is_too_deep {
            let message = "the lists or maps in this value are nested too deeply";
            self.faults.add(FaultKind::Depth, span, message);
        }
        self.nesting.push(if is_too_deep { 0 } else { nesting });
        self.program.nodes.push(Node { code, span });
        Checked { id, kind: if is_too_deep { Type::Broken } else { kind } }
    }

    fn is_local(&self, name: &str) -> bool {
        self.locals.iter().any(|local| local.name == name)
    }

    fn broken(&mut self, span: Span) -> Checked {
        self.add(Code::Broken, span, Type::Broken)
    }

    fn since(&mut self, version: Option<Version>) {
        self.program.first_version = self.program.first_version.max(version);
    }

    /// The value of a constant node.
    fn constant(&self, id: NodeId) -> Option<&Value> {
        match self.program.nodes.get(id as usize).map(|node| &node.code) {
            Some(Code::Constant(value)) => Some(value),
            _ => None,
        }
    }

    /// Checks the type of the whole expression.
    fn result(&mut self, tree: &Expr) {
        let results = self.schema.results();
        let found = &self.program.result;
        let fits = results.iter().any(|wanted| are_comparable(wanted, found));
        if !fits && !results.is_empty() {
            let message = format!("the result of the expression is {found}");
            self.faults.expected(FaultKind::Result, tree.span, message, alternatives(results));
        }
    }

    /// An expression that is not a whole message. The schema would not know which of its fields
    /// are needed.
    fn value(&mut self, expr: &Expr) -> Checked {
        let checked = self.any(expr);
        let Type::Message(name) = checked.kind else { return checked };
        let message = self.schema.messages().iter().find(|message| message.name == name);
        let field = message.and_then(|message| message.fields.first()).map(|field| field.name);
        let written = shown(expr.span.text(self.faults.source()));
        let field = field.unwrap_or("field");
        let message = format!("`{written}` is used without a field, such as `{written}.{field}`");
        self.faults.add(FaultKind::WholeMessage, expr.span, message);
        Checked { kind: Type::Broken, ..checked }
    }

    /// An expression that may be a whole message.
    fn any(&mut self, expr: &Expr) -> Checked {
        let span = expr.span;
        if self.faults.is_full() {
            return self.broken(span);
        }
        match &expr.kind {
            ExprKind::Broken => self.broken(span),
            ExprKind::Literal(literal) => self.literal(literal, span),
            ExprKind::Variable { name, is_absolute } => self.variable(expr, name, *is_absolute),
            ExprKind::Select { operand, field } => self.select(expr, operand, field),
            ExprKind::Index { operand, index } => self.index(operand, index, span),
            ExprKind::Call { target, function, arguments } => {
                self.call(target.as_deref(), function, arguments, span)
            }
            ExprKind::Unary { operator, operand } => self.unary(*operator, operand, span),
            ExprKind::Binary { operator, at, operands } => {
                self.binary(*operator, *at, operands, span)
            }
            ExprKind::Logic { operator, operands } => self.logic(*operator, operands, span),
            ExprKind::Conditional(parts) => self.conditional(parts, span),
            ExprKind::List(elements) => {
                let elements: Vec<_> = elements.iter().map(|it| self.value(it)).collect();
                self.list(&elements, span)
            }
            ExprKind::Map(entries) => self.map(entries, span),
            ExprKind::Message(name) => {
                let message = format!("unknown type `{}`", shown(&name.text));
                self.faults.add(FaultKind::UnknownType, name.span, message);
                self.broken(span)
            }
        }
    }

    fn literal(&mut self, literal: &Literal, span: Span) -> Checked {
        let (value, kind) = match literal {
            Literal::Null => (Value::Null, Type::Null),
            Literal::Bool(flag) => (Value::Bool(*flag), Type::Bool),
            Literal::Int(number) => (Value::Int(*number), Type::Int),
            Literal::Uint(number) => (Value::Uint(*number), Type::Uint),
            Literal::Double(number) => (Value::Double(*number), Type::Double),
            Literal::Text { value, .. } => (Value::text(value.as_str()), Type::String),
            Literal::Bytes(bytes) => (Value::Bytes(bytes.as_slice().into()), Type::Bytes),
        };
        self.add(Code::Constant(value), span, kind)
    }

    fn variable(&mut self, expr: &Expr, name: &str, is_absolute: bool) -> Checked {
        if !is_absolute && let Some(at) = self.locals.iter().rposition(|it| it.name == name) {
            let kind = self.locals[at].kind.clone();
            return self.add(Code::Local(index(at)), expr.span, kind);
        }
        if let Found::Field(path, field) = self.path(expr) {
            return self.slot(path, field, expr.span);
        }
        if let Some(constant) = self.named_constant(name, None, expr.span) {
            return constant;
        }
        let variables = self.schema.variables().iter().map(|variable| variable.name);
        let enums = self.schema.enums().iter().filter(|it| it.is_named);
        let values = enums.flat_map(|it| &it.values).map(|value| value.name);
        let locals = self.locals.iter().map(|local| local.name.as_str());
        let nearest = nearest(name, variables.chain(values).chain(locals));
        let message = format!("unknown variable `{}`", shown(name));
        self.faults.unknown(FaultKind::UnknownVariable, expr.span, message, nearest);
        self.broken(expr.span)
    }

    fn list(&mut self, elements: &[Checked], span: Span) -> Checked {
        let kinds = elements.iter().map(|element| element.kind.clone());
        let kind = Type::list(kinds.reduce(|a, b| a.join(&b)).unwrap_or(Type::Dyn));
        let values: Option<Arc<[Value]>> =
            elements.iter().map(|element| self.constant(element.id).cloned()).collect();
        let code = match values {
            Some(values) => Code::Constant(Value::List(values)),
            None => Code::List(elements.iter().map(|element| element.id).collect()),
        };
        self.add(code, span, kind)
    }

    fn map(&mut self, entries: &[(Expr, Expr)], span: Span) -> Checked {
        let (mut ids, mut keys, mut values) = (Vec::new(), Type::Dyn, Type::Dyn);
        for (place, (key, value)) in entries.iter().enumerate() {
            let (checked_key, checked_value) = (self.value(key), self.value(value));
            let kind = &checked_key.kind;
            let is_key = matches!(kind, Type::Bool | Type::String) || kind.is_open();
            if !is_key && (!kind.is_number() || *kind == Type::Double) {
                let message = format!("the key of a map cannot be {kind}");
                let expected = "bool, int, uint or string";
                self.faults.expected(FaultKind::Operands, key.span, message, expected);
            }
            let is_first = place == 0;
            keys = if is_first { checked_key.kind } else { keys.join(&checked_key.kind) };
            values = if is_first { checked_value.kind } else { values.join(&checked_value.kind) };
            ids.push((checked_key.id, checked_value.id));
        }
        self.add(Code::Map(ids.into()), span, Type::map(keys, values))
    }

    fn index(&mut self, operand: &Expr, index: &Expr, span: Span) -> Checked {
        let (list, at) = (self.value(operand), self.value(index));
        let (wanted, kind) = match &list.kind {
            Type::List(element) => (Type::Int, (**element).clone()),
            Type::Map(key, value) => ((**key).clone(), (**value).clone()),
            Type::Dyn => (Type::Dyn, Type::Dyn),
            Type::Broken => return self.broken(span),
            other => {
                let message = format!("a value of the type {other} has no elements");
                let expected = "a list or a map before `[`";
                self.faults.expected(FaultKind::Operands, operand.span, message, expected);
                return self.broken(span);
            }
        };
        if !Bindings::default().accept(&wanted, &at.kind) {
            let message = format!("the type of the index is {}", at.kind);
            self.faults.expected(FaultKind::Operands, index.span, message, wanted.to_string());
        }
        self.add(Code::Index { operand: list.id, index: at.id }, span, kind)
    }

    fn unary(&mut self, operator: Unary, operand: &Expr, span: Span) -> Checked {
        let checked = self.value(operand);
        match operator {
            Unary::Not => {
                self.require_bool(&checked, operand.span, "!");
                self.add(Code::Not(checked.id), span, Type::Bool)
            }
            Unary::Negate => self.negate(&checked, operand.span, span),
        }
    }

    fn logic(&mut self, operator: Logic, operands: &[Expr], span: Span) -> Checked {
        let mut ids = Vec::with_capacity(operands.len());
        for operand in operands {
            let checked = self.value(operand);
            self.require_bool(&checked, operand.span, operator.symbol());
            ids.push(checked.id);
        }
        let is_or = operator == Logic::Or;
        self.add(Code::Logic { is_or, operands: ids.into() }, span, Type::Bool)
    }

    fn require_bool(&mut self, checked: &Checked, span: Span, user: &str) {
        if checked.kind != Type::Bool && !checked.kind.is_open() {
            let message = format!("`{user}` does not support {}", checked.kind);
            self.faults.expected(FaultKind::Operands, span, message, "bool");
        }
    }

    fn conditional(&mut self, parts: &[Expr; 3], span: Span) -> Checked {
        let [condition, then, otherwise] = parts;
        let checked = [self.value(condition), self.value(then), self.value(otherwise)];
        self.require_bool(&checked[0], condition.span, "?:");
        let (first, second) = (&checked[1].kind, &checked[2].kind);
        let kind = if are_comparable(first, second) {
            first.join(second)
        } else {
            let message = format!("the values of `?:` have different types, {first} and {second}");
            self.faults.expected(FaultKind::Operands, otherwise.span, message, first.to_string());
            Type::Broken
        };
        let [condition, then, otherwise] = checked.map(|part| part.id);
        self.add(Code::Conditional([condition, then, otherwise]), span, kind)
    }
}

fn index(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

/// `int, string or bytes`, without duplicates.
fn alternatives(kinds: &[Type]) -> String {
    let mut names: Vec<String> = Vec::new();
    for kind in kinds {
        let name = kind.to_string();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    match names.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
        None => String::new(),
    }
}
