//! Event upload: stores what hosts report.

use std::collections::BTreeMap;
use std::mem::take;
use std::sync::Arc;

use jiff::Timestamp;

use super::bounds::{Bounded, PersonalData, json_fields};
use super::error::SyncError;
use super::event_limit::{EVENTS_PER_DAY, EventLimit};
use super::live_policy::LivePolicy;
use crate::fleet::{
    Ancestor, Clock, Decision, EffectiveSettings, Event, FileAccess, Host, SigningLink,
};
use crate::protocol::{self as wire, EventUploadRequest, EventUploadResponse, Open};
use crate::rule::{Certificate, MachineId, Program, Scope, SigningStatus};
use crate::store::{EventOrigin, Store, StoreResult};

/// Maximum bundles per upload whose members are counted. A batch has 50 events by default.
const MOST_BUNDLES: usize = 100;
/// Events that are converted before other requests on the same thread get a turn.
const EVENTS_A_TURN: usize = 100;
const HASH_DIGITS: usize = 64;

pub struct EventIntake {
    store: Arc<dyn Store>,
    live: Arc<LivePolicy>,
    clock: Clock,
    limit: EventLimit,
}

impl EventIntake {
    pub(super) fn new(store: Arc<dyn Store>, live: Arc<LivePolicy>, clock: Clock) -> Self {
        Self { store, live, clock, limit: EventLimit::new(EVENTS_PER_DAY) }
    }

    pub(super) fn with_limit(self, most: u64) -> Self {
        Self { limit: EventLimit::new(most), ..self }
    }

    /// Stores the events of an upload up to the host's limit for the day, and requests the members
    /// of bundles whose members are not all known yet. An upload needs no preflight, and the same
    /// upload may arrive twice.
    pub(super) async fn upload(
        &self,
        machine: &MachineId,
        request: &EventUploadRequest,
        may_join: &(dyn Fn() -> bool + Sync),
    ) -> Result<EventUploadResponse, SyncError> {
        let EventUploadRequest { machine_id: _, events, file_access_events } = request;
        let now = self.clock.now();
        // Without this check, an attacker could invent hosts, and each invented host would get the
        // limit of a whole day.
        if self.limit.is_first_today(machine, now)
            && self.store.host(machine).await?.is_none()
            && !may_join()
        {
            return Err(SyncError::TooManyNewHosts);
        }
        let reported = events.len() + file_access_events.len();
        let keep = self.kept_personal_data().await?;
        let reserved = self.limit.reserve(machine, reported, self.clock.now());
        let executions = events.iter().map(|event| execution(machine, event, keep));
        let accesses = file_access_events.iter().map(|event| file_access(machine, event, keep));
        let evidence = in_turns(executions.chain(accesses).take(reserved.events)).await;
        if !evidence.is_empty() {
            let origin = EventOrigin::Upload { new_programs: reserved.programs };
            let added = self.store.add_events(&evidence, now, origin).await;
            // After an error, the host uploads the events again.
            let counted = added.as_ref().copied().unwrap_or_default();
            self.limit.kept(machine, reserved, counted, self.clock.now());
            added?;
        }
        let event_upload_bundle_binaries = self.wanted_bundles(machine, events).await?;
        Ok(EventUploadResponse { event_upload_bundle_binaries })
    }

