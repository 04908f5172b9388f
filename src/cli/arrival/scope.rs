//! The hosts in the scope of a change.

use std::collections::{BTreeSet, HashSet};

use jiff::{SignedDuration, Timestamp};

use super::tally::{MOST_STRAGGLERS, Tally};
use crate::api::{Code, Contact, HostQuery, HostState, HostView, SettingsQuery, Subject};
use crate::cli::error::CliError;
use crate::cli::host::wait::is_up_to_date;
use crate::client::{Client, ClientError};
use crate::fleet::{Interval, SettingKey, parse_duration};
use crate::rule::{MachineId, Revision, Scope, TagName};

/// Maximum hosts that are read to count hosts one time.
const MOST_HOSTS: usize = 10_000;
/// Maximum pages of changes that are read to find their scopes.
const MOST_PAGES_OF_CHANGES: u32 = 20;
/// Maximum scopes whose hosts are listed. Each scope needs at least one request.
const MOST_SCOPES: usize = 20;
/// A count that began before the change may be published after it, in addition to the last one. The
/// third count, if each is newer than the one before, cannot have begun before the change.
const COUNTS_UNTIL_CURRENT: u32 = 3;

/// The hosts to wait for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum HostsInScope {
    /// All hosts. The server counts them.
    Fleet,
    /// The hosts in any of these scopes. They are listed and counted here.
    Scopes(BTreeSet<Scope>),
}

impl HostsInScope {
    /// The hosts to which the changes of a revision apply. The whole fleet if there are too many
    /// scopes, or if the hosts cannot be found because they no longer have a tag.
    pub(crate) async fn of_revision(
        client: &Client,
        revision: Revision,
    ) -> Result<Self, ClientError> {
        let mut changes = client.revision_changes(revision);
        let mut scopes = BTreeSet::new();
        let mut pages = 0;
        while let Some(page) = changes.next().await? {
            pages += 1;
            scopes.extend(page.iter().filter_map(|change| scope_of(&change.subject)));
            let is_large = pages > MOST_PAGES_OF_CHANGES || scopes.len() > MOST_SCOPES;
            if is_large || scopes.contains(&Scope::Fleet) {
                return Ok(Self::Fleet);
            }
        }
        // The list of changes does not contain changes to the tags of hosts. If no scope was found,
        // any host may be affected.
        Ok(if scopes.is_empty() { Self::Fleet } else { Self::Scopes(scopes) })
    }

    /// The hosts with these names, whose tags will change. If they are too many to be listed one by
    /// one, the hosts with the added tags, or the whole fleet.
    pub(crate) async fn named(
        client: &Client,
        names: &[&str],
        added_tags: &[TagName],
    ) -> Result<Self, ClientError> {
        let mut scopes = BTreeSet::new();
        if names.len() <= MOST_SCOPES {
            for name in names {
                scopes.insert(Scope::Host(client.host(name).await?.machine));
            }
        } else if added_tags.is_empty() {
            return Ok(Self::Fleet);
        } else {
            scopes.extend(added_tags.iter().cloned().map(Scope::Tag));
        }
        Ok(Self::Scopes(scopes))
    }

    /// The host, if there is only one.
    pub(super) fn only_host(&self) -> Option<&MachineId> {
        let Self::Scopes(scopes) = self else { return None };
        match scopes.first() {
            Some(Scope::Host(machine)) if scopes.len() == 1 => Some(machine),
            _ => None,
        }
    }

    pub(super) fn scopes(&self) -> Vec<Scope> {
        match self {
            Self::Fleet => vec![Scope::Fleet],
            Self::Scopes(scopes) => scopes.iter().cloned().collect(),
        }
    }
}

/// The scope of a change. `None` for a new tag without members, which changes nothing on hosts.
fn scope_of(subject: &Subject) -> Option<Scope> {
    match subject {
        Subject::Rule { scope, .. } | Subject::Setting { scope, .. } => Some(scope.clone()),
        Subject::Tag { name, before: None, after, .. } => {
            let has_members = after.as_ref().is_some_and(|tag| !tag.membership.is_empty());
            has_members.then(|| Scope::Tag(name.clone()))
        }
        // Hosts that lost the tag are also affected, but can no longer be found by the tag.
        Subject::Tag { .. } => Some(Scope::Fleet),
    }
}

/// A query whose result contains the hosts in a scope, and other hosts unless `is_in` is checked.
fn query(scope: &Scope) -> HostQuery {
    let mut query = HostQuery::default();
    match scope {
        Scope::Fleet | Scope::Group(_) => {}
        Scope::Tag(tag) => query.tag = Some(tag.clone()),
        Scope::User(user) => query.user = Some(user.to_string()),
        Scope::Host(name) => query.prefix = Some(name.to_string()),
    }
    query
}

