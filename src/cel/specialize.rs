//! Programs for evaluations in which some variables are known in advance.

use std::collections::BTreeSet;

use super::eval;
use super::program::{Code, Node, NodeId, Program, Slot, Variables};
use super::span::Span;
use super::types::Type;
use super::value::{Resolved, Stop, Value};

/// The cost limit of a part that is computed in advance. A more expensive part is evaluated for
/// each event. An expression has many parts and is specialized for every kind of event.
const MOST_COST: u64 = 10_000;

/// An expression in which the known variables and fields are replaced.
#[derive(Debug)]
pub enum Specialized {
    Always,
    /// The expression is false or an error, whatever the other variables are.
    Never,
    /// The expression depends on the slots of this program, which may be fewer than before.
    Depends(Box<Program>),
}

impl Program {
    /// Replaces the variables and fields that are not unknown, and evaluates all parts that depend
    /// only on them.
    pub fn specialize(&self, known: &dyn Variables) -> Specialized {
        let to = Self {
            source: self.source.clone(),
            nodes: Vec::new(),
            root: 0,
            slots: self.slots.clone(),
            patterns: Vec::new(),
            sets: Vec::new(),
            fields: Vec::new(),
            uses: BTreeSet::new(),
            first_version: self.first_version,
            result: self.result.clone(),
        };
        let mut folder = Folder { from: self, known, to };
        let root = match folder.fold(self.root) {
            Folded::Constant(Value::Bool(true)) => return Specialized::Always,
            Folded::Constant(_) | Folded::Error => return Specialized::Never,
            Folded::Node(root) => root,
        };
        folder.copy_tables();
        let mut program = folder.to;
        program.root = root;
        program.uses.clone_from(&self.uses);
        if !program.can_be(root, true) {
            return Specialized::Never;
        }
        program.remove_unused_slots();
        Specialized::Depends(Box::new(program))
    }

    /// Whether a part can have the value `wanted`. It cannot if an error prevents it.
    fn can_be(&self, id: NodeId, wanted: bool) -> bool {
        match self.nodes.get(id as usize).map(|node| &node.code) {
            None | Some(Code::Broken) => false,
            Some(Code::Constant(value)) => *value == Value::Bool(wanted),
            Some(Code::Not(operand)) => self.can_be(*operand, !wanted),
            Some(Code::Logic { is_or, operands }) => {
                let mut operands = operands.iter();
                match *is_or == wanted {
                    true => operands.any(|operand| self.can_be(*operand, wanted)),
                    false => operands.all(|operand| self.can_be(*operand, wanted)),
                }
            }
            Some(Code::Conditional([_, then, otherwise])) => {
                self.can_be(*then, wanted) || self.can_be(*otherwise, wanted)
            }
            Some(_) => true,
        }
    }

    fn remove_unused_slots(&mut self) {
        let mut places: Vec<Option<u32>> = vec![None; self.slots.len()];
        let mut used = Vec::new();
        for node in &mut self.nodes {
            let (Code::Slot(at) | Code::HasSlot(at)) = &mut node.code else { continue };
            let index = *at as usize;
            let (Some(place), Some(slot)) = (places.get_mut(index), self.slots.get(index)) else {
                continue;
            };
            *at = *place.get_or_insert_with(|| {
                used.push(slot.clone());
                u32::try_from(used.len() - 1).unwrap_or(u32::MAX)
            });
        }
        self.slots = used;
    }
}

/// A part of the new program.
enum Folded {
    Constant(Value),
    Error,
    Node(NodeId),
}

struct Folder<'a> {
    from: &'a Program,
    known: &'a dyn Variables,
    to: Program,
}

/// All variables have the same value.
struct Everything(Resolved);

impl Variables for Everything {
    fn resolve(&self, _: usize, _: &Slot) -> Resolved {
        self.0.clone()
    }
}

