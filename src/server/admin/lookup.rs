//! Looks up hosts and tags by name, and rules by target and scope.

use std::collections::{HashMap, HashSet};

use crate::api::{Code, Detail, Problem, RuleView};
use crate::fleet::{Host, Tag};
use crate::rule::{MachineId, Revision, Rule, Scope, TagName, Target};
use crate::server::answer::Refused;
use crate::server::state::State;
use crate::store::{HostFilter, RuleFilter, RuleRecord};
use crate::sync;

/// A request stops reading hosts after it has read at least this many.
pub(super) const MOST_EXAMINED: usize = 2_000;
/// The prefix of a name that is looked up only as a machine ID.
pub(super) const EXACT_ID: &str = "id:";
/// Hosts that a search by name reads at a time.
const AT_ONCE: usize = 500;
/// A tag is suggested only if its similarity to the unknown tag, from 0 to 1, is at least this.
const ALIKE: f64 = 0.5;
/// Maximum tags that are suggested for an unknown tag.
const MOST_TAGS: usize = 3;
/// Maximum hosts that are listed when several match a name.
pub(super) const CANDIDATES: usize = 10;

pub(super) async fn with_id(state: &State, id: &str) -> Result<Host, Refused> {
    let stored = match id.parse::<MachineId>() {
        Ok(machine) => state.store.host(&machine).await?,
        Err(_) => None,
    };
    let unknown = || Problem::new(Code::NotFound, format!("no host has machine ID `{id}`"));
    Ok(stored.ok_or_else(unknown)?.host)
}

/// Finds a host by its machine ID, serial number or host name, by a unique prefix of one of these,
/// or by `id:` and a whole machine ID. A whole name wins over a prefix. A serial number or host
/// name wins over a machine ID that is not a UUID, because a client could use the name of another
/// host as its machine ID.
pub(super) async fn find(state: &State, name: &str) -> Result<Host, Refused> {
    match find_whole(state, name).await? {
        Some(host) => Ok(host),
        None => search(state, name).await,
    }
}

/// Finds a host as [`find`] does, but only by a whole name. Reads only a few hosts. None if a
/// search may still find the host.
pub(super) async fn find_whole(state: &State, name: &str) -> Result<Option<Host>, Refused> {
    if name.is_empty() {
        return Err(Problem::new(Code::Invalid, "the host name must not be empty").into());
    }
    if let Some(id) = name.strip_prefix(EXACT_ID) {
        return with_id(state, id).await.map(Some);
    }
    let by_id = stored_host(state, name).await?;
    if by_id.as_ref().is_some_and(|host| host.machine.is_uuid()) {
        return Ok(by_id);
    }
    // A client could report the hardware UUID of another host as its host name, in lower case.
    if name.parse::<MachineId>().is_ok_and(|machine| machine.is_uuid()) {
        for id in [name.to_ascii_uppercase(), name.to_ascii_lowercase()] {
            let found = stored_host(state, &id).await?;
            if found.is_some() {
                return Ok(found);
            }
        }
    }
    let mut named = named(state, name, CANDIDATES).await?;
    match (named.pop(), by_id) {
        (Some(host), _) if named.is_empty() => Ok(Some(host)),
        (Some(host), _) => {
            named.push(host);
            Err(ambiguous(name, &named))
        }
        (None, Some(host)) => Ok(Some(host)),
        // If machine IDs differ only in letter case, the one in upper case wins.
        (None, None) => stored_host(state, &name.to_ascii_uppercase()).await,
    }
}

async fn stored_host(state: &State, id: &str) -> Result<Option<Host>, Refused> {
    let Ok(machine) = id.parse::<MachineId>() else { return Ok(None) };
    Ok(state.store.host(&machine).await?.map(|stored| stored.host))
}

