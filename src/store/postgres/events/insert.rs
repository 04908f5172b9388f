//! Stores events, each only once.
//!
//! An event's digest distinguishes it from other events and is unique in `event_once`, across all
//! partitions. Events are added under a lock, so that an event that is committed later has a
//! greater ID.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Mutex;

use deadpool_postgres::{Client, GenericClient, Transaction};
use jiff::Timestamp;

use super::partitions::{self, Week};
use crate::fleet::{Event, EventId, EventKind};
use crate::store::new_sightings::{AdmittedPrograms, NewSightings};
use crate::store::postgres::locks::Lock;
use crate::store::postgres::text::clean;
use crate::store::postgres::writer::Batch;
use crate::store::postgres::{Values, codes, count, query, sightings};
use crate::store::sql::events::member_of;
use crate::store::{AddedEvents, EventOrigin, StoreResult, bounds};

/// SQL for the 128-bit digest of an event in a table. PostgreSQL quotes the values in a row's text,
/// so that different rows have different texts.
pub(super) fn digest(table: &str) -> String {
    format!(
        "substr(sha256(convert_to(ROW({table}.machine, {table}.sha256, {table}.decision,
             {table}.occurred, {table}.pid, {table}.member_of, {table}.rule, {table}.file)::text,
             'UTF8')), 1, 16)"
    )
}

/// SQL that deletes the digest of the event with the ID `$1`, before the event is changed.
pub(in crate::store) fn delete_event_digest() -> String {
    format!(
        "DELETE FROM event_once WHERE digest = (SELECT {} FROM event AS e WHERE e.id = $1)",
        digest("e")
    )
}

/// SQL that stores the digest of the event with the ID `$1`, after the event was changed.
pub(in crate::store) fn insert_event_digest() -> String {
    format!(
        "INSERT INTO event_once (digest, id, received)
         SELECT {}, e.id, e.received FROM event AS e WHERE e.id = $1 ON CONFLICT DO NOTHING",
        digest("e")
    )
}

/// SQL for the end of the newest week that was dropped. Entries of `event_once` with an earlier
/// `received` no longer count.
pub(super) const FLOOR: &str =
    "coalesce((SELECT convert_from(value, 'UTF8')::bigint FROM meta WHERE key = 'event_floor'),
              -9223372036854775808)";

/// SQL for a table named `given` with the parameters of [`Columns::keys`].
const GIVEN: &str = "unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::bigint[],
        $6::bigint[], $7::text[], $8::text[], $9::text[])
    AS given (place, machine, sha256, decision, occurred, pid, member_of, rule, file)";

/// Events by column: the index, the columns of the digest, and then the other columns.
#[derive(Default)]
struct Columns {
    place: Vec<i64>,
    machine: Vec<String>,
    sha256: Vec<String>,
    decision: Vec<String>,
    occurred: Vec<Option<i64>>,
    pid: Vec<i64>,
    member_of: Vec<String>,
    rule: Vec<String>,
    file: Vec<String>,
    received: Vec<i64>,
    kind: Vec<i64>,
    blocked: Vec<i64>,
    signing_id: Vec<String>,
    team_id: Vec<String>,
    certificate: Vec<String>,
    signer: Vec<String>,
    user: Vec<String>,
    path: Vec<String>,
    body: Vec<String>,
}

impl Columns {
    fn push(&mut self, place: usize, event: &Event, received: i64) -> StoreResult<()> {
        let text = |text: &str| clean(text).into_owned();
        let program = &event.program;
        let leaf = program.certificate.as_ref();
        let access = event.access.as_ref();
        self.place.push(codes::limit(place));
        self.machine.push(text(event.machine.as_str()));
        self.sha256.push(text(&program.sha256));
        self.decision.push(text(&event.decision.0));
        self.occurred.push(event.occurred.map(Timestamp::as_millisecond));
        self.pid.push(i64::from(event.pid));
        self.member_of.push(text(member_of(event)));
        self.rule.push(text(access.map_or("", |access| &access.rule)));
        self.file.push(text(access.map_or("", |access| &access.file)));
        self.received.push(received);
        self.kind.push(codes::event_kind(event.kind()));
        self.blocked.push(i64::from(event.decision.is_block()));
        self.signing_id.push(text(&program.signing_id));
        self.team_id.push(text(&program.team_id));
        self.certificate.push(text(leaf.map_or("", |leaf| &leaf.sha256)));
        self.signer.push(text(leaf.map_or("", |leaf| &leaf.common_name)));
        self.user.push(text(&event.user));
        self.path.push(text(&event.path()));
        self.body.push(codes::json(event)?);
        Ok(())
    }

