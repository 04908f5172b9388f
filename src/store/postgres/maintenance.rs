//! Reads a whole database from one snapshot, or fills a database in one transaction.

use std::error::Error;
use std::pin::pin;

use async_trait::async_trait;
use bytes::BytesMut;
use deadpool_postgres::Client;
use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::types::{IsNull, ToSql, Type, accepts, to_sql_checked};

use super::locks::Lock;
use super::pool::{self, PoolUse};
use super::text::{Text, clean_json};
use super::url::Address;
use super::{codes, count, events, open, query};
use crate::fleet::Epoch;
use crate::store::maintenance::table::{Column, ColumnKind, META, TABLES, Table, names};
use crate::store::maintenance::{
    DatabaseReader, DatabaseState, DatabaseWriter, PAGE_BYTES, PAGE_ROWS, Row, Value,
};
use crate::store::{Durability, StoreResult, sql};

/// The key in `meta` that is not copied. Its value is the end of the newest week whose partitions
/// were dropped.
const OURS_ALONE: &str = "event_floor";

pub(in crate::store) async fn state(url: &str) -> StoreResult<DatabaseState> {
    let address = Address::of(url)?;
    let mut state = DatabaseState::default();
    let session = Session::connect(&address).await?;
    let found = async {
        let on = &session.client;
        on.batch_execute(SNAPSHOT).await?;
        let found = open::examine(on).await?;
        state.version = found.version().map_err(|reason| address.cannot_be_opened(reason))?;
        state.read_only = found.check().err();
        state.identity = Some(identity(on).await?);
        if state.version > 0 {
            state.used = used(on).await?;
        }
        Ok(state)
    };
    found.await
}

pub(in crate::store) struct Session {
    client: Client,
}

const SNAPSHOT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

impl Session {
    async fn connect(address: &Address) -> StoreResult<Self> {
        let pool = pool::pool(address, PoolUse::Move, Durability::Power)?;
        let client = pool.get().await.map_err(open::unopened);
        Ok(Self { client: client.map_err(|reason| address.cannot_be_opened(reason))? })
    }

    pub(in crate::store) async fn read(url: &str) -> StoreResult<Self> {
        let session = Self::connect(&Address::of(url)?).await?;
        session.client.batch_execute(SNAPSHOT).await?;
        // The first query takes the snapshot.
        query(&session.client, "SELECT 1", &[]).await?;
        Ok(session)
    }

    pub(in crate::store) async fn write(url: &str) -> StoreResult<Self> {
        let address = Address::of(url)?;
        let failed = |reason| address.cannot_be_opened(reason);
        let pool = pool::pool(&address, PoolUse::Move, Durability::Power)?;
        open::prepare(&pool).await.map_err(failed)?;
        let session = Self::connect(&address).await?;
        let on = &session.client;
        on.batch_execute("BEGIN").await?;
        for lock in [Lock::Policy, Lock::Hosts, Lock::Events] {
            lock.take(on).await?;
        }
        if !used(on).await?.is_empty() {
            return Err(failed("it was used in the meantime; use a new database".to_owned()));
        }
        // The database has a cursor key if a server used it before. The copy gets the source's key
        // instead.
        on.batch_execute("DELETE FROM meta; DELETE FROM event_once").await?;
        Ok(session)
    }
}

impl Session {
    /// Streams rows of `table`, with only the columns at `places`, into the table `into`.
    async fn stream(
        &self,
        table: &Table,
        into: &str,
        places: &[usize],
        rows: &[Row],
    ) -> StoreResult<()> {
        let columns: Vec<Column> = places.iter().map(|at| table.columns[*at]).collect();
        let names = names(None, &columns);
        let sql = format!("COPY {into} ({names}) FROM STDIN WITH (FORMAT binary)");
        let types: Vec<Type> = columns.iter().map(|column| kind(column.kind)).collect();
        let sink = self.client.copy_in(&sql).await?;
        let mut writer = pin!(BinaryCopyInWriter::new(sink, &types));
        let mut fields = Vec::with_capacity(places.len());
        for row in rows {
            fields.clear();
            fields.extend(places.iter().map(|at| Field(&row[*at], table.columns[*at])));
            writer.as_mut().write_raw(&fields).await?;
        }
        writer.finish().await?;
        Ok(())
    }
}

