//! Tests of whole rule sets over events.

use serde_json::{Value as Json, json};

use super::*;
use crate::cel::{DEFAULT_COST, Value};
use crate::detect::check::{EventValues, compile as compile_expression};
use crate::detect::generate::Generator;
use crate::detect::rule_files::{SourceFile, Unchecked, read};
use crate::detect::telemetry::{encode_value, find_kind};

/// Rules with these expressions and the IDs R0, R1 and so on.
fn rules(expressions: &[&str]) -> RuleSet {
    let rule = |(number, expression): (usize, &&str)| {
        json!({ "id": format!("R{number}"), "title": "t", "severity": "low", "enabled": true,
            "expr": expression })
    };
    let rules: Vec<Json> = expressions.iter().enumerate().map(rule).collect();
    // JSON is YAML.
    from_yaml(&json!({ "rules": rules }).to_string()).unwrap()
}

fn from_yaml(text: &str) -> Result<RuleSet, Vec<(usize, RuleError)>> {
    let files = read(&[SourceFile::new("rules.yaml", text)], &Unchecked);
    let placed = files.detections().unwrap_or_else(|files| panic!("{:?}", files.remarks()));
    RuleSet::new(placed.into_iter().map(|placed| placed.detection))
}

fn matches(rules: &RuleSet, message: &[u8]) -> Vec<usize> {
    let kind = find_kind(message).unwrap().unwrap();
    let observation = rules.observe(Event { kind, message }, &mut Evaluator::default()).unwrap();
    observation.map(|it| it.matches).unwrap_or_default()
}

/// Whether an event matches each of the expressions.
fn verdicts(expressions: &[&str], event: &Json) -> Vec<bool> {
    let found = matches(&rules(expressions), &encode_value(event).unwrap());
    (0..expressions.len()).map(|rule| found.contains(&rule)).collect()
}

const UNSIGNED: &str = r#"kind == "execution" && execution.decision == "DECISION_ALLOW" &&
    (execution.target.code_signature == null ||
     !has(execution.target.code_signature.team_id) ||
     execution.target.code_signature.team_id == "")"#;

#[test]
fn an_unsigned_binary_matches() {
    let execution = |signature: Json| {
        let mut target = json!({ "executable": { "path": "/tmp/x" } });
        if !signature.is_null() {
            target["code_signature"] = signature;
        }
        json!({ "execution": { "decision": "DECISION_ALLOW", "target": target } })
    };
    assert_eq!(verdicts(&[UNSIGNED], &execution(Json::Null)), [true]);
    assert_eq!(verdicts(&[UNSIGNED], &execution(json!({}))), [true]);
    assert_eq!(verdicts(&[UNSIGNED], &execution(json!({ "team_id": "" }))), [true]);
    assert_eq!(verdicts(&[UNSIGNED], &execution(json!({ "team_id": "ABCDE12345" }))), [false]);
}

#[test]
fn stat_size_is_a_number() {
    let event = json!({ "close": { "target": { "stat": { "size": "6" } } } });
    let expressions = ["close.target.stat.size > 5", "close.target.stat.size > 6"];
    assert_eq!(verdicts(&expressions, &event), [true, false]);
}

#[test]
fn a_long_argument_does_not_hide_an_event() {
    let long = data_encoding::BASE64.encode("x".repeat(1 << 20).as_bytes());
    let last = data_encoding::BASE64.encode(b"--evil");
    let event = json!({ "execution": { "args": [long, last] } });
    let test = |number: usize| match number {
        9 => "execution.args.join(' ').lowerAscii().contains('--evil')".to_owned(),
        number => format!("execution.args.join(' ').lowerAscii().contains('--{number}')"),
    };
    let expression = (0..10).map(test).collect::<Vec<_>>().join(" || ");
    assert_eq!(verdicts(&[&expression], &event), [true]);
}

#[test]
fn the_size_of_an_observation_includes_its_header() {
    let event = json!({ "machine_id": "m".repeat(10_000), "fork": {} });
    let message = encode_value(&event).unwrap();
    let kind = find_kind(&message).unwrap().unwrap();
    let rules = rules(&["kind == 'fork'"]);
    let found = rules.observe(Event { kind, message: &message }, &mut Evaluator::default());
    assert!(found.unwrap().unwrap().size() > message.len() + 10_000);
}

#[test]
fn has_tests_presence_at_any_depth() {
    let event = json!({ "execution": { "target": { "executable": { "path": "" } } } });
    let expressions = [
        "has(execution.target)",
        "has(execution.target.executable.path)",
        "has(execution.target.executable.hash.hash)",
        "has(execution.script.path)",
        "execution.script.path == '' && execution.args.size() == 0",
    ];
    assert_eq!(verdicts(&expressions, &event), [true, true, false, false, true]);
}

#[test]
fn a_field_of_another_kind_never_matches_and_never_prevents_a_match() {
    let event = json!({ "machine_id": "m", "fork": { "child": { "id": { "pid": 1 } } } });
    let expressions = [
        "execution.decision != 'DECISION_DENY'",
        "!has(execution.target.code_signature)",
        "execution.decision != 'DECISION_DENY' || kind == 'fork'",
        "execution != null || machine_id == 'm'",
        "execution == null && kind == 'fork'",
    ];
    assert_eq!(verdicts(&expressions, &event), [false, false, true, true, true]);
}

