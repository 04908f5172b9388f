//! Converts files of other tools and two examples to every format that nicelist writes, and reads
//! the results. The results may lack only the rules and fields that nicelist reports as lost.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use crate::shell::Shell;

/// Every format that nicelist writes, with the name of an output file or folder.
const FORMATS: [(&str, &str); 14] = [
    ("csv", "out.csv"),
    ("tsv", "out.tsv"),
    ("json", "out.json"),
    ("jsonl", "out.jsonl"),
    ("toml", "out.toml"),
    ("santactl", "santactl.json"),
    ("static-rules", "out.mobileconfig"),
    ("moroz", "moroz"),
    ("rudolph-csv", "rudolph.csv"),
    ("rudolph-json", "rudolph.json"),
    ("zentral-json", "zentral.json"),
    ("zentral-yaml", "zentral.yaml"),
    ("workshop", "workshop.json"),
    ("terraform", "out.tf"),
];

type Rules = BTreeMap<(String, String), Map<String, Value>>;

/// The rules in a file, by target and scope.
fn rules(shell: &Shell, name: &str, format: Option<&str>) -> Rules {
    let from = format.map_or(String::new(), |format| format!(" --from {format}"));
    shell.json(&format!("rule convert {name} all.jsonl --policy allow{from}"));
    let lines = std::fs::read_to_string(shell.path("all.jsonl")).unwrap();
    let text = |rule: &Map<String, Value>, key: &str| rule[key].as_str().unwrap().to_owned();
    let rules = lines.lines().map(|line| {
        let rule: Map<String, Value> = serde_json::from_str(line).unwrap();
        ((text(&rule, "target"), text(&rule, "scope")), rule)
    });
    rules.collect()
}

/// Removes the rules and fields that are reported as lost.
fn without(mut rules: Rules, losses: &Value) -> Rules {
    for loss in losses.as_array().unwrap() {
        for rule in loss["rules"].as_array().unwrap() {
            let name = |key: &str| rule[key].as_str().unwrap().to_owned();
            let key = (name("target"), name("scope"));
            if loss["left_out"] == true {
                rules.remove(&key).unwrap();
            } else {
                let field = loss["what"].as_str().unwrap();
                rules.get_mut(&key).unwrap().remove(field).unwrap();
                if field == "bundle_hash" {
                    rules.get_mut(&key).unwrap().remove("bundle_binary_count");
                }
            }
        }
    }
    rules
}

fn samples() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = std::fs::read_dir(root.join("tests/fixtures/other-tools")).unwrap();
    let mut files: Vec<PathBuf> = folder.map(|entry| entry.unwrap().path()).collect();
    files.extend(["rules.csv", "fileinfo.json"].map(|name| root.join("examples").join(name)));
    files.sort();
    files
}

#[test]
fn files_of_other_tools_survive_every_format_except_for_listed_losses() {
    let samples = samples();
    assert!(samples.len() > 17, "{samples:?}");
    for sample in samples {
        let shell = Shell::new();
        let name = sample.file_name().unwrap().to_str().unwrap();
        let source = format!("sample-{name}");
        std::fs::copy(&sample, shell.path(&source)).unwrap();
        let before = rules(&shell, &source, None);
        assert!(!before.is_empty(), "{source}");
        for (format, out) in FORMATS {
            let line = format!("rule convert {source} {out} --to {format} --policy allow");
            let losses = shell.json(&line)["lost"].clone();
            let expected = without(before.clone(), &losses);
            if expected.is_empty() {
                continue;
            }
            let after = rules(&shell, out, Some(format));
            assert_eq!(after, expected, "{source} through {format}; listed: {losses:#}");
        }
    }
}

/// Zentral's API returns the numbers of tags, without their names.
#[test]
fn a_rule_for_numbered_tags_is_reported_and_nothing_is_written() {
    let shell = Shell::new();
    shell.write(
        "zentral.json",
        r#"[{"id": 1, "target_type": "TEAMID", "target_identifier": "K7V3QWX92P", "policy": 1, "tags": [2]}]"#,
    );
    insta::assert_snapshot!(shell.run("rule convert zentral.json out.csv"), @"
    $ nicelist rule convert zentral.json out.csv
    exit code: 5
    ----- stderr -----
    zentral.json:1:94: tags: 2 is the number of a tag in Zentral; use the tag's name instead
    error: found 1 error; nothing was written
    ");
    assert!(!shell.path("out.csv").exists());
}

/// Two of the examples contain no rules. If nicelist detects what kind of file an example is, the
/// error describes the contents.
#[test]
fn examples_without_rules_are_reported() {
    let shell = Shell::new();
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    for name in ["fleet.json", "conformance.sh"] {
        std::fs::copy(examples.join(name), shell.path(name)).unwrap();
    }
    insta::assert_snapshot!(shell.run("rule convert fleet.json out.csv"), @"
    $ nicelist rule convert fleet.json out.csv
    exit code: 5
    ----- stderr -----
    error: fleet.json describes the hosts of the demo, not rules
    ");
    insta::assert_snapshot!(shell.run("rule convert conformance.sh out.csv"), @"
    $ nicelist rule convert conformance.sh out.csv
    exit code: 5
    ----- stderr -----
    error: cannot detect the format of conformance.sh
    hint: choose one with --from: csv, tsv, json, jsonl, toml, santactl, static-rules, moroz, rudolph-csv, rudolph-json, zentral-json, zentral-yaml, workshop, terraform, fileinfo
    ");
}
