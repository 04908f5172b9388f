//! Programs and sightings: [`ProgramStore`].

use async_trait::async_trait;
use deadpool_postgres::Transaction;
use jiff::Timestamp;

use super::Postgres;
use super::pool::snapshot;
use crate::fleet::{KnownProgram, ProgramId, Sighting};
use crate::rule::MachineId;
use crate::store::sql::programs;
use crate::store::{
    ExaminedPart, ListPart, ProgramFilter, ProgramPosition, ProgramStore, StoreResult,
    UndecidedFilter, UndecidedPosition, UndecidedSighting,
};

#[async_trait]
impl ProgramStore for Postgres {
    async fn programs(
        &self,
        filter: &ProgramFilter,
        after: Option<ProgramPosition>,
        limit: usize,
    ) -> StoreResult<ExaminedPart<KnownProgram, ProgramPosition>> {
        at_once!(self, |on| programs::list(on, filter, after, limit))
    }

    async fn program(&self, id: ProgramId) -> StoreResult<Option<KnownProgram>> {
        ask!(self, |on| programs::get(on, id))
    }

    async fn sightings(
        &self,
        program: ProgramId,
        after: Option<&MachineId>,
        limit: usize,
    ) -> StoreResult<ListPart<Sighting>> {
        ask!(self, |on| programs::sightings(on, program, after, limit))
    }

    async fn sightings_on(
        &self,
        machine: &MachineId,
        after: Option<ProgramId>,
        limit: usize,
    ) -> StoreResult<ListPart<Sighting>> {
        ask!(self, |on| programs::sightings_on(on, machine, after, limit))
    }

    async fn last_seen(&self, programs: &[ProgramId]) -> StoreResult<Vec<(ProgramId, Timestamp)>> {
        ask!(self, |on| programs::last_seen(on, programs))
    }

    async fn undecided(
        &self,
        filter: &UndecidedFilter,
        after: Option<UndecidedPosition>,
        limit: usize,
    ) -> StoreResult<ExaminedPart<UndecidedSighting, UndecidedPosition>> {
        at_once!(self, |on| programs::undecided(on, filter, after, limit))
    }

    async fn has_uncounted_events(&self) -> StoreResult<bool> {
        ask!(self, |on| programs::has_uncounted_events(on))
    }
}
