use super::super::fault::{FaultKind, Faults, shown};
use super::super::span::Span;
use super::infix::{CONDITION, Infix, OR, infix};
use super::lexer::{Bracket, Kind, Token, tokens};
use super::literal;
use super::tree::{Binary, Expr, ExprKind, Literal, Logic, Name, Unary};

/// Brackets, conditions and arguments inside each other. The parser recurses for each.
const MAX_NESTING: usize = 100;

/// The depth of the tree. Each link of a chain, such as `a.b.c` or `1 + 2 + 3`, adds a level. Santa
/// refuses more than 250 (the default of cel-cpp).
const MAX_DEPTH: usize = 250;

/// The tree of `source`. Parts with a fault are [`ExprKind::Broken`]. More than one tree is
/// returned only after a fault, so that the part behind the fault is checked, too.
pub(in crate::cel) fn parse(source: &str, faults: &mut Faults<'_>) -> Vec<Expr> {
    let tokens = tokens(source, faults);
    let mut parser = Parser { source, tokens, at: 0, nesting: 0, is_too_deep: false, faults };
    let mut parsed = vec![parser.expression(CONDITION)];
    while parser.kind() != Kind::End {
        parser.unexpected("the end or an operator");
        parser.skip_to_logic();
        if parser.kind() != Kind::End {
            parser.next();
            parsed.push(parser.expression(CONDITION));
        }
    }
    parsed
}

struct Parser<'a, 'f, 's> {
    source: &'a str,
    tokens: Vec<Token>,
    at: usize,
    nesting: usize,
    is_too_deep: bool,
    faults: &'f mut Faults<'s>,
}

