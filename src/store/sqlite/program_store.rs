//! Programs and sightings: [`ProgramStore`].

use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::Connection;

use super::Sqlite;
use super::database::finish;
use super::writer::{CommitSharing, WriteResult};
use super::{events, sightings};
use crate::fleet::{EventId, KnownProgram, ProgramId, Sighting};
use crate::rule::MachineId;
use crate::store::sql::events::EventRange;
use crate::store::sql::old_sightings::OlderEvents;
use crate::store::sql::{old_sightings, programs, undecided};
use crate::store::{
    EventFilter, ExaminedPart, ListPart, ProgramFilter, ProgramPosition, ProgramStore,
    PurgedSightings, StoreError, StoreResult, UndecidedFilter, UndecidedPosition,
    UndecidedSighting,
};

/// Reads the newest uncounted events. If any of these events is unreadable, reads only the newest
/// event, and skips that event if it is unreadable.
fn older_events(on: &Connection, newest: EventId, limit: usize) -> StoreResult<OlderEvents> {
    let range = EventRange::Before(Some(EventId(newest.0.saturating_add(1))));
    match events::list(on, &EventFilter::default(), range, limit) {
        Ok(part) => Ok(OlderEvents::of(part)),
        Err(StoreError::Unreadable(_)) if limit > 1 => older_events(on, newest, 1),
        Err(StoreError::Unreadable(reason)) => {
            finish(old_sightings::leave_out(on, newest, &reason))
        }
        Err(error) => Err(error),
    }
}

/// Counts older events. When they were read, `newest` was the upper bound for the IDs of uncounted
/// events. If this bound has changed since then, counts nothing. Returns whether more events may be
/// left.
fn count_older(
    connection: &Connection,
    newest: EventId,
    OlderEvents { events, next }: &OlderEvents,
) -> StoreResult<WriteResult<bool>> {
    // Another process may have counted these events in the meantime.
    if finish(old_sightings::uncounted(connection))? != Some(newest) {
        return Ok(WriteResult::Discard(true));
    }
    let older = finish(old_sightings::fold(connection, events))?;
    sightings::record(connection, older, vec![usize::MAX])?;
    finish(old_sightings::set_uncounted(connection, *next))?;
    Ok(WriteResult::Keep(next.is_some()))
}

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
        self.readers.read(move |on| finish(undecided::list(on, &filter, after, limit))).await
    }

    async fn has_uncounted_events(&self) -> StoreResult<bool> {
        Ok(self.readers.read(|on| finish(old_sightings::uncounted(on))).await?.is_some())
    }

    async fn count_older_events(&self, limit: usize) -> StoreResult<bool> {
        // A reader reads the events, so that other writes need not wait.
        let older = move |on: &_| {
            let Some(newest) = finish(old_sightings::uncounted(on))? else { return Ok(None) };
            Ok(Some((newest, older_events(on, newest, limit)?)))
        };
        let Some((newest, older)) = self.readers.read(older).await? else { return Ok(false) };
        let count = move |on: &_| count_older(on, newest, &older);
        self.writer.write(CommitSharing::Alone, count).await
    }

    async fn delete_sightings_of(&self, machine: &MachineId, limit: usize) -> StoreResult<usize> {
        let machine = machine.clone();
        let delete = move |on: &_| {
            finish(old_sightings::delete_of(on, &machine, limit)).map(WriteResult::Keep)
        };
        self.writer.write(CommitSharing::Alone, delete).await
    }

    async fn purge_sightings(
        &self,
        before: Timestamp,
        after: Option<ProgramPosition>,
        limit: usize,
    ) -> StoreResult<PurgedSightings> {
        let examine = move |on: &_| finish(old_sightings::examine(on, before, after, limit));
        let (old, next) = self.readers.read(examine).await?;
        let Some(old) = old else { return Ok(PurgedSightings { deleted: 0, next }) };
        let purge = move |on: &_| finish(old_sightings::purge(on, &old)).map(WriteResult::Keep);
        let deleted = self.writer.write(CommitSharing::Alone, purge).await?;
        Ok(PurgedSightings { deleted, next })
    }
}
