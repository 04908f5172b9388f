use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use super::{CelError, Schema, check, parser};

pub const MAX_LENGTH: usize = 8 << 10;

/// An expression that was valid when it was checked against a schema.
///
/// Two expressions with the same source are equal, even if they were checked against different
/// schemas.
#[derive(Clone)]
pub struct Expression {
    source: Arc<str>,
    uses: Arc<[String]>,
}

impl Expression {
    /// Checks `source`, without surrounding white space, against `schema`.
    ///
    /// # Errors
    ///
    /// If the source is not a valid expression, or cannot be checked. Positions in errors refer to
    /// the trimmed source. Types are not checked.
    pub fn parse(source: &str, schema: &Schema) -> Result<Self, CelError> {
        let source = source.trim();
        if source.is_empty() {
            return Err(CelError::Empty);
        }
        if source.len() > MAX_LENGTH {
            return Err(CelError::TooLong { length: source.len() });
        }
        if source.contains('\0') {
            return Err(CelError::Nul);
        }
        let uses =
            parser::with_tree(source, |tree, info| check::names(tree, source, info, schema))?;
        Ok(Self { source: source.into(), uses: uses.into_iter().collect() })
    }

    /// An expression that was checked before it was stored. If it is no longer valid, it is kept
    /// unchanged, and [`Self::uses`] returns no names.
    pub fn stored(source: &str, schema: &Schema) -> Self {
        Self::parse(source, schema)
            .unwrap_or_else(|_| Self { source: source.into(), uses: Arc::default() })
    }

    pub fn as_str(&self) -> &str {
        &self.source
    }

    /// The variables, fields (as `variable.field`), constants and functions (as `name()`) that the
    /// expression uses, sorted, without duplicates. Built-in names of CEL and variables of macros
    /// are not included.
    pub fn uses(&self) -> &[String] {
        &self.uses
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)
    }
}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Expression").field(&self.source).finish()
    }
}

impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl Eq for Expression {}

impl Hash for Expression {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.source.hash(state);
    }
}

impl PartialOrd for Expression {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Expression {
    fn cmp(&self, other: &Self) -> Ordering {
        self.source.cmp(&other.source)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn schema() -> Schema {
        Schema::standard().variable("args").message("host", ["name", "age"]).constants(["YES"])
    }

    #[test]
    fn the_source_is_trimmed_and_nothing_else() {
        let parsed = Expression::parse("  size(args)  > 1\n", &schema()).unwrap();
        assert_eq!(parsed.as_str(), "size(args)  > 1");
        assert_eq!(parsed.to_string(), parsed.as_str());
    }

    #[test]
    fn equality_and_order_follow_the_source() {
        let one = Expression::parse("1", &schema()).unwrap();
        let same = Expression::parse(" 1 ", &Schema::new()).unwrap();
        let two = Expression::parse("2", &schema()).unwrap();
        assert_eq!(one, same);
        assert!(one < two);
    }

    #[test]
    fn length_is_capped_after_trimming() {
        let fits = format!("'{}'", "x".repeat(MAX_LENGTH - 2));
        assert!(Expression::parse(&format!("  {fits}  "), &schema()).is_ok());
        assert_eq!(Expression::parse(" \n", &schema()), Err(CelError::Empty));
        let error = Expression::parse(&format!("{fits}+"), &schema()).unwrap_err();
        assert_eq!(error.to_string(), "the expression has 8193 bytes; the maximum is 8192");
    }

    /// Parses chains of the maximum length. They need a large stack, because the parser's depth
    /// limit does not count the links of a chain.
    #[test]
    fn the_longest_chains_do_not_exhaust_the_stack() {
        let shapes = [
            ("args", ".a", ""),
            ("1", "+1", ""),
            ("1", "<1", ""),
            ("args", "[0]", ""),
            ("", "!", "args"),
        ];
        for (start, link, end) in shapes {
            let links = (MAX_LENGTH - start.len() - end.len()) / link.len();
            let source = format!("{start}{}{end}", link.repeat(links));
            assert!(Expression::parse(&source, &schema()).is_ok(), "{link}");
        }
        let nested = format!("{}args{}{}", "(".repeat(90), ".a".repeat(4000), ")".repeat(90));
        assert!(Expression::parse(&nested, &schema()).is_ok());
        for open in ["(", "[", "{1:", "size(", "args.map(x, ", "true ? 1 : (", "!(-("] {
            let links = (MAX_LENGTH - 1) / open.len();
            let source = format!("{}1", open.repeat(links));
            let error = Expression::parse(&source, &schema()).unwrap_err();
            assert!(matches!(error, CelError::Syntax { .. }), "{open}: {error}");
        }
    }

    /// Checks that parsing either succeeds or fails with a one-line error.
    fn is_contained(source: &str) {
        match Expression::parse(source, &schema()) {
            Ok(parsed) => assert_eq!(parsed.as_str(), source.trim()),
            Err(CelError::Unchecked { reason }) => panic!("{source:?}: {reason}"),
            Err(error) => assert!(!error.to_string().chars().any(char::is_control), "{error}"),
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        #[test]
        fn any_text_is_accepted_or_refused(source in "\\PC{0,60}") {
            is_contained(&source);
        }

        #[test]
        fn any_sequence_of_tokens_is_accepted_or_refused(
            tokens in prop::collection::vec(prop::sample::select(TOKENS.to_vec()), 0..24)
        ) {
            is_contained(&tokens.concat());
        }
    }

    const TOKENS: [&str; 50] = [
        "args",
        "host",
        ".name",
        "YES",
        "x",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        ",",
        ":",
        "?",
        ".",
        "!",
        "-",
        "+",
        "%",
        "&&",
        "||",
        "==",
        "<",
        " in ",
        "has(",
        ".exists(x,",
        ".map(",
        "1",
        "0x",
        "0x1u",
        "1.5",
        "1e9",
        "9223372036854775808",
        "1u",
        "'a'",
        "\"",
        "'''",
        "r'\\'",
        "b'\\xff'",
        "'\\u0041'",
        "'\\ud800'",
        "'\\400'",
        "`a`",
        "true",
        "null",
        "if",
        "//",
        "\n",
        "é",
        "\u{0}",
    ];
}
