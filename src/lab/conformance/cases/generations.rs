//! Rules, settings and syncs that depend on the version of the client.

use serde_json::json;

use crate::lab::conformance::case::{Case, must, should};
use crate::lab::conformance::case_run::CaseRun;
use crate::lab::conformance::hook::{Hook, Variable};
use crate::lab::conformance::mac::Mac;
use crate::lab::conformance::rule::{
    TestRule, V2022_4, V2023_9, V2024_8, V2024_9, V2026_5, V2026_7, Version,
};
use crate::lab::conformance::stop::{CaseResult, Stop};

const ADD: &[Hook] = &[Hook::AddRule];

pub(super) const CASES: [Case; 9] = [
    must(
        "generations-old-sync",
        "A client from 2022 completes a sync.",
        "It sends no machine ID in its bodies, and an empty body at the end.",
        |run| Box::pin(old_sync(run)),
    ),
    must(
        "generations-unknown",
        "A version that can't be read is accepted.",
        "Other clients of the protocol have versions of their own.",
        |run| Box::pin(unknown(run)),
    ),
    should(
        "generations-cdhash",
        "A CDHASH rule is not sent to clients before 2024.3.",
        "They ignore it, and report a rule that they did not process.",
        |run| Box::pin(withheld(run, TestRule::cdhash("BLOCKLIST"), V2023_9)),
    )
    .needs(ADD),
    should(
        "generations-signingid",
        "A SIGNINGID rule is not sent to clients before 2023.5.",
        "They drop it.",
        |run| Box::pin(withheld(run, TestRule::signing_id("BLOCKLIST"), V2022_4)),
    )
    .needs(ADD),
    should(
        "generations-cel",
        "A CEL rule is not sent to clients before 2025.6.",
        "They ignore it, and report a rule that they did not process.",
        |run| {
            let wanted = TestRule::binary("CEL")
                .with_cel("target.signing_time > timestamp('2025-01-01T00:00:00Z')");
            Box::pin(withheld(run, wanted, V2024_8))
        },
    )
    .needs(ADD),
    must(
        "generations-half-silent",
        "SILENT_GUI_BLOCKLIST reaches clients before 2026.6 as a policy that blocks.",
        "They ignore the policy, and the program runs instead of being blocked.",
        |run| Box::pin(half_silent(run)),
    )
    .needs(ADD),
    must(
        "generations-standalone",
        "Clients before 2024.11 get another mode instead of STANDALONE.",
        "They ignore STANDALONE and keep their current mode.",
        |run| Box::pin(standalone(run)),
    )
    .needs(&[Hook::SetMode]),
    must(
        "generations-update",
        "After its update, an old client gets the rules that it did not support before.",
        "Otherwise it would never get them.",
        |run| Box::pin(update(run)),
    )
    .needs(ADD),
    should(
        "generations-media",
        "block_usb_mount is sent in addition to removable_media_policy.",
        "Clients before 2026.3 know only the older key.",
        |run| Box::pin(media(run)),
    ),
];

async fn old_sync(run: &CaseRun<'_>) -> CaseResult {
    let mut mac = run.mac(V2022_4);
    let json = |stage, body| mac.json(stage, &body);
    run.post(json("preflight", mac.preflight_request())).await?.object()?;
    run.post(json("ruledownload", json!({}))).await?.object()?;
    let first = mac.sync().await?;
    mac.sync().await?;
    Ok(format!("synced twice; rules at first: {}", first.rules.len()))
}

async fn unknown(run: &CaseRun<'_>) -> CaseResult {
    for text in ["", "next", "1.2.3.4-beta+local"] {
        let mut mac = run.mac(Version { text, ..V2026_7 });
        mac.sync().await?;
    }
    Ok("synced".to_owned())
}

