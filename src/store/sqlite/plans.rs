//! Checks which indexes SQLite uses for the queries of programs and sightings.

use std::cell::RefCell;

use jiff::Timestamp;
use rusqlite::{Connection, params_from_iter};

use super::database::{finish, numbered};
use super::open::{self, ConnectionUse};
use crate::fleet::ProgramId;
use crate::store::sql::{Database, Dialect, Parameter, StoredRow, old_sightings, programs};
use crate::store::{ProgramFilter, ProgramPosition, SightingFilter, StoreResult};

/// A connection that notes the plan of each query.
struct Planned {
    connection: Connection,
    plans: RefCell<Vec<String>>,
}

impl Planned {
    fn note(&self, sql: &str, parameters: &[Parameter<'_>]) -> StoreResult<()> {
        let sql = format!("EXPLAIN QUERY PLAN {}", numbered(sql));
        let mut statement = self.connection.prepare(&sql)?;
        let steps = statement.query_map(params_from_iter(parameters), |row| row.get(3))?;
        for step in steps {
            self.plans.borrow_mut().push(step?);
        }
        Ok(())
    }
}

impl Database for Planned {
    const DIALECT: Dialect = Dialect::Sqlite;

    async fn query<T: Send>(
        &self,
        sql: &str,
        parameters: &[Parameter<'_>],
        read: impl FnMut(&(dyn StoredRow + '_)) -> StoreResult<T> + Send,
    ) -> StoreResult<Vec<T>> {
        self.note(sql, parameters)?;
        self.connection.query(sql, parameters, read).await
    }

    async fn query_filtered<T: Send>(
        &self,
        sql: &str,
        parameters: &[Parameter<'_>],
        read: impl FnMut(&(dyn StoredRow + '_)) -> StoreResult<T> + Send,
    ) -> StoreResult<Vec<T>> {
        self.query(sql, parameters, read).await
    }

    async fn execute(&self, sql: &str, parameters: &[Parameter<'_>]) -> StoreResult<u64> {
        self.note(sql, parameters)?;
        Database::execute(&self.connection, sql, parameters).await
    }
}

/// The steps of the plans of all queries in `run`, on an empty database.
fn plans<T>(run: impl AsyncFnOnce(&Planned) -> StoreResult<T>) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.db");
    open::create(&path).unwrap();
    let mut connection = open::connect(&path, ConnectionUse::WriteVolatile).unwrap();
    open::prepare(&mut connection).unwrap();
    let planned = Planned { connection, plans: RefCell::default() };
    finish(run(&planned)).unwrap();
    let steps: Vec<String> = planned.plans.into_inner();
    // The table of settings is small, and lists of parameters are read from start to end.
    let small = |step: &&String| !step.contains("meta") && !step.contains("json_each");
    let steps: Vec<&str> = steps.iter().filter(small).map(String::as_str).collect();
    steps.join("\n")
}

fn list(filter: &ProgramFilter) -> String {
    plans(async |on: &Planned| programs::list(on, filter, None, 100).await)
}

#[test]
fn programs_are_found_by_their_signing_id() {
    let signing_id = Some("EQHXZ8M8AV:com.google.Chrome".to_owned());
    let plan = list(&ProgramFilter { signing_id, ..ProgramFilter::default() });
    insta::assert_snapshot!(plan, @"");
}

#[test]
fn a_filter_without_an_index_reads_programs_and_sightings_in_order() {
    let tag = Some("eng".parse().unwrap());
    let seen = SightingFilter { tag, blocked: true, ..SightingFilter::default() };
    let plan = list(&ProgramFilter { seen, ..ProgramFilter::default() });
    insta::assert_snapshot!(plan, @"");
}

#[test]
fn a_purge_reads_old_programs_by_their_index() {
    let before = Timestamp::from_second(1_790_000_000).unwrap();
    let at = ProgramPosition { first_seen: before, id: ProgramId(7), machine: Some(9) };
    let plan = plans(async |on: &Planned| {
        for after in [None, Some(at)] {
            old_sightings::examine(on, before, after, 100).await?;
        }
        Ok(())
    });
    insta::assert_snapshot!(plan, @"");
}
