//! The good rules of a file, in the form that they are sent in.

use std::collections::BTreeMap;

use bytes::Bytes;
use csv::ByteRecord;
use serde::Serialize;

use super::faults::Faults;
use crate::api::Detail;
use crate::cli::error::CliError;
use crate::cli::files::{Fault, Input, Names, Reading};
use crate::format::{Place, Spot};
use crate::rule::{ChangeMessage, RuleDraft, RuleField};

/// What stands between two rules. No rule has a line break in it: JSON writes those as `\n`.
const BETWEEN: &[u8] = b",\n";
const END: &[u8] = b"\n]}";
/// Whom a rule is for that does not say.
const FLEET: &str = "fleet";
/// Bytes that are set aside at most before any rule is read.
const MOST_ROOM: usize = 1 << 30;

/// What is said of the change beside its rules.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Intent {
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

impl Intent {
    /// The JSON of a [`RuleChange`](crate::api::RuleChange) up to its first rule.
    fn opening(&self) -> Result<Vec<u8>, CliError> {
        let mut json = serde_json::to_vec(self).map_err(std::io::Error::from)?;
        json.pop();
        json.extend_from_slice(b",\"put\":[\n");
        Ok(json)
    }
}

/// The good rules: the body of a request, written while they are read. Beside the text of it, a
/// rule takes 4 bytes, 16 where it does not stand in rows or lines.
pub(super) struct Rows {
    body: Vec<u8>,
    opening: usize,
    places: Places,
    names: Names,
    /// The fields as they came, where rows that the server refuses must be written down.
    records: Option<Vec<ByteRecord>>,
    good: usize,
    left_out: usize,
    /// Whether any rule expires.
    expires: bool,
}

/// Reads all rules; what is none goes to `faults`.
pub(super) fn read(
    input: &mut Input,
    length: Option<u64>,
    intent: &Intent,
    faults: &mut Faults<'_>,
) -> Result<Rows, CliError> {
    let mut body = intent.opening()?;
    // A buffer that grows is there twice while it is moved. Room that is not needed costs nothing.
    let room = length.and_then(|length| usize::try_from(length).ok()).unwrap_or(0);
    body.reserve(room.saturating_mul(2).min(MOST_ROOM));
    let mut rows = Rows {
        opening: body.len(),
        body,
        places: Places::default(),
        names: input.names(),
        records: faults.keeps_rows().then(Vec::new),
        good: 0,
        left_out: 0,
        expires: false,
    };
    while let Some(rule) = input.next() {
        match rule {
            // Once something is wrong nothing is sent, and nothing need be kept.
            Ok(_) if faults.forbid() => rows.good += 1,
            Ok((place, rule)) => {
                if rows.good > 0 {
                    rows.body.extend_from_slice(BETWEEN);
                }
                rows.expires |= rule.expires.is_some();
                let mut draft = RuleDraft::from(rule);
                if draft.scope == FLEET {
                    // The server's own default need not be said a million times.
                    draft.scope.clear();
                }
                serde_json::to_writer(&mut rows.body, &draft).map_err(std::io::Error::from)?;
                rows.places.push(place);
                rows.good += 1;
                if let (Some(records), Reading::Csv(reader, _)) =
                    (&mut rows.records, input.reading())
                {
                    records.push(reader.record().clone());
                }
            }
            Err(Fault::Bad { place, text, row }) => {
                let row = row.as_ref().map(|row| (row.line, &row.record));
                faults.add(&place, &text, row)?;
            }
            Err(Fault::Failed(error)) => return Err(error),
        }
    }
    rows.body.extend_from_slice(END);
    rows.left_out = input.left_out();
    match input.reading() {
        // Where all rows that are right are imported, both sides of a conflict are wrong.
        Reading::Csv(reader, _) if faults.keeps_rows() => {
            rows.without_contradicted(reader.contradicted(), faults)
        }
        Reading::Csv(..) | Reading::Jsonl(_) | Reading::Whole { .. } => Ok(rows),
    }
}

