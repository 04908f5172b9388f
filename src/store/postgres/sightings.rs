//! Counts new events in programs and sightings. The caller's transaction has the events lock.

use std::collections::{BTreeMap, HashMap};

use deadpool_postgres::Transaction;

use super::{codes, query};
use crate::store::StoreResult;
use crate::store::new_sightings::{
    AdmittedPrograms, NewSightings, ReportedProgram, SightingRow, StoredProgram,
};
use crate::store::sql::sightings::{SIGHTING_ROW, sighting_row, stored_program};

type Key = (i64, i64);

/// Stores the programs and sightings of new events. `left` has the number of new programs that each
/// request may still add.
pub(super) async fn record(
    on: &Transaction<'_>,
    new: NewSightings<'_>,
    left: Vec<usize>,
) -> StoreResult<Vec<AdmittedPrograms>> {
    if new.is_empty() {
        return Ok(vec![AdmittedPrograms::default(); left.len()]);
    }
    let known = find_programs(on, new.programs()).await?;
    let (places, admitted) = new.admit(&known, left);
    let created: Vec<&ReportedProgram> =
        places.iter().map(|place| &new.programs()[*place]).collect();
    let created = insert_programs(on, &created).await?;
    let ids: Vec<Option<i64>> = new
        .programs()
        .iter()
        .zip(&known)
        .map(|(program, known)| match known {
            Some(known) => Some(known.id),
            None => created.get(&program.digest[..]).copied(),
        })
        .collect();
    for (reported, known) in new.programs().iter().zip(&known) {
        if let Some(known) = known.filter(|known| reported.first < known.first) {
            replace_first_report(on, known.id, reported).await?;
        }
    }
    let machines = find_machines(on, new.machines()).await?;
    write_rows(on, new.into_rows(&ids, &machines)).await?;
    Ok(admitted)
}

async fn find_programs(
    on: &Transaction<'_>,
    programs: &[ReportedProgram],
) -> StoreResult<Vec<Option<StoredProgram>>> {
    let digests: Vec<&[u8]> = programs.iter().map(|program| &program.digest[..]).collect();
    let sql = "SELECT id, first_seen, first_event, digest FROM program
               WHERE digest = ANY ($1::bytea[])";
    let rows = query(on, sql, &[&digests]).await?;
    let mut found: HashMap<&[u8], StoredProgram> = HashMap::with_capacity(rows.len());
    for row in &rows {
        found.insert(row.try_get(3)?, stored_program(row, 0)?);
    }
    Ok(digests.iter().map(|digest| found.get(digest).copied()).collect())
}

