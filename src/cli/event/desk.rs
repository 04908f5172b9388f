//! The help desk: what waits for a decision, picked with the keyboard and decided in one go.

use std::collections::HashMap;

use super::decide::{Choice, Verdict};
use super::filter::Waiting;
use super::view::{name, publisher};
use crate::api::{
    DecisionsAnswer, DecisionsRequest, EventDecision, WaitingHost, WaitingQuery, WaitingView,
};
use crate::cli::change;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::ui::{Ui, relative};
use crate::client::Client;
use crate::fleet::EventId;
use crate::rule::{PolicyKind, RuleType, Scope};

/// Programs that can be picked from at once; older ones wait for another turn.
const MOST_PICKED_FROM: usize = 200;
/// Hosts and users that a preview names.
const MOST_NAMED: usize = 5;
/// Rules that a preview shows.
const MOST_PREVIEWED: usize = 20;

/// Asks which of the programs that wait are to get a rule, which rules, and for whom; shows whom
/// that affects, and makes them in one revision.
pub(super) async fn run(
    context: &Context,
    filter: Waiting,
    verdict: Verdict,
    choice: Choice,
) -> Result<(), CliError> {
    let ui = &context.ui;
    let policy = verdict.policy;
    // With a filter and --yes everything that matches is decided, on a terminal or not.
    let by_filter = choice.yes && filter.is_given();
    if !by_filter && !ui.can_ask() {
        return Err(unattended(policy));
    }
    if choice.wait {
        return Err(CliError::usage("--wait needs the number of one event"));
    }
    let (expires, expires_in) = choice.expires(ui.now())?;
    let client = context.client_to_change(choice.dry_run).await?;
    let all = waiting(&client, &filter.query(ui.now()), MOST_PICKED_FROM).await?;
    let all: Vec<WaitingView> =
        all.into_iter().filter(|program| !program.candidates.is_empty()).collect();
    if all.is_empty() {
        ui.status("nothing waits");
        return Ok(());
    }
    let picked = if by_filter { all_of(&all)? } else { pick(ui, policy, &all)? };
    let rule_type = match choice.rule_type {
        None if !by_filter => ask_type(ui, policy, &picked)?,
        chosen => chosen,
    };
    let reach = match choice.scope.clone() {
        Some(scope) => Reach::Scope(context.scope(&client, scope).await?),
        None if by_filter => Reach::Hosts,
        None => ask_reach(ui, &picked)?,
    };
    let mut request = DecisionsRequest {
        decisions: picked.iter().flat_map(|it| decisions(it, rule_type, &reach)).collect(),
        policy,
        expires,
        expires_in,
        comment: choice.comment,
        ticket: choice.ticket,
        message: verdict.message,
        dry_run: true,
    };
    let planned = client.decide_all(&request).await?;
    preview(ui, &picked, &reach, &planned, policy);
    if choice.dry_run {
        return show(ui, &planned, true);
    }
    let rules = match planned.rules.len() {
        1 => "this rule".to_owned(),
        count => format!("these {count} rules"),
    };
    ui.confirm(&format!("Make {rules}?"), choice.yes)?;
    request.dry_run = false;
    show(ui, &client.decide_all(&request).await?, false)
}

/// Every program that matches the filter.
fn all_of(all: &[WaitingView]) -> Result<Vec<&WaitingView>, CliError> {
    if all.len() < MOST_PICKED_FROM {
        return Ok(all.iter().collect());
    }
    let text = format!("{MOST_PICKED_FROM} or more programs match; nothing was changed");
    Err(CliError::usage(text).hint("--since, --host and --text narrow them"))
}

/// The programs that the user picks.
fn pick<'a>(
    ui: &Ui,
    policy: PolicyKind,
    all: &'a [WaitingView],
) -> Result<Vec<&'a WaitingView>, CliError> {
    if all.len() == MOST_PICKED_FROM {
        ui.hint(format!(
            "these are the newest {MOST_PICKED_FROM}; --since, --host and --text narrow them"
        ));
    }
    let question = format!("Programs to {policy} (space picks, enter goes on)");
    let picked = ui.pick(&question, &lines(all, ui))?;
    let picked: Vec<&WaitingView> = picked.into_iter().filter_map(|at| all.get(at)).collect();
    ui.status(format!("Picked: {}", named(picked.iter().map(|program| name(program)))));
    Ok(picked)
}

