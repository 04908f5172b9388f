//! A report about programs as a source of rules: one for the best target of each.

use std::collections::HashMap;

use serde_json::value::RawValue;

use super::{FileInfo, FileInfoError};
use crate::format::record::{Head, Keys};
use crate::format::text::{Text, narrowed};
use crate::format::{Defaults, Document, File, Place, PlacedRule, Remark, Spot};
use crate::rule::{PolicyKind, Rule, RuleDraft, Scope, Target};

/// Whether a file looks like what `santactl fileinfo --json` prints.
#[must_use]
pub fn recognises(file: &File) -> bool {
    let head = Head::of(&file.bytes, Keys::Exact);
    let keys = if head.array { head.rule } else { head.around };
    ["SHA-256", "Path"].iter().all(|name| keys.iter().any(|key| key == name))
}

/// Reads a rule for each program. A report says nothing of a policy, so that of the defaults is
/// needed.
#[must_use]
pub fn read_rules(files: &[File], defaults: &Defaults) -> Document {
    let names = files.iter().map(|file| file.name.clone()).collect();
    let mut document = Document { files: names, ..Document::default() };
    let Some(policy) = defaults.policy else {
        let place = Place { file: 0, spot: Spot::Whole };
        let text = "a report about programs has no policy; --policy allow would be one".to_owned();
        document.faults.push(Remark { place, text });
        return document;
    };
    let scope = defaults.scope.clone().unwrap_or(Scope::Fleet);
    let mut left_out = Vec::new();
    for (number, file) in files.iter().enumerate() {
        match programs(number, file) {
            Err(fault) => document.faults.push(fault),
            Ok(programs) => {
                for (place, program) in programs {
                    let rule = program.map_err(|error| error.to_string()).and_then(|program| {
                        rule(&program, policy, &scope, defaults.source.clone())
                    });
                    match rule {
                        Ok(rule) => document.rules.push(PlacedRule { place, rule }),
                        Err(text) => left_out.push(Remark { place, text }),
                    }
                }
            }
        }
    }
    // A report in which no program has a rule is not worth reading.
    if document.rules.is_empty() {
        document.faults.extend(left_out);
    } else {
        let left_out = left_out.into_iter();
        document
            .notes
            .extend(left_out.map(|it| Remark { text: format!("left out: {}", it.text), ..it }));
    }
    once_each(&mut document);
    document
}

/// A program of a report, or why no rule can be made for it.
type Program = Result<FileInfo, FileInfoError>;

fn programs(number: usize, file: &File) -> Result<Vec<(Place, Program)>, Remark> {
    let text = Text::open(number, file)?;
    let programs = super::read_each(text.as_str().as_bytes()).map_err(|error| {
        let spot = match &error {
            FileInfoError::Json(error) if error.line() > 0 => {
                Spot::Column(narrowed(error.line()), narrowed(error.column()))
            }
            FileInfoError::Json(_)
            | FileInfoError::Empty
            | FileInfoError::NoHash(_)
            | FileInfoError::Certificates => Spot::Whole,
        };
        Remark { place: Place { file: text.file(), spot }, text: error.to_string() }
    })?;
    let list: Vec<&RawValue> = serde_json::from_str(text.as_str()).unwrap_or_default();
    let place = |index: usize| match list.get(index) {
        Some(raw) => text.place_of(raw.get()),
        // Not a list: the one program is the whole file.
        None => text.place(0),
    };
    Ok(programs.into_iter().enumerate().map(|(index, it)| (place(index), it)).collect())
}

fn rule(
    file: &FileInfo,
    policy: PolicyKind,
    scope: &Scope,
    source: Option<String>,
) -> Result<Rule, String> {
    let best = file.program.candidates().into_iter().next();
    let best = best.ok_or_else(|| format!("{} has nothing that a rule can name", file.name))?;
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

/// Several programs may have the same best target: one rule is for them all.
fn once_each(document: &mut Document) {
    let mut seen: HashMap<Target, Place> = HashMap::new();
    let mut again = Vec::new();
    document.rules.retain(|PlacedRule { place, rule }| match seen.get(rule.target()) {
        Some(first) => {
            again.push((*place, *first, rule.target().clone()));
            false
        }
        None => {
            seen.insert(rule.target().clone(), *place);
            true
        }
    });
    for (place, first, target) in again {
        let text = format!("{target} is the rule for {} as well", document.name_of(first));
        document.notes.push(Remark { place, text });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str = include_str!("../../../examples/fileinfo.json");

    fn read(text: &str, policy: Option<PolicyKind>) -> Document {
        let file = File { name: "f.json".into(), bytes: text.into() };
        read_rules(&[file], &Defaults { policy, ..Defaults::default() })
    }

    fn told(document: &Document, remarks: &[Remark]) -> Vec<String> {
        remarks.iter().map(|it| format!("{}: {}", document.name_of(it.place), it.text)).collect()
    }

    #[test]
    fn each_program_gets_a_rule_for_its_best_target() {
        let document = read(SAMPLE, Some(PolicyKind::Allow));
        let rules = document.rules.iter().map(|PlacedRule { place, rule }| {
            let comment = rule.provenance.comment.as_deref().unwrap();
            format!("{} {} {comment}", document.name_of(*place), rule.target())
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
            told(&document, &document.faults),
            ["f.json: a report about programs has no policy; --policy allow would be one"]
        );
        let document = read(SAMPLE, Some(PolicyKind::Cel));
        assert!(
            told(&document, &document.faults)[0].ends_with("cel: policy cel needs an expression")
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
            told(&document, &document.notes),
            ["f.json:3:1: signingid:ABCDE12345:x is the rule for f.json:2:1 as well"]
        );
    }

    #[test]
    fn broken_reports_are_reported_where_they_break() {
        let fault = |text: &str| {
            let document = read(text, Some(PolicyKind::Allow));
            told(&document, &document.faults).join("\n")
        };
        let cut = fault(&SAMPLE[..SAMPLE.len() / 2]);
        assert!(cut.starts_with("f.json:") && cut.contains("is not the output of"), "{cut}");
        assert!(!cut.starts_with("f.json:0"), "{cut}");
        assert_eq!(fault(""), "f.json:1:1: is empty");
        assert_eq!(fault("[]"), "f.json: has no file in it");
        assert_eq!(
            fault(r#"[{"Path":"/x","SHA-256":"zz"}]"#),
            "f.json:1:2: x has nothing that a rule can name"
        );
        let document =
            read(&format!("\u{feff}{}", SAMPLE.replace('\n', "\r\n")), Some(PolicyKind::Allow));
        assert_eq!(document.rules, read(SAMPLE, Some(PolicyKind::Allow)).rules);
    }

    #[test]
    fn only_reports_are_recognised() {
        let is = |text: &str| recognises(&File { bytes: text.into(), ..File::default() });
        assert!(is(SAMPLE) && !is("") && !is("[]") && !is(r#"{"rules": []}"#));
    }
}
