//! Events that hosts report.

use async_trait::async_trait;
use jiff::Timestamp;

use super::{
    AddedEvents, EventFilter, EventOrigin, EventPurge, ListPart, StoreResult, StoredEvent,
};
use crate::fleet::{Event, EventId, EventStat};
use crate::rule::MachineId;

/// Methods that write use one transaction, except [`EventStore::purge_events`]. The writes are
/// committed when the method returns.
#[async_trait]
pub trait EventStore: Send + Sync + 'static {
    /// Stores the events that are new, and counts them in the programs and sightings of
    /// [`ProgramStore`](super::ProgramStore). Some events are not counted, for example file
    /// accesses.
    ///
    /// Two events are the same if they have the same host, SHA-256, decision, time and process ID.
    /// Members of bundles must also have the same bundle. File accesses must also have the same
    /// rule and accessed file. The first report is kept, but a report with a bundle's hash replaces
    /// a report without the hash, because hosts report a blocked program immediately and hash its
    /// bundle afterwards.
    async fn add_events(
        &self,
        events: &[Event],
        received: Timestamp,
        origin: EventOrigin,
    ) -> StoreResult<AddedEvents>;

    /// How many events [`EventStore::add_events`] would store.
    async fn count_new_events(&self, events: &[Event]) -> StoreResult<usize>;

    /// At most `limit` events older than `before`, newest first. If the events are large, returns
    /// fewer, but at least one if any match.
    async fn events(
        &self,
        filter: &EventFilter,
        before: Option<EventId>,
        limit: usize,
    ) -> StoreResult<ListPart<StoredEvent>>;

    /// At most `limit` events newer than `after`, oldest first. If the events are large, returns
    /// fewer, but at least one if any match.
    async fn events_after(
        &self,
        filter: &EventFilter,
        after: EventId,
        limit: usize,
    ) -> StoreResult<ListPart<StoredEvent>>;

    async fn event(&self, id: EventId) -> StoreResult<Option<StoredEvent>>;

    /// The programs with the most events, by number of events and then by the newest report. Events
    /// of different kinds, and file accesses with different rules, are counted separately.
    async fn event_stats(&self, filter: &EventFilter, limit: usize) -> StoreResult<Vec<EventStat>>;

    /// How many distinct programs were reported as members of the bundle with this hash.
    async fn count_bundle_members(&self, bundle: &str) -> StoreResult<u64>;

    /// The reports of programs as members of the bundle with this hash: the host and the program's
    /// SHA-256. At most 100,000 reports, oldest first.
    async fn bundle_members(&self, bundle: &str) -> StoreResult<Vec<(MachineId, String)>>;

    /// Deletes the oldest events that a purge selects, up to `limit`. Returns how many were
    /// deleted. PostgreSQL uses several transactions, and may exceed `limit`, because it drops a
    /// whole partition if all events in the partition are too old.
    async fn purge_events(&self, purge: EventPurge, limit: usize) -> StoreResult<usize>;

    async fn delete_events_of(&self, machine: &MachineId, limit: usize) -> StoreResult<usize>;
}
