//! `nicelist detect backtest`.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::shell::Shell;

const RULES: &str = "
rules:
  - id: R-EXEC
    title: Programs of the system
    expr: kind == 'execution' && execution.target.executable.path.startsWith('/usr/')
    severity: low
    include_process_tree: true
    enabled: true
  - id: R-NEVER
    title: No such path
    expr: kind == 'execution' && execution.target.executable.path == '/no/such/path'
    severity: low
    enabled: true
  - id: R-OFF
    title: Disabled
    expr: kind == 'execution'
    severity: low
    enabled: false
correlations:
  - id: C-EXEC
    title: Many programs of one user
    expr: kind == 'execution'
    window: 1h
    group_by: [execution.target.effective_user.name]
    threshold: 5
    allow_missing: true
    severity: low
    enabled: true
baselines:
  - id: B-PATH
    title: New program
    expr: kind == 'execution'
    track: [execution.target.executable.path]
    severity: low
    enabled: true
";

fn shell(format: &str) -> Shell {
    let shell = Shell::new();
    shell.run(&format!("detect generate --events 3000 --seed 5 --out mac-1 --format {format}"));
    fs::write(shell.path("rules.yaml"), RULES).unwrap();
    shell
}

/// The result without the times, which differ each time.
fn result(shell: &Shell, options: &str) -> Value {
    let line = format!("detect backtest rules.yaml --spool mac-1 {options}");
    let mut result = shell.json(line.trim_end());
    for rule in result["rules"].as_array_mut().unwrap() {
        let time = rule.as_object_mut().unwrap().remove("ns_per_event").unwrap();
        assert!(time.is_number(), "{time}");
    }
    result
}

#[test]
fn hits_are_counted_per_rule() {
    let shell = shell("protobufstreamzstd");
    let found = result(&shell, "");
    assert_eq!((&found["events"], &found["undecodable"]), (&json!(3000), &json!(0)));
    assert_eq!(found.get("signals"), None);
    let rules = found["rules"].as_array().unwrap();
    let ids: Vec<_> = rules.iter().map(|rule| (&rule["id"], &rule["kind"])).collect();
    let expected = [
        ("R-EXEC", "rule"),
        ("R-NEVER", "rule"),
        ("C-EXEC", "correlation"),
        ("B-PATH", "baseline"),
    ]
    .map(|(id, kind)| (json!(id), json!(kind)));
    assert_eq!(ids, expected.each_ref().map(|(id, kind)| (id, kind)));
    assert_eq!((&rules[1]["hits"], &rules[1]["hosts"]), (&json!(0), &json!(0)));
    for rule in [&rules[0], &rules[2], &rules[3]] {
        assert!(rule["hits"].as_u64().unwrap() > 0, "{rule}");
        assert_eq!(rule["hosts"], 1, "{rule}");
    }
}

#[test]
fn the_result_does_not_depend_on_the_number_of_jobs_or_on_the_format() {
    let shell = shell("protobuf");
    let expected = result(&shell, "--signals --jobs 1");
    assert_eq!(result(&shell, "--signals --jobs 3"), expected);
    let signals = expected["signals"].as_array().unwrap();
    let hits = expected["rules"].as_array().unwrap().iter().map(|it| it["hits"].as_u64().unwrap());
    assert_eq!(signals.len() as u64, hits.sum::<u64>());
    let mut ids: Vec<&str> =
        signals.iter().map(|signal| signal["signal_id"].as_str().unwrap()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), signals.len(), "two signals have the same ID");
    shell.run(
        "detect generate --events 3000 --seed 5 --out other/mac-1 --format protobufstreamgzip",
    );
    let other = shell.json("detect backtest rules.yaml --spool other/mac-1 --signals");
    assert_eq!(other["signals"], expected["signals"]);
}

#[test]
fn events_outside_of_the_time_range_are_ignored() {
    let shell = shell("protobuf");
    let found = result(&shell, "--since 2999-01-01");
    assert_eq!(found["rules"][0]["hits"], 0);
    assert_eq!(found["rules"][3]["hits"], 0);
}

fn run(shell: &Shell, words: &[&str]) -> (Option<i32>, String, String) {
    let output = shell.command(words).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn a_difference_has_exit_code_3() {
    let shell = shell("protobuf");
    fs::write(shell.path("new.yaml"), RULES.replace("'/no/such/path'", "'/bin/zsh'")).unwrap();
    let diff = |old: &str, new: &str| {
        let words = ["-o", "json", "detect", "backtest", "--diff", old, new, "--spool", "mac-1"];
        run(&shell, &words)
    };
    let (code, stdout, stderr) = diff("rules.yaml", "rules.yaml");
    assert_eq!(code, Some(0), "{stderr}");
    let same: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(same["rules"], json!([]));
    let (code, stdout, stderr) = diff("rules.yaml", "new.yaml");
    assert_eq!(code, Some(3), "{stderr}");
    let changed: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(changed["rules"].as_array().unwrap().len(), 1, "{changed}");
    let rule = &changed["rules"][0];
    assert_eq!((&rule["id"], &rule["removed"]), (&json!("R-NEVER"), &json!(0)));
    assert!(rule["added"].as_u64().unwrap() > 0, "{rule}");
}

#[test]
fn invalid_detections_are_reported_and_nothing_is_evaluated() {
    let shell = shell("protobuf");
    let invalid = RULES.replace("/no/such/path'", "/no/such/path' && execution.pth == 'x'");
    fs::write(shell.path("invalid.yaml"), invalid).unwrap();
    let (code, stdout, stderr) =
        run(&shell, &["detect", "backtest", "invalid.yaml", "--spool", "mac-1"]);
    assert_eq!((code, stdout.as_str()), (Some(5), ""), "{stderr}");
    assert!(stderr.contains("execution.pth"), "{stderr}");
    assert!(stderr.contains("nothing was evaluated"), "{stderr}");
}

#[test]
fn damaged_files_are_counted_and_the_others_are_evaluated() {
    let shell = shell("protobufstream");
    fs::write(shell.path("mac-1/new/damaged"), b"SNT!garbage").unwrap();
    let words = ["-o", "json", "detect", "backtest", "rules.yaml", "--spool", "mac-1"];
    let (code, stdout, stderr) = run(&shell, &words);
    assert_eq!(code, Some(0), "{stderr}");
    assert!(stderr.contains("could not be read completely"), "{stderr}");
    let found: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!((&found["events"], &found["undecodable"]), (&json!(3000), &json!(1)));
}

#[test]
fn a_spool_that_does_not_exist_is_refused_with_a_hint() {
    let shell = shell("protobuf");
    let (code, _, stderr) = run(&shell, &["detect", "backtest", "rules.yaml", "--spool", "none"]);
    assert_eq!(code, Some(1), "{stderr}");
    assert!(stderr.contains("none: not found") && stderr.contains("hint: "), "{stderr}");
}

/// All enabled examples can be evaluated over all kinds of events.
#[test]
fn the_examples_are_evaluated() {
    let shell = shell("protobuf");
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/detections");
    let words =
        ["-o", "json", "detect", "backtest", examples.to_str().unwrap(), "--spool", "mac-1"];
    let (code, stdout, stderr) = run(&shell, &words);
    assert_eq!(code, Some(0), "{stderr}");
    let found: Value = serde_json::from_str(&stdout).unwrap();
    assert!(found["rules"].as_array().unwrap().len() >= 30, "{found}");
}
