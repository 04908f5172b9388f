//! Checks a database before anything is written, and migrates its schema.

use deadpool_postgres::{Client, GenericClient, HookError, Pool, PoolError, Transaction};
use tokio_postgres::error::SqlState;

use super::locks::Lock;
use super::url::chain;
use super::{query, snapshot};
use crate::store::{StoreError, sql};

/// The name of this program in the table of schema versions.
const PROGRAM: &str = "nicelist";
/// The oldest supported version of the server: PostgreSQL 14.
const OLDEST_SERVER: i32 = 140_000;

/// The migrations of the schema, oldest first. A database at version N has had the first N
/// migrations. Never edit a migration that was released.
const MIGRATIONS: &[&str] = &[
    include_str!("migrations/0001_initial.sql"),
    include_str!("migrations/0002_events.sql"),
    include_str!("migrations/0003_history.sql"),
    include_str!("migrations/0004_tag_membership.sql"),
    include_str!("migrations/0005_checksums.sql"),
    include_str!("migrations/0006_epoch.sql"),
    include_str!("migrations/0007_programs.sql"),
    include_str!("migrations/0008_host_groups.sql"),
];
/// The first version of the schema that has checksums.
const CHECKSUMS: usize = 5;
/// The first version of the schema that assigns each host to a group of hosts
/// (`store::host_groups`).
const HOST_GROUPS: usize = 8;

/// Checks that the database can be written to, and brings its schema up to date. Errors are worded
/// for users.
pub(super) async fn prepare(pool: &Pool) -> Result<(), String> {
    let mut client = pool.get().await.map_err(unopened)?;
    if find(&mut client).await?.check()? < MIGRATIONS.len() {
        migrate(&mut client).await?;
    }
    Ok(())
}

/// Reads the schema's version; 0 for an empty database. Does not check that the database can be
/// written to.
pub(super) async fn version(pool: &Pool) -> Result<usize, String> {
    let mut client = pool.get().await.map_err(unopened)?;
    find(&mut client).await?.version()
}

async fn find(client: &mut Client) -> Result<Found, String> {
    let found = async {
        let on = snapshot(client).await?;
        let found = examine(&on).await?;
        on.commit().await?;
        Ok::<_, StoreError>(found)
    };
    found.await.map_err(|error| error.to_string())
}

/// Explains to users why a pool could not open a connection.
pub(super) fn unopened(error: PoolError) -> String {
    match error {
        PoolError::Backend(error) | PoolError::PostCreateHook(HookError::Backend(error)) => {
            reason(&error)
        }
        error => unreachable(&chain(&error)),
    }
}

fn reason(error: &tokio_postgres::Error) -> String {
    let said = chain(error);
    match error.code() {
        Some(code) if *code == SqlState::INVALID_PASSWORD => {
            format!("{said}; check the user and the password in the URL")
        }
        Some(code) if *code == SqlState::INVALID_AUTHORIZATION_SPECIFICATION => {
            format!("{said}; check the user in the URL, and pg_hba.conf on the server")
        }
        Some(code) if *code == SqlState::INVALID_CATALOG_NAME => {
            format!("{said}; create it with createdb, with the user in the URL as its owner")
        }
        Some(code) if *code == SqlState::TOO_MANY_CONNECTIONS => {
            format!("{said}; increase max_connections")
        }
        Some(_) => said,
        None => unreachable(&said),
    }
}

fn unreachable(said: &str) -> String {
    format!("{said}; check that PostgreSQL is running and that this machine can reach it")
}

pub(in crate::store) const NEWEST: usize = MIGRATIONS.len();

#[derive(Debug)]
pub(super) struct Found {
    server: i32,
    in_recovery: bool,
    read_only: bool,
    encoding: String,
    schema: Option<String>,
    may_create: bool,
    may_stage: bool,
    marked: bool,
    tables: i64,
    version: i64,
}

/// Reads the properties of a database that [`Found`] checks.
pub(super) async fn examine(on: &impl GenericClient) -> Result<Found, StoreError> {
    let sql = "SELECT current_setting('server_version_num')::int4, pg_is_in_recovery(),
                      -- Of the session, for this transaction only reads in any case.
                      current_setting('default_transaction_read_only')::bool,
                      getdatabaseencoding()::text, current_schema()::text,
                      coalesce(has_schema_privilege(current_schema(), 'CREATE'), false),
                      has_database_privilege(current_database(), 'TEMPORARY'),
                      to_regclass(quote_ident(current_schema()) || '.nicelist_schema') IS NOT NULL,
                      (SELECT count(*) FROM pg_class AS c
                       WHERE c.relnamespace = to_regnamespace(quote_ident(current_schema()))
                         AND c.relkind IN ('r', 'p', 'v', 'm', 'f'))";
    let rows = query(on, sql, &[]).await?;
    let row = rows.first().ok_or_else(|| StoreError::Database("no response".to_owned()))?;
    let mut found = Found {
        server: row.try_get(0)?,
        in_recovery: row.try_get(1)?,
        read_only: row.try_get(2)?,
        encoding: row.try_get(3)?,
        schema: row.try_get(4)?,
        may_create: row.try_get(5)?,
        may_stage: row.try_get(6)?,
        marked: row.try_get(7)?,
        tables: row.try_get(8)?,
        version: 0,
    };
    if found.marked {
        let sql = "SELECT version FROM nicelist_schema WHERE program = $1";
        let rows = query(on, sql, &[&PROGRAM]).await?;
        found.marked = !rows.is_empty();
        found.version = rows.first().map(|row| row.try_get(0)).transpose()?.unwrap_or(0);
    }
    Ok(found)
}