impl Parser<'_, '_, '_> {
    fn token(&self) -> Token {
        let end = Span::new(self.source.len(), self.source.len());
        self.tokens.get(self.at).copied().unwrap_or(Token { kind: Kind::End, span: end })
    }

    fn kind(&self) -> Kind {
        self.token().kind
    }

    fn next(&mut self) -> Token {
        let token = self.token();
        self.at += 1;
        token
    }

    fn accept(&mut self, kind: Kind) -> bool {
        let is_next = self.kind() == kind;
        self.at += usize::from(is_next);
        is_next
    }

    fn broken(&self) -> Expr {
        let at = self.token().span.start;
        Expr { kind: ExprKind::Broken, span: Span::new(at, at), depth: 0 }
    }

    /// Reports the next token, unless it was reported.
    fn unexpected(&mut self, expected: &str) {
        let Token { kind, span } = self.token();
        let found = match kind {
            Kind::Faulty => return,
            Kind::End if self.is_too_deep => return,
            Kind::End => "the expression is incomplete".to_owned(),
            Kind::Reserved => {
                let word = span.text(self.source);
                format!("`{word}` is a reserved word")
            }
            _ => format!("unexpected `{}`", shown(span.text(self.source))),
        };
        let hint = match span.text(self.source) {
            "and" | "AND" => Some("`&&`"),
            "or" | "OR" => Some("`||`"),
            "not" | "NOT" => Some("`!`"),
            _ => None,
        };
        self.faults.expected(FaultKind::Syntax, span, found, hint.unwrap_or(expected));
    }

    /// Skips a part that cannot be parsed, up to the next `&&` or `||` outside of brackets.
    fn skip_to_logic(&mut self) {
        let mut open = 0_usize;
        loop {
            match self.kind() {
                Kind::End => return,
                Kind::And | Kind::Or if open == 0 => return,
                Kind::Open(_) => open += 1,
                Kind::Close(_) => open = open.saturating_sub(1),
                _ => {}
            }
            self.at += 1;
        }
    }

    /// Ends parsing, because the tree would be too deep.
    fn too_deep(&mut self, span: Span) {
        if !self.is_too_deep {
            self.is_too_deep = true;
            self.faults.add(FaultKind::Depth, span, "the expression is nested too deeply");
        }
        self.at = self.tokens.len();
    }

    /// A node that is one level deeper than the deepest node in it.
    fn node(&mut self, kind: ExprKind, span: Span, inner: usize) -> Expr {
        if inner >= MAX_DEPTH {
            self.too_deep(span);
            return Expr { kind: ExprKind::Broken, span, depth: 0 };
        }
        Expr { kind, span, depth: inner + 1 }
    }

    /// An expression whose operators bind at least as strongly as `power`.
    fn expression(&mut self, power: u8) -> Expr {
        if self.nesting >= MAX_NESTING {
            let at = self.token().span;
            self.too_deep(at);
            return self.broken();
        }
        self.nesting += 1;
        let mut left = self.unary();
        while let Some((operator, strength)) = infix(self.kind()) {
            if strength < power {
                break;
            }
            let at = self.next().span;
            let right = self.expression(strength + 1);
            left = match operator {
                Infix::Binary(operator) => self.binary(operator, at, left, right),
                Infix::Logic(operator) => self.logic(operator, left, right),
            };
        }
        if power <= CONDITION && self.accept(Kind::Question) {
            left = self.conditional(left);
        }
        self.nesting -= 1;
        left
    }

    fn binary(&mut self, operator: Binary, at: Span, left: Expr, right: Expr) -> Expr {
        let (span, depth) = (left.span.to(right.span), left.depth.max(right.depth));
        let operands = Box::new([left, right]);
        self.node(ExprKind::Binary { operator, at, operands }, span, depth)
    }

    /// Adds the right side to the left side if the left side is a chain of the same operator. A
    /// chain in brackets has another start than its first operand.
    fn logic(&mut self, operator: Logic, left: Expr, right: Expr) -> Expr {
        let span = left.span.to(right.span);
        let depth = left.depth.max(right.depth + 1);
        match left.kind {
            ExprKind::Logic { operator: chained, mut operands }
                if chained == operator
                    && operands.first().is_some_and(|it| it.span.start == left.span.start) =>
            {
                operands.push(right);
                self.node(ExprKind::Logic { operator, operands }, span, depth - 1)
            }
            kind => {
                let left = Expr { kind, ..left };
                let depth = left.depth.max(right.depth);
                let operands = vec![left, right];
                self.node(ExprKind::Logic { operator, operands }, span, depth)
            }
        }
    }

    fn conditional(&mut self, condition: Expr) -> Expr {
        let then = self.expression(OR);
        if !self.accept(Kind::Colon) {
            self.unexpected("`:` and the value if the condition is false");
            let span = condition.span.to(then.span);
            return Expr { kind: ExprKind::Broken, span, depth: 0 };
        }
        let otherwise = self.expression(CONDITION);
        let span = condition.span.to(otherwise.span);
        let depth = condition.depth.max(then.depth).max(otherwise.depth);
        self.node(ExprKind::Conditional(Box::new([condition, then, otherwise])), span, depth)
    }

    fn unary(&mut self) -> Expr {
        let mut operators = Vec::new();
        loop {
            let operator = match self.kind() {
                Kind::Not => Unary::Not,
                Kind::Minus => Unary::Negate,
                _ => break,
            };
            operators.push((operator, self.next().span));
        }
        if let Some((Unary::Negate, sign)) = operators.last().copied()
            && matches!(self.kind(), Kind::Int | Kind::Double)
        {
            operators.pop();
            let number = self.number(Some(sign));
            let operand = self.links(number);
            return self.prefixed(operators, operand);
        }
        let operand = self.primary();
        let operand = self.links(operand);
        self.prefixed(operators, operand)
    }

    fn prefixed(&mut self, operators: Vec<(Unary, Span)>, mut operand: Expr) -> Expr {
        for (operator, at) in operators.into_iter().rev() {
            let (span, depth) = (at.to(operand.span), operand.depth);
            operand =
                self.node(ExprKind::Unary { operator, operand: Box::new(operand) }, span, depth);
        }
        operand
    }

    /// Fields, calls and indexes after a value.
    fn links(&mut self, mut operand: Expr) -> Expr {
        loop {
            match self.kind() {
                Kind::Dot => {
                    self.next();
                    operand = self.member(operand);
                }
                Kind::Open(Bracket::Square) => {
                    self.next();
                    let index = self.expression(CONDITION);
                    let end = self.close(Bracket::Square);
                    let (span, depth) = (operand.span.to(end), operand.depth.max(index.depth));
                    let (list, index) = (Box::new(operand), Box::new(index));
                    operand = self.node(ExprKind::Index { operand: list, index }, span, depth);
                }
                Kind::Open(Bracket::Curly) => {
                    let Some(name) = dotted(&operand) else { return operand };
                    let name = Name { text: name, span: operand.span };
                    self.next();
                    let end = self.message_fields();
                    let span = operand.span.to(end);
                    operand = self.node(ExprKind::Message(name), span, 0);
                }
                _ => return operand,
            }
        }
    }

    fn member(&mut self, operand: Expr) -> Expr {
        if self.kind() == Kind::Question {
            let at = self.next().span;
            let message = "optional fields (`.?`) are not supported";
            self.faults.expected(FaultKind::Syntax, at, message, "a field");
        }
        let Some(field) = self.field() else {
            return Expr { kind: ExprKind::Broken, span: operand.span, depth: 0 };
        };
        if self.accept(Kind::Open(Bracket::Round)) {
            return self.call(Some(operand), field);
        }
        let (span, depth) = (operand.span.to(field.span), operand.depth);
        self.node(ExprKind::Select { operand: Box::new(operand), field }, span, depth)
    }

    /// A name after a dot. Reserved words are valid there.
    fn field(&mut self) -> Option<Name> {
        let Token { kind, span } = self.token();
        let text = span.text(self.source);
        let text = match kind {
            Kind::Name | Kind::Reserved => text,
            Kind::QuotedName => text.trim_matches('`'),
            _ => {
                self.unexpected("the name of a field");
                return None;
            }
        };
        self.next();
        Some(Name { text: text.to_owned(), span })
    }

    fn call(&mut self, target: Option<Expr>, function: Name) -> Expr {
        let start = target.as_ref().map_or(function.span, |target| target.span);
        let (arguments, end) = self.list(Bracket::Round);
        let depths = arguments.iter().chain(&target).map(|it| it.depth);
        let depth = depths.max().unwrap_or_default();
        let target = target.map(Box::new);
        self.node(ExprKind::Call { target, function, arguments }, start.to(end), depth)
    }

    fn primary(&mut self) -> Expr {
        let Token { kind, span } = self.token();
        let literal = ExprKind::Literal;
        let kind = match kind {
            Kind::Int | Kind::Uint | Kind::Double => return self.number(None),
            Kind::Text => return self.text(),
            Kind::Name => return self.variable(false),
            Kind::Dot => {
                self.next();
                return self.variable(true);
            }
            Kind::Open(bracket) => return self.bracketed(bracket),
            Kind::True => literal(Literal::Bool(true)),
            Kind::False => literal(Literal::Bool(false)),
            Kind::Null => literal(Literal::Null),
            Kind::Faulty => ExprKind::Broken,
            Kind::Reserved => {
                self.unexpected("a value");
                ExprKind::Broken
            }
            _ => {
                self.unexpected("a value");
                return self.after_operators();
            }
        };
        self.next();
        self.node(kind, span, 0)
    }

    /// The value after operators that have no left side. Those were reported.
    fn after_operators(&mut self) -> Expr {
        let mut starts_value = false;
        while infix(self.kind()).is_some() {
            self.next();
            starts_value = matches!(
                self.kind(),
                Kind::Int | Kind::Uint | Kind::Double | Kind::Text | Kind::Name | Kind::Open(_)
            );
        }
        if starts_value { self.primary() } else { self.broken() }
    }

    fn variable(&mut self, is_absolute: bool) -> Expr {
        let Token { kind, span } = self.token();
        if kind != Kind::Name {
            self.unexpected("a name");
            return self.broken();
        }
        self.next();
        let text = span.text(self.source).to_owned();
        if self.accept(Kind::Open(Bracket::Round)) {
            return self.call(None, Name { text, span });
        }
        self.node(ExprKind::Variable { name: text, is_absolute }, span, 0)
    }

    fn number(&mut self, sign: Option<Span>) -> Expr {
        let Token { kind, span } = self.next();
        let text = span.text(self.source);
        let value = match kind {
            Kind::Uint => literal::uint(text).map(Literal::Uint),
            Kind::Double => {
                let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
                number.map(|number| Literal::Double(if sign.is_some() { -number } else { number }))
            }
            _ => literal::int(text, sign.is_some()).map(Literal::Int),
        };
        let span = sign.map_or(span, |sign| sign.to(span));
        let kind = match value {
            Some(value) => ExprKind::Literal(value),
            None => {
                let message = format!("the number `{}` is too large", shown(text));
                self.faults.add(FaultKind::Literal, span, message);
                ExprKind::Broken
            }
        };
        self.node(kind, span, 0)
    }

    fn text(&mut self) -> Expr {
        let Token { span, .. } = self.next();
        let kind = match literal::text(span.text(self.source), span.start) {
            Ok(value) => ExprKind::Literal(value),
            Err((offset, message)) => {
                let at = Span::new(span.start + offset, span.end);
                self.faults.add(FaultKind::Literal, at, message);
                ExprKind::Broken
            }
        };
        self.node(kind, span, 0)
    }

    fn bracketed(&mut self, bracket: Bracket) -> Expr {
        let start = self.next().span;
        match bracket {
            Bracket::Round => {
                let inner = self.expression(CONDITION);
                let span = start.to(self.close(Bracket::Round));
                Expr { span, ..inner }
            }
            Bracket::Square => {
                let (elements, end) = self.list(Bracket::Square);
                let depth = elements.iter().map(|it| it.depth).max().unwrap_or_default();
                self.node(ExprKind::List(elements), start.to(end), depth)
            }
            Bracket::Curly => self.map(start),
        }
    }

    /// Values up to the closing bracket.
    fn list(&mut self, bracket: Bracket) -> (Vec<Expr>, Span) {
        let mut values = Vec::new();
        while !matches!(self.kind(), Kind::Close(_) | Kind::End) {
            values.push(self.expression(CONDITION));
            if !self.accept(Kind::Comma) {
                break;
            }
        }
        (values, self.close(bracket))
    }

    fn map(&mut self, start: Span) -> Expr {
        let (mut entries, mut depth) = (Vec::new(), 0);
        while !matches!(self.kind(), Kind::Close(_) | Kind::End) {
            let key = self.expression(CONDITION);
            if !self.accept(Kind::Colon) {
                self.unexpected("`:` and a value");
                break;
            }
            let value = self.expression(CONDITION);
            depth = depth.max(key.depth).max(value.depth);
            entries.push((key, value));
            if !self.accept(Kind::Comma) {
                break;
            }
        }
        let end = self.close(Bracket::Curly);
        self.node(ExprKind::Map(entries), start.to(end), depth)
    }

    /// The fields of a message are skipped, because no schema has types that can be created.
    fn message_fields(&mut self) -> Span {
        let mut open = 0_usize;
        loop {
            let Token { kind, span } = self.token();
            match kind {
                Kind::End => return span,
                Kind::Open(_) => open += 1,
                Kind::Close(_) if open == 0 => return self.next().span,
                Kind::Close(_) => open -= 1,
                _ => {}
            }
            self.next();
        }
    }

    /// Expects the closing bracket. If the next token is another one, everything up to that bracket
    /// is skipped.
    fn close(&mut self, bracket: Bracket) -> Span {
        let closing = Kind::Close(bracket);
        if self.kind() != closing {
            self.unexpected(&format!("`{}`", bracket.closing()));
            let mut open = 0_usize;
            loop {
                match self.kind() {
                    Kind::End => return self.token().span,
                    Kind::Open(_) => open += 1,
                    kind if kind == closing && open == 0 => break,
                    // Another bracket closes what surrounds this one.
                    Kind::Close(_) if open == 0 => return self.token().span,
                    Kind::Close(_) => open -= 1,
                    _ => {}
                }
                self.at += 1;
            }
        }
        self.next().span
    }
}

/// The name of a type, such as `google.protobuf.Timestamp`.
fn dotted(expr: &Expr) -> Option<String> {
    match &expr.kind {
        ExprKind::Variable { name, .. } => Some(name.clone()),
        ExprKind::Select { operand, field } => Some(format!("{}.{}", dotted(operand)?, field.text)),
        _ => None,
    }
}
