//! Decisions about several programs that are pending approval, as one revision.

mod new_scope;
mod preview;
mod questions;

use super::decide::{DecisionArgs, RulePolicy};
use super::filter::WaitingFilter;
use super::waiting::waiting_programs;
use crate::api::{DecisionsAnswer, DecisionsRequest, ProgramDecision, WaitingView};
use crate::cli::change::{self, DecidedRules};
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::ui::Ui;
use crate::rule::{PolicyKind, RuleType, Scope};
use new_scope::NewScope;
use questions::MOST_PROGRAMS;

/// Prompts for the programs, the kind of rule and the scope, shows the affected hosts, and creates
/// the rules. With a filter and `--yes`, decides about all programs that match.
pub(super) async fn run(
    context: &Context,
    filter: WaitingFilter,
    policy: RulePolicy,
    args: DecisionArgs,
) -> Result<(), CliError> {
    let ui = &context.ui;
    let RulePolicy { policy, message } = policy;
    let by_filter = args.yes && filter.is_given();
    if !by_filter && !ui.can_ask() {
        return Err(undecided(policy));
    }
    if args.wait {
        return Err(CliError::usage("--wait needs the number of one event"));
    }
    let (expires, expires_in) = args.expires(ui.now())?;
    let client = context.client_to_change(args.dry_run).await?;
    let mut all = waiting_programs(ui, &client, &filter.query(ui.now()), MOST_PROGRAMS).await?;
    all.retain(|program| !program.candidates.is_empty());
    if all.is_empty() {
        ui.status("nothing waits");
        return Ok(());
    }
    let picked = if by_filter { all_of(&all)? } else { questions::pick(ui, policy, &all)? };
    let rule_type = match args.rule_type {
        None if !by_filter => questions::ask_type(ui, policy, &picked)?,
        chosen => chosen,
    };
    let scope = match args.scope.clone() {
        Some(scope) => NewScope::Shared(context.scope(&client, scope).await?),
        None if by_filter => NewScope::EachHost,
        None => questions::ask_scope(ui, &picked)?,
    };
    let mut request = DecisionsRequest {
        decisions: picked.iter().flat_map(|it| decisions(it, rule_type, &scope)).collect(),
        policy,
        expires,
        expires_in,
        comment: args.comment,
        ticket: args.ticket,
        message,
        dry_run: true,
    };
    let planned = client.decide_all(&request).await?;
    preview::show(ui, &picked, &scope, &planned, policy);
    if args.dry_run {
        return show(ui, &planned, true);
    }
    let rules = match planned.rules.len() {
        1 => "this rule".to_owned(),
        count => format!("these {count} rules"),
    };
    ui.confirm(&format!("Make {rules}?"), args.yes)?;
    request.dry_run = false;
    show(ui, &client.decide_all(&request).await?, false)
}

/// All programs. Fails if the limit was reached, because more programs may match.
fn all_of(all: &[WaitingView]) -> Result<Vec<&WaitingView>, CliError> {
    if all.len() < MOST_PROGRAMS {
        return Ok(all.iter().collect());
    }
    let text = format!("{MOST_PROGRAMS} or more programs match; nothing was changed");
    Err(CliError::usage(text).hint("--since, --host and --text narrow them"))
}

/// The error if no flag chooses the programs and the user cannot be prompted.
fn undecided(policy: PolicyKind) -> CliError {
    let command = if policy.allows() { "approve" } else { "block" };
    CliError::usage("say which event is meant: without a terminal nothing can be picked")
        .hint("nicelist event list --waiting shows what waits")
        .hint(format!("nicelist event {command} ID --yes decides about one event"))
        .hint(format!("nicelist event {command} --text NAME --yes decides about all that match"))
}

fn decisions(
    program: &WaitingView,
    rule_type: Option<RuleType>,
    new_scope: &NewScope,
) -> Vec<ProgramDecision> {
    let one = |scope| ProgramDecision { program: program.id, rule_type, scope };
    match new_scope {
        NewScope::Shared(scope) => vec![one(scope.clone())],
        NewScope::EachHost => {
            let hosts = program.hosts.iter();
            hosts.map(|host| one(Scope::Host(host.machine.clone()))).collect()
        }
    }
}

fn show(ui: &Ui, answer: &DecisionsAnswer, dry_run: bool) -> Result<(), CliError> {
    let DecisionsAnswer { rules, outcomes, differences, revision, warnings } = answer;
    let decided = DecidedRules { rules, outcomes, differences, warnings };
    decided.show(ui, answer)?;
    decided.show_expiry(ui, "the rules expire");
    change::conclude(ui, outcomes, *revision, dry_run);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::waiting::tests::program;
    use super::*;

    #[test]
    fn without_a_scope_each_host_gets_a_rule() {
        let waiting = program(&["M1", "M2"], &[], 2);
        let scopes = |scope: &NewScope| -> Vec<String> {
            let decisions = decisions(&waiting, None, scope);
            decisions.iter().map(|each| each.scope.to_string()).collect()
        };
        assert_eq!(scopes(&NewScope::EachHost), ["host:M1", "host:M2"]);
        assert_eq!(scopes(&NewScope::Shared(Scope::Fleet)), ["fleet"]);
    }
}
