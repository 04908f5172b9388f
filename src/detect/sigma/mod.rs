//! Converts Sigma rules for macOS into rule files.
//!
//! Rules of the categories `process_creation` and `file_event` are supported. A rule that cannot be
//! converted is reported with all reasons. Nothing is left out without a report, except for keys
//! that describe the Sigma file and not the detection, such as the date of its last change.

mod condition;
mod field;
mod pattern;
mod render;
mod rule;
mod search;
#[cfg(test)]
mod tests;
mod write;

use std::collections::HashMap;

pub use field::{Category, Field};
use rule::SigmaRule;

use super::rule_files::{DetectionId, SourceFile};
use crate::document::{Fault, Position, Text, yaml};

/// The result of a conversion.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conversion {
    pub rules: Vec<ConvertedRule>,
    pub reports: Vec<Report>,
}

impl Conversion {
    /// The number of files whose rule was not converted.
    pub fn refused(&self) -> usize {
        let mut files: Vec<usize> =
            self.reports.iter().filter(|it| it.is_refusal).map(|it| it.file).collect();
        files.dedup();
        files.len()
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConvertedRule {
    /// The index of the file in the list of all files.
    pub file: usize,
    pub id: DetectionId,
    /// The rule in YAML, as an entry of the list `rules`.
    entry: String,
}

/// Why a rule was not converted, or what its author should know about the conversion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The index of the file in the list of all files.
    pub file: usize,
    pub position: Option<Position>,
    /// The ID or the title of the rule. None if it has neither.
    pub rule: Option<String>,
    /// One line.
    pub reason: String,
    /// Whether the rule was not converted.
    pub is_refusal: bool,
}

/// A reason, with its position if it is known.
type Reason = Fault;

fn reason(position: Option<Position>, message: impl Into<String>) -> Reason {
    Fault { position, message: message.into() }
}

/// Maximum bytes of a Sigma rule. Its values may have more than a hundred variants each.
const LARGEST: usize = 256 << 10;

/// Converts files with one Sigma rule each.
pub fn convert(files: &[SourceFile]) -> Conversion {
    let mut conversion = Conversion::default();
    let mut ids: HashMap<DetectionId, usize> = HashMap::new();
    for (file, source) in files.iter().enumerate() {
        let mut name = None;
        let mut notes = Vec::new();
        match convert_one(source, &mut name, &mut notes) {
            Ok((id, entry)) => match ids.get(&id) {
                Some(first) => {
                    let message = format!("{} has a rule with the same ID", files[*first].name);
                    conversion.report(file, name.as_ref(), vec![reason(None, message)], true);
                }
                None => {
                    ids.insert(id.clone(), file);
                    conversion.report(file, name.as_ref(), notes, false);
                    conversion.rules.push(ConvertedRule { file, id, entry });
                }
            },
            Err(reasons) => conversion.report(file, name.as_ref(), reasons, true),
        }
    }
    conversion
}

impl Conversion {
    fn report(
        &mut self,
        file: usize,
        rule: Option<&String>,
        reasons: Vec<Reason>,
        is_refusal: bool,
    ) {
        let reports = reasons.into_iter().map(|Fault { position, message }| Report {
            file,
            position,
            rule: rule.cloned(),
            reason: message,
            is_refusal,
        });
        self.reports.extend(reports);
    }
}

/// The ID and the YAML of a file's rule. Sets `name` as soon as it is known.
fn convert_one(
    source: &SourceFile,
    name: &mut Option<String>,
    notes: &mut Vec<Reason>,
) -> Result<(DetectionId, String), Vec<Reason>> {
    let bytes = source.content.as_ref().map_err(|error| vec![reason(None, error.clone())])?;
    if bytes.len() > LARGEST {
        let message = format!("the rule is larger than {} KiB", LARGEST >> 10);
        return Err(vec![reason(None, message)]);
    }
    let root = Text::new(bytes).and_then(|text| yaml::parse(&text));
    let root = root.map_err(|fault| vec![fault])?;
    *name = rule::name(&root);
    let rule = SigmaRule::read(&root, &source.name, notes)?;
    let expression = render::expression(rule.category, &rule.condition);
    let entry = write::entry(&rule, &expression).map_err(|error| vec![error])?;
    Ok((rule.id, entry))
}

/// A rule file with these rules.
pub fn document<'r>(rules: impl IntoIterator<Item = &'r ConvertedRule>) -> String {
    let entries = rules.into_iter().map(|rule| rule.entry.as_str());
    format!("rules:\n{}", entries.collect::<Vec<_>>().join("\n"))
}