/// Nobody is there to pick.
fn unattended(policy: PolicyKind) -> CliError {
    let command = match policy {
        PolicyKind::Allow | PolicyKind::AllowCompiler => "approve",
        PolicyKind::Block
        | PolicyKind::SilentBlock
        | PolicyKind::SilentBlockGui
        | PolicyKind::SilentBlockTty
        | PolicyKind::Cel
        | PolicyKind::Remove => "block",
    };
    CliError::usage("say which event is meant: without a terminal nothing can be picked")
        .hint("nicelist event list --waiting shows what waits")
        .hint(format!("nicelist event {command} ID --yes decides about one event"))
        .hint(format!("nicelist event {command} --text NAME --yes decides about all that match"))
}

/// The programs that wait, newest first, at most `limit`. A page of the server is about a
/// stretch of events, so that a program may come again: what its pages say of it is put together.
pub(super) async fn waiting(
    client: &Client,
    query: &WaitingQuery,
    limit: usize,
) -> Result<Vec<WaitingView>, CliError> {
    let mut programs: Vec<WaitingView> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut pages = client.waiting(query);
    while programs.len() < limit {
        let Some(page) = pages.next().await? else { break };
        for program in page {
            match places.get(&program.program.sha256).and_then(|at| programs.get_mut(*at)) {
                Some(known) => join(known, program),
                None => {
                    places.insert(program.program.sha256.clone(), programs.len());
                    programs.push(program);
                }
            }
        }
    }
    programs.truncate(limit);
    Ok(programs)
}

/// Adds what an older stretch of events says of a program.
fn join(known: &mut WaitingView, older: WaitingView) {
    known.events += older.events;
    for host in older.hosts {
        if !known.hosts.iter().any(|other| other.machine == host.machine) {
            known.hosts.push(host);
        }
    }
    for user in older.users {
        if !known.users.contains(&user) {
            known.users.push(user);
        }
    }
}

