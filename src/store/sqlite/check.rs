//! Checks that a file is as nicelist wrote it: its structure, and the checksums of rules, settings
//! and tags.

use std::path::Path;

use rusqlite::Connection;

use super::database::finish;
use super::open::{self, CHECKSUMS, ConnectionUse};
use crate::shell::argument;
use crate::store::{StoreError, StoreResult, sql};

/// How thoroughly the structure of a file is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) enum Depth {
    /// Checks tables and their pages.
    Quick,
    /// Also checks that indexes match their tables.
    Whole,
}

/// Checks the structure of the file at `path`, on a separate connection. Returns the damage, if
/// any.
pub(in crate::store) fn structure(path: &Path, depth: Depth) -> StoreResult<Option<String>> {
    let connection = open::connect(path, ConnectionUse::Read)?;
    structure_of(&connection, depth)
}

fn structure_of(connection: &Connection, depth: Depth) -> StoreResult<Option<String>> {
    let pragma = match depth {
        Depth::Quick => "PRAGMA quick_check(3)",
        Depth::Whole => "PRAGMA integrity_check(3)",
    };
    let mut statement = connection.prepare(pragma)?;
    let found: Result<Vec<String>, _> = statement.query_map([], |row| row.get(0))?.collect();
    match found.map_err(StoreError::from) {
        Ok(found) if found == ["ok"] => Ok(None),
        Ok(found) => Ok(Some(found.join("; ").replace('\n', " "))),
        Err(StoreError::Damaged(what)) => Ok(Some(what)),
        Err(error) => Err(error),
    }
}

/// Checks a whole file without changing its content. Fails if the file cannot be read or its schema
/// is not current. The checksums are checked only if the structure is not damaged. Returns how many
/// rows were checked, and the damage, if any.
pub(in crate::store) fn whole(path: &str) -> StoreResult<(u64, Option<String>)> {
    let failed = |reason| StoreError::Open { url: format!("sqlite:{path}"), reason };
    let opened = || {
        let mut connection =
            open::connect(Path::new(path), ConnectionUse::Read).map_err(open::reason)?;
        let version = open::header(&mut connection)?;
        if version < super::NEWEST {
            return Err(format!(
                "its schema is too old (schema {version}; this nicelist requires {}); update it: \
                nicelist database migrate --database {}",
                super::NEWEST,
                argument(&format!("sqlite:{path}"))
            ));
        }
        Ok(connection)
    };
    let connection = opened().map_err(failed)?;
    if let Some(what) = structure_of(&connection, Depth::Whole)? {
        return Ok((0, Some(what)));
    }
    finish(sql::check::all(&connection))
}

/// Checks an open file. If its schema is too old to have checksums, checks only the structure.
/// Returns the damage, if any.
pub(super) fn all_of(connection: &Connection, version: usize) -> StoreResult<Option<String>> {
    match structure_of(connection, Depth::Whole)? {
        None if version >= CHECKSUMS => {
            finish(sql::check::all(connection)).map(|(_, damage)| damage)
        }
        damage => Ok(damage),
    }
}