    /// The indexes and the columns of the digest, which are the parameters of [`GIVEN`].
    fn keys(&self) -> [&(dyn tokio_postgres::types::ToSql + Sync); 9] {
        [
            &self.place,
            &self.machine,
            &self.sha256,
            &self.decision,
            &self.occurred,
            &self.pid,
            &self.member_of,
            &self.rule,
            &self.file,
        ]
    }
}

pub(in crate::store::postgres) struct NewEvents {
    pub(in crate::store::postgres) events: Vec<Event>,
    pub(in crate::store::postgres) received: Timestamp,
    pub(in crate::store::postgres) origin: EventOrigin,
}

#[derive(Default)]
pub(in crate::store::postgres) struct InsertEvents {
    /// Weeks that need no new partition.
    weeks: Mutex<HashSet<Week>>,
}

impl Batch for InsertEvents {
    // A job has the events of one upload, usually 50 events of 4 kB each.
    const LARGEST_GROUP: usize = 32;
    const QUEUE: usize = 512;

    type Job = NewEvents;
    type Answer = AddedEvents;

    async fn write(
        &self,
        client: &mut Client,
        jobs: &[NewEvents],
    ) -> StoreResult<Vec<AddedEvents>> {
        let all: Vec<(usize, &Event, i64)> = jobs
            .iter()
            .enumerate()
            .flat_map(|(job, NewEvents { events, received, origin: _ })| {
                events.iter().map(move |event| (job, event, received.as_millisecond()))
            })
            .collect();
        let mut added = vec![AddedEvents::default(); jobs.len()];
        if all.is_empty() {
            return Ok(added);
        }
        self.create_partitions(client, all.iter().map(|(_, _, received)| *received)).await?;
        let on = client.transaction().await?;
        Lock::Events.take(&on).await?;
        let new = insert(&on, &all).await?;
        let mut seen = NewSightings::default();
        for (place, id) in &new {
            let (job, event, _) = all[*place];
            let NewEvents { received, origin, .. } = jobs[job];
            added[job].events += 1;
            seen.add(job, *id, event, origin.seen(event, received));
        }
        let left = jobs.iter().map(|job| job.origin.new_programs()).collect();
        let admitted = sightings::record(&on, seen, left).await?;
        for (added, AdmittedPrograms { programs, left_out }) in added.iter_mut().zip(admitted) {
            (added.programs, added.left_out) = (programs, left_out);
        }
        let known = all.iter().enumerate().filter(|(place, _)| !new.contains_key(place));
        let learning = known.map(|(_, (_, event, _))| *event);
        let learning: Vec<&Event> = learning
            .filter(|event| event.kind() == EventKind::Execution && event.has_bundle())
            .collect();
        learn_bundles(&on, &learning).await?;
        on.commit().await?;
        Ok(added)
    }
}

impl InsertEvents {
    async fn create_partitions(
        &self,
        client: &mut Client,
        received: impl Iterator<Item = i64> + Send,
    ) -> StoreResult<()> {
        let weeks: HashSet<Week> = {
            let known = self.weeks.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            received.map(Week::of).filter(|week| !known.contains(week)).collect()
        };
        if !weeks.is_empty() {
            partitions::ensure(client, &weeks).await?;
            self.weeks.lock().unwrap_or_else(std::sync::PoisonError::into_inner).extend(weeks);
        }
        Ok(())
    }
}

