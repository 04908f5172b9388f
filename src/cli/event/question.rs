//! Questions about one event before a rule is created.

use jiff::Timestamp;

use super::decide::DecisionArgs;
use super::decide::wording::{self, fleet_size, place, this_mac};
use super::view;
use crate::api::{BundleView, Code, DecisionRequest, EventDetail, HostView};
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::labels::{capital, host_label, program_label};
use crate::cli::ui::{Offer, relative};
use crate::client::{Client, ClientError, exactly};
use crate::rule::Scope;

/// Shows the event, asks for the rule, its scope and its details, and adds them to `request`.
pub(super) async fn ask(
    context: &Context,
    client: &Client,
    event: &EventDetail,
    args: &mut DecisionArgs,
    request: &mut DecisionRequest,
) -> Result<(), CliError> {
    let ui = &context.ui;
    show_event(context, event);
    if event.candidates.is_empty() {
        let text = format!("event {} has no program that a rule could match", event.event.id);
        return Err(CliError::failed(text));
    }
    ui.status(format!("  why the first is best: {}", event.reason));
    let rules = event.candidates.iter().map(|each| Offer::new(&each.target, &each.covers));
    let chosen = ui.select(&format!("Rule to {}", request.policy), &rules.collect::<Vec<_>>())?;
    let target = &event.candidates[chosen].target;
    let (scope, place) = ask_scope(context, client, event).await?;
    args.ask_details(ui)?;
    (request.expires, request.expires_in) = args.expires(ui.now())?;
    request.ticket = args.ticket.clone();
    ui.confirm(&format!("{} {target} on {place}?", capital(request.policy.word())), false)?;
    request.rule_type = Some(target.rule_type());
    request.scope = Some(scope);
    Ok(())
}

/// Shows the event, and asks for the scope in which all programs of its bundle are allowed.
pub(super) async fn ask_bundle(
    context: &Context,
    client: &Client,
    event: &EventDetail,
    bundle: &BundleView,
) -> Result<Scope, CliError> {
    show_event(context, event);
    let (scope, place) = ask_scope(context, client, event).await?;
    let BundleView { name, binary_count, .. } = bundle;
    let question = format!("Allow all programs of {name} ({binary_count}) on {place}?");
    context.ui.confirm(&question, false)?;
    Ok(scope)
}

fn show_event(context: &Context, event: &EventDetail) {
    for line in description(event, context.ui.now()) {
        context.ui.status(line);
    }
}

/// Asks for the scope. Returns it with the place where it applies.
async fn ask_scope(
    context: &Context,
    client: &Client,
    event: &EventDetail,
) -> Result<(Scope, String), CliError> {
    let host = match client.host(&exactly(&event.event.machine)).await {
        Ok(host) => Some(host),
        Err(ClientError::Problem(problem)) if problem.code == Code::NotFound => None,
        Err(error) => return Err(error.into()),
    };
    let mut scopes = scopes(event, host.as_ref());
    let hostname = host_label(&event.event.hostname, &event.event.machine);
    let fleet = fleet_size(client).await;
    let offers: Vec<Offer> = scopes
        .iter()
        .map(|scope| match scope {
            Scope::Host(_) => this_mac(hostname),
            Scope::Fleet | Scope::Group(_) | Scope::Tag(_) | Scope::User(_) => {
                wording::offer(scope, fleet, None)
            }
        })
        .collect();
    let scope = scopes.swap_remove(context.ui.select("Scope", &offers)?);
    let place = place(&scope, |_| hostname.to_owned());
    Ok((scope, place))
}

fn description(event: &EventDetail, now: Timestamp) -> Vec<String> {
    let view = &event.event;
    let program = &view.program;
    let happened = relative(view.happened(), now);
    let name = program_label(&view.path, "");
    let signed = match &program.certificate {
        Some(leaf) => format!("{}, {}", program.signing_status.word(), leaf.common_name),
        None => program.signing_status.word().to_owned(),
    };
    let known = [
        ("file", view.path.clone()),
        ("bundle", view::bundle(event)),
        ("host", host_label(&view.hostname, &view.machine).to_owned()),
        ("user", view.user.clone()),
        ("parent", event.parent_name.clone()),
        ("signed", signed),
        ("from", event.download_url.clone()),
    ];
    let known = known.into_iter().filter(|(_, text)| !text.is_empty());
    std::iter::once(format!("{name}: {} {happened}", view.decision))
        .chain(known.map(|(what, text)| format!("  {what:<8}{text}")))
        .collect()
}

/// The scopes to choose from, narrowest first.
fn scopes(event: &EventDetail, host: Option<&HostView>) -> Vec<Scope> {
    let mut scopes = vec![Scope::Host(event.event.machine.clone())];
    if let Some(host) = host {
        scopes.extend(Scope::user(&host.primary_user));
        scopes.extend(host.tags.iter().cloned().map(Scope::Tag));
    }
    scopes.push(Scope::Fleet);
    scopes
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A blocked program with a production signature.
    pub(in crate::cli::event) fn event() -> EventDetail {
        let json = serde_json::json!({
            "id": 1204,
            "kind": "execution",
            "received": "2026-11-20T11:58:00Z",
            "occurred": "2026-11-20T11:57:00Z",
            "machine": "M1",
            "hostname": "mira-mbp.local",
            "user": "mira",
            "decision": "BLOCK_UNKNOWN",
            "path": "/Applications/Pinecone.app/Contents/MacOS/Pinecone",
            "program": {
                "sha256": "ab".repeat(32),
                "team_id": "H3ZC9YV6RK",
                "signing_id": "H3ZC9YV6RK:example.pinecone",
                "signing_status": "production",
                "certificate": {"sha256": "cd".repeat(32), "common_name": "Pinecone Software AB"}
            },
            "pid": 7,
            "parent_name": "launchd",
            "bundle_name": "Pinecone",
            "bundle_version": "3.8.2",
            "download_url": "",
            "signing_chain": [],
            "candidates": [{
                "target": "signingid:H3ZC9YV6RK:example.pinecone",
                "covers": "every version of this program"
            }],
            "reason": "a signing ID stays valid after updates and matches only this program",
            "other_fields": {}
        });
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn the_description_has_the_user_the_host_and_the_signature() {
        let now = "2026-11-20T12:00:00Z".parse().unwrap();
        assert_eq!(
            description(&event(), now),
            [
                "Pinecone: BLOCK_UNKNOWN 3m ago",
                "  file    /Applications/Pinecone.app/Contents/MacOS/Pinecone",
                "  bundle  Pinecone 3.8.2",
                "  host    mira-mbp.local",
                "  user    mira",
                "  parent  launchd",
                "  signed  production, Pinecone Software AB",
            ]
        );
    }

    #[test]
    fn a_forgotten_host_has_two_scopes_narrowest_first() {
        let words: Vec<String> = scopes(&event(), None).iter().map(ToString::to_string).collect();
        assert_eq!(words, ["host:M1", "fleet"]);
    }
}
