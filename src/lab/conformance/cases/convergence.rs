//! Checks that a host has its active rules after every completed sync.

use crate::lab::conformance::case::{Case, must};
use crate::lab::conformance::case_run::CaseRun;
use crate::lab::conformance::hook::{Hook, Variable};
use crate::lab::conformance::mac::{Kind, Mac};
use crate::lab::conformance::rule::{TestRule, V2026_7};
use crate::lab::conformance::stop::{CaseResult, Stop};

const ADD: &[Hook] = &[Hook::AddRule];
const ADD_AND_REMOVE: &[Hook] = &[Hook::AddRule, Hook::RemoveRule];

pub(super) const CASES: [Case; 10] = [
    must(
        "convergence-add",
        "The host has an added rule after the next sync.",
        "This is the purpose of a sync server.",
        |run| Box::pin(add(run)),
    )
    .needs(ADD),
    must(
        "convergence-change",
        "After a change of policy, the host has the rule with its new policy.",
        "Otherwise the host would keep the old policy.",
        |run| Box::pin(change(run)),
    )
    .needs(ADD),
    must(
        "convergence-remove",
        "A removed rule is deleted at the next sync, by a REMOVE or a clean sync.",
        "A client keeps a rule until it receives its removal.",
        |run| Box::pin(remove(run)),
    )
    .needs(ADD_AND_REMOVE),
    must(
        "convergence-unprocessed",
        "Rules that the host did not process are sent again.",
        "A host can fail to write its database.",
        |run| Box::pin(unprocessed(run)),
    )
    .needs(ADD),
    must(
        "convergence-preflight-alone",
        "A preflight without the other stages loses no rule.",
        "After a new push token, a client sends only a preflight.",
        |run| Box::pin(preflight_alone(run)),
    )
    .needs(ADD),
    must(
        "convergence-download-lost",
        "A download that the host did not finish loses no rule.",
        "The connection can break at any page.",
        |run| Box::pin(download_lost(run)),
    )
    .needs(ADD),
    must(
        "convergence-postflight-lost",
        "A rule is removed from a host even if the postflight after its download was lost.",
        "Clients apply downloaded rules even if the postflight fails.",
        |run| Box::pin(postflight_lost(run)),
    )
    .needs(ADD_AND_REMOVE),
    must(
        "convergence-rules-alone",
        "A rule from a download without a sync can be removed again.",
        "Such a download has no postflight, and the client applies it.",
        |run| Box::pin(rules_alone(run)),
    )
    .needs(ADD_AND_REMOVE),
    must(
        "convergence-overlap",
        "Overlapping requests of one host all get responses, and no rule is lost.",
        "A retried request can arrive while the first one is still in progress.",
        |run| Box::pin(overlap(run)),
    )
    .needs(ADD),
    must(
        "convergence-tag",
        "A host gets and loses the rules for a tag together with the tag.",
        "Otherwise the host would keep the rules of a group that it has left.",
        |run| Box::pin(tag(run)),
    )
    .needs(&[Hook::AddRule, Hook::TagHost, Hook::UntagHost]),
];

/// A host that has synced once, and a rule for this host that was added after the sync.
async fn with_new_rule<'r>(run: &'r CaseRun<'_>) -> Result<(Mac<'r>, TestRule), Stop> {
    let (mac, rule) = (run.known_mac().await?, TestRule::binary("BLOCKLIST"));
    run.add_rule(&mac, &rule, None).await?;
    Ok((mac, rule))
}

async fn add(run: &CaseRun<'_>) -> CaseResult {
    let (mut mac, rule) = with_new_rule(run).await?;
    mac.sync().await?;
    mac.has_rule(&rule)?;
    Ok("the host has the rule".to_owned())
}

async fn change(run: &CaseRun<'_>) -> CaseResult {
    let (mut mac, block) = with_new_rule(run).await?;
    mac.sync().await?;
    mac.has_rule(&block)?;
    let allow = TestRule { policy: "ALLOWLIST", ..block };
    run.add_rule(&mac, &allow, None).await?;
    mac.sync().await?;
    mac.has_rule(&allow)?;
    Ok("BLOCKLIST, then ALLOWLIST".to_owned())
}

