use regex::{Regex, RegexBuilder};

use super::super::fault::{FaultKind, nearest, shown};
use super::super::function::{self, Builtin, Function};
use super::super::program::Code;
use super::super::schema::Macro;
use super::super::span::Span;
use super::super::syntax::{Expr, ExprKind, Literal, Name};
use super::super::types::{Bindings, Type};
use super::{Checked, Checker, alternatives, index};

/// A compiled regular expression may have at most this size, in bytes.
const MAX_PATTERN: usize = 1 << 20;

/// An expression with many regular expressions must not have many large ones: after each group of
/// this size, the maximum size of the next ones is smaller.
const PATTERN_GROUP: usize = 16;

/// Compiles a regular expression. The limit protects from patterns such as `(a{1000}){1000}`.
pub(in crate::cel) fn compile_pattern(pattern: &str) -> Result<Regex, regex::Error> {
    compile_sized(pattern, MAX_PATTERN)
}

fn compile_sized(pattern: &str, max: usize) -> Result<Regex, regex::Error> {
    RegexBuilder::new(pattern).size_limit(max).build()
}

impl<'a> Checker<'a, '_, '_> {
    pub(super) fn call(
        &mut self,
        target: Option<&Expr>,
        name: &Name,
        arguments: &[Expr],
        span: Span,
    ) -> Checked {
        if let Some(used) = Macro::find(&name.text, target.is_some()) {
            return self.expand(used, target, name, arguments, span);
        }
        if let Some(qualified) = target.and_then(|target| self.qualified(target, &name.text)) {
            let name = Name { text: qualified, span };
            return self.function(None, &name, arguments, span);
        }
        self.function(target, name, arguments, span)
    }

    /// The full name, such as `strings.quote`, if the schema has a function whose name consists of
    /// `target`, a dot and `function`.
    fn qualified(&self, target: &Expr, function: &str) -> Option<String> {
        let ExprKind::Variable { name, is_absolute } = &target.kind else { return None };
        let is_local = !is_absolute && self.is_local(name);
        let full = format!("{name}.{function}");
        let mut functions = self.schema.functions().iter();
        (!is_local && functions.any(|known| known.name == full)).then_some(full)
    }

    fn function(
        &mut self,
        target: Option<&Expr>,
        name: &Name,
        arguments: &[Expr],
        span: Span,
    ) -> Checked {
        let is_method = target.is_some();
        let extension = self.schema.functions();
        let all: Vec<&'a Function> = function::standard().iter().chain(extension).collect();
        let of_style = all.iter().copied().filter(|known| known.is_method == is_method);
        let forms: Vec<&'a Function> =
            of_style.clone().filter(|known| known.name == name.text).collect();
        let operands: Vec<&Expr> = target.into_iter().chain(arguments).collect();
        let checked: Vec<Checked> = operands.iter().map(|operand| self.value(operand)).collect();
        if forms.is_empty() {
            let macros = Macro::ALL.into_iter().filter(|it| it.binds() == is_method);
            let known = of_style.map(|known| known.name).chain(macros.map(Macro::name));
            let near = nearest(&name.text, known);
            let (kind, word) = match is_method {
                true => (FaultKind::UnknownMethod, "method"),
                false => (FaultKind::UnknownFunction, "function"),
            };
            let message = format!("unknown {word} `{}`", shown(&name.text));
            self.faults.unknown(kind, name.span, message, near);
            return self.broken(span);
        }
        let Some((form, kind)) = self.form(&forms, name, &operands, &checked) else {
            return self.broken(span);
        };
        if form.since.is_some() || extension.iter().any(|known| known.name == form.name) {
            self.program.uses.insert(format!("{}()", form.name));
            self.since(form.since);
        }
        if form.body == Builtin::Matches
            && let Some(code) = self.pattern(&operands, &checked)
        {
            return self.add(code, span, kind);
        }
        let arguments = checked.iter().map(|checked| checked.id).collect();
        self.add(Code::Call { function: form.body, arguments }, span, kind)
    }