/// Inserts new events. Returns the ID of each inserted event, by the event's index in `all`.
async fn insert(
    on: &Transaction<'_>,
    all: &[(usize, &Event, i64)],
) -> StoreResult<BTreeMap<usize, EventId>> {
    let mut columns = Columns::default();
    for (place, (_, event, received)) in all.iter().enumerate() {
        columns.push(place, event, *received)?;
    }
    let sql = format!(
        "WITH given AS (
             SELECT *, {} AS digest FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[],
                 $5::bigint[], $6::bigint[], $7::text[], $8::text[], $9::text[], $10::bigint[],
                 $11::bigint[], $12::bigint[], $13::text[], $14::text[], $15::text[], $16::text[],
                 $17::text[], $18::text[], $19::text[])
             AS given (place, machine, sha256, decision, occurred, pid, member_of, rule, file,
                       received, kind, blocked, signing_id, team_id, certificate, signer, \"user\",
                       path, body)
         ), first AS (
             SELECT DISTINCT ON (digest) * FROM given ORDER BY digest, place
         ), once AS (
             INSERT INTO event_once AS o (digest, id, received)
             SELECT digest, nextval('event_id'), received FROM first ORDER BY place
             ON CONFLICT (digest) DO UPDATE SET id = excluded.id, received = excluded.received
                 WHERE o.received < {FLOOR}
             RETURNING digest, id
         ), kept AS (
             INSERT INTO event (id, machine, sha256, decision, occurred, pid, member_of, rule, file,
                                received, kind, blocked, signing_id, team_id, certificate, signer,
                                \"user\", path)
             SELECT id, machine, sha256, decision, occurred, pid, member_of, rule, file,
                    received, kind, blocked, signing_id, team_id, certificate, signer, \"user\", path
             FROM once JOIN first USING (digest) ORDER BY id
         ), bodies AS (
             INSERT INTO event_body (id, received, body)
             SELECT id, received, body FROM once JOIN first USING (digest) ORDER BY id
         )
         SELECT place, id FROM once JOIN first USING (digest)",
        digest("given")
    );
    let rest: Values<'_> = &[
        &columns.received,
        &columns.kind,
        &columns.blocked,
        &columns.signing_id,
        &columns.team_id,
        &columns.certificate,
        &columns.signer,
        &columns.user,
        &columns.path,
        &columns.body,
    ];
    let values: Vec<_> = columns.keys().into_iter().chain(rest.iter().copied()).collect();
    let mut new = BTreeMap::new();
    for row in query(on, &sql, &values).await? {
        let place: i64 = row.try_get(0)?;
        let place = usize::try_from(place).map_err(|_| codes::corrupt("place", &place))?;
        new.insert(place, EventId(row.try_get(1)?));
    }
    Ok(new)
}

/// All `events` have a bundle hash. If the stored body of such an event has no bundle hash,
/// replaces the stored body with the first report of the event in `events`.
async fn learn_bundles(on: &Transaction<'_>, events: &[&Event]) -> StoreResult<()> {
    if events.is_empty() {
        return Ok(());
    }
    let mut columns = Columns::default();
    for (place, event) in events.iter().enumerate() {
        columns.push(place, event, 0)?;
    }
    let sql = format!(
        "SELECT given.place, b.id, b.received, b.body FROM {GIVEN}
         JOIN event_once AS o ON o.digest = {} JOIN event_body AS b USING (id, received)
         WHERE octet_length(b.body) <= {} ORDER BY given.place",
        digest("given"),
        bounds::LARGEST_EVENT
    );
    let mut known: HashMap<i64, bool> = HashMap::new();
    for row in query(on, &sql, &columns.keys()).await? {
        let (place, id): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
        let has_bundle = match known.get(&id) {
            Some(has_bundle) => *has_bundle,
            None => codes::to_value::<Event>(row.try_get(3)?)?.has_bundle(),
        };
        known.insert(id, true);
        let body = usize::try_from(place).ok().and_then(|place| columns.body.get(place));
        if let (false, Some(body)) = (has_bundle, body) {
            let received: i64 = row.try_get(2)?;
            let sql = "UPDATE event_body SET body = $1 WHERE id = $2 AND received = $3";
            query(on, sql, &[body, &id, &received]).await?;
        }
    }
    Ok(())
}

pub(in crate::store::postgres) async fn count_new(
    on: &impl GenericClient,
    events: &[Event],
) -> StoreResult<usize> {
    let mut columns = Columns::default();
    for (place, event) in events.iter().enumerate() {
        columns.push(place, event, 0)?;
    }
    let sql = format!(
        "SELECT count(DISTINCT digest) FROM (SELECT {} AS digest FROM {GIVEN}) AS wanted
         WHERE NOT EXISTS (SELECT 1 FROM event_once AS o
                           WHERE o.digest = wanted.digest AND o.received >= {FLOOR})",
        digest("given")
    );
    let rows = query(on, &sql, &columns.keys()).await?;
    let counted = rows.first().map_or(Ok(0), |row| count(row, 0))?;
    usize::try_from(counted).map_err(|error| codes::corrupt("count", &error))
}
