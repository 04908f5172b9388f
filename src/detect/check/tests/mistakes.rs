//! Mistakes that Santamon accepts, each with its own test.

use super::*;

#[test]
fn a_mistyped_field_in_an_expression() {
    assert_eq!(
        error("kind == 'execution' && execution.target.executible.path == '/bin/sh'"),
        "unknown field `execution.target.executible`, did you mean `execution.target.executable`?"
    );
    assert_eq!(
        error("kind == 'execution' && event.execution.target.executable.pth == '/bin/sh'"),
        "unknown field `event.execution.target.executable.pth`, did you mean \
         `event.execution.target.executable.path`?"
    );
    assert_eq!(
        error("exection.decision == 'DECISION_DENY'"),
        "unknown variable `exection`, did you mean `execution`?"
    );
}

#[test]
fn a_mistyped_name_of_an_enum() {
    let text = "kind == 'tcc_modification' && \
                tcc_modification.authorization_right == 'AUTHORIZATION_RIGHT_ALLOW'";
    assert!(error(text).contains("did you mean `AUTHORIZATION_RIGHT_ALLOWED`?"));
    let constant = "kind == 'execution' && event.execution.decision == DECISION_ALOW";
    assert!(error(constant).contains("did you mean `DECISION_ALLOW`?"));
    let full =
        "kind == 'disk' && event.disk.action == santa.telemetry.v1.Disk.Action.ACTION_APEARED";
    assert!(error(full).contains("did you mean `ACTION_APPEARED`?"));
}

#[test]
fn an_enum_name_of_another_family() {
    let text = "kind == 'execution' && execution.decision == 'ACTION_ADD'";
    assert!(error(text).starts_with("`ACTION_ADD` is not a value of Execution.Decision"));
    let constant = "kind == 'execution' && event.execution.decision == ACTION_ADD";
    assert!(error(constant).starts_with("cannot compare Execution.Decision with "));
}

#[test]
fn a_mistyped_kind() {
    assert!(error("kind == 'exection'").contains("did you mean `execution`?"));
    assert!(error("kind in ['execution', 'forc']").contains("did you mean `fork`?"));
}

#[test]
fn a_mistyped_field_in_a_list_of_fields() {
    let found = remarks(&rule("kind == 'fork'", "extra_context: [fork.child.executabel.path]"));
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].level, found[0].code), (Level::Error, "unknown-field"));
    assert!(found[0].message.ends_with("did you mean `fork.child.executable.path`?"), "{found:?}");
    let text = "correlations:\n  - {id: A, title: A, severity: low, enabled: true, window: 5m, \
                threshold: 2, expr: kind == 'execution', group_by: [machine_ID, execution.targett], \
                count_distinct: execution.explian}\nbaselines:\n  - {id: B, title: B, severity: \
                low, enabled: true, expr: kind == 'execution', \
                track: [execution.target.executable.cdhash]}\n";
    let found = remarks(text);
    let errors: Vec<&str> = found.iter().map(|remark| &*remark.message).collect();
    assert_eq!(errors.len(), 4, "{errors:?}");
    assert!(errors[0].contains("machine_ID"), "{errors:?}");
    assert!(errors[1].ends_with("did you mean `execution.target`?"), "{errors:?}");
    assert!(errors[2].ends_with("did you mean `execution.explain`?"), "{errors:?}");
    let cdhash = "did you mean `execution.target.code_signature.cdhash`?";
    assert!(errors[3].ends_with(cdhash), "{errors:?}");
}

#[test]
fn a_field_without_a_single_value_in_a_list_of_fields() {
    let path = |path| TelemetryChecker.check_path(path);
    assert!(path("execution.target").unwrap().contains("has several fields"));
    let list = path("network_activity.processes.process").unwrap();
    assert!(list.starts_with("`network_activity.processes` is a list"), "{list}");
    for known in ["kind", "parent.path", "machine_id", "execution.args", "event_time"] {
        assert_eq!(path(known), None, "{known}");
    }
}

#[test]
fn a_mistyped_key_or_section() {
    let found = remarks("corelations: []\nrules:\n  - {id: A, titel: A, severity: low}\n");
    let has = |text: &str| found.iter().any(|remark| remark.message.contains(text));
    assert!(has("corelations: unknown key; did you mean correlations?"), "{found:?}");
    assert!(has("titel: unknown key; did you mean title?"), "{found:?}");
}

#[test]
fn an_invalid_regular_expression_with_its_position() {
    let text = "rules:\n  - id: A\n    title: A\n    severity: low\n    enabled: true\n    expr: |\n      \
                kind == 'execution' &&\n        execution.target.executable.path.matches('^/a(b')\n";
    let found = remarks(text);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].message, "invalid regular expression: unclosed group");
    let at = found[0].position.unwrap();
    assert_eq!((at.line, at.column), (8, 54));
}

