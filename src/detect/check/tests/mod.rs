//! Every mistake that a detection engineer makes is found before deployment.

mod lints;
mod mistakes;

use super::*;
use crate::detect::rule_files::{Level, Remark, SourceFile, read};

/// A file with thousands of such expressions must not take hours to check.
#[test]
fn an_expensive_expression_may_match_every_kind() {
    let list = format!("[{}]", vec!["1"; 50].join(", "));
    let cheap = format!("{list}.all(a, a > 0)");
    let expensive = format!("{list}.all(a, {list}.all(b, {list}.all(c, a + b + c > 0)))");
    for (expression, expected) in [(cheap, Matching::Always), (expensive, Matching::Maybe)] {
        let program = compile(&expression).unwrap();
        assert!(kinds_of(&program).iter().all(|it| it.matching == expected), "{expression}");
    }
}

/// A file with a rule, whose keys after `severity` are `keys`.
fn rule(expression: &str, keys: &str) -> String {
    let expression = serde_json::Value::from(expression);
    let keys = if keys.is_empty() { String::new() } else { format!(", {keys}") };
    format!(
        "rules:\n  - {{id: A, title: A, enabled: true, expr: {expression}, severity: low{keys}}}\n"
    )
}

fn remarks(text: &str) -> Vec<Remark> {
    read(&[SourceFile::new("a.yaml", text)], &TelemetryChecker).remarks().to_vec()
}

/// The only remark about a rule with an expression.
fn only(expression: &str) -> Remark {
    let mut found = remarks(&rule(expression, ""));
    assert_eq!(found.len(), 1, "{expression}: {found:?}");
    found.remove(0)
}

/// The message of the only error about an expression.
fn error(expression: &str) -> String {
    let remark = only(expression);
    assert_eq!(remark.level, Level::Error, "{expression}: {remark:?}");
    remark.message
}

fn accepted(expression: &str) {
    let found = remarks(&rule(expression, ""));
    assert!(found.is_empty(), "{expression}: {found:?}");
}
