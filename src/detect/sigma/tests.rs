//! Conversion of Sigma rules, and the reports about rules that cannot be converted.

use super::*;
use crate::detect::check::TelemetryChecker;
use crate::detect::rule_files::{Severity, read};

fn files(texts: &[&str]) -> Vec<SourceFile> {
    let name = |number: usize| format!("rule_{number}.yml");
    texts.iter().zip(1..).map(|(text, number)| SourceFile::new(name(number), *text)).collect()
}

/// A rule with this log source and these searches.
fn rule(category: &str, detection: &str) -> String {
    format!(
        "title: Example\nid: 7b0cd1f4-6b0a-4c5f-9a3e-4f2c6d1f0a11\nlevel: high\n\
         logsource:\n  product: macos\n  category: {category}\ndetection:\n{detection}"
    )
}

/// The expression that a rule becomes.
fn expression(category: &str, detection: &str) -> String {
    let conversion = convert(&files(&[&rule(category, detection)]));
    assert!(conversion.reports.is_empty(), "{detection}: {conversion:?}");
    let file = SourceFile::new("a.yaml", document(&conversion.rules));
    let read = read(&[file], &TelemetryChecker).detections();
    let [placed] = read.unwrap_or_else(|it| panic!("{:?}", it.remarks())).try_into().unwrap();
    placed.detection.expression.as_str().to_owned()
}

fn reports(texts: &[&str]) -> Vec<String> {
    let conversion = convert(&files(texts));
    let line = |report: &Report| {
        let at = report.position.map_or((0, 0), |at| (at.line, at.column));
        let kind = if report.is_refusal { "refused" } else { "note" };
        let rule = report.rule.as_deref().unwrap_or("?");
        format!("{} {}:{} {rule} {kind}: {}", report.file, at.0, at.1, report.reason)
    };
    conversion.reports.iter().map(line).collect()
}

const WHOLE: &str = r#"title: 'Script interpreter: "quoted"'
id: 0d3c3d54-4a0f-4b5e-8d60-2f4f5f1b9c11
status: stable
description: |
  Finds an interpreter.
  It is an example.
references:
  - https://example.com/a
author: A. Nonymous
date: 2026-01-01
license: MIT
tags:
  - attack.execution
  - attack.t1059.002
logsource:
  category: process_creation
  product: macos
detection:
  selection_image:
    Image|endswith:
      - /osascript
      - /Python3
  selection_line:
    CommandLine|contains|all:
      - ' -e '
      - Password
  filter:
    ParentImage: /usr/sbin/cron
    User: root
  condition: all of selection_* and not filter
falsepositives:
  - Administrators
  - Build machines
level: informational
"#;