/// Expects that the server does not send the rule to a client of this version. A removal of the
/// rule may be sent.
async fn withheld(run: &CaseRun<'_>, wanted: TestRule, client: Version) -> CaseResult {
    let mut mac = run.mac(client);
    mac.sync().await?;
    run.add_rule(&mac, &wanted, None).await?;
    let synced = mac.sync().await?;
    let identifier = wanted.key.identifier.as_str();
    if let Some(sent) = synced.rules.iter().find(|rule| names(rule, identifier)) {
        let policy = sent.get("policy").and_then(|policy| policy.as_str()).unwrap_or("?");
        if policy != "REMOVE" {
            return Err(Stop::fails(format!("sent to {}", client.text)));
        }
    }
    Ok(format!("not sent to {}", client.text))
}

fn names(rule: &serde_json::Value, identifier: &str) -> bool {
    let is = |key: &str| rule.get(key).and_then(|value| value.as_str()) == Some(identifier);
    is("identifier") || is("sha256")
}

async fn half_silent(run: &CaseRun<'_>) -> CaseResult {
    let mut mac = run.mac(V2026_5);
    mac.sync().await?;
    let wanted = TestRule::binary("SILENT_GUI_BLOCKLIST");
    run.add_rule(&mac, &wanted, None).await?;
    mac.sync().await?;
    match mac.policy(&wanted.key) {
        Some(policy @ ("BLOCKLIST" | "SILENT_BLOCKLIST")) => Ok(format!("as {policy}")),
        Some(policy) => Err(Stop::fails(format!("as {policy}"))),
        None => Err(Stop::fails("the host has no rule for it")),
    }
}

async fn standalone(run: &CaseRun<'_>) -> CaseResult {
    let mut newest = run.mac(V2026_7);
    newest.sync().await?;
    let mut old = run.mac(V2024_9);
    old.sync().await?;
    let set = Some((Variable::Mode, "STANDALONE"));
    run.administer(Hook::SetMode, &newest, set).await?;
    run.administer(Hook::SetMode, &old, set).await?;
    let modes = (mode(&newest).await?, mode(&old).await?);
    let back = Some((Variable::Mode, "MONITOR"));
    run.administer(Hook::SetMode, &newest, back).await?;
    run.administer(Hook::SetMode, &old, back).await?;
    match (modes.0.as_str(), modes.1.as_str()) {
        ("STANDALONE", mode @ ("LOCKDOWN" | "MONITOR")) => Ok(format!("{mode} for 2024.9")),
        ("STANDALONE", mode) => Err(Stop::fails(format!("{mode} for 2024.9"))),
        (mode, _) => Err(Stop::fails(format!("{mode} for 2026.7, although STANDALONE was set"))),
    }
}

async fn mode(mac: &Mac<'_>) -> Result<String, Stop> {
    let settings = mac.preflight().await?;
    let mode = settings.get("client_mode").and_then(|mode| mode.as_str()).unwrap_or("no mode");
    Ok(mode.to_owned())
}

async fn update(run: &CaseRun<'_>) -> CaseResult {
    let mut mac = run.mac(V2023_9);
    mac.sync().await?;
    let wanted = TestRule::cdhash("BLOCKLIST");
    run.add_rule(&mac, &wanted, None).await?;
    mac.sync().await?;
    mac.client = V2026_7;
    mac.sync().await?;
    mac.has_rule(&wanted)?;
    Ok("the host has the rule".to_owned())
}

async fn media(run: &CaseRun<'_>) -> CaseResult {
    let settings = run.mac(V2026_7).preflight().await?;
    let has = |key: &str| settings.get(key).is_some_and(|value| !value.is_null());
    let newer = has("removable_media_policy") || has("removableMediaPolicy");
    match (newer, has("block_usb_mount")) {
        (_, true) => Ok("both keys, or only the older one".to_owned()),
        (false, false) => Err(Stop::not_applicable("the server does not set removable media")),
        (true, false) => Err(Stop::fails("only removable_media_policy")),
    }
}
