//! The demo's Macs, from `examples/fleet.json`.

use serde::Deserialize;

use crate::cli::error::CliError;
use crate::lab::{Event, HttpTransport, Pace, Profile, Santa, SyncOptions, SyncReport};
use crate::rule::TagName;

/// The demo's Macs and their events.
const FLEET: &str = include_str!("../../../examples/fleet.json");

#[derive(Deserialize)]
struct File {
    hosts: Vec<Host>,
}

#[derive(Deserialize)]
struct Host {
    profile: Profile,
    tags: Vec<TagName>,
    events: Vec<Event>,
}

/// A simulated Mac.
pub(super) struct Mac {
    pub(super) santa: Santa,
    /// The tags that the administrator assigns to it.
    pub(super) tags: Vec<TagName>,
    /// Its events after the enrollment.
    pub(super) events: Vec<Event>,
}

impl Mac {
    /// One full sync, over HTTP.
    pub(super) async fn sync(&mut self, transport: &HttpTransport) -> Result<SyncReport, CliError> {
        let options = SyncOptions { pace: Pace::WITHOUT_BACKOFF, ..SyncOptions::default() };
        let name = self.santa.profile().hostname.clone();
        let synced = self.santa.sync(transport, options).await;
        synced.map_err(|error| CliError::failed(format!("{name}: {error}")))
    }
}

/// The fleet of the examples.
pub(super) fn fleet() -> Result<Vec<Mac>, CliError> {
    let file: File = serde_json::from_str(FLEET)
        .map_err(|error| CliError::failed(format!("examples/fleet.json: {error}")))?;
    let mac =
        |host: Host| Mac { santa: Santa::new(host.profile), tags: host.tags, events: host.events };
    Ok(file.hosts.into_iter().map(mac).collect())
}
