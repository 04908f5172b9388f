//! Reading of rule files, with all faults and their places.

mod seed;

use super::*;

/// Reports a fault at each place where an expression contains `typo`.
struct Typos;

impl Checker for Typos {
    fn check_expression(&self, expression: &str, _: Role) -> Vec<Finding> {
        let lines = (1..).zip(expression.lines());
        let found = lines.filter_map(|(line, text)| Some((line, text.find("typo")?)));
        let finding = |(line, column)| Finding {
            line,
            column: u32::try_from(column).unwrap() + 1,
            width: 4,
            code: "unknown-field",
            message: "unknown field typo".into(),
            is_warning: false,
        };
        found.map(finding).collect()
    }

    fn check_path(&self, path: &str) -> Option<String> {
        path.contains("typo").then(|| format!("unknown field {path}"))
    }
}

/// The remarks about files, as the command line shows them.
pub(super) fn remarks(files: &[(&str, &str)]) -> Vec<String> {
    let files: Vec<_> = files.iter().map(|(name, text)| SourceFile::new(*name, *text)).collect();
    let read = read(&files, &Typos);
    let line = |remark: &Remark| {
        let place = read.place(remark.file, remark.position);
        format!("{place}: {}: {}", remark.level, remark.message)
    };
    read.remarks().iter().map(line).collect()
}

/// The detections of a file that must have no errors.
pub(super) fn detections(name: &str, text: &str) -> Vec<Detection> {
    let read = read(&[SourceFile::new(name, text)], &Unchecked);
    let placed = read.detections().unwrap_or_else(|files| panic!("{:?}", files.remarks()));
    placed.into_iter().map(|placed| placed.detection).collect()
}

const ALL_KEYS: &str = r#"
rules:
  - id: A-1
    title: A rule
    description: |
      What it finds.
      How to react.
    expr: kind == "execution"
    unless:
      - execution.target.executable.path == "/usr/bin/true"
    severity: info
    tags: [T1059, execution]
    references: ["https://attack.mitre.org/techniques/T1059/"]
    author: Example Inc.
    license: MIT
    enabled: false
    cooldown: 1h
    extra_context: [event.execution.args]
    include_event: true
    include_process_tree: true
correlations:
  - id: A-2
    title: A correlation
    expr: kind == "execution"
    severity: critical
    enabled: true
    window: 5m
    group_by: [machine_id]
    count_distinct: execution.target.executable.path
    threshold: 3
    cooldown: 10m
    allow_missing: true
baselines:
  - id: A-3
    title: A baseline
    expr: kind == "execution"
    severity: medium
    enabled: true
    unless: machine_id == "build"
    track: [execution.target.executable.path]
    learning_period: 720h
    allow_missing: true
"#;

