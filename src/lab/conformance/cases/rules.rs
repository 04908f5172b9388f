//! Pages of rules.

use serde_json::{Value, json};

use super::known;
use crate::lab::conformance::case::Demand::{Must, Should};
use crate::lab::conformance::case::{Case, Stage};
use crate::lab::conformance::mac::Page;
use crate::lab::conformance::rule::{self, V2022_4, V2026_7};
use crate::lab::conformance::server::Request;
use crate::lab::conformance::trial::Trial;
use crate::lab::conformance::verdict::{Outcome, Stop};

pub(super) const CASES: [Case; 9] = [
    Case {
        id: "rules-list",
        stage: Stage::Rules,
        demand: Must,
        asks: "Every page has the list rules, empty where there are none.",
        why: "Clients before 2024.6 fail without it.",
        needs: &[],
        run: |trial| Box::pin(list(trial)),
    },
    Case {
        id: "rules-cursor",
        stage: Stage::Rules,
        demand: Must,
        asks: "The last page has no cursor: neither an empty one nor null.",
        why: "Clients before 2024.6 ask for the page of an empty cursor, for ever.",
        needs: &[],
        run: |trial| Box::pin(cursor(trial)),
    },
    Case {
        id: "rules-end",
        stage: Stage::Rules,
        demand: Must,
        asks: "A download ends within 1000 pages, and no cursor comes twice.",
        why: "Clients follow cursors without a limit.",
        needs: &[],
        run: |trial| Box::pin(end(trial)),
    },
    Case {
        id: "rules-valid",
        stage: Stage::Rules,
        demand: Must,
        asks: "Every rule is one that the newest client takes.",
        why: "Clients drop a rule that they can't read, in silence.",
        needs: &[],
        run: |trial| Box::pin(valid(trial)),
    },
    Case {
        id: "rules-repeat",
        stage: Stage::Rules,
        demand: Must,
        asks: "A page that is asked for twice has the same rules twice.",
        why: "Clients try a page up to five times.",
        needs: &[],
        run: |trial| Box::pin(repeat(trial)),
    },
    Case {
        id: "rules-restart",
        stage: Stage::Rules,
        demand: Must,
        asks: "A download that is given up and begun again is whole.",
        why: "A client may start from no cursor at any time.",
        needs: &[],
        run: |trial| Box::pin(restart(trial)),
    },
    Case {
        id: "rules-strange-cursor",
        stage: Stage::Rules,
        demand: Should,
        asks: "A cursor that the server never gave breaks nothing.",
        why: "A client may hold one from before the server was updated or restored.",
        needs: &[],
        run: |trial| Box::pin(strange_cursor(trial)),
    },
    Case {
        id: "rules-alone",
        stage: Stage::Rules,
        demand: Must,
        asks: "Rules are served without a preflight before.",
        why: "A push message makes a client ask for rules alone.",
        needs: &[],
        run: |trial| Box::pin(alone(trial)),
    },
    Case {
        id: "rules-empty-request",
        stage: Stage::Rules,
        demand: Must,
        asks: "A download may begin with the body {}.",
        why: "Clients before 2024.6 have nothing to say until they hold a cursor.",
        needs: &[],
        run: |trial| Box::pin(empty_request(trial)),
    },
];

async fn list(trial: &Trial<'_>) -> Outcome {
    let mac = known(trial).await?;
    mac.preflight().await?;
    let answer = mac.ask("ruledownload", &mac.download_request(None)).await?;
    match answer.get("rules") {
        Some(Value::Array(rules)) => Ok(format!("a list of {}", rules.len())),
        Some(_) => Err(Stop::fails("`rules` is no list")),
        None => Err(Stop::fails("a page without `rules`")),
    }
}

async fn cursor(trial: &Trial<'_>) -> Outcome {
    let mac = trial.mac(V2026_7);
    mac.preflight().await?;
    let last = mac.pages(None).await?;
    let asked = last.iter().rev().nth(1).and_then(|page| page.cursor.as_deref());
    let answer = mac.ask("ruledownload", &mac.download_request(asked)).await?;
    match answer.get("cursor") {
        None => Ok("no cursor on the last page".to_owned()),
        Some(other) => Err(Stop::fails(format!("\"cursor\": {other} on the last page"))),
    }
}

async fn end(trial: &Trial<'_>) -> Outcome {
    let mac = trial.mac(V2026_7);
    mac.preflight().await?;
    let pages = mac.pages(None).await?;
    let rules: usize = pages.iter().map(|page| page.rules.len()).sum();
    Ok(format!("pages: {}, rules: {rules}", pages.len()))
}

async fn valid(trial: &Trial<'_>) -> Outcome {
    let mac = trial.mac(V2026_7);
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

async fn repeat(trial: &Trial<'_>) -> Outcome {
    let mac = trial.mac(V2026_7);
    mac.preflight().await?;
    let first = mac.page(None).await?;
    same(&first, &mac.page(None).await?, "first")?;
    let Some(cursor) = first.cursor else {
        return Ok("the same, of one page".to_owned());
    };
    let second = mac.page(Some(&cursor)).await?;
    same(&second, &mac.page(Some(&cursor)).await?, "second")?;
    Ok("the same, of two pages".to_owned())
}

fn same(one: &Page, other: &Page, which: &str) -> Result<(), Stop> {
    if one.rules == other.rules && one.cursor.is_some() == other.cursor.is_some() {
        return Ok(());
    }
    Err(Stop::fails(format!("the {which} page has other rules when it is asked for again")))
}

async fn restart(trial: &Trial<'_>) -> Outcome {
    let mac = trial.mac(V2026_7);
    mac.preflight().await?;
    let whole = mac.download().await?;
    mac.page(None).await?;
    let again = mac.download().await?;
    if whole == again {
        return Ok(format!("rules both times: {}", whole.len()));
    }
    let told = format!("{} rules, then {} or others", whole.len(), again.len());
    Err(Stop::fails(told))
}

async fn strange_cursor(trial: &Trial<'_>) -> Outcome {
    let mac = trial.mac(V2026_7);
    mac.preflight().await?;
    let whole = mac.download().await?;
    let strange = mac.download_request(Some("bm90LWEtY3Vyc29y"));
    let answer = trial.post(Request::json("ruledownload", &mac, &strange)).await?.unbroken()?;
    let status = answer.status;
    if status == 200 {
        mac.pages(Some("bm90LWEtY3Vyc29y")).await?;
    }
    if mac.download().await? != whole {
        return Err(Stop::fails("the download after it has other rules"));
    }
    Ok(format!("{status}, and the next download is whole"))
}

async fn alone(trial: &Trial<'_>) -> Outcome {
    let mac = known(trial).await?;
    let rules = mac.download().await?;
    trial.mac(V2026_7).download().await?;
    Ok(format!("200; rules for a host in sync: {}", rules.len()))
}

async fn empty_request(trial: &Trial<'_>) -> Outcome {
    let mac = trial.mac(V2022_4);
    mac.preflight().await?;
    mac.ask("ruledownload", &json!({})).await?;
    Ok("200".to_owned())
}
