//! The part of SARIF 2.1.0 (OASIS) that code review tools read.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// A place in a file. Line and column start at 1.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Region<'a> {
    pub(crate) file: &'a str,
    pub(crate) line: Option<u32>,
    pub(crate) column: Option<u32>,
    /// The column after the last character.
    pub(crate) end_column: Option<u32>,
}

/// The log of one run.
pub(crate) fn log(rules: Vec<Value>, results: Vec<Value>) -> Value {
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "nicelist",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            }},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

pub(crate) fn location(at: Region<'_>) -> Value {
    let mut physical = json!({ "artifactLocation": { "uri": uri(at.file) } });
    if let Some(line) = at.line {
        let mut region = json!({ "startLine": line });
        if let Some(column) = at.column {
            region["startColumn"] = json!(column);
        }
        if let Some(column) = at.end_column {
            region["endColumn"] = json!(column);
        }
        physical["region"] = region;
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
pub(crate) fn fingerprint(code: &str, file: &str, what: &str) -> String {
    let hash = Sha256::digest(format!("{code}\0{file}\0{what}"));
    hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}
