//! Properties of a compiled expression that tools for authors report.

use super::function::Builtin;
use super::program::{Code, Node, NodeId, Program};
use super::schema::Macro;
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

    /// Whether the expression can be true only if a variable or a field contains one of some known
    /// texts. Such expressions need not be evaluated for other values.
    pub fn requires_text(&self) -> bool {
        self.requires(self.root)
    }

    /// The cost of an evaluation if lists have a usual length and all parts are evaluated.
    pub fn estimated_cost(&self) -> u64 {
        self.cost(self.root)
    }

    fn node(&self, id: NodeId) -> Option<&Node> {
        self.nodes.get(id as usize)
    }

    fn requires(&self, id: NodeId) -> bool {
        let Some(node) = self.node(id) else { return false };
        match &node.code {
            Code::Call { function, arguments } => match (function, &**arguments) {
                (Builtin::Operator(Binary::Equal), [a, b]) => {
                    self.is_read(*a) && self.is_text(*b) || self.is_read(*b) && self.is_text(*a)
                }
                (Builtin::Operator(Binary::In), [value, list]) => {
                    self.is_read(*value) && self.is_texts(*list)
                        || self.is_read(*list) && self.is_text(*value)
                }
                (Builtin::Contains | Builtin::StartsWith | Builtin::EndsWith, [value, text]) => {
                    self.is_read(*value) && self.is_text(*text)
                }
                _ => false,
            },
            Code::InSet { value, .. } => self.is_read(*value),
            Code::Logic { is_or: true, operands } => operands.iter().all(|it| self.requires(*it)),
            Code::Logic { is_or: false, operands } => operands.iter().any(|it| self.requires(*it)),
            Code::Macro { kind: Macro::Exists | Macro::ExistsOne, body, .. } => {
                self.requires(*body)
            }
            _ => false,
        }
    }

    /// Whether a node is a value of the caller, possibly in other letters.
    fn is_read(&self, id: NodeId) -> bool {
        match self.node(id).map(|node| &node.code) {
            Some(Code::Slot(_) | Code::Local(_) | Code::Field { .. } | Code::Member { .. }) => true,
            Some(Code::Call { function, arguments }) => {
                let keeps = matches!(
                    function,
                    Builtin::LowerAscii | Builtin::UpperAscii | Builtin::Join | Builtin::Trim
                );
                keeps && arguments.first().is_some_and(|id| self.is_read(*id))
            }
            _ => false,
        }
    }

    fn is_text(&self, id: NodeId) -> bool {
        let constant = self.node(id).map(|node| &node.code);
        matches!(constant, Some(Code::Constant(Value::String(text))) if !text.is_empty())
    }

    fn is_texts(&self, id: NodeId) -> bool {
        match self.node(id).map(|node| &node.code) {
            Some(Code::Constant(Value::List(values))) => {
                let is_text =
                    |value: &Value| matches!(value, Value::String(text) if !text.is_empty());
                values.iter().all(is_text)
            }
            _ => false,
        }
    }

    fn cost(&self, id: NodeId) -> u64 {
        let Some(node) = self.node(id) else { return 0 };
        let all = |ids: &[NodeId]| {
            ids.iter().fold(0_u64, |sum, id| sum.saturating_add(self.cost(*id)))
        };
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
