//! The parser of the `cel` crate, with protection from stack overflow and panics.

use std::thread;

use ::cel::Env;
use ::cel::common::ast::{IdedExpr, SourceInfo};
use ::cel::parser::{ParseError, ParseErrors};

use super::error::{CelError, Position};

/// The parser recurses for each link of a chain such as `a.b.c` and for each bracket. A stack
/// overflow would end the process. Pages of the stack that are not used cost no memory.
const STACK: usize = 32 << 20;

/// Parses `source` and calls `visit` with the tree, on a thread with enough stack for both.
///
/// Macros are not expanded: after expansion, `exists` and `all` look alike.
pub(super) fn with_tree<T: Send>(
    source: &str,
    visit: impl FnOnce(&IdedExpr, &SourceInfo) -> Result<T, CelError> + Send,
) -> Result<T, CelError> {
    contained(|| {
        let parser = Env::default().with_optional_support(false).parser();
        let parsed = parser.parse_with_source_info(source);
        let (tree, info) = parsed.map_err(|errors| syntax(source, errors))?;
        visit(&tree, &info)
    })
}

/// Runs `work` on a thread with a large stack, so that deep recursion cannot exhaust the stack. A
/// panic of the parser becomes an error.
fn contained<T: Send>(work: impl FnOnce() -> Result<T, CelError> + Send) -> Result<T, CelError> {
    thread::scope(|scope| {
        let thread = thread::Builder::new().name("cel".to_owned()).stack_size(STACK);
        match thread.spawn_scoped(scope, work) {
            Ok(running) => running.join().unwrap_or_else(|_| {
                Err(CelError::Unchecked { reason: "the parser panicked".to_owned() })
            }),
            Err(error) => Err(CelError::Unchecked { reason: error.to_string() }),
        }
    })
}

/// Returns only the first error, because most later errors follow from it.
fn syntax(source: &str, errors: ParseErrors) -> CelError {
    match errors.errors.into_iter().next() {
        Some(error) => CelError::Syntax { at: place(source, &error), message: plain(&error.msg) },
        None => CelError::Unchecked { reason: "the parser did not give a reason".to_owned() },
    }
}

/// The position in the parser's error, or the start of the source if the error has no position.
fn place(source: &str, error: &ParseError) -> Position {
    let (line, column) = error.pos;
    match (usize::try_from(line), usize::try_from(column)) {
        (Ok(line @ 1..), Ok(column @ 1..)) => Position { line, column },
        _ => Position::of_byte(source, 0),
    }
}

/// The parser's message without its prefix, its list of expected tokens and its line breaks. A long
/// message is cut.
fn plain(message: &str) -> String {
    const LONGEST: usize = 160;
    if message.contains("Recursion limit") {
        return "the expression is nested too deeply".to_owned();
    }
    let message = message.strip_prefix("Syntax error: ").unwrap_or(message);
    let message = message.split(" expecting {").next().unwrap_or(message);
    let message = message.replace("'<EOF>'", "the end").replace("<EOF>", "the end");
    let printable = message.chars().map(|c| if c.is_control() { ' ' } else { c });
    printable.take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(source: &str) -> Result<(), CelError> {
        with_tree(source, |_, _| Ok(()))
    }

    #[test]
    fn a_panic_in_the_parser_is_an_error() {
        let caught = contained::<()>(|| panic!("on purpose"));
        assert_eq!(caught, Err(CelError::Unchecked { reason: "the parser panicked".into() }));
    }

    #[test]
    fn syntax_errors_say_what_and_where_on_one_line() {
        let error = |source| parse(source).unwrap_err().to_string();
        assert_eq!(error("a +"), "mismatched input the end (line 1, column 4)");
        assert_eq!(
            error("a ==\n b c"),
            "extraneous input 'c' expecting the end (line 2, column 4)"
        );
        assert_eq!(error("if"), "reserved identifier: if (line 1, column 1)");
        assert_eq!(error("a.?b"), "unsupported syntax '.?' (line 1, column 2)");
    }

    #[test]
    fn deep_nesting_is_refused_by_name() {
        let error = parse(&format!("{}1{}", "(".repeat(500), ")".repeat(500))).unwrap_err();
        assert_eq!(error.to_string(), "the expression is nested too deeply (line 1, column 97)");
    }
}
