//! Lists from the server. Completions propose the items of these lists.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::proposal::{Proposal, is_plain};
use crate::api::{
    EventQuery, EventView, HostQuery, HostView, ProgramQuery, ProgramView, RevisionQuery, RuleQuery,
};
use crate::cli::labels::joined;
use crate::cli::ui::relative;
use crate::client::{Client, ClientError};
use crate::rule::{RevisionSummary, RuleType};

/// Maximum hosts and rules.
const MOST: usize = 100;
/// Maximum hosts from which users and groups are read.
const MOST_HOSTS: usize = 500;
/// Maximum events, programs and revisions, the newest first.
const MOST_RECENT: usize = 30;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum List {
    /// Hosts whose name, machine ID or serial number begins with this text.
    Hosts(String),
    /// The scopes of users and groups.
    UsersAndGroups,
    Tags,
    /// Targets of rules. The server narrows the list by this text.
    Targets(String),
    Revisions,
    Events,
    Programs,
    Tokens,
}

impl List {
    pub(super) async fn fetch(
        &self,
        client: &Client,
        now: Timestamp,
    ) -> Result<Vec<Proposal>, ClientError> {
        Ok(match self {
            Self::Hosts(prefix) => {
                let wanted = Some(prefix.clone()).filter(|prefix| !prefix.is_empty());
                let query = HostQuery { prefix: wanted, limit: Some(MOST), ..HostQuery::default() };
                hosts(&client.hosts(&query).first().await?, prefix)
            }
            Self::UsersAndGroups => {
                let query = HostQuery { limit: Some(MOST_HOSTS), ..HostQuery::default() };
                users_and_groups(&client.hosts(&query).first().await?)
            }
            Self::Tags => {
                let tags = client.tags().first().await?.into_iter();
                tags.map(|tag| Proposal::new(tag.name, tag.description.unwrap_or_default()))
                    .collect()
            }
            Self::Targets(prefix) => targets(client, prefix).await?,
            Self::Revisions => {
                let limit = Some(MOST_RECENT);
                let query = RevisionQuery { limit, ..RevisionQuery::default() };
                let revisions = client.revisions(&query).first().await?;
                revisions.iter().map(|revision| of_revision(revision, now)).collect()
            }
            Self::Events => {
                let limit = Some(MOST_RECENT);
                let query = EventQuery { limit, ..EventQuery::default() };
                client.events(&query).first().await?.iter().map(of_event).collect()
            }
            Self::Programs => {
                let limit = Some(MOST_RECENT);
                let query = ProgramQuery { limit, ..ProgramQuery::default() };
                client.programs(&query).first().await?.iter().map(of_program).collect()
            }
            Self::Tokens => {
                let tokens = client.tokens().await?.into_iter();
                tokens.map(|token| Proposal::new(token.name, token.role.to_string())).collect()
            }
        })
    }
}

/// For each host, the first of its names that begins with `prefix`. A host name that several hosts
/// have is not proposed.
fn hosts(hosts: &[HostView], prefix: &str) -> Vec<Proposal> {
    let mut named: BTreeMap<&str, u32> = BTreeMap::new();
    hosts.iter().for_each(|host| *named.entry(&host.hostname).or_default() += 1);
    let proposal = |host: &HostView| {
        let hostname = Some(host.hostname.as_str()).filter(|name| named.get(name) == Some(&1));
        let names = [hostname, Some(host.machine.as_str()), Some(host.serial.as_str())];
        let fits = |name: &&str| name.starts_with(prefix) && is_plain(name);
        let name = names.into_iter().flatten().find(fits)?;
        let other = if name == host.hostname { host.machine.as_str() } else { &host.hostname };
        Some(Proposal::new(name, joined([other, host.state.word()], ", ")))
    };
    hosts.iter().filter_map(proposal).collect()
}

fn users_and_groups(hosts: &[HostView]) -> Vec<Proposal> {
    let users = hosts.iter().map(|host| &host.primary_user).filter(|name| !name.is_empty());
    let users: BTreeSet<_> = users.collect();
    let groups: BTreeSet<_> = hosts.iter().flat_map(|host| &host.groups).collect();
    let groups = groups.into_iter().map(|name| Proposal::word(format!("group:{name}")));
    groups.chain(users.into_iter().map(|name| Proposal::word(format!("user:{name}")))).collect()
}

async fn targets(client: &Client, prefix: &str) -> Result<Vec<Proposal>, ClientError> {
    let mut query = RuleQuery { limit: Some(MOST), ..RuleQuery::default() };
    if let Some((rule_type, identifier)) = prefix.split_once(':') {
        query.rule_type = RuleType::from_word(rule_type);
        query.text = Some(identifier.to_owned()).filter(|text| !text.is_empty());
    }
    let mut rules = client.rules(&query).first().await?;
    // The rules are sorted by target.
    rules.dedup_by(|one, other| one.rule.target == other.rule.target);
    let proposal = |rule: crate::rule::RuleDraft| {
        let comment = rule.comment.map(|comment| format!(": {comment}")).unwrap_or_default();
        Proposal::new(rule.target, format!("{}{comment}", rule.policy))
    };
    Ok(rules.into_iter().map(|view| proposal(view.rule)).collect())
}

fn of_revision(summary: &RevisionSummary, now: Timestamp) -> Proposal {
    let record = &summary.record;
    let message = record.message.as_ref().map(|text| format!(": {text}")).unwrap_or_default();
    let about = format!("{}, {}{message}", record.author, relative(record.at, now));
    Proposal::new(record.revision, about)
}

fn of_event(event: &EventView) -> Proposal {
    let host = if event.hostname.is_empty() { event.machine.as_str() } else { &event.hostname };
    Proposal::new(event.id, format!("{} on {host}, {}", event.path, event.decision.0))
}

fn of_program(view: &ProgramView) -> Proposal {
    let by = [&view.program.signing_id, &view.program.sha256];
    let by = by.into_iter().find(|text| !text.is_empty());
    let by = by.map(|text| format!(", {text}")).unwrap_or_default();
    Proposal::new(view.id, format!("{}{by}", view.name))
}
