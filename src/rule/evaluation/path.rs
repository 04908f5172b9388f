//! Path patterns. Santa's are ICU's; what they have in common with those of the regex crate is
//! searched for here, and the rest is not guessed at.

use regex::Regex;
use regex_syntax::ast::{self, Ast, RepetitionKind};

use super::{Match, Ruling};

/// The step of a pattern that lets run, or stops, the paths that have it somewhere; nothing
/// where there is no pattern.
pub(super) fn check(pattern: &str, path: &str, ruling: Ruling) -> Option<Match> {
    if pattern.is_empty() {
        return None;
    }
    if path.is_empty() {
        return Some(Match::Perhaps(ruling, format!("the path is not known: {pattern}")));
    }
    Some(match compile(pattern) {
        None => Match::Perhaps(ruling, format!("cannot be evaluated here: {pattern}")),
        Some(regex) if regex.is_match(path) => {
            Match::Yes(ruling, format!("the path matches {pattern}"))
        }
        Some(_) => Match::No(format!("the path does not match {pattern}")),
    })
}

/// The pattern, if it means the same here as in ICU.
fn compile(pattern: &str) -> Option<Regex> {
    let ast = ast::parse::Parser::new().parse(pattern).ok()?;
    ast::visit(&ast, Same).ok()?;
    Regex::new(pattern).ok()
}

/// Refuses what both know and read differently.
struct Same;

impl ast::Visitor for Same {
    type Output = ();
    type Err = ();

    fn finish(self) -> Result<(), ()> {
        Ok(())
    }

    fn visit_pre(&mut self, ast: &Ast) -> Result<(), ()> {
        match ast {
            // In ICU `a++` takes all it can and gives nothing back.
            Ast::Repetition(outer) => match (&*outer.ast, &outer.op.kind) {
                (Ast::Repetition(_), _) => Err(()),
                // `{,3}` is no repetition in ICU.
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
                    // `\z` is the end in both, `\A` the beginning.
                    Ok(())
                }
                // `\<` is a plain `<` in ICU, and the rest is unknown there.
                _ => Err(()),
            },
            // `R` and `U` are flags here alone.
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