/// A message that is absent equals null in both dialects.
#[test]
fn a_comparison_of_a_message_with_null_means_that_it_is_absent() {
    use crate::cel::{DEFAULT_COST, Value};
    use crate::detect::telemetry::{Kind, encode_value};
    let event = |json: serde_json::Value| {
        let bytes = encode_value(&json).unwrap();
        EventValues::decode(Kind::from_name("execution").unwrap(), &bytes).unwrap()
    };
    let unsigned = event(serde_json::json!({"execution": {"target": {}}}));
    let target = serde_json::json!({"code_signature": {"team_id": "ABCDE12345"}});
    let signed = event(serde_json::json!({"execution": {"target": target}}));
    for prefix in ["", "event."] {
        let field = format!("{prefix}execution.target.code_signature");
        for (expression, expected) in [
            (format!("{field} == null"), true),
            (format!("!has({field})"), true),
            (format!("{field}.team_id == ''"), true),
            (format!("{field} != null"), false),
            (format!("has({field}.team_id)"), false),
        ] {
            let program = compile(&expression).unwrap_or_else(|error| panic!("{error}"));
            let value = |event: &EventValues| program.evaluate(event, DEFAULT_COST);
            assert_eq!(value(&unsigned), Ok(Value::Bool(expected)), "{expression}");
            assert_eq!(value(&signed), Ok(Value::Bool(!expected)), "{expression}");
        }
    }
}

#[test]
fn a_negative_window() {
    let text = "correlations:\n  - {id: A, title: A, severity: low, enabled: true, threshold: 2, \
                window: -5m, expr: kind == 'fork'}\n";
    let found = remarks(text);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].message, "window: must be longer than 0");
}

#[test]
fn a_disabled_rule_that_is_broken() {
    let text = rule("execution.decison == 1", "").replace("enabled: true", "enabled: false");
    let found = remarks(&text);
    assert_eq!((found.len(), found[0].level), (1, Level::Error), "{found:?}");
}

#[test]
fn a_field_without_its_kind() {
    let remark = only("execution.decision == 'DECISION_DENY'");
    assert_eq!((remark.level, remark.code), (Level::Warning, UNGUARDED_KIND));
    assert_eq!(
        remark.message,
        "other kinds of events have no `execution.decision`: expected kind == \"execution\" && \
         before it"
    );
    let several = "kind in ['execution', 'fork'] && event.execution.explain == 'x'";
    assert_eq!(only(several).code, UNGUARDED_KIND);
    for guarded in [
        "execution.explain == 'x' && kind == 'execution'",
        "kind == 'clone' && clone.target == '/a' || kind == 'link' && link.target == '/a'",
        "has(event.execution) && event.execution.explain == 'x'",
        "kind == 'execution' && decoded_args.exists(a, a == '-c')",
        "kind == 'execution' && parent.path.endsWith('/sh')",
    ] {
        accepted(guarded);
    }
}

#[test]
fn an_expression_that_no_kind_can_match() {
    for expression in [
        "kind == 'execution' && kind == 'fork'",
        "kind == 'execution' && fork.child.executable.path == '/bin/sh'",
        "false",
    ] {
        let remark = only(expression);
        assert_eq!((remark.level, remark.code), (Level::Error, NEVER_MATCHES), "{expression}");
    }
}

#[test]
fn an_exception_needs_no_guard() {
    let text = rule("kind == 'fork'", "unless: fork.instigator.executable.path == '/bin/sh'");
    assert_eq!(remarks(&text), Vec::new());
}

#[test]
fn numbers_times_and_comments_of_other_languages() {
    accepted("kind == 'execution' && execution.target.executable.stat.size > 5");
    accepted("kind == 'execution' && event_time > timestamp('2026-01-31T12:00:00Z')");
    let time = error("kind == 'execution' && event_time > '2026-01-31'");
    assert!(time.contains("expected timestamp, such as timestamp('"), "{time}");
    let comment = error("kind == 'execution' # executions");
    assert!(comment.contains("comments begin with //"), "{comment}");
}

#[test]
fn values_of_enums_in_the_other_dialect() {
    let constant = error("kind == 'execution' && execution.decision == DECISION_DENY");
    assert!(constant.contains("constant of the typed dialect"), "{constant}");
    let text = error("kind == 'execution' && event.execution.decision == 'DECISION_DENY'");
    assert!(text.ends_with("expected DECISION_DENY without quotes"), "{text}");
    accepted("kind == 'disk' && event.disk.action == ACTION_BLOCKED");
    accepted(
        "kind == 'disk' && event.disk.action == santa.telemetry.v1.Disk.Action.ACTION_BLOCKED",
    );
}

#[test]
fn positions_are_those_of_the_file() {
    let text = "rules:\n  - id: A\n    title: A\n    severity: low\n    enabled: true\n    expr: |\n      \
                kind == 'execution' &&\n        execution.decison == 'DECISION_DENY' &&\n      \
                execution.explian == ''\n";
    let found = remarks(text);
    let places: Vec<_> = found
        .iter()
        .map(|remark| {
            let at = remark.position.unwrap();
            (at.line, at.column, remark.width, remark.code)
        })
        .collect();
    assert_eq!(places, [(8, 19, 7, "unknown-field"), (9, 17, 7, "unknown-field")]);
}

/// Santamon's first version contains cdhashes as Base64.
#[test]
fn a_cdhash_that_is_not_hexadecimal() {
    let hex = "000102030405060708090a0b0c0d0e0f10111213";
    let field = "kind == 'execution' && execution.target.code_signature.cdhash";
    accepted(&format!("{field} == '{hex}'"));
    accepted(&format!("{field} != ''"));
    for wrong in ["AAECAwQFBgcICQoLDA0ODxAREhM=", "000102030405060708090A0B0C0D0E0F10111213"] {
        let message = error(&format!("{field} == '{wrong}'"));
        assert!(message.ends_with(&format!("did you mean `{hex}`?")), "{message}");
        let list = format!("{field} in ['{hex}', '{wrong}', '', '']");
        assert_eq!(only(&list).code, "cdhash");
    }
    assert!(
        error(&format!("{field} == '12'")).ends_with("expected 40 lowercase hexadecimal digits")
    );
}
