//! Records with the name of a person: [`PersonStore`].

use async_trait::async_trait;
use rusqlite::Connection;

use super::Sqlite;
use super::database::finish;
use super::writer::{CommitSharing, WriteResult};
use crate::fleet::{Actor, PersonName, Pseudonym, Renaming};
use crate::store::sql::people;
use crate::store::{
    PersonPosition, PersonRecords, PersonStore, ReplacedRecords, StoreError, StoreResult, audit,
};

#[async_trait]
impl PersonStore for Sqlite {
    async fn pseudonym(&self, name: &PersonName) -> StoreResult<Pseudonym> {
        let (name, new_key) = (name.clone(), rand::random());
        self.writer
            .write(CommitSharing::Shared { rows: 1 }, move |on| {
                finish(people::pseudonym(on, &name, &new_key)).map(WriteResult::Keep)
            })
            .await
    }

    async fn person_records(
        &self,
        name: &PersonName,
        at: &PersonPosition,
    ) -> StoreResult<PersonRecords> {
        let (finder, at) = (Renaming::finder(name.clone()), at.clone());
        self.readers.read(move |on| finish(people::find(on, &finder, &at))).await
    }

    async fn uses_of_person(&self, name: &PersonName) -> StoreResult<Vec<String>> {
        let name = name.clone();
        self.readers.read(move |on| finish(people::uses(on, &name))).await
    }

    async fn replace_person(
        &self,
        renaming: &Renaming,
        at: &PersonPosition,
    ) -> StoreResult<ReplacedRecords> {
        // A reader searches first, so that other writes wait only if something must be replaced.
        let PersonRecords { records, unreadable, next } =
            self.person_records(renaming.name(), at).await?;
        if records.is_empty() {
            return Ok(ReplacedRecords { unreadable, next, ..ReplacedRecords::default() });
        }
        let (renaming, at) = (renaming.clone(), at.clone());
        let replace = move |on: &Connection| -> StoreResult<WriteResult<ReplacedRecords>> {
            // The records may have changed since they were read.
            let PersonRecords { records, unreadable, next } =
                finish(people::find(on, &renaming, &at))?;
            let replaced = finish(people::replace(on, &renaming, records))?;
            Ok(WriteResult::Keep(ReplacedRecords { unreadable, next, ..replaced }))
        };
        self.writer.write(CommitSharing::Alone, replace).await
    }

    async fn erase_replaced(&self, actor: &Actor, pseudonym: &Pseudonym) -> StoreResult<bool> {
        // Commands that only read must not write the file again.
        self.writer.writer()?;
        let replacement = pseudonym.to_string();
        let is_incomplete = move |on: &Connection| finish(people::is_incomplete(on, &replacement));
        if !self.readers.read(is_incomplete).await? {
            return Ok(false);
        }
        self.writer
            .write(CommitSharing::Alone, |on| erase_free_space(on).map(WriteResult::Discard))
            .await?;
        let (noted, replacement) = (actor.clone(), pseudonym.to_string());
        self.writer
            .write(CommitSharing::Shared { rows: 2 }, move |on| {
                finish(people::complete(on, &noted, &replacement)).map(WriteResult::Keep)
            })
            .await?;
        audit::record(actor, "forget-person", pseudonym);
        Ok(true)
    }
}

/// Writes the file again without deleted and replaced bytes, and empties the write-ahead log.
///
/// SQLite does this only outside a transaction. The job has nothing to commit, so its transaction
/// is ended here. Other writes wait until the file is written.
fn erase_free_space(connection: &Connection) -> StoreResult<()> {
    connection.execute_batch("ROLLBACK")?;
    // During a backup, this fails. Then writing the file would be in vain.
    empty_log(connection)?;
    // A large database would not fit into memory.
    connection.execute_batch("PRAGMA temp_store = FILE")?;
    let written = connection.execute_batch("VACUUM");
    connection.execute_batch("PRAGMA temp_store = MEMORY")?;
    written?;
    empty_log(connection)
}

fn empty_log(connection: &Connection) -> StoreResult<()> {
    let busy: i64 =
        connection.query_one("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
    // A reader still needs the log. The caller can repeat the request.
    if busy == 0 { Ok(()) } else { Err(StoreError::Overloaded) }
}
