//! Forgets a host in batches.

use crate::fleet::Actor;
use crate::rule::MachineId;
use crate::store::{Store, StoreResult};

/// Maximum events of a host that are deleted at a time. Syncing hosts may have to wait for each
/// deletion.
const EVENTS_AT_ONCE: usize = 500;
/// Maximum sightings of a host that are deleted at a time.
const SIGHTINGS_AT_ONCE: usize = 200;

/// Deletes a host. The host's events (if `events` is true) and sightings are deleted before the host
/// itself, so that an interrupted call can be repeated. Sightings are always deleted, because they
/// show which hosts have a program. Returns false if the host does not exist.
pub(super) async fn forget_host(
    store: &dyn Store,
    actor: &Actor,
    machine: &MachineId,
    events: bool,
) -> StoreResult<bool> {
    while events && store.delete_events_of(machine, EVENTS_AT_ONCE).await? == EVENTS_AT_ONCE {}
    while store.delete_sightings_of(machine, SIGHTINGS_AT_ONCE).await? == SIGHTINGS_AT_ONCE {}
    store.forget_host(actor, machine).await
}