impl Folder<'_> {
    fn fold(&mut self, id: NodeId) -> Folded {
        let from = self.from;
        let Some(Node { code, span }) = from.nodes.get(id as usize) else { return Folded::Error };
        let span = *span;
        match code {
            Code::Broken => Folded::Error,
            Code::Constant(value) => Folded::Constant(value.clone()),
            Code::Slot(at) | Code::HasSlot(at) => self.slot(*at, code, span),
            Code::Local(_) => self.node(code.clone(), span),
            Code::Field { operand, field } => {
                self.strict(&[*operand], span, |ids| Code::Field { operand: ids[0], field: *field })
            }
            Code::HasField { operand, field } => self
                .strict(&[*operand], span, |ids| Code::HasField { operand: ids[0], field: *field }),
            Code::Member { operand, key } => self.strict(&[*operand], span, |ids| Code::Member {
                operand: ids[0],
                key: key.clone(),
            }),
            Code::HasMember { operand, key } => self.strict(&[*operand], span, |ids| {
                Code::HasMember { operand: ids[0], key: key.clone() }
            }),
            Code::Index { operand, index } => self.strict(&[*operand, *index], span, |ids| {
                Code::Index { operand: ids[0], index: ids[1] }
            }),
            Code::Call { function, arguments } => self.strict(arguments, span, |ids| Code::Call {
                function: *function,
                arguments: ids.into(),
            }),
            Code::Matches { text, pattern } => {
                self.strict(&[*text], span, |ids| Code::Matches { text: ids[0], pattern: *pattern })
            }
            Code::InSet { value, set } => {
                self.strict(&[*value], span, |ids| Code::InSet { value: ids[0], set: *set })
            }
            Code::Not(operand) => self.strict(&[*operand], span, |ids| Code::Not(ids[0])),
            Code::List(elements) => self.strict(elements, span, |ids| Code::List(ids.into())),
            Code::Map(entries) => {
                let flat: Vec<NodeId> = entries.iter().flat_map(|(k, v)| [*k, *v]).collect();
                self.strict(&flat, span, |ids| {
                    Code::Map(ids.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect())
                })
            }
            Code::Logic { is_or, operands } => self.logic(*is_or, operands, span),
            Code::Conditional(parts) => self.conditional(*parts, span),
            Code::Macro { .. } => self.comprehension(code, span),
        }
    }

    /// Copies what nodes refer to. Most expressions are never true, and need no copies.
    fn copy_tables(&mut self) {
        let (from, to) = (self.from, &mut self.to);
        if to.patterns.len() + to.sets.len() + to.fields.len() == 0 {
            to.patterns.clone_from(&from.patterns);
            to.sets.clone_from(&from.sets);
            to.fields.clone_from(&from.fields);
        }
    }

    fn node(&mut self, code: Code, span: Span) -> Folded {
        Folded::Node(self.add(code, span))
    }

    fn add(&mut self, code: Code, span: Span) -> NodeId {
        self.to.nodes.push(Node { code, span });
        u32::try_from(self.to.nodes.len() - 1).unwrap_or(u32::MAX)
    }

    /// The node for a part.
    fn emit(&mut self, folded: Folded, span: Span) -> NodeId {
        match folded {
            Folded::Constant(value) => self.add(Code::Constant(value), span),
            Folded::Error => self.add(Code::Broken, span),
            Folded::Node(id) => id,
        }
    }

    /// The value of a node whose operands are known. Its nodes, from `first` on, are removed.
    fn evaluate(&mut self, id: NodeId, first: usize, resolved: Resolved) -> Folded {
        self.to.root = id;
        let folded = match eval::evaluate(&self.to, &Everything(resolved), MOST_COST) {
            Ok(value) => Folded::Constant(value),
            Err(Stop::Error { .. }) => Folded::Error,
            Err(Stop::Unknown(_) | Stop::CostLimit) => return Folded::Node(id),
        };
        self.to.nodes.truncate(first);
        folded
    }

    fn slot(&mut self, at: u32, code: &Code, span: Span) -> Folded {
        let Some(slot) = self.from.slots.get(at as usize) else { return Folded::Error };
        let resolved = self.known.resolve(at as usize, slot);
        if matches!(resolved, Resolved::Unknown) {
            return self.node(code.clone(), span);
        }
        let first = self.to.nodes.len();
        let id = self.add(code.clone(), span);
        self.evaluate(id, first, resolved)
    }

    /// A part that is an error if one of its operands is.
    fn strict(
        &mut self,
        operands: &[NodeId],
        span: Span,
        code: impl FnOnce(&[NodeId]) -> Code,
    ) -> Folded {
        let first = self.to.nodes.len();
        let folded: Vec<Folded> = operands.iter().map(|id| self.fold(*id)).collect();
        if folded.iter().any(|operand| matches!(operand, Folded::Error)) {
            self.to.nodes.truncate(first);
            return Folded::Error;
        }
        let is_known = folded.iter().all(|operand| matches!(operand, Folded::Constant(_)));
        let ids: Vec<NodeId> = folded.into_iter().map(|operand| self.emit(operand, span)).collect();
        let id = self.add(code(&ids), span);
        if !is_known {
            return Folded::Node(id);
        }
        self.copy_tables();
        self.evaluate(id, first, Resolved::Absent)
    }

    fn logic(&mut self, is_or: bool, operands: &[NodeId], span: Span) -> Folded {
        let first = self.to.nodes.len();
        let mut ids = Vec::new();
        let mut has_error = false;
        for operand in operands {
            match self.fold(*operand) {
                Folded::Constant(Value::Bool(flag)) if flag == is_or => {
                    self.to.nodes.truncate(first);
                    return Folded::Constant(Value::Bool(is_or));
                }
                Folded::Constant(Value::Bool(_)) => {}
                Folded::Constant(_) | Folded::Error => has_error = true,
                Folded::Node(id) => ids.push(id),
            }
        }
        match (ids.len(), has_error) {
            (0, true) => return Folded::Error,
            (0, false) => return Folded::Constant(Value::Bool(!is_or)),
            (1, false) => return Folded::Node(ids[0]),
            (_, true) => ids.push(self.add(Code::Broken, span)),
            (_, false) => {}
        }
        self.node(Code::Logic { is_or, operands: ids.into() }, span)
    }

    fn conditional(&mut self, [condition, then, otherwise]: [NodeId; 3], span: Span) -> Folded {
        match self.fold(condition) {
            Folded::Constant(Value::Bool(true)) => self.fold(then),
            Folded::Constant(Value::Bool(false)) => self.fold(otherwise),
            Folded::Constant(_) | Folded::Error => Folded::Error,
            Folded::Node(condition) => {
                let [then, otherwise] = [then, otherwise].map(|id| {
                    let folded = self.fold(id);
                    self.emit(folded, span)
                });
                self.node(Code::Conditional([condition, then, otherwise]), span)
            }
        }
    }

    /// A macro. Its body is evaluated for each element, so an error in it is not yet an error.
    fn comprehension(&mut self, code: &Code, span: Span) -> Folded {
        let Code::Macro { kind, range, condition, body } = code else { return Folded::Error };
        let range = match self.fold(*range) {
            Folded::Error => return Folded::Error,
            range => self.emit(range, span),
        };
        let condition = condition.map(|condition| {
            let folded = self.fold(condition);
            self.emit(folded, span)
        });
        let folded = self.fold(*body);
        let body = self.emit(folded, span);
        self.node(Code::Macro { kind: *kind, range, condition, body }, span)
    }
}

impl Slot {
    /// The type that the schema declares.
    pub fn kind(&self) -> &Type {
        &self.access.kind
    }
}
