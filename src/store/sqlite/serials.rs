//! Serial numbers that several hosts report.

use rusqlite::{Connection, params};

use super::codes;
use crate::store::query::{MOST_HOSTS_OF_SERIAL, SharedSerial};
use crate::store::sql::StoredRow;
use crate::store::sql::hosts::machine;
use crate::store::{StoreResult, bounds};

pub(super) fn shared(
    connection: &Connection,
    serial: Option<&str>,
    limit: usize,
) -> StoreResult<Vec<SharedSerial>> {
    let sql = "SELECT upper(serial), count(*) FROM host
        WHERE serial <> '' AND octet_length(serial) <= ?1 AND (?2 IS NULL OR serial = ?2)
        GROUP BY serial HAVING count(*) > 1 ORDER BY serial LIMIT ?3";
    let mut statement = connection.prepare_cached(sql)?;
    let most = codes::limit(bounds::NAME);
    let mut found = statement.query(params![most, serial, codes::limit(limit)])?;
    let mut shared = Vec::new();
    while let Some(row) = found.next()? {
        let row: &dyn StoredRow = row;
        let (serial, hosts) = (row.str(0)?.to_owned(), row.count(1)?);
        shared.push(SharedSerial { serial, hosts, machines: Vec::new() });
    }
    for serial in &mut shared {
        let sql = "SELECT machine FROM host WHERE serial = ? ORDER BY machine LIMIT ?";
        let mut statement = connection.prepare_cached(sql)?;
        let mut found =
            statement.query(params![serial.serial, codes::limit(MOST_HOSTS_OF_SERIAL)])?;
        while let Some(row) = found.next()? {
            serial.machines.push(machine(row, 0)?);
        }
    }
    Ok(shared)
}
