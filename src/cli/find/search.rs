//! Searches for the possible meanings of a text.

use std::collections::HashMap;

use futures_util::future::try_join_all;
use serde::de::DeserializeOwned;

use super::finding::{Finding, Kind};
use super::wanted::{Shape, Wanted};
use crate::api::{
    Code, EventDetail, EventQuery, EventView, HostQuery, HostView, ProgramDetail, ProgramQuery,
    ProgramView, RuleQuery, RuleView, SightingView,
};
use crate::cli::error::CliError;
use crate::cli::labels::{first_names, host_label, joined, publisher};
use crate::client::{Client, ClientError, Pages, exactly};
use crate::fleet::{EventId, EventKind, PathPattern};
use crate::rule::RuleType;
use crate::shell::argument;

/// Maximum findings of a kind.
pub(super) const MOST: usize = 5;
/// Maximum pages of a list that are searched.
const MOST_PAGES: usize = 20;
/// Maximum events that are searched for the programs at a path.
const MOST_EVENTS: usize = 500;
/// Maximum hosts of a user that are counted.
const MOST_HOSTS: usize = 1_000;
/// Maximum hosts of a user that are shown.
const MOST_NAMED: usize = 3;

/// Santa's decision about a program without a rule in lockdown.
const BLOCK_UNKNOWN: &str = "BLOCK_UNKNOWN";
const NO_RULE: &str = "no rule; lockdown blocks unknown programs";

