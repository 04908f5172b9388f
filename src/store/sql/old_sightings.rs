//! Deletes sightings, and counts events that an older version of nicelist stored.
//!
//! On PostgreSQL, every transaction that changes sightings first takes the lock of events.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use jiff::Timestamp;

use super::Database;
use crate::fleet::{EventId, ProgramId};
use crate::rule::MachineId;
use crate::store::new_sightings::NewSightings;
use crate::store::{ListPart, PurgedSightings, SightingPosition, StoreResult, StoredEvent, codes};

/// An upper bound for the IDs of the events that are still to be counted. None if all events are
/// counted.
pub(in crate::store) async fn uncounted<D: Database>(on: &D) -> StoreResult<Option<EventId>> {
    let number = D::DIALECT.meta_number();
    let sql = format!("SELECT {number} FROM meta WHERE key = 'uncounted_events'");
    on.first(&sql, &[], |row| Ok(EventId(row.number(0)?))).await
}

pub(in crate::store) struct OlderEvents {
    pub(in crate::store) events: Vec<StoredEvent>,
    /// An upper bound for the IDs of the events that are still to be counted. None if all events
    /// are counted.
    pub(in crate::store) next: Option<EventId>,
}

impl OlderEvents {
    pub(in crate::store) fn of(part: ListPart<StoredEvent>) -> Self {
        let next = part.last().filter(|_| part.more).map(|oldest| EventId(oldest.id.0 - 1));
        Self { events: part.rows, next }
    }
}

/// Skips the newest event that is still to be counted, because it is unreadable.
pub(in crate::store) async fn leave_out(
    on: &impl Database,
    newest: EventId,
    reason: &str,
) -> StoreResult<OlderEvents> {
    let sql = "SELECT max(id) FROM event WHERE id <= $1";
    let unreadable = on.number(sql, &[newest.0.into()]).await?;
    tracing::warn!(event = unreadable, reason, "an event is not counted, because it is unreadable");
    Ok(OlderEvents { events: Vec::new(), next: Some(EventId(unreadable - 1)) })
}

/// Returns the programs and sightings of older events, except those of forgotten hosts.
pub(in crate::store) async fn fold<'e, D: Database>(
    on: &D,
    events: &'e [StoredEvent],
) -> StoreResult<NewSightings<'e>> {
    let machines: BTreeSet<&str> = events.iter().map(|it| it.event.machine.as_str()).collect();
    // Only the hosts of these events are read, because a database can have a million hosts.
    let sql = format!(
        "SELECT name FROM machine WHERE forgotten = 1 AND {}",
        D::DIALECT.any("name", "$1")
    );
    let forgotten =
        on.query(&sql, &[machines.into_iter().collect()], |row| Ok(row.str(0)?.to_owned())).await?;
    let forgotten: HashSet<String> = forgotten.into_iter().collect();
    let mut older = NewSightings::default();
    for StoredEvent { id, received, event } in events {
        if !forgotten.contains(event.machine.as_str()) {
            older.add(0, *id, event, *received);
        }
    }
    Ok(older)
}

/// Stores the upper bound for the IDs of the events that are still to be counted. If all events are
/// counted, deletes the bound, the rows of forgotten hosts without sightings, and the marks of
/// other forgotten hosts.
pub(in crate::store) async fn set_uncounted<D: Database>(
    on: &D,
    newest: Option<EventId>,
) -> StoreResult<()> {
    let Some(EventId(newest)) = newest else {
        on.execute("DELETE FROM meta WHERE key = 'uncounted_events'", &[]).await?;
        let sql = "DELETE FROM machine WHERE forgotten = 1 AND NOT EXISTS (
                       SELECT 1 FROM sighting AS s WHERE s.machine = machine.id)";
        on.execute(sql, &[]).await?;
        on.execute("UPDATE machine SET forgotten = 0 WHERE forgotten = 1", &[]).await?;
        return Ok(());
    };
    let number = D::DIALECT.to_meta_number("$1");
    let sql = format!("UPDATE meta SET value = {number} WHERE key = 'uncounted_events'");
    on.execute(&sql, &[newest.into()]).await.map(drop)
}