async fn identity(on: &Client) -> StoreResult<String> {
    let sql = "SELECT concat_ws(':', extract(epoch FROM pg_postmaster_start_time()),
                                (SELECT oid FROM pg_database WHERE datname = current_database()),
                                current_schema())";
    let rows = query(on, sql, &[]).await?;
    Ok(rows.first().map(|row| row.try_get(0)).transpose()?.unwrap_or_default())
}

async fn used(on: &Client) -> StoreResult<Vec<&'static str>> {
    let mut used = Vec::new();
    for table in TABLES.iter().filter(|table| **table != META) {
        // An older schema has fewer tables.
        let sql = "SELECT 1 WHERE to_regclass($1) IS NOT NULL";
        if query(on, sql, &[&table.name]).await?.is_empty() {
            continue;
        }
        let sql = format!("SELECT 1 FROM {} LIMIT 1", table.name);
        if !query(on, &sql, &[]).await?.is_empty() {
            used.push(table.name);
        }
    }
    Ok(used)
}

#[async_trait]
impl DatabaseReader for Session {
    async fn page(
        &mut self,
        table: &'static Table,
        after: Option<&[Value]>,
    ) -> StoreResult<Vec<Row>> {
        let values = after.unwrap_or_default().iter().zip(table.key());
        let fields: Vec<Field<'_>> = values.map(|(value, column)| Field(value, *column)).collect();
        let parameters: Vec<&(dyn ToSql + Sync)> =
            fields.iter().map(|field| field as &(dyn ToSql + Sync)).collect();
        let statement = self.client.prepare_cached(&page_sql(table, after.is_some())).await?;
        let stream = self.client.query_raw(&statement, parameters).await?;
        let mut stream = pin!(stream);
        let (mut rows, mut bytes) = (Vec::new(), 0);
        while bytes < PAGE_BYTES
            && let Some(found) = next(stream.as_mut()).await
        {
            let found = found?;
            let mut row = Vec::with_capacity(table.columns.len());
            for (at, column) in table.columns.iter().enumerate() {
                let value = value(&found, at, column.kind)?;
                bytes += value.size();
                row.push(value);
            }
            rows.push(row);
        }
        Ok(rows)
    }

    async fn count(&mut self, table: &'static Table) -> StoreResult<u64> {
        let sql = format!("SELECT count(*) FROM {} {}", table.name, condition(table, None));
        count(&self.client.query_one(&sql, &[]).await?, 0)
    }

    async fn last_number(&mut self, table: &'static Table) -> StoreResult<i64> {
        let sql = "SELECT coalesce(pg_sequence_last_value(
                       pg_get_serial_sequence($1, 'id')::regclass), 0)";
        Ok(self.client.query_one(sql, &[&table.name]).await?.try_get(0)?)
    }

    async fn epoch(&mut self) -> StoreResult<Epoch> {
        sql::epoch::get(&self.client).await
    }
}

#[async_trait]
impl DatabaseWriter for Session {
    async fn write(&mut self, table: &'static Table, rows: Vec<Row>) -> StoreResult<()> {
        let own: Vec<usize> = (0..table.own().len()).collect();
        if let (true, Some(received)) = (table.parted, table.place("received")) {
            let weeks = rows.iter().filter_map(|row| row[received].integer());
            events::create_partitions(&self.client, weeks).await?;
            self.stream(table, table.name, &own, &rows).await?;
            let part = [0, received, own.len()];
            return self.stream(table, &format!("{}_body", table.name), &part, &rows).await;
        }
        self.stream(table, table.name, &own, &rows).await
    }