/// Everything that the text can be.
#[derive(Default)]
pub(super) struct Found {
    pub(super) findings: Vec<Finding>,
    /// The kinds with more findings than are shown, each with a command that lists them.
    pub(super) more: Vec<(&'static str, String)>,
}

impl Found {
    /// If there are more than [`MOST`] items, keeps the first ones, and the command that lists all.
    fn shorten<T>(&mut self, items: &mut Vec<T>, kind: &'static str, list: String) {
        if items.len() > MOST {
            items.truncate(MOST);
            self.more.push((kind, list));
        }
    }
}

pub(super) async fn all(client: &Client, wanted: &Wanted) -> Result<Found, CliError> {
    let mut found = Found::default();
    let text = argument(&wanted.text);
    let event = match wanted.shape {
        Shape::Number(id) => event(client, id).await?,
        Shape::Sha256 | Shape::CdHash | Shape::Path(_) | Shape::Other => None,
    };
    let (mut programs, list) = match &event {
        Some(detail) => {
            let sha256 = &detail.event.program.sha256;
            (with_sha256(client, sha256).await?, list_with_text(sha256))
        }
        None => programs(client, wanted).await?,
    };
    found.findings.extend(event.map(of_event));
    found.shorten(&mut programs, "programs", list);
    let programs = programs.into_iter().map(|program| of_program(client, program));
    found.findings.extend(try_join_all(programs).await?);
    if wanted.can_be_host() {
        let (prefix, limit) = (Some(wanted.text.clone()), Some(MOST + 1));
        let query = HostQuery { prefix, limit, ..HostQuery::default() };
        let mut hosts = first(client.hosts(&query), MOST + 1, |_| true).await?;
        found.shorten(&mut hosts, "hosts", format!("nicelist host list {text}"));
        let hosts = hosts.into_iter().map(|host| of_host(client, host));
        found.findings.extend(try_join_all(hosts).await?);
    }
    if wanted.can_be_name() {
        found.findings.extend(user(client, &wanted.text).await?);
    }
    if !matches!(wanted.shape, Shape::Path(_)) {
        let query = RuleQuery { text: Some(wanted.text.clone()), ..RuleQuery::default() };
        let shown = |rule: &RuleView| {
            let mut rules = found.findings.iter().flat_map(|finding| &finding.rules);
            rules.any(|other| {
                (&other.rule.target, &other.rule.scope) == (&rule.rule.target, &rule.rule.scope)
            })
        };
        let fits = |rule: &RuleView| wanted.fits_rule(rule) && !shown(rule);
        let mut rules = first(client.rules(&query), MOST + 1, fits).await?;
        found.shorten(&mut rules, "rules", format!("nicelist rule list --text {text}"));
        found.findings.extend(rules.into_iter().map(of_rule));
    }
    Ok(found)
}

/// The first items that fit, at most `most`.
async fn first<T: DeserializeOwned>(
    mut pages: Pages<'_, T>,
    most: usize,
    fits: impl Fn(&T) -> bool,
) -> Result<Vec<T>, CliError> {
    let mut found = Vec::new();
    for _ in 0..MOST_PAGES {
        let Some(page) = pages.next().await? else { break };
        found.extend(page.into_iter().filter(&fits));
        if found.len() >= most {
            break;
        }
    }
    found.truncate(most);
    Ok(found)
}

fn list_with_text(text: &str) -> String {
    format!("nicelist program list --text {}", argument(text))
}

/// The programs, and a command that lists all of them.
async fn programs(
    client: &Client,
    wanted: &Wanted,
) -> Result<(Vec<ProgramView>, String), CliError> {
    let text = || Some(wanted.text.clone());
    let quoted = argument(&wanted.text);
    let programs = match &wanted.shape {
        Shape::Number(_) => return Ok((Vec::new(), list_with_text(&wanted.text))),
        Shape::Path(path) => {
            let programs = at_path(client, path, &wanted.text).await?;
            return Ok((programs, format!("nicelist event list --path {quoted}")));
        }
        Shape::Sha256 => with_sha256(client, &wanted.text).await?,
        Shape::CdHash => {
            let (cdhash, limit) = (text(), Some(MOST + 1));
            let query = ProgramQuery { cdhash, limit, ..ProgramQuery::default() };
            let programs = first(client.programs(&query), MOST + 1, |_| true).await?;
            if !programs.is_empty() {
                return Ok((programs, format!("nicelist program list --cdhash {quoted}")));
            }
            with_text(client, wanted).await?
        }
        Shape::Other => with_text(client, wanted).await?,
    };
    if !programs.is_empty() {
        return Ok((programs, list_with_text(&wanted.text)));
    }
    let limit = Some(MOST + 1);
    let query = ProgramQuery { publisher: text(), limit, ..ProgramQuery::default() };
    let programs = first(client.programs(&query), MOST + 1, |_| true).await?;
    Ok((programs, format!("nicelist program list --publisher {quoted}")))
}

async fn with_text(client: &Client, wanted: &Wanted) -> Result<Vec<ProgramView>, CliError> {
    let query = ProgramQuery { text: Some(wanted.text.clone()), ..ProgramQuery::default() };
    first(client.programs(&query), MOST + 1, |it| wanted.fits_program(it)).await
}

async fn with_sha256(client: &Client, sha256: &str) -> Result<Vec<ProgramView>, CliError> {
    let (sha256, limit) = (Some(sha256.to_owned()), Some(MOST + 1));
    let query = ProgramQuery { sha256, limit, ..ProgramQuery::default() };
    first(client.programs(&query), MOST + 1, |_| true).await
}

/// The programs in the newest events at a path. If there are none, for example because the events
/// were deleted, the programs with the name of the file or app.
async fn at_path(
    client: &Client,
    path: &PathPattern,
    text: &str,
) -> Result<Vec<ProgramView>, CliError> {
    let query = EventQuery {
        path: Some(path.clone()),
        kind: vec![EventKind::Execution],
        limit: Some(MOST_EVENTS),
        ..EventQuery::default()
    };
    let mut hashes: Vec<String> = Vec::new();
    for event in first(client.events(&query), MOST_EVENTS, |_| true).await? {
        let sha256 = event.program.sha256;
        if !hashes.contains(&sha256) && hashes.len() <= MOST {
            hashes.push(sha256);
        }
    }
    let programs = hashes.iter().map(|sha256| with_sha256(client, sha256));
    let mut programs: Vec<_> = try_join_all(programs).await?.into_iter().flatten().collect();
    let name = text.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let name = name.strip_suffix(".app").unwrap_or(name);
    if programs.is_empty() && !name.is_empty() {
        let query = ProgramQuery { text: Some(name.to_owned()), ..ProgramQuery::default() };
        let is_named = |it: &ProgramView| it.name == name || it.bundle_name == name;
        programs = first(client.programs(&query), MOST + 1, is_named).await?;
    }
    Ok(programs)
}

/// The newest event that matches and in which Santa blocked something.
async fn last_block(client: &Client, query: EventQuery) -> Result<Option<EventView>, CliError> {
    let query = EventQuery { blocked: true, limit: Some(1), ..query };
    Ok(first(client.events(&query), 1, |_| true).await?.pop())
}

/// The newest block of a program. Only the newest report of each host is searched. `None` also if
/// the event was deleted.
async fn last_block_of(
    client: &Client,
    sightings: Vec<SightingView>,
) -> Result<Option<EventView>, CliError> {
    let blocked = sightings.into_iter().filter(|sighting| sighting.decision.is_block());
    match blocked.max_by_key(|sighting| (sighting.last_seen, sighting.event)) {
        Some(newest) => Ok(event(client, newest.event).await?.map(|detail| detail.event)),
        None => Ok(None),
    }
}

async fn of_program(client: &Client, view: ProgramView) -> Result<Finding, CliError> {
    let ProgramView { id, name, program, hosts, .. } = view;
    let ProgramDetail { rules, sightings, .. } = client.program(id).await?;
    let named = sightings.iter().filter(|sighting| !sighting.hostname.is_empty());
    let hostnames =
        named.map(|it| (it.machine.to_string(), it.hostname.clone())).collect::<HashMap<_, _>>();
    let last_block = last_block_of(client, sightings).await?;
    let is_unknown = |event: &EventView| rules.is_empty() && &*event.decision.0 == BLOCK_UNKNOWN;
    let (why, next) = match &last_block {
        Some(event) if is_unknown(event) => {
            (NO_RULE, format!("nicelist event approve {}", event.id))
        }
        Some(event) => {
            let host = argument(host_label(&event.hostname, &event.machine));
            ("", format!("nicelist rule explain {} --host {host}", event.id))
        }
        None => ("", format!("nicelist program show {id}")),
    };
    let status = program.signing_status.word();
    let best = program.target(RuleType::SigningId).or_else(|| program.target(RuleType::Binary));
    let best = best.map(|target| target.to_string()).unwrap_or_default();
    let about = joined([name.as_str(), publisher(&program), status, &best], ", ");
    Ok(Finding {
        kind: Kind::Program,
        name: id.to_string(),
        about,
        rules,
        hosts: Some(hosts),
        last_block,
        why,
        next,
        title: Some(name).filter(|name| !name.is_empty()),
        hostnames,
    })
}

async fn of_host(client: &Client, host: HostView) -> Result<Finding, CliError> {
    let query = EventQuery { host: Some(exactly(&host.machine)), ..EventQuery::default() };
    let last_block = last_block(client, query).await?;
    let HostView { machine, serial, hostname, primary_user, state, .. } = host;
    let named = argument(host_label(&hostname, &machine));
    let next = match &last_block {
        Some(_) => format!("nicelist event approve --host {named}"),
        None => format!("nicelist host show {named}"),
    };
    let labeled = |label: &str, text: &str| match text {
        "" => String::new(),
        text => format!("{label} {text}"),
    };
    let (serial, user) = (labeled("serial", &serial), labeled("user", &primary_user));
    let about = joined([hostname.as_str(), &serial, &user, state.word()], ", ");
    let name = machine.to_string();
    Ok(Finding { last_block, ..Finding::new(Kind::Host, name, about, next) })
}

/// The user with exactly this name, as the primary user of hosts or in events.
async fn user(client: &Client, name: &str) -> Result<Option<Finding>, CliError> {
    let user = || Some(name.to_owned());
    let query = HostQuery { user: user(), ..HostQuery::default() };
    let hosts = first(client.hosts(&query), MOST_HOSTS, |_| true).await?;
    let query = EventQuery { user: user(), ..EventQuery::default() };
    let last_block = last_block(client, query.clone()).await?;
    if hosts.is_empty() && last_block.is_none() {
        let query = EventQuery { limit: Some(1), ..query };
        if first(client.events(&query), 1, |_| true).await?.is_empty() {
            return Ok(None);
        }
    }
    let named = argument(name);
    let next = match &last_block {
        Some(_) => format!("nicelist event approve --user {named}"),
        None => format!("nicelist program list --user {named}"),
    };
    let names = hosts.iter().map(|host| host_label(&host.hostname, &host.machine));
    let about = match hosts.is_empty() {
        true => "is in events, but is not the primary user of any host".to_owned(),
        false => format!("primary user of {}", first_names(names, MOST_NAMED)),
    };
    Ok(Some(Finding {
        hosts: Some(hosts.len() as u64),
        last_block,
        ..Finding::new(Kind::User, name.to_owned(), about, next)
    }))
}

async fn event(client: &Client, id: EventId) -> Result<Option<EventDetail>, CliError> {
    match client.event(id).await {
        Ok(event) => Ok(Some(event)),
        Err(ClientError::Problem(problem)) if problem.code == Code::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn of_event(EventDetail { event, .. }: EventDetail) -> Finding {
    let id = event.id;
    let is_block = event.decision.is_block();
    let command = if is_block { "approve" } else { "show" };
    let host = host_label(&event.hostname, &event.machine);
    let about = joined([&*event.decision.0, &event.path, host, &event.user], ", ");
    Finding {
        last_block: is_block.then_some(event),
        ..Finding::new(Kind::Event, id.to_string(), about, format!("nicelist event {command} {id}"))
    }
}

fn of_rule(view: RuleView) -> Finding {
    let rule = &view.rule;
    let scope = if rule.scope.is_empty() { "fleet" } else { &rule.scope };
    let ticket = rule.ticket.as_ref().map(|ticket| format!("ticket {ticket}")).unwrap_or_default();
    let what = format!("{} in {scope}", rule.policy);
    let by = format!("revision {} by {}", view.revision, view.author);
    let comment = rule.comment.as_deref().unwrap_or_default();
    let about = joined([what.as_str(), &ticket, comment, &by], ", ");
    let next = format!("nicelist rule show {}", argument(&rule.target));
    Finding::new(Kind::Rule, rule.target.clone(), about, next)
}