impl Found {
    /// The schema's version; 0 for an empty database. Fails if PostgreSQL is too old, if the search
    /// path has no schema, or if the database belongs to another program or to a newer version of
    /// nicelist.
    pub(super) fn version(&self) -> Result<usize, String> {
        if self.server < OLDEST_SERVER {
            let (is, wants) = (self.server / 10_000, OLDEST_SERVER / 10_000);
            return Err(format!("PostgreSQL {is} is too old; use {wants} or newer"));
        }
        let Some(schema) = &self.schema else {
            return Err("the schema in search_path does not exist; set an existing schema: ALTER \
                ROLE USER SET search_path = SCHEMA"
                .to_owned());
        };
        if !self.marked && self.tables > 0 {
            return Err(format!(
                "its schema `{schema}` belongs to another program; use another database"
            ));
        }
        let version = usize::try_from(self.version).unwrap_or(usize::MAX);
        if version > MIGRATIONS.len() {
            return Err(format!(
                "it was created by a newer nicelist (schema {}; this nicelist supports up to {}); \
                upgrade nicelist",
                self.version,
                MIGRATIONS.len()
            ));
        }
        Ok(version)
    }

    /// The schema's version. Fails for the same reasons as [`Found::version`], and also if the
    /// database is not in UTF-8 or cannot be written to, for example because it is a standby.
    pub(super) fn check(&self) -> Result<usize, String> {
        let version = self.version()?;
        let Some(schema) = &self.schema else { return Ok(version) };
        if self.in_recovery {
            return Err("it is a read-only standby; use the primary".to_owned());
        }
        if self.read_only {
            return Err("it is read-only (default_transaction_read_only); allow the user in the \
                URL to write"
                .to_owned());
        }
        if self.encoding != "UTF8" {
            let encoding = &self.encoding;
            return Err(format!(
                "its encoding is {encoding}; create a database with createdb --encoding UTF8"
            ));
        }
        if !self.may_create {
            return Err(format!(
                "the user in the URL may not create tables in its schema `{schema}`; make the \
                user the owner of the database"
            ));
        }
        if !self.may_stage {
            return Err(
                "the user in the URL may not create temporary tables in it, which changes \
                require; run GRANT TEMPORARY ON DATABASE for the user"
                    .to_owned(),
            );
        }
        Ok(version)
    }
}

/// Runs the missing migrations, all or none, under a lock.
async fn migrate(client: &mut Client) -> Result<(), String> {
    let migrated = async {
        let writing = client.transaction().await?;
        Lock::Schema.take(&writing).await?;
        // Read again under the lock, because another process may have migrated in the meantime.
        let found = examine(&writing).await?;
        match found.check() {
            Ok(version) => apply(&writing, version).await?,
            Err(reason) => return Ok(Err(reason)),
        }
        writing.commit().await?;
        Ok::<_, StoreError>(Ok(()))
    };
    migrated.await.map_err(|error| format!("cannot update its schema: {error}"))?
}

async fn apply(writing: &Transaction<'_>, version: usize) -> Result<(), StoreError> {
    let mark = "CREATE TABLE IF NOT EXISTS nicelist_schema (
        program text COLLATE \"C\" PRIMARY KEY, version bigint NOT NULL)";
    writing.batch_execute(mark).await?;
    for (before, migration) in MIGRATIONS.iter().enumerate().skip(version) {
        writing.batch_execute(migration).await?;
        if before + 1 == CHECKSUMS {
            sql::check::fill(writing).await?;
        }
        if before + 1 == HOST_GROUPS {
            sql::host_groups::fill(writing).await?;
        }
    }
    if version == 0 {
        sql::epoch::set_first(writing).await?;
    }
    let newest = i64::try_from(MIGRATIONS.len().max(version)).unwrap_or(i64::MAX);
    let mark = "INSERT INTO nicelist_schema (program, version) VALUES ($1, $2)
                ON CONFLICT (program) DO UPDATE SET version = excluded.version";
    writing.execute(mark, &[&PROGRAM, &newest]).await?;
    Ok(())
}
