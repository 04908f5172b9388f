//! Properties of a compiled expression that tools for authors report.

use super::function::Builtin;
use super::program::{Code, Node, NodeId, Program};
use super::span::Span;
use super::syntax::Binary;
use super::value::Value;

/// The assumed number of elements of a list.
const ELEMENTS: u64 = 16;

/// The assumed cost of a regular expression.
const PATTERN: u64 = 32;

impl Program {
    /// The regular expressions that are literals, with the place of the call.
    pub fn patterns(&self) -> impl Iterator<Item = (Span, &str)> {
        self.nodes.iter().filter_map(|node| match node.code {
            Code::Matches { pattern, .. } => {
                let pattern = self.patterns.get(pattern as usize)?;
                Some((node.span, pattern.as_str()))
            }
            _ => None,
        })
    }

    /// The operands of `&&` if the expression is a chain of it, otherwise the whole expression.
    pub fn conjuncts(&self) -> Vec<Span> {
        match self.node(self.root) {
            Some(Node { code: Code::Logic { is_or: false, operands }, .. }) => {
                operands.iter().filter_map(|id| Some(self.node(*id)?.span)).collect()
            }
            Some(node) => vec![node.span],
            None => Vec::new(),
        }
    }

    /// The texts that fields are compared with by `==`, `!=` and `in`. Each has its place and the
    /// name of the field.
    pub fn compared_texts(&self) -> Vec<(Span, &str, &str)> {
        let mut found = Vec::new();
        for node in &self.nodes {
            let pairs: Vec<(NodeId, NodeId)> = match &node.code {
                Code::Call { function: Builtin::Operator(operator), arguments } => {
                    match (operator, &**arguments) {
                        (Binary::Equal | Binary::NotEqual | Binary::In, [a, b]) => {
                            vec![(*a, *b), (*b, *a)]
                        }
                        _ => Vec::new(),
                    }
                }
                Code::InSet { value, set } => {
                    if let Some(name) = self.field_name(*value) {
                        let texts = self.sets.get(*set as usize).into_iter().flatten();
                        let mut texts: Vec<&str> = texts.map(|text| &**text).collect();
                        texts.sort_unstable();
                        found.extend(texts.into_iter().map(|text| (node.span, name, text)));
                    }
                    Vec::new()
                }
                _ => Vec::new(),
            };
            for (field, value) in pairs {
                if let Some(name) = self.field_name(field) {
                    let texts = self.texts_of(value);
                    found.extend(texts.into_iter().map(|(span, text)| (span, name, text)));
                }
            }
        }
        found
    }

    /// The path of a variable's field, or the name of another message's field.
    fn field_name(&self, id: NodeId) -> Option<&str> {
        match &self.node(id)?.code {
            Code::Slot(slot) => self.slots.get(*slot as usize).map(|slot| &*slot.name),
            Code::Field { field, .. } => self.fields.get(*field as usize).map(|field| field.name),
            _ => None,
        }
    }

    /// A constant text, or the texts of a constant list, with the place of the constant.
    fn texts_of(&self, id: NodeId) -> Vec<(Span, &str)> {
        let Some(Node { code: Code::Constant(constant), span }) = self.node(id) else {
            return Vec::new();
        };
        let values = match constant {
            Value::List(values) => &**values,
            other => std::slice::from_ref(other),
        };
        values.iter().filter_map(|value| Some((*span, as_text(value)?))).collect()
    }

    /// The cost of an evaluation if lists have a usual length and all parts are evaluated.
    pub fn estimated_cost(&self) -> u64 {
        self.cost(self.root)
    }

    fn node(&self, id: NodeId) -> Option<&Node> {
        self.nodes.get(id as usize)
    }

    fn cost(&self, id: NodeId) -> u64 {
        let Some(node) = self.node(id) else { return 0 };
        let all =
            |ids: &[NodeId]| ids.iter().fold(0_u64, |sum, id| sum.saturating_add(self.cost(*id)));
        let parts = match &node.code {
            Code::Broken
            | Code::Constant(_)
            | Code::Slot(_)
            | Code::HasSlot(_)
            | Code::Local(_) => 0,
            Code::Field { operand, .. }
            | Code::HasField { operand, .. }
            | Code::Member { operand, .. }
            | Code::HasMember { operand, .. }
            | Code::Not(operand) => self.cost(*operand),
            Code::InSet { value, .. } => self.cost(*value),
            Code::Index { operand, index } => all(&[*operand, *index]),
            Code::Call { function, arguments } => {
                let pattern = if *function == Builtin::Matches { PATTERN } else { 0 };
                all(arguments).saturating_add(pattern)
            }
            Code::Matches { text, .. } => self.cost(*text).saturating_add(PATTERN),
            Code::Logic { operands, .. } => all(operands),
            Code::Conditional(parts) => all(parts),
            Code::List(elements) => all(elements),
            Code::Map(entries) => entries
                .iter()
                .fold(0, |sum: u64, (key, value)| sum.saturating_add(all(&[*key, *value]))),
            Code::Macro { range, condition, body, .. } => {
                let condition = condition.map_or(0, |id| self.cost(id));
                let element = self.cost(*body).saturating_add(condition);
                self.cost(*range).saturating_add(element.saturating_mul(ELEMENTS))
            }
        };
        parts.saturating_add(1)
    }
}

fn as_text(value: &Value) -> Option<&str> {
    match value {
        Value::String(text) => Some(text),
        _ => None,
    }
}
