//! Rule files: the committed examples, the JSON Schema, and `detect import`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use nicelist::detect::check::TelemetryChecker;
use nicelist::detect::rule_files::{Fixture, KINDS, RuleFiles, is_fixture, open, read, schema};

use crate::artifact;
use crate::shell::Shell;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/detections")
}

fn examples() -> RuleFiles {
    read(&open(&folder()).unwrap(), &TelemetryChecker)
}

#[test]
fn the_examples_are_valid_and_have_tags() {
    let examples = examples();
    assert!(examples.remarks().is_empty(), "{examples:?}");
    let detections = examples.detections().unwrap();
    assert!(detections.len() >= 30, "{}", detections.len());
    for placed in detections {
        let detection = placed.detection;
        let has_technique = detection.tags.iter().any(|tag| tag.as_str().starts_with('T'));
        assert!(has_technique, "{} has no ATT&CK technique", detection.id);
    }
}

/// The kinds that the guide to the language mentions.
const GUIDE: [&str; 13] = [
    "execution",
    "file_access",
    "disk",
    "launch_item",
    "tcc_modification",
    "xprotect",
    "allowlist",
    "bundle",
    "login_logout",
    "login_window_session",
    "screen_sharing",
    "open_ssh",
    "authentication",
];

#[test]
fn the_examples_cover_every_kind_of_the_guide() {
    let examples = examples().detections().unwrap();
    let expressions: Vec<&str> =
        examples.iter().map(|placed| placed.detection.expression.as_str()).collect();
    for kind in GUIDE {
        assert!(KINDS.contains(&kind), "{kind}");
        let guard = format!("kind == \"{kind}\"");
        assert!(expressions.iter().any(|it| it.contains(&guard)), "{kind}");
    }
}

#[test]
fn every_example_has_a_test_with_a_signal_and_one_without() {
    let examples = examples();
    let mut detections: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for placed in examples.valid() {
        let file = examples.file_name(placed.file).to_owned();
        detections.entry(file).or_default().insert(placed.detection.id.to_string());
    }
    for (file, ids) in detections {
        let name = file.replace(".yaml", ".test.yaml");
        assert!(is_fixture(&name));
        let fixture = Fixture::read(&fs::read(&name).unwrap());
        let fixture = fixture.unwrap_or_else(|faults| panic!("{name}: {faults:?}"));
        let signals = fixture.tests.iter().flat_map(|test| &test.signals);
        let tested: BTreeSet<String> = signals.map(|signal| signal.id.to_string()).collect();
        assert_eq!(tested, ids, "{name}");
        let has_quiet_event = |test: &nicelist::detect::rule_files::FixtureTest| {
            test.events.len() > test.signals.len()
        };
        assert!(fixture.tests.iter().any(has_quiet_event), "{name}");
        for event in fixture.tests.iter().flat_map(|test| &test.events) {
            let keys: Vec<&String> = event.message.as_object().unwrap().keys().collect();
            assert!(keys.iter().any(|key| KINDS.contains(&key.as_str())), "{name}: {keys:?}");
        }
    }
}

#[test]
fn the_schema_of_rule_files() {
    let text = format!("{:#}\n", schema());
    artifact::compare("docs/detections.schema.json", &text, "the_schema_of_rule_files");
}

const SIGMA: &str = "\
title: Terminal copies a file
id: 5f3b3f0e-5d8e-4f3c-8a52-3f6f0f1d2c01
level: low
author: A. Nonymous
tags: [attack.t1105]
logsource: {product: macos, category: process_creation}
detection:
  selection:
    Image|endswith: /scp
  condition: selection
";

fn shell() -> Shell {
    let shell = Shell::new();
    fs::create_dir_all(shell.path("rules/other")).unwrap();
    shell.write("rules/copy.yml", SIGMA);
    let other = SIGMA.replace("Image|", "Hashes|").replace("5f3b3f0e", "6f3b3f0e");
    shell.write("rules/other/hash.yml", &other);
    shell
}

#[test]
fn a_sigma_rule_is_written_to_stdout() {
    let shell = shell();
    insta::assert_snapshot!(shell.run("detect import --from sigma rules/copy.yml"), @r#"
    $ nicelist detect import --from sigma rules/copy.yml
    exit code: 0
    ----- stdout -----
    rules:
      - id: "5f3b3f0e-5d8e-4f3c-8a52-3f6f0f1d2c01"
        title: "Terminal copies a file"
        expr: |
          kind == "execution" &&
          execution.target.executable.path.lowerAscii().endsWith("/scp")
        severity: low
        tags: ["attack.t1105"]
        author: "A. Nonymous"
        enabled: true
    "#);
    let piped = shell.run_with("detect import --from sigma -", SIGMA);
    assert!(piped.contains("endsWith(\"/scp\")"), "{piped}");
}

#[test]
fn rules_that_cannot_be_converted_are_listed_and_the_others_are_written() {
    let shell = shell();
    insta::assert_snapshot!(shell.run("detect import --from sigma rules -O out"), @"
    $ nicelist detect import --from sigma rules -O out
    exit code: 0
    ----- stderr -----
    rules/other/hash.yml:9:5: 6f3b3f0e-5d8e-4f3c-8a52-3f6f0f1d2c01: selection: the field Hashes has no equivalent in the telemetry of a Mac
    wrote 1 rule to out, left out 1
    ");
    let files = read(&open(&shell.path("out")).unwrap(), &TelemetryChecker);
    assert_eq!((files.errors(), files.valid().len()), (0, 1));
    insta::assert_snapshot!(shell.run("detect import --from sigma rules -O out"), @"
    $ nicelist detect import --from sigma rules -O out
    exit code: 2
    ----- stderr -----
    rules/other/hash.yml:9:5: 6f3b3f0e-5d8e-4f3c-8a52-3f6f0f1d2c01: selection: the field Hashes has no equivalent in the telemetry of a Mac
    error: out/copy.yaml already exists; nothing was written
    hint: to overwrite existing files: --force
    ");
    let forced = shell.run("detect import --from sigma rules -O out --force");
    assert!(forced.contains("exit code: 0"), "{forced}");
}

#[test]
fn nothing_is_written_if_no_rule_can_be_converted_or_with_strict() {
    let shell = shell();
    for line in [
        "detect import --from sigma rules/other -O out",
        "detect import --from sigma rules --strict -O out",
    ] {
        let transcript = shell.run(line);
        assert!(transcript.contains("exit code: 5"), "{transcript}");
        assert!(
            transcript.contains("error: 1 rule cannot be converted; nothing was written"),
            "{transcript}"
        );
    }
    assert!(!shell.path("out").exists());
    let missing = shell.run("detect import --from sigma nothing");
    assert!(missing.contains("error: cannot read nothing"), "{missing}");
}
