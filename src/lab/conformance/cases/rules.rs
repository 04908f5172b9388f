//! Pages of rules.

use serde_json::{Value, json};

use crate::lab::conformance::case::{Case, must, should};
use crate::lab::conformance::case_run::CaseRun;
use crate::lab::conformance::mac::Page;
use crate::lab::conformance::rule::{self, V2022_4, V2026_7};
use crate::lab::conformance::stop::{CaseResult, Stop};

pub(super) const CASES: [Case; 9] = [
    must(
        "rules-list",
        "Every page has a list called rules, even if it is empty.",
        "Clients before 2024.6 fail without it.",
        |run| Box::pin(list(run)),
    ),
    must(
        "rules-cursor",
        "The last page has no cursor key, not even an empty or null one.",
        "Clients before 2024.6 request the page of an empty cursor again and again.",
        |run| Box::pin(cursor(run)),
    ),
    must(
        "rules-end",
        "A download ends within 1000 pages, and no cursor is sent twice.",
        "Clients follow cursors without a limit.",
        |run| Box::pin(end(run)),
    ),
    must(
        "rules-valid",
        "The newest client accepts every rule.",
        "Clients ignore a rule that they can't read, without an error.",
        |run| Box::pin(valid(run)),
    ),
    must(
        "rules-repeat",
        "If a page is requested twice, it has the same rules both times.",
        "Clients request a page up to five times.",
        |run| Box::pin(repeat(run)),
    ),
    must(
        "rules-restart",
        "A download that was aborted and started again is complete.",
        "A client may start again without a cursor at any time.",
        |run| Box::pin(restart(run)),
    ),
    should(
        "rules-strange-cursor",
        "An unknown cursor does no harm.",
        "A client may have one from before the server was updated or restored.",
        |run| Box::pin(strange_cursor(run)),
    ),
    must(
        "rules-alone",
        "Rules can be downloaded without a preflight.",
        "After a push message, a client requests only rules.",
        |run| Box::pin(alone(run)),
    ),
    must(
        "rules-empty-request",
        "A download may begin with the body {}.",
        "Clients before 2024.6 send {} until they have a cursor.",
        |run| Box::pin(empty_request(run)),
    ),
];

async fn list(run: &CaseRun<'_>) -> CaseResult {
    let mac = run.known_mac().await?;
    mac.preflight().await?;
    let answer = mac.ask("ruledownload", &mac.download_request(None)).await?;
    match answer.get("rules") {
        Some(Value::Array(rules)) => Ok(format!("a list of {}", rules.len())),
        Some(_) => Err(Stop::fails("`rules` is not a list")),
        None => Err(Stop::fails("a page without `rules`")),
    }
}

async fn cursor(run: &CaseRun<'_>) -> CaseResult {
    let mac = run.mac(V2026_7);
    mac.preflight().await?;
    let last = mac.pages(None).await?;
    let asked = last.iter().rev().nth(1).and_then(|page| page.cursor.as_deref());
    let answer = mac.ask("ruledownload", &mac.download_request(asked)).await?;
    match answer.get("cursor") {
        None => Ok("no cursor on the last page".to_owned()),
        Some(other) => Err(Stop::fails(format!("\"cursor\": {other} on the last page"))),
    }
}

async fn end(run: &CaseRun<'_>) -> CaseResult {
    let mac = run.mac(V2026_7);
    mac.preflight().await?;
    let pages = mac.pages(None).await?;
    let rules: usize = pages.iter().map(|page| page.rules.len()).sum();
    Ok(format!("pages: {}, rules: {rules}", pages.len()))
}

async fn valid(run: &CaseRun<'_>) -> CaseResult {
    let mac = run.mac(V2026_7);
    mac.preflight().await?;
    let rules = mac.download().await?;
    let mut dropped = rules.iter().filter_map(|value| rule::read(value, V2026_7).err());
    if let Some(first) = dropped.next() {
        let more = dropped.count();
        let others = if more == 0 { String::new() } else { format!(", and {more} more") };
        return Err(Stop::fails(format!("{first}{others}")));
    }
    Ok(format!("valid rules: {}", rules.len()))
}

async fn repeat(run: &CaseRun<'_>) -> CaseResult {
    let mac = run.mac(V2026_7);
    mac.preflight().await?;
    let first = mac.page(None).await?;
    same(&first, &mac.page(None).await?, "first")?;
    let Some(cursor) = first.cursor else {
        return Ok("the same rules on the only page".to_owned());
    };
    let second = mac.page(Some(&cursor)).await?;
    same(&second, &mac.page(Some(&cursor)).await?, "second")?;
    Ok("the same rules on two pages".to_owned())
}

fn same(one: &Page, other: &Page, which: &str) -> Result<(), Stop> {
    if one.rules == other.rules && one.cursor.is_some() == other.cursor.is_some() {
        return Ok(());
    }
    Err(Stop::fails(format!("the {which} page differs when it is requested again")))
}

async fn restart(run: &CaseRun<'_>) -> CaseResult {
    let mac = run.mac(V2026_7);
    mac.preflight().await?;
    let whole = mac.download().await?;
    mac.page(None).await?;
    let again = mac.download().await?;
    if whole == again {
        return Ok(format!("rules both times: {}", whole.len()));
    }
    let fault = format!("{} rules, then {}; the two downloads differ", whole.len(), again.len());
    Err(Stop::fails(fault))
}

async fn strange_cursor(run: &CaseRun<'_>) -> CaseResult {
    let mac = run.mac(V2026_7);
    mac.preflight().await?;
    let whole = mac.download().await?;
    let strange = mac.download_request(Some("bm90LWEtY3Vyc29y"));
    let answer = run.post(mac.json("ruledownload", &strange)).await?.without_server_error()?;
    let status = answer.status;
    if status == 200 {
        mac.pages(Some("bm90LWEtY3Vyc29y")).await?;
    }
    if mac.download().await? != whole {
        return Err(Stop::fails("the next download has different rules"));
    }
    Ok(format!("{status}, and the next download is complete"))
}

async fn alone(run: &CaseRun<'_>) -> CaseResult {
    let mac = run.known_mac().await?;
    let rules = mac.download().await?;
    run.mac(V2026_7).download().await?;
    Ok(format!("200; rules for an up-to-date host: {}", rules.len()))
}

async fn empty_request(run: &CaseRun<'_>) -> CaseResult {
    let mac = run.mac(V2022_4);
    mac.preflight().await?;
    mac.ask("ruledownload", &json!({})).await?;
    Ok("200".to_owned())
}
