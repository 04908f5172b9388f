//! Reads sightings, and the first reports of programs.

use super::StoredRow;
use crate::store::StoreResult;
use crate::store::codes;
use crate::store::new_sightings::{FirstReport, FirstTexts, SightingRow, StoredProgram};

/// The columns that [`sighting_row`] reads, in the order in which it reads them.
pub(in crate::store) const SIGHTING_ROW: &str = "first_seen, last_seen, reports, decision, latest, \
     path, users, more_users, paths, more_paths";

pub(in crate::store) fn sighting_row(
    row: &(dyn StoredRow + '_),
    first: usize,
) -> StoreResult<SightingRow> {
    Ok(SightingRow {
        first_seen: row.number(first)?,
        last_seen: row.number(first + 1)?,
        reports: row.number(first + 2)?,
        decision: row.str(first + 3)?.to_owned(),
        latest: row.number(first + 4)?,
        path: row.str(first + 5)?.to_owned(),
        users: texts(row, first + 6)?,
        paths: texts(row, first + 8)?,
    })
}

fn texts<const MOST: usize>(
    row: &(dyn StoredRow + '_),
    column: usize,
) -> StoreResult<FirstTexts<MOST>> {
    let texts = codes::to_value(row.str(column)?)?;
    Ok(FirstTexts { texts, more: row.number(column + 1)? != 0 })
}

/// Reads a program's ID and its first report from the columns `id, first_seen, first_event`.
pub(in crate::store) fn stored_program(
    row: &(dyn StoredRow + '_),
    first: usize,
) -> StoreResult<StoredProgram> {
    let (seen, event) = (row.number(first + 1)?, row.number(first + 2)?);
    Ok(StoredProgram { id: row.number(first)?, first: FirstReport { seen, event } })
}
