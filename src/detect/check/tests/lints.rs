use super::*;

/// The codes of the findings, each with the ID of its detection.
fn codes(text: &str) -> Vec<(String, &'static str)> {
    let read = read(&[SourceFile::new("a.yaml", text)], &TelemetryChecker);
    let found = lint(read.valid());
    let id = |remark: &Remark| remark.message.split(':').next().unwrap_or_default().to_owned();
    found.iter().map(|remark| (id(remark), remark.code)).collect()
}

fn code_of(expression: &str) -> Vec<&'static str> {
    codes(&rule(expression, "")).into_iter().map(|(_, code)| code).collect()
}

#[test]
fn every_kind_of_finding_is_found() {
    let path = "execution.target.executable.path";
    for (expression, expected) in [
        ("true".to_owned(), vec!["always-matches", "no-required-text"]),
        (format!("kind == 'execution' && {path} == '/bin/sh'"), vec![]),
        (format!("kind == 'execution' && {path}.matches('/tmp/')"), vec!["unanchored-regex"]),
        ("kind == 'execution' && execution.static_rule".to_owned(), vec!["no-required-text"]),
        (
            "kind == 'execution' && execution.args.exists(a, execution.args.exists(b, \
             execution.args.exists(c, a + b == c || a == '-c')))"
                .to_owned(),
            vec!["expensive", "no-required-text"],
        ),
    ] {
        let mut found = code_of(&expression);
        found.sort_unstable();
        let mut expected = expected;
        expected.sort_unstable();
        assert_eq!(found, expected, "{expression}");
    }
}

#[test]
fn an_anchor_in_each_alternative_is_enough() {
    let is_found = |pattern: &str| {
        let path = "execution.target.executable.path";
        let expression = format!("kind == 'execution' && {path}.matches('{pattern}')");
        code_of(&expression).contains(&"unanchored-regex")
    };
    for pattern in ["^/tmp/", "[.]dmg$", "^/a/|/b$", "^(/private)?/tmp/|^/Users/Shared/"] {
        assert!(!is_found(pattern), "{pattern}");
    }
    for pattern in ["/tmp/", "^/a/|/b/", "(a|b)"] {
        assert!(is_found(pattern), "{pattern}");
    }
}

const SHADOWED: &str = r#"
rules:
  - {id: A, title: A, severity: medium, enabled: true, expr: 'kind == "fork" && fork.child.executable.path == "/a b"'}
  - {id: B, title: B, severity: medium, enabled: true, expr: 'kind=="fork" && event_id != "" && fork.child.executable.path == "/a b"'}
  - {id: C, title: C, severity: critical, description: C, enabled: true, expr: 'kind == "fork" && event_id != "x" && fork.child.executable.path == "/a b"'}
  - {id: D, title: D, severity: low, enabled: true, expr: 'kind == "fork" && fork.child.executable.path == "/ab"'}
  - {id: E, title: E, severity: low, enabled: true, unless: 'event_id == ""', expr: 'kind == "fork" && fork.child.executable.path == "/a b"'}
"#;

#[test]
fn a_rule_whose_conditions_contain_those_of_another_rule_is_shadowed() {
    assert_eq!(codes(SHADOWED), [("B".to_owned(), "shadowed")]);
}

#[test]
fn fields_of_another_kind_and_missing_descriptions_are_found() {
    let text = "rules:\n  - {id: A, title: A, severity: high, enabled: true, \
                expr: kind == 'fork' && fork.child.executable.path == '/a', extra_context: [disk.bus]}\n";
    let found = codes(text);
    let expected = [("A".to_owned(), "other-kind"), ("A".to_owned(), "no-description")];
    assert!(expected.iter().all(|it| found.contains(it)) && found.len() == 2, "{found:?}");
}

#[test]
fn exceptions_are_checked_like_conditions() {
    let unless = "unless: \"event_id.matches('a')\"";
    let text = rule("kind == 'fork' && fork.child.executable.path == '/a'", unless);
    assert_eq!(codes(&text), [("A".to_owned(), "unanchored-regex")]);
}