fn is_in(host: &HostView, scope: &Scope) -> bool {
    match scope {
        Scope::Fleet | Scope::Tag(_) | Scope::User(_) => true,
        Scope::Group(group) => host.groups.iter().any(|its| its.as_str() == &**group),
        Scope::Host(name) => {
            host.machine == *name || host.serial.eq_ignore_ascii_case(name.as_str())
        }
    }
}

/// The result of counting hosts one time.
pub(super) struct Counted {
    pub(super) tally: Tally,
    /// Whether the hosts were counted after the change.
    pub(super) is_current: bool,
    /// The longest sync interval of the hosts.
    pub(super) interval: SignedDuration,
}

/// Counts the hosts in scope, again and again.
pub(super) struct Counter<'c> {
    client: &'c Client,
    revision: Revision,
    pub(super) hosts: HostsInScope,
    /// Whether the server has read the revision. If another server of the same database committed
    /// it, this server may still show hosts without the change as in sync.
    is_revision_known: bool,
    /// The time of the newest count, and the number of counts that were newer than all before them.
    newest_count: Option<Timestamp>,
    newer_counts: u32,
    /// The time of the first count that cannot have begun before the change.
    current_since: Option<Timestamp>,
    fleet_interval: Option<SignedDuration>,
}

impl<'c> Counter<'c> {
    pub(super) fn new(client: &'c Client, revision: Revision, hosts: HostsInScope) -> Self {
        Self {
            client,
            revision,
            hosts,
            is_revision_known: false,
            newest_count: None,
            newer_counts: 0,
            current_since: None,
            fleet_interval: None,
        }
    }

    /// Counts the hosts. If there are too many of them to list, waits for the whole fleet from now
    /// on.
    pub(super) async fn count(&mut self) -> Result<Counted, CliError> {
        if !self.is_revision_known {
            self.is_revision_known = self.client.status().await?.revision >= self.revision;
        }
        if let HostsInScope::Scopes(scopes) = &self.hosts {
            if let Some(counted) = self.count_listed(scopes).await? {
                return Ok(counted);
            }
            self.hosts = HostsInScope::Fleet;
        }
        self.count_fleet().await
    }

    /// Counts the hosts in scopes. `None` if there are too many.
    async fn count_listed(&self, scopes: &BTreeSet<Scope>) -> Result<Option<Counted>, ClientError> {
        let mut tally = Tally::default();
        let mut seconds = None;
        let mut known = HashSet::new();
        let mut left = MOST_HOSTS;
        for scope in scopes {
            let mut pages = self.client.hosts(&query(scope));
            loop {
                let page = match pages.next().await {
                    // The tag was deleted after the change, so it has no hosts.
                    Err(ClientError::Problem(problem)) if problem.code == Code::NotFound => break,
                    page => page?,
                };
                let Some(page) = page else { break };
                let Some(rest) = left.checked_sub(page.len()) else { return Ok(None) };
                left = rest;
                for host in page.into_iter().filter(|host| is_in(host, scope)) {
                    if known.insert(host.machine.clone()) {
                        seconds = seconds.max(Some(host.interval));
                        tally.add_host(is_up_to_date(&host, self.revision), host);
                    }
                }
            }
        }
        let seconds = seconds.unwrap_or(Interval::DEFAULT.seconds());
        let interval = SignedDuration::from_secs(i64::from(seconds));
        Ok(Some(Counted { tally, is_current: self.is_revision_known, interval }))
    }

    async fn count_fleet(&mut self) -> Result<Counted, CliError> {
        let mut counts = self.client.host_counts().await?;
        self.note_count(counts.counted_at);
        while self.current_since.is_none() {
            let next = self.client.host_counts().await?;
            if !self.note_count(next.counted_at) {
                break;
            }
            counts = next;
        }
        let mut tally = Tally { uncounted: counts.uncounted, ..Tally::default() };
        for count in counts.items {
            tally.add(count.state == HostState::InSync, count.state, count.contact, count.hosts);
        }
        let interval = match self.fleet_interval {
            Some(interval) => interval,
            None => *self.fleet_interval.insert(fleet_interval(self.client).await?),
        };
        // With several servers, a later response may have an older count.
        let is_current = self.is_revision_known
            && self.current_since.is_some_and(|since| counts.counted_at >= since);
        Ok(Counted { tally, is_current, interval })
    }

    /// Whether the count is newer than all counts before it.
    fn note_count(&mut self, counted_at: Timestamp) -> bool {
        let is_newer = self.newest_count.is_none_or(|newest| counted_at > newest);
        if is_newer {
            self.newest_count = Some(counted_at);
            self.newer_counts = self.newer_counts.saturating_add(1);
            if self.newer_counts == COUNTS_UNTIL_CURRENT {
                self.current_since = Some(counted_at);
            }
        }
        is_newer
    }

