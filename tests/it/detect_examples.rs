//! `detect validate`, `lint`, `explain` and `test`, with the committed examples and with mistakes.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::shell::Shell;

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/detections")
}

/// The exit code, stdout and stderr of a command.
fn output(shell: &Shell, words: &[&str]) -> (i32, String, String) {
    let output = shell.command(words).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let (stdout, stderr) = (text(output.stdout), text(output.stderr));
    eprintln!("$ nicelist {}\n{stdout}{stderr}", words.join(" "));
    (output.status.code().unwrap(), stdout, stderr)
}

#[test]
fn the_examples_are_valid() {
    let examples = examples().display().to_string();
    let words = ["detect", "validate", &examples, "--deny", "warning"];
    let (code, stdout, stderr) = output(&Shell::new(), &words);
    assert_eq!((code, stdout.as_str()), (0, ""));
    assert!(stderr.ends_with("no mistakes\n"), "{stderr}");
}

#[test]
fn the_examples_have_no_findings_except_for_notes() {
    let examples = examples().display().to_string();
    let (code, stdout, _) = output(&Shell::new(), &["detect", "lint", &examples]);
    assert_eq!(code, 0);
    let is_note = |line: &str| line.contains(": note: ");
    assert!(stdout.lines().all(is_note), "{stdout}");
}

#[test]
fn the_tests_of_the_examples_pass() {
    let examples = examples().display().to_string();
    let (code, stdout, stderr) = output(&Shell::new(), &["detect", "test", &examples]);
    assert_eq!(code, 0, "{stdout}");
    assert!(stderr.contains(" tests passed"), "{stderr}");
    let (code, tap, _) = output(&Shell::new(), &["detect", "test", &examples, "--format", "tap"]);
    assert_eq!(code, 0);
    assert!(tap.starts_with("TAP version 14\n1..") && !tap.contains("not ok"), "{tap}");
}

const TYPO: &str = r#"rules:
  - id: A-1
    title: Shell
    severity: low
    enabled: true
    expr: |
      kind == "execution" &&
        execution.target.executible.path == "/bin/sh"
"#;

#[test]
fn a_mistake_is_shown_with_its_line() {
    let shell = Shell::new();
    shell.write("a.yaml", TYPO);
    insta::assert_snapshot!(shell.run("detect validate a.yaml"), @r#"
    $ nicelist detect validate a.yaml
    exit code: 5
    ----- stdout -----
    a.yaml:8:26: error: unknown field `execution.target.executible`, did you mean `execution.target.executable`?
              execution.target.executible.path == "/bin/sh"
                               ^^^^^^^^^^
    ----- stderr -----
    error: 1 error in 1 file
    "#);
}

#[test]
fn a_mistake_is_also_json_and_sarif() {
    let shell = Shell::new();
    shell.write("a.yaml", TYPO);
    let (code, json, _) = output(&shell, &["detect", "validate", "a.yaml", "-o", "json"]);
    assert_eq!(code, 5);
    let found: Value = serde_json::from_str(&json).unwrap();
    let expected = serde_json::json!([{
        "level": "error",
        "code": "unknown-field",
        "file": "a.yaml",
        "line": 8,
        "column": 26,
        "message": "unknown field `execution.target.executible`, did you mean \
                    `execution.target.executable`?",
    }]);
    assert_eq!(found, expected);
    let (code, sarif, _) = output(&shell, &["detect", "validate", "a.yaml", "--sarif"]);
    assert_eq!(code, 5);
    let log: Value = serde_json::from_str(&sarif).unwrap();
    assert_eq!(log["version"], "2.1.0");
    let result = &log["runs"][0]["results"][0];
    assert_eq!((&result["ruleId"], &result["level"]), (&"unknown-field".into(), &"error".into()));
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "a.yaml");
    let region = serde_json::json!({"startLine": 8, "startColumn": 26, "endColumn": 36});
    assert_eq!(place["region"], region);
    assert_eq!(log["runs"][0]["tool"]["driver"]["rules"][0]["id"], "unknown-field");
}

#[test]
fn a_warning_is_an_error_only_if_it_is_denied() {
    let shell = Shell::new();
    let text = TYPO.replace("kind == \"execution\" &&", "").replace("executible", "executable");
    shell.write("a.yaml", &text);
    let (code, stdout, stderr) = output(&shell, &["detect", "validate", "a.yaml"]);
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.contains("warning: other kinds of events have no `execution."), "{stdout}");
    assert!(stderr.contains("checked 1 detection in 1 file: 1 warning"), "{stderr}");
    let denied = ["detect", "validate", "a.yaml", "--deny", "warning"];
    assert_eq!(output(&shell, &denied).0, 5);
}

#[test]
fn all_mistakes_of_a_folder_are_reported_in_one_run() {
    let shell = Shell::new();
    std::fs::create_dir(shell.path("rules")).unwrap();
    for number in 0..100 {
        let text = TYPO.replace("A-1", &format!("A-{number}"));
        shell.write(&format!("rules/{number}.yaml"), &text);
    }
    let (code, stdout, stderr) = output(&shell, &["detect", "validate", "rules"]);
    assert_eq!(code, 5);
    assert_eq!(stdout.matches("error: unknown field").count(), 100);
    assert!(stderr.contains("error: 100 errors in 100 files"), "{stderr}");
}