impl Rows {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.good
    }

    /// How many were left out, because they repeat others or were not chosen.
    pub(super) fn left_out(&self) -> usize {
        self.left_out
    }

    /// Takes out the rows of lines that a later line contradicts.
    fn without_contradicted(
        self,
        contradicted: &BTreeMap<u32, u32>,
        faults: &mut Faults<'_>,
    ) -> Result<Self, CliError> {
        let details = (0..self.places.len()).filter_map(|index| {
            let other = contradicted.get(&self.places.at(index).line())?;
            let message = format!("conflict: line {other} is for the same target and scope");
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

    /// Whether any rule expires.
    pub(super) fn expire(&self) -> bool {
        self.expires
    }

    /// The body, and what is left when it is sent.
    pub(super) fn into_body(self) -> (Bytes, Sent) {
        let Self { body, opening, places, names, records, good: _, left_out, expires: _ } = self;
        let body = Bytes::from(body);
        (body.clone(), Sent { body, opening, places, names, records, left_out })
    }
}

/// Rules that were sent, and may have to be sent again without those that were refused.
pub(super) struct Sent {
    body: Bytes,
    opening: usize,
    places: Places,
    names: Names,
    records: Option<Vec<ByteRecord>>,
    left_out: usize,
}

impl Sent {
    /// The rules at these places, which are in ascending order.
    pub(super) fn rules<'a>(
        &'a self,
        places: impl IntoIterator<Item = usize> + 'a,
    ) -> impl Iterator<Item = Option<RuleDraft>> + 'a {
        let mut lines = self.lines().enumerate();
        places.into_iter().map(move |wanted| {
            let (_, line) = lines.find(|(place, _)| *place == wanted)?;
            serde_json::from_slice(line).ok()
        })
    }

    fn lines(&self) -> impl Iterator<Item = &[u8]> {
        let rules = &self.body[self.opening..self.body.len() - END.len()];
        let rules = rules.split(|byte| *byte == b'\n');
        rules.map(|rule| rule.strip_suffix(b",").unwrap_or(rule))
    }

    /// Takes out what the server refuses, and hands it to `faults`.
    pub(super) fn without(
        self,
        details: &[Detail],
        faults: &mut Faults<'_>,
    ) -> Result<Rows, CliError> {
        let mut refused = vec![false; self.places.len()];
        let Self { places, names, records, .. } = &self;
        for Detail { index, field, message } in details {
            let Some(index) = index.filter(|index| *index < places.len()) else { continue };
            if std::mem::replace(&mut refused[index], true) {
                continue;
            }
            let fault = match field {
                Some(field) => format!("{field}: {message}"),
                None => message.clone(),
            };
            let record = records.as_ref().map(|records| &records[index]);
            let row = record.map(|record| (u64::from(places.at(index).line()), record));
            faults.add(&names.place(places.at(index)), &fault, row)?;
        }
        let kept: Vec<&[u8]> = kept(self.lines(), &refused).collect();
        let mut rest = self.body[..self.opening].to_vec();
        rest.extend_from_slice(&kept.join(BETWEEN));
        rest.extend_from_slice(END);
        let good = kept.len();
        let Self { body: _, opening, places, names, records, left_out } = self;
        Ok(Rows {
            body: rest,
            opening,
            good,
            left_out,
            expires: false,
            places: places.kept(&refused),
            names,
            records: records.map(|records| self::kept(records, &refused).collect()),
        })
    }
}

/// Where rules stand. Of rows and lines only the line is kept.
enum Places {
    Lines(Vec<u32>),
    Places(Vec<Place>),
}

impl Default for Places {
    fn default() -> Self {
        Self::Lines(Vec::new())
    }
}

impl Places {
    fn len(&self) -> usize {
        match self {
            Self::Lines(lines) => lines.len(),
            Self::Places(places) => places.len(),
        }
    }

    fn at(&self, index: usize) -> Place {
        match self {
            Self::Lines(lines) => Place { file: 0, spot: Spot::Line(lines[index]) },
            Self::Places(places) => places[index],
        }
    }

    fn push(&mut self, place: Place) {
        match (&mut *self, place) {
            (Self::Lines(lines), Place { file: 0, spot: Spot::Line(line) }) => lines.push(line),
            (Self::Lines(_), place) => {
                let mut places: Vec<Place> = (0..self.len()).map(|index| self.at(index)).collect();
                places.push(place);
                *self = Self::Places(places);
            }
            (Self::Places(places), place) => places.push(place),
        }
    }

    fn kept(self, refused: &[bool]) -> Self {
        match self {
            Self::Lines(lines) => Self::Lines(kept(lines, refused).collect()),
            Self::Places(places) => Self::Places(kept(places, refused).collect()),
        }
    }
}

/// Keeps what is not refused.
fn kept<T>(items: impl IntoIterator<Item = T>, refused: &[bool]) -> impl Iterator<Item = T> {
    items.into_iter().zip(refused).filter(|(_, refused)| !**refused).map(|(item, _)| item)
}