    async fn reserve(&mut self, table: &'static Table, last: i64) -> StoreResult<()> {
        // IDs that this database used before, or that were just written, are not assigned again.
        let sql = format!(
            "SELECT setval(sequence, reserved) FROM (
                 SELECT sequence, greatest($2, pg_sequence_last_value(sequence),
                                           (SELECT max(id) FROM {})) AS reserved
                 FROM (SELECT pg_get_serial_sequence($1, 'id')::regclass AS sequence) AS its
             ) AS given WHERE reserved > 0",
            table.name
        );
        self.client.query(&sql, &[&table.name, &last]).await?;
        Ok(())
    }

    async fn set_epoch(&mut self, epoch: Epoch) -> StoreResult<()> {
        sql::epoch::set(&self.client, epoch).await
    }

    async fn complete(&mut self) -> StoreResult<()> {
        events::insert_digests(&self.client).await?;
        let names: Vec<&str> = TABLES.iter().map(|table| table.name).collect();
        // PostgreSQL's planner uses these statistics for the next queries.
        let sql = format!("ANALYZE {}, event_body, event_once", names.join(", "));
        Ok(self.client.batch_execute(&sql).await?)
    }

    async fn commit(self: Box<Self>) -> StoreResult<()> {
        Ok(self.client.batch_execute("COMMIT").await?)
    }
}

fn condition(table: &Table, after: Option<&str>) -> String {
    let foreign = (*table == *META).then(|| format!("key <> '{OURS_ALONE}'"));
    let conditions: Vec<String> = foreign.into_iter().chain(after.map(Into::into)).collect();
    if conditions.is_empty() {
        return String::new();
    }
    format!("WHERE {}", conditions.join(" AND "))
}

fn page_sql(table: &Table, is_behind: bool) -> String {
    let name = table.name;
    let key = names(None, table.key());
    let places: Vec<String> = (1..=table.key_columns).map(|place| format!("${place}")).collect();
    let after = is_behind.then(|| format!("({key}) > ({})", places.join(", ")));
    let condition = condition(table, after.as_deref());
    let own = names(None, table.own());
    let page = format!("SELECT {own} FROM {name} {condition} ORDER BY {key} LIMIT {PAGE_ROWS}");
    if !table.parted {
        return page;
    }
    // The inner query finds the page. Only the bodies of its rows are read.
    format!(
        "SELECT {}, body FROM ({page}) AS page LEFT JOIN {name}_body USING (id, received)
         ORDER BY page.id",
        names(Some("page"), table.own())
    )
}

async fn next(
    mut stream: std::pin::Pin<&mut tokio_postgres::RowStream>,
) -> Option<Result<tokio_postgres::Row, tokio_postgres::Error>> {
    std::future::poll_fn(|context| futures_util::Stream::poll_next(stream.as_mut(), context)).await
}

fn kind(kind: ColumnKind) -> Type {
    match kind {
        ColumnKind::Integer => Type::INT8,
        ColumnKind::Text | ColumnKind::Json => Type::TEXT,
        ColumnKind::Bytes => Type::BYTEA,
    }
}

fn value(row: &tokio_postgres::Row, at: usize, kind: ColumnKind) -> StoreResult<Value> {
    Ok(match kind {
        ColumnKind::Integer => row.try_get::<_, Option<i64>>(at)?.map(Value::Integer),
        ColumnKind::Text | ColumnKind::Json => {
            row.try_get::<_, Option<String>>(at)?.map(Value::Text)
        }
        ColumnKind::Bytes => row.try_get::<_, Option<Vec<u8>>>(at)?.map(Value::Bytes),
    }
    .unwrap_or(Value::Null))
}

#[derive(Debug)]
struct Field<'a>(&'a Value, Column);

impl ToSql for Field<'_> {
    fn to_sql(
        &self,
        kind: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match (self.0, self.1.kind) {
            (Value::Null, _) => Ok(IsNull::Yes),
            (Value::Integer(number), ColumnKind::Integer) => number.to_sql(kind, out),
            (Value::Text(json), ColumnKind::Json) => clean_json(json.clone()).to_sql(kind, out),
            (Value::Text(text), ColumnKind::Text) => Text(text).to_sql(kind, out),
            (Value::Bytes(bytes), ColumnKind::Bytes) => bytes.to_sql(kind, out),
            _ => Err(codes::corrupt("column", &self.1.name).into()),
        }
    }

    accepts!(INT8, TEXT, BYTEA);
    to_sql_checked!();
}
