//! The hosts of `host tag` and `host untag`, and the change of their tags.

use std::collections::HashSet;
use std::io::{self, BufRead};

use clap::Args;

use crate::api::{
    ChangeAnswer, Contact, HostQuery, HostState, HostTagsRequest, HostView, TagHostsRequest,
};
use crate::cli::arg::Words;
use crate::cli::arrival::{ArrivalArgs, HostsInScope};
use crate::cli::change::{self, Edit};
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::policy_files::{ListLine, STDIO, counted, list_lines};
use crate::client::{Client, exactly};
use crate::rule::{ChangeMessage, Outcome, TagName};
use crate::shell::argument;

/// Maximum hosts in one request, as in the server.
const MOST_HOSTS: usize = 5_000;
/// Maximum tag changes in one request, as in the server: the number of hosts times the number of
/// tags.
const MOST_EDITS: usize = 20_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TagChange {
    Add,
    Remove,
}

#[derive(Debug, Args)]
pub(super) struct TaggedHosts {
    /// Machine ID, serial number or host name, a unique prefix of one, or - to read hosts from
    /// stdin. With a filter option, this is the first tag
    host: String,
    /// Tags; required unless a filter option is given
    // clap puts all options of a struct into a group that has the name of the struct.
    #[arg(required_unless_present = "SelectedHosts", value_name = "TAG")]
    tags: Vec<TagName>,
    #[command(flatten)]
    filter: SelectedHosts,
    /// Reason for the change, kept in the history
    #[arg(short = 'm', long, value_name = "TEXT")]
    reason: Option<ChangeMessage>,
    /// Skip confirmation
    #[arg(short, long)]
    yes: bool,
    /// Show what would change, but change nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    arrival: ArrivalArgs,
}

/// Selects hosts. All conditions must match.
#[derive(Debug, Args)]
struct SelectedHosts {
    /// Select all hosts with this tag
    #[arg(long, value_name = "TAG")]
    with_tag: Option<TagName>,
    /// Select all hosts of this primary user
    #[arg(long)]
    user: Option<String>,
    /// Select all hosts in this state
    #[arg(long, value_parser = Words::<HostState>::new(HostState::ALL.map(HostState::word)))]
    state: Option<HostState>,
    /// Select all hosts seen within their last three sync intervals (online), or all others
    /// (silent)
    #[arg(long, value_parser = Words::<Contact>::new(Contact::ALL.map(Contact::word)))]
    contact: Option<Contact>,
    /// Select all hosts whose machine ID, serial number or host name begins with this
    #[arg(long)]
    prefix: Option<String>,
}

/// A host whose tags are changed.
#[derive(Debug, PartialEq, Eq)]
struct NamedHost {
    /// Its name in the request.
    name: String,
    /// Its name in messages.
    label: String,
}

impl TaggedHosts {
    pub(super) async fn change(self, context: &Context, change: TagChange) -> Result<(), CliError> {
        let Self { host, mut tags, filter, reason: message, yes, dry_run, arrival } = self;
        let query = filter.query();
        let is_filtered = query != HostQuery::default();
        if is_filtered {
            let invalid = |error| CliError::usage(format!("invalid tag `{host}`: {error}"));
            tags.insert(0, host.parse().map_err(invalid)?);
        }
        let from_stdin = (!is_filtered && host == STDIO).then(|| read(io::stdin().lock()));
        let from_stdin = from_stdin.transpose()?;
        let client = context.client_to_change(dry_run).await?;
        let hosts = match from_stdin {
            Some(hosts) => hosts,
            None if is_filtered => find(&client, &query).await?,
            None => {
                let (add, remove) = change.of(tags);
                let request = HostTagsRequest { add, remove, message, dry_run };
                return change_one(context, &client, &host, &request, arrival).await;
            }
        };
        if hosts.is_empty() {
            context.ui.status("no hosts match");
            return Ok(());
        }
        if is_filtered && !dry_run {
            context.ui.confirm(&change.question(&tags, hosts.len()), yes)?;
        }
        let (add, remove) = change.of(tags);
        let change = TagHostsRequest { hosts: Vec::new(), add, remove, message, dry_run };
        change_all(context, &client, &hosts, &change, arrival).await
    }
}

