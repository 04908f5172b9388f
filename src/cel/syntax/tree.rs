use super::super::span::Span;

/// A node of the tree. Its depth is limited, so that recursion over it cannot exhaust the stack.
#[derive(Debug)]
pub(in crate::cel) struct Expr {
    pub(in crate::cel) kind: ExprKind,
    pub(in crate::cel) span: Span,
    pub(super) depth: usize,
}

#[derive(Debug)]
pub(in crate::cel) struct Name {
    pub(in crate::cel) text: String,
    pub(in crate::cel) span: Span,
}

#[derive(Debug)]
pub(in crate::cel) enum ExprKind {
    /// Stands for a part with a fault that was reported.
    Broken,
    Literal(Literal),
    /// With a leading dot, the name is never a variable of a macro.
    Variable {
        name: String,
        is_absolute: bool,
    },
    Select {
        operand: Box<Expr>,
        field: Name,
    },
    Index {
        operand: Box<Expr>,
        index: Box<Expr>,
    },
    Call {
        target: Option<Box<Expr>>,
        function: Name,
        arguments: Vec<Expr>,
    },
    Unary {
        operator: Unary,
        operand: Box<Expr>,
    },
    Binary {
        operator: Binary,
        at: Span,
        operands: Box<[Expr; 2]>,
    },
    /// A chain of the same operator is one node.
    Logic {
        operator: Logic,
        operands: Vec<Expr>,
    },
    /// Condition, value if true, value if false.
    Conditional(Box<[Expr; 3]>),
    List(Vec<Expr>),
    Map(Vec<(Expr, Expr)>),
    /// `Name{field: value}`
    Message(Name),
}

#[derive(Debug, Clone, PartialEq)]
pub(in crate::cel) enum Literal {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Double(f64),
    /// `verbatim_at` is where the text starts in the source, if the text has no escapes.
    Text {
        value: String,
        verbatim_at: Option<usize>,
    },
    Bytes(Vec<u8>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cel) enum Unary {
    Not,
    Negate,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cel) enum Logic {
    And,
    Or,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cel) enum Binary {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
}

impl Binary {
    pub(in crate::cel) fn symbol(self) -> &'static str {
        match self {
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::In => "in",
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Modulo => "%",
        }
    }
}

impl Logic {
    pub(in crate::cel) fn symbol(self) -> &'static str {
        match self {
            Self::And => "&&",
            Self::Or => "||",
        }
    }
}
