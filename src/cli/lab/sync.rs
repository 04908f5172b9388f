//! `nicelist lab sync`.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args, ValueHint};
use jiff::SignedDuration;

use super::args::on_the_wire;
use super::certificates::CertificateArgs;
use super::daemon::{self, Run};
use super::enrolled::Enrolled;
use super::errors::{failed_stage, sync_failed};
use super::observed::Observed;
use super::view::Synced;
use crate::cli::arg::{self, Words};
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::policy_files::counted;
use crate::fleet::ClientMode;
use crate::format::enrollment::SyncUrl;
use crate::lab::{
    self, Clock, Fault, Faulty, Generation, HttpTransport, Pace, Profile, Santa, SyncKind,
    SyncOptions,
};
use crate::shell::argument;

/// The modes that a Mac can be in.
const MODES: [ClientMode; 3] = [ClientMode::Monitor, ClientMode::Lockdown, ClientMode::Standalone];

/// Sync one simulated Mac, as Santa would
///
/// Works with any Santa sync server. The simulated Mac behaves like a real client, including its
/// retries and bugs, and nicelist shows the result of each stage. --state keeps the rules, settings
/// and events of the Mac between syncs. As in Santa, the first sync is a clean sync and discards
/// events. The exit code is 1 if a stage failed.
///
/// With --profile, the Mac syncs as a configuration profile configures it: with its URL, headers,
/// machine ID, message format and CAs. This proves the profile before a Mac gets it. If the profile
/// selects a client certificate, pass one with --client-cert and --client-key.
///
/// --generation selects the version of the client: a Santa version since 2021.1, or pedro, a client
/// for Linux. The simulated Mac ignores what this version does not support, and has the bugs of
/// this version.
///
/// With --daemon, the Mac keeps syncing on Santa's schedule until Ctrl-C. The first sync starts
/// after 15 seconds. Later syncs follow at the interval that the server sets, 10 minutes by
/// default. Each sync is one line of output. Blocked programs in --events are reported immediately.
/// If the server requests the bundle of a program, the Mac also reports the other events of the
/// bundle.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist lab sync http://127.0.0.1:8080/santa/
  nicelist lab sync https://santa.example.com/santa/SECRET/ --state mac.json \\
      --user mira
  nicelist lab sync http://127.0.0.1:8080/santa/ --state mac.json \\
      --events events.json
  nicelist lab sync http://127.0.0.1:8080/santa/ --no-backoff -o json | jq \\
      .rules_hash
  nicelist lab sync http://127.0.0.1:8080/santa/ --generation 2022.4 \\
      --encoding zlib
  nicelist lab sync http://127.0.0.1:8080/santa/ --generation 2024.6 \\
      --wire protobuf
  nicelist lab sync https://santa.example.com/santa/ --ca ca.pem \\
      --client-cert mac.pem --client-key mac.key
  nicelist lab sync --profile santa.mobileconfig --client-cert mac.pem \\
      --client-key mac.key
  nicelist lab sync http://127.0.0.1:8080/santa/ --state mac.json --rule-only
  nicelist lab sync http://127.0.0.1:8080/santa/ --state mac.json --daemon \\
      --for 1h -o jsonl")]
pub(crate) struct SyncArgs {
    /// URL of the server, as in SyncBaseURL of a profile
    #[arg(value_name = "URL", required_unless_present = "profile")]
    url: Option<String>,
    /// Configuration profile to sync with, instead of a URL
    #[arg(long, value_name = "FILE", conflicts_with = "url", value_hint = ValueHint::FilePath)]
    profile: Option<PathBuf>,
    /// File for the state of the Mac; created if it does not exist
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    #[command(flatten)]
    identity: Identity,
    /// Upload the events in this file: a JSON list in the format of the protocol
    #[arg(long, value_name = "FILE")]
    events: Option<PathBuf>,
    /// Request a clean sync
    #[arg(long, conflicts_with = "clean_all")]
    clean: bool,
    /// Request a clean sync that also deletes transitive rules
    #[arg(long)]
    clean_all: bool,
    /// Retry without waiting
    #[arg(long)]
    no_backoff: bool,
    /// Only download rules, as after a push notification
    #[arg(long, conflicts_with_all = ["clean", "clean_all"])]
    rule_only: bool,
    /// Simulate a network fault: cut-page=N, delay=SECONDS, strip-encoding, falsify-encoding,
    /// decompress or change-url; can be repeated
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
    /// Keep syncing until Ctrl-C
    #[arg(long, conflicts_with = "rule_only")]
    daemon: bool,
    /// Stop after this time, such as 90s or 1h
    #[arg(long = "for", value_name = "DURATION", requires = "daemon")]
    #[arg(value_parser = arg::duration)]
    time: Option<SignedDuration>,
    /// Stop after N syncs
    #[arg(long, value_name = "N", requires = "daemon")]
    syncs: Option<u64>,
}

