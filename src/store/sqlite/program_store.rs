//! Programs and sightings: [`ProgramStore`].

use async_trait::async_trait;
use jiff::Timestamp;

use super::Sqlite;
use super::database::finish;
use crate::fleet::{KnownProgram, ProgramId, Sighting};
use crate::rule::MachineId;
use crate::store::sql::programs;
use crate::store::{
    ExaminedPart, ListPart, ProgramFilter, ProgramPosition, ProgramStore, StoreResult,
    UndecidedFilter, UndecidedPosition, UndecidedSighting,
};

#[async_trait]
impl ProgramStore for Sqlite {
    async fn programs(
        &self,
        filter: &ProgramFilter,
        after: Option<ProgramPosition>,
        limit: usize,
    ) -> StoreResult<ExaminedPart<KnownProgram, ProgramPosition>> {
        let filter = filter.clone();
        self.readers.read(move |on| finish(programs::list(on, &filter, after, limit))).await
    }

    async fn program(&self, id: ProgramId) -> StoreResult<Option<KnownProgram>> {
        self.readers.read(move |on| finish(programs::get(on, id))).await
    }

    async fn sightings(
        &self,
        program: ProgramId,
        after: Option<&MachineId>,
        limit: usize,
    ) -> StoreResult<ListPart<Sighting>> {
        let after = after.cloned();
        let list = move |on: &_| finish(programs::sightings(on, program, after.as_ref(), limit));
        self.readers.read(list).await
    }

    async fn sightings_on(
        &self,
        machine: &MachineId,
        after: Option<ProgramId>,
        limit: usize,
    ) -> StoreResult<ListPart<Sighting>> {
        let machine = machine.clone();
        let list = move |on: &_| finish(programs::sightings_on(on, &machine, after, limit));
        self.readers.read(list).await
    }

    async fn last_seen(&self, programs: &[ProgramId]) -> StoreResult<Vec<(ProgramId, Timestamp)>> {
        let wanted = programs.to_vec();
        self.readers.read(move |on| finish(programs::last_seen(on, &wanted))).await
    }

    async fn undecided(
        &self,
        filter: &UndecidedFilter,
        after: Option<UndecidedPosition>,
        limit: usize,
    ) -> StoreResult<ExaminedPart<UndecidedSighting, UndecidedPosition>> {
        let filter = filter.clone();
        self.readers.read(move |on| finish(programs::undecided(on, &filter, after, limit))).await
    }

    async fn has_uncounted_events(&self) -> StoreResult<bool> {
        self.readers.read(|on| finish(programs::has_uncounted_events(on))).await
    }
}
