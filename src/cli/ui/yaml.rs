//! YAML with the data of the JSON output, in the same order.

use std::io;

use serde::Serialize;

use crate::cli::error::CliError;
use crate::document::Text;
use crate::document::json::Json;

const INDENT: usize = 2;
/// Words that YAML 1.1 or 1.2 does not read as strings.
const RESERVED: [&str; 9] = ["true", "false", "yes", "no", "on", "off", "null", "y", "n"];

/// A value as a YAML document.
pub(super) fn document(value: &impl Serialize) -> Result<String, CliError> {
    let mut out = String::new();
    convert(value, 0, &mut out)?;
    Ok(out)
}

/// A value as one element of a list.
pub(super) fn element(value: &impl Serialize) -> Result<String, CliError> {
    let mut out = "- ".to_owned();
    convert(value, INDENT, &mut out)?;
    Ok(out)
}

fn convert(value: &impl Serialize, indent: usize, out: &mut String) -> Result<(), CliError> {
    let json = serde_json::to_vec(value).map_err(io::Error::from)?;
    let invalid = |fault: crate::document::Fault| CliError::failed(fault.message);
    let text = Text::new(&json).map_err(invalid)?;
    write(Json::parse(&text).map_err(invalid)?, indent, out);
    Ok(())
}

/// Writes a value behind the text on the current line. Further lines are indented.
fn write(json: Json<'_>, indent: usize, out: &mut String) {
    let blanks = " ".repeat(indent);
    if let Some(entries) = json.entries().filter(|entries| !entries.is_empty()) {
        for (at, (key, value)) in entries.into_iter().enumerate() {
            out.push_str(if at > 0 { &blanks } else { "" });
            out.push_str(&string(&key));
            out.push(':');
            if is_block(value) {
                out.push_str(&format!("\n{blanks}{:INDENT$}", ""));
            } else {
                out.push(' ');
            }
            write(value, indent + INDENT, out);
        }
    } else if let Some(elements) = json.elements().filter(|elements| !elements.is_empty()) {
        for (at, value) in elements.into_iter().enumerate() {
            out.push_str(if at > 0 { &blanks } else { "" });
            out.push_str("- ");
            write(value, indent + INDENT, out);
        }
    } else {
        let text = json.as_str();
        match serde_json::from_str::<String>(text) {
            Ok(decoded) => out.push_str(&string(&decoded)),
            // Numbers, booleans, `null`, `[]` and `{}` are the same in YAML.
            Err(_) => out.push_str(text),
        }
        out.push('\n');
    }
}

/// Whether a value has lines of its own.
fn is_block(json: Json<'_>) -> bool {
    matches!(json.as_str().as_bytes(), [b'{' | b'[', next, ..] if !matches!(next, b'}' | b']'))
}

/// A string, in quotes unless every reader of YAML reads it as a string without them.
fn string(text: &str) -> String {
    let is_plain = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/')
        && text.chars().all(|c| c.is_alphanumeric() || "_-./@+: ".contains(c))
        && !text.contains(": ")
        && !text.ends_with([' ', ':'])
        && !RESERVED.contains(&text.to_ascii_lowercase().as_str());
    match is_plain {
        true => text.to_owned(),
        // A string of JSON is a string of YAML.
        false => serde_json::Value::from(text).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn yaml_has_the_order_of_the_json() {
        #[derive(Serialize)]
        struct Host {
            name: &'static str,
            tags: Vec<&'static str>,
            none: Vec<u8>,
            rules: Rules,
        }
        #[derive(Serialize)]
        struct Rules {
            due: u8,
            at: &'static str,
        }
        let rules = Rules { due: 0, at: "2026-11-20T12:00:00Z" };
        let host = Host { name: "annas-mbp.local", tags: vec!["eng", "no"], none: vec![], rules };
        let lines = "name: annas-mbp.local\ntags:\n  - eng\n  - \"no\"\nnone: []\n\
            rules:\n  due: 0\n  at: \"2026-11-20T12:00:00Z\"\n";
        assert_eq!(document(&host).unwrap(), lines);
        let indented = lines.trim_end().replace('\n', "\n  ");
        assert_eq!(element(&host).unwrap(), format!("- {indented}\n"));
    }

    #[test]
    fn yaml_is_read_as_the_same_data() {
        let texts = [
            "",
            " ",
            "~",
            "null",
            "No",
            "1",
            "1e5",
            ".5",
            "0x1F",
            "a: b",
            "a:",
            "a #b",
            "# a",
            "- a",
            "two\nlines\ttab",
            "\"quoted\"",
            "it's",
            "teamid:EQHXZ8M8AV",
            "/Users/*/a",
            "Zoë 漢字",
            "\u{1b}[31m",
            "@a",
            "%a",
            "&a",
            "*a",
            "!a",
            "|",
            ">",
            "{a}",
            "[a]",
            "a, b",
            "2026-11-20",
        ];
        let value = json!({
            "texts": texts, "nested": [[1, [2.5, []], {}], {"a b": {"c": [{"d": null, "e": true}]}}],
            "1": -3, "": "empty",
        });
        for value in [value.clone(), json!([value]), json!("text"), json!(5)] {
            let yaml = document(&value).unwrap();
            let read: Value = serde_saphyr::from_str(&yaml).unwrap();
            assert_eq!(read, value, "{yaml}");
            let yaml = element(&value).unwrap();
            let read: Value = serde_saphyr::from_str(&yaml).unwrap();
            assert_eq!(read, json!([value]), "{yaml}");
        }
    }
}
