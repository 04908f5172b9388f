//! Reads rules from a report about programs: one rule for the best target of each program.

use std::collections::HashMap;

use super::FileInfo;
use crate::document::json::Json;
use crate::document::{Outline, Text};
use crate::format::record::Keys;
use crate::format::{Defaults, File, Location, ParsedPolicy, PlacedRule, Remark};
use crate::rule::{PolicyKind, Rule, RuleDraft, Scope, Target};

pub fn recognises(head: &Outline) -> bool {
    Keys::Exact.has_all(&head.keys, &["SHA-256", "Path"])
}

/// A report has no policies, so `defaults` must contain a policy.
pub fn read_rules(files: &[File], defaults: &Defaults) -> ParsedPolicy {
    let mut policy = ParsedPolicy::of(files);
    let Some(kind) = defaults.policy else {
        let text = "the report has no policy for its programs; add one, as in: --policy allow";
        policy.fault(Location::whole(0), text);
        return policy;
    };
    let scope = defaults.scope.clone().unwrap_or(Scope::Fleet);
    let mut left_out = Vec::new();
    for (number, file) in (0..).zip(files) {
        let programs = Text::new(&file.bytes)
            .map_err(|fault| Remark::of(number, fault))
            .and_then(|text| programs(number, &text));
        match programs {
            Err(fault) => policy.faults.push(fault),
            Ok(programs) => {
                for (location, program) in programs {
                    let rule = program
                        .and_then(|program| rule(&program, kind, &scope, defaults.source.clone()));
                    match rule {
                        Ok(rule) => policy.rules.push(PlacedRule { location, rule }),
                        Err(text) => left_out.push(Remark::new(location, text)),
                    }
                }
            }
        }
    }
    // If no program gets a rule, the reasons are faults. Otherwise, they are notes about the
    // programs without a rule.
    if policy.rules.is_empty() {
        policy.faults.extend(left_out);
    } else {
        let left_out = left_out.into_iter();
        policy
            .notes
            .extend(left_out.map(|it| Remark::new(it.location, format!("left out: {}", it.text))));
    }
    keep_one_rule_per_target(&mut policy);
    policy
}

/// A program of a report, or the reason why the program cannot have a rule.
type Program = Result<FileInfo, String>;

fn programs(number: u32, text: &Text<'_>) -> Result<Vec<(Location, Program)>, Remark> {
    let whole = Json::parse(text).map_err(|fault| {
        let message = format!("is not the output of `santactl fileinfo --json`: {}", fault.message);
        Remark::new(Location::of(number, fault.position), message)
    })?;
    let programs = super::read_each(text.as_str())
        .map_err(|error| Remark::new(Location::whole(number), error.to_string()))?;
    let jsons = whole.elements().unwrap_or_else(|| vec![whole]);
    let programs = jsons.iter().zip(programs).map(|(json, program)| {
        let location = Location::of(number, Some(json.position()));
        (location, program.map_err(|error| error.to_string()))
    });
    Ok(programs.collect())
}

fn rule(
    file: &FileInfo,
    policy: PolicyKind,
    scope: &Scope,
    source: Option<String>,
) -> Result<Rule, String> {
    let best = file.program.candidates().into_iter().next();
    let best =
        best.ok_or_else(|| format!("{} has no identifier that a rule can match", file.name))?;
    let draft = RuleDraft {
        target: best.target.to_string(),
        policy: policy.word().to_owned(),
        scope: scope.to_string(),
        comment: Some(file.name.clone()),
        source,
        ..RuleDraft::default()
    };
    Rule::try_from(draft).map_err(|error| error.to_string())
}

