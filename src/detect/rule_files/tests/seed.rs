//! The examples of the guide that the language of detections comes from.

use super::{detections, remarks};
use crate::detect::check::TelemetryChecker;
use crate::detect::rule_files::{Checker, Dialect, SourceFile, Trigger, read};

const SIMPLE: &str = r#"rules:
  - id: RULE-001
    title: "Unsigned execution from tmp"
    description: "Detects unsigned binaries executed from /tmp"
    expr: |
      kind == "execution" &&
      execution.decision == "DECISION_ALLOW" &&
      execution.target.executable.path.startsWith("/tmp/") &&
      (
        execution.target.code_signature == null ||
        !has(execution.target.code_signature.team_id) ||
        execution.target.code_signature.team_id == ""
      )
    severity: high
    tags: ["T1204.002", "execution", "unsigned"]
    enabled: true
"#;

const CORRELATION: &str = r#"correlations:
  - id: CORR-001
    title: "Repeated blocked executions"
    expr: kind == "execution" && execution.decision == "DECISION_DENY"
    window: "5m"               # Time window
    group_by:                  # Grouping keys
      - "execution.target.executable.hash.hash"
      - "execution.instigator.effective_user.name"
    threshold: 3               # Alert after 3 events
    severity: medium
    tags: ["bruteforce", "persistence"]
    enabled: true
"#;

const BASELINE: &str = r#"baselines:
  - id: BASE-001
    title: "First-time TCC modification for app"
    expr: kind == "tcc_modification"
    track:
      - "tcc_modification.identity"
      - "tcc_modification.service"
    learning_period: "720h"    # Suppress alerts for 30 days
    severity: medium
    tags: ["T1548.006", "privacy", "baseline"]
    enabled: true
"#;

const COOKIES: &str = r#"rules:
  - id: SM-001
    title: "Unauthorized browser cookie access"
    description: "Non-Browser processes accessing Chrome/Comet Cookies DB."
    expr: |
      kind == "file_access" &&
      file_access.policy_name in ["ChromeCookies","CometCookies"] &&
      file_access.policy_decision != "POLICY_DECISION_ALLOWED_AUDIT_ONLY"
    severity: critical
    tags: ["T1539", "credential-access"]
    enabled: true
"#;

const CURL: &str = r#"rules:
  - id: SM-014
    title: "Non-interactive curl/wget execution"
    expr: |
      kind == "execution" &&
      execution.target.executable.path in ["/usr/bin/curl", "/usr/bin/wget"]
    include_process_tree: true
    severity: medium
    tags: ["T1105", "command-and-control"]
    enabled: true
"#;

/// The page that shows how a file begins. Its detections have no expressions.
const BEGINNING: &str = r#"rules:
  - id: SM-001
    title: "Unauthorized browser cookie access"
    # ...

correlations:
  - id: SM-COR-001
    title: "Multiple credential access"
    # ...
"#;

/// Expressions that are correct.
const VALID: [&str; 10] = [
    r#"kind == "execution" && execution.decision == "DECISION_ALLOW""#,
    r#"kind == "execution" && execution.target.code_signature == null"#,
    r#"kind == "execution" && execution.target.executable.path.startsWith("/Users/")"#,
    r#"kind == "execution" && (execution.target.code_signature == null || !has(execution.target.code_signature.team_id) || execution.target.code_signature.team_id == "")"#,
    r#"kind == "file_access" && file_access.policy_name == "ChromeCookies""#,
    r#"kind == "file_access" && file_access.policy_name in ["SSHKeys", "SSHPrivateKeys"] && !file_access.instigator.executable.path.startsWith("/usr/bin/ssh")"#,
    r#"kind == "launch_item" && launch_item.item_type == "ITEM_TYPE_AGENT" && launch_item.action == "ACTION_ADD" && launch_item.legacy == true && launch_item.item_path.startsWith("/Users/")"#,
    r#"kind == "execution" && execution.decision == "DECISION_ALLOW" && execution.target.executable.path.matches("^/Users/.*/(Downloads|Desktop|Documents)/.*")"#,
    r#"kind == "execution" && execution.target.executable.path in ["/usr/bin/osascript", "/bin/bash", "/bin/sh", "/usr/bin/python3", "/usr/bin/perl", "/usr/bin/ruby",] && execution.instigator.executable.path.contains("Microsoft")"#,
    r#"kind == "execution" && execution.target.executable.path.matches("^/Users/.*/Downloads/.*\\.dmg$")"#,
];