#[test]
fn a_rule_that_no_kind_can_match_is_refused() {
    let errors = from_yaml(
        "rules:\n\
         - {id: A, title: t, severity: low, enabled: true, expr: 'kind == \"fork\"'}\n\
         - {id: B, title: t, severity: low, enabled: true, \
            expr: 'kind == \"fork\" && execution.static_rule'}\n",
    )
    .unwrap_err();
    assert_eq!(errors, [(1, RuleError::NeverMatches)]);
}

#[test]
fn annotations_of_processes_are_skipped() {
    use crate::detect::wire::put_bytes;
    let mut event = encode_value(&json!({ "execution": { "static_rule": true } })).unwrap();
    let (mut target, mut execution) = (Vec::new(), Vec::new());
    put_bytes(&mut target, 18, b"\xff\xff");
    put_bytes(&mut execution, 2, &target);
    put_bytes(&mut event, 10, &execution);
    let rules = rules(&["execution.static_rule && !has(execution.target.executable)"]);
    assert_eq!(matches(&rules, &event), [0]);
}

/// Expressions in the map dialect and the same in the typed dialect.
const DIALECTS: [(&str, &str); 8] = [
    (UNSIGNED, UNSIGNED_TYPED),
    (
        "kind == 'execution' && execution.args.exists(a, a.contains('-'))",
        "kind == 'execution' && decoded_args.exists(a, a.contains('-'))",
    ),
    (
        "execution.target.executable.path.startsWith('/usr/')",
        "event.execution.target.executable.path.startsWith('/usr/')",
    ),
    ("file_access.policy_name != ''", "event.file_access.policy_name != ''"),
    (
        "launch_item.action == 'ACTION_ADD' && launch_item.item_path.startsWith('/Users/')",
        "event.launch_item.action == ACTION_ADD && event.launch_item.item_path.startsWith('/Users/')",
    ),
    ("disk.mount == '' || disk.bus == 'USB'", "event.disk.mount == '' || event.disk.bus == 'USB'"),
    ("has(xprotect.detected)", "has(event.xprotect.detected)"),
    (
        "close.modified && close.target.stat.size > 1000",
        "event.close.modified && event.close.target.stat.size > 1000",
    ),
];

const UNSIGNED_TYPED: &str = r#"kind == "execution" && event.execution.decision == DECISION_ALLOW &&
    (event.execution.target.code_signature == null ||
     !has(event.execution.target.code_signature.team_id) ||
     event.execution.target.code_signature.team_id == "")"#;

#[test]
fn both_dialects_give_identical_verdicts_over_a_corpus() {
    let map = rules(&DIALECTS.map(|(map, _)| map));
    let typed = rules(&DIALECTS.map(|(_, typed)| typed));
    let mut generator = Generator::new(3);
    let mut found = 0;
    for _ in 0..5_000 {
        let event = generator.next_event().unwrap();
        let expected = matches(&map, &event);
        assert_eq!(matches(&typed, &event), expected);
        found += expected.len();
    }
    assert!(found > 300, "{found} matches");
}

/// The index and the specialization must not change a verdict.
#[test]
fn a_rule_set_matches_like_each_expression_alone() {
    let mut expressions = DIALECTS.map(|(map, _)| map).to_vec();
    expressions.extend([
        "kind == 'execution' && execution.args.join(' ').lowerAscii().contains('HTTP')",
        "kind == 'execution' && execution.args.join(' ').lowerAscii().contains('http')",
        "execution.target.executable.path.lowerAscii().endsWith('/bash')",
        "execution.target.executable.path.matches('(?i)/(CURL|python3?)$')",
        "execution.target.executable.path in ['/bin/sh', '/bin/bash', '/bin/zsh', '/usr/bin/curl']",
        "execution.args.size() > 2 && execution.args[0].endsWith('sh')",
        "!(kind != 'rename' || rename.target.endsWith('.plist'))",
        "kind in ['exit', 'fork']",
    ]);
    let set = rules(&expressions);
    let programs: Vec<_> = expressions.iter().map(|it| compile_expression(it).unwrap()).collect();
    let mut generator = Generator::new(11);
    let mut hits = vec![0; expressions.len()];
    for _ in 0..3_000 {
        let event = generator.next_event().unwrap();
        let kind = find_kind(&event).unwrap().unwrap();
        let values = EventValues::decode(kind, &event).unwrap();
        let is_true =
            |program: &Program| program.evaluate(&values, DEFAULT_COST) == Ok(Value::Bool(true));
        let expected = programs.iter().enumerate().filter(|(_, it)| is_true(it));
        let expected: Vec<usize> = expected.map(|(rule, _)| rule).collect();
        assert_eq!(matches(&set, &event), expected, "{event:?}");
        expected.iter().for_each(|rule| hits[*rule] += 1);
    }
    assert!(hits.iter().filter(|hits| **hits > 0).count() > 6, "{hits:?}");
}
