//! Reads and writes whole files of JSON: an array of rules, or a rule per line.

use std::io::{self, Write};

use super::Lines;
use crate::document::json::Json;
use crate::document::{Outline, Text};
use crate::format::builder::Builder;
use crate::format::loss::Losses;
use crate::format::rows::read_files;
use crate::format::{Content, Defaults, File, Location, ParsedPolicy, PlacedRule, Remark, Written};
use crate::rule::Rule;

/// Whether a file looks like an array of rules, or like an object with such a list in `items` or
/// `rules`. The list must be empty, or its first rule must have a `target`.
pub fn recognises(head: &Outline) -> bool {
    let listed = head.list("items").or_else(|| head.list("rules"));
    let first = match (head.is_list, listed) {
        (true, _) => Some((head.length, &head.keys)),
        (false, listed) => listed.map(|list| (list.length, &list.keys)),
    };
    first.is_some_and(|(length, keys)| length == 0 || keys.iter().any(|key| key == "target"))
}

pub(super) fn has_target(text: &str) -> bool {
    let object: Result<serde_json::Map<_, _>, _> = serde_json::from_str(text);
    object.is_ok_and(|object| object.contains_key("target"))
}

pub fn read(files: &[File], defaults: &Defaults) -> ParsedPolicy {
    let builder = Builder::read_texts(files, defaults, |builder, file, text| {
        read_text(builder, file, text, defaults)
    });
    builder.finish()
}

fn read_text(
    builder: &mut Builder<'_>,
    file: u32,
    text: &Text<'_>,
    defaults: &Defaults,
) -> Result<(), Remark> {
    let whole = Json::parse(text).map_err(|fault| Remark::of(file, fault))?;
    let at = |json: Json<'_>| Location::of(file, Some(json.position()));
    let entries = whole.entries().unwrap_or_default();
    let mut lists = entries.iter().filter(|(key, _)| key == "items" || key == "rules");
    let listed = match (whole.elements(), lists.next(), lists.next()) {
        (Some(rules), ..) => Some(rules),
        (None, Some((_, rules)), None) => rules.elements(),
        (None, ..) => None,
    };
    let Some(rules) = listed else {
        let text = "is not a list of rules: expected [{...}, ...], or an object with one such \
            list under the key items or rules";
        return Err(Remark::new(at(whole), text));
    };
    let next = entries.iter().find(|(key, json)| key == "next" && json.as_str() != "null");
    if let Some((_, next)) = next {
        let text = "next: the response has more pages, which are not in this file";
        builder.policy.note(at(*next), text);
    }
    for json in rules {
        match super::rule(file, json.as_str(), || json.node(), defaults) {
            Ok(rule) => builder.policy.rules.push(PlacedRule { location: at(json), rule }),
            Err(fault) => builder.policy.faults.push(fault),
        }
    }
    Ok(())
}

pub fn read_lines(files: &[File], defaults: &Defaults) -> ParsedPolicy {
    read_files(files, defaults, |bytes| Ok(Lines::new(bytes, defaults.clone())))
}

/// Writes an array or lines, one rule at a time.
pub struct Writer<W: Write> {
    output: W,
    layout: &'static Layout,
    is_empty: bool,
}

struct Layout {
    start: &'static str,
    between: &'static str,
    end: &'static str,
    empty: &'static str,
}

const ARRAY: Layout = Layout { start: "[\n", between: ",\n", end: "\n]\n", empty: "[]\n" };
const LINES: Layout = Layout { start: "", between: "\n", end: "\n", empty: "" };

impl<W: Write> Writer<W> {
    pub fn array(output: W) -> Self {
        Self { output, layout: &ARRAY, is_empty: true }
    }

    pub fn lines(output: W) -> Self {
        Self { output, layout: &LINES, is_empty: true }
    }

    /// # Errors
    /// If the output cannot be written.
    pub fn write(&mut self, rule: &Rule) -> io::Result<()> {
        let Layout { start, between, .. } = self.layout;
        let before = if self.is_empty { start } else { between };
        self.is_empty = false;
        self.output.write_all(before.as_bytes())?;
        serde_json::to_writer(&mut self.output, rule).map_err(io::Error::from)
    }

    /// # Errors
    /// If the output cannot be written.
    pub fn finish(mut self) -> io::Result<()> {
        let Layout { end, empty, .. } = self.layout;
        self.output.write_all(if self.is_empty { empty } else { end }.as_bytes())?;
        self.output.flush()
    }
}

pub fn write(content: Content<'_>) -> Written {
    write_with(&ARRAY, content)
}

pub fn write_lines(content: Content<'_>) -> Written {
    write_with(&LINES, content)
}

fn write_with(layout: &'static Layout, content: Content<'_>) -> Written {
    let mut bytes = Vec::new();
    let mut writer = Writer { output: &mut bytes, layout, is_empty: true };
    let written = content.rules.iter().try_for_each(|rule| writer.write(rule));
    let written = written.and_then(|()| writer.finish());
    // Writing to memory cannot fail.
    debug_assert!(written.is_ok());
    Written::file(bytes, Losses::of_settings(content))
}