/// Deletes at most `limit` sightings of a host, programs that have no sightings left, and the
/// host's row if it is no longer needed. Events of the host that are not counted yet will never be
/// counted.
pub(in crate::store) async fn delete_of<D: Database>(
    on: &D,
    machine: &MachineId,
    limit: usize,
) -> StoreResult<usize> {
    let is_counting = uncounted(on).await?.is_some();
    if is_counting {
        let sql = "INSERT INTO machine (name, forgotten) VALUES ($1, 1)
                   ON CONFLICT (name) DO UPDATE SET forgotten = 1";
        on.execute(sql, &[machine.as_str().into()]).await?;
    }
    let sql = "SELECT program, machine FROM machine AS m JOIN sighting ON machine = m.id
               WHERE m.name = $1 ORDER BY program LIMIT $2";
    let wanted = [machine.as_str().into(), codes::limit(limit).into()];
    let keys = on.query(sql, &wanted, |row| Ok((row.number(0)?, row.number(1)?))).await?;
    let programs: Vec<i64> = keys.iter().map(|(program, _)| *program).collect();
    if let Some((_, number)) = keys.first() {
        let sql = format!(
            "DELETE FROM sighting WHERE machine = $1 AND {}",
            D::DIALECT.any("program", "$2")
        );
        on.execute(&sql, &[(*number).into(), programs.into()]).await?;
    }
    forget_keys(on, &keys).await?;
    if keys.len() < limit && !is_counting {
        on.execute("DELETE FROM machine WHERE name = $1", &[machine.as_str().into()]).await?;
    }
    Ok(keys.len())
}

/// Subtracts deleted sightings from the host counts of their programs. Deletes programs that have
/// no sightings left.
async fn forget_keys<D: Database>(on: &D, keys: &[(i64, i64)]) -> StoreResult<()> {
    let mut hosts: BTreeMap<i64, i64> = BTreeMap::new();
    for (program, _) in keys {
        *hosts.entry(*program).or_default() += 1;
    }
    for (program, hosts) in &hosts {
        let sql = "UPDATE program SET hosts = hosts - $1 WHERE id = $2";
        on.execute(sql, &[(*hosts).into(), (*program).into()]).await?;
    }
    let programs: Vec<i64> = hosts.into_keys().collect();
    let sql = format!("DELETE FROM program WHERE hosts <= 0 AND {}", D::DIALECT.any("id", "$1"));
    on.execute(&sql, &[programs.into()]).await?;
    Ok(())
}

/// The range of sightings that one step of a purge examines.
#[derive(Clone, Copy, Debug)]
pub(in crate::store) struct PurgeRange {
    after: (i64, i64),
    /// The last sighting of the range; None if the range reaches the end.
    last: Option<(i64, i64)>,
    before: i64,
}

impl PurgeRange {
    pub(in crate::store) fn purged(&self, deleted: usize) -> PurgedSightings {
        let next = self
            .last
            .map(|(program, machine)| SightingPosition { program: ProgramId(program), machine });
        PurgedSightings { deleted, next }
    }

    fn condition(&self) -> &'static str {
        "(program, machine) > ($1, $2) AND (program, machine) <= ($3, $4) AND last_seen < $5"
    }

    fn bounds(&self) -> [i64; 5] {
        let last = self.last.unwrap_or((i64::MAX, i64::MAX));
        [self.after.0, self.after.1, last.0, last.1, self.before]
    }
}

/// Examines the next sightings. Returns their range, and whether some must be deleted.
pub(in crate::store) async fn examine(
    on: &impl Database,
    before: Timestamp,
    after: Option<SightingPosition>,
    limit: usize,
) -> StoreResult<(PurgeRange, bool)> {
    let after = after.map_or((0, 0), |at| (at.program.0, at.machine));
    let sql = "SELECT program, machine FROM sighting WHERE (program, machine) > ($1, $2)
               ORDER BY program, machine LIMIT 1 OFFSET $3";
    let bounds = [after.0, after.1, codes::limit(limit.saturating_sub(1))].map(Into::into);
    let last = on.first(sql, &bounds, |row| Ok((row.number(0)?, row.number(1)?))).await?;
    let range = PurgeRange { after, last, before: before.as_millisecond() };
    let sql = format!("SELECT 1 FROM sighting WHERE {} LIMIT 1", range.condition());
    let is_counted = uncounted(on).await?.is_none();
    let has_old = is_counted && on.has_row(&sql, &range.bounds().map(Into::into)).await?;
    Ok((range, has_old))
}

/// Deletes the sightings of a range that are too old, and programs and hosts that have no sightings
/// left. Returns how many sightings were deleted.
pub(in crate::store) async fn purge<D: Database>(on: &D, range: PurgeRange) -> StoreResult<usize> {
    let bounds = range.bounds().map(Into::into);
    let sql = format!("SELECT program, machine FROM sighting WHERE {}", range.condition());
    let keys = on.query(&sql, &bounds, |row| Ok((row.number(0)?, row.number(1)?))).await?;
    on.execute(&format!("DELETE FROM sighting WHERE {}", range.condition()), &bounds).await?;
    forget_keys(on, &keys).await?;
    let machines: BTreeSet<i64> = keys.iter().map(|(_, machine)| *machine).collect();
    let sql = format!(
        "DELETE FROM machine WHERE {} AND NOT EXISTS (
             SELECT 1 FROM sighting AS s WHERE s.machine = machine.id)",
        D::DIALECT.any("id", "$1")
    );
    on.execute(&sql, &[machines.into_iter().collect::<Vec<i64>>().into()]).await?;
    Ok(keys.len())
}