/// Changes the tags of hosts, with several requests if there are many hosts, and shows the outcomes
/// together. If a request fails, the outcomes of the requests before it are shown.
async fn change_all(
    context: &Context,
    client: &Client,
    hosts: &[NamedHost],
    change: &TagHostsRequest,
    arrival: ArrivalArgs,
) -> Result<(), CliError> {
    let names: Vec<&str> = hosts.iter().map(|host| host.name.as_str()).collect();
    let waited = hosts_to_wait_for(client, &names, &change.add, arrival).await?;
    let mut answer: Option<ChangeAnswer> = None;
    let mut result = Ok(());
    for hosts in hosts.chunks(hosts_per_request(change.add.len() + change.remove.len())) {
        let hosts = hosts.iter().map(|host| host.name.clone()).collect();
        match client.tag_hosts(&TagHostsRequest { hosts, ..change.clone() }).await {
            Ok(next) => answer = Some(joined(answer.take(), next)),
            Err(error) => {
                result = Err(error.into());
                break;
            }
        }
    }
    let Some(answer) = answer else { return result };
    let TagHostsRequest { add, remove, dry_run, .. } = change;
    let edits =
        hosts.iter().flat_map(|host| add.iter().chain(remove).map(|tag| edit(tag, &host.label)));
    let ui = &context.ui;
    let created = (answer.changed && result.is_ok()).then_some(answer.revision);
    let shown = arrival.show_and_wait_for(ui, client, created, waited, &answer, |whole| {
        change::show_edits(ui, whole, &answer, edits)?;
        ui.status(change::summary(&answer.outcomes, answer.revision, *dry_run));
        Ok(())
    });
    shown.await?;
    result
}

/// `None` if the command does not wait.
async fn hosts_to_wait_for(
    client: &Client,
    names: &[&str],
    added_tags: &[TagName],
    arrival: ArrivalArgs,
) -> Result<Option<HostsInScope>, CliError> {
    match arrival.waits() {
        true => Ok(Some(HostsInScope::named(client, names, added_tags).await?)),
        false => Ok(None),
    }
}

fn hosts_per_request(tags: usize) -> usize {
    MOST_HOSTS.min(MOST_EDITS / tags.max(1)).max(1)
}

/// Joins the responses to the earlier requests and the response to the next one.
fn joined(before: Option<ChangeAnswer>, next: ChangeAnswer) -> ChangeAnswer {
    let Some(mut all) = before else { return next };
    let ChangeAnswer { revision, changed, outcomes, pruned, mut differences, warnings } = next;
    for difference in &mut differences {
        difference.edit += all.outcomes.len();
    }
    all.revision = revision;
    all.changed |= changed;
    all.outcomes.extend(outcomes);
    all.pruned.extend(pruned);
    all.differences.extend(differences);
    all.warnings.extend(warnings);
    all
}

async fn change_one(
    context: &Context,
    client: &Client,
    host: &str,
    request: &HostTagsRequest,
    arrival: ArrivalArgs,
) -> Result<(), CliError> {
    let HostTagsRequest { add, remove, dry_run, .. } = request;
    let waited = hosts_to_wait_for(client, &[host], add, arrival).await?;
    let answer = client.tag_host(host, request).await?;
    let edits = add.iter().chain(remove).map(|tag| edit(tag, host));
    // The undo hint is not a rollback, because a rollback does not change the tags of hosts.
    let (verb, tags) = if add.is_empty() { ("tag", remove) } else { ("untag", add) };
    let changed = tags.iter().zip(&answer.outcomes).filter(|(_, it)| **it != Outcome::Unchanged);
    let changed: Vec<&str> = changed.map(|(tag, _)| tag.as_str()).collect();
    let ui = &context.ui;
    let created = answer.changed.then_some(answer.revision);
    let shown = arrival.show_and_wait_for(ui, client, created, waited, &answer, |whole| {
        change::show_edits(ui, whole, &answer, edits)?;
        ui.status(change::summary(&answer.outcomes, answer.revision, *dry_run));
        if answer.changed && !changed.is_empty() {
            ui.undo(&format!("host {verb} {} {}", argument(host), changed.join(" ")));
        }
        Ok(())
    });
    shown.await
}