/// Properties of the Mac. Omitted ones come from the state file or have generated values.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Mac")]
struct Identity {
    /// Machine ID
    #[arg(long, value_name = "ID")]
    machine_id: Option<String>,
    /// Serial number
    #[arg(long, value_name = "N")]
    serial: Option<String>,
    /// Host name
    #[arg(long, value_name = "NAME")]
    hostname: Option<String>,
    /// Primary user
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// Group of the primary user; can be repeated
    #[arg(long = "group", value_name = "NAME")]
    groups: Vec<String>,
    /// Version of the client: a Santa version such as 2024.6, pedro, or rednose (an old version of
    /// pedro)
    #[arg(long, value_name = "VERSION")]
    generation: Option<Generation>,
    /// Report this Santa version instead of the one in --generation
    #[arg(long, value_name = "VERSION")]
    santa_version: Option<String>,
    /// Client mode until the server sets one
    #[arg(long)]
    #[arg(value_parser = Words::<ClientMode>::new(MODES.map(ClientMode::word)))]
    mode: Option<ClientMode>,
    /// Send this secret as Authorization: Bearer
    #[arg(long)]
    secret: Option<String>,
    /// Compression of requests; zlib is the old name of deflate, for clients up to 2023.3
    #[arg(long, value_parser = PossibleValuesParser::new(["deflate", "gzip", "none", "zlib"]))]
    encoding: Option<String>,
    /// Message format; Santa supports protobuf since 2024.6
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
    let SyncArgs { url, profile, state, identity, clean, clean_all, no_backoff, .. } = args;
    let enrolled = profile.as_deref().map(Enrolled::read).transpose()?;
    let mut santa = match state.as_ref().filter(|path| path.exists()) {
        Some(path) => Santa::load(path)?,
        None => Santa::new(Profile::default()),
    };
    if let Some(enrolled) = &enrolled {
        enrolled.note().iter().for_each(|note| context.ui.warn(note));
        enrolled.configure(santa.profile_mut())?;
    }
    identity.apply(santa.profile_mut())?;
    if clean {
        santa.require(SyncKind::Clean);
    }
    if clean_all {
        santa.require(SyncKind::CleanAll);
    }
    let events = args.events.as_deref().map(lab::events_in).transpose()?.unwrap_or_default();
    let url = url.unwrap_or_default();
    let (transport, server) = connect(enrolled.as_ref(), &url, &args.certificates)?;
    if args.faults.contains(&Fault::ChangeUrl) {
        santa.change_server();
    }
    let (transport, mut retries) = Observed::new(Faulty::new(transport, args.faults));
    let pace = if no_backoff { Pace::WITHOUT_BACKOFF } else { Pace::REAL };
    let options = SyncOptions { pace, ..SyncOptions::default() };
    let Schedule { daemon, time, syncs } = args.schedule;
    if daemon {
        let time = time.map(SignedDuration::unsigned_abs);
        let run = Run { clock: Clock::machine(), options, state, time, syncs };
        let daemon = daemon::run(&context.ui, santa, transport, events, run);
        return retries.show_during(&context.ui, daemon).await;
    }
    events.into_iter().for_each(|event| santa.add_event(event));
    let progress = context.ui.progress(None, format!("syncing with {server}"));
    let rule_only = args.rule_only;
    let syncing = async {
        match rule_only {
            true => santa.sync_rules(&transport, options).await,
            false => santa.sync(&transport, options).await,
        }
    };
    let result = retries.show_during(&context.ui, syncing).await;
    drop(progress);
    if let Some(state) = &state {
        santa.save(state)?;
    }
    let base = enrolled.as_ref().map_or(url.as_str(), Enrolled::url);
    let report = result.map_err(|error| {
        let diagnosis = || diagnosis(enrolled.as_ref(), &url, &args.certificates);
        sync_failed(&error, sends_secret(&santa, base), diagnosis)
    })?;
    context.ui.report(&Synced::new(&report, &santa))?;
    let rules = counted(santa.rules().len(), "rule");
    context.ui.status(format!("{} has {rules}", santa.profile().hostname));
    failed_stage(&report)
}

/// Whether a secret is sent in a header, or may be in the URL of the server.
fn sends_secret(santa: &Santa, base: &str) -> bool {
    let mut headers = santa.profile().headers.keys();
    headers.any(|name| name.eq_ignore_ascii_case("authorization"))
        || base.parse::<SyncUrl>().is_ok_and(|url| url.may_have_secret())
}

/// The connection, and the name of its server.
fn connect<'u>(
    enrolled: Option<&Enrolled<'_>>,
    url: &'u str,
    certificates: &CertificateArgs,
) -> Result<(HttpTransport, &'u str), CliError> {
    Ok(match enrolled {
        Some(enrolled) => (enrolled.transport(certificates)?, "the server of the profile"),
        None => (HttpTransport::with_certificates(url, certificates.read()?)?, url),
    })
}

/// The hint with the command that finds out why a server cannot be reached.
fn diagnosis(enrolled: Option<&Enrolled<'_>>, url: &str, certificates: &CertificateArgs) -> String {
    match enrolled {
        Some(enrolled) => enrolled.hint(),
        None => {
            let options = certificates.options();
            format!("to find the cause: nicelist doctor --url {}{options}", argument(url))
        }
    }
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
