//! The settings in the response to preflight.

use crate::lab::conformance::case::{Case, must, should};
use crate::lab::conformance::case_run::CaseRun;
use crate::lab::conformance::hook::{Hook, Variable};
use crate::lab::conformance::mac::is_clean;
use crate::lab::conformance::rule::V2026_7;
use crate::lab::conformance::settings;
use crate::lab::conformance::stop::{CaseResult, Stop};

/// The case passes if `full_sync_interval` is at least this number of seconds, or is 0 or absent.
const SHORTEST_INTERVAL: u64 = 60;

pub(super) const CASES: [Case; 7] = [
    must(
        "preflight-shape",
        "Settings are whole numbers, switches, texts and upper-case words.",
        "A negative or fractional number fails the stage; a lower-case word is ignored.",
        |run| Box::pin(shape(run)),
    ),
    should(
        "preflight-settings",
        "Settings that have the same default on every host are always sent.",
        "A client keeps the last value it received. In versions of 2022, a missing switch is off.",
        |run| Box::pin(complete(run)),
    ),
    must(
        "preflight-steady",
        "After a setting has been sent, it is sent at every preflight.",
        "Depending on its version, a client keeps or resets a missing setting.",
        |run| Box::pin(steady(run)),
    ),
    must(
        "preflight-regex",
        "A path pattern is a single string that is empty or begins with ^.",
        "Without ^, a pattern matches other paths after the daemon restarts.",
        |run| Box::pin(regex(run)),
    ),
    should(
        "preflight-interval",
        "full_sync_interval is 60 seconds or more.",
        "Clients replace smaller values with 60, or, before 2025.10, with 600.",
        |run| Box::pin(interval(run)),
    ),
    must(
        "preflight-sync-type",
        "sync_type and clean_sync agree.",
        "Clients before 2024.1 know only clean_sync, later ones prefer sync_type.",
        |run| Box::pin(agreeing(run)),
    ),
    must(
        "preflight-mode",
        "A mode that an administrator sets is in the next preflight.",
        "Otherwise the host would stay in its old mode.",
        |run| Box::pin(mode(run)),
    )
    .needs(&[Hook::SetMode]),
];

async fn shape(run: &CaseRun<'_>) -> CaseResult {
    let answer = run.mac(V2026_7).preflight().await?;
    let wrong = settings::misshapen(&answer);
    if wrong.is_empty() {
        return Ok(format!("{} keys, all as clients read them", answer.len()));
    }
    Err(Stop::fails(wrong.join(", ")))
}

async fn complete(run: &CaseRun<'_>) -> CaseResult {
    let answer = run.mac(V2026_7).preflight().await?;
    let unsaid = settings::unsaid(&answer);
    if unsaid.is_empty() {
        return Ok("every setting".to_owned());
    }
    Err(Stop::fails(format!("missing: {}", unsaid.join(", "))))
}

async fn steady(run: &CaseRun<'_>) -> CaseResult {
    let mut mac = run.mac(V2026_7);
    let first = mac.preflight().await?;
    mac.sync().await?;
    let second = mac.preflight().await?;
    let kind = |key: &String| matches!(key.as_str(), "sync_type" | "clean_sync");
    let mut gone = settings::dropped(&first, &second);
    gone.retain(|key| !kind(key));
    if gone.is_empty() {
        return Ok("the same settings twice".to_owned());
    }
    Err(Stop::fails(format!("missing in the second preflight: {}", gone.join(", "))))
}

async fn regex(run: &CaseRun<'_>) -> CaseResult {
    let answer = run.mac(V2026_7).preflight().await?;
    for key in ["allowed_path_regex", "blocked_path_regex", "whitelist_regex", "blacklist_regex"] {
        match answer.get(key) {
            None | Some(serde_json::Value::Null) => {}
            Some(serde_json::Value::String(text)) if text.is_empty() || text.starts_with('^') => {}
            Some(other) => {
                return Err(Stop::fails(format!("{key} is {}", settings::shortened(other))));
            }
        }
    }
    Ok("empty, or anchored".to_owned())
}

async fn interval(run: &CaseRun<'_>) -> CaseResult {
    let answer = run.mac(V2026_7).preflight().await?;
    let Some(interval) = answer.get("full_sync_interval") else {
        return Ok("not set, so clients keep their own".to_owned());
    };
    match interval.as_u64() {
        Some(0) => Ok("0, so clients keep their own".to_owned()),
        Some(seconds) if seconds >= SHORTEST_INTERVAL => Ok(format!("{seconds} s")),
        Some(_) | None => Err(Stop::fails(format!("{} s", settings::shortened(interval)))),
    }
}

async fn agreeing(run: &CaseRun<'_>) -> CaseResult {
    let mut mac = run.mac(V2026_7);
    for when in ["at first", "after a sync"] {
        let answer = mac.preflight().await?;
        let kind = answer.get("sync_type").and_then(|kind| kind.as_str());
        let clean = answer.get("clean_sync").and_then(|clean| clean.as_bool());
        if let (Some(kind), Some(clean)) = (kind, clean)
            && is_clean(kind) != clean
        {
            let found = format!("{when}: sync_type {kind}, clean_sync {clean}");
            return Err(Stop::fails(found));
        }
        mac.sync().await?;
    }
    Ok("they agree".to_owned())
}

async fn mode(run: &CaseRun<'_>) -> CaseResult {
    let mac = run.known_mac().await?;
    for mode in ["LOCKDOWN", "MONITOR"] {
        run.administer(Hook::SetMode, &mac, Some((Variable::Mode, mode))).await?;
        let answer = mac.preflight().await?;
        let found = answer.get("client_mode").and_then(|mode| mode.as_str()).unwrap_or("none");
        if found != mode {
            return Err(Stop::fails(format!("client_mode is {found}, but {mode} is set")));
        }
    }
    Ok("LOCKDOWN, then MONITOR".to_owned())
}
