//! Computes what new events add to programs and sightings, without I/O. A database reads the
//! rows that a batch of events touches, merges the batch into them here, and writes each row once.
//!
//! The result must not depend on the order of events, because events stored by older versions of
//! nicelist are counted after newer events, and imported events keep their original times.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::postgres::clean;
use super::{bounds, codes};
use crate::fleet::{Event, EventId, Sighting};
use crate::rule::{Certificate, Program};

/// The programs and sightings of new events. The events may come from several requests, which are
/// numbered from 0.
#[derive(Default)]
pub(super) struct NewSightings<'e> {
    programs: Vec<ReportedProgram>,
    by_digest: HashMap<[u8; 32], usize>,
    machines: Vec<&'e str>,
    by_machine: HashMap<&'e str, usize>,
    /// Keyed by the indexes of the program and the machine.
    rows: BTreeMap<(usize, usize), SightingRow>,
}

/// A program as it was first reported in a batch.
pub(super) struct ReportedProgram {
    /// A hash of the identifiers and the signing status.
    pub(super) digest: [u8; 32],
    pub(super) program: Program,
    pub(super) name: String,
    pub(super) bundle_name: String,
    pub(super) first: FirstReport,
    /// The requests with events of the program, each with its number of events.
    reporters: Vec<(usize, usize)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct FirstReport {
    pub(super) seen: i64,
    pub(super) event: i64,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct StoredProgram {
    pub(super) id: i64,
    pub(super) first: FirstReport,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct AdmittedPrograms {
    /// The number of programs that are stored for the first time.
    pub(super) programs: usize,
    /// The number of events whose program is not stored, because the host reported too many new
    /// programs.
    pub(super) left_out: usize,
}

/// The columns of a sighting, without its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SightingRow {
    pub(super) first_seen: i64,
    pub(super) last_seen: i64,
    pub(super) reports: i64,
    pub(super) decision: String,
    pub(super) latest: i64,
    pub(super) path: String,
    pub(super) users: FirstTexts<{ Sighting::MOST_USERS }>,
    pub(super) paths: FirstTexts<{ Sighting::MOST_PATHS }>,
}

/// The first texts of a set in byte order, and whether the set has more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct FirstTexts<const MOST: usize> {
    pub(super) texts: Vec<String>,
    pub(super) more: bool,
}

impl<'e> NewSightings<'e> {
    /// Counts an event of a request. File accesses and events without any identifier are not
    /// counted.
    pub(super) fn add(&mut self, request: usize, id: EventId, event: &'e Event, seen: Timestamp) {
        let identifiers = Identifiers::of(&event.program);
        if event.access.is_some() || identifiers.are_empty() {
            return;
        }
        let first = FirstReport { seen: seen.as_millisecond(), event: id.0 };
        let program = self.program(identifiers, event, first);
        match self.programs[program].reporters.iter_mut().find(|(known, _)| *known == request) {
            Some((_, events)) => *events += 1,
            None => self.programs[program].reporters.push((request, 1)),
        }
        let machines = &mut self.machines;
        let machine = *self.by_machine.entry(event.machine.as_str()).or_insert_with(|| {
            machines.push(event.machine.as_str());
            machines.len() - 1
        });
        let row = SightingRow::of(event, first);
        match self.rows.get_mut(&(program, machine)) {
            Some(known) => known.merge(row),
            None => drop(self.rows.insert((program, machine), row)),
        }
    }

    /// The index in `programs` of an event's program. A new program is added, and an earlier report
    /// replaces a later one.
    fn program(
        &mut self,
        identifiers: Identifiers<'_>,
        event: &Event,
        first: FirstReport,
    ) -> usize {
        let digest = identifiers.digest();
        let next = self.programs.len();
        let place = *self.by_digest.entry(digest).or_insert(next);
        if self.programs.get(place).is_none_or(|known| first < known.first) {
            let reported = ReportedProgram {
                digest,
                program: identifiers.into_program(event.program.certificate.as_ref()),
                name: text(&event.file_name, bounds::NAME),
                bundle_name: text(&event.bundle_name, bounds::NAME),
                first,
                reporters: Vec::new(),
            };
            match self.programs.get_mut(place) {
                None => self.programs.push(reported),
                Some(known) => {
                    let reporters = std::mem::take(&mut known.reporters);
                    *known = ReportedProgram { reporters, ..reported };
                }
            }
        }
        place
    }

    pub(super) fn programs(&self) -> &[ReportedProgram] {
        &self.programs
    }