fn edit(tag: &TagName, host: &str) -> Edit {
    Edit { name: tag.to_string(), label: format!("tag {tag} of {host}") }
}

impl TagChange {
    /// The tags to add, and the tags to remove.
    fn of(self, tags: Vec<TagName>) -> (Vec<TagName>, Vec<TagName>) {
        match self {
            Self::Add => (tags, Vec::new()),
            Self::Remove => (Vec::new(), tags),
        }
    }

    fn question(self, tags: &[TagName], hosts: usize) -> String {
        let names: Vec<&str> = tags.iter().map(TagName::as_str).collect();
        let names = names.join(", ");
        let what = if tags.len() == 1 { "the tag" } else { "the tags" };
        let hosts = counted(hosts, "host");
        match self {
            Self::Add => format!("Add {what} {names} to {hosts}?"),
            Self::Remove => format!("Remove {what} {names} from {hosts}?"),
        }
    }
}

impl SelectedHosts {
    fn query(self) -> HostQuery {
        let Self { with_tag: tag, user, state, contact, prefix } = self;
        HostQuery { tag, prefix, user, state, contact, ..HostQuery::default() }
    }
}

async fn find(client: &Client, query: &HostQuery) -> Result<Vec<NamedHost>, CliError> {
    let hosts = client.hosts(query).all().await?.into_iter();
    let named = |HostView { machine, .. }: HostView| NamedHost {
        name: exactly(&machine),
        label: machine.to_string(),
    };
    Ok(hosts.map(named).collect())
}

/// Reads names of hosts, one per line. Duplicates are left out.
fn read(stdin: impl BufRead) -> Result<Vec<NamedHost>, CliError> {
    let mut known = HashSet::new();
    let mut hosts = Vec::new();
    for line in list_lines(stdin) {
        let ListLine { place, text } = line?;
        let name = text.map_err(|error| CliError::input(format!("{place}: {error}")))?;
        if known.insert(name.clone()) {
            hosts.push(NamedHost { label: name.clone(), name });
        }
    }
    match hosts.is_empty() {
        true => Err(CliError::input("no hosts on standard input")),
        false => Ok(hosts),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::{Revision, RuleDifference};

    #[test]
    fn hosts_are_read_one_per_line_and_one_time() {
        let hosts = read("# new Macs\r\nC02XK0\n\n annas-mac \nC02XK0\n".as_bytes()).unwrap();
        let names: Vec<_> = hosts.iter().map(|host| host.name.as_str()).collect();
        assert_eq!(names, ["C02XK0", "annas-mac"]);
        assert_eq!(read("# none\n".as_bytes()).unwrap_err().kind.exit_code(), 5);
    }

    #[test]
    fn a_request_has_no_more_hosts_and_tags_than_the_server_accepts() {
        let hosts = [0, 1, 4, 5, 7, 20_000, 20_001].map(hosts_per_request);
        assert_eq!(hosts, [5_000, 5_000, 5_000, 4_000, 2_857, 1, 1]);
    }

    #[test]
    fn the_answers_of_several_requests_are_joined() {
        let answer = |revision, changed| ChangeAnswer {
            revision: Revision(revision),
            changed,
            outcomes: vec![Outcome::Added, Outcome::Unchanged],
            pruned: Vec::new(),
            differences: vec![RuleDifference { edit: 1, fields: Vec::new() }],
            warnings: Vec::new(),
        };
        let all = joined(Some(answer(7, true)), answer(8, false));
        assert_eq!((all.revision, all.changed, all.outcomes.len()), (Revision(8), true, 4));
        let edits: Vec<usize> = all.differences.iter().map(|it| it.edit).collect();
        assert_eq!(edits, [1, 3]);
    }

    #[test]
    fn the_question_has_the_number_of_hosts() {
        let tags = ["eng", "ops"].map(|tag| tag.parse().unwrap());
        assert_eq!(TagChange::Add.question(&tags[..1], 1), "Add the tag eng to 1 host?");
        let question = TagChange::Remove.question(&tags, 3);
        assert_eq!(question, "Remove the tags eng, ops from 3 hosts?");
    }
}
