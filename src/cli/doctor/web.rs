//! Checks responses to plain requests: health, readiness and the server's clock.

use jiff::fmt::rfc2822;
use jiff::{SignedDuration, Timestamp};
use url::Url;

use super::CheckResult;
use super::address::Address;
use crate::api::Readiness;
use crate::cli::ui::rough;
use crate::lab::HttpResponse;
use crate::lab::probe::{Probe, innermost};

const HTTP: &str = "http";
const CLOCK: &str = "clock";
const READY: &str = "readiness";

/// A greater difference between two clocks is a warning.
const NOTABLE: SignedDuration = SignedDuration::from_secs(60);
/// With a greater difference, certificates and expiries fail.
const LARGE: SignedDuration = SignedDuration::from_hours(1);

/// # Errors
/// The problem, if no HTTP response arrives.
pub(super) async fn health(probe: &Probe) -> Result<HttpResponse, CheckResult> {
    probe.get("/healthz").await.map_err(|error| {
        let found = format!("no HTTP response: {}", innermost(&error));
        CheckResult::problem(HTTP, found)
            .fix("check the server and proxies in front of it: journalctl -u nicelist")
    })
}

/// The problem that the URL begins with `http://`, but the server uses TLS.
pub(super) fn tls_expected(address: &Address) -> CheckResult {
    let found = format!("port {} uses TLS, but the URL begins with http://", address.port);
    let fix = format!("set SyncBaseURL to {}", address.with_scheme("https"));
    CheckResult::problem(HTTP, found).fix(fix)
}

/// # Errors
/// The problem, if something other than a server responds.
pub(super) fn healthz(response: &HttpResponse) -> Result<CheckResult, CheckResult> {
    if let Some(problem) = foreign(HTTP, response) {
        return Err(problem);
    }
    Ok(match response.status {
        200 if response.body.trim_ascii() == b"ok" => CheckResult::ok(HTTP, "/healthz responds"),
        status => CheckResult::warning(
            HTTP,
            format!("/healthz responds with {status}; a proxy does not forward it to nicelist"),
        )
        .fix("forward the paths /healthz, /readyz and /api/ in the proxy, too"),
    })
}

/// The problem that a response is a redirect, or a page for people.
pub(super) fn foreign(check: &'static str, response: &HttpResponse) -> Option<CheckResult> {
    if (300..400).contains(&response.status) {
        let place = response.header("location").and_then(|to| Url::parse(to).ok());
        // The path may contain the enrollment secret.
        let place = place.filter(Url::has_host).map_or_else(
            || "another path".to_owned(),
            |to| format!("{}/", to.origin().ascii_serialization()),
        );
        let found = format!("the server redirects to {place}; Santa does not follow redirects");
        return Some(CheckResult::problem(check, found).fix(
            "set SyncBaseURL to the host and port of the redirect, or turn the redirect off",
        ));
    }
    let kind = response.header("content-type").unwrap_or_default();
    let is_page = kind.contains("html") || response.body.trim_ascii_start().starts_with(b"<");
    is_page.then(|| {
        let found = format!(
            "an HTML page with status {} instead of a response from nicelist: a captive portal or \
             a proxy responds",
            response.status
        );
        CheckResult::problem(check, found)
            .fix("exclude the server from the proxy, or sign in to the network")
    })
}

/// Compares the header `Date` with this machine's clock.
pub(super) fn clock(response: &HttpResponse, now: Timestamp) -> CheckResult {
    let date = response.header("date").and_then(|date| rfc2822::parse(date).ok());
    let Some(date) = date else {
        return CheckResult::skipped(CLOCK, "the server sends no valid Date header");
    };
    let off = date.timestamp().duration_since(now).abs();
    if off <= NOTABLE {
        return CheckResult::ok(CLOCK, "the server's clock agrees with this machine's clock");
    }
    let found = format!(
        "the server's clock shows {}, but this machine's clock shows {now:.0} ({} apart)",
        date.timestamp(),
        rough(off)
    );
    let result = match off > LARGE {
        true => CheckResult::problem(CLOCK, found),
        false => CheckResult::warning(CLOCK, found),
    };
    result.fix("set both clocks with NTP: timedatectl set-ntp true")
}

pub(super) async fn readiness(probe: &Probe) -> Vec<CheckResult> {
    let response = match probe.get("/readyz").await {
        Ok(response) => response,
        Err(error) => {
            let found = format!("no response from /readyz: {}", innermost(&error));
            return vec![CheckResult::warning(READY, found)];
        }
    };
    match serde_json::from_slice::<Readiness>(&response.body) {
        Ok(readiness) => reasons(&readiness),
        Err(_) => {
            let found =
                format!("the response from /readyz ({}) is not from nicelist", response.status);
            vec![CheckResult::skipped(READY, found)]
        }
    }
}

/// One result for each reason and warning of a server or a local database.
pub(super) fn reasons(readiness: &Readiness) -> Vec<CheckResult> {
    let Readiness { ready: _, reasons, warnings } = readiness;
    let problems = reasons.iter().map(|reason| {
        let found = format!("not ready ({}): {}", reason.code, reason.message);
        CheckResult::problem(READY, found).fix(fix_of(&reason.code))
    });
    let warnings = warnings.iter().map(|reason| {
        let found = format!("{}: {}", reason.code, reason.message);
        CheckResult::warning(READY, found).fix(fix_of(&reason.code))
    });
    let found: Vec<CheckResult> = problems.chain(warnings).collect();
    if found.is_empty() { vec![CheckResult::ok(READY, "ready")] } else { found }
}

fn fix_of(code: &str) -> &'static str {
    match code {
        "disk-full" | "disk-low" => "free up disk space for the database: df -h",
        "disk-failed" => "check the disk of the database: dmesg",
        "database-read-only" => {
            "allow the server's user to write to the database and its folder; to see their modes: \
             ls -la"
        }
        "database-damaged" => "restore a backup: nicelist database restore BACKUP",
        "clock-jumped" => "correct the clock, or accept it: nicelist database accept-clock",
        "rows-unreadable" => "list the rows: nicelist status",
        "backup-failed" => "show the reason: nicelist status",
        "writer-stopped" | "writer-stuck" => "systemctl restart nicelist",
        _ => "see the server's log: journalctl -u nicelist",
    }
}
