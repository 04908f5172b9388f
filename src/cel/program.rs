//! Compiled expressions.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use regex::Regex;

use super::check;
use super::eval::{self, Step};
use super::fault::{CelError, Faults};
use super::function::Builtin;
use super::schema::{Absence, Field, Macro, Presence, Schema, Version};
use super::span::Span;
use super::syntax;
use super::types::Type;
use super::value::{Outcome, Resolved, Value};

/// Longer expressions are refused.
pub const MAX_SOURCE: usize = 64 << 10;

/// A limit for evaluations that people wait for: about a tenth of a second.
pub const DEFAULT_COST: u64 = 1_000_000;

/// An expression that was checked against a schema and can be evaluated.
///
/// The nodes are in one vector, and refer to each other by index.
#[derive(Debug)]
pub struct Program {
    pub(super) source: Arc<str>,
    pub(super) nodes: Vec<Node>,
    pub(super) root: NodeId,
    pub(super) slots: Vec<Slot>,
    pub(super) patterns: Vec<Regex>,
    pub(super) sets: Vec<HashSet<Arc<str>>>,
    pub(super) fields: Vec<FieldAccess>,
    pub(super) uses: BTreeSet<String>,
    pub(super) first_version: Option<Version>,
    pub(super) result: Type,
}

pub(super) type NodeId = u32;

#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) code: Code,
    pub(super) span: Span,
}

#[derive(Clone, Debug)]
pub(super) enum Code {
    /// An error. Only in expressions with faults, which are never evaluated, and for fields that
    /// [`Program::specialize`] replaces by an error.
    Broken,
    Constant(Value),
    Slot(u32),
    HasSlot(u32),
    /// A variable of a macro: 0 is the variable of the outermost macro.
    Local(u32),
    Field {
        operand: NodeId,
        field: u32,
    },
    HasField {
        operand: NodeId,
        field: u32,
    },
    /// A key of a map, written like a field.
    Member {
        operand: NodeId,
        key: Arc<str>,
    },
    HasMember {
        operand: NodeId,
        key: Arc<str>,
    },
    Index {
        operand: NodeId,
        index: NodeId,
    },
    Call {
        function: Builtin,
        arguments: Box<[NodeId]>,
    },
    Matches {
        text: NodeId,
        pattern: u32,
    },
    InSet {
        value: NodeId,
        set: u32,
    },
    /// `is_or`: the first true operand decides. Otherwise, the first false operand decides.
    Logic {
        is_or: bool,
        operands: Box<[NodeId]>,
    },
    Not(NodeId),
    Conditional([NodeId; 3]),
    List(Box<[NodeId]>),
    Map(Box<[(NodeId, NodeId)]>),
    Macro {
        kind: Macro,
        range: NodeId,
        condition: Option<NodeId>,
        body: NodeId,
    },
}

/// A variable, or a field of a message variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// The variable, then the fields.
    pub path: Vec<&'static str>,
    /// The path with dots.
    pub name: Arc<str>,
    pub(super) access: FieldAccess,
}

/// How a field is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FieldAccess {
    pub(super) name: &'static str,
    pub(super) kind: Type,
    pub(super) presence: Presence,
    pub(super) absence: Absence,
}

impl FieldAccess {
    pub(super) fn of(field: &Field) -> Self {
        let Field { name, kind, presence, absence, .. } = field;
        Self { name, kind: kind.clone(), presence: *presence, absence: *absence }
    }
}

/// The values of the variables of one evaluation.
pub trait Variables {
    /// The value of the slot with this index in [`Program::slots`].
    fn resolve(&self, index: usize, slot: &Slot) -> Resolved;
}

impl Program {
    /// Checks and compiles `source`.
    ///
    /// # Errors
    ///
    /// All faults of the expression.
    pub fn compile(source: &str, schema: &dyn Schema) -> Result<Self, CelError> {
        if source.trim().is_empty() {
            return Err(CelError::Empty);
        }
        if source.len() > MAX_SOURCE {
            return Err(CelError::TooLong { length: source.len(), max: MAX_SOURCE });
        }
        if source.contains('\0') {
            return Err(CelError::Nul);
        }
        let mut faults = Faults::new(source);
        let trees = syntax::parse(source, &mut faults);
        let program = check::check(&trees, schema, &mut faults);
        faults.into_result()?;
        Ok(program)
    }

    pub fn source(&self) -> &str {
        &self.source
    }

    /// The variables and fields that an evaluation may read, in the order of their first use.
    pub fn slots(&self) -> &[Slot] {
        &self.slots
    }

    /// The variables, fields (as `variable.field`), constants and functions (as `name()`) that the
    /// expression uses. Built-in names of the language and variables of macros are not included.
    pub fn uses(&self) -> &BTreeSet<String> {
        &self.uses
    }

    /// The first version of the client that knows all names. None if the first version with
    /// expressions does.
    pub fn first_version(&self) -> Option<Version> {
        self.first_version
    }

    /// The type of the expression.
    pub fn result(&self) -> &Type {
        &self.result
    }

    /// Evaluates the expression. The cost of a step is about 1, plus 1 for each 16 bytes of text
    /// that the step reads or creates.
    pub fn evaluate(&self, variables: &dyn Variables, cost_limit: u64) -> Outcome {
        eval::evaluate(self, variables, cost_limit)
    }

    /// Like [`Self::evaluate`], and returns the values of the parts of the expression, too, in the
    /// order in which their evaluation ended.
    pub fn trace(&self, variables: &dyn Variables, cost_limit: u64) -> (Outcome, Vec<Step>) {
        eval::trace(self, variables, cost_limit)
    }
}
