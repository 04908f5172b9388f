//! Tags several hosts in one change.

use super::commit::{Proposal, commit};
use super::lookup::find;
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

/// Add tags to several hosts, and remove tags from them
///
/// All changes are stored in one revision. If a name does not match exactly one host, nothing is
/// changed, and `details` lists all such names by their index in `hosts`. The outcomes are in the
/// order of the hosts: for each of them, first the tags in `add`, then those in `remove`.
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

/// The machine IDs of the hosts. The error has a detail for each name that does not match exactly
/// one host.
async fn machines(state: &State, names: &[String]) -> Result<Vec<MachineId>, Refused> {
    let (mut machines, mut details) = (Vec::with_capacity(names.len()), Vec::new());
    for (index, name) in names.iter().enumerate() {
        match find(state, name).await {
            Ok(host) => machines.push(host.machine),
            Err(Refused(problem))
                if matches!(problem.code, Code::NotFound | Code::Ambiguous | Code::Invalid) =>
            {
                let message = problem.message;
                details.push(Detail { index: Some(index), field: None, message });
            }
            Err(refused) => return Err(refused),
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
