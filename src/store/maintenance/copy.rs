//! Copies one database into another.

use jiff::Timestamp;

use super::compare::compared;
use super::table::TABLES;
use super::{DatabaseReader, DatabaseState, DatabaseUrl, MaintenanceError};
use crate::fleet::Epoch;
use crate::store::new_epoch;

/// A step of a copy or a comparison, or progress within a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CopyStep {
    Copying(&'static str),
    /// Computing values that are derived from the rows.
    Completing,
    /// Comparing a table of both databases.
    Checking(&'static str),
    /// This many more rows were copied or checked.
    Rows(u64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CopiedTable {
    pub table: &'static str,
    pub rows: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CopiedEpoch {
    /// A new epoch that begins at this time, because hosts may still sync with the original.
    New(Timestamp),
    /// The original's epoch. The original must never be served again.
    Kept,
}

/// A copy that is ready to run. The source is open, and the target was empty when it was checked.
pub struct DatabaseCopy<'a> {
    from: DatabaseUrl<'a>,
    to: DatabaseUrl<'a>,
    source: Box<dyn DatabaseReader>,
    rows: Vec<CopiedTable>,
}

impl<'a> DatabaseCopy<'a> {
    /// Opens the database `from` for reading, and checks that the database `to` is empty. Neither
    /// database is changed or created.
    ///
    /// # Errors
    /// When both are the same database, when one of them cannot be read, or when `to` cannot be
    /// filled, for example because it has rows or an older schema.
    pub async fn prepare(from: &'a str, to: &'a str) -> Result<Self, MaintenanceError> {
        let from = DatabaseUrl::of(from).map_err(MaintenanceError::Open)?;
        let to = DatabaseUrl::of(to).map_err(MaintenanceError::Open)?;
        let (state, mut source) = from.source().await?;
        let target = to.state().await.map_err(|error| to.unwritten(error))?;
        if let Some(reason) = unfit(to, &state, &target) {
            return Err(MaintenanceError::Write { url: to.shown(), reason });
        }
        let mut rows = Vec::new();
        for table in TABLES {
            let counted = source.count(table).await.map_err(|error| from.unread(error))?;
            rows.push(CopiedTable { table: table.name, rows: counted });
        }
        Ok(Self { from, to, source, rows })
    }

    pub fn rows(&self) -> &[CopiedTable] {
        &self.rows
    }

    /// Copies all rows, reads them back, compares them with the source, and commits.
    ///
    /// # Errors
    /// When one of the databases fails, or the copy differs. The target's file and schema may
    /// already have been created.
    pub async fn run(
        self,
        epoch: CopiedEpoch,
        watch: &dyn Fn(CopyStep),
    ) -> Result<Vec<CopiedTable>, MaintenanceError> {
        let Self { from, to, mut source, rows } = self;
        let unread = |error| from.unread(error);
        let unwritten = |error| to.unwritten(error);
        let mut target = to.write().await.map_err(unwritten)?;
        for table in TABLES {
            watch(CopyStep::Copying(table.name));
            let mut page = source.page(table, None).await.map_err(unread)?;
            while let Some(after) = page.last().map(|row| table.key_of(row)) {
                watch(CopyStep::Rows(u64::try_from(page.len()).unwrap_or(0)));
                let (next, written) =
                    tokio::join!(source.page(table, Some(&after)), target.write(table, page));
                written.map_err(unwritten)?;
                page = next.map_err(unread)?;
            }
        }
        watch(CopyStep::Completing);
        for table in TABLES.iter().filter(|table| table.numbered) {
            let last = source.last_number(table).await.map_err(unread)?;
            target.reserve(table, last).await.map_err(unwritten)?;
        }
        let epoch = match epoch {
            CopiedEpoch::New(now) => Epoch { id: new_epoch(), began: Some(now) },
            CopiedEpoch::Kept => source.epoch().await.map_err(unread)?,
        };
        target.set_epoch(epoch).await.map_err(unwritten)?;
        target.complete().await.map_err(unwritten)?;
        let mut tables = Vec::new();
        for table in TABLES {
            watch(CopyStep::Checking(table.name));
            let done = |rows| watch(CopyStep::Rows(rows));
            tables.push(compared(table, (from, &mut *source), (to, &mut *target), &done).await?);
        }
        if tables.iter().any(|table| !table.is_same()) {
            let url = to.shown();
            return Err(MaintenanceError::Differs { url, tables });
        }
        target.commit().await.map_err(unwritten)?;
        Ok(rows)
    }
}

/// Why the source cannot be copied into the target. None if it can.
fn unfit(place: DatabaseUrl<'_>, source: &DatabaseState, target: &DatabaseState) -> Option<String> {
    if target.identity.is_some() && target.identity == source.identity {
        return Some("it is the database to be copied; use another one".to_owned());
    }
    if !target.used.is_empty() {
        let used = target.used.join(", ");
        return Some(format!(
            "it is already in use (there are rows in {used}); use a new database"
        ));
    }
    if target.read_only.is_some() {
        return target.read_only.clone();
    }
    let is_old = target.version > 0 && target.version < place.newest();
    is_old.then(|| place.older(target.version))
}
