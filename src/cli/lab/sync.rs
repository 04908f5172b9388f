//! `nicelist lab sync`.

use std::path::PathBuf;

use clap::Args;
use clap::builder::PossibleValuesParser;
use jiff::SignedDuration;

use super::args::on_the_wire;
use super::certificates::CertificateArgs;
use super::daemon::{self, Run};
use super::errors::failed_stage;
use super::view::Synced;
use crate::cli::arg::{self, Words};
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::fleet::ClientMode;
use crate::lab::{
    self, Clock, Fault, Faulty, Generation, HttpTransport, Pace, Profile, Santa, SyncKind,
    SyncOptions,
};

/// The modes that a Mac can be in.
const MODES: [ClientMode; 3] = [ClientMode::Monitor, ClientMode::Lockdown, ClientMode::Standalone];

/// Sync one Mac that does not exist, as Santa would
///
/// It speaks to any Santa sync server as a real client does, retries and mistakes included,
/// and tells what every stage did. With --state it remembers its rules, settings and events
/// from one sync to the next. A first sync is a clean one and throws events away, as real
/// clients do. The exit code is 1 if a stage failed.
///
/// With --generation it is a client of another version, from 2021.1 on, or pedro, a client for
/// Linux: what they do not know they pass over, and what they did wrong it does wrong.
///
/// With --daemon it goes on until Ctrl-C on Santa's schedule: the first sync after 15 seconds,
/// the next ones in the interval that the server sets, 10 minutes unless it does. A line is
/// written for every sync. Blocked programs in --events are reported at once; if the server
/// asks for their bundle, so are the events that are its members.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist lab sync http://127.0.0.1:8080/santa/
  nicelist lab sync https://santa.example.com/santa/SECRET/ --state mac.json --user mira
  nicelist lab sync http://127.0.0.1:8080/santa/ --state mac.json --events events.json
  nicelist lab sync http://127.0.0.1:8080/santa/ --no-backoff -o json | jq .rules_hash
  nicelist lab sync http://127.0.0.1:8080/santa/ --generation 2022.4 --encoding zlib
  nicelist lab sync http://127.0.0.1:8080/santa/ --generation 2024.6 --wire protobuf
  nicelist lab sync https://santa.example.com/santa/ --ca ca.pem --client-cert mac.pem \\
      --client-key mac.key
  nicelist lab sync http://127.0.0.1:8080/santa/ --state mac.json --rule-only
  nicelist lab sync http://127.0.0.1:8080/santa/ --state mac.json --daemon --for 1h -o jsonl")]
pub(crate) struct SyncArgs {
    /// The server's address, as a profile's SyncBaseURL
    #[arg(value_name = "URL")]
    url: String,
    /// Keep the Mac in this file, which is made if there is none
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    #[command(flatten)]
    identity: Identity,
    /// Report the events of this file too: a JSON list, as on the wire
    #[arg(long, value_name = "FILE")]
    events: Option<PathBuf>,
    /// Want a clean sync
    #[arg(long, conflicts_with = "clean_all")]
    clean: bool,
    /// Want a clean sync that deletes a compiler's rules, too
    #[arg(long)]
    clean_all: bool,
    /// Do not wait before trying again
    #[arg(long)]
    no_backoff: bool,
    /// Download rules and do nothing else, as after a push
    #[arg(long, conflicts_with_all = ["clean", "clean_all"])]
    rule_only: bool,
    /// Simulate a fault on the way: cut-page=N, delay=SECONDS, strip-encoding, falsify-encoding,
    /// decompress or change-url; may be given several times
    #[arg(long = "fault", value_name = "FAULT")]
    faults: Vec<Fault>,
    #[command(flatten)]
    certificates: CertificateArgs,
    #[command(flatten)]
    schedule: Schedule,
}

/// How long a client continues.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Schedule")]
struct Schedule {
    /// Go on syncing until Ctrl-C
    #[arg(long, conflicts_with = "rule_only")]
    daemon: bool,
    /// End after this time, such as 90s or 1h
    #[arg(long = "for", value_name = "DURATION", requires = "daemon")]
    #[arg(value_parser = arg::duration)]
    time: Option<SignedDuration>,
    /// End after so many syncs
    #[arg(long, value_name = "N", requires = "daemon")]
    syncs: Option<u64>,
}

/// Who the Mac is. What is not given is as in the state file, or made up.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "The Mac")]
struct Identity {
    /// Its machine id
    #[arg(long, value_name = "ID")]
    machine_id: Option<String>,
    /// Its serial number
    #[arg(long, value_name = "N")]
    serial: Option<String>,
    /// Its host name
    #[arg(long, value_name = "NAME")]
    hostname: Option<String>,
    /// The person it belongs to
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// A group of that person; may be given several times
    #[arg(long = "group", value_name = "NAME")]
    groups: Vec<String>,
    /// The client that it is: a version of Santa, such as 2024.6, pedro, or rednose for an old pedro
    #[arg(long, value_name = "VERSION")]
    generation: Option<Generation>,
    /// The version that it says it has, if that is to be a lie
    #[arg(long, value_name = "VERSION")]
    santa_version: Option<String>,
    /// The mode that it is in until the server sets one
    #[arg(long)]
    #[arg(value_parser = Words::<ClientMode>::new(MODES.map(ClientMode::word)))]
    mode: Option<ClientMode>,
    /// Send this secret as Authorization: Bearer
    #[arg(long)]
    secret: Option<String>,
    /// How it compresses requests; zlib is what clients up to 2023.3 may call deflate
    #[arg(long, value_parser = PossibleValuesParser::new(["deflate", "gzip", "none", "zlib"]))]
    encoding: Option<String>,
    /// How it writes messages; protobuf from 2024.6 on
    #[arg(long, value_name = "FORMAT")]
    #[arg(value_parser = PossibleValuesParser::new(["json", "protobuf"]))]
    wire: Option<String>,
}

