use super::super::fault::FaultKind;
use super::super::program::Code;
use super::super::schema::Macro;
use super::super::span::Span;
use super::super::syntax::{Expr, ExprKind, Name};
use super::super::types::Type;
use super::{Checked, Checker, Local};

impl Checker<'_, '_, '_> {
    /// A call of a macro. Except in `has`, the first argument defines a variable for the other
    /// arguments.
    pub(super) fn expand(
        &mut self,
        used: Macro,
        target: Option<&Expr>,
        name: &Name,
        arguments: &[Expr],
        span: Span,
    ) -> Checked {
        let is_complete = used.takes(arguments.len());
        match (target, arguments.split_first()) {
            (None, Some((select, []))) if is_complete => {
                if let ExprKind::Select { operand, field } = &select.kind {
                    return self.has(select, operand, field, span);
                }
            }
            (Some(target), Some((variable, rest))) if is_complete => {
                if let ExprKind::Variable { name, is_absolute: false } = &variable.kind {
                    return self.comprehension(used, target, name, rest, span);
                }
            }
            _ => {}
        }
        let message = format!("wrong arguments for `{used}`");
        let expected = format!("`{}`", used.usage());
        self.faults.expected(FaultKind::MacroArguments, name.span, message, expected);
        self.broken(span)
    }

    fn comprehension(
        &mut self,
        used: Macro,
        target: &Expr,
        variable: &str,
        arguments: &[Expr],
        span: Span,
    ) -> Checked {
        let range = self.value(target);
        let element = match &range.kind {
            Type::List(element) => (**element).clone(),
            Type::Map(key, _) => (**key).clone(),
            Type::Dyn => Type::Dyn,
            Type::Broken => Type::Broken,
            other => {
                let message = format!("`{used}` does not support {other}");
                let expected = "a list or a map";
                self.faults.expected(FaultKind::Operands, target.span, message, expected);
                Type::Broken
            }
        };
        let nesting = self.deepest([&range.id]).saturating_sub(1);
        self.locals.push(Local { name: variable.to_owned(), kind: element.clone(), nesting });
        let (condition, body) = match arguments {
            [condition, body] => (Some((self.value(condition), condition.span)), body),
            [body, ..] => (None, body),
            [] => {
                self.locals.pop();
                return self.broken(span);
            }
        };
        let body_span = body.span;
        let body = self.value(body);
        self.locals.pop();
        if let Some((condition, at)) = &condition {
            self.require_bool(condition, *at, used.name());
        }
        let kind = match used {
            Macro::Map => Type::list(body.kind.clone()),
            Macro::Filter => Type::list(element),
            Macro::All | Macro::Exists | Macro::ExistsOne | Macro::Has => Type::Bool,
        };
        if used != Macro::Map {
            self.require_bool(&body, body_span, used.name());
        }
        let condition = condition.map(|(condition, _)| condition.id);
        self.add(Code::Macro { kind: used, range: range.id, condition, body: body.id }, span, kind)
    }
}
