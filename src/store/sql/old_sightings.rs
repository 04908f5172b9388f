//! Deletes sightings, and counts events that an older version of nicelist stored.
//!
//! On PostgreSQL, every transaction that changes sightings first takes the events lock.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use jiff::Timestamp;

use super::{Database, Dialect, Parameter};
use crate::fleet::{EventId, ProgramId};
use crate::rule::MachineId;
use crate::store::new_sightings::NewSightings;
use crate::store::{ListPart, ProgramPosition, StoreResult, StoredEvent, codes};

/// An upper bound for the IDs of the events that are still to be counted. None if all events are
/// counted.
pub(in crate::store) async fn uncounted<D: Database>(on: &D) -> StoreResult<Option<EventId>> {
    let number = D::DIALECT.meta_number();
    let sql = format!("SELECT {number} FROM meta WHERE key = 'uncounted_events'");
    on.first(&sql, &[], |row| Ok(EventId(row.number(0)?))).await
}

pub(in crate::store) struct OlderEvents {
    pub(in crate::store) events: Vec<StoredEvent>,
    /// An upper bound for the IDs of the events to count after these; None at the end.
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

/// Returns the programs and sightings of older events. Skips the events of forgotten hosts.
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
/// counted, deletes the bound, the rows in `machine` of forgotten hosts without sightings, and the
/// marks of other forgotten hosts.
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
/// host's row in `machine` if it is no longer needed. Events of the host that are not counted yet
/// will never be counted.
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

/// The sightings that one part of a purge examines and that were last seen before a time.
#[derive(Clone, Debug)]
pub(in crate::store) struct OldSightings {
    before: i64,
    examined: Examined,
}

#[derive(Clone, Debug)]
enum Examined {
    /// All sightings of these programs.
    Of(Vec<i64>),
    /// The sightings of a program on the hosts with a row ID greater than `above`, up to `last`.
    OnHosts { program: i64, above: i64, last: i64 },
}

impl OldSightings {
    /// The condition that a sighting is one of these sightings, and the values of its parameters.
    fn condition(&self, dialect: Dialect) -> (String, Vec<Parameter<'static>>) {
        match &self.examined {
            Examined::Of(programs) => {
                let condition = format!("last_seen < $1 AND {}", dialect.any("program", "$2"));
                (condition, vec![self.before.into(), programs.clone().into()])
            }
            Examined::OnHosts { program, above, last } => {
                let condition =
                    "last_seen < $1 AND program = $2 AND machine > $3 AND machine <= $4";
                let values = [self.before, *program, *above, *last].map(Into::into);
                (condition.to_owned(), values.into())
            }
        }
    }
}

/// Examines the next sightings of programs that were first seen before a time. Returns the
/// sightings that must be deleted, if there are any, and the position after which the purge
/// continues. A sighting is never older than the first sighting of its program.
pub(in crate::store) async fn examine<D: Database>(
    on: &D,
    before: Timestamp,
    after: Option<ProgramPosition>,
    limit: usize,
) -> StoreResult<(Option<OldSightings>, Option<ProgramPosition>)> {
    if uncounted(on).await?.is_some() {
        return Ok((None, None));
    }
    let before = before.as_millisecond();
    let (examined, next) = match after {
        Some(at) if at.machine.is_some() => examine_hosts(on, at, limit).await?,
        Some(_) | None => examine_programs(on, before, after, limit).await?,
    };
    let old = OldSightings { before, examined };
    let (condition, values) = old.condition(D::DIALECT);
    let sql = format!("SELECT 1 FROM sighting WHERE {condition} LIMIT 1");
    let has_old = on.has_row(&sql, &values).await?;
    Ok((has_old.then_some(old), next))
}

/// The next programs with at most `limit` sightings in total, or some hosts of one program.
async fn examine_programs(
    on: &impl Database,
    before: i64,
    after: Option<ProgramPosition>,
    limit: usize,
) -> StoreResult<(Examined, Option<ProgramPosition>)> {
    let after = after.map_or([i64::MIN, 0], |at| [at.first_seen.as_millisecond(), at.id.0]);
    let limit_number = codes::limit(limit);
    let sql = "SELECT first_seen, id, hosts FROM program
               WHERE (first_seen, id) > ($1, $2) AND first_seen < $3
               ORDER BY first_seen, id LIMIT $4";
    let bounds = [after[0], after[1], before, limit_number].map(Into::into);
    let found = on.query(sql, &bounds, |row| {
        let (first_seen, id) = (codes::to_time(row.number(0)?)?, ProgramId(row.number(1)?));
        Ok((ProgramPosition { first_seen, id, machine: None }, row.number(2)?))
    });
    let (found, mut sightings) = (found.await?, 0);
    if let Some((first, _)) = found.first().filter(|(_, hosts)| *hosts > limit_number) {
        return examine_hosts(on, *first, limit).await;
    }
    let fits = |(_, hosts): &&(ProgramPosition, i64)| {
        sightings += *hosts;
        sightings <= limit_number
    };
    let programs: Vec<ProgramPosition> =
        found.iter().take_while(fits).map(|(program, _)| *program).collect();
    let is_end = programs.len() < limit && programs.len() == found.len();
    let next = programs.last().copied().filter(|_| !is_end);
    Ok((Examined::Of(programs.into_iter().map(|program| program.id.0).collect()), next))
}

/// The next hosts of a program.
async fn examine_hosts(
    on: &impl Database,
    at: ProgramPosition,
    limit: usize,
) -> StoreResult<(Examined, Option<ProgramPosition>)> {
    let (program, above) = (at.id.0, at.machine.unwrap_or(0));
    let sql = "SELECT machine FROM sighting WHERE program = $1 AND machine > $2
               ORDER BY machine LIMIT 1 OFFSET $3";
    let bounds = [program, above, codes::limit(limit.saturating_sub(1))].map(Into::into);
    let machine = on.first(sql, &bounds, |row| row.number(0)).await?;
    let examined = Examined::OnHosts { program, above, last: machine.unwrap_or(i64::MAX) };
    Ok((examined, Some(ProgramPosition { machine, ..at })))
}

/// Deletes old sightings, and programs and machines that have no sightings left. Returns how many
/// sightings were deleted.
pub(in crate::store) async fn purge<D: Database>(on: &D, old: &OldSightings) -> StoreResult<usize> {
    let (condition, values) = old.condition(D::DIALECT);
    let sql = format!("DELETE FROM sighting WHERE {condition} RETURNING program, machine");
    let keys = on.query(&sql, &values, |row| Ok((row.number(0)?, row.number(1)?))).await?;
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