    /// Adds some stragglers to a count of the fleet, which has only numbers.
    pub(super) async fn find_stragglers(&self, tally: &mut Tally) -> Result<(), ClientError> {
        if self.hosts != HostsInScope::Fleet {
            return Ok(());
        }
        let online = |state, hosts| (hosts, Some(state), Contact::Online);
        let queries = [
            online(HostState::Behind, tally.behind),
            online(HostState::Syncing, tally.behind),
            online(HostState::Drifted, tally.behind),
            online(HostState::NeverSynced, tally.behind),
            online(HostState::Rejecting, tally.rejecting),
            (tally.silent, None, Contact::Silent),
        ];
        for (_, state, contact) in queries.into_iter().filter(|(hosts, ..)| *hosts > 0) {
            let contact = Some(contact);
            let limit = Some(MOST_STRAGGLERS);
            let query = HostQuery { state, contact, limit, ..HostQuery::default() };
            let hosts = self.client.hosts(&query).first().await?;
            tally.stragglers.extend(hosts.into_iter().map(Into::into));
        }
        Ok(())
    }
}

/// The sync interval in the settings of the fleet.
async fn fleet_interval(client: &Client) -> Result<SignedDuration, ClientError> {
    let query = SettingsQuery { scope: Some(Scope::Fleet) };
    let settings = client.settings(&query).await?;
    let set = settings.iter().find(|setting| setting.key == SettingKey::FullSyncInterval);
    let default = SignedDuration::from_secs(i64::from(Interval::DEFAULT.seconds()));
    Ok(set.and_then(|setting| parse_duration(&setting.value)).unwrap_or(default))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::{Request, Response};

    use super::*;
    use crate::client::{BoxFuture, InProcess};
    use crate::fleet::Tag;

    #[test]
    fn a_tag_without_members_changes_no_hosts() {
        let tag = Tag::new("eng".parse().unwrap());
        let subject = |before: Option<&Tag>, after: Option<&Tag>| Subject::Tag {
            name: tag.name.clone(),
            before: before.cloned().map(Box::new),
            after: after.cloned().map(Box::new),
            hosts: None,
        };
        assert_eq!(scope_of(&subject(None, Some(&tag))), None);
        assert_eq!(scope_of(&subject(Some(&tag), None)), Some(Scope::Fleet));
        assert_eq!(scope_of(&subject(Some(&tag), Some(&tag))), Some(Scope::Fleet));
    }

    #[test]
    fn hosts_are_found_by_their_scope() {
        let of = |text: &str| query(&text.parse().unwrap());
        assert_eq!(of("tag:eng").tag, "eng".parse().ok());
        assert_eq!(of("user:anna").user.as_deref(), Some("anna"));
        assert_eq!(of("host:C02XK0").prefix.as_deref(), Some("C02XK0"));
        assert_eq!(of("group:staff"), HostQuery::default());
    }

    /// A client of a server without hosts.
    fn client() -> Client {
        let answer = |_: Request<Bytes>| -> BoxFuture<'static, Response<Bytes>> {
            Box::pin(async { Response::new(Bytes::from_static(br#"{"items":[]}"#)) })
        };
        Client::in_process(InProcess { address: "test".to_owned(), answer })
    }

    #[tokio::test]
    async fn the_hosts_of_many_scopes_are_listed_if_they_are_few() {
        let scopes =
            (1..=MOST_SCOPES).map(|number| format!("tag:t{number}").parse::<Scope>().unwrap());
        let hosts = HostsInScope::Scopes(scopes.collect());
        let client = client();
        let mut counter = Counter::new(&client, Revision(7), hosts.clone());
        counter.is_revision_known = true;
        let counted = counter.count().await.unwrap();
        assert!(counted.is_current);
        assert_eq!((counted.tally, counter.hosts), (Tally::default(), hosts));
    }

    #[test]
    fn the_third_newer_count_is_current() {
        let client = client();
        let mut counter = Counter::new(&client, Revision(7), HostsInScope::Fleet);
        let at = |second| Timestamp::UNIX_EPOCH + SignedDuration::from_secs(second);
        // Two servers respond in turn, each with its last count.
        let is_newer = [0, 10, 0, 10, 30].map(|second| counter.note_count(at(second)));
        assert_eq!(is_newer, [true, true, false, false, true]);
        assert_eq!(counter.current_since, Some(at(30)));
        assert!(counter.note_count(at(60)));
        assert_eq!(counter.current_since, Some(at(30)));
    }
}