    /// Stores events that hosts reported to another server, with the current time as the time of
    /// receipt. Returns the number of new events. With `dry_run`, stores nothing.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn import(
        &self,
        events: &[(MachineId, wire::Event)],
        dry_run: bool,
    ) -> Result<usize, SyncError> {
        let keep = self.kept_personal_data().await?;
        let evidence = events.iter().map(|(machine, event)| execution(machine, event, keep));
        let evidence = in_turns(evidence).await;
        Ok(match dry_run {
            true => self.store.count_new_events(&evidence).await?,
            false => {
                let now = self.clock.now();
                self.store.add_events(&evidence, now, EventOrigin::Import).await?.events
            }
        })
    }

    async fn kept_personal_data(&self) -> StoreResult<PersonalData> {
        if self.live.is_loaded_ahead() {
            let settings = self.live.published().settings(&[Scope::Fleet]);
            return Ok(PersonalData::of(&settings.settings));
        }
        // A command on a local database does not read all rules to import events.
        let mut settings = EffectiveSettings::default();
        for (scope, setting) in &self.store.snapshot().await?.settings {
            if *scope == Scope::Fleet {
                settings.apply(setting);
            }
        }
        Ok(PersonalData::of(&settings))
    }

    /// The number of a host's events that were dropped today because it reported too many.
    pub fn dropped_of(&self, machine: &MachineId) -> u64 {
        self.limit.dropped_of(machine, self.clock.now())
    }

    /// The number of a host's events that were stored today although their programs are not listed,
    /// because the host reported too many new programs.
    pub fn sightings_dropped_of(&self, machine: &MachineId) -> u64 {
        self.limit.sightings_dropped_of(machine, self.clock.now())
    }

    /// The number of events that were stored although their programs are not listed, for all hosts
    /// since this engine was opened.
    pub fn sightings_dropped(&self) -> u64 {
        self.limit.sightings_dropped(self.clock.now())
    }

    /// The hosts whose events were dropped today, with the number of dropped events and the time of
    /// the last drop. Hosts without a count of their own are not included.
    pub fn hosts_over_limit(&self) -> Vec<(MachineId, u64, Timestamp)> {
        self.limit.hosts_over(self.clock.now())
    }

    /// The number of events that were dropped since this engine was opened.
    pub fn dropped(&self) -> u64 {
        self.limit.dropped(self.clock.now())
    }

    /// The hashes of bundles that occur in these events and have unknown members. Hashes are
    /// spelled as in the events. Empty if the host's settings turn bundles off. Each bundle costs a
    /// query, so only some bundles of a large batch are checked.
    async fn wanted_bundles(
        &self,
        machine: &MachineId,
        events: &[wire::Event],
    ) -> StoreResult<Vec<String>> {
        let counts: BTreeMap<&str, u32> = events
            .iter()
            .filter(|event| event.file_bundle_hash.len() == HASH_DIGITS)
            .map(|event| (event.file_bundle_hash.as_str(), event.file_bundle_binary_count))
            .take(MOST_BUNDLES)
            .collect();
        if counts.is_empty() {
            return Ok(Vec::new());
        }
        let host = match self.store.host(machine).await? {
            Some(stored) => stored.host,
            None => Host::new(machine.clone(), self.clock.now()),
        };
        let effective = {
            let policy = self.live.current().await?;
            policy.settings(&policy.scopes(&host))
        };
        let mut wanted = Vec::new();
        if effective.settings.enable_bundles {
            for (hash, count) in counts {
                let held = self.store.count_bundle_members(&hash.to_ascii_lowercase()).await?;
                if held < u64::from(count) {
                    wanted.push(hash.to_owned());
                }
            }
        }
        Ok(wanted)
    }
}

/// Converts and collects events. Yields regularly, so that other requests can run.
async fn in_turns(events: impl Iterator<Item = Event>) -> Vec<Event> {
    let mut collected = Vec::with_capacity(events.size_hint().0);
    for event in events {
        collected.push(event);
        if collected.len().is_multiple_of(EVENTS_A_TURN) {
            tokio::task::yield_now().await;
        }
    }
    collected
}

/// An execution, or a program in a bundle or an inventory. Fields that are not moved out of the
/// report are stored in `other_fields`.
fn execution(machine: &MachineId, event: &wire::Event, keep: PersonalData) -> Event {
    let (mut report, mut truncated) = Bounded::event(event, keep).into_parts();
    let signing_chain: Vec<SigningLink> =
        take(&mut report.signing_chain).into_iter().map(link).collect();
    Event {
        machine: machine.clone(),
        decision: Decision(take(&mut report.decision).as_str().into()),
        occurred: occurred(take(&mut report.execution_time)),
        file_name: take(&mut report.file_name),
        folder: take(&mut report.file_path),
        program: Program {
            sha256: take(&mut report.file_sha256).to_ascii_lowercase(),
            cdhash: take(&mut report.cdhash),
            team_id: take(&mut report.team_id),
            signing_id: take(&mut report.signing_id),
            signing_status: signing_status(&mut report.signing_status),
            certificate: leaf(&signing_chain),
        },
        user: take(&mut report.executing_user),
        pid: take(&mut report.pid),
        parent_name: take(&mut report.parent_name),
        bundle_name: take(&mut report.file_bundle_name),
        bundle_version: take(&mut report.file_bundle_version_string),
        bundle_hash: take(&mut report.file_bundle_hash).to_ascii_lowercase(),
        bundle_binary_count: take(&mut report.file_bundle_binary_count),
        download_url: take(&mut report.quarantine_data_url),
        signing_chain,
        access: None,
        other_fields: json_fields(&report, &mut truncated),
        truncated,
    }
}

