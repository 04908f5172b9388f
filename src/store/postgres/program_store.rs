//! Programs and sightings: [`ProgramStore`].

use async_trait::async_trait;
use deadpool_postgres::{Client, Transaction};
use jiff::Timestamp;

use super::Postgres;
use super::locks::Lock;
use super::pool::snapshot;
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

/// Counts the newest uncounted events. Returns whether more may be left. Only one server at a time
/// does this.
async fn count_older(client: &mut Client, limit: usize) -> StoreResult<bool> {
    if old_sightings::uncounted(&*client).await?.is_none() {
        return Ok(false);
    }
    let on = client.transaction().await?;
    Lock::Events.take(&on).await?;
    let Some(newest) = old_sightings::uncounted(&on).await? else { return Ok(false) };
    let OlderEvents { events, next } = match older_events(&on, newest, limit).await {
        // An event is unreadable. Reads only the newest event now, and skips that event if it is
        // unreadable.
        Err(StoreError::Unreadable(_)) => match older_events(&on, newest, 1).await {
            Err(StoreError::Unreadable(reason)) => {
                old_sightings::leave_out(&on, newest, &reason).await?
            }
            alone => alone?,
        },
        several => several?,
    };
    let older = old_sightings::fold(&on, &events).await?;
    sightings::record(&on, older, vec![usize::MAX]).await?;
    old_sightings::set_uncounted(&on, next).await?;
    on.commit().await?;
    Ok(next.is_some())
}

async fn older_events(
    on: &Transaction<'_>,
    newest: EventId,
    limit: usize,
) -> StoreResult<OlderEvents> {
    let range = EventRange::Before(Some(EventId(newest.0.saturating_add(1))));
    events::list(on, &EventFilter::default(), range, limit).await.map(OlderEvents::of)
}

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
        at_once!(self, |on| undecided::list(on, filter, after, limit))
    }

    async fn has_uncounted_events(&self) -> StoreResult<bool> {
        Ok(ask!(self, |on| old_sightings::uncounted(on))?.is_some())
    }

    async fn count_older_events(&self, limit: usize) -> StoreResult<bool> {
        ask!(self, |client| count_older(client, limit))
    }

    async fn delete_sightings_of(&self, machine: &MachineId, limit: usize) -> StoreResult<usize> {
        ask!(self, |client| async {
            let on = client.transaction().await?;
            Lock::Events.take(&on).await?;
            let deleted = old_sightings::delete_of(&on, machine, limit).await?;
            on.commit().await?;
            Ok(deleted)
        })
    }

    async fn purge_sightings(
        &self,
        before: Timestamp,
        after: Option<ProgramPosition>,
        limit: usize,
    ) -> StoreResult<PurgedSightings> {
        ask!(self, |client| async {
            let (old, next) = old_sightings::examine(&*client, before, after, limit).await?;
            let Some(old) = old else { return Ok(PurgedSightings { deleted: 0, next }) };
            let on = client.transaction().await?;
            Lock::Events.take(&on).await?;
            let deleted = old_sightings::purge(&on, &old).await?;
            on.commit().await?;
            Ok(PurgedSightings { deleted, next })
        })
    }
}
