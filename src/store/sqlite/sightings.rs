//! Adds new events to the stored programs and sightings.

use rusqlite::{CachedStatement, Connection, OptionalExtension as _, params};

use super::codes;
use crate::store::StoreResult;
use crate::store::new_sightings::{
    AdmittedPrograms, FirstReport, NewSightings, ReportedProgram, SightingRow, StoredProgram,
};
use crate::store::sql::sightings::{SIGHTING_ROW, sighting_row};

/// Stores the programs and sightings of new events. `left` has the number of new programs that each
/// request may still add.
pub(super) fn record(
    connection: &Connection,
    new: NewSightings<'_>,
    left: Vec<usize>,
) -> StoreResult<Vec<AdmittedPrograms>> {
    if new.is_empty() {
        return Ok(vec![AdmittedPrograms::default(); left.len()]);
    }
    let known = find_programs(connection, new.programs())?;
    let (places, admitted) = new.admit(&known, left);
    let hosts = new.hosts();
    let mut ids: Vec<Option<i64>> = known.iter().map(|it| it.map(|it| it.id)).collect();
    for place in places {
        ids[place] = Some(insert_program(connection, &new.programs()[place], hosts[place])?);
    }
    for (reported, known) in new.programs().iter().zip(&known) {
        if let Some(known) = known.filter(|known| reported.first < known.first) {
            replace_first_report(connection, known.id, reported)?;
        }
    }
    let machines = find_machines(connection, new.machines())?;
    let created: Vec<i64> =
        ids.iter().zip(&known).filter_map(|(id, known)| id.filter(|_| known.is_none())).collect();
    write_rows(connection, new.into_rows(&ids, &machines), &created)?;
    Ok(admitted)
}

fn find_programs(
    connection: &Connection,
    programs: &[ReportedProgram],
) -> StoreResult<Vec<Option<StoredProgram>>> {
    let sql = "SELECT id, first_seen, first_event FROM program WHERE digest = ?";
    let mut find = connection.prepare_cached(sql)?;
    let mut found = Vec::with_capacity(programs.len());
    for program in programs {
        let stored = find.query_row([&program.digest], |row| {
            let first = FirstReport { seen: row.get(1)?, event: row.get(2)? };
            Ok(StoredProgram { id: row.get(0)?, first })
        });
        found.push(stored.optional()?);
    }
    Ok(found)
}

fn insert_program(
    connection: &Connection,
    reported: &ReportedProgram,
    hosts: i64,
) -> StoreResult<i64> {
    let ReportedProgram { digest, program, name, bundle_name, first, .. } = reported;
    let (certificate, common_name, organization) = reported.certificate();
    connection
        .prepare_cached(
            "INSERT INTO program (digest, sha256, cdhash, team_id, signing_id, signing_status,
                                  certificate, common_name, organization, name, bundle_name,
                                  first_seen, first_event, hosts)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )?
        .execute(params![
            digest,
            program.sha256,
            program.cdhash,
            program.team_id,
            program.signing_id,
            codes::signing_status(program.signing_status),
            certificate,
            common_name,
            organization,
            name,
            bundle_name,
            first.seen,
            first.event,
            hosts,
        ])?;
    Ok(connection.last_insert_rowid())
}

/// Replaces the first report of a program with an earlier report that was counted later.
fn replace_first_report(
    connection: &Connection,
    id: i64,
    reported: &ReportedProgram,
) -> StoreResult<()> {
    let ReportedProgram { name, bundle_name, first, .. } = reported;
    let (_, common_name, organization) = reported.certificate();
    connection
        .prepare_cached(
            "UPDATE program SET common_name = ?, organization = ?, name = ?, bundle_name = ?,
                                first_seen = ?, first_event = ? WHERE id = ?",
        )?
        .execute(params![
            common_name,
            organization,
            name,
            bundle_name,
            first.seen,
            first.event,
            id,
        ])?;
    Ok(())
}

/// Returns the row IDs of machines, in the order of `machines`. Creates missing rows.
fn find_machines(connection: &Connection, machines: &[&str]) -> StoreResult<Vec<i64>> {
    let mut find = connection.prepare_cached("SELECT id FROM machine WHERE name = ?")?;
    let mut numbers = Vec::with_capacity(machines.len());
    for machine in machines {
        let number = find.query_row([machine], |row| row.get(0)).optional()?;
        numbers.push(match number {
            Some(number) => number,
            None => {
                let sql = "INSERT INTO machine (name) VALUES (?)";
                connection.prepare_cached(sql)?.execute([machine])?;
                connection.last_insert_rowid()
            }
        });
    }
    Ok(numbers)
}

/// Merges each row into the stored row with the same key, or inserts the row. Each inserted row
/// increments the host count of its program, except for programs in `created`, which were inserted
/// with their count.
fn write_rows(
    connection: &Connection,
    rows: Vec<((i64, i64), SightingRow)>,
    created: &[i64],
) -> StoreResult<()> {
    let sql = format!("SELECT {SIGHTING_ROW} FROM sighting WHERE program = ? AND machine = ?");
    let mut find = connection.prepare_cached(&sql)?;
    let mut insert = connection.prepare_cached(
        "INSERT INTO sighting (first_seen, last_seen, reports, decision, latest, path, undecided,
                               users, more_users, paths, more_paths, program, machine)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )?;
    let mut update = connection.prepare_cached(
        "UPDATE sighting SET first_seen = ?, last_seen = ?, reports = ?, decision = ?, latest = ?,
                             path = ?, undecided = ?, users = ?, more_users = ?, paths = ?,
                             more_paths = ?
         WHERE program = ? AND machine = ?",
    )?;
    let mut count =
        connection.prepare_cached("UPDATE program SET hosts = hosts + 1 WHERE id = ?")?;
    for (key, row) in rows {
        // A new program has no sightings yet.
        let is_created = created.binary_search(&key.0).is_ok();
        let stored = match is_created {
            true => None,
            false => {
                let mut found = find.query(key)?;
                found.next()?.map(|row| sighting_row(row, 0)).transpose()?
            }
        };
        match stored {
            Some(mut stored) => {
                stored.merge(row);
                write_row(&mut update, key, &stored)?;
            }
            None => {
                write_row(&mut insert, key, &row)?;
                if !is_created {
                    count.execute([key.0])?;
                }
            }
        }
    }
    Ok(())
}

fn write_row(
    statement: &mut CachedStatement<'_>,
    (program, machine): (i64, i64),
    row: &SightingRow,
) -> StoreResult<()> {
    let SightingRow { first_seen, last_seen, reports, decision, latest, path, users, paths } = row;
    statement.execute(params![
        first_seen,
        last_seen,
        reports,
        decision,
        latest,
        path,
        row.undecided(),
        codes::json(&users.texts)?,
        users.more,
        codes::json(&paths.texts)?,
        paths.more,
        program,
        machine,
    ])?;
    Ok(())
}
