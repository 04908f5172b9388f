//! `nicelist lab sync`.

use std::error::Error;
use std::path::PathBuf;

use clap::Args;
use clap::builder::PossibleValuesParser;

use crate::cli::arg::Words;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::fleet::ClientMode;
use crate::lab::{
    AddressError, HttpTransport, Pace, Profile, Santa, StageOutcome, StateError, SyncKind,
    SyncOptions, SyncReport,
};

/// The modes that a Mac can be in.
const MODES: [ClientMode; 3] = [ClientMode::Monitor, ClientMode::Lockdown, ClientMode::Standalone];

/// Sync one Mac that does not exist, as Santa would
///
/// It speaks to any Santa sync server as a real client does, retries and mistakes included,
/// and tells what every stage did. With --state it remembers its rules, settings and events
/// from one sync to the next. A first sync is a clean one and throws events away, as real
/// clients do. The exit code is 1 if a stage failed.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist lab sync http://127.0.0.1:8080/santa/
  nicelist lab sync https://santa.example.com/santa/SECRET/ --state mac.json --user mira
  nicelist lab sync http://127.0.0.1:8080/santa/ --state mac.json --events events.json
  nicelist lab sync http://127.0.0.1:8080/santa/ --no-backoff -o json | jq .rules")]
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
}

/// Who the Mac is. What is not given is as in the state file, or made up.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "The Mac")]
struct Identity {
    /// Its machine id
    #[arg(long, value_name = "ID")]
    machine_id: Option<String>,
    /// Its serial number
    #[arg(long, value_name = "NUMBER")]
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
    /// The version of Santa that it says it has
    #[arg(long, value_name = "VERSION")]
    santa_version: Option<String>,
    /// The mode that it is in until the server sets one
    #[arg(long)]
    #[arg(value_parser = Words::<ClientMode>::new(MODES.map(ClientMode::word)))]
    mode: Option<ClientMode>,
    /// Send this secret as Authorization: Bearer
    #[arg(long)]
    secret: Option<String>,
    /// How it compresses requests
    #[arg(long, value_parser = PossibleValuesParser::new(["deflate", "gzip", "none"]))]
    encoding: Option<String>,
}

impl Identity {
    fn apply(self, profile: &mut Profile) -> Result<(), CliError> {
        let Self { machine_id, serial, hostname, user, groups, .. } = self;
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
            profile.client_mode = on_the_wire(mode.word())?;
        }
        if let Some(encoding) = self.encoding {
            profile.content_encoding = encoding
                .parse()
                .map_err(|error| CliError::usage(format!("--encoding {encoding}: {error}")))?;
        }
        if let Some(secret) = self.secret {
            profile.headers.insert("Authorization".to_owned(), format!("Bearer {secret}"));
        }
        Ok(())
    }
}

/// One of our words as Santa's wire has it.
fn on_the_wire<T: serde::de::DeserializeOwned>(word: &str) -> Result<T, CliError> {
    serde_json::from_value(word.to_uppercase().into())
        .map_err(|error| CliError::usage(format!("`{word}`: {error}")))
}

pub(super) async fn run(context: &Context, args: SyncArgs) -> Result<(), CliError> {
    let SyncArgs { url, state, identity, events, clean, clean_all, no_backoff } = args;
    let mut santa = match state.as_ref().filter(|path| path.exists()) {
        Some(path) => Santa::load(path)?,
        None => Santa::new(Profile::default()),
    };
    identity.apply(santa.profile_mut())?;
    if let Some(events) = &events {
        santa.add_events_from(events)?;
    }
    if clean {
        santa.require(SyncKind::Clean);
    }
    if clean_all {
        santa.require(SyncKind::CleanAll);
    }
    let transport = HttpTransport::new(&url)?;
    let pace = if no_backoff { Pace::WITHOUT_BACKOFF } else { Pace::REAL };
    let options = SyncOptions { pace, ..SyncOptions::default() };
    let progress = context.ui.progress(None, format!("syncing with {url}"));
    let result = santa.sync(&transport, options).await;
    drop(progress);
    if let Some(state) = &state {
        santa.save(state)?;
    }
    let report =
        result.map_err(|error| CliError::failed(error.to_string()).because(causes(&error)))?;
    context.ui.report(&report)?;
    context.ui.status(format!("{} holds {} rules", santa.profile().hostname, santa.rules().len()));
    failed_stages(&report)
}

/// Stages that failed without stopping the sync.
fn failed_stages(report: &SyncReport) -> Result<(), CliError> {
    let stages = [
        ("preflight", &report.preflight),
        ("event upload", &report.event_upload),
        ("rule download", &report.rule_download),
        ("postflight", &report.postflight),
    ];
    for (stage, outcome) in stages {
        if let StageOutcome::Failed { reason } = outcome {
            return Err(CliError::failed(format!("{stage} failed")).because([reason.clone()]));
        }
    }
    Ok(())
}

fn causes(error: &dyn Error) -> Vec<String> {
    let mut causes = Vec::new();
    let mut cause = error.source();
    while let Some(error) = cause {
        causes.push(error.to_string());
        cause = error.source();
    }
    causes
}

impl From<StateError> for CliError {
    fn from(error: StateError) -> Self {
        Self::failed(error.to_string()).because(causes(&error))
    }
}

impl From<AddressError> for CliError {
    fn from(error: AddressError) -> Self {
        let told = Self::usage(error.to_string()).because(causes(&error));
        match error {
            AddressError::Insecure(_) => {
                told.hint("Santa itself refuses plain http to another machine")
            }
            AddressError::Malformed { .. } | AddressError::Scheme(_) | AddressError::Client(_) => {
                told
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_replaces_what_the_mac_was() {
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
    fn the_example_fleet_can_be_put_on_stage() {
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