impl Identity {
    fn apply(self, profile: &mut Profile) -> Result<(), CliError> {
        let Self { machine_id, serial, hostname, user, groups, .. } = self;
        if let Some(generation) = self.generation {
            profile.generation = generation;
            profile.santa_version = generation.says();
        }
        let given = [
            (machine_id, &mut profile.machine_id),
            (serial, &mut profile.serial),
            (hostname, &mut profile.hostname),
            (user, &mut profile.primary_user),
            (self.santa_version, &mut profile.santa_version),
        ];
        for (value, field) in given {
            if let Some(value) = value {
                *field = value;
            }
        }
        if !groups.is_empty() {
            profile.groups = groups;
        }
        if let Some(mode) = self.mode {
            profile.client_mode = on_the_wire(&mode.word().to_uppercase())?;
        }
        if let Some(encoding) = self.encoding {
            let old_name = encoding == "zlib";
            profile.backwards_compatible_content_encoding = old_name;
            profile.content_encoding = on_the_wire(if old_name { "deflate" } else { &encoding })?;
        }
        if let Some(wire) = self.wire {
            profile.wire = on_the_wire(&wire)?;
        }
        if let Some(secret) = self.secret {
            profile.headers.insert("Authorization".to_owned(), format!("Bearer {secret}"));
        }
        Ok(profile.check()?)
    }
}

pub(super) async fn run(context: &Context, args: SyncArgs) -> Result<(), CliError> {
    let SyncArgs { url, state, identity, clean, clean_all, no_backoff, .. } = args;
    let mut santa = match state.as_ref().filter(|path| path.exists()) {
        Some(path) => Santa::load(path)?,
        None => Santa::new(Profile::default()),
    };
    identity.apply(santa.profile_mut())?;
    if clean {
        santa.require(SyncKind::Clean);
    }
    if clean_all {
        santa.require(SyncKind::CleanAll);
    }
    let events = match &args.events {
        Some(path) => lab::events_in(path)?,
        None => Vec::new(),
    };
    let transport = HttpTransport::with_certificates(&url, args.certificates.read()?)?;
    if args.faults.contains(&Fault::ChangeUrl) {
        santa.change_server();
    }
    let transport = Faulty::new(transport, args.faults);
    let pace = if no_backoff { Pace::WITHOUT_BACKOFF } else { Pace::REAL };
    let options = SyncOptions { pace, ..SyncOptions::default() };
    let Schedule { daemon, time, syncs } = args.schedule;
    if daemon {
        let time = time.map(SignedDuration::unsigned_abs);
        let run = Run { clock: Clock::machine(), options, state, time, syncs };
        return daemon::run(&context.ui, santa, transport, events, run).await;
    }
    events.into_iter().for_each(|event| santa.add_event(event));
    let progress = context.ui.progress(None, format!("syncing with {url}"));
    let result = match args.rule_only {
        true => santa.sync_rules(&transport, options).await,
        false => santa.sync(&transport, options).await,
    };
    drop(progress);
    if let Some(state) = &state {
        santa.save(state)?;
    }
    let report = result?;
    context.ui.report(&Synced::new(&report, &santa))?;
    context.ui.status(format!("{} holds {} rules", santa.profile().hostname, santa.rules().len()));
    failed_stage(&report)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_replace_the_profile() {
        let mut profile = Profile { groups: vec!["old".to_owned()], ..Profile::default() };
        let identity = Identity {
            user: Some("mira".to_owned()),
            groups: vec!["eng".to_owned()],
            mode: Some(ClientMode::Lockdown),
            secret: Some("s3cret".to_owned()),
            encoding: Some("none".to_owned()),
            ..Identity::default()
        };
        identity.apply(&mut profile).unwrap();
        assert_eq!(
            (profile.primary_user.as_str(), &profile.groups[..]),
            ("mira", &["eng".to_owned()][..])
        );
        assert_eq!(profile.serial, Profile::default().serial);
        assert_eq!(profile.client_mode.to_string(), "LOCKDOWN");
        assert_eq!(profile.content_encoding.to_string(), "identity");
        assert_eq!(profile.headers["Authorization"], "Bearer s3cret");
    }

    #[test]
    fn every_mode_is_known_on_the_wire() {
        for mode in MODES {
            let identity = Identity { mode: Some(mode), ..Identity::default() };
            identity.apply(&mut Profile::default()).unwrap();
        }
    }

    #[test]
    fn the_example_fleet_can_be_loaded() {
        let fleet: serde_json::Value =
            serde_json::from_str(include_str!("../../../examples/fleet.json")).unwrap();
        let hosts = fleet["hosts"].as_array().unwrap();
        let folder = tempfile::tempdir().unwrap();
        for host in hosts {
            let profile: Profile = serde_json::from_value(host["profile"].clone()).unwrap();
            let mut santa = Santa::new(profile);
            let events = folder.path().join("events.json");
            std::fs::write(&events, host["events"].to_string()).unwrap();
            santa.add_events_from(&events).unwrap();
            assert!(santa.pending_events().iter().all(|event| event.file_sha256.len() == 64));
        }
        assert_eq!(hosts.len(), 5);
    }
}
