//! Rules for all programs of a bundle.

use super::decide::DecisionArgs;
use super::question;
use crate::api::{BundleAnswer, BundleApproval, BundleState, BundleView, EventDetail};
use crate::cli::change::{self, DecidedRules};
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::ui::Ui;
use crate::fleet::EventId;

pub(super) async fn run(
    context: &Context,
    id: EventId,
    args: DecisionArgs,
) -> Result<(), CliError> {
    let ui = &context.ui;
    let client = context.client_to_change(args.dry_run).await?;
    let (expires, expires_in) = args.expires(ui.now())?;
    let mut request = BundleApproval {
        scope: None,
        expires,
        expires_in,
        comment: args.comment.clone(),
        ticket: args.ticket.clone(),
        dry_run: args.dry_run,
    };
    let event = client.event(id).await?;
    if args.is_complete() {
        super::subject::announce(context, &event);
        if let Some(scope) = args.scope.clone() {
            request.scope = Some(context.scope(&client, scope).await?);
        }
    } else {
        // For an incomplete bundle, no question is asked, because the server refuses the approval
        // and returns the reason.
        if let Some(bundle) = complete(&event) {
            if !ui.can_ask() {
                return Err(undecided(ui, &event, bundle));
            }
            request.scope = Some(question::ask_bundle(context, &client, &event, bundle).await?);
        }
    }
    let answer = client.approve_bundle(id, &request).await?;
    show(context, &answer, args.dry_run)?;
    args.wait(context, &client, &answer.machine).await
}

fn complete(event: &EventDetail) -> Option<&BundleView> {
    event.bundle.as_ref().filter(|bundle| bundle.state == BundleState::Complete)
}

/// The error if no flag gives the scope and the user cannot be prompted.
fn undecided(ui: &Ui, event: &EventDetail, bundle: &BundleView) -> CliError {
    let BundleView { name, binary_count, .. } = bundle;
    CliError::usage(format!("choose a scope for all programs of {name} ({binary_count})"))
        .hint(format!("to choose a scope: {}", ui.again("--scope SCOPE")))
        .hint(format!("to allow them in host:{}: {}", event.event.machine, ui.again("--yes")))
}

fn show(context: &Context, answer: &BundleAnswer, dry_run: bool) -> Result<(), CliError> {
    let BundleAnswer { bundle, rules, outcomes, differences, revision, warnings, machine: _ } =
        answer;
    let decided = DecidedRules { rules, outcomes, differences, warnings };
    decided.show(&context.ui, answer)?;
    decided.show_expiry(&context.ui, "the rules expire");
    let named = [bundle.name.as_str(), &bundle.version].join(" ");
    context.ui.status(format!("rules for programs of {}: {}", named.trim(), rules.len()));
    change::conclude(&context.ui, outcomes, *revision, dry_run);
    Ok(())
}
