//! Path patterns. Santa uses ICU's regular expressions. Only patterns with the same meaning in the
//! regex crate are evaluated. The result of other patterns is unknown.

use regex::Regex;
use regex_syntax::ast::{self, Ast, RepetitionKind};

use super::{Match, Ruling};

/// The result of a step with a path pattern. `None` if the pattern is empty.
pub(super) fn check(pattern: &str, path: &str, ruling: Ruling) -> Option<Match> {
    if pattern.is_empty() {
        return None;
    }
    if path.is_empty() {
        return Some(Match::Perhaps(ruling, format!("the path is not known: {pattern}")));
    }
    Some(match compile(pattern) {
        None => Match::Perhaps(ruling, format!("nicelist cannot evaluate the pattern {pattern}")),
        Some(regex) if regex.is_match(path) => {
            Match::Yes(ruling, format!("the path matches {pattern}"))
        }
        Some(_) => Match::No(format!("the path does not match {pattern}")),
    })
}

/// Compiles the pattern if it has the same meaning as in ICU.
pub(super) fn compile(pattern: &str) -> Option<Regex> {
    let ast = ast::parse::Parser::new().parse(pattern).ok()?;
    ast::visit(&ast, Same).ok()?;
    Regex::new(pattern).ok()
}

/// Refuses syntax with different meanings in ICU and the regex crate.
struct Same;

impl ast::Visitor for Same {
    type Output = ();
    type Err = ();

    fn finish(self) -> Result<(), ()> {
        Ok(())
    }

    fn visit_pre(&mut self, ast: &Ast) -> Result<(), ()> {
        match ast {
            // In ICU, `a++` is possessive.
            Ast::Repetition(outer) => match (&*outer.ast, &outer.op.kind) {
                (Ast::Repetition(_), _) => Err(()),
                // Refuses ranges whose minimum is greater than their maximum.
                (_, RepetitionKind::Range(range)) if !range.is_valid() => Err(()),
                _ => Ok(()),
            },
            Ast::Assertion(assertion) => match assertion.kind {
                ast::AssertionKind::StartLine
                | ast::AssertionKind::EndLine
                | ast::AssertionKind::StartText
                | ast::AssertionKind::EndText
                | ast::AssertionKind::WordBoundary
                | ast::AssertionKind::NotWordBoundary => {
                    // For ordinary paths, these assertions have the same meaning in ICU and in
                    // the regex crate.
                    Ok(())
                }
                // In ICU, `\<` and `\>` match `<` and `>`, and the other assertions do not exist.
                _ => Err(()),
            },
            // Only the flags `i`, `m` and `s` are accepted.
            Ast::Flags(set) => flags(&set.flags),
            Ast::Group(group) => match &group.kind {
                ast::GroupKind::NonCapturing(set) => flags(set),
                ast::GroupKind::CaptureIndex(_) | ast::GroupKind::CaptureName { .. } => Ok(()),
            },
            _ => Ok(()),
        }
    }
}

fn flags(flags: &ast::Flags) -> Result<(), ()> {
    let known = |item: &ast::FlagsItem| match item.kind {
        ast::FlagsItemKind::Negation => true,
        ast::FlagsItemKind::Flag(flag) => matches!(
            flag,
            ast::Flag::CaseInsensitive | ast::Flag::MultiLine | ast::Flag::DotMatchesNewLine
        ),
    };
    if flags.items.iter().all(known) { Ok(()) } else { Err(()) }
}