#[test]
fn findings_of_lint_have_exit_code_3_and_can_be_ignored() {
    let shell = Shell::new();
    let text = TYPO
        .replace("executible.path == \"/bin/sh\"", "executable.path.matches(\"/sh\")")
        .replace("severity: low", "severity: high");
    shell.write("a.yaml", &text);
    let (code, stdout, stderr) = output(&shell, &["detect", "lint", "a.yaml"]);
    assert_eq!(code, 3, "{stderr}");
    for code in ["`/sh` matches anywhere in the text", "a description is missing"] {
        assert!(stdout.contains(code), "{code}: {stdout}");
    }
    assert_eq!(stderr, "2 warnings\n");
    let ignoring = ["--ignore", "unanchored-regex", "--ignore", "no-description"];
    let words = ["detect", "lint", "a.yaml"].into_iter().chain(ignoring);
    assert_eq!(output(&shell, &words.collect::<Vec<_>>()).0, 0);
    shell
        .write("b.yaml", &TYPO.replace("execution.target.executible.path == \"/bin/sh\"", "false"));
    let (code, stdout, _) = output(&shell, &["detect", "lint", "b.yaml"]);
    assert_eq!(code, 3);
    assert!(stdout.contains("error: no event of any kind can match"), "{stdout}");
    shell.write("c.yaml", TYPO);
    assert_eq!(output(&shell, &["detect", "lint", "c.yaml"]).0, 5);
}

#[test]
fn an_event_is_explained_part_by_part() {
    let shell = Shell::new();
    let rules = TYPO.replace("executible", "executable");
    shell.write("a.yaml", &format!("{rules}    unless: execution.decision == \"DECISION_DENY\"\n"));
    shell.write(
        "event.json",
        r#"{"execution": {"decision": "DECISION_ALLOW", "target": {"executable": {"path": "/bin/sh"}}}}"#,
    );
    let view = shell.json("detect explain A-1 --rules a.yaml --event event.json");
    let event = &view["events"][0];
    assert_eq!((&event["kind"], &event["verdict"]), (&"execution".into(), &"match".into()));
    let parts: Vec<(&str, &str)> = event["parts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (it["part"].as_str().unwrap(), it["value"].as_str().unwrap()))
        .collect();
    for part in [
        ("kind", "execution"),
        ("execution.target.executable.path", "\"/bin/sh\""),
        ("execution.decision", "DECISION_ALLOW"),
        ("execution.decision == \"DECISION_DENY\"", "false"),
    ] {
        assert!(parts.contains(&part), "{part:?}: {parts:?}");
    }
    let missing = shell.run("detect explain A-2 --rules a.yaml --event event.json");
    assert!(missing.contains("exit code: 1") && missing.contains("detect validate"), "{missing}");
    shell.write("other.json", r#"{"fork": {"child": {"executable": {"path": "/bin/sh"}}}}"#);
    let other = shell.run("detect explain A-1 --rules a.yaml --event other.json");
    assert!(other.contains("contains no event that A-1 can match"), "{other}");
}

const TESTS: &str = r#"tests:
  - name: a shell
    events:
      - execution: {target: {executable: {path: /bin/sh}}}
      - execution: {target: {executable: {path: /bin/ls}}}
    signals: [{id: A-1, event: 2}]
"#;

#[test]
fn a_test_that_fails_is_reported_in_every_format() {
    let shell = Shell::new();
    shell.write("a.yaml", &TYPO.replace("executible", "executable"));
    shell.write("a.test.yaml", TESTS);
    let (code, stdout, stderr) = output(&shell, &["detect", "test", "a.yaml"]);
    assert_eq!(code, 1);
    assert!(stdout.contains("failed") && stderr.contains("error: 1 of 1 test failed"), "{stdout}");
    for format in ["junit", "tap"] {
        let (code, report, _) = output(&shell, &["detect", "test", "a.yaml", "--format", format]);
        assert_eq!(code, 1, "{report}");
        for problem in ["missing signal A-1 of event 2", "unexpected signal A-1 of event 1"] {
            assert!(report.contains(problem), "{report}");
        }
    }
    shell.write("a.test.yaml", &TESTS.replace("event: 2", "event: 1"));
    assert_eq!(output(&shell, &["detect", "test", "a.test.yaml"]).0, 0);
}

#[test]
fn a_test_with_an_unknown_field_is_refused() {
    let shell = Shell::new();
    shell.write("a.yaml", &TYPO.replace("executible", "executable"));
    shell.write("a.test.yaml", &TESTS.replace("/bin/ls}", "/bin/ls}, argz: []"));
    let (code, _, stderr) = output(&shell, &["detect", "test", "."]);
    assert_eq!(code, 5);
    assert!(stderr.contains("event 2: unknown field `execution.target.argz`"), "{stderr}");
    shell.write("a.yaml", TYPO);
    shell.write("a.test.yaml", TESTS);
    let (code, stdout, stderr) = output(&shell, &["detect", "test", "."]);
    assert_eq!((code, stdout.as_str()), (5, ""));
    assert!(stderr.contains("did you mean `execution.target.executable`?"), "{stderr}");
}