/// A line for each program: name, publisher, what signs it, how many hosts and users, when.
fn lines(programs: &[WaitingView], ui: &Ui) -> Vec<String> {
    let cells: Vec<[String; 5]> = programs
        .iter()
        .map(|program| {
            let signed = program.program.signing_status.word();
            [
                name(program).to_owned(),
                publisher(program).to_owned(),
                signed.to_owned(),
                format!(
                    "{}, {}",
                    counted(program.hosts.len(), "host"),
                    counted(program.users.len(), "user")
                ),
                relative(program.last_received, ui.now()),
            ]
        })
        .collect();
    let width = |column: usize| {
        cells.iter().map(|row| row[column].chars().count().min(WIDEST_COLUMN)).max().unwrap_or(0)
    };
    let widths: [usize; 5] = std::array::from_fn(width);
    let line = |row: &[String; 5]| {
        let padded = row.iter().zip(widths).map(|(text, width)| {
            let text: String = text.chars().take(WIDEST_COLUMN).collect();
            format!("{text:<width$}")
        });
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    cells.iter().map(line).collect()
}

/// Letters of a name that a line shows.
const WIDEST_COLUMN: usize = 28;

fn counted(count: usize, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}

/// Asks which kind of rule to make; none is the best for each.
fn ask_type(
    ui: &Ui,
    policy: PolicyKind,
    picked: &[&WaitingView],
) -> Result<Option<RuleType>, CliError> {
    let question = format!("Rule to {policy}");
    if let [program] = picked {
        let rules =
            program.candidates.iter().map(|each| format!("{}  {}", each.target, each.covers));
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
    let mut shown = vec![format!("the best for each  {}", counts.collect::<Vec<_>>().join(", "))];
    let common = RuleType::ALL
        .into_iter()
        .filter(|rule_type| picked.iter().all(|program| has(program, *rule_type)));
    for rule_type in common {
        options.push(Some(rule_type));
        shown.push(format!("{rule_type} for each"));
    }
    let chosen = ui.select(&question, &shown)?;
    Ok(options.get(chosen).copied().flatten())
}

/// Whom the rules are for.
enum Reach {
    /// One scope for all of them.
    Scope(Scope),
    /// Each host where the program waits.
    Hosts,
}

impl Reach {
    fn covers(&self, host: &WaitingHost) -> bool {
        match self {
            Self::Hosts => true,
            Self::Scope(scope) => host.scopes.contains(scope),
        }
    }
}

/// Asks for whom: the hosts themselves, or a scope that some of them belong to, the narrowest
/// first, with how many of them it covers.
fn ask_reach(ui: &Ui, picked: &[&WaitingView]) -> Result<Reach, CliError> {
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
    // The strongest kind of scope is the narrowest; among its like, what covers most comes first.
    scopes.sort_unstable_by(|(one, ones), (other, others)| {
        (kind(one), others, *one).cmp(&(kind(other), ones, *other))
    });
    let mut shown = vec![match hosts.as_slice() {
        [only] => format!("host:{}  this Mac only ({})", only.machine, host_name(only)),
        _ => format!("each of the {all} Macs where it waits, by itself"),
    }];
    let line = |(scope, count): &(&Scope, usize)| match scope {
        Scope::Fleet => "fleet  every Mac".to_owned(),
        Scope::Group(_) | Scope::Tag(_) | Scope::User(_) | Scope::Host(_) => {
            format!("{scope}  {count} of {}, and whoever else belongs to it", counted(all, "Mac"))
        }
    };
    shown.extend(scopes.iter().map(line));
    let chosen = ui.select("For", &shown)?;
    let scope = chosen.checked_sub(1).and_then(|at| scopes.get(at));
    Ok(scope.map_or(Reach::Hosts, |(scope, _)| Reach::Scope((*scope).clone())))
}

/// How wide a kind of scope is.
const fn kind(scope: &Scope) -> u8 {
    match scope {
        Scope::Host(_) => 0,
        Scope::User(_) => 1,
        Scope::Tag(_) => 2,
        Scope::Group(_) => 3,
        Scope::Fleet => 4,
    }
}

fn decisions(
    program: &WaitingView,
    rule_type: Option<RuleType>,
    reach: &Reach,
) -> Vec<EventDecision> {
    let one = |event: EventId, scope: Scope| EventDecision { event, rule_type, scope: Some(scope) };
    match reach {
        Reach::Scope(scope) => vec![one(program.latest, scope.clone())],
        Reach::Hosts => {
            let hosts = program.hosts.iter();
            hosts.map(|host| one(host.event, Scope::Host(host.machine.clone()))).collect()
        }
    }
}

/// Shows which rules would be made, and whom that affects.
fn preview(
    ui: &Ui,
    picked: &[&WaitingView],
    reach: &Reach,
    planned: &DecisionsAnswer,
    policy: PolicyKind,
) {
    for rule in planned.rules.iter().take(MOST_PREVIEWED) {
        ui.status(format!("  {} {} in {}", rule.policy, rule.target, rule.scope));
    }
    if let Some(more) = planned.rules.len().checked_sub(MOST_PREVIEWED).filter(|more| *more > 0) {
        ui.status(format!("  and {more} more rules"));
    }
    let becomes = match policy {
        PolicyKind::Allow | PolicyKind::AllowCompiler => "will run on",
        PolicyKind::Block
        | PolicyKind::SilentBlock
        | PolicyKind::SilentBlockGui
        | PolicyKind::SilentBlockTty
        | PolicyKind::Cel
        | PolicyKind::Remove => "will be blocked on",
    };
    for program in picked.iter().take(MOST_PREVIEWED) {
        let (covered, left): (Vec<&WaitingHost>, Vec<&WaitingHost>) =
            program.hosts.iter().partition(|host| reach.covers(host));
        let of = format!("{} of {}", covered.len(), counted(program.hosts.len(), "Mac"));
        let mut told = format!("  {} {becomes} {of} after the next sync", name(program));
        if !covered.is_empty() {
            told.push_str(&format!(": {}", named(covered.iter().map(|host| host_name(host)))));
        }
        ui.status(told);
        if !left.is_empty() {
            let left = named(left.iter().map(|host| host_name(host)));
            ui.status(format!("    not on {left}"));
        }
        if !program.users.is_empty() {
            ui.status(format!("    run by {}", named(program.users.iter().map(String::as_str))));
        }
    }
}

fn host_name(host: &WaitingHost) -> &str {
    if host.hostname.is_empty() { host.machine.as_str() } else { &host.hostname }
}

/// The first few names, and how many there are besides.
fn named<'a>(names: impl ExactSizeIterator<Item = &'a str>) -> String {
    let count = names.len();
    let mut told = names.take(MOST_NAMED).collect::<Vec<_>>().join(", ");
    if let Some(more) = count.checked_sub(MOST_NAMED).filter(|more| *more > 0) {
        told.push_str(&format!(" and {more} more"));
    }
    told
}

fn show(ui: &Ui, answer: &DecisionsAnswer, dry_run: bool) -> Result<(), CliError> {
    let DecisionsAnswer { rules, outcomes, differences, revision, warnings } = answer;
    change::warn(ui, warnings);
    let told =
        rules.iter().map(|rule| format!("{} {} in {}", rule.policy, rule.target, rule.scope));
    change::show_rows(ui, answer, change::rows(outcomes, told, differences))?;
    if let Some(expires) = rules.first().and_then(|rule| rule.expires) {
        ui.status(format!("the rules expire at {}", ui.in_zone(expires)));
    }
    ui.status(change::sum_up(outcomes, *revision, dry_run));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program(hosts: &[&str], users: &[&str], events: u64) -> WaitingView {
        let host = |name: &&str| {
            serde_json::json!({
                "machine": name, "hostname": format!("{name}.local"), "event": 7,
                "scopes": ["fleet", format!("host:{name}")],
            })
        };
        let json = serde_json::json!({
            "latest": 7, "decision": "BLOCK_UNKNOWN", "path": "/opt/pine", "events": events,
            "program": {"sha256": "ab".repeat(32), "signing_status": "unsigned"},
            "hosts": hosts.iter().map(host).collect::<Vec<_>>(), "users": users,
            "last_received": "2026-11-20T11:58:00Z", "candidates": [], "reason": "",
        });
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn what_two_stretches_of_events_say_of_a_program_is_put_together() {
        let mut known = program(&["M1", "M2"], &["mira"], 3);
        join(&mut known, program(&["M2", "M3"], &["joe", "mira"], 2));
        let machines: Vec<&str> = known.hosts.iter().map(|host| host.machine.as_str()).collect();
        assert_eq!((machines, known.events), (vec!["M1", "M2", "M3"], 5));
        assert_eq!(known.users, ["mira", "joe"]);
    }

    #[test]
    fn a_rule_for_each_host_is_one_for_where_it_waits() {
        let waiting = program(&["M1", "M2"], &[], 2);
        let of = |reach: &Reach| -> Vec<String> {
            let decisions = decisions(&waiting, None, reach);
            decisions.iter().filter_map(|each| Some(each.scope.as_ref()?.to_string())).collect()
        };
        assert_eq!(of(&Reach::Hosts), ["host:M1", "host:M2"]);
        assert_eq!(of(&Reach::Scope(Scope::Fleet)), ["fleet"]);
    }

    #[test]
    fn a_preview_names_a_few_and_counts_the_rest() {
        assert_eq!(named(["a", "b"].into_iter()), "a, b");
        let seven = ["a", "b", "c", "d", "e", "f", "g"];
        assert_eq!(named(seven.into_iter()), "a, b, c, d, e and 2 more");
    }
}