#[test]
fn all_keys_are_read() {
    let [rule, correlation, baseline] = detections("a.yaml", ALL_KEYS).try_into().unwrap();
    assert_eq!((rule.id.as_str(), rule.severity, rule.is_enabled), ("A-1", Severity::Info, false));
    assert_eq!(rule.description.unwrap().as_str(), "What it finds.\nHow to react.");
    assert_eq!(
        rule.tags.iter().map(DetectionTag::as_str).collect::<Vec<_>>(),
        ["T1059", "execution"]
    );
    assert_eq!(
        (rule.author.unwrap().as_str(), rule.license.unwrap().as_str()),
        ("Example Inc.", "MIT")
    );
    assert_eq!((rule.references.len(), rule.unless.len()), (1, 1));
    assert_eq!(rule.dialect, Some(Dialect::Map));
    let Trigger::Event(options) = rule.trigger else { panic!("no rule") };
    assert_eq!(options.extra_context[0].as_str(), "execution.args");
    assert_eq!(options.cooldown.unwrap().duration().as_secs(), 3600);
    assert!(options.include_event && options.include_process_tree);
    let Trigger::Window(options) = correlation.trigger else { panic!("no correlation") };
    assert_eq!((options.window.duration().as_secs(), options.threshold.get()), (300, 3));
    assert_eq!(options.count_distinct.unwrap().as_str(), "execution.target.executable.path");
    assert!(options.allow_missing && options.cooldown.is_some());
    let Trigger::First(options) = baseline.trigger else { panic!("no baseline") };
    assert_eq!(options.learning_period.unwrap().duration().as_secs(), 2_592_000);
    assert_eq!((options.track.len(), baseline.unless[0].as_str()), (1, r#"machine_id == "build""#));
}

#[test]
fn all_faults_are_reported_with_their_places() {
    let first = "\
rules:
  - id: A-1
    titel: x
    title: y
    expr: |
      kind == 'execution' &&
        execution.typo == 1
    severity: urgent
    window: 5m
    extra_context: [execution.typo, 'execution..args']
  - id: A-2
    expr: 'execution.args.size() > 0 && event.typo'
    enabled: 'yes'
    severity: low
    tags: high
    title:
corelations: []
";
    let second = "\
correlations:
  - {id: A-1, title: x, severity: low, enabled: true, expr: 'true', window: -5m, threshold: 0}
baselines:
  - {id: A-1, title: x, severity: low, expr: '', track: []}
  - nothing
";
    insta::assert_snapshot!(remarks(&[("1.yaml", first), ("2.yaml", second)]).join("\n"), @"
    1.yaml:2:5: note: enabled is not set, which means true: A-1
    1.yaml:3:5: error: titel: unknown key; did you mean title?
    1.yaml:7:19: error: unknown field typo
    1.yaml:8:15: error: severity: invalid severity `urgent`: expected info, low, medium, high or critical
    1.yaml:9:5: error: window: is a key of correlations, not of rules
    1.yaml:10:21: error: unknown field execution.typo
    1.yaml:10:37: error: extra_context: invalid field `execution..args`: expected names with dots, such as execution.target.executable.path
    1.yaml:11:5: error: A-2: title is missing
    1.yaml:12:12: error: the expression mixes two dialects: `execution` is a variable of the map dialect, and `event` of the typed dialect
    1.yaml:12:47: error: unknown field typo
    1.yaml:13:14: error: enabled: expected true or false, found a string
    1.yaml:15:11: error: tags: expected a list, found a string
    1.yaml:17:1: error: corelations: unknown key; did you mean correlations?
    2.yaml:2:5: error: duplicate rule ID A-1: found in both 1.yaml and 2.yaml
    2.yaml:2:77: error: window: must be longer than 0
    2.yaml:2:93: error: threshold: must be a whole number from 1 to 100000
    2.yaml:4:5: error: duplicate rule ID A-1: found in both 1.yaml and 2.yaml
    2.yaml:4:5: note: enabled is not set, which means true: A-1
    2.yaml:4:46: error: expr: is empty
    2.yaml:4:57: error: track: must contain at least one field
    2.yaml:5:5: error: baselines: expected an object for each detection, found a string
    ");
}

#[test]
fn no_detection_is_used_if_a_file_has_an_error() {
    let files = [SourceFile::new("a.yaml", ALL_KEYS), SourceFile::new("b.yaml", "rule: []\n")];
    let files = read(&files, &Unchecked).detections().unwrap_err();
    assert_eq!((files.errors(), files.valid().len()), (1, 3));
    let unreadable = SourceFile { name: "c.yaml".into(), content: Err("cannot be read".into()) };
    assert_eq!(read(&[unreadable], &Unchecked).errors(), 1);
}

#[test]
fn an_id_that_is_used_twice_in_a_file_is_reported_with_its_lines() {
    let rule = "  - {id: A, title: x, severity: low, expr: 'true', enabled: true}\n";
    assert_eq!(
        remarks(&[("a.yaml", &format!("rules:\n{rule}{rule}"))]),
        ["a.yaml:3:5: error: duplicate rule ID A: found on lines 2 and 3 of a.yaml"]
    );
}

#[test]
fn files_without_detections_and_files_that_are_not_yaml_are_reported() {
    let files =
        [("a.yaml", "# later\n"), ("b.yaml", "- a\n"), ("c.yaml", "rules: [\n"), ("d.yaml", "")];
    let remarks = remarks(&files);
    assert_eq!(remarks[0], "a.yaml:1:1: warning: contains no detections");
    let expected = "expected an object with rules, correlations or baselines, found a list";
    assert_eq!(remarks[1], format!("b.yaml:1:1: error: {expected}"));
    assert!(remarks[2].starts_with("c.yaml:1:8: error: "), "{remarks:?}");
    assert_eq!(remarks[3], "d.yaml:1:1: error: is empty");
}

#[test]
fn signals_in_terraform_files_become_rules() {
    let text = r#"
resource "nps_workshop_rule" "x" { identifier = "ABCDE12345" }
resource "nps_workshop_signal" "unsigned_tmp" {
  name       = "Unsigned program in /tmp"
  severity   = "SEVERITY_HIGH"
  labels     = ["T1204.002"]
  expression = <<EOT
kind == "execution" &&
  event.execution.target.executable.path.startsWith("/tmp/")
EOT
}
"#;
    let [rule] = detections("a.tf", text).try_into().unwrap();
    assert_eq!(
        (rule.id.as_str(), rule.title.as_str()),
        ("unsigned_tmp", "Unsigned program in /tmp")
    );
    assert_eq!((rule.severity, rule.tags[0].as_str()), (Severity::High, "T1204.002"));
    assert_eq!(rule.dialect, Some(Dialect::Typed));
    let at = rule.expression.position(2, 3);
    assert_eq!((at.line, at.column), (9, 3));
    let text = r#"resource "nps_workshop_signal" "x" {
  for_each   = var.all
  name       = var.name
  expresion  = "true"
  severity   = "low"
}
"#;
    insta::assert_snapshot!(remarks(&[("a.tf", text)]).join("\n"), @"
    a.tf:1:1: error: expression is missing
    a.tf:2:3: error: for_each: repeated resources are not supported
    a.tf:3:16: error: name: must not contain variables, functions or ${}
    a.tf:4:3: error: expresion: unknown key; did you mean expression?
    ");
}

#[test]
fn the_schema_accepts_valid_files_and_refuses_typos() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    let tree = |text: &str| serde_saphyr::from_str::<serde_json::Value>(text).unwrap();
    assert!(validator.is_valid(&tree(ALL_KEYS)));
    for (from, to) in [
        ("title: A rule", "titel: A rule"),
        ("severity: info", "severity: urgent"),
        ("window: 5m", "window: -5m"),
        ("threshold: 3", "threshold: 0"),
        ("track: [execution.target.executable.path]", "track: []"),
        ("correlations:", "corelations:"),
        ("- id: A-2", "- id: A 2"),
    ] {
        let text = ALL_KEYS.replacen(from, to, 1);
        assert!(text != ALL_KEYS && !validator.is_valid(&tree(&text)), "{to}");
    }
}
