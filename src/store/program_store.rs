//! Programs that hosts reported and where they were seen. [`EventStore`](super::EventStore) counts
//! them when it stores events.

use async_trait::async_trait;

use super::{
    ExaminedPart, ListPart, ProgramFilter, ProgramPosition, StoreResult, UndecidedFilter,
    UndecidedPosition, UndecidedSighting,
};
use crate::fleet::{KnownProgram, ProgramId, Sighting};
use crate::rule::MachineId;

/// Each method is one transaction, and what it writes is durable when it returns.
#[async_trait]
pub trait ProgramStore: Send + Sync + 'static {
    /// At most `limit` programs after a position, the newest first by when each was first seen.
    async fn programs(
        &self,
        filter: &ProgramFilter,
        after: Option<ProgramPosition>,
        limit: usize,
    ) -> StoreResult<ExaminedPart<KnownProgram, ProgramPosition>>;

    async fn program(&self, id: ProgramId) -> StoreResult<Option<KnownProgram>>;

    /// At most `limit` hosts that a program was seen on, after a host in the same order.
    async fn sightings(
        &self,
        program: ProgramId,
        after: Option<&MachineId>,
        limit: usize,
    ) -> StoreResult<ListPart<Sighting>>;

    /// At most `limit` programs that were seen on a host, with a greater ID than `after`, by ID.
    async fn sightings_on(
        &self,
        machine: &MachineId,
        after: Option<ProgramId>,
        limit: usize,
    ) -> StoreResult<ListPart<Sighting>>;

    /// When a host last reported each of these programs, if one did.
    async fn last_seen(
        &self,
        programs: &[ProgramId],
    ) -> StoreResult<Vec<(ProgramId, jiff::Timestamp)>>;

    /// At most `limit` undecided sightings after a position, the newest first.
    async fn undecided(
        &self,
        filter: &UndecidedFilter,
        after: Option<UndecidedPosition>,
        limit: usize,
    ) -> StoreResult<ExaminedPart<UndecidedSighting, UndecidedPosition>>;

    /// Whether events that were stored by an older version are still to be counted.
    async fn has_uncounted_events(&self) -> StoreResult<bool>;
}
