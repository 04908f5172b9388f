//! The checks of a server as a Mac sees it.

use std::path::PathBuf;

use jiff::Timestamp;

use super::address::{self, Address};
use super::connection::{self, Roots};
use super::{CheckResult, sync, web};
use crate::lab::probe::{MACHINE, Probe, SERIAL};
use crate::lab::{Certificates, Profile};

/// Whether requests of a sync are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SyncCheck {
    Whole,
    /// The enrollment secret is not known.
    None,
}

/// The simulated Mac, and how it connects.
pub(super) struct MacArgs {
    /// `SyncBaseURL`.
    pub(super) url: String,
    /// Its identity and headers.
    pub(super) profile: Profile,
    /// The file with the trusted CAs, and its content.
    pub(super) ca: Option<PathBuf>,
    pub(super) roots: Option<Vec<u8>>,
    pub(super) certificates: Certificates,
    pub(super) sync: SyncCheck,
}

/// The identity of the Mac, unless a configuration profile has another machine ID.
pub(super) fn doctors_mac() -> Profile {
    Profile {
        machine_id: MACHINE.to_owned(),
        serial: SERIAL.to_owned(),
        hostname: MACHINE.to_owned(),
        ..Profile::default()
    }
}

impl MacArgs {
    pub(super) fn title(&self) -> String {
        let origin = Address::of(&self.url).map(|address| address.origin());
        origin.map_or_else(|_| "As a Mac".to_owned(), |origin| format!("As a Mac: {origin}"))
    }
}

/// Runs the checks. A check that cannot succeed after a problem is left out.
pub(super) async fn checks(mac: MacArgs, now: Timestamp) -> Vec<CheckResult> {
    let mut results = Vec::new();
    if let Err(problem) = run(mac, now, &mut results).await {
        results.push(problem);
        results.push(CheckResult::skipped("other checks", "fix the problem above first"));
    }
    results
}

/// Adds the results of the checks.
///
/// # Errors
/// A problem after which no other check makes sense.
async fn run(
    mac: MacArgs,
    now: Timestamp,
    results: &mut Vec<CheckResult>,
) -> Result<(), CheckResult> {
    let MacArgs { url, profile, ca, roots, certificates, sync } = mac;
    let address = Address::of(&url)?;
    results.extend(address::checks(&address));
    let addresses = connection::resolve(&address).await?;
    results.push(connection::resolved(&addresses));
    let stream = connection::connect(&addresses).await?;
    results.push(connection::connected(&stream));
    if address.is_https() {
        let roots = Roots { path: ca.as_deref(), pem: roots.as_deref() };
        results.extend(connection::tls(stream, &address, &roots, now).await?);
    } else {
        // A server that uses TLS may wait for the handshake on this connection.
        drop(stream);
    }
    let probe = Probe::new(&url, certificates.clone(), profile.clone())
        .map_err(|error| CheckResult::problem("http", error.to_string()))?;
    let health = web::health(&probe).await;
    // A TLS port does not respond to plain HTTP, or responds with an error.
    let is_well = health.as_ref().is_ok_and(|response| response.status == 200);
    if !is_well
        && !address.is_https()
        && connection::uses_tls(&addresses, &address.host, roots.as_deref()).await
    {
        return Err(web::tls_expected(&address));
    }
    let health = health?;
    results.push(web::clock(&health, now));
    results.push(web::healthz(&health)?);
    results.extend(web::readiness(&probe).await);
    match sync {
        SyncCheck::Whole => {
            sync::checks(&probe, sync::Mac { url, profile, certificates }, results).await
        }
        SyncCheck::None => {
            let found = "no enrollment secret was given, so no sync was tested";
            let fix =
                format!("nicelist doctor --url {}/santa/ --secret-file FILE", address.origin());
            results.push(CheckResult::skipped("sync", found).fix(fix));
            Ok(())
        }
    }
}
