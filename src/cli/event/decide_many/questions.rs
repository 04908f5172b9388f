//! Questions about several programs at a time.

use std::collections::HashMap;

use jiff::Timestamp;

use super::super::decide::wording::{self, MOST_SHOWN, Reported, this_mac};
use super::super::view::waiting_label;
use super::new_scope::NewScope;
use crate::api::{WaitingHost, WaitingView};
use crate::cli::error::CliError;
use crate::cli::labels::{first_names, host_label, publisher};
use crate::cli::ui::{Choice, Choices, Offer, Ui, relative};
use crate::rule::{PolicyKind, RuleType, Scope};

/// Maximum users or hosts of a program in the list.
const MOST_IN_LIST: usize = 2;

const COLUMNS: [&str; 5] = ["program", "publisher", "users", "hosts", "last"];
/// The places of the columns that a narrow terminal does not show: first the publisher.
const LEFT_OUT_FIRST: [usize; 2] = [1, 2];

pub(super) fn pick<'a>(
    ui: &Ui,
    policy: PolicyKind,
    all: &'a [WaitingView],
) -> Result<Vec<&'a WaitingView>, CliError> {
    let title = format!("Programs to {policy}");
    let rows = all.iter().map(|program| choice(program, ui.now())).collect();
    let picked = ui.pick(&Choices {
        title: &title,
        columns: &COLUMNS,
        left_out_first: &LEFT_OUT_FIRST,
        rows,
    })?;
    let picked: Vec<&WaitingView> = picked.into_iter().filter_map(|at| all.get(at)).collect();
    let names = picked.iter().map(|program| waiting_label(program));
    let names = first_names(names, MOST_SHOWN);
    ui.status(match picked.len() {
        ..=MOST_SHOWN => format!("selected: {names}"),
        count => format!("selected {count} programs: {names}"),
    });
    Ok(picked)
}

/// A program in the list: who ran it, where and when.
fn choice(waiting: &WaitingView, now: Timestamp) -> Choice {
    let WaitingView { path, bundle_name, program, hosts, users, .. } = waiting;
    let publisher = match publisher(program) {
        "" => program.signing_status.word(),
        publisher => publisher,
    };
    let users = || users.iter().map(String::as_str);
    let names = || hosts.iter().map(|host| host_label(&host.hostname, &host.machine));
    let cells = [
        waiting_label(waiting).to_owned(),
        publisher.to_owned(),
        first_names(users(), MOST_IN_LIST),
        first_names(names(), MOST_IN_LIST),
        relative(waiting.last_received, now),
    ];
    let machines = hosts.iter().map(|host| host.machine.as_str());
    let detail = match path.as_str() {
        "" => program.sha256.as_str(),
        path => path,
    };
    let identifiers = [path, bundle_name, &program.sha256, &program.signing_id, &program.team_id];
    let keywords = identifiers.into_iter().map(String::as_str);
    Choice::new(cells, detail, keywords.chain(users()).chain(names()).chain(machines))
}

/// Asks for the type of the rules. `None` means the best type for each program.
pub(super) fn ask_type(
    ui: &Ui,
    policy: PolicyKind,
    picked: &[&WaitingView],
) -> Result<Option<RuleType>, CliError> {
    let question = format!("Rule to {policy}");
    if let [program] = picked {
        let rules = program.candidates.iter().map(|each| Offer::new(&each.target, &each.covers));
        let chosen = ui.select(&question, &rules.collect::<Vec<_>>())?;
        return Ok(program.candidates.get(chosen).map(|each| each.target.rule_type()));
    }
    let has = |program: &WaitingView, wanted: RuleType| {
        program.candidates.iter().any(|each| each.target.rule_type() == wanted)
    };
    let best: Vec<RuleType> = picked
        .iter()
        .filter_map(|program| Some(program.candidates.first()?.target.rule_type()))
        .collect();
    let counts = RuleType::ALL.into_iter().filter_map(|rule_type| {
        let count = best.iter().filter(|each| **each == rule_type).count();
        (count > 0).then(|| format!("{rule_type} for {count}"))
    });
    let mut options = vec![None];
    let counts = counts.collect::<Vec<_>>().join(", ");
    let mut shown = vec![Offer::new("the best rule for each", counts)];
    let common = RuleType::ALL
        .into_iter()
        .filter(|rule_type| picked.iter().all(|program| has(program, *rule_type)));
    for rule_type in common {
        options.push(Some(rule_type));
        shown.push(Offer::new(format!("{rule_type} for each"), ""));
    }
    let chosen = ui.select(&question, &shown)?;
    Ok(options.get(chosen).copied().flatten())
}

/// Asks for the scope: each of the hosts, or a scope that contains at least one of them, narrowest
/// first.
pub(super) fn ask_scope(
    ui: &Ui,
    picked: &[&WaitingView],
    fleet: Option<u64>,
) -> Result<NewScope, CliError> {
    let mut hosts: Vec<&WaitingHost> = picked.iter().flat_map(|it| &it.hosts).collect();
    hosts.sort_unstable_by(|one, other| one.machine.cmp(&other.machine));
    hosts.dedup_by(|one, other| one.machine == other.machine);
    let all = hosts.len();
    let mut covered: HashMap<&Scope, usize> = HashMap::new();
    for scope in hosts.iter().flat_map(|host| &host.scopes) {
        *covered.entry(scope).or_default() += 1;
    }
    let mut scopes: Vec<(&Scope, usize)> =
        covered.into_iter().filter(|(scope, _)| !matches!(scope, Scope::Host(_))).collect();
    // Narrow kinds of scopes first; within a kind, the scope with the most hosts first.
    scopes.sort_unstable_by(|(one, ones), (other, others)| {
        (width(one), others, *one).cmp(&(width(other), ones, *other))
    });
    let mut shown = vec![match hosts.as_slice() {
        [only] => this_mac(host_label(&only.hostname, &only.machine)),
        _ => {
            let names = hosts.iter().map(|host| host_label(&host.hostname, &host.machine));
            let names = first_names(names, MOST_SHOWN);
            Offer::new(format!("only these {all} Macs"), format!("one rule for each: {names}"))
        }
    }];
    let programs = picked.len();
    shown.extend(scopes.iter().map(|(scope, macs)| {
        wording::offer(scope, fleet, Some(Reported { macs: *macs, programs }))
    }));
    let chosen = ui.select("Scope", &shown)?;
    let scope = chosen.checked_sub(1).and_then(|at| scopes.get(at));
    Ok(scope.map_or(NewScope::EachHost, |(scope, _)| NewScope::Shared((*scope).clone())))
}

/// A number by which kinds of scopes are sorted from narrow to wide.
const fn width(scope: &Scope) -> u8 {
    match scope {
        Scope::Host(_) => 0,
        Scope::User(_) => 1,
        Scope::Tag(_) => 2,
        Scope::Group(_) => 3,
        Scope::Fleet => 4,
    }
}