    pub(super) fn machines(&self) -> &[&'e str] {
        &self.machines
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub(super) fn hosts(&self) -> Vec<i64> {
        let mut hosts = vec![0; self.programs.len()];
        for (program, _) in self.rows.keys() {
            hosts[*program] += 1;
        }
        hosts
    }

    /// Chooses which unknown programs are stored, given how many each request may still add.
    /// Returns the indexes of these programs, and the result for each request.
    pub(super) fn admit(
        &self,
        known: &[Option<StoredProgram>],
        mut left: Vec<usize>,
    ) -> (Vec<usize>, Vec<AdmittedPrograms>) {
        let mut admitted = vec![AdmittedPrograms::default(); left.len()];
        let mut places = Vec::new();
        for (place, program) in self.programs.iter().enumerate() {
            if known[place].is_some() {
                continue;
            }
            if let Some((payer, _)) = program.reporters.iter().find(|(it, _)| left[*it] > 0) {
                left[*payer] -= 1;
                admitted[*payer].programs += 1;
                places.push(place);
            } else {
                for (request, events) in &program.reporters {
                    admitted[*request].left_out += events;
                }
            }
        }
        (places, admitted)
    }

    /// The rows with their keys, sorted by key. Rows of programs without an ID are left out.
    pub(super) fn into_rows(
        self,
        programs: &[Option<i64>],
        machines: &[i64],
    ) -> Vec<((i64, i64), SightingRow)> {
        let keyed = self.rows.into_iter().filter_map(|((program, machine), row)| {
            Some(((programs[program]?, machines[machine]), row))
        });
        let mut rows: Vec<_> = keyed.collect();
        rows.sort_unstable_by_key(|(key, _)| *key);
        rows
    }
}

impl ReportedProgram {
    /// The leaf certificate's SHA-256, common name and organization. The texts are empty if the
    /// program has no certificate.
    pub(super) fn certificate(&self) -> (&str, &str, &str) {
        let leaf = self.program.certificate.as_ref();
        leaf.map_or(("", "", ""), |leaf| (&leaf.sha256, &leaf.common_name, &leaf.organization))
    }
}

impl SightingRow {
    fn of(event: &Event, first: FirstReport) -> Self {
        let path = text(&event.path(), bounds::PATH);
        Self {
            first_seen: first.seen,
            last_seen: first.seen,
            reports: 1,
            decision: text(&event.decision.0, bounds::WORD),
            latest: first.event,
            users: FirstTexts::of(text(&event.user, bounds::NAME)),
            paths: FirstTexts::of(path.clone()),
            path,
        }
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.first_seen = self.first_seen.min(other.first_seen);
        self.reports = self.reports.saturating_add(other.reports);
        if (other.last_seen, other.latest) > (self.last_seen, self.latest) {
            self.last_seen = other.last_seen;
            self.latest = other.latest;
            self.decision = other.decision;
            self.path = other.path;
        }
        self.users.merge(other.users);
        self.paths.merge(other.paths);
    }

    pub(super) fn undecided(&self) -> i64 {
        codes::undecided(&self.decision)
    }
}

impl<const MOST: usize> FirstTexts<MOST> {
    fn of(text: String) -> Self {
        let texts = if text.is_empty() { Vec::new() } else { vec![text] };
        Self { texts, more: false }
    }

    fn merge(&mut self, other: Self) {
        self.more |= other.more;
        for text in other.texts {
            if let Err(place) = self.texts.binary_search(&text) {
                self.texts.insert(place, text);
            }
        }
        self.more |= self.texts.len() > MOST;
        self.texts.truncate(MOST);
    }
}

/// The identifiers and the signing status, which distinguish programs. Identifiers that are too
/// long are left out.
struct Identifiers<'e> {
    sha256: Cow<'e, str>,
    cdhash: Cow<'e, str>,
    team_id: Cow<'e, str>,
    signing_id: Cow<'e, str>,
    certificate: Cow<'e, str>,
    status: crate::rule::SigningStatus,
}

impl<'e> Identifiers<'e> {
    fn of(program: &'e Program) -> Self {
        let certificate = program.certificate.as_ref().map_or("", |leaf| &leaf.sha256);
        Self {
            sha256: hash(&program.sha256, bounds::SHA256),
            cdhash: hash(&program.cdhash, bounds::CDHASH),
            team_id: identifier(&program.team_id, bounds::TEAM_ID),
            signing_id: identifier(&program.signing_id, bounds::SIGNING_ID),
            certificate: hash(certificate, bounds::SHA256),
            status: program.signing_status,
        }
    }

    fn texts(&self) -> [&str; 5] {
        [&self.sha256, &self.cdhash, &self.team_id, &self.signing_id, &self.certificate]
    }

    fn are_empty(&self) -> bool {
        self.texts().iter().all(|text| text.is_empty())
    }

    fn digest(&self) -> [u8; 32] {
        let mut hasher = Sha256::new();
        for text in self.texts() {
            hasher.update(text);
            // No identifier contains NUL, because `identifier` replaces it.
            hasher.update([0]);
        }
        hasher.update(codes::signing_status(self.status).to_be_bytes());
        hasher.finalize().into()
    }

    fn into_program(self, leaf: Option<&Certificate>) -> Program {
        let certificate = leaf.map(|leaf| Certificate {
            sha256: self.certificate.into_owned(),
            common_name: text(&leaf.common_name, bounds::NAME),
            organization: text(&leaf.organization, bounds::NAME),
        });
        Program {
            sha256: self.sha256.into_owned(),
            cdhash: self.cdhash.into_owned(),
            team_id: self.team_id.into_owned(),
            signing_id: self.signing_id.into_owned(),
            signing_status: self.status,
            certificate: certificate.filter(|leaf| *leaf != Certificate::default()),
        }
    }
}

/// An identifier, or an empty text if the identifier is too long. It is not truncated, because a
/// truncated identifier would be a different identifier.
fn identifier(text: &str, most: usize) -> Cow<'_, str> {
    if text.len() > most { "".into() } else { clean(text) }
}

/// A hash in lower case. Older versions of nicelist stored hashes in the case in which they were
/// reported.
fn hash(text: &str, most: usize) -> Cow<'_, str> {
    let text = identifier(text, most);
    match text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        true => text.to_ascii_lowercase().into(),
        false => text,
    }
}

/// The beginning of a text. Events that older versions of nicelist stored may have longer texts.
fn text(text: &str, most: usize) -> String {
    clean(&text[..text.floor_char_boundary(most)]).into_owned()
}
