//! The valid rules of files as the body of a request.

use std::cell::RefCell;
use std::collections::BTreeMap;

use bytes::Bytes;
use csv::ByteRecord;
use serde::ser::SerializeSeq;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;

use super::faults::Faults;
use crate::api::Detail;
use crate::cli::error::CliError;
use crate::cli::policy_files::{Fault, FileNames, IdenticalRows, Input, Reading};
use crate::format::rows::RuleRows;
use crate::format::{Location, PairMap, Spot};
use crate::rule::{ChangeMessage, Rule, RuleField, RuleRef};

/// Maximum bytes that are reserved before any rule is read.
const MAX_RESERVED: usize = 1 << 30;

/// The parts of a change in addition to its rules.
#[derive(Clone, Debug, Serialize)]
pub(super) struct ChangeOptions {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) message: Option<ChangeMessage>,
    pub(super) dry_run: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) force: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) prune: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) reset: Vec<RuleField>,
}

/// A [`RuleChange`](crate::api::RuleChange) whose rules are streamed, or are in JSON already.
#[derive(Serialize)]
struct Request<'r, P> {
    #[serde(flatten)]
    options: &'r ChangeOptions,
    put: P,
}

/// The valid rules of all files: the body of a request. In addition to its text, a rule takes 4
/// bytes, or 16 if there are several files or the format is not row-based.
pub(super) struct Rows {
    body: Vec<u8>,
    options: ChangeOptions,
    locations: Locations,
    names: FileNames,
    /// The original fields, if rows that the server refuses must be written to a file.
    records: Option<Vec<ByteRecord>>,
    count: usize,
    left_out: usize,
    expires: bool,
}

/// Reads all rules. Adds the invalid ones to `faults`. Identical rows of the same file or of
/// different files are read once, and counted.
pub(super) fn read(
    inputs: &mut [Input],
    length: Option<u64>,
    options: ChangeOptions,
    faults: &mut Faults<'_>,
) -> Result<(Rows, IdenticalRows), CliError> {
    // The memory is reserved first, because a growing buffer needs its old and its new memory at
    // the same time. Reserved memory that is not used costs little.
    let room = length.and_then(|length| usize::try_from(length).ok()).unwrap_or(0);
    let mut body = Vec::with_capacity(room.saturating_mul(2).min(MAX_RESERVED));
    let mut rows = Rows {
        body: Vec::new(),
        locations: Locations::default(),
        names: FileNames::of_all(inputs),
        records: faults.keeps_rows().then(Vec::new),
        count: 0,
        left_out: 0,
        expires: false,
        options,
    };
    let options = rows.options.clone();
    let rules = ValidRules {
        inputs,
        at: 0,
        first_file: 0,
        seen: PairMap::default(),
        identical: IdenticalRows::default(),
        faults,
        rows: &mut rows,
        error: None,
    };
    let put = StreamedRules(RefCell::new(rules));
    let written = serde_json::to_writer(&mut body, &Request { options: &options, put: &put });
    let ValidRules { error, mut identical, .. } = put.0.into_inner();
    if let Some(error) = error {
        return Err(error);
    }
    written.map_err(std::io::Error::from)?;
    rows.body = body;
    rows.left_out = identical.count() + inputs.iter().map(Input::left_out).sum::<usize>();
    inputs.iter().for_each(|input| identical.merge(input.identical_rows()));
    // In a partial import, all conflicting rows are rejected. The reader detects a conflict only at
    // a later row, so the earlier rows are removed here.
    let rows = match inputs.first().map(Input::reading) {
        Some(Reading::Csv(reader, _)) if faults.keeps_rows() => {
            rows.without_contradicted(reader.duplicates().contradicted(), faults)?
        }
        Some(Reading::Csv(..) | Reading::Jsonl(_) | Reading::Whole(_)) | None => rows,
    };
    Ok((rows, identical))
}