    /// The form whose parameters match, and the type of its result. None after a fault.
    fn form(
        &mut self,
        forms: &[&'a Function],
        name: &Name,
        operands: &[&Expr],
        checked: &[Checked],
    ) -> Option<(&'a Function, Type)> {
        let mut matching: Vec<(&'a Function, Type)> = Vec::new();
        let same_length = forms.iter().filter(|form| form.parameters.len() == checked.len());
        let same_length: Vec<&Function> = same_length.copied().collect();
        for form in forms.iter().copied() {
            let mut bindings = Bindings::default();
            let mut pairs = form.parameters.iter().zip(checked);
            if form.parameters.len() == checked.len()
                && pairs.all(|(wanted, actual)| bindings.accept(wanted, &actual.kind))
            {
                matching.push((form, bindings.resolve(&form.result)));
            }
        }
        if let Some((form, result)) = matching.first() {
            let is_certain = matching.iter().all(|(_, other)| other == result);
            return Some((*form, if is_certain { result.clone() } else { Type::Dyn }));
        }
        if same_length.is_empty() {
            let hidden = usize::from(forms.iter().any(|form| form.is_method));
            let mut lengths: Vec<usize> =
                forms.iter().map(|form| form.parameters.len() - hidden).collect();
            lengths.sort_unstable();
            lengths.dedup();
            let lengths: Vec<String> = lengths.iter().map(usize::to_string).collect();
            let found = checked.len() - hidden;
            let noun = if found == 1 { "argument" } else { "arguments" };
            let message = format!("`{}` is called with {found} {noun}", shown(&name.text));
            let expected = lengths.join(" or ");
            self.faults.expected(FaultKind::Arguments, name.span, message, expected);
            return None;
        }
        self.wrong_types(&same_length, name, operands, checked);
        None
    }

    /// Reports the first operand whose type no form accepts.
    fn wrong_types(
        &mut self,
        forms: &[&Function],
        name: &Name,
        operands: &[&Expr],
        checked: &[Checked],
    ) {
        let name = shown(&name.text);
        for (place, (operand, actual)) in operands.iter().zip(checked).enumerate() {
            let wanted: Vec<Type> = forms
                .iter()
                .map(|form| Bindings::default().resolve(&form.parameters[place]))
                .collect();
            if !wanted.iter().any(|wanted| Bindings::default().accept(wanted, &actual.kind)) {
                let message = format!("`{name}` does not support {}", actual.kind);
                let expected = alternatives(&wanted);
                self.faults.expected(FaultKind::Arguments, operand.span, message, expected);
                return;
            }
        }
        let kinds: Vec<String> = checked.iter().map(|checked| checked.kind.to_string()).collect();
        let span = operands.first().map_or(Span::new(0, 0), |operand| operand.span);
        let message = format!("`{name}` does not support {} together", kinds.join(" and "));
        self.faults.add(FaultKind::Arguments, span, message);
    }

    /// Compiles the regular expression if it is a literal.
    fn pattern(&mut self, operands: &[&Expr], checked: &[Checked]) -> Option<Code> {
        let ([_, written], [text, _]) = (operands, checked) else { return None };
        let ExprKind::Literal(Literal::Text { value, verbatim_at }) = &written.kind else {
            return None;
        };
        let max = MAX_PATTERN / (1 + self.program.patterns.len() / PATTERN_GROUP);
        match compile_sized(value, max) {
            Ok(pattern) => {
                self.program.patterns.push(pattern);
                let pattern = index(self.program.patterns.len() - 1);
                Some(Code::Matches { text: text.id, pattern })
            }
            Err(_) => {
                let (reason, offset) = pattern_fault(value);
                let span = match (offset, verbatim_at) {
                    (Some(offset), Some(start)) => Span::new(start + offset, written.span.end),
                    _ => written.span,
                };
                let message = format!("invalid regular expression: {reason}");
                self.faults.add(FaultKind::Pattern, span, message);
                None
            }
        }
    }
}

/// Why a regular expression is invalid, and the byte in it where the mistake starts.
fn pattern_fault(pattern: &str) -> (String, Option<usize>) {
    match regex_syntax::parse(pattern) {
        Err(regex_syntax::Error::Parse(error)) => {
            (error.kind().to_string(), Some(error.span().start.offset))
        }
        Err(regex_syntax::Error::Translate(error)) => {
            (error.kind().to_string(), Some(error.span().start.offset))
        }
        _ => ("it is too large when compiled".to_owned(), None),
    }
}
