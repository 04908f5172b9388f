//! Whether hosts hold what they should.
//!
//! Each host that is checked syncs once more. Then, for each client, a host that the server has
//! never seen downloads everything from nothing, and what the others hold by many differences
//! must be that. A host that holds something else may have a right to: rules of its own, or of a
//! tag. So such a host is erased and enrolled again, under its own name, and must come to hold
//! what it held.
//!
//! That proves that differences add up to the whole, whatever changed meanwhile and whichever
//! syncs failed. It does not prove that the whole is what an administrator meant.

use std::collections::HashMap;
use std::rc::Rc;

use serde::Serialize;

use super::host::{Host, Last};
use super::identity::Identity;
use super::plan::For;
use super::run::{Interrupted, Watcher, Work, run};
use super::shelf::{Difference, TableId};
use super::world::World;
use super::{Part, Verify};
use crate::lab::SyncKind;

/// After how many hosts that differ no more are looked at one by one.
const MOST_DIVERGED: usize = 100;

/// How many hosts are looked at one by one at a time.
const AT_A_TIME: usize = 1000;

/// Which hosts hold what they should.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Convergence {
    /// How many were to be checked.
    pub hosts: u64,
    /// How many hold what a host that starts from nothing is given.
    pub converged: u64,
    /// How many of those hold something else than a new host, and got the same again when they
    /// were enrolled again.
    pub converged_by_themselves: u64,
    /// How many hold something else.
    pub diverged: u64,
    /// How many could not be checked, because a sync failed or the server did not clean.
    pub unchecked: u64,
    /// The first of those that hold something else.
    pub examples: Vec<Diverged>,
}

/// A host that does not hold what it should.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diverged {
    /// The host.
    pub machine_id: String,
    /// Its client.
    pub generation: String,
    /// How many rules it holds that it should not.
    pub extra: usize,
    /// How many rules it should hold and does not.
    pub missing: usize,
    /// One of them.
    pub example: String,
}

/// How many examples are told.
const MOST_EXAMPLES: usize = 10;

/// Checks hosts.
pub(super) async fn verify(
    world: &Rc<World>,
    watcher: &Watcher,
    which: Verify,
) -> Result<Convergence, Interrupted> {
    let hosts = chosen(world, which);
    let mut result = Convergence { hosts: hosts.len() as u64, ..Convergence::default() };
    sync_now(world, watcher, hosts.clone()).await?;
    let fresh: Vec<u32> =
        (0..world.clients.len()).map(|client| world.fresh(client as u8)).collect();
    sync_now(world, watcher, fresh).await?;
    let apart = compare(world, hosts, &mut result);
    for hosts in apart.chunks(AT_A_TIME) {
        if result.diverged as usize >= MOST_DIVERGED {
            result.unchecked += hosts.len() as u64;
            continue;
        }
        enrol_again(world, watcher, hosts, &mut result).await?;
    }
    Ok(result)
}

/// Counts the hosts that hold what a new host does, and gives those that hold something else.
fn compare(world: &World, hosts: Vec<u32>, result: &mut Convergence) -> Vec<u32> {
    // Hosts share tables, so that few are compared.
    let mut equal: HashMap<(TableId, TableId), bool> = HashMap::new();
    let mut apart = Vec::new();
    for number in hosts {
        let Host { table: held, client, last, .. } = *world.state().host(number);
        let fresh = world.fresh(client);
        let mut state = world.state();
        let Host { table: due, last: fresh, .. } = *state.host(fresh);
        let equal =
            equal.entry((held, due)).or_insert_with(|| state.shelf.difference(held, due).is_none());
        match (last.is_over(), fresh.is_over() && *equal) {
            (false, _) => result.unchecked += 1,
            (true, true) => result.converged += 1,
            (true, false) => apart.push(number),
        }
    }
    apart
}

/// The hosts to be checked: of those that have synced.
fn chosen(world: &World, which: Verify) -> Vec<u32> {
    let state = world.state();
    let fleet = state.fleet(&world.clients).iter().enumerate();
    let synced = fleet.filter(|(_, host)| host.last != Last::Never);
    let mut hosts: Vec<u32> = synced.map(|(number, _)| number as u32).collect();
    if let Verify::Sample(most) = which
        && (most as usize) < hosts.len()
    {
        let key = |host: &u32| world.dice.number(For::Sample, *host, 0);
        hosts.select_nth_unstable_by_key(most as usize, key);
        hosts.truncate(most as usize);
        hosts.sort_unstable();
    }
    hosts
}

async fn sync_now(
    world: &Rc<World>,
    watcher: &Watcher,
    hosts: Vec<u32>,
) -> Result<(), Interrupted> {
    let total = hosts.len() as u64;
    run(world, watcher, Part::Check, Work::Now(Box::new(hosts.into_iter())), total).await
}

/// Erases hosts, enrols them again, and compares what they hold then with what they held.
async fn enrol_again(
    world: &Rc<World>,
    watcher: &Watcher,
    hosts: &[u32],
    result: &mut Convergence,
) -> Result<(), Interrupted> {
    let mut held: HashMap<u32, TableId> = HashMap::new();
    for number in hosts {
        let mut state = world.state();
        let host = state.host(*number);
        held.insert(*number, host.table);
        *host = Host { turns: host.turns, wants: SyncKind::CleanAll, ..Host::new(host.client) };
        state.shelf.hold(TableId::EMPTY, 1);
    }
    sync_now(world, watcher, hosts.to_vec()).await?;
    for number in hosts {
        let mut state = world.state();
        let Host { table: due, last, client, .. } = *state.host(*number);
        let held = held.remove(number).unwrap_or(TableId::EMPTY);
        let difference = state.shelf.difference(held, due);
        state.shelf.release(held);
        match (last, difference) {
            (Last::Cleaned, None) => {
                result.converged += 1;
                result.converged_by_themselves += 1;
            }
            (Last::Cleaned, Some(difference)) => {
                result.diverged += 1;
                if result.examples.len() < MOST_EXAMPLES {
                    result.examples.push(diverged(world, *number, client, difference));
                }
            }
            _ => result.unchecked += 1,
        }
    }
    Ok(())
}

fn diverged(world: &World, host: u32, client: u8, difference: Difference) -> Diverged {
    let Difference { extra, missing, example } = difference;
    Diverged {
        machine_id: Identity::of(world.dice, host).machine_id().to_owned(),
        generation: world.clients.get(client).profile.generation.to_string(),
        extra,
        missing,
        example,
    }
}