/// Several programs may have the same best target. They share one rule.
fn keep_one_rule_per_target(policy: &mut ParsedPolicy) {
    let mut seen: HashMap<Target, Location> = HashMap::new();
    let mut again = Vec::new();
    policy.rules.retain(|PlacedRule { location, rule }| match seen.get(rule.target()) {
        Some(first) => {
            again.push((*location, *first, rule.target().clone()));
            false
        }
        None => {
            seen.insert(rule.target().clone(), *location);
            true
        }
    });
    for (location, first, target) in again {
        let first = policy.name_of(first);
        let text = format!("left out: {first} already has the same rule, {target}");
        policy.note(location, text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str = include_str!("../../../examples/fileinfo.json");

    fn read(text: &str, policy: Option<PolicyKind>) -> ParsedPolicy {
        let file = File { name: "f.json".into(), bytes: text.into() };
        read_rules(&[file], &Defaults { policy, ..Defaults::default() })
    }

    fn describe(document: &ParsedPolicy, remarks: &[Remark]) -> Vec<String> {
        remarks.iter().map(|it| format!("{}: {}", document.name_of(it.location), it.text)).collect()
    }

    #[test]
    fn each_program_gets_a_rule_for_its_best_target() {
        let document = read(SAMPLE, Some(PolicyKind::Allow));
        let rules = document.rules.iter().map(|PlacedRule { location, rule }| {
            let comment = rule.provenance.comment.as_deref().unwrap();
            format!("{} {} {comment}", document.name_of(*location), rule.target())
        });
        insta::assert_snapshot!(rules.collect::<Vec<_>>().join("\n"), @"
        f.json:2:1 signingid:K7V3QWX92P:example.northwind.kestrel Kestrel
        f.json:42:1 cdhash:5e1b0c4a97d2f386b1c05a7e94d8362fb70a1c59 ledgerctl
        f.json:54:1 signingid:platform:com.apple.osascript osascript
        ");
    }

    #[test]
    fn a_report_alone_decides_nothing() {
        let document = read(SAMPLE, None);
        assert_eq!(
            describe(&document, &document.faults),
            ["f.json: the report has no policy for its programs; add one, as in: --policy allow"]
        );
        let document = read(SAMPLE, Some(PolicyKind::Cel));
        assert!(
            describe(&document, &document.faults)[0]
                .ends_with("cel: policy cel requires an expression")
        );
        assert_eq!(document.rules, []);
    }

    #[test]
    fn two_versions_of_a_program_are_one_rule() {
        let program = |hash: &str| {
            format!(
                r#"{{"Path":"/x","SHA-256":"{}","Team ID":"ABCDE12345","Signing ID":"x"}}"#,
                hash.repeat(32)
            )
        };
        let text = format!("[\n{},\n{}\n]", program("ab"), program("cd"));
        let document = read(&text, Some(PolicyKind::Block));
        assert_eq!(document.rules.len(), 1);
        assert_eq!(
            describe(&document, &document.notes),
            ["f.json:3:1: left out: f.json:2:1 already has the same rule, signingid:ABCDE12345:x"]
        );
    }

    #[test]
    fn broken_reports_are_reported_where_they_break() {
        let fault = |text: &str| {
            let document = read(text, Some(PolicyKind::Allow));
            describe(&document, &document.faults).join("\n")
        };
        let cut = fault(&SAMPLE[..SAMPLE.len() / 2]);
        assert!(cut.starts_with("f.json:") && cut.contains("is not the output of"), "{cut}");
        assert!(!cut.starts_with("f.json:0"), "{cut}");
        assert_eq!(fault(""), "f.json:1:1: is empty");
        assert_eq!(fault("[]"), "f.json: contains no files");
        assert_eq!(
            fault(r#"[{"Path":"/x","SHA-256":"zz"}]"#),
            "f.json:1:2: x has no identifier that a rule can match"
        );
        let document =
            read(&format!("\u{feff}{}", SAMPLE.replace('\n', "\r\n")), Some(PolicyKind::Allow));
        assert_eq!(document.rules, read(SAMPLE, Some(PolicyKind::Allow)).rules);
    }

    #[test]
    fn only_reports_are_recognised() {
        let is = |text: &str| recognises(&Outline::of_json_head(text.as_bytes(), &[]));
        assert!(is(SAMPLE) && !is("") && !is("[]") && !is(r#"{"rules": []}"#));
    }
}
