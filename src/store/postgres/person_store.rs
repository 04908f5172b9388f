//! Records with the name of a person: [`PersonStore`].

use async_trait::async_trait;
use deadpool_postgres::{Client, Transaction};

use super::locks::Lock;
use super::{Postgres, boxed, failure, listen};
use crate::fleet::{Actor, PersonName, Pseudonym, Renaming};
use crate::store::sql::people;
use crate::store::{
    PersonPosition, PersonRecords, PersonStore, PersonTable, ReplacedRecords, StoreResult, audit,
};

/// The tables with names that are replaced.
const TABLES: [&str; 9] =
    ["host", "event", "event_body", "sighting", "revision", "rule", "tag", "token", "scope"];

/// Replaces the name in the records of one part, in one transaction.
async fn replace(
    client: &mut Client,
    renaming: &Renaming,
    at: &PersonPosition,
) -> StoreResult<ReplacedRecords> {
    let on: Transaction<'_> = client.transaction().await?;
    match at {
        PersonPosition::Hosts(_) => {}
        PersonPosition::Sightings(..) | PersonPosition::Rows(PersonTable::Events, _) => {
            Lock::Events.take(&on).await?;
        }
        PersonPosition::Rows(_, _) => Lock::Policy.take(&on).await?,
    }
    let PersonRecords { records, unreadable, next } =
        boxed(people::find(&on, renaming, at)).await?;
    let replaced = boxed(people::replace(&on, renaming, records)).await?;
    on.commit().await?;
    Ok(ReplacedRecords { unreadable, next, ..replaced })
}

#[async_trait]
impl PersonStore for Postgres {
    async fn pseudonym(&self, name: &PersonName) -> StoreResult<Pseudonym> {
        let new_key = rand::random();
        change!(self, |on| boxed(people::pseudonym(on, name, &new_key)), |_: &_| true)
    }

    async fn person_records(
        &self,
        name: &PersonName,
        at: &PersonPosition,
    ) -> StoreResult<PersonRecords> {
        let finder = Renaming::finder(name.clone());
        ask!(self, |on| boxed(people::find(&*on, &finder, at)))
    }

    async fn uses_of_person(&self, name: &PersonName) -> StoreResult<Vec<String>> {
        ask!(self, |on| boxed(people::uses(&*on, name)))
    }

    async fn replace_person(
        &self,
        renaming: &Renaming,
        at: &PersonPosition,
    ) -> StoreResult<ReplacedRecords> {
        // Usually, nothing is found. Then no lock is needed.
        let PersonRecords { records, unreadable, next } =
            self.person_records(renaming.name(), at).await?;
        if records.is_empty() {
            return Ok(ReplacedRecords { unreadable, next, ..ReplacedRecords::default() });
        }
        ask!(self, |client| boxed(replace(client, renaming, at)))
    }

    async fn erase_replaced(&self, actor: &Actor, pseudonym: &Pseudonym) -> StoreResult<bool> {
        if !ask!(self, |on| people::is_incomplete(on, pseudonym.as_str()))? {
            return Ok(false);
        }
        for table in TABLES {
            // Each table has its own statement, because VACUUM does not run in a transaction. The
            // statistics of PostgreSQL contain common values, such as names.
            let sql = format!("VACUUM (ANALYZE) {table}");
            ask!(self, |on| async { Ok(on.batch_execute(&sql).await?) })?;
        }
        change!(self, |on| boxed(people::complete(on, actor, pseudonym.as_str())), |_: &_| true)?;
        audit::record(actor, "forget-person", pseudonym);
        Ok(true)
    }
}