/// Inserts programs. Returns their IDs by digest.
async fn insert_programs(
    on: &Transaction<'_>,
    programs: &[&ReportedProgram],
) -> StoreResult<HashMap<Vec<u8>, i64>> {
    if programs.is_empty() {
        return Ok(HashMap::new());
    }
    let sql = "INSERT INTO program (digest, sha256, cdhash, team_id, signing_id, signing_status,
                                    certificate, common_name, organization, name, bundle_name,
                                    first_seen, first_event, hosts)
               SELECT *, 0 FROM unnest($1::bytea[], $2::text[], $3::text[], $4::text[], $5::text[],
                   $6::bigint[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[],
                   $12::bigint[], $13::bigint[])
               RETURNING digest, id";
    let text = |of: fn(&ReportedProgram) -> &str| -> Vec<&str> {
        programs.iter().map(|program| of(program)).collect()
    };
    let number = |of: fn(&ReportedProgram) -> i64| -> Vec<i64> {
        programs.iter().map(|program| of(program)).collect()
    };
    let digests: Vec<&[u8]> = programs.iter().map(|program| &program.digest[..]).collect();
    let inserted = query(
        on,
        sql,
        &[
            &digests,
            &text(|it| &it.program.sha256),
            &text(|it| &it.program.cdhash),
            &text(|it| &it.program.team_id),
            &text(|it| &it.program.signing_id),
            &number(|it| codes::signing_status(it.program.signing_status)),
            &text(|it| it.certificate().0),
            &text(|it| it.certificate().1),
            &text(|it| it.certificate().2),
            &text(|it| &it.name),
            &text(|it| &it.bundle_name),
            &number(|it| it.first.seen),
            &number(|it| it.first.event),
        ],
    )
    .await?;
    inserted.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

/// Replaces the first report of a program with an earlier report that was counted later.
async fn replace_first_report(
    on: &Transaction<'_>,
    id: i64,
    reported: &ReportedProgram,
) -> StoreResult<()> {
    let sql = "UPDATE program SET common_name = $1, organization = $2, name = $3, bundle_name = $4,
                                  first_seen = $5, first_event = $6 WHERE id = $7";
    let (_, common_name, organization) = reported.certificate();
    let ReportedProgram { name, bundle_name, first, .. } = reported;
    let values: super::Values<'_> =
        &[&common_name, &organization, name, bundle_name, &first.seen, &first.event, &id];
    query(on, sql, values).await?;
    Ok(())
}

/// Returns the row IDs of machines, in the order of `machines`. Creates missing rows.
async fn find_machines(on: &Transaction<'_>, machines: &[&str]) -> StoreResult<Vec<i64>> {
    let find = "SELECT name, id FROM machine WHERE name = ANY ($1::text[])";
    let mut numbers: HashMap<String, i64> = HashMap::new();
    for row in query(on, find, &[&machines]).await? {
        numbers.insert(row.try_get(0)?, row.try_get(1)?);
    }
    let new: Vec<&str> =
        machines.iter().copied().filter(|machine| !numbers.contains_key(*machine)).collect();
    if !new.is_empty() {
        let insert = "INSERT INTO machine (name) SELECT unnest($1::text[]) RETURNING name, id";
        for row in query(on, insert, &[&new]).await? {
            numbers.insert(row.try_get(0)?, row.try_get(1)?);
        }
    }
    let number = |machine: &&str| {
        numbers.get(*machine).copied().ok_or_else(|| codes::corrupt("machine", machine))
    };
    machines.iter().map(number).collect()
}

/// Merges rows into the stored rows, and updates the host counts of programs.
async fn write_rows(on: &Transaction<'_>, mut rows: Vec<(Key, SightingRow)>) -> StoreResult<()> {
    let (programs, machines): (Vec<i64>, Vec<i64>) = rows.iter().map(|(key, _)| *key).unzip();
    let columns: Vec<String> = SIGHTING_ROW.split(", ").map(|name| format!("s.{name}")).collect();
    let sql = format!(
        "SELECT program, machine, {} FROM unnest($1::bigint[], $2::bigint[])
             AS given (program, machine)
         JOIN sighting AS s USING (program, machine)",
        columns.join(", ")
    );
    let mut stored: HashMap<Key, SightingRow> = HashMap::new();
    for row in query(on, &sql, &[&programs, &machines]).await? {
        stored.insert((row.try_get(0)?, row.try_get(1)?), sighting_row(&row, 2)?);
    }
    let mut hosts: BTreeMap<i64, i64> = BTreeMap::new();
    for (key, row) in &mut rows {
        match stored.remove(key) {
            Some(mut stored) => {
                std::mem::swap(&mut stored, row);
                row.merge(stored);
            }
            None => *hosts.entry(key.0).or_default() += 1,
        }
    }
    upsert(on, &programs, &machines, &rows).await?;
    if !hosts.is_empty() {
        let (programs, hosts): (Vec<i64>, Vec<i64>) = hosts.into_iter().unzip();
        let sql = "UPDATE program AS p SET hosts = p.hosts + given.hosts
                   FROM unnest($1::bigint[], $2::bigint[]) AS given (id, hosts)
                   WHERE p.id = given.id";
        query(on, sql, &[&programs, &hosts]).await?;
    }
    Ok(())
}

async fn upsert(
    on: &Transaction<'_>,
    programs: &[i64],
    machines: &[i64],
    rows: &[(Key, SightingRow)],
) -> StoreResult<()> {
    let number =
        |of: fn(&SightingRow) -> i64| -> Vec<i64> { rows.iter().map(|(_, row)| of(row)).collect() };
    let text = |of: fn(&SightingRow) -> &str| -> Vec<&str> {
        rows.iter().map(|(_, row)| of(row)).collect()
    };
    let list = |of: fn(&SightingRow) -> &[String]| -> StoreResult<Vec<String>> {
        rows.iter().map(|(_, row)| codes::json(&of(row))).collect()
    };
    let sql = "INSERT INTO sighting (program, machine, first_seen, last_seen, reports, decision,
                                     latest, path, undecided, users, more_users, paths, more_paths)
               SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[],
                   $5::bigint[], $6::text[], $7::bigint[], $8::text[], $9::bigint[], $10::text[],
                   $11::bigint[], $12::text[], $13::bigint[])
               ON CONFLICT (program, machine) DO UPDATE SET
                   first_seen = excluded.first_seen, last_seen = excluded.last_seen,
                   reports = excluded.reports, decision = excluded.decision,
                   latest = excluded.latest, path = excluded.path,
                   undecided = excluded.undecided, users = excluded.users,
                   more_users = excluded.more_users, paths = excluded.paths,
                   more_paths = excluded.more_paths";
    query(
        on,
        sql,
        &[
            &programs,
            &machines,
            &number(|row| row.first_seen),
            &number(|row| row.last_seen),
            &number(|row| row.reports),
            &text(|row| &row.decision),
            &number(|row| row.latest),
            &text(|row| &row.path),
            &number(SightingRow::undecided),
            &list(|row| &row.users.texts)?,
            &number(|row| i64::from(row.users.more)),
            &list(|row| &row.paths.texts)?,
            &number(|row| i64::from(row.paths.more)),
        ],
    )
    .await?;
    Ok(())
}
