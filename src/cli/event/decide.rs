//! The rule for one event, and the arguments that all decisions about events share.

pub(super) mod wording;

use clap::Args;
use jiff::{SignedDuration, Timestamp};

use super::question;
use super::subject::{self, PlannedRule};
use crate::api::{DecisionAnswer, DecisionRequest, EventDetail, EventView, ExpiresIn};
use crate::cli::arg::{self, Expiry, RuleExpiry, Words};
use crate::cli::change::{self, DecidedRules};
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::host;
use crate::cli::labels::{host_label, program_label};
use crate::cli::ui::Ui;
use crate::client::{Client, exactly};
use crate::fleet::EventId;
use crate::rule::{
    MachineId, Outcome, PolicyKind, Revision, RuleDifference, RuleDraft, RuleType, Scope,
};
use wording::Results;

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
    /// Expire after a duration such as 7d, or at the end of a day such as tomorrow or 2027-01-31
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
    let event = client.event(id).await?;
    let is_open = !args.is_complete();
    if !is_open {
        subject::announce(context, &event);
        if let Some(scope) = args.scope.clone() {
            request.scope = Some(context.scope(&client, scope).await?);
        }
    }
    let (rule_type, scope) = (request.rule_type, request.scope.as_ref());
    let planned = PlannedRule { policy: request.policy, rule_type, scope, is_open };
    subject::warn_of_block(context, &client, &event, &planned).await?;
    if is_open {
        if !ui.can_ask() {
            return Err(undecided(ui, &event, policy.policy));
        }
        question::ask(context, &client, &event, &mut args, &mut request).await?;
    }
    let answer = client.decide(id, &request).await?;
    show(ui, &answer, &event.event, &request)?;
    args.wait(context, &client, &answer.machine).await
}

/// The error if no flag chooses the rule and the user cannot be prompted.
fn undecided(ui: &Ui, event: &EventDetail, policy: PolicyKind) -> CliError {
    let id = event.event.id;
    let error = CliError::usage(format!("choose a rule for event {id}"))
        .hint(format!("to choose a rule: {}", ui.again("--as TYPE --scope SCOPE")));
    match event.candidates.first() {
        Some(best) => error.hint(format!(
            "to create the best rule, {policy} {} in host:{}: {}",
            best.target,
            event.event.machine,
            ui.again("--yes")
        )),
        None => error,
    }
}

fn show(
    ui: &Ui,
    answer: &DecisionAnswer,
    event: &EventView,
    request: &DecisionRequest,
) -> Result<(), CliError> {
    let DecisionAnswer { rule, outcome, fields, revision, warnings, machine: _ } = answer;
    let rules = std::slice::from_ref(rule);
    let outcomes = &[*outcome];
    let differences = &[RuleDifference { edit: 0, fields: fields.clone() }];
    if is_in_words(ui, request.dry_run) {
        change::warn(ui, warnings);
        let program = program_label(&event.path, &event.program.sha256);
        let hostname = |machine: &MachineId| match *machine == event.machine {
            true => host_label(&event.hostname, machine).to_owned(),
            false => machine.as_str().to_owned(),
        };
        let program = |_: &RuleDraft| program.to_owned();
        let (program, hostname) = (&program, &hostname);
        Results { rules, outcomes, differences, program, hostname }.show(ui)?;
    } else {
        let decided = DecidedRules { rules, outcomes, differences, warnings };
        decided.show(ui, answer)?;
        decided.show_expiry(ui, "the rule expires");
    }
    note_kept_expiry(ui, request, answer);
    conclude(ui, outcomes, *revision, request.dry_run);
    Ok(())
}

/// Shows why a repeated `--for` did not move the expiry. The server keeps an expiry that is nearly
/// the same, so that a repeated command changes nothing.
fn note_kept_expiry(ui: &Ui, request: &DecisionRequest, answer: &DecisionAnswer) {
    let is_changed = answer.fields.iter().any(|field| &*field.field == "expires");
    if request.expires_in.is_some() && answer.outcome != Outcome::Added && !is_changed {
        ui.status("the expiry was kept, because --for gives nearly the same time");
    }
}

/// Whether the results of a decision are sentences: on a terminal, if something may have changed.
pub(super) fn is_in_words(ui: &Ui, dry_run: bool) -> bool {
    ui.is_terminal() && ui.draws_tables() && !dry_run
}

/// Shows the revision, and how to undo the decision if it changed anything.
pub(super) fn conclude(ui: &Ui, outcomes: &[Outcome], revision: Revision, dry_run: bool) {
    ui.status(change::summary(outcomes, revision, dry_run));
    if !dry_run && outcomes.iter().any(|outcome| *outcome != Outcome::Unchanged) {
        ui.undo("event undo");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::ui::tests::captured_ui;
    use crate::config::Output;

    #[test]
    fn without_a_terminal_the_best_rule_is_only_a_hint() {
        let event = question::tests::event();
        let (ui, ..) = captured_ui(Output::Table, false);
        let error = undecided(&ui, &event, PolicyKind::Allow);
        assert_eq!(error.kind.exit_code(), 2);
        assert_eq!(error.message, "choose a rule for event 1204");
        assert_eq!(
            error.hints[1],
            "to create the best rule, allow signingid:H3ZC9YV6RK:example.pinecone in host:M1: nicelist --yes"
        );
    }
}
