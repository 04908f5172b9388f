//! What a decision is about: the program of the event, and the rule that blocks it.

use std::cmp::Ordering;
use std::mem::discriminant;

use super::view::event_label;
use crate::api::{Code, EvaluationRequest, EventDetail, RulePart, RuleView};
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::labels::{host_label, joined, rule_label};
use crate::client::{Client, ClientError, exactly};
use crate::fleet::EventKind;
use crate::rule::{PolicyKind, RuleType, Scope, Target};

/// The rule that a decision would create, as far as it is chosen.
pub(super) struct PlannedRule<'a> {
    pub(super) policy: PolicyKind,
    pub(super) rule_type: Option<RuleType>,
    /// `None` for the host that reported the event.
    pub(super) scope: Option<&'a Scope>,
    /// Whether questions will still change the type and the scope.
    pub(super) is_open: bool,
}

/// Shows the name of the program, because the number of a program can also be an event ID.
pub(super) fn announce(context: &Context, detail: &EventDetail) {
    let event = &detail.event;
    let user = match event.user.as_str() {
        "" => String::new(),
        user => format!(" for {user}"),
    };
    let host = host_label(&event.hostname, &event.machine);
    context.ui.status(format!("event {}: {} on {host}{user}", event.id, event_label(event)));
}

/// Warns if the approved program is blocked by a rule on the host that reported the event.
pub(super) async fn warn_of_block(
    context: &Context,
    client: &Client,
    detail: &EventDetail,
    planned: &PlannedRule<'_>,
) -> Result<(), CliError> {
    let event = &detail.event;
    if !planned.policy.allows() || event.kind == EventKind::FileAccess {
        return Ok(());
    }
    let request = EvaluationRequest {
        program: event.program.clone(),
        path: event.path.clone(),
        no_code: false,
        no_page_zero: false,
    };
    let view = match client.evaluate(&exactly(&event.machine), &request).await {
        Ok(view) => view,
        // The host was forgotten.
        Err(ClientError::Problem(problem)) if problem.code == Code::NotFound => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    let mut rules = view.rules.iter().filter(|matched| matched.part == RulePart::Decides);
    if let Some(matched) = rules.next()
        && is_block(&matched.rule.rule.policy)
    {
        context.ui.warn(warning(
            event_label(event),
            &matched.rule,
            effect(detail, planned, &matched.rule),
        ));
    }
    Ok(())
}

fn is_block(policy: &str) -> bool {
    matches!(
        policy.parse(),
        Ok(PolicyKind::Block
            | PolicyKind::SilentBlock
            | PolicyKind::SilentBlockGui
            | PolicyKind::SilentBlockTty)
    )
}

fn warning(name: &str, view: &RuleView, effect: &str) -> String {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let by = format!("by {}", view.author);
    let (ticket, comment) = (text(&view.rule.ticket), text(&view.rule.comment));
    let about = joined([ticket.as_str(), &comment, &by], ", ");
    format!("{name} is blocked by the rule {} ({about}): {effect}", rule_label(&view.rule))
}

/// What the new rule changes about a rule that blocks the program on the host.
fn effect(detail: &EventDetail, planned: &PlannedRule<'_>, blocking: &RuleView) -> &'static str {
    const OVERRIDES: &str = "the approval overrides it";
    const MAY_OVERRIDE: &str = "the approval may override it";
    const TOO_WEAK: &str = "the approval does not override it";
    if planned.is_open {
        return MAY_OVERRIDE;
    }
    let fits =
        |target: &&Target| planned.rule_type.is_none_or(|wanted| wanted == target.rule_type());
    let chosen = detail.candidates.iter().map(|each| &each.target).find(fits);
    let (Some(chosen), Ok(target)) = (chosen, blocking.rule.target.parse::<Target>()) else {
        return MAY_OVERRIDE;
    };
    if *chosen != target {
        // Rule types are ordered, strongest first.
        return if chosen.rule_type() < target.rule_type() { OVERRIDES } else { TOO_WEAK };
    }
    let host = Scope::Host(detail.event.machine.clone());
    let scope = planned.scope.unwrap_or(&host);
    let Ok(other) = blocking.rule.scope.parse::<Scope>() else { return MAY_OVERRIDE };
    match scope.cmp(&other) {
        Ordering::Equal => "the approval replaces it",
        // Priorities decide between tags.
        _ if discriminant(scope) == discriminant(&other) => MAY_OVERRIDE,
        Ordering::Less => TOO_WEAK,
        Ordering::Greater => OVERRIDES,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::event::question::tests::event;

    fn block(target: &str, scope: &str) -> RuleView {
        let json = serde_json::json!({
            "target": target, "scope": scope, "policy": "block", "ticket": "IT-4711",
            "revision": 3, "author": "anna", "since": "2026-11-20T11:58:00Z",
        });
        serde_json::from_value(json).unwrap()
    }

    fn effect_of(view: &RuleView, rule_type: Option<RuleType>, scope: &str) -> &'static str {
        let scope: Scope = scope.parse().unwrap();
        let policy = PolicyKind::Allow;
        let planned = PlannedRule { policy, rule_type, scope: Some(&scope), is_open: false };
        effect(&event(), &planned, view)
    }

    #[test]
    fn the_warning_has_the_scope_the_ticket_and_the_author() {
        let view = block("teamid:H3ZC9YV6RK", "fleet");
        assert_eq!(
            warning("Pinecone", &view, effect_of(&view, None, "host:M1")),
            "Pinecone is blocked by the rule block teamid:H3ZC9YV6RK in fleet (IT-4711, by anna): \
            the approval overrides it"
        );
    }

    #[test]
    fn an_approval_overrides_only_weaker_rules() {
        let same = "signingid:H3ZC9YV6RK:example.pinecone";
        let binary = format!("binary:{}", "ab".repeat(32));
        for (target, scope, expected) in [
            (same, "fleet", "the approval overrides it"),
            (same, "tag:eng", "the approval replaces it"),
            (same, "host:M1", "the approval does not override it"),
            (binary.as_str(), "fleet", "the approval does not override it"),
        ] {
            assert_eq!(effect_of(&block(target, scope), None, "tag:eng"), expected, "{target}");
        }
    }
}
