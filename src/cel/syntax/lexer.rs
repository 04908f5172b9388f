use super::super::fault::{FaultKind, Faults, shown};
use super::super::span::Span;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Name,
    /// A field name in backticks.
    QuotedName,
    Int,
    Uint,
    Double,
    /// A string or bytes, with prefix and quotes.
    Text,
    True,
    False,
    Null,
    In,
    /// A word that is reserved for later versions of the language.
    Reserved,
    Open(Bracket),
    Close(Bracket),
    Comma,
    Colon,
    Question,
    Dot,
    Not,
    Minus,
    Plus,
    Star,
    Slash,
    Percent,
    And,
    Or,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    /// A token with a fault that was reported.
    Faulty,
    End,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bracket {
    Round,
    Square,
    Curly,
}

impl Bracket {
    pub(super) fn closing(self) -> char {
        match self {
            Self::Round => ')',
            Self::Square => ']',
            Self::Curly => '}',
        }
    }
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) span: Span,
}

const RESERVED: [&str; 16] = [
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "let",
    "loop",
    "namespace",
    "package",
    "return",
    "var",
    "void",
];

/// The tokens of `source`. The last token is [`Kind::End`].
pub(super) fn tokens(source: &str, faults: &mut Faults<'_>) -> Vec<Token> {
    let mut lexer = Lexer { source, at: 0, faults };
    let mut tokens = Vec::new();
    loop {
        lexer.skip_space();
        let start = lexer.at;
        let kind = lexer.token(tokens.last().map(|token: &Token| token.kind));
        tokens.push(Token { kind, span: Span::new(start, lexer.at) });
        if kind == Kind::End {
            return tokens;
        }
    }
}

struct Lexer<'a, 'f, 's> {
    source: &'a str,
    at: usize,
    faults: &'f mut Faults<'s>,
}

