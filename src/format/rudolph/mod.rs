//! Rudolph's rules: CSV under either of its two headers, and JSON.
//!
//! Rudolph exports CSV with `sha256` in the header and imports it with `identifier`, so it cannot
//! read its own exports; whatever the header says, all kinds of identifiers stand below it. Facts:
//! airbnb/rudolph, internal/cli and internal/csv.

use std::sync::Arc;

use ::csv::WriterBuilder;
use serde_json::Value;

use super::csv::Delimiter;
use super::gather::Gather;
use super::loss::Losses;
use super::record::{Head, Json, Keys, Record, santa};
use super::santactl::object;
use super::text::Text;
use super::words::{old_policy, santa_word};
use super::{Content, Defaults, Document, File, Remark, Written};
use crate::rule::{Rule, RuleDraft, RuleType, Scope};

/// The header that Rudolph reads.
const COLUMNS: [&str; 5] = ["identifier", "type", "policy", "custom_msg", "description"];
/// What the first column is called in what Rudolph exports.
const EXPORTED: &str = "sha256";
/// The fields that Rudolph has for a rule, by our names.
const KEPT: [&str; 2] = ["message", "comment"];

/// Whether a file has one of Rudolph's headers. Its beginning is enough.
#[must_use]
pub fn recognises_csv(file: &File) -> bool {
    let bytes = file.bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&file.bytes);
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let names = line.trim_ascii().split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
    let names: Vec<&[u8]> = names.collect();
    let [first, rest @ ..] = names.as_slice() else { return false };
    [COLUMNS[0], EXPORTED].iter().any(|name| name.as_bytes() == *first)
        && rest.iter().copied().eq(COLUMNS[1..].iter().map(|name| name.as_bytes()))
}

/// Whether a file is a list of rules in JSON as Rudolph writes them.
#[must_use]
pub fn recognises_json(file: &File) -> bool {
    let head = Head::of(&file.bytes, Keys::AnyCase);
    head.array && ["identifier", "type", "policy"].iter().all(|key| head.has(key))
}

#[must_use]
pub fn read_csv(files: &[File], defaults: &Defaults) -> Document {
    super::csv::read(files, Delimiter::Comma, defaults)
}

#[must_use]
pub fn read_json(files: &[File], defaults: &Defaults) -> Document {
    let mut gather = Gather::new(files, defaults);
    for (number, file) in files.iter().enumerate() {
        let read = Text::open(number, file).and_then(|text| rules(&text, &mut gather));
        read.unwrap_or_else(|fault| gather.fault(fault));
    }
    gather.finish()
}

fn rules(text: &Text<'_>, gather: &mut Gather<'_>) -> Result<(), Remark> {
    let whole = Json::parse(text)?;
    let Some(rules) = whole.elements() else {
        let text = "is no list of rules, [{...}, ...]".to_owned();
        return Err(Remark { place: whole.place(), text });
    };
    for rule in rules {
        let read = rule.record(Keys::AnyCase).and_then(|mut record| {
            let draft = draft(&mut record)?;
            Ok((record, draft))
        });
        match read {
            Ok((record, draft)) => gather.record(&record, draft),
            Err(fault) => gather.fault(fault),
        }
    }
    Ok(())
}

fn draft(record: &mut Record<'_>) -> Result<RuleDraft, Remark> {
    let identifier = match record.text("target", "identifier")? {
        Some(identifier) => identifier,
        None => record.text("target", EXPORTED)?.unwrap_or_default(),
    };
    let word = record.word("rule_type", "type")?.unwrap_or_default();
    let (place, key) = record.origin("rule_type");
    let rule_type = santa::parsed_type(&word, place, key)?;
    Ok(RuleDraft {
        target: santa::target(rule_type, &identifier),
        policy: record.word("policy", "policy")?.unwrap_or_default(),
        message: record.text("message", "custom_msg")?,
        comment: record.text("comment", "description")?,
        ..RuleDraft::default()
    })
}

/// Writes CSV that Rudolph imports.
#[must_use]
pub fn write_csv(content: Content<'_>) -> Written {
    let (rows, losses) = rows(content);
    let mut output = WriterBuilder::new().from_writer(Vec::new());
    // Memory takes all that is written to it.
    let written = output
        .write_record(COLUMNS)
        .and_then(|()| rows.iter().try_for_each(|row| output.write_record(row)));
    debug_assert!(written.is_ok());
    let bytes = output.into_inner().unwrap_or_default();
    Written { files: vec![File { name: String::new(), bytes }], losses: losses.finish() }
}

/// Writes JSON that Rudolph imports.
#[must_use]
pub fn write_json(content: Content<'_>) -> Written {
    let (rows, losses) = rows(content);
    let rules: Vec<Value> =
        rows.into_iter().map(|row| object(COLUMNS.into_iter().zip(row).collect())).collect();
    super::record::whole(&Value::Array(rules), losses)
}

/// The values of the columns for each rule that Rudolph can have.
fn rows(content: Content<'_>) -> (Vec<[String; 5]>, Losses) {
    let mut losses = Losses::default();
    let mut rows = Vec::with_capacity(content.rules.len());
    for (index, rule) in content.rules.iter().enumerate() {
        match policy(rule) {
            Err(why) => losses.rule(index, why),
            Ok(policy) => {
                losses.fields(index, rule, &KEPT);
                let text = |text: &Option<Arc<str>>| text.as_deref().unwrap_or_default().to_owned();
                rows.push([
                    rule.target().identifier().to_owned(),
                    santa_word(rule.target().rule_type()).to_owned(),
                    policy.to_owned(),
                    text(&rule.notice.message),
                    text(&rule.provenance.comment),
                ]);
            }
        }
    }
    losses.settings(content);
    (rows, losses)
}

fn policy(rule: &Rule) -> Result<&'static str, String> {
    if *rule.scope() != Scope::Fleet {
        return Err("Rudolph imports rules for all Macs only".to_owned());
    }
    if rule.target().rule_type() == RuleType::CdHash {
        return Err("Rudolph has no rules for a cdhash".to_owned());
    }
    let kind = rule.policy().kind();
    old_policy(kind).ok_or_else(|| format!("Rudolph has no policy {kind}"))
}

#[cfg(test)]
mod tests;