#[test]
fn a_whole_rule_keeps_its_metadata() {
    let conversion = convert(&files(&[WHOLE]));
    assert!(conversion.reports.is_empty(), "{conversion:?}");
    let text = document(&conversion.rules);
    insta::assert_snapshot!(text, @r#"
    rules:
      - id: "0d3c3d54-4a0f-4b5e-8d60-2f4f5f1b9c11"
        title: "Script interpreter: \"quoted\""
        description: "Finds an interpreter.\nIt is an example.\nFalse positives: Administrators; Build machines"
        expr: |
          kind == "execution" &&
          (
            execution.target.executable.path.lowerAscii().endsWith("/osascript") ||
            execution.target.executable.path.lowerAscii().endsWith("/python3")
          ) &&
          execution.args.join(" ").lowerAscii().contains(" -e ") &&
          execution.args.join(" ").lowerAscii().contains("password") &&
          !(
            parent.path.lowerAscii() == "/usr/sbin/cron" &&
            execution.target.effective_user.name.lowerAscii() == "root"
          )
        severity: info
        tags: ["attack.execution", "attack.t1059.002"]
        references: ["https://example.com/a"]
        author: "A. Nonymous"
        license: "MIT"
        enabled: true
    "#);
    let read = read(&[SourceFile::new("a.yaml", text)], &TelemetryChecker);
    assert!(read.remarks().is_empty(), "{read:?}");
    let detection = &read.valid()[0].detection;
    assert_eq!((detection.severity, detection.is_enabled), (Severity::Info, true));
}

#[test]
fn modifiers_become_tests() {
    for (item, expected) in [
        ("Image: /bin/ls", r#"execution.target.executable.path.lowerAscii() == "/bin/ls""#),
        ("Image|cased: /bin/ls", r#"execution.target.executable.path == "/bin/ls""#),
        (
            "Image: [/bin/ls, /bin/cp]",
            r#"execution.target.executable.path.lowerAscii() in ["/bin/ls", "/bin/cp"]"#,
        ),
        ("Image|startswith: /", r#"execution.target.executable.path.startsWith("/")"#),
        ("Image: '*/tmp/*'", r#"execution.target.executable.path.lowerAscii().contains("/tmp/")"#),
        (
            "Image: '/Users/*/x'",
            r#"execution.target.executable.path.matches("(?is)^/Users/.*/x$")"#,
        ),
        ("ParentImage: null", r#"parent.path == """#),
        ("User: '*'", r#"execution.target.effective_user.name != """#),
        ("CommandLine|re: '\\d+\\.sh'", r#"execution.args.join(" ").matches("\\d+\\.sh")"#),
        ("CommandLine|re|i: 'x'", r#"execution.args.join(" ").matches("(?i)x")"#),
        ("CommandLine|base64|contains: 'sh'", r#"execution.args.join(" ").contains("c2g=")"#),
        ("CommandLine|contains: 80", r#"execution.args.join(" ").contains("80")"#),
    ] {
        let found = expression(
            "process_creation",
            &format!("  selection:\n    {item}\n  condition: selection\n"),
        );
        assert_eq!(found, format!("kind == \"execution\" &&\n{expected}"), "{item}");
    }
}

#[test]
fn other_dashes_of_options_are_alternatives() {
    let search = "  selection:\n    CommandLine|windash|contains: ' -c '\n  condition: selection\n";
    let found = expression("process_creation", search);
    for dash in ["-", "/", "–", "—", "―"] {
        assert!(found.contains(&format!("contains(\" {dash}c \")")), "{found}");
    }
    assert_eq!(found.matches("||").count(), 4);
}

#[test]
fn a_list_of_maps_and_several_conditions_are_alternatives() {
    let search = "  a:\n    - {Image: /a, User: root}\n    - Image: /b\n  b:\n    Image: /c\n  \
                  condition: [a, b]\n";
    insta::assert_snapshot!(expression("process_creation", search), @r#"
    kind == "execution" &&
    (
      execution.target.executable.path.lowerAscii() == "/c" ||
      execution.target.executable.path.lowerAscii() == "/b" ||
      (
        execution.target.executable.path.lowerAscii() == "/a" &&
        execution.target.effective_user.name.lowerAscii() == "root"
      )
    )
    "#);
}

#[test]
fn file_events_become_each_kind_that_changes_a_file() {
    let search = "  a:\n    TargetFilename|endswith: .plist\n    Image: /bin/cp\n  condition: a\n";
    insta::assert_snapshot!(expression("file_event", search), @r#"
    (
      kind == "close" &&
      close.modified &&
      close.target.path.lowerAscii().endsWith(".plist") &&
      close.instigator.executable.path.lowerAscii() == "/bin/cp"
    ) ||
    (
      kind == "rename" &&
      rename.target.lowerAscii().endsWith(".plist") &&
      rename.instigator.executable.path.lowerAscii() == "/bin/cp"
    ) ||
    (
      kind == "copyfile" &&
      copyfile.target.lowerAscii().endsWith(".plist") &&
      copyfile.instigator.executable.path.lowerAscii() == "/bin/cp"
    ) ||
    (
      kind == "clone" &&
      clone.target.lowerAscii().endsWith(".plist") &&
      clone.instigator.executable.path.lowerAscii() == "/bin/cp"
    ) ||
    (
      kind == "link" &&
      link.target.lowerAscii().endsWith(".plist") &&
      link.instigator.executable.path.lowerAscii() == "/bin/cp"
    )
    "#);
}

#[test]
fn rules_that_cannot_be_converted_are_reported_with_all_reasons() {
    let unsupported = rule(
        "process_creation",
        "  a:\n    OriginalFileName: x\n    Image|base64offset: y\n    CommandLine|re: '(?=a)'\n  \
         b: [word]\n  c:\n    TargetFilename: z\n  condition: a | count() > 5\n",
    );
    let windows = unsupported.replace("macos", "windows");
    let unknown = rule("dns_query", "  a: {Image: x}\n  condition: a\n");
    let aggregation = rule("file_event", "  a: {Image: x}\n  condition: a | count() > 5\n");
    let two = format!("{aggregation}---\n{aggregation}");
    insta::assert_snapshot!(
        reports(&[&unsupported, &windows, &unknown, &aggregation, "a: [\n"]).join("\n"),
        @"
    0 9:5 7b0cd1f4-6b0a-4c5f-9a3e-4f2c6d1f0a11 refused: a: the field OriginalFileName has no equivalent in the telemetry of a Mac
    0 10:5 7b0cd1f4-6b0a-4c5f-9a3e-4f2c6d1f0a11 refused: a: the modifier base64offset is not supported
    0 11:21 7b0cd1f4-6b0a-4c5f-9a3e-4f2c6d1f0a11 refused: a: the regular expression is invalid or not supported: look-around, including look-ahead and look-behind, is not supported
    0 12:6 7b0cd1f4-6b0a-4c5f-9a3e-4f2c6d1f0a11 refused: b: keywords without a field are not supported
    0 14:5 7b0cd1f4-6b0a-4c5f-9a3e-4f2c6d1f0a11 refused: c: the field TargetFilename has no equivalent in events of process_creation
    1 5:3 7b0cd1f4-6b0a-4c5f-9a3e-4f2c6d1f0a11 refused: logsource: the product is windows, not macos
    2 5:3 7b0cd1f4-6b0a-4c5f-9a3e-4f2c6d1f0a11 refused: logsource: the category is dns_query; only process_creation and file_event are supported
    3 9:14 7b0cd1f4-6b0a-4c5f-9a3e-4f2c6d1f0a11 refused: condition: aggregations, such as count(), are not supported
    4 1:4 ? refused: unclosed bracket '['
    "
    );
    assert!(reports(&[&two])[0].contains("refused"));
}

#[test]
fn a_rule_that_would_become_very_large_is_refused() {
    let values = vec!["x"; 1000].join(", ");
    let conditions = vec!["a"; 10_000].join(", ");
    let many = format!("  a: {{Image: [{values}]}}\n  condition: [{conditions}]\n");
    let many = rule("file_event", &many);
    let large = format!("{many}# {}", "x".repeat(256 << 10));
    let found = reports(&[&many, &large]);
    assert!(found[0].ends_with("refused: condition: has more than 5000 tests"), "{found:?}");
    assert!(found[1].ends_with("refused: the rule is larger than 256 KiB"), "{found:?}");
}

#[test]
fn what_an_author_should_know_is_reported() {
    let bare = "title: x\nstatus: deprecated\nlogsource: {product: macos, category: file_event}\n\
                detection: {a: {Image: x}, condition: a}\n";
    assert_eq!(
        reports(&[bare, bare.replace("title: x", "id: rule_1\ntitle: y").as_str()]),
        [
            "0 1:1 x note: the rule has no ID; the name of its file is used: rule_1",
            "0 1:1 x note: the rule has no level; medium is used",
            "0 2:9 x note: status: the rule is deprecated, so it is not enabled",
            "1 0:0 rule_1 refused: rule_1.yml has a rule with the same ID",
        ]
    );
    let conversion = convert(&files(&[bare]));
    assert!(document(&conversion.rules).contains("enabled: false"));
    assert_eq!(conversion.refused(), 0);
}
