//! Mistakes in path patterns. Santa searches paths for these patterns with ICU, which backtracks.
//! This module parses the patterns with `regex-syntax`. Patterns with syntax that only ICU
//! supports, such as look-around, are reported as unchecked.

use regex_syntax::ast::{self, Ast, GroupKind, RepetitionKind, RepetitionRange};

use super::LintCode;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    Allows,
    Blocks,
}

/// Folders in which users without admin rights can create programs, directly or in a subfolder.
const WRITABLE: [&str; 8] = [
    "/Users/",
    "/tmp/",
    "/private/tmp/",
    "/var/tmp/",
    "/private/var/tmp/",
    "/var/folders/",
    "/private/var/folders/",
    "/Volumes/",
];

pub(super) fn look(pattern: &str, used: Use) -> Vec<(LintCode, String)> {
    let mut found = Vec::new();
    let ast = match ast::parse::Parser::new().parse(pattern) {
        Ok(ast) => ast,
        Err(error) => return vec![unreadable(pattern, &error)],
    };
    if regex_syntax::Parser::new().parse(pattern).is_err() {
        found.push((LintCode::UncheckedPattern, format!("nicelist cannot compile `{pattern}`")));
    }
    if is_catastrophic(&ast, false) {
        found.push((LintCode::Catastrophic, format!("`{pattern}` has nested repetition")));
    }
    for branch in branches(&ast) {
        let text = pattern.get(branch.span().start.offset..branch.span().end.offset);
        let text = text.unwrap_or(pattern);
        if !is_anchored(branch) {
            found.push((LintCode::Unanchored, format!("`{text}` matches anywhere in a path")));
        }
        if used == Use::Allows {
            found.extend(allowed(branch, text));
        }
    }
    found
}

/// The finding about a pattern that cannot be parsed. ICU has more syntax than regex-syntax, but
/// the kinds of errors listed here are errors in both.
fn unreadable(pattern: &str, error: &ast::Error) -> (LintCode, String) {
    use ast::ErrorKind as Kind;
    let is_invalid = matches!(
        error.kind(),
        Kind::ClassUnclosed
            | Kind::ClassRangeInvalid
            | Kind::GroupUnclosed
            | Kind::GroupUnopened
            | Kind::GroupNameEmpty
            | Kind::GroupNameUnexpectedEof
            | Kind::RepetitionMissing
            | Kind::RepetitionCountInvalid
            | Kind::EscapeUnexpectedEof
    );
    // Between `\Q` and `\E`, ICU reads every character literally.
    if is_invalid && !pattern.contains(r"\Q") {
        return (
            LintCode::InvalidPattern,
            format!("`{pattern}` does not compile: {}", error.kind()),
        );
    }
    (LintCode::UncheckedPattern, format!("nicelist cannot compile `{pattern}`: {}", error.kind()))
}

fn allowed(branch: &Ast, text: &str) -> Option<(LintCode, String)> {
    let beginning = literal_beginning(branch);
    if beginning.is_empty() || beginning == "/" {
        return is_open(branch)
            .then(|| (LintCode::AllowsEverything, format!("`{text}` allows every program")));
    }
    let writable = WRITABLE.iter().find(|folder| {
        beginning.starts_with(**folder) || folder.trim_end_matches('/') == beginning
    })?;
    Some((LintCode::AllowsWritable, format!("`{text}` allows programs in {writable}")))
}

fn branches(ast: &Ast) -> Vec<&Ast> {
    match ast {
        Ast::Alternation(alternation) => alternation.asts.iter().collect(),
        other => vec![other],
    }
}

/// Whether an alternative matches only at the beginning of a path. Empty alternatives are not
/// reported and therefore count as anchored.
fn is_anchored(ast: &Ast) -> bool {
    match ast {
        Ast::Assertion(assertion) => {
            matches!(assertion.kind, ast::AssertionKind::StartLine | ast::AssertionKind::StartText)
        }
        Ast::Concat(concat) => concat.asts.iter().find(|it| !is_flags(it)).is_some_and(is_anchored),
        Ast::Group(group) => is_anchored(&group.ast),
        Ast::Alternation(alternation) => alternation.asts.iter().all(is_anchored),
        Ast::Empty(_) => true,
        _ => false,
    }
}

fn is_flags(ast: &Ast) -> bool {
    matches!(ast, Ast::Flags(_))
}

/// The literal text at the beginning of an alternative, after an anchor if it has one.
fn literal_beginning(ast: &Ast) -> String {
    let parts = match ast {
        Ast::Concat(concat) => concat.asts.as_slice(),
        other => std::slice::from_ref(other),
    };
    let parts = parts.iter().skip_while(|it| matches!(it, Ast::Assertion(_) | Ast::Flags(_)));
    let letters = parts.map_while(|part| match part {
        Ast::Literal(literal) => Some(literal.c),
        _ => None,
    });
    letters.collect()
}

/// Whether an alternative is not empty and contains only slashes, wildcards, assertions and flags.
/// Such an alternative usually matches every path.
fn is_open(ast: &Ast) -> bool {
    let parts = match ast {
        Ast::Concat(concat) => concat.asts.as_slice(),
        other => std::slice::from_ref(other),
    };
    let mut parts = parts.iter().filter(|it| !matches!(it, Ast::Assertion(_) | Ast::Flags(_)));
    let is_any = |part: &Ast| match part {
        Ast::Literal(literal) => literal.c == '/',
        Ast::Repetition(repetition) => matches!(*repetition.ast, Ast::Dot(_)),
        Ast::Dot(_) => true,
        _ => false,
    };
    !matches!(ast, Ast::Empty(_)) && parts.all(is_any)
}

/// Whether an unlimited repetition contains another unlimited repetition that has no literal text
/// next to it, as in `(a+)+`. The time to match a text can then grow exponentially with the text's
/// length. `within` is true if `ast` is inside an unlimited repetition and has no literal text next
/// to it.
fn is_catastrophic(ast: &Ast, within: bool) -> bool {
    match ast {
        Ast::Repetition(repetition) => {
            let endless = is_endless(&repetition.op.kind);
            (within && endless) || is_catastrophic(&repetition.ast, within || endless)
        }
        Ast::Group(group) => {
            // regex-syntax does not support atomic groups, so every group can backtrack.
            matches!(
                group.kind,
                GroupKind::CaptureIndex(_)
                    | GroupKind::CaptureName { .. }
                    | GroupKind::NonCapturing(_)
            ) && is_catastrophic(&group.ast, within)
        }
        Ast::Alternation(alternation) => {
            alternation.asts.iter().any(|it| is_catastrophic(it, within))
        }
        Ast::Concat(concat) => {
            // Literal text usually shows where each repetition begins, so there are few ways to
            // match.
            let separated = within && concat.asts.iter().any(|it| matches!(it, Ast::Literal(_)));
            concat.asts.iter().any(|it| is_catastrophic(it, within && !separated))
        }
        _ => false,
    }
}

const fn is_endless(kind: &RepetitionKind) -> bool {
    match kind {
        RepetitionKind::ZeroOrOne => false,
        RepetitionKind::ZeroOrMore | RepetitionKind::OneOrMore => true,
        RepetitionKind::Range(RepetitionRange::AtLeast(_)) => true,
        RepetitionKind::Range(RepetitionRange::Exactly(_) | RepetitionRange::Bounded(_, _)) => {
            false
        }
    }
}
