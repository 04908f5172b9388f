//! Decisions about several programs that are pending approval, as one revision.

mod new_scope;
mod preview;
mod questions;

use super::decide::wording::{Results, fleet_size};
use super::decide::{self, DecisionArgs, RulePolicy};
use super::filter::WaitingFilter;
use super::view::waiting_label;
use super::waiting::waiting_programs;
use crate::api::{DecisionsAnswer, DecisionsRequest, ProgramDecision, WaitingView};
use crate::cli::change::{self, DecidedRules};
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::labels::{first_names, host_label};
use crate::cli::ui::Ui;
use crate::client::Client;
use crate::rule::{MachineId, PolicyKind, RuleDraft, RuleType, Scope};
use new_scope::NewScope;

/// Maximum programs to select from at a time. Older ones can be selected next time.
const MOST_LISTED: usize = 10_000;
/// A filter with `--yes` must match fewer programs than this, because no one reviews the list.
const MOST_BY_FILTER: usize = 200;
/// Maximum programs that a result names for one rule.
const MOST_NAMED: usize = 3;
/// Maximum rules in one request.
const MOST_RULES: usize = 1_000;

/// Shows the list of programs, asks for the rules that flags do not choose, shows the affected
/// hosts, and creates the rules. With a filter and `--yes`, decides about all programs that match.
pub(super) async fn run(
    context: &Context,
    filter: WaitingFilter,
    policy: RulePolicy,
    mut args: DecisionArgs,
) -> Result<(), CliError> {
    let ui = &context.ui;
    let RulePolicy { policy, message } = policy;
    let by_filter = args.yes && filter.is_given();
    if !by_filter && !ui.can_pick() {
        return Err(undecided(policy, &filter));
    }
    if args.wait {
        return Err(CliError::usage("--wait requires an event ID"));
    }
    // An expiry in the past is refused before the first question.
    args.expires(ui.now())?;
    let client = context.client_to_change(args.dry_run).await?;
    let all = pending(ui, &client, filter, by_filter).await?;
    if all.is_empty() {
        ui.status("no programs are pending approval");
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
        None => questions::ask_scope(ui, &picked, fleet_size(&client).await)?,
    };
    args.ask_details(ui)?;
    let (expires, expires_in) = args.expires(ui.now())?;
    let mut request = DecisionsRequest {
        decisions: all_decisions(&picked, rule_type, &scope)?,
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
        return show(ui, &planned, &picked, true);
    }
    let rules = match planned.rules.len() {
        1 => "this rule".to_owned(),
        count => format!("these {count} rules"),
    };
    ui.confirm(&format!("Create {rules}?"), args.yes)?;
    request.dry_run = false;
    let answer = client.decide_all(&request).await?;
    show(ui, &answer, &picked, false)
}

/// The programs that are pending approval and that a rule can match, newest first.
async fn pending(
    ui: &Ui,
    client: &Client,
    filter: WaitingFilter,
    by_filter: bool,
) -> Result<Vec<WaitingView>, CliError> {
    let most = if by_filter { MOST_BY_FILTER } else { MOST_LISTED };
    let progress = ui.progress(None, "reading the programs pending approval");
    let mut all = waiting_programs(ui, client, &filter.query(ui.now()), most).await?;
    drop(progress);
    if !by_filter && all.len() == MOST_LISTED {
        ui.hint(format!(
            "only the newest {MOST_LISTED} programs are listed; to narrow the list: --since, \
            --host or --text"
        ));
    }
    all.retain(|program| !program.candidates.is_empty());
    Ok(all)
}

/// All programs. Fails if the limit was reached, because more programs may match.
fn all_of(all: &[WaitingView]) -> Result<Vec<&WaitingView>, CliError> {
    if all.len() < MOST_BY_FILTER {
        return Ok(all.iter().collect());
    }
    let text = format!("{MOST_BY_FILTER} or more programs match; nothing was changed");
    Err(CliError::usage(text).hint("to match fewer programs: --since, --host or --text"))
}

/// The error if no flag chooses the programs and the terminal cannot show a list.
fn undecided(policy: PolicyKind, filter: &WaitingFilter) -> CliError {
    let command = if policy.allows() { "approve" } else { "block" };
    let error =
        CliError::usage("an event ID is required, because the list of programs needs a terminal");
    match filter.arguments() {
        Some(arguments) => error.hint(format!(
            "decide about all programs that match: nicelist event {command} {arguments} --yes"
        )),
        None => error
            .hint("list the programs pending approval: nicelist event list --waiting")
            .hint(format!("decide about one event: nicelist event {command} ID --yes"))
            .hint(format!(
                "decide about all programs that match: nicelist event {command} --text NAME --yes"
            )),
    }
}

fn all_decisions(
    picked: &[&WaitingView],
    rule_type: Option<RuleType>,
    scope: &NewScope,
) -> Result<Vec<ProgramDecision>, CliError> {
    let all: Vec<_> = picked.iter().flat_map(|it| decisions(it, rule_type, scope)).collect();
    if all.len() <= MOST_RULES {
        return Ok(all);
    }
    let text = format!(
        "the selection needs {} rules, but at most {MOST_RULES} can be created at a time; nothing \
        was changed",
        all.len()
    );
    Err(CliError::usage(text).hint("select fewer programs, or one scope for all of them"))
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

fn show(
    ui: &Ui,
    answer: &DecisionsAnswer,
    picked: &[&WaitingView],
    dry_run: bool,
) -> Result<(), CliError> {
    let DecisionsAnswer { rules, outcomes, differences, revision, warnings } = answer;
    if decide::is_in_words(ui, dry_run) {
        change::warn(ui, warnings);
        let program = |rule: &RuleDraft| programs_of(rule, picked);
        let hostname = |machine: &MachineId| hostname(machine, picked);
        let (program, hostname) = (&program, &hostname);
        Results { rules, outcomes, differences, program, hostname }.show(ui)?;
    } else {
        let decided = DecidedRules { rules, outcomes, differences, warnings };
        decided.show(ui, answer)?;
        decided.show_expiry(ui, "the rules expire");
    }
    decide::conclude(ui, outcomes, *revision, dry_run);
    Ok(())
}

/// The names of the programs that a new rule matches, or its target.
fn programs_of(rule: &RuleDraft, picked: &[&WaitingView]) -> String {
    let matches = |program: &&&WaitingView| {
        program.candidates.iter().any(|each| each.target.to_string() == rule.target)
    };
    let names = picked.iter().filter(matches).map(|program| waiting_label(program));
    match first_names(names, MOST_NAMED) {
        names if names.is_empty() => rule.target.clone(),
        names => names,
    }
}

fn hostname(machine: &MachineId, picked: &[&WaitingView]) -> String {
    let mut hosts = picked.iter().flat_map(|program| &program.hosts);
    let host = hosts.find(|host| host.machine == *machine);
    host.map_or(machine.as_str(), |host| host_label(&host.hostname, machine)).to_owned()
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
