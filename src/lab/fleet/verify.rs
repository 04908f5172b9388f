//! Checks that hosts have the correct rules.
//!
//! Each checked host syncs once more. Then, for each client, a new reference host downloads all
//! rules. A checked host with the same rules is correct. A host with different rules may also be
//! correct, because rules for this host or for a tag may apply. Such a host is enrolled again, with
//! the same name and without rules, and must then get the rules that it had before.
//!
//! This check shows that incremental syncs lead to the same rules as a full download, even after
//! failed syncs. The check does not show that an administrator intended these rules.

use std::collections::HashMap;
use std::rc::Rc;

use serde::Serialize;

use super::host::{Host, LastSync};
use super::identity::Identity;
use super::options::{FleetPhase, Verify};
use super::plan::Draw;
use super::rule_tables::{Difference, TableId};
use super::run::{Interrupted, Observer, Work, run};
use super::shared::Shared;
use crate::lab::SyncKind;

/// When this number of hosts have wrong rules, no more batches of hosts are enrolled again.
const MOST_DIVERGED: usize = 100;

/// Maximum hosts in a batch of hosts that are enrolled again.
const AT_A_TIME: usize = 1000;

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Convergence {
    pub hosts: u64,
    /// Hosts with the correct rules: the rules of a new host, or equal rules before and after the
    /// host was enrolled again. Includes `converged_by_themselves`.
    pub converged: u64,
    /// The hosts in `converged` that were enrolled again for the check.
    pub converged_by_themselves: u64,
    pub diverged: u64,
    /// Hosts without a result: a sync failed, the server ordered no clean sync after a new
    /// enrollment, or too many hosts already had wrong rules.
    pub unchecked: u64,
    /// Some of the hosts with wrong rules.
    pub examples: Vec<Diverged>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diverged {
    pub machine_id: String,
    pub generation: String,
    /// The number of rules that the host should not have.
    pub extra: usize,
    /// The number of rules that the host should have, but does not have.
    pub missing: usize,
    /// An extra or missing rule.
    pub example: String,
}

const MOST_EXAMPLES: usize = 10;

pub(super) async fn verify(
    shared: &Rc<Shared>,
    observer: &Observer,
    which: Verify,
) -> Result<Convergence, Interrupted> {
    let hosts = chosen(shared, which);
    let mut result = Convergence { hosts: hosts.len() as u64, ..Convergence::default() };
    sync_now(shared, observer, hosts.clone()).await?;
    let fresh: Vec<u32> =
        (0..shared.clients.len()).map(|client| shared.fresh(client as u8)).collect();
    sync_now(shared, observer, fresh).await?;
    let apart = compare(shared, hosts, &mut result);
    for hosts in apart.chunks(AT_A_TIME) {
        if result.diverged as usize >= MOST_DIVERGED {
            result.unchecked += hosts.len() as u64;
            continue;
        }
        enroll_again(shared, observer, hosts, &mut result).await?;
    }
    Ok(result)
}

/// Counts the hosts with the same rules as their reference host, and the hosts whose sync failed.
/// Returns all other hosts.
fn compare(shared: &Shared, hosts: Vec<u32>, result: &mut Convergence) -> Vec<u32> {
    // Hosts share tables, so few pairs are compared.
    let mut equal: HashMap<(TableId, TableId), bool> = HashMap::new();
    let mut apart = Vec::new();
    for number in hosts {
        let Host { table: held, client, last, .. } = *shared.state().host(number);
        let fresh = shared.fresh(client);
        let mut state = shared.state();
        let Host { table: due, last: fresh, .. } = *state.host(fresh);
        let equal = equal
            .entry((held, due))
            .or_insert_with(|| state.tables.difference(held, due).is_none());
        match (last.is_over(), fresh.is_over() && *equal) {
            (false, _) => result.unchecked += 1,
            (true, true) => result.converged += 1,
            (true, false) => apart.push(number),
        }
    }
    apart
}

fn chosen(shared: &Shared, which: Verify) -> Vec<u32> {
    let state = shared.state();
    let fleet = state.fleet(&shared.clients).iter().enumerate();
    let synced = fleet.filter(|(_, host)| host.last != LastSync::Never);
    let mut hosts: Vec<u32> = synced.map(|(number, _)| number as u32).collect();
    if let Verify::Sample(most) = which
        && (most as usize) < hosts.len()
    {
        let key = |host: &u32| shared.random.number(Draw::Sample, *host, 0);
        hosts.select_nth_unstable_by_key(most as usize, key);
        hosts.truncate(most as usize);
        hosts.sort_unstable();
    }
    hosts
}

async fn sync_now(
    shared: &Rc<Shared>,
    observer: &Observer,
    hosts: Vec<u32>,
) -> Result<(), Interrupted> {
    let total = hosts.len() as u64;
    run(shared, observer, FleetPhase::Check, Work::Now(Box::new(hosts.into_iter())), total).await
}

async fn enroll_again(
    shared: &Rc<Shared>,
    observer: &Observer,
    hosts: &[u32],
    result: &mut Convergence,
) -> Result<(), Interrupted> {
    let mut held: HashMap<u32, TableId> = HashMap::new();
    for number in hosts {
        let mut state = shared.state();
        let host = state.host(*number);
        held.insert(*number, host.table);
        *host = Host { turns: host.turns, wants: SyncKind::CleanAll, ..Host::new(host.client) };
        state.tables.hold(TableId::EMPTY, 1);
    }
    sync_now(shared, observer, hosts.to_vec()).await?;
    for number in hosts {
        let mut state = shared.state();
        let Host { table: due, last, client, .. } = *state.host(*number);
        let held = held.remove(number).unwrap_or(TableId::EMPTY);
        let difference = state.tables.difference(held, due);
        state.tables.release(held);
        match (last, difference) {
            (LastSync::Cleaned, None) => {
                result.converged += 1;
                result.converged_by_themselves += 1;
            }
            (LastSync::Cleaned, Some(difference)) => {
                result.diverged += 1;
                if result.examples.len() < MOST_EXAMPLES {
                    result.examples.push(diverged(shared, *number, client, difference));
                }
            }
            _ => result.unchecked += 1,
        }
    }
    Ok(())
}

fn diverged(shared: &Shared, host: u32, client: u8, difference: Difference) -> Diverged {
    let Difference { extra, missing, example } = difference;
    Diverged {
        machine_id: Identity::of(shared.random, host).machine_id().to_owned(),
        generation: shared.clients.get(client).profile.generation.to_string(),
        extra,
        missing,
        example,
    }
}
