//! The demo's Macs, from `examples/fleet.json`.

use std::time::Duration;

use serde::Deserialize;
use tokio::time;

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

/// The demo's Macs, and the connection to their server.
pub(super) struct Fleet {
    pub(super) macs: Vec<Mac>,
    pub(super) transport: HttpTransport,
}

impl Fleet {
    /// `sync_base` is the SyncBaseURL of the Macs.
    pub(super) fn connect(sync_base: &str) -> Result<Self, CliError> {
        let transport =
            HttpTransport::new(sync_base).map_err(|error| CliError::failed(error.to_string()))?;
        Ok(Self { macs: macs()?, transport })
    }

    /// Syncs all Macs regularly. A failed sync is ignored, because the next one repeats it.
    pub(super) async fn keep_syncing(&mut self, every: Duration) {
        loop {
            time::sleep(every).await;
            for mac in &mut self.macs {
                drop(mac.sync(&self.transport).await);
            }
        }
    }
}

/// The Macs of the examples.
fn macs() -> Result<Vec<Mac>, CliError> {
    let file: File = serde_json::from_str(FLEET)
        .map_err(|error| CliError::failed(format!("examples/fleet.json: {error}")))?;
    let mac =
        |host: Host| Mac { santa: Santa::new(host.profile), tags: host.tags, events: host.events };
    Ok(file.hosts.into_iter().map(mac).collect())
}
