//! The rule for one event, and the arguments that all decisions about events share.

use clap::Args;
use jiff::{SignedDuration, Timestamp};

use super::question;
use crate::api::{DecisionAnswer, DecisionRequest, EventDetail, ExpiresIn};
use crate::cli::arg::{self, Expiry, RuleExpiry, Words};
use crate::cli::change::{self, DecidedRules};
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::host;
use crate::cli::ui::Ui;
use crate::client::{Client, exactly};
use crate::fleet::EventId;
use crate::rule::{MachineId, Outcome, PolicyKind, RuleDifference, RuleType, Scope};

/// The policy of new rules.
#[derive(Debug)]
pub(super) struct RulePolicy {
    pub(super) policy: PolicyKind,
    /// The text of the block window.
    pub(super) message: Option<String>,
}

/// The new rules, and whether to ask.
#[derive(Debug, Args)]
pub(crate) struct DecisionArgs {
    /// Type of the rule
    #[arg(long = "as", id = "as", value_name = "TYPE")]
    #[arg(value_parser = Words::<RuleType>::new(RuleType::ALL.map(RuleType::word)))]
    pub(super) rule_type: Option<RuleType>,
    /// Scope of the rule: fleet, or group:, tag:, user: or host:NAME
    #[arg(long)]
    pub(super) scope: Option<Scope>,
    /// Expire after 24h or 7d, or at the end of tomorrow or of a date such as 2027-01-31
    #[arg(long = "for", value_name = "WHEN")]
    expires: Option<Expiry>,
    /// Comment of the rule
    #[arg(long, value_name = "TEXT")]
    pub(super) comment: Option<String>,
    /// Ticket of the rule
    #[arg(long, value_name = "TEXT")]
    pub(super) ticket: Option<String>,
    /// Skip all questions
    #[arg(short, long)]
    pub(super) yes: bool,
    /// Show what would change, but change nothing
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Wait until the host that reported the event has the rule
    #[arg(long, conflicts_with = "dry_run")]
    pub(super) wait: bool,
    /// Maximum time to wait
    #[arg(long, value_name = "DURATION", default_value = "15m", requires = "wait")]
    #[arg(value_parser = arg::duration)]
    timeout: SignedDuration,
}

impl DecisionArgs {
    /// Whether the arguments choose the rule, so that no question is needed.
    pub(super) fn is_complete(&self) -> bool {
        self.yes || self.rule_type.is_some() || self.scope.is_some()
    }

    /// The expiry as a time or as a duration.
    pub(super) fn expires(
        &self,
        now: Timestamp,
    ) -> Result<(Option<Timestamp>, Option<ExpiresIn>), CliError> {
        Ok(self.expires.map(|expiry| expiry.to_send(now)).transpose()?.unwrap_or_default())
    }

    /// Asks for the expiry and for the ticket if they are missing. With `--yes`, asks nothing.
    pub(super) fn ask_details(&mut self, ui: &Ui) -> Result<(), CliError> {
        if self.yes {
            return Ok(());
        }
        if self.expires.is_none() {
            let now = ui.now();
            let read = |text: &str| -> Result<Option<Expiry>, String> {
                match text.parse::<RuleExpiry>()? {
                    RuleExpiry::Never => Ok(None),
                    RuleExpiry::Until(expiry) => {
                        expiry.resolve(now).map_err(|error| error.message)?;
                        Ok(Some(expiry))
                    }
                }
            };
            let question = "Expires (24h, 7d, a date, or never)";
            let text = ui.ask_text(question, "never", |text| read(text).map(drop))?;
            self.expires = read(&text).map_err(CliError::usage)?;
        }
        if self.ticket.is_none() {
            let ticket = ui.ask_text("Ticket", "", |_| Ok(()))?;
            self.ticket = Some(ticket).filter(|ticket| !ticket.trim().is_empty());
        }
        Ok(())
    }

    /// With `--wait`, waits until a host is up to date.
    pub(super) async fn wait(
        &self,
        context: &Context,
        client: &Client,
        machine: &MachineId,
    ) -> Result<(), CliError> {
        if self.wait {
            let known = client.host(&exactly(machine)).await?;
            let name = machine.as_str();
            let host =
                host::wait::until_in_sync(context, client, known, name, self.timeout).await?;
            context.ui.status(format!("{} is up to date", host.hostname));
        }
        Ok(())
    }
}

pub(super) async fn run(
    context: &Context,
    id: EventId,
    policy: RulePolicy,
    mut args: DecisionArgs,
) -> Result<(), CliError> {
    let ui = &context.ui;
    let client = context.client_to_change(args.dry_run).await?;
    let (expires, expires_in) = args.expires(ui.now())?;
    let mut request = DecisionRequest {
        policy: policy.policy,
        rule_type: args.rule_type,
        scope: None,
        expires,
        expires_in,
        message: policy.message,
        dry_run: args.dry_run,
        comment: args.comment.clone(),
        ticket: args.ticket.clone(),
    };
    if args.is_complete() {
        if let Some(scope) = args.scope.clone() {
            request.scope = Some(context.scope(&client, scope).await?);
        }
    } else {
        let event = client.event(id).await?;
        if !ui.can_ask() {
            return Err(undecided(&event, policy.policy));
        }
        question::ask(context, &client, &event, &mut args, &mut request).await?;
    }
    let answer = client.decide(id, &request).await?;
    show(context, &answer, args.dry_run)?;
    if !args.dry_run {
        show_undo(ui, &[answer.outcome]);
    }
    args.wait(context, &client, &answer.machine).await
}

/// The error if no flag chooses the rule and the user cannot be prompted.
fn undecided(event: &EventDetail, policy: PolicyKind) -> CliError {
    let id = event.event.id;
    let error = CliError::usage(format!("choose a rule for event {id}"))
        .hint("to choose a rule: --as TYPE and --scope SCOPE");
    match event.candidates.first() {
        Some(best) => error.hint(format!(
            "--yes creates the best rule: {policy} {} in host:{}",
            best.target, event.event.machine
        )),
        None => error,
    }
}

fn show(context: &Context, answer: &DecisionAnswer, dry_run: bool) -> Result<(), CliError> {
    let DecisionAnswer { rule, outcome, fields, revision, warnings, machine: _ } = answer;
    let rules = std::slice::from_ref(rule);
    let differences = &[RuleDifference { edit: 0, fields: fields.clone() }];
    let decided = DecidedRules { rules, outcomes: &[*outcome], differences, warnings };
    decided.show(&context.ui, answer)?;
    decided.show_expiry(&context.ui, "the rule expires");
    change::conclude(&context.ui, &[*outcome], *revision, dry_run);
    Ok(())
}

/// Shows how to undo a decision, if it changed anything.
pub(super) fn show_undo(ui: &Ui, outcomes: &[Outcome]) {
    if outcomes.iter().any(|outcome| *outcome != Outcome::Unchanged) {
        ui.undo("event undo");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_terminal_the_best_rule_is_only_a_hint() {
        let event = question::tests::event();
        let error = undecided(&event, PolicyKind::Allow);
        assert_eq!(error.kind.exit_code(), 2);
        assert_eq!(error.message, "choose a rule for event 1204");
        assert_eq!(
            error.hints[1],
            "--yes creates the best rule: allow signingid:H3ZC9YV6RK:example.pinecone in host:M1"
        );
    }
}