/// The valid rules of all inputs, each read when it is written.
struct ValidRules<'r, 'f> {
    inputs: &'r mut [Input],
    /// The index of the input that is read.
    at: usize,
    /// The index of the first file of this input among the files of all inputs.
    first_file: usize,
    /// The location and the content of each rule of all inputs but the last. An input finds its own
    /// duplicates.
    seen: PairMap<(Location, u64)>,
    /// Rules that are identical to a rule of an earlier input.
    identical: IdenticalRows,
    faults: &'r mut Faults<'f>,
    rows: &'r mut Rows,
    error: Option<CliError>,
}

impl ValidRules<'_, '_> {
    fn next(&mut self) -> Result<Option<Rule>, CliError> {
        while let Some(input) = self.inputs.get_mut(self.at) {
            match input.next() {
                None => {
                    self.at += 1;
                    self.first_file += input.names().count();
                }
                Some(Ok((location, rule))) => {
                    let file = location.file + u32::try_from(self.first_file).unwrap_or(u32::MAX);
                    let location = Location { file, ..location };
                    if self.is_in_earlier_file(location, &rule)? {
                        continue;
                    }
                    self.rows.count += 1;
                    // If faults prevent the import, no rules are sent, so none are kept in memory.
                    if self.faults.forbid() {
                        continue;
                    }
                    self.rows.expires |= rule.expires.is_some();
                    self.rows.locations.push(location);
                    if let (Some(records), Reading::Csv(reader, _)) =
                        (&mut self.rows.records, self.inputs[self.at].reading())
                    {
                        records.push(reader.record().clone());
                    }
                    return Ok(Some(rule));
                }
                Some(Err(Fault::Bad { place, text, row })) => {
                    let row = row.as_ref().map(|row| (row.spot.line_number(), &row.record));
                    self.faults.add(&place, &text, row)?;
                }
                Some(Err(Fault::Failed(error))) => return Err(error),
            }
        }
        Ok(None)
    }

    /// Whether an earlier file has a rule for the same target and scope. An identical rule is
    /// counted, and a different rule is a fault.
    fn is_in_earlier_file(&mut self, location: Location, rule: &Rule) -> Result<bool, CliError> {
        if self.inputs.len() == 1 {
            return Ok(false);
        }
        let content = self.seen.content(rule);
        let Some((earlier, earlier_content)) = self.seen.get(rule).copied() else {
            let is_last = self.at + 1 == self.inputs.len();
            if !is_last {
                self.seen.insert(rule, (location, content));
            }
            return Ok(false);
        };
        let names = &self.rows.names;
        let places = || [location, earlier].map(|location| names.place(location));
        if content == earlier_content {
            self.identical.add(1, places);
            return Ok(true);
        }
        let [place, other] = places();
        let fault = format!("differs from {other}, which is for the same target and scope");
        self.faults.add(&place, &fault, None)?;
        Ok(true)
    }
}

struct StreamedRules<'r, 'f>(RefCell<ValidRules<'r, 'f>>);

impl Serialize for StreamedRules<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut rules = self.0.borrow_mut();
        let mut list = serializer.serialize_seq(None)?;
        loop {
            match rules.next() {
                Ok(Some(rule)) => {
                    list.serialize_element(&RuleRef::from(&rule).without_default_scope())?;
                }
                Ok(None) => return list.end(),
                Err(error) => {
                    rules.error = Some(error);
                    return list.end();
                }
            }
        }
    }
}

impl Rows {
    pub(super) fn len(&self) -> usize {
        self.count
    }

    /// How many rules were left out because of others for the same target and scope.
    pub(super) fn left_out(&self) -> usize {
        self.left_out
    }

    /// Whether any rule expires.
    pub(super) fn expire(&self) -> bool {
        self.expires
    }

    /// Removes the rows of lines that a later line contradicts.
    fn without_contradicted(
        self,
        contradicted: &BTreeMap<u32, u32>,
        faults: &mut Faults<'_>,
    ) -> Result<Self, CliError> {
        let details = (0..self.locations.len()).filter_map(|index| {
            let other = contradicted.get(&self.locations.at(index).spot.line_number())?;
            let message = format!("conflict: line {other} has the same target and scope");
            Some(Detail { index: Some(index), field: None, message })
        });
        let details: Vec<Detail> = details.collect();
        if details.is_empty() {
            return Ok(self);
        }
        let expires = self.expires;
        let rows = self.into_body().1.without(&details, faults)?;
        Ok(Self { expires, ..rows })
    }