async fn remove(run: &CaseRun<'_>) -> CaseResult {
    let (mut mac, rule) = with_new_rule(run).await?;
    mac.sync().await?;
    mac.has_rule(&rule)?;
    run.remove_rule(&rule).await?;
    let synced = mac.sync().await?;
    mac.has_no_rule(&rule)?;
    let how = if synced.kind == Kind::Clean { "a clean sync" } else { "REMOVE" };
    Ok(format!("deleted by {how}"))
}

async fn unprocessed(run: &CaseRun<'_>) -> CaseResult {
    let (mut mac, rule) = with_new_rule(run).await?;
    let kind = mac.kind(&mac.preflight().await?);
    let rules = mac.download().await?;
    run.post(mac.postflight(kind, rules.len(), 0)).await?.ok()?;
    mac.sync().await?;
    mac.has_rule(&rule)?;
    Ok("sent again".to_owned())
}

async fn preflight_alone(run: &CaseRun<'_>) -> CaseResult {
    let (mut mac, rule) = with_new_rule(run).await?;
    mac.preflight().await?;
    mac.sync().await?;
    mac.has_rule(&rule)?;
    Ok("the host has the rule".to_owned())
}

async fn download_lost(run: &CaseRun<'_>) -> CaseResult {
    let (mut mac, rule) = with_new_rule(run).await?;
    mac.preflight().await?;
    mac.download().await?;
    mac.sync().await?;
    mac.has_rule(&rule)?;
    Ok("the host has the rule".to_owned())
}

async fn postflight_lost(run: &CaseRun<'_>) -> CaseResult {
    let (mut mac, rule) = with_new_rule(run).await?;
    mac.sync_without_postflight().await?;
    mac.has_rule(&rule)?;
    run.remove_rule(&rule).await?;
    mac.sync().await?;
    mac.has_no_rule(&rule)?;
    Ok("the rule is gone".to_owned())
}

async fn rules_alone(run: &CaseRun<'_>) -> CaseResult {
    let (mut mac, rule) = with_new_rule(run).await?;
    let rules = mac.download().await?;
    mac.apply(Kind::Normal, &rules);
    let received = mac.has_rule(&rule).is_ok();
    run.remove_rule(&rule).await?;
    mac.sync().await?;
    mac.has_no_rule(&rule)?;
    Ok(match received {
        true => "received in the download, then deleted".to_owned(),
        false => "the download did not contain the rule".to_owned(),
    })
}

async fn overlap(run: &CaseRun<'_>) -> CaseResult {
    let (mut mac, rule) = with_new_rule(run).await?;
    let (one, other) = tokio::join!(mac.preflight(), mac.preflight());
    let kind = mac.kind(&one?);
    other?;
    let (one, other) = tokio::join!(mac.download(), mac.download());
    let rules = one?;
    other?;
    let processed = mac.apply(kind, &rules);
    let end = || run.post(mac.postflight(kind, rules.len(), processed));
    let (one, other) = tokio::join!(end(), end());
    one?.ok()?;
    other?.ok()?;
    mac.sync().await?;
    mac.has_rule(&rule)?;
    Ok("200 for all; the host has the rule".to_owned())
}

async fn tag(run: &CaseRun<'_>) -> CaseResult {
    let mut mac = run.mac(V2026_7);
    mac.sync().await?;
    let tag = mac.id.to_lowercase();
    let value = Some((Variable::Tag, tag.as_str()));
    run.administer(Hook::TagHost, &mac, value).await?;
    let rule = TestRule::binary("BLOCKLIST");
    run.add_rule(&mac, &rule, Some(&tag)).await?;
    mac.sync().await?;
    mac.has_rule(&rule)?;
    run.administer(Hook::UntagHost, &mac, value).await?;
    mac.sync().await?;
    if mac.has_rule(&rule).is_ok() {
        return Err(Stop::fails("the host no longer has the tag, but still has its rule"));
    }
    Ok("received with the tag, then deleted with it".to_owned())
}
