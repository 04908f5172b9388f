//! The part of SARIF 2.1.0 (OASIS) that code review tools read.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::view::{LocatedFinding, ShownLocation};
use crate::lint::{LintCode, Severity};

/// The log of one run.
pub(super) fn log(findings: &[LocatedFinding]) -> Value {
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "nicelist",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": LintCode::ALL.iter().map(|code| rule(*code)).collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "results": findings.iter().map(result).collect::<Vec<_>>(),
        }],
    })
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
    let mut physical = json!({ "artifactLocation": { "uri": uri(&at.file) } });
    if let Some(line) = at.line {
        physical["region"] = match at.column {
            Some(column) => json!({ "startLine": line, "startColumn": column }),
            None => json!({ "startLine": line }),
        };
    }
    json!({ "physicalLocation": physical })
}

/// A path with percent-encoding, for a URI.
fn uri(path: &str) -> String {
    let parts = path.trim_start_matches("./").split('/');
    let parts = parts.map(|part| {
        percent_encoding::utf8_percent_encode(part, percent_encoding::NON_ALPHANUMERIC)
            .to_string()
            .replace("%2E", ".")
            .replace("%2D", "-")
            .replace("%5F", "_")
    });
    parts.collect::<Vec<_>>().join("/")
}

/// A value that still identifies a finding when lines are inserted before it in the file.
fn fingerprint(finding: &LocatedFinding) -> String {
    let at = finding.at.as_ref().map_or("", |at| at.file.as_str());
    let (target, scope) = (finding.target.as_deref(), finding.scope.as_deref());
    let what = match (target, scope) {
        (Some(target), Some(scope)) => format!("{target}\0{scope}"),
        _ => finding.message.clone(),
    };
    let hash = Sha256::digest(format!("{}\0{at}\0{what}", finding.code.id()));
    hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}
