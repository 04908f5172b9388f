//! From one database to another.

use jiff::Timestamp;

use super::compare::compared;
use super::table::TABLES;
use super::{MovingError, Place, Reading, State};
use crate::fleet::Epoch;
use crate::store::new_epoch;

/// What a copy does next, for whoever waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// It goes on with a table.
    Copying(&'static str),
    /// It works out what the database keeps besides.
    Completing,
    /// It reads a table back and compares it.
    Checking(&'static str),
    /// So many rows are done. Each is copied, and then checked.
    Rows(u64),
}

/// How many rows of a table there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moved {
    /// The table's name.
    pub table: &'static str,
    pub rows: u64,
}

/// The epoch of a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CopiedEpoch {
    /// Another one, which begins now: hosts may go on syncing with the original.
    New(Timestamp),
    /// The original's: it is never served again.
    Kept,
}

/// A copy that can begin: the one database is open, the other is known to be empty.
pub struct Copy<'a> {
    from: Place<'a>,
    to: Place<'a>,
    source: Box<dyn Reading>,
    rows: Vec<Moved>,
}

impl<'a> Copy<'a> {
    /// Opens a database to read what it holds now, and makes sure that another is empty. Neither
    /// is changed, nor made.
    ///
    /// # Errors
    /// When one cannot be read, the other is not empty, or both are the same.
    pub async fn prepare(from: &'a str, to: &'a str) -> Result<Self, MovingError> {
        let from = Place::of(from).map_err(MovingError::Open)?;
        let to = Place::of(to).map_err(MovingError::Open)?;
        let (state, mut source) = from.source().await?;
        let target = to.state().await.map_err(|error| to.unwritten(error))?;
        if let Some(reason) = unfit(to, &state, &target) {
            return Err(MovingError::Write { url: to.shown(), reason });
        }
        let mut rows = Vec::new();
        for table in TABLES {
            let counted = source.count(table).await.map_err(|error| from.unread(error))?;
            rows.push(Moved { table: table.name, rows: counted });
        }
        Ok(Self { from, to, source, rows })
    }

    /// What there is to copy.
    #[must_use]
    pub fn rows(&self) -> &[Moved] {
        &self.rows
    }

    /// Copies everything, reads it back, compares, and commits.
    ///
    /// # Errors
    /// When one of the databases fails; then the target is as it was.
    pub async fn run(
        self,
        epoch: CopiedEpoch,
        watch: &dyn Fn(Step),
    ) -> Result<Vec<Moved>, MovingError> {
        let Self { from, to, mut source, rows } = self;
        let unread = |error| from.unread(error);
        let unwritten = |error| to.unwritten(error);
        let mut target = to.write().await.map_err(unwritten)?;
        for table in TABLES {
            watch(Step::Copying(table.name));
            let mut page = source.page(table, None).await.map_err(unread)?;
            while let Some(after) = page.last().map(|row| row[0].clone()) {
                watch(Step::Rows(u64::try_from(page.len()).unwrap_or(0)));
                let (next, written) =
                    tokio::join!(source.page(table, Some(&after)), target.write(table, page));
                written.map_err(unwritten)?;
                page = next.map_err(unread)?;
            }
        }
        watch(Step::Completing);
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
            watch(Step::Checking(table.name));
            let done = |rows| watch(Step::Rows(rows));
            tables.push(compared(table, (from, &mut *source), (to, &mut *target), &done).await?);
        }
        if tables.iter().any(|table| !table.is_same()) {
            let url = to.shown();
            return Err(MovingError::Differs { url, tables });
        }
        target.commit().await.map_err(unwritten)?;
        Ok(rows)
    }
}

/// Why a database cannot be copied into, if it cannot.
fn unfit(place: Place<'_>, source: &State, target: &State) -> Option<String> {
    if target.identity.is_some() && target.identity == source.identity {
        return Some("it is the database that is to be copied; name another".to_owned());
    }
    if !target.used.is_empty() {
        let used = target.used.join(", ");
        return Some(format!("it is in use already (there are rows in {used}); name a new one"));
    }
    if target.read_only.is_some() {
        return target.read_only.clone();
    }
    let is_old = target.version > 0 && target.version < place.newest();
    is_old.then(|| place.older(target.version))
}
