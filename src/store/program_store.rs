//! Programs that hosts reported, and the hosts that they were seen on.
//! [`EventStore`](super::EventStore) counts programs and sightings when it stores events.

use async_trait::async_trait;
use jiff::Timestamp;

use super::{
    ExaminedPart, ListPart, ProgramFilter, ProgramPosition, PurgedSightings, StoreResult,
    UndecidedFilter, UndecidedPosition, UndecidedSighting,
};
use crate::fleet::{KnownProgram, ProgramId, Sighting};
use crate::rule::MachineId;

/// The writes of each method are one transaction. They are committed when the method returns.
#[async_trait]
pub trait ProgramStore: Send + Sync + 'static {
    /// At most `limit` programs after a position, sorted by the time of their first sighting,
    /// newest first.
    async fn programs(
        &self,
        filter: &ProgramFilter,
        after: Option<ProgramPosition>,
        limit: usize,
    ) -> StoreResult<ExaminedPart<KnownProgram, ProgramPosition>>;

    async fn program(&self, id: ProgramId) -> StoreResult<Option<KnownProgram>>;

    /// At most `limit` sightings of a program after the host `after`, in the order of the hosts'
    /// row IDs.
    async fn sightings(
        &self,
        program: ProgramId,
        after: Option<&MachineId>,
        limit: usize,
    ) -> StoreResult<ListPart<Sighting>>;

    /// At most `limit` sightings on a host, by program ID. With `after`, only programs with a
    /// greater ID.
    async fn sightings_on(
        &self,
        machine: &MachineId,
        after: Option<ProgramId>,
        limit: usize,
    ) -> StoreResult<ListPart<Sighting>>;

    /// The time when each of these programs was last reported by any host. Programs without
    /// sightings are left out.
    async fn last_seen(&self, programs: &[ProgramId]) -> StoreResult<Vec<(ProgramId, Timestamp)>>;

    /// At most `limit` undecided sightings after a position, the newest first.
    async fn undecided(
        &self,
        filter: &UndecidedFilter,
        after: Option<UndecidedPosition>,
        limit: usize,
    ) -> StoreResult<ExaminedPart<UndecidedSighting, UndecidedPosition>>;

    /// Whether events that were stored by an older version still have to be counted. Until they are
    /// counted, programs and sightings are incomplete.
    async fn has_uncounted_events(&self) -> StoreResult<bool>;

    /// Counts at most `limit` events that were stored by an older version, the newest first.
    /// Returns whether more may be left. Skips events of hosts whose sightings were deleted with
    /// [`ProgramStore::delete_sightings_of`].
    async fn count_older_events(&self, limit: usize) -> StoreResult<bool>;

    /// Deletes at most `limit` sightings of a host, and programs that have no sightings left.
    /// Returns how many sightings were deleted. Events of the host that are not counted yet will
    /// never be counted.
    async fn delete_sightings_of(&self, machine: &MachineId, limit: usize) -> StoreResult<usize>;

    /// Deletes sightings that were last seen before a time, and programs that have no sightings
    /// left. Examines only programs that were first seen before that time, oldest first, starting
    /// after a position. Examines at most `limit` of their sightings. Deletes nothing while older
    /// events still have to be counted.
    async fn purge_sightings(
        &self,
        before: Timestamp,
        after: Option<ProgramPosition>,
        limit: usize,
    ) -> StoreResult<PurgedSightings>;
}