/// An expression with an enum value that does not exist, and the value that does.
const WRONG_VALUE: (&str, &str) = (
    r#"kind == "tcc_modification" && tcc_modification.service == "kTCCServiceSystemPolicyAllFiles" && tcc_modification.authorization_right == "AUTHORIZATION_RIGHT_ALLOW" && tcc_modification.authorization_reason != "AUTHORIZATION_REASON_USER_CONSENT""#,
    "AUTHORIZATION_RIGHT_ALLOWED",
);

fn checker() -> impl Checker {
    TelemetryChecker
}

#[test]
fn the_files_are_read_unchanged() {
    for text in [SIMPLE, CORRELATION, BASELINE, COOKIES, CURL] {
        assert_eq!(remarks(&[("a.yaml", text)]), Vec::<String>::new());
    }
    let [rule] = detections("a.yaml", SIMPLE).try_into().unwrap();
    assert_eq!((rule.dialect, rule.tags.len()), (Some(Dialect::Map), 3));
    let at = rule.expression.position(4, 3);
    assert_eq!((at.line, at.column), (9, 9));
    let [correlation] = detections("a.yaml", CORRELATION).try_into().unwrap();
    let Trigger::Window(options) = correlation.trigger else { panic!("no correlation") };
    assert_eq!((options.window.duration().as_secs(), options.threshold.get()), (300, 3));
    assert_eq!(options.group_by[1].as_str(), "execution.instigator.effective_user.name");
    let [baseline] = detections("a.yaml", BASELINE).try_into().unwrap();
    let Trigger::First(options) = baseline.trigger else { panic!("no baseline") };
    assert_eq!(options.track.len(), 2);
    let [curl] = detections("a.yaml", CURL).try_into().unwrap();
    assert!(matches!(curl.trigger, Trigger::Event(rule) if rule.include_process_tree));
}

#[test]
fn a_duplicate_id_is_reported_with_both_files() {
    let names = [
        "/etc/santamon/rules/credential-access/SM-001.yaml",
        "/etc/santamon/rules/persistence/SM-001.yaml",
    ];
    assert_eq!(
        remarks(&names.map(|name| (name, COOKIES))),
        [format!(
            "{}:2:5: error: duplicate rule ID SM-001: found in both {} and {}",
            names[1], names[0], names[1]
        )]
    );
}

#[test]
fn incomplete_detections_are_refused_with_their_missing_keys() {
    insta::assert_snapshot!(remarks(&[("a.yaml", BEGINNING)]).join("\n"), @"
    a.yaml:2:5: error: SM-001: expr is missing
    a.yaml:2:5: error: SM-001: severity is missing
    a.yaml:2:5: note: enabled is not set, which means true: SM-001 and 1 more detection
    a.yaml:7:5: error: SM-COR-001: expr is missing
    a.yaml:7:5: error: SM-COR-001: severity is missing
    a.yaml:7:5: error: SM-COR-001: window is missing
    a.yaml:7:5: error: SM-COR-001: threshold is missing
    ");
}

fn file_with(expression: &str) -> SourceFile {
    let expression = serde_json::Value::from(expression);
    let text = format!(
        "rules:\n  - {{id: A, title: A, severity: low, enabled: true, expr: {expression}}}\n"
    );
    SourceFile::new("a.yaml", text)
}

#[test]
fn the_expressions_are_accepted() {
    for expression in VALID {
        let read = read(&[file_with(expression)], &checker());
        assert!(read.remarks().is_empty(), "{expression}: {read:?}");
    }
}

#[test]
fn an_enum_value_that_does_not_exist_is_refused_with_the_nearest() {
    let (expression, value) = WRONG_VALUE;
    let read = read(&[file_with(expression)], &checker());
    assert!(read.remarks().iter().any(|remark| remark.message.contains(value)), "{read:?}");
}

/// The guide calls this bad, because an event of another kind is an error. A field of another kind
/// only gets a warning, because it never matches.
#[test]
fn a_field_without_its_kind_is_a_warning() {
    let read = read(&[file_with(r#"execution.decision == "DECISION_ALLOW""#)], &checker());
    assert_eq!((read.errors(), read.remarks().len()), (0, 1));
}
