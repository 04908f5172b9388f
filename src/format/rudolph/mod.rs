//! Rudolph's rules: CSV with one of two headers, and JSON.
//!
//! Rudolph exports CSV with `sha256` in the header and imports it with `identifier`, so it cannot
//! read its own exports. With either header, the first column contains identifiers, not only
//! hashes. Source: airbnb/rudolph, internal/cli and internal/csv.

use ::csv::WriterBuilder;
use serde_json::Value;

use super::builder::Builder;
use super::csv::{Column, Delimiter, field};
use super::loss::Losses;
use super::record::{FieldNames, Keys};
use super::santactl::object;
use super::{Content, Defaults, File, Location, ParsedPolicy, Remark, Written, santa};
use crate::document::json::Json;
use crate::document::{Outline, Text, without_mark};
use crate::rule::{PolicyKind, Rule, RuleType, Scope};

/// The header that Rudolph reads.
const COLUMNS: [&str; 5] = ["identifier", "type", "policy", "custom_msg", "description"];
/// The name of the first column in Rudolph's exports.
const EXPORTED: &str = "sha256";

const NAMES: FieldNames =
    FieldNames { identifier: &["identifier", EXPORTED], rule_type: &["type"], texts: TEXTS };
const TEXTS: &[(&str, &str)] = &[("message", "custom_msg"), ("comment", "description")];

const POLICIES: [PolicyKind; 5] = [
    PolicyKind::Allow,
    PolicyKind::AllowCompiler,
    PolicyKind::Block,
    PolicyKind::SilentBlock,
    PolicyKind::Remove,
];

/// Whether a file has one of Rudolph's headers. The beginning of the file is enough.
pub fn recognises_csv(file: &File) -> bool {
    let line = without_mark(&file.bytes).split(|byte| *byte == b'\n').next().unwrap_or_default();
    let names = line.trim_ascii().split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
    let names: Vec<&[u8]> = names.collect();
    let [first, rest @ ..] = names.as_slice() else { return false };
    [COLUMNS[0], EXPORTED].iter().any(|name| name.as_bytes() == *first)
        && rest.iter().copied().eq(COLUMNS[1..].iter().map(|name| name.as_bytes()))
}

/// Whether a file is a JSON list of rules with Rudolph's keys.
pub fn recognises_json(head: &Outline) -> bool {
    head.is_list && Keys::AnyCase.has_all(&head.keys, &["identifier", "type", "policy"])
}

pub fn read_csv(files: &[File], defaults: &Defaults) -> ParsedPolicy {
    super::csv::read(files, Delimiter::Comma, defaults)
}

pub fn read_json(files: &[File], defaults: &Defaults) -> ParsedPolicy {
    Builder::read_texts(files, defaults, read_text).finish()
}

fn read_text(builder: &mut Builder<'_>, file: u32, text: &Text<'_>) -> Result<(), Remark> {
    let whole = Json::parse(text).map_err(|fault| Remark::of(file, fault))?;
    let Some(rules) = whole.elements() else {
        let location = Location::of(file, Some(whole.position()));
        return Err(Remark::new(location, "is not a list of rules: expected [{...}, ...]"));
    };
    builder.add_list(file, rules, Keys::AnyCase, |record| record.draft(&NAMES));
    Ok(())
}

pub fn write_csv(content: Content<'_>) -> Written {
    let (rows, losses) = rows(content);
    let mut output = WriterBuilder::new().from_writer(Vec::new());
    // Writing to memory cannot fail.
    let written = output
        .write_record(COLUMNS)
        .and_then(|()| rows.iter().try_for_each(|row| output.write_record(row)));
    debug_assert!(written.is_ok());
    let bytes = output.into_inner().unwrap_or_default();
    Written::file(bytes, losses.0)
}

pub fn write_json(content: Content<'_>) -> Written {
    let (rows, losses) = rows(content);
    let rules: Vec<Value> =
        rows.into_iter().map(|row| object(COLUMNS.into_iter().zip(row))).collect();
    Written::json(&Value::Array(rules), losses.0)
}

/// The values of the columns for each rule that Rudolph can express.
fn rows(content: Content<'_>) -> (Vec<[String; 5]>, Losses) {
    let mut losses = Losses::default();
    let mut rows = Vec::with_capacity(content.rules.len());
    for (index, rule) in content.rules.iter().enumerate() {
        match policy(rule) {
            Err(why) => losses.rule(index, why),
            Ok(policy) => {
                losses.fields(index, rule, TEXTS);
                rows.push([
                    rule.target().identifier().to_owned(),
                    santa::type_name(rule.target().rule_type()).to_owned(),
                    policy.to_owned(),
                    field(rule, Column::Message).into_owned(),
                    field(rule, Column::Comment).into_owned(),
                ]);
            }
        }
    }
    losses.settings(content);
    (rows, losses)
}

fn policy(rule: &Rule) -> Result<&'static str, String> {
    if *rule.scope() != Scope::Fleet {
        return Err("Rudolph supports only rules for all Macs".to_owned());
    }
    if rule.target().rule_type() == RuleType::CdHash {
        return Err("Rudolph does not support cdhash rules".to_owned());
    }
    let kind = rule.policy().kind();
    santa::policy_name_among(&POLICIES, kind).ok_or_else(|| format!("Rudolph has no policy {kind}"))
}

#[cfg(test)]
mod tests;
