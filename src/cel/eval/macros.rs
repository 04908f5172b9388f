use std::sync::Arc;

use super::super::program::NodeId;
use super::super::schema::Macro;
use super::super::span::Span;
use super::super::value::{ErrorReason, Outcome, Stop, Value};
use super::{Run, Undecided, error};

impl Run<'_> {
    pub(super) fn comprehension(
        &mut self,
        kind: Macro,
        range: NodeId,
        condition: Option<NodeId>,
        body: NodeId,
        span: Span,
    ) -> Outcome {
        let range = self.node(range)?;
        let elements: Arc<[Value]> = match &range {
            Value::List(values) => values.clone(),
            Value::Map(map) => map.keys().cloned().collect(),
            other => return Err(error(ErrorReason::Unsupported(other.kind()), span)),
        };
        match kind {
            Macro::All | Macro::Exists | Macro::Has => {
                self.first_decides(kind == Macro::Exists, &elements, body, span)
            }
            Macro::ExistsOne => {
                let mut matching = 0_usize;
                for element in &*elements {
                    matching += usize::from(self.condition(element, body, span)?);
                }
                Ok(Value::Bool(matching == 1))
            }
            Macro::Filter => {
                let mut kept = Vec::new();
                for element in &*elements {
                    if self.condition(element, body, span)? {
                        kept.push(element.clone());
                    }
                }
                Ok(Value::List(kept.into()))
            }
            Macro::Map => {
                let mut mapped = Vec::new();
                for element in &*elements {
                    let is_wanted = match condition {
                        Some(condition) => self.condition(element, condition, span)?,
                        None => true,
                    };
                    if is_wanted {
                        mapped.push(self.with(element, body)?);
                    }
                }
                Ok(Value::List(mapped.into()))
            }
        }
    }

    /// `exists` if `is_or`, otherwise `all`.
    fn first_decides(
        &mut self,
        is_or: bool,
        elements: &[Value],
        body: NodeId,
        span: Span,
    ) -> Outcome {
        let mut undecided = Undecided::default();
        for element in elements {
            match self.condition(element, body, span) {
                Ok(flag) if flag == is_or => return Ok(Value::Bool(is_or)),
                Ok(_) => {}
                Err(stop) => undecided.add(stop)?,
            }
        }
        undecided.or(Value::Bool(!is_or))
    }

    /// The value of `body`, with `element` as the variable of the macro.
    fn with(&mut self, element: &Value, body: NodeId) -> Outcome {
        self.locals.push(element.clone());
        let outcome = self.node(body);
        self.locals.pop();
        outcome
    }

    fn condition(&mut self, element: &Value, body: NodeId, span: Span) -> Result<bool, Stop> {
        match self.with(element, body)? {
            Value::Bool(flag) => Ok(flag),
            other => Err(error(ErrorReason::Unsupported(other.kind()), span)),
        }
    }
}
