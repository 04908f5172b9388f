use proptest::prelude::*;

use super::*;
use crate::cel::{DEFAULT_COST, Expression, FaultKind, MAX_LENGTH, MAX_SOURCE, Stop};

#[test]
fn the_source_is_trimmed_and_nothing_else() {
    let parsed = Expression::parse("  size(args)  > 1\n", &schema()).unwrap();
    assert_eq!(parsed.as_str(), "size(args)  > 1");
    assert_eq!(parsed.to_string(), parsed.as_str());
    let same = Expression::parse("size(args)  > 1", &schema()).unwrap();
    let other = Expression::parse("true", &schema()).unwrap();
    assert!(parsed == same && same < other);
}

#[test]
fn length_is_limited_after_trimming() {
    let fits = format!("'{}'", "x".repeat(MAX_LENGTH - 2));
    assert!(Expression::parse(&format!("  {fits}  "), &schema()).is_ok());
    assert_eq!(Expression::parse(" \n", &schema()), Err(CelError::Empty));
    assert_eq!(Expression::parse("'a\0'", &schema()), Err(CelError::Nul));
    let error = Expression::parse(&format!("{fits}+"), &schema()).unwrap_err();
    assert_eq!(error.to_string(), "the expression has 8193 bytes; the maximum is 8192");
    let long = format!("'{}'", "x".repeat(MAX_SOURCE));
    assert!(matches!(Program::compile(&long, &schema()), Err(CelError::TooLong { .. })));
}

#[test]
fn chains_and_brackets_are_limited_and_logic_is_not() {
    for (start, link, end) in
        [("any", ".a", ""), ("1", "+1", ""), ("any", "[0]", ""), ("", "!", "true")]
    {
        let source = |links: usize| format!("{start}{}{end}", link.repeat(links));
        assert!(Program::compile(&source(200), &schema()).is_ok(), "{link}");
        let error = Program::compile(&source(1000), &schema()).unwrap_err();
        assert_eq!(error.faults().len(), 1, "{error}");
        assert_eq!(error.faults()[0].kind, FaultKind::Depth, "{error}");
    }
    for operator in ["&&", "||"] {
        let source = vec!["true"; 1000].join(operator);
        assert_eq!(outcome(&source, &Facts::default()), Ok(Value::Bool(true)));
    }
    for open in ["(", "[", "{1:", "size(", "args.map(x, ", "true ? 1 : (", "!(-("] {
        let source = format!("{}1", open.repeat(MAX_LENGTH / open.len()));
        let error = Program::compile(&source, &schema()).unwrap_err();
        let mut kinds = error.faults().iter().map(|fault| fault.kind);
        assert!(kinds.any(|kind| kind == FaultKind::Depth), "{open}: {error}");
    }
}

#[test]
fn an_expensive_evaluation_is_ended() {
    let facts = Facts::default().with("args", Value::texts(vec!["x".repeat(1000); 1000]));
    for source in [
        "args.all(a, args.all(b, a == b))",
        "args.map(a, args.map(b, args)).size() > 0",
        "args.all(a, args.join('') != '')",
        "args.join('').split('').size() > 0",
        "args.all(a, '1'.matches('[0-9]' + ''))",
        "args.join('').replace('', args.join('')) == ''",
        "'%s%s%s'.format([args, args, args]).format([args]) == '' || \
         args.all(a, '%s'.format([args]) != '')",
    ] {
        assert_eq!(outcome(source, &facts), Err(Stop::CostLimit), "{source}");
    }
    // The key is read for each element of a list that contains the same map many times.
    let maps = format!("[{{args[0]: 1}}]{}", ".map(a, [a, a])".repeat(15));
    assert_eq!(outcome(&format!("{maps} == {maps}"), &facts), Err(Stop::CostLimit));
    let cheap = compile("true || false");
    assert_eq!(cheap.evaluate(&facts, 1), Err(Stop::CostLimit));
    assert_eq!(cheap.evaluate(&facts, 2), Ok(Value::Bool(true)));
}

#[test]
fn a_macro_reads_each_variable_once() {
    /// Counts how often a variable is read.
    struct Counted(std::cell::Cell<usize>);
    impl Variables for Counted {
        fn resolve(&self, _: usize, _: &Slot) -> Resolved {
            self.0.set(self.0.get() + 1);
            Resolved::Value(Value::texts(vec!["-c"; 1000]))
        }
    }
    let counted = Counted(std::cell::Cell::new(0));
    let program = compile("args.all(a, a == '-c' && args[0] == '-c')");
    assert_eq!(program.evaluate(&counted, DEFAULT_COST), Ok(Value::Bool(true)));
    assert_eq!(counted.0.get(), 2);
}

#[test]
fn deep_values_are_refused_and_large_values_cost() {
    let deep = format!("[1]{} == []", ".map(a, [[[[[[a]]]]]])".repeat(20));
    let error = Program::compile(&deep, &schema()).unwrap_err();
    assert!(error.faults().iter().any(|fault| fault.kind == FaultKind::Depth), "{error}");
    let hidden = format!("[dyn(1)]{} == []", ".map(a, dyn([[[[[[a]]]]]]))".repeat(20));
    assert!(Program::compile(&hidden, &schema()).is_err());
    // Each link doubles the number of elements, which share their memory.
    let wide = ".map(a, [a, a])".repeat(30);
    for source in [format!("[1]{wide} == [1]{wide}"), format!("'%s'.format([[1]{wide}]) == ''")] {
        assert_eq!(outcome(&source, &Facts::default()), Err(Stop::CostLimit), "{source}");
    }
    let value = outcome(&format!("[1]{wide}"), &Facts::default()).unwrap();
    let shown = value.excerpt(100);
    assert!(shown.len() <= 103 && shown.ends_with('…'), "{shown}");
    assert_eq!(Value::text("é").excerpt(2), "\"…");
}

/// Parsing either succeeds or fails with an error of one line. A valid expression is evaluated.
fn is_contained(source: &str) {
    match Program::compile(source, &schema()) {
        Ok(program) => drop(program.evaluate(&Facts::default(), DEFAULT_COST)),
        Err(error) => {
            assert!(!error.to_string().chars().any(char::is_control), "{error}");
            for fault in error.faults() {
                assert!(fault.span.start <= fault.span.end && fault.span.end <= source.len());
            }
        }
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
    "target",
    ".team_id",
    "ALLOW",
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