impl<'a> Lexer<'a, '_, '_> {
    fn rest(&self) -> &'a str {
        self.source.get(self.at..).unwrap_or_default()
    }

    /// White space and comments.
    fn skip_space(&mut self) {
        loop {
            let rest = self.rest();
            let trimmed = rest.trim_start_matches([' ', '\t', '\n', '\r', '\u{c}']);
            self.at += rest.len() - trimmed.len();
            if !trimmed.starts_with("//") {
                return;
            }
            self.at += trimmed.find('\n').unwrap_or(trimmed.len());
        }
    }

    fn token(&mut self, before: Option<Kind>) -> Kind {
        let rest = self.rest();
        let Some(first) = rest.chars().next() else { return Kind::End };
        if let Some(prefix) = text_prefix(rest) {
            return self.text(prefix);
        }
        if first.is_ascii_alphabetic() || first == '_' {
            return self.word();
        }
        let follows_value = matches!(
            before,
            Some(Kind::Name | Kind::QuotedName | Kind::Text | Kind::Close(_) | Kind::Faulty)
        );
        let is_fraction = first == '.' && rest[1..].starts_with(|c: char| c.is_ascii_digit());
        if first.is_ascii_digit() || is_fraction && !follows_value {
            return self.number();
        }
        if first == '`' {
            return self.quoted_name();
        }
        self.symbol(first)
    }

    fn word(&mut self) -> Kind {
        let rest = self.rest();
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let length = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        self.at += length;
        match &rest[..length] {
            "true" => Kind::True,
            "false" => Kind::False,
            "null" => Kind::Null,
            "in" => Kind::In,
            word if RESERVED.contains(&word) => Kind::Reserved,
            _ => Kind::Name,
        }
    }

    /// Digits, with an optional fraction, exponent or `u`. Letters that follow belong to the token,
    /// so that one mistake is one fault.
    fn number(&mut self) -> Kind {
        let start = self.at;
        let bytes = self.source.as_bytes();
        let digits = |mut at: usize| {
            while bytes.get(at).is_some_and(u8::is_ascii_digit) {
                at += 1;
            }
            at
        };
        let rest = self.rest();
        let is_hexadecimal = rest.starts_with("0x") || rest.starts_with("0X");
        let mut kind = Kind::Int;
        if is_hexadecimal {
            self.at += 2;
        } else {
            self.at = digits(self.at);
            if bytes.get(self.at) == Some(&b'.') && digits(self.at + 1) > self.at + 1 {
                self.at = digits(self.at + 1);
                kind = Kind::Double;
            }
            if matches!(bytes.get(self.at), Some(b'e' | b'E')) {
                let sign = usize::from(matches!(bytes.get(self.at + 1), Some(b'+' | b'-')));
                let end = digits(self.at + 1 + sign);
                if end > self.at + 1 + sign {
                    (self.at, kind) = (end, Kind::Double);
                }
            }
        }
        let tail = self.rest();
        let length = tail.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
        let tail = &tail[..length.unwrap_or(tail.len())];
        self.at += tail.len();
        let value = if is_hexadecimal { tail.trim_end_matches(['u', 'U']) } else { "" };
        let is_valid_value = is_hexadecimal != value.is_empty()
            && value.bytes().all(|byte| byte.is_ascii_hexdigit());
        match (&tail[value.len()..], kind) {
            ("", _) if is_valid_value => kind,
            ("u" | "U", Kind::Int) if is_valid_value => Kind::Uint,
            _ => {
                let span = Span::new(start, self.at);
                let message = format!("invalid number `{}`", shown(span.text(self.source)));
                self.faults.add(FaultKind::Literal, span, message);
                Kind::Faulty
            }
        }
    }

    fn quoted_name(&mut self) -> Kind {
        let rest = self.rest();
        match rest[1..].find(['`', '\n']) {
            Some(end) if rest[1 + end..].starts_with('`') && end > 0 => {
                self.at += end + 2;
                Kind::QuotedName
            }
            _ => self.faulty(1, "this backtick is not closed"),
        }
    }

    /// A string or bytes. `prefix` is the number of letters before the quote.
    fn text(&mut self, prefix: usize) -> Kind {
        let rest = self.rest();
        let is_raw = rest[..prefix].contains(['r', 'R']);
        let body = &rest[prefix..];
        let quote = &body[..1];
        let triple = quote.repeat(3);
        let is_triple = body.starts_with(&triple);
        let quote = if is_triple { triple.as_str() } else { quote };
        let mut at = prefix + quote.len();
        loop {
            let left = &rest[at..];
            if left.starts_with(quote) {
                self.at += at + quote.len();
                return Kind::Text;
            }
            match left.chars().next() {
                Some('\\') if !is_raw => {
                    at += 1 + left[1..].chars().next().map_or(0, char::len_utf8);
                }
                Some('\n' | '\r') if !is_triple => break,
                Some(character) => at += character.len_utf8(),
                None => break,
            }
        }
        self.faulty(at, "this string is not closed")
    }

    fn faulty(&mut self, length: usize, message: impl Into<String>) -> Kind {
        let span = Span::new(self.at, self.at + length);
        self.at = span.end;
        self.faults.add(FaultKind::Syntax, span, message);
        Kind::Faulty
    }

    fn symbol(&mut self, first: char) -> Kind {
        let rest = self.rest();
        let two = [
            ("&&", Kind::And),
            ("||", Kind::Or),
            ("==", Kind::Equal),
            ("!=", Kind::NotEqual),
            ("<=", Kind::LessOrEqual),
            (">=", Kind::GreaterOrEqual),
        ];
        if let Some((_, kind)) = two.into_iter().find(|(symbol, _)| rest.starts_with(symbol)) {
            self.at += 2;
            return kind;
        }
        let kind = match first {
            '(' => Kind::Open(Bracket::Round),
            ')' => Kind::Close(Bracket::Round),
            '[' => Kind::Open(Bracket::Square),
            ']' => Kind::Close(Bracket::Square),
            '{' => Kind::Open(Bracket::Curly),
            '}' => Kind::Close(Bracket::Curly),
            ',' => Kind::Comma,
            ':' => Kind::Colon,
            '?' => Kind::Question,
            '.' => Kind::Dot,
            '!' => Kind::Not,
            '-' => Kind::Minus,
            '+' => Kind::Plus,
            '*' => Kind::Star,
            '/' => Kind::Slash,
            '%' => Kind::Percent,
            '<' => Kind::Less,
            '>' => Kind::Greater,
            '=' => return self.instead(first, Kind::Equal, "=="),
            '&' => return self.instead(first, Kind::And, "&&"),
            '|' => return self.instead(first, Kind::Or, "||"),
            '#' => {
                let length = rest.find('\n').unwrap_or(rest.len());
                return self.faulty(length, "unexpected `#`; a comment starts with `//`");
            }
            other => {
                let message = format!("unexpected character `{}`", shown(&other.to_string()));
                return self.faulty(other.len_utf8(), message);
            }
        };
        self.at += 1;
        kind
    }

    /// Reports an operator of another language, and continues with the right one.
    fn instead(&mut self, written: char, meant: Kind, symbol: &str) -> Kind {
        self.faulty(1, format!("unexpected `{written}`; write `{symbol}`"));
        meant
    }
}

/// The number of letters before the quote if `rest` starts with a string or bytes.
fn text_prefix(rest: &str) -> Option<usize> {
    let letters = rest.bytes().take(3).position(|byte| matches!(byte, b'"' | b'\''))?;
    let prefix = rest[..letters].to_ascii_lowercase();
    matches!(prefix.as_str(), "" | "r" | "b" | "br").then_some(letters)
}
