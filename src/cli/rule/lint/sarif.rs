//! Findings as SARIF.

use serde_json::{Value, json};

use super::view::{LocatedFinding, ShownLocation};
use crate::cli::sarif::{self, Region};
use crate::lint::{LintCode, Severity};

/// The log of one run.
pub(super) fn log(findings: &[LocatedFinding]) -> Value {
    let rules = LintCode::ALL.iter().map(|code| rule(*code)).collect();
    sarif::log(rules, findings.iter().map(result).collect())
}

fn rule(code: LintCode) -> Value {
    json!({
        "id": code.id(),
        "name": code.name(),
        "shortDescription": { "text": code.about() },
        "fullDescription": { "text": code.about() },
        "help": { "text": format!("{}See docs/LINT.md.", to_fix(code)) },
        "defaultConfiguration": { "level": level(code) },
    })
}

/// A sentence with the fix and a space after it. Empty if there is no fix in addition to the message.
fn to_fix(code: LintCode) -> String {
    match code.fix() {
        "" => String::new(),
        fix => format!("To fix: {fix}. "),
    }
}

const fn level(code: LintCode) -> &'static str {
    match code.severity() {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

fn result(finding: &LocatedFinding) -> Value {
    let index = LintCode::ALL.iter().position(|code| *code == finding.code);
    let mut result = json!({
        "ruleId": finding.code.id(),
        "ruleIndex": index,
        "level": level(finding.code),
        "message": { "text": format!("{}. {}", finding.message, to_fix(finding.code)).trim_end() },
        "partialFingerprints": { "finding/v1": fingerprint(finding) },
    });
    if let Some(at) = &finding.at {
        result["locations"] = json!([location(at)]);
    }
    if let Some(see) = &finding.see {
        result["relatedLocations"] = json!([location(see)]);
    }
    result
}

fn location(at: &ShownLocation) -> Value {
    let ShownLocation { file, line, column, .. } = at;
    sarif::location(Region { file, line: *line, column: *column, end_column: None })
}

fn fingerprint(finding: &LocatedFinding) -> String {
    let at = finding.at.as_ref().map_or("", |at| at.file.as_str());
    let (target, scope) = (finding.target.as_deref(), finding.scope.as_deref());
    let what = match (target, scope) {
        (Some(target), Some(scope)) => format!("{target}\0{scope}"),
        _ => finding.message.clone(),
    };
    sarif::fingerprint(finding.code.id(), at, &what)
}
