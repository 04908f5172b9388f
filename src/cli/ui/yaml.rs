//! YAML with the data of the JSON output, in the same order.

use serde::Serialize;

use crate::cli::error::CliError;

/// A value as a YAML document.
pub(super) fn document(value: &impl Serialize) -> Result<String, CliError> {
    let options = serde_saphyr::ser_options! {
        prefer_block_scalars: false,
        compact_list_indent: false,
    };
    serde_saphyr::to_string_with_options(value, options)
        .map_err(|error| CliError::failed(error.to_string()))
}

/// A value as one element of a list.
pub(super) fn element(value: &impl Serialize) -> Result<String, CliError> {
    document(&[value])
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
