//! Stores events, each only once, and deletes old events.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, params};

use crate::fleet::{Event, EventId, EventKind};
use crate::rule::MachineId;
use crate::store::new_sightings::{AdmittedPrograms, NewSightings};
use crate::store::sql::events::member_of;
use crate::store::sqlite::writer::WriteResult;
use crate::store::sqlite::{codes, sightings};
use crate::store::{AddedEvents, EventOrigin, EventPurge, StoreResult, bounds};

pub(in crate::store::sqlite) fn add(
    connection: &Connection,
    events: &[Event],
    received: Timestamp,
    origin: EventOrigin,
) -> StoreResult<AddedEvents> {
    let mut new = NewSightings::default();
    let added = insert(connection, events, received, |id, event| {
        new.add(0, id, event, origin.seen(event, received));
    })?;
    let admitted = sightings::record(connection, new, vec![origin.new_programs()])?;
    let AdmittedPrograms { programs, left_out } = admitted.first().copied().unwrap_or_default();
    Ok(AddedEvents { events: added, programs, left_out })
}

/// Counts the new events by inserting them. The caller must roll back.
pub(in crate::store::sqlite) fn count_new(
    connection: &Connection,
    events: &[Event],
) -> StoreResult<usize> {
    insert(connection, events, Timestamp::UNIX_EPOCH, |_, _| ())
}

fn insert<'e>(
    connection: &Connection,
    events: &'e [Event],
    received: Timestamp,
    mut new_event: impl FnMut(EventId, &'e Event),
) -> StoreResult<usize> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO event (machine, sha256, decision, occurred, pid, member_of, rule, file,
                            received, kind, blocked, signing_id, team_id, certificate, signer,
                            user, path)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
    )?;
    let mut keep = connection.prepare_cached("INSERT INTO event_body (id, body) VALUES (?, ?)")?;
    let mut new = 0;
    for event in events {
        let program = &event.program;
        let leaf = program.certificate.as_ref();
        let access = event.access.as_ref();
        let added = insert.execute(params![
            event.machine.as_str(),
            program.sha256,
            event.decision.0,
            event.occurred.map(Timestamp::as_millisecond),
            event.pid,
            member_of(event),
            access.map_or("", |access| &access.rule),
            access.map_or("", |access| &access.file),
            received.as_millisecond(),
            codes::event_kind(event.kind()),
            event.decision.is_block(),
            program.signing_id,
            program.team_id,
            leaf.map_or("", |leaf| &leaf.sha256),
            leaf.map_or("", |leaf| &leaf.common_name),
            event.user,
            event.path(),
        ])?;
        if added > 0 {
            let id = connection.last_insert_rowid();
            keep.execute(params![id, codes::json(event)?])?;
            new_event(EventId(id), event);
            new += 1;
        } else if event.kind() == EventKind::Execution && event.has_bundle() {
            learn_bundle(connection, event)?;
        }
    }
    Ok(new)
}

/// If the stored copy of `event` has no bundle hash, replaces the stored body with `event`.
fn learn_bundle(connection: &Connection, event: &Event) -> StoreResult<()> {
    let found: Option<(i64, String)> = connection
        .prepare_cached(
            "SELECT id, body FROM event JOIN event_body USING (id)
             WHERE octet_length(body) <= ?6 AND machine = ?1 AND sha256 = ?2 AND decision = ?3
               AND ifnull(occurred, -9223372036854775808) = ifnull(?4, -9223372036854775808)
               AND pid = ?5 AND member_of = '' AND rule = '' AND file = ''",
        )?
        .query_row(
            params![
                event.machine.as_str(),
                event.program.sha256,
                event.decision.0,
                event.occurred.map(Timestamp::as_millisecond),
                event.pid,
                codes::limit(bounds::LARGEST_EVENT),
            ],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .optional()?;
    let Some((id, body)) = found else { return Ok(()) };
    if !codes::to_value::<Event>(&body)?.has_bundle() {
        connection
            .prepare_cached("UPDATE event_body SET body = ? WHERE id = ?")?
            .execute(params![codes::json(event)?, id])?;
    }
    Ok(())
}

/// How many events exceed the limit `purge.keep`. None if no event exceeds the limit or is too old.
pub(in crate::store::sqlite) fn overdue(
    connection: &Connection,
    purge: EventPurge,
) -> StoreResult<Option<i64>> {
    let surplus = surplus(connection, purge.keep)?;
    let mut is_old = false;
    if let Some(before) = purge.before {
        let sql = "SELECT EXISTS (SELECT 1 FROM event WHERE received < ?)";
        let mut statement = connection.prepare_cached(sql)?;
        is_old = statement.query_one([before.as_millisecond()], |row| row.get(0))?;
    }
    Ok((is_old || surplus > 0).then_some(surplus))
}

fn surplus(connection: &Connection, keep: Option<u64>) -> StoreResult<i64> {
    let Some(keep) = keep.and_then(|keep| i64::try_from(keep).ok()) else { return Ok(0) };
    // The range of IDs is at least the number of events, so a small range needs no count.
    let sql = "SELECT ifnull((SELECT max(id) FROM event) - (SELECT min(id) FROM event) + 1, 0)";
    let at_most: i64 = connection.prepare_cached(sql)?.query_one([], |row| row.get(0))?;
    if at_most <= keep {
        return Ok(0);
    }
    let sql = "SELECT count(*) FROM event";
    let count: i64 = connection.prepare_cached(sql)?.query_one([], |row| row.get(0))?;
    Ok((count - keep).max(0))
}

/// Deletes events that are too old, and the `surplus` oldest events, but at most `limit` events.
/// Returns how many were deleted.
pub(in crate::store::sqlite) fn purge(
    connection: &Connection,
    before: Option<Timestamp>,
    surplus: i64,
    limit: usize,
) -> StoreResult<WriteResult<usize>> {
    let mut gone = 0;
    if let Some(before) = before {
        let sql = "DELETE FROM event WHERE id IN
                   (SELECT id FROM event WHERE received < ? ORDER BY received LIMIT ?)";
        let bounds = [before.as_millisecond(), codes::limit(limit)];
        gone += connection.prepare_cached(sql)?.execute(bounds)?;
    }
    // Events that were deleted because of their age count toward the surplus.
    let left = codes::limit(limit.saturating_sub(gone));
    let surplus = surplus.saturating_sub(codes::limit(gone)).min(left);
    if surplus > 0 {
        let sql = "DELETE FROM event WHERE id IN (SELECT id FROM event ORDER BY id LIMIT ?)";
        gone += connection.prepare_cached(sql)?.execute([surplus])?;
    }
    Ok(WriteResult::Keep(gone))
}

pub(in crate::store::sqlite) fn delete_of(
    connection: &Connection,
    machine: &MachineId,
    limit: usize,
) -> StoreResult<usize> {
    let sql = "DELETE FROM event WHERE id IN
               (SELECT id FROM event WHERE machine = ? ORDER BY id LIMIT ?)";
    let of = (machine.as_str(), codes::limit(limit));
    Ok(connection.prepare_cached(sql)?.execute(of)?)
}