/// Hosts whose serial number or host name equals a text, in any letter case. Stops reading after it
/// has more than `most` hosts.
pub(super) async fn named(state: &State, name: &str, most: usize) -> Result<Vec<Host>, Refused> {
    let filter = HostFilter { name: Some(name.to_owned()), ..HostFilter::default() };
    let mut named: Vec<Host> = Vec::new();
    loop {
        let after = named.last().map(|host| host.machine.clone());
        let part = state.store.hosts(&filter, after.as_ref(), AT_ONCE.min(most + 1)).await?;
        let more = part.more;
        named.extend(part.rows);
        if !more || named.len() > most {
            return Ok(named);
        }
    }
}

/// Finds a host by its serial number, host name or machine ID in any letter case, or by a unique
/// prefix of one of these. Reads up to about [`MOST_EXAMINED`] hosts.
pub(super) async fn search(state: &State, name: &str) -> Result<Host, Refused> {
    let Search { mut named, same_id, mut begin } = Search::of(state, name).await?;
    match (&mut named[..], same_id, &begin[..]) {
        ([_], _, _) => Ok(named.swap_remove(0)),
        ([], Some(host), _) => Ok(host),
        ([], None, [_]) => Ok(begin.swap_remove(0)),
        ([], None, []) => Err(Problem::new(Code::NotFound, format!("host `{name}` not found"))
            .hint("nicelist host list lists all hosts")
            .into()),
        ([], None, _) => Err(ambiguous(name, &begin)),
        _ => Err(ambiguous(name, &named)),
    }
}

/// Hosts whose machine ID, serial number or host name begins with a text. The search stops after
/// about [`MOST_EXAMINED`] hosts.
struct Search {
    /// Hosts whose serial number or host name equals the text, in any letter case.
    named: Vec<Host>,
    /// A host whose machine ID equals the text, in any letter case.
    same_id: Option<Host>,
    /// Some of the other hosts: at most one more than a message lists.
    begin: Vec<Host>,
}

impl Search {
    async fn of(state: &State, name: &str) -> Result<Self, Refused> {
        let filter = HostFilter { prefix: Some(name.to_owned()), ..HostFilter::default() };
        let mut found = Self { named: Vec::new(), same_id: None, begin: Vec::new() };
        let (mut after, mut examined) = (None, 0);
        loop {
            let hosts = state.store.hosts(&filter, after.as_ref(), AT_ONCE).await?;
            let more = hosts.more;
            examined += hosts.len();
            after = hosts.last().map(|host| host.machine.clone());
            hosts.into_iter().for_each(|host| found.add(host, name));
            if !more || examined >= MOST_EXAMINED {
                return Ok(found);
            }
        }
    }

    fn add(&mut self, host: Host, name: &str) {
        let names = [&host.facts.serial, &host.facts.hostname];
        if names.iter().any(|known| known.eq_ignore_ascii_case(name)) {
            self.named.push(host);
        } else if host.machine.as_str().eq_ignore_ascii_case(name) {
            self.same_id.get_or_insert(host);
        } else if self.begin.len() <= CANDIDATES {
            self.begin.push(host);
        }
    }
}

pub(super) fn ambiguous(name: &str, hosts: &[Host]) -> Refused {
    let detail = |host: &Host| Detail {
        message: format!("{} ({}, {})", host.machine, host.facts.hostname, host.facts.serial),
        ..Detail::default()
    };
    let listed = match hosts.len() > CANDIDATES {
        true => format!("; the first {CANDIDATES} are listed"),
        false => String::new(),
    };
    Problem::new(Code::Ambiguous, format!("`{name}` matches more than one host{listed}"))
        .details(hosts.iter().take(CANDIDATES).map(detail).collect())
        .hint("use a longer part of the name, or the machine ID")
        .into()
}

pub(super) async fn hostnames(
    state: &State,
    machines: impl Iterator<Item = &MachineId>,
) -> Result<HashMap<MachineId, String>, Refused> {
    let distinct: HashSet<&MachineId> = machines.collect();
    let machines: Vec<MachineId> = distinct.into_iter().cloned().collect();
    Ok(state.store.hostnames(&machines).await?.into_iter().collect())
}

