//! Clean syncs, in which a client deletes its rules.

use crate::lab::conformance::case::{Case, must, should};
use crate::lab::conformance::case_run::CaseRun;
use crate::lab::conformance::hook::Hook;
use crate::lab::conformance::mac::{Kind, Mac};
use crate::lab::conformance::rule::{self, V2023_9, V2026_7};
use crate::lab::conformance::stop::{CaseResult, Stop};

pub(super) const CASES: [Case; 7] = [
    must(
        "clean-first",
        "A host that requests a clean sync at its first contact gets one.",
        "It may have rules from an earlier server, or from before it was wiped.",
        |run| Box::pin(first(run)),
    ),
    must(
        "clean-asked",
        "A known host that requests a clean sync gets one.",
        "Its database was lost, or its user requested the sync.",
        |run| Box::pin(asked(run)),
    ),
    must(
        "clean-rules",
        "A clean sync has at least one rule, which may be a removal.",
        "A client that receives no valid rule keeps its old rules, and does not retry.",
        |run| Box::pin(with_rules(run)),
    ),
    must(
        "clean-old-key",
        "In a clean sync, clients before 2024.1 get clean_sync: true.",
        "They do not know sync_type, and would keep their rules.",
        |run| Box::pin(old_key(run)),
    ),
    must(
        "clean-again",
        "A clean sync that was not finished is repeated.",
        "The host still has its old rules, and requests a clean sync again.",
        |run| Box::pin(again(run)),
    ),
    should(
        "clean-once",
        "A finished clean sync is followed by normal ones.",
        "After every clean sync, clients delete their pending events.",
        |run| Box::pin(once(run)),
    ),
    must(
        "clean-ordered",
        "A clean sync that an administrator orders happens only once.",
        "It is the last resort for a host with the wrong rules.",
        |run| Box::pin(ordered(run)),
    )
    .needs(&[Hook::OrderCleanSync]),
];

async fn expect_clean(mac: &Mac<'_>) -> Result<(), Stop> {
    match mac.kind(&mac.preflight().await?) {
        Kind::Clean => Ok(()),
        Kind::Normal => Err(Stop::fails("preflight: a normal sync")),
    }
}

async fn first(run: &CaseRun<'_>) -> CaseResult {
    expect_clean(&run.mac(V2026_7)).await?;
    Ok("clean".to_owned())
}

async fn asked(run: &CaseRun<'_>) -> CaseResult {
    let mut mac = run.known_mac().await?;
    mac.asks_clean = true;
    expect_clean(&mac).await?;
    Ok("clean".to_owned())
}

async fn with_rules(run: &CaseRun<'_>) -> CaseResult {
    let mut mac = run.mac(V2026_7);
    let synced = mac.sync().await?;
    if synced.kind == Kind::Normal {
        return Err(Stop::not_applicable("a first sync is not clean here"));
    }
    let valid = synced.rules.iter().filter(|value| rule::read(value, V2026_7).is_ok()).count();
    if valid == 0 {
        let fault = format!("a clean sync with {} rules, none of them valid", synced.rules.len());
        return Err(Stop::fails(fault));
    }
    Ok(format!("clean, with {valid} {}", if valid == 1 { "rule" } else { "rules" }))
}

async fn old_key(run: &CaseRun<'_>) -> CaseResult {
    let answer = run.mac(V2023_9).preflight().await?;
    match answer.get("clean_sync").and_then(|clean| clean.as_bool()) {
        Some(true) => Ok("clean_sync: true".to_owned()),
        Some(false) => Err(Stop::fails("clean_sync: false")),
        None => Err(Stop::fails("without clean_sync")),
    }
}

async fn again(run: &CaseRun<'_>) -> CaseResult {
    let mac = run.mac(V2026_7);
    expect_clean(&mac).await?;
    mac.page(None).await?;
    expect_clean(&mac).await?;
    Ok("clean again".to_owned())
}

async fn once(run: &CaseRun<'_>) -> CaseResult {
    let mac = run.known_mac().await?;
    match mac.kind(&mac.preflight().await?) {
        Kind::Normal => Ok("normal".to_owned()),
        Kind::Clean => Err(Stop::fails("clean again, but no one requested it")),
    }
}

async fn ordered(run: &CaseRun<'_>) -> CaseResult {
    let mut mac = run.known_mac().await?;
    if mac.kind(&mac.preflight().await?) == Kind::Clean {
        return Err(Stop::not_applicable("every sync is clean on this server"));
    }
    run.administer(Hook::OrderCleanSync, &mac, None).await?;
    if mac.sync().await?.kind == Kind::Normal {
        return Err(Stop::fails("a normal sync, but a clean one was ordered"));
    }
    match mac.kind(&mac.preflight().await?) {
        Kind::Normal => Ok("clean, then normal".to_owned()),
        Kind::Clean => Err(Stop::fails("another clean sync after the first was finished")),
    }
}
