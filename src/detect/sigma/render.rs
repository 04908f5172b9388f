//! Writes a condition as an expression.

use super::condition::Condition;
use super::field::{Category, EventKind, Field};
use super::pattern::{TestKind, TextTest};

const INDENT: &str = "  ";

/// The expression for a rule of a category. A category that becomes several kinds of events is an
/// alternative of one expression per kind.
pub(super) fn expression(category: Category, condition: &Condition) -> String {
    let kinds = EventKind::of(category);
    let parts = kinds.iter().map(|kind| {
        let condition = match condition {
            Condition::And(_) | Condition::Not(_) | Condition::Test(..) => render(*kind, condition),
            Condition::Or(_) => grouped(render(*kind, condition)),
        };
        format!("{} &&\n{condition}", kind.guard())
    });
    let parts: Vec<String> = parts.collect();
    match parts.as_slice() {
        [one] => one.clone(),
        several => several.iter().map(|it| group(it)).collect::<Vec<_>>().join(" ||\n"),
    }
}

/// A text in parentheses on lines of their own.
fn group(text: &str) -> String {
    let lines = text.lines().map(|line| format!("{INDENT}{line}"));
    format!("(\n{}\n)", lines.collect::<Vec<_>>().join("\n"))
}

fn render(kind: EventKind, condition: &Condition) -> String {
    match condition {
        Condition::And(conditions) => {
            let parts = conditions.iter().map(|condition| match condition {
                Condition::Or(_) => grouped(render(kind, condition)),
                Condition::And(_) | Condition::Not(_) | Condition::Test(..) => {
                    render(kind, condition)
                }
            });
            parts.collect::<Vec<_>>().join(" &&\n")
        }
        Condition::Or(conditions) => alternatives(kind, conditions).join(" ||\n"),
        Condition::Not(condition) => match &**condition {
            Condition::Test(_, TextTest { kind: test, .. })
                if !matches!(test, TestKind::Equals | TestKind::NotEmpty) =>
            {
                format!("!{}", render(kind, condition))
            }
            inner => format!("!{}", with_parentheses(render(kind, inner))),
        },
        Condition::Test(field, test) => text_test(kind.field(*field), test),
    }
}

/// The alternatives of a condition. Texts that a field must be equal to are one alternative.
fn alternatives(kind: EventKind, conditions: &[Condition]) -> Vec<String> {
    let mut parts = Vec::new();
    let mut lists: Vec<(Field, bool, Vec<String>)> = Vec::new();
    for condition in conditions {
        match condition {
            Condition::Test(field, test) if test.kind == TestKind::Equals => {
                let folds = folds(test);
                let value = literal(&folded(test));
                let list = lists.iter_mut().find(|(known, it, _)| known == field && *it == folds);
                match list {
                    Some((_, _, values)) => values.push(value),
                    None => lists.push((*field, folds, vec![value])),
                }
            }
            Condition::And(_) => parts.push(grouped(render(kind, condition))),
            Condition::Or(_) | Condition::Not(_) | Condition::Test(..) => {
                parts.push(render(kind, condition));
            }
        }
    }
    let lists = lists.into_iter().map(|(field, folds, values)| {
        let field = folded_field(kind.field(field), folds);
        match values.as_slice() {
            [value] => format!("{field} == {value}"),
            values => format!("{field} in [{}]", values.join(", ")),
        }
    });
    lists.chain(parts).collect()
}

/// A text in parentheses, on lines of their own if it has several lines.
fn with_parentheses(text: String) -> String {
    if text.contains('\n') { group(&text) } else { format!("({text})") }
}

/// A text that is an operand of another operator. One alternative needs no parentheses.
fn grouped(text: String) -> String {
    if text.contains('\n') { group(&text) } else { text }
}

fn text_test(field: &str, test: &TextTest) -> String {
    let folds = folds(test);
    let (subject, value) = (folded_field(field, folds), literal(&folded(test)));
    match test.kind {
        TestKind::Equals => format!("{subject} == {value}"),
        TestKind::StartsWith => format!("{subject}.startsWith({value})"),
        TestKind::EndsWith => format!("{subject}.endsWith({value})"),
        TestKind::Contains => format!("{subject}.contains({value})"),
        TestKind::Matches => format!("{field}.matches({})", literal(&test.text)),
        TestKind::NotEmpty => format!("{field} != \"\""),
    }
}

/// Whether both sides of a test are converted to lower case, as Sigma ignores the case by default.
fn folds(test: &TextTest) -> bool {
    !test.is_case_sensitive && test.text.contains(|c: char| c.is_ascii_alphabetic())
}

fn folded(test: &TextTest) -> String {
    if folds(test) { test.text.to_ascii_lowercase() } else { test.text.clone() }
}

fn folded_field(field: &str, folds: bool) -> String {
    if folds { format!("{field}.lowerAscii()") } else { field.to_owned() }
}

/// Characters that YAML does not allow, or that some programs treat as the end of a line.
pub(super) const fn is_special(c: char) -> bool {
    matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

/// A string literal of an expression.
fn literal(text: &str) -> String {
    let mut literal = String::with_capacity(text.len() + 2);
    literal.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => literal.extend(['\\', c]),
            '\n' => literal.push_str("\\n"),
            '\r' => literal.push_str("\\r"),
            '\t' => literal.push_str("\\t"),
            c if c.is_control() || is_special(c) => {
                literal.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            c => literal.push(c),
        }
    }
    literal.push('"');
    literal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_are_escaped() {
        assert_eq!(literal("a\"\\\n\u{1}\u{2028}é"), r#""a\"\\\n\u0001\u2028é""#);
    }

    #[test]
    fn conditions_keep_their_precedence() {
        let test = |text: &str| {
            let test =
                TextTest { kind: TestKind::EndsWith, text: text.into(), is_case_sensitive: false };
            Condition::Test(Field::Image, test)
        };
        let and = Condition::And(vec![test("/A"), test("/b")]);
        let condition = Condition::And(vec![
            Condition::Or(vec![and.clone(), test("/c")]),
            Condition::Not(Box::new(and)),
            Condition::Not(Box::new(test("/"))),
        ]);
        insta::assert_snapshot!(expression(Category::ProcessCreation, &condition), @r#"
        kind == "execution" &&
        (
          (
            execution.target.executable.path.lowerAscii().endsWith("/a") &&
            execution.target.executable.path.lowerAscii().endsWith("/b")
          ) ||
          execution.target.executable.path.lowerAscii().endsWith("/c")
        ) &&
        !(
          execution.target.executable.path.lowerAscii().endsWith("/a") &&
          execution.target.executable.path.lowerAscii().endsWith("/b")
        ) &&
        !execution.target.executable.path.endsWith("/")
        "#);
    }
}