/// The stored rule for a target in exactly this scope, now or at a revision.
pub(super) async fn stored_rule(
    state: &State,
    target: &Target,
    scope: &Scope,
    at: Option<Revision>,
) -> Result<Option<RuleRecord>, Refused> {
    let (target, scope) = (Some(target.clone()), Some(scope.clone()));
    let filter = RuleFilter { at, target, scope, ..RuleFilter::default() };
    Ok(state.store.rules(&filter, None, 1).await?.pop())
}

pub(super) async fn with_revision(state: &State, rule: &Rule) -> Result<RuleView, Refused> {
    let record = stored_rule(state, rule.target(), rule.scope(), None).await?;
    let gone = || Problem::new(Code::Conflict, "the rules changed during the request; try again");
    let made = record.ok_or_else(gone)?.made;
    Ok(RuleView {
        needs: sync::first_version_for(rule),
        rule: rule.clone().into(),
        revision: made.revision,
        author: made.author,
        since: made.at,
        withheld: 0,
        hostname: None,
    })
}

/// Suggests the most similar tags, and then how to create the tag. If the tag is in a scope, also
/// suggests the host with this name.
pub(super) async fn unknown_tag_hints(
    state: &State,
    name: &TagName,
    is_scope: bool,
) -> Result<Vec<String>, Refused> {
    let tags = state.store.snapshot().await?.tags;
    let shown = |tag: &Tag| match is_scope {
        true => format!("tag:{}", tag.name),
        false => format!("`{}`", tag.name),
    };
    let alike = similar_tags(&tags, name).into_iter().take(MOST_TAGS);
    let mut similar: Vec<String> = alike.map(shown).collect();
    if is_scope && let Some(host) = host_scope(state, name).await {
        similar.insert(0, host);
    }
    if similar.is_empty() {
        return Ok(vec![format!("create it first: nicelist tag create {name}")]);
    }
    let similar = format!("did you mean {}?", similar.join(" or "));
    Ok(vec![similar, format!("to create the tag: nicelist tag create {name}")])
}

/// The scope of the host with this machine ID, serial number or host name, in any letter case. None
/// if the host is not found or not unique, because the other hints are enough then.
async fn host_scope(state: &State, name: &TagName) -> Option<String> {
    let host = find(state, name.as_str()).await.ok()?;
    let is_name = |text: &str| text.eq_ignore_ascii_case(name.as_str());
    if is_name(&host.facts.serial) || is_name(&host.facts.hostname) {
        return Some(format!("host:{name}"));
    }
    is_name(host.machine.as_str()).then(|| format!("host:{}", host.machine))
}

/// Refuses to filter by a tag that does not exist now or, if a revision is given, at that revision.
pub(super) async fn check_tag(
    state: &State,
    name: &TagName,
    at: Option<Revision>,
) -> Result<(), Refused> {
    let tags = match at {
        Some(at) => state.store.snapshot_at(at).await?.tags,
        None => state.store.snapshot().await?.tags,
    };
    if tags.iter().any(|tag| tag.name == *name) {
        return Ok(());
    }
    let hint = match similar_tags(&tags, name).first() {
        Some(nearest) => format!("did you mean `{}`?", nearest.name),
        None => "nicelist tag list lists all tags".to_owned(),
    };
    Err(Problem::new(Code::NotFound, format!("tag `{name}` not found")).hint(hint).into())
}

/// The tags with a similar name, the most similar first.
fn similar_tags<'t>(tags: &'t [Tag], name: &TagName) -> Vec<&'t Tag> {
    let likeness =
        |tag: &Tag| strsim::normalized_damerau_levenshtein(tag.name.as_str(), name.as_str());
    let mut alike: Vec<(f64, &Tag)> = tags.iter().map(|tag| (likeness(tag), tag)).collect();
    alike.retain(|(likeness, _)| *likeness >= ALIKE);
    alike.sort_by(|a, b| b.0.total_cmp(&a.0));
    alike.into_iter().map(|(_, tag)| tag).collect()
}
