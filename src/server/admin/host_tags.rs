//! Adds and removes tags of several hosts in one change.

use std::collections::{BTreeSet, HashMap};

use super::commit::{Proposal, commit};
use super::lookup::{find_whole, search};
use crate::api::{ChangeAnswer, Code, Detail, Problem, TagHostsRequest};
use crate::fleet::Role;
use crate::rule::MachineId;
use crate::server::access::Viewer;
use crate::server::answer::{Answer, Refused};
use crate::server::extract::Body;
use crate::server::state::{Shared, State};
use crate::store::Edit;

/// Maximum hosts in one request. The server looks up each of them.
const MOST_HOSTS: usize = 5_000;
/// Maximum tag changes in one request: the number of hosts times the number of tags.
const MOST_EDITS: usize = 20_000;
/// Maximum distinct names in one request that need a search. A name needs a search if no host has
/// it as its whole machine ID, serial number or host name. Each search may read many hosts.
const MOST_SEARCHES: usize = 100;

/// Add tags to several hosts, and remove tags from them
///
/// All changes are stored in one revision. If a name does not match exactly one host, nothing is
/// changed, and `details` lists all such names by their index in `hosts`. At most 100 different
/// names may be shortened to a unique prefix of a machine ID, serial number or host name. The
/// outcomes are in the order of the hosts: for each host, first the tags in `add`, then the tags in
/// `remove`.
#[utoipa::path(post, path = "/host-tags", operation_id = "change_tags_of_hosts", tag = "hosts", request_body = TagHostsRequest,
    responses((status = 200, body = ChangeAnswer), (status = 404), (status = 409), (status = 422)))]
pub(super) async fn change(
    axum::extract::State(state): Shared,
    Viewer(operator): Viewer,
    Body(request): Body<TagHostsRequest>,
) -> Answer<ChangeAnswer> {
    let TagHostsRequest { hosts, add, remove, message, dry_run } = request;
    let permit = operator.permit(Role::Editor, dry_run)?;
    let edits = hosts.len().saturating_mul(add.len() + remove.len());
    if hosts.len() > MOST_HOSTS || edits > MOST_EDITS {
        let message = format!(
            "one request can change at most {MOST_HOSTS} hosts and {MOST_EDITS} tags of hosts"
        );
        return Err(Problem::new(Code::Invalid, message).into());
    }
    let machines = machines(&state, &hosts).await?;
    let edits = machines.into_iter().flat_map(|machine| {
        let tagged = |tag| Edit::TagHost { machine: machine.clone(), tag };
        let untagged = |tag| Edit::UntagHost { machine: machine.clone(), tag };
        let added = add.iter().cloned().map(tagged);
        added.chain(remove.iter().cloned().map(untagged)).collect::<Vec<_>>()
    });
    let edits = edits.collect();
    commit(&state, permit, Proposal::new(message, false, edits)).await
}

/// The machine IDs of the hosts with these names. If a name does not match exactly one host, the
/// details of the error explain why.
async fn machines(state: &State, names: &[String]) -> Result<Vec<MachineId>, Refused> {
    let found = find_all(state, names).await?;
    let (mut machines, mut details) = (Vec::with_capacity(names.len()), Vec::new());
    for (index, name) in names.iter().enumerate() {
        match found.get(name.as_str()) {
            Some(Ok(machine)) => machines.push(machine.clone()),
            Some(Err(message)) => details.push(detail(index, message.clone())),
            None => details.push(detail(index, format!("host `{name}` not found"))),
        }
    }
    let message = match details.as_slice() {
        [] => return Ok(machines),
        [only] => only.message.clone(),
        several => format!("{} names do not match exactly one host", several.len()),
    };
    let problem = Problem::new(Code::Invalid, message).details(details);
    Err(problem.hint("nicelist host list lists all hosts").into())
}

/// For each name, the machine ID of its host, or why the name does not match exactly one host.
async fn find_all<'n>(
    state: &State,
    names: &'n [String],
) -> Result<HashMap<&'n str, Result<MachineId, String>>, Refused> {
    let distinct: BTreeSet<&str> = names.iter().map(String::as_str).collect();
    let (mut found, mut others) = (HashMap::new(), BTreeSet::new());
    for name in distinct {
        match find_whole(state, name).await {
            Ok(Some(host)) => {
                found.insert(name, Ok(host.machine));
            }
            Ok(None) => {
                others.insert(name);
            }
            Err(refused) => {
                found.insert(name, Err(mismatch(refused)?));
            }
        }
    }
    if others.len() > MOST_SEARCHES {
        return Err(too_many_searches(names, &others));
    }
    for name in others {
        let host = match search(state, name).await {
            Ok(host) => Ok(host.machine),
            Err(refused) => Err(mismatch(refused)?),
        };
        found.insert(name, host);
    }
    Ok(found)
}

/// Why a name does not match exactly one host. Returns any other error unchanged.
fn mismatch(refused: Refused) -> Result<String, Refused> {
    let Refused(problem) = refused;
    match problem.code {
        Code::NotFound | Code::Ambiguous | Code::Invalid => Ok(problem.message),
        _ => Err(Refused(problem)),
    }
}

fn too_many_searches(names: &[String], others: &BTreeSet<&str>) -> Refused {
    let unknown = names.iter().enumerate().filter(|(_, name)| others.contains(name.as_str()));
    let details = unknown.map(|(index, name)| {
        detail(index, format!("`{name}` is not a whole machine ID, serial number or host name"))
    });
    let message = format!(
        "{} of these names are not a whole machine ID, serial number or host name; one request can \
         search for at most {MOST_SEARCHES} such names",
        others.len()
    );
    Problem::new(Code::Invalid, message)
        .details(details.collect())
        .hint("use machine IDs or whole serial numbers")
        .into()
}

fn detail(index: usize, message: String) -> Detail {
    Detail { index: Some(index), field: None, message }
}
