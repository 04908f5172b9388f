//! The end of a sync.

use serde_json::json;

use crate::lab::conformance::case::{Case, must, should};
use crate::lab::conformance::case_run::CaseRun;
use crate::lab::conformance::mac::Kind;
use crate::lab::conformance::request::JSON;
use crate::lab::conformance::rule::{V2022_4, V2026_7};
use crate::lab::conformance::stop::{CaseResult, Stop};

pub(super) const CASES: [Case; 4] = [
    must(
        "postflight-empty",
        "A postflight of zero bytes ends the sync.",
        "Clients up to 2023.7 send an empty body at the end.",
        |run| Box::pin(empty(run)),
    ),
    must(
        "postflight-uncounted",
        "A postflight without counts is accepted.",
        "Clients leave out zeros.",
        |run| Box::pin(uncounted(run)),
    ),
    should(
        "postflight-alone",
        "A postflight without a sync does no harm.",
        "The server may have been restored since the preflight.",
        |run| Box::pin(alone(run)),
    ),
    must(
        "postflight-repeated",
        "The same postflight can be sent twice.",
        "A client retries if the response was lost.",
        |run| Box::pin(repeated(run)),
    ),
];

async fn empty(run: &CaseRun<'_>) -> CaseResult {
    let mut mac = run.mac(V2022_4);
    let (synced, _) = mac.sync_without_postflight().await?;
    let request = mac.request("postflight", Vec::new()).typed(Some(JSON));
    run.post(request).await?.ok()?;
    let next = mac.kind(&mac.preflight().await?);
    match (synced.kind, next) {
        (Kind::Clean, Kind::Clean) => {
            Err(Stop::fails("200, but the next sync is clean again: the postflight was ignored"))
        }
        (Kind::Clean | Kind::Normal, _) => Ok("200, and the next sync is normal".to_owned()),
    }
}

async fn uncounted(run: &CaseRun<'_>) -> CaseResult {
    let mac = run.known_mac().await?;
    mac.preflight().await?;
    mac.download().await?;
    mac.ask("postflight", &json!({"machine_id": mac.id})).await?;
    mac.ask("postflight", &json!({})).await?;
    Ok("200".to_owned())
}

async fn alone(run: &CaseRun<'_>) -> CaseResult {
    let known = run.known_mac().await?;
    let mut statuses = Vec::new();
    for mac in [&known, &run.mac(V2026_7)] {
        let answer = run.post(mac.postflight(Kind::Normal, 3, 3)).await?.without_server_error()?;
        statuses.push(answer.status.to_string());
    }
    known.preflight().await?;
    Ok(format!("{} for a known host, {} for a new one", statuses[0], statuses[1]))
}

async fn repeated(run: &CaseRun<'_>) -> CaseResult {
    let mut mac = run.mac(V2026_7);
    let (synced, processed) = mac.sync_without_postflight().await?;
    for _ in 0..2 {
        let request = mac.postflight(synced.kind, synced.rules.len(), processed);
        run.post(request).await?.ok()?;
    }
    Ok("200 both times".to_owned())
}