/// A file access, as an event about the program that opened the file. Santa reports who signed the
/// program, but not its signing status, nor the user who ran the program.
fn file_access(machine: &MachineId, event: &wire::FileAccessEvent, keep: PersonalData) -> Event {
    let (mut report, mut truncated) = Bounded::file_access(event, keep).into_parts();
    let actor = report.process_chain.first_mut().map(take).unwrap_or_default();
    let (folder, file_name) = actor.file_path.rsplit_once('/').unwrap_or(("", &actor.file_path));
    let signing_chain: Vec<SigningLink> = actor.signing_chain.into_iter().map(link).collect();
    let ancestors: Vec<Ancestor> = report.process_chain.iter_mut().skip(1).map(ancestor).collect();
    if report.process_chain.iter().all(|process| *process == wire::Process::default()) {
        report.process_chain.clear();
    }
    let parent = ancestors.first().and_then(|parent| parent.path.rsplit('/').next());
    Event {
        machine: machine.clone(),
        decision: Decision(take(&mut report.decision).as_str().into()),
        occurred: occurred(take(&mut report.access_time)),
        file_name: file_name.to_owned(),
        folder: folder.to_owned(),
        program: Program {
            sha256: actor.file_sha256.to_ascii_lowercase(),
            cdhash: actor.cdhash,
            team_id: actor.team_id,
            signing_id: actor.signing_id,
            signing_status: SigningStatus::Unknown,
            certificate: leaf(&signing_chain),
        },
        user: String::new(),
        pid: actor.pid,
        parent_name: parent.unwrap_or_default().to_owned(),
        bundle_name: String::new(),
        bundle_version: String::new(),
        bundle_hash: String::new(),
        bundle_binary_count: 0,
        download_url: String::new(),
        signing_chain,
        access: Some(FileAccess {
            rule: take(&mut report.rule_name),
            rule_version: take(&mut report.rule_version),
            file: take(&mut report.target),
            ancestors,
        }),
        other_fields: json_fields(&report, &mut truncated),
        truncated,
    }
}

/// Moves an ancestor out of a report. The ancestor's certificates remain in the report, because the
/// certificates may be long.
fn ancestor(process: &mut wire::Process) -> Ancestor {
    Ancestor {
        pid: take(&mut process.pid),
        path: take(&mut process.file_path),
        sha256: take(&mut process.file_sha256),
        signing_id: take(&mut process.signing_id),
        cdhash: take(&mut process.cdhash),
        team_id: take(&mut process.team_id),
    }
}

fn leaf(chain: &[SigningLink]) -> Option<Certificate> {
    chain.first().map(|leaf| Certificate {
        sha256: leaf.sha256.clone(),
        common_name: leaf.common_name.clone(),
        organization: leaf.organization.clone(),
    })
}

fn link(certificate: wire::Certificate) -> SigningLink {
    SigningLink {
        sha256: certificate.sha256,
        common_name: certificate.cn,
        organization: certificate.org,
        organizational_unit: certificate.ou,
        valid_from: certificate.valid_from,
        valid_until: certificate.valid_until,
    }
}

fn occurred(seconds: f64) -> Option<Timestamp> {
    let millisecond = (seconds * 1000.0).round();
    let is_set = seconds > 0.0 && millisecond < 1e15;
    is_set.then(|| Timestamp::from_millisecond(millisecond as i64).ok()).flatten()
}

/// Moves a signing status out of a report. A status that this version does not know remains in the
/// report.
fn signing_status(reported: &mut Open<wire::SigningStatus>) -> SigningStatus {
    let status = match reported {
        Open::Other(_) => return SigningStatus::Unknown,
        Open::Known(wire::SigningStatus::Unspecified) => SigningStatus::Unknown,
        Open::Known(wire::SigningStatus::Unsigned) => SigningStatus::Unsigned,
        Open::Known(wire::SigningStatus::Invalid) => SigningStatus::Invalid,
        Open::Known(wire::SigningStatus::Adhoc) => SigningStatus::Adhoc,
        Open::Known(wire::SigningStatus::Development) => SigningStatus::Development,
        Open::Known(wire::SigningStatus::Production) => SigningStatus::Production,
    };
    *reported = Open::default();
    status
}