    /// The body, and what is needed to send it again without some rules.
    pub(super) fn into_body(self) -> (Bytes, Sent) {
        let Self { body, options, locations, names, records, left_out, .. } = self;
        let body = Bytes::from(body);
        (body.clone(), Sent { body, options, locations, names, records, left_out })
    }
}

/// Rules that were sent.
pub(super) struct Sent {
    body: Bytes,
    options: ChangeOptions,
    locations: Locations,
    names: FileNames,
    records: Option<Vec<ByteRecord>>,
    left_out: usize,
}

/// The rules in the body of a request.
#[derive(Deserialize)]
struct SentRules<'b> {
    #[serde(borrow)]
    put: Vec<&'b RawValue>,
}

impl Sent {
    /// The rules, each in JSON.
    pub(super) fn rules(&self) -> Result<Vec<&RawValue>, CliError> {
        let SentRules { put } = serde_json::from_slice(&self.body).map_err(std::io::Error::from)?;
        Ok(put)
    }

    /// Removes the rules that the server refuses, and adds them to `faults`.
    pub(super) fn without(
        self,
        details: &[Detail],
        faults: &mut Faults<'_>,
    ) -> Result<Rows, CliError> {
        let mut refused = vec![false; self.locations.len()];
        for Detail { index, field, message } in details {
            let Some(index) = index.filter(|index| *index < refused.len()) else { continue };
            if std::mem::replace(&mut refused[index], true) {
                continue;
            }
            let fault = match field {
                Some(field) => format!("{field}: {message}"),
                None => message.clone(),
            };
            let location = self.locations.at(index);
            let record = self.records.as_ref().map(|records| &records[index]);
            let row = record.map(|record| (location.spot.line_number(), record));
            faults.add(&self.names.place(location), &fault, row)?;
        }
        let rules: Vec<&RawValue> = kept(self.rules()?, &refused).collect();
        let request = Request { options: &self.options, put: &rules };
        let body = serde_json::to_vec(&request).map_err(std::io::Error::from)?;
        let count = rules.len();
        let Self { options, locations, names, records, left_out, .. } = self;
        Ok(Rows {
            body,
            options,
            count,
            left_out,
            expires: false,
            locations: locations.kept(&refused),
            names,
            records: records.map(|records| self::kept(records, &refused).collect()),
        })
    }
}

/// The locations of rules. For the rows or lines of a single file, only the line is stored.
enum Locations {
    Lines(Vec<u32>),
    Any(Vec<Location>),
}

impl Default for Locations {
    fn default() -> Self {
        Self::Lines(Vec::new())
    }
}

impl Locations {
    fn len(&self) -> usize {
        match self {
            Self::Lines(lines) => lines.len(),
            Self::Any(locations) => locations.len(),
        }
    }

    fn at(&self, index: usize) -> Location {
        match self {
            Self::Lines(lines) => Location { file: 0, spot: Spot::Line(lines[index]) },
            Self::Any(locations) => locations[index],
        }
    }

    fn push(&mut self, location: Location) {
        match (&mut *self, location) {
            (Self::Lines(lines), Location { file: 0, spot: Spot::Line(line) }) => lines.push(line),
            (Self::Lines(_), location) => {
                let before = (0..self.len()).map(|index| self.at(index));
                *self = Self::Any(before.chain([location]).collect());
            }
            (Self::Any(locations), location) => locations.push(location),
        }
    }

    fn kept(self, refused: &[bool]) -> Self {
        match self {
            Self::Lines(lines) => Self::Lines(kept(lines, refused).collect()),
            Self::Any(locations) => Self::Any(kept(locations, refused).collect()),
        }
    }
}

/// The items that are not refused.
fn kept<T>(items: impl IntoIterator<Item = T>, refused: &[bool]) -> impl Iterator<Item = T> {
    items.into_iter().zip(refused).filter(|(_, refused)| !**refused).map(|(item, _)| item)
}
