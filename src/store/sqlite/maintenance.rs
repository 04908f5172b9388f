//! Reads a whole database from one snapshot, or fills a database in one transaction.

use std::path::Path;

use async_trait::async_trait;
use rusqlite::types::{ToSqlOutput, Type, ValueRef};
use rusqlite::{Connection, ToSql, params_from_iter};

use super::database::finish;
use super::file_system::file_id;
use super::open::{self, ConnectionUse};
use super::{MEMORY, codes};
use crate::fleet::Epoch;
use crate::store::maintenance::table::{ColumnKind, META, TABLES, Table, names};
use crate::store::maintenance::{
    DatabaseReader, DatabaseState, DatabaseWriter, PAGE_BYTES, PAGE_ROWS, Row, Value,
};
use crate::store::{Durability, StoreError, StoreResult, sql};

fn failed(path: &str) -> impl Fn(String) -> StoreError {
    move |reason| StoreError::Open { url: format!("sqlite:{path}"), reason }
}

pub(in crate::store) fn state(path: &str) -> StoreResult<DatabaseState> {
    if path == MEMORY || path.is_empty() {
        return Err(failed(path)("it has no file name".to_owned()));
    }
    let Ok(file) = std::fs::metadata(path) else { return Ok(DatabaseState::default()) };
    let (device, inode) = file_id(&file);
    let identity = Some(format!("sqlite:{device}:{inode}"));
    let found = || {
        let mut connection =
            open::connect(Path::new(path), ConnectionUse::Read).map_err(open::reason)?;
        let version = open::header(&mut connection)?;
        let used =
            if version == 0 { Vec::new() } else { used(&connection).map_err(open::reason)? };
        Ok(DatabaseState { version, used, identity, read_only: None })
    };
    found().map_err(failed(path))
}

fn used(connection: &Connection) -> rusqlite::Result<Vec<&'static str>> {
    let mut used = Vec::new();
    for table in TABLES.iter().filter(|table| **table != META) {
        // An older schema has fewer tables.
        if !connection.table_exists(None, table.name)? {
            continue;
        }
        let sql = format!("SELECT EXISTS (SELECT 1 FROM {})", table.name);
        if connection.query_one(&sql, [], |row| row.get(0))? {
            used.push(table.name);
        }
    }
    Ok(used)
}

pub(in crate::store) struct File {
    /// None while a thread works with the connection. Stays None if the caller stops waiting for
    /// that work.
    connection: Option<Connection>,
}

impl File {
    pub(in crate::store) fn read(path: &str) -> StoreResult<Self> {
        let opened = || {
            let connection =
                open::connect(Path::new(path), ConnectionUse::Read).map_err(open::reason)?;
            // The first query takes the snapshot.
            connection.execute_batch("BEGIN; SELECT 1 FROM meta").map_err(open::reason)?;
            Ok(Self { connection: Some(connection) })
        };
        opened().map_err(failed(path))
    }

    /// Opens a file to fill it, and creates it if it does not exist. Fails if it already has
    /// content.
    pub(in crate::store) fn write(path: &str) -> StoreResult<Self> {
        let opened = || {
            let file = Path::new(path);
            open::create(file).map_err(|error| error.to_string())?;
            let mut connection = open::connect(file, ConnectionUse::Write(Durability::Power))
                .map_err(open::reason)?;
            open::prepare(&mut connection)?;
            begin(&connection).map_err(open::reason)?;
            let used = used(&connection).map_err(open::reason)?;
            if !used.is_empty() {
                return Err("it was used in the meantime; use a new database".to_owned());
            }
            // `used` ignores the table `meta`, which has a cursor key if a server opened this file
            // before. The copy gets the source's key instead.
            connection.execute("DELETE FROM meta", []).map_err(open::reason)?;
            Ok(Self { connection: Some(connection) })
        };
        opened().map_err(failed(path))
    }

    /// Runs `work` with the connection, off the async threads.
    async fn with<T, W>(&mut self, work: W) -> StoreResult<T>
    where
        T: Send + 'static,
        W: FnOnce(&Connection) -> StoreResult<T> + Send + 'static,
    {
        let lent = self.connection.take();
        let connection =
            lent.ok_or_else(|| StoreError::Database("the copy was canceled".to_owned()))?;
        let working = tokio::task::spawn_blocking(move || {
            let answer = work(&connection);
            (connection, answer)
        });
        let (connection, answer) =
            working.await.map_err(|error| StoreError::Database(error.to_string()))?;
        self.connection = Some(connection);
        answer
    }
}

/// Begins an exclusive transaction with a rollback journal. The journal stays small, because pages
/// that are added to the file need no copy in the journal. A write-ahead log would contain all data
/// a second time.
fn begin(connection: &Connection) -> rusqlite::Result<()> {
    connection.query_one("PRAGMA journal_mode = DELETE", [], |_| Ok(()))?;
    connection.execute_batch("BEGIN EXCLUSIVE")
}

#[async_trait]
impl DatabaseReader for File {
    async fn page(
        &mut self,
        table: &'static Table,
        after: Option<&[Value]>,
    ) -> StoreResult<Vec<Row>> {
        let after = after.map(<[Value]>::to_vec);
        self.with(move |on| page(on, table, after.as_deref())).await
    }

    async fn count(&mut self, table: &'static Table) -> StoreResult<u64> {
        let sql = format!("SELECT count(*) FROM {}", table.name);
        let counted: i64 =
            self.with(move |on| Ok(on.query_one(&sql, [], |row| row.get(0))?)).await?;
        u64::try_from(counted).map_err(|error| codes::corrupt("count", &error))
    }

    async fn last_number(&mut self, table: &'static Table) -> StoreResult<i64> {
        let sql = "SELECT ifnull(max(seq), 0) FROM sqlite_sequence WHERE name = ?";
        self.with(move |on| Ok(on.query_one(sql, [table.name], |row| row.get(0))?)).await
    }

    async fn epoch(&mut self) -> StoreResult<Epoch> {
        self.with(|on| finish(sql::epoch::get(on))).await
    }
}

#[async_trait]
impl DatabaseWriter for File {
    async fn write(&mut self, table: &'static Table, rows: Vec<Row>) -> StoreResult<()> {
        self.with(move |on| write(on, table, &rows)).await
    }

    async fn reserve(&mut self, table: &'static Table, last: i64) -> StoreResult<()> {
        self.with(move |on| {
            let sql = "UPDATE sqlite_sequence SET seq = max(seq, ?2) WHERE name = ?1";
            if on.execute(sql, (table.name, last))? == 0 {
                let sql = "INSERT INTO sqlite_sequence (name, seq) VALUES (?1, ?2)";
                on.execute(sql, (table.name, last))?;
            }
            Ok(())
        })
        .await
    }

    async fn set_epoch(&mut self, epoch: Epoch) -> StoreResult<()> {
        self.with(move |on| finish(sql::epoch::set(on, epoch))).await
    }

    async fn complete(&mut self) -> StoreResult<()> {
        Ok(())
    }

    async fn commit(mut self: Box<Self>) -> StoreResult<()> {
        self.with(|on| {
            on.execute_batch("COMMIT")?;
            // The copy is complete even if this fails. nicelist tries again when it next opens the
            // copy.
            if let Err(error) = open::write_ahead(on) {
                tracing::warn!(error, "cannot switch to write-ahead logging yet");
            }
            Ok(())
        })
        .await
    }
}

fn page(connection: &Connection, table: &Table, after: Option<&[Value]>) -> StoreResult<Vec<Row>> {
    let Table { name, columns, .. } = *table;
    let key = names(Some(name), table.key());
    let mut wanted = names(Some(name), table.own());
    let mut from = name.to_owned();
    if table.parted {
        wanted.push_str(", body");
        from.push_str(&format!(" LEFT JOIN {name}_body USING (id)"));
    }
    let places = vec!["?"; table.key_columns].join(", ");
    let behind = after.map(|_| format!("WHERE ({key}) > ({places})")).unwrap_or_default();
    let sql = format!("SELECT {wanted} FROM {from} {behind} ORDER BY {key} LIMIT {PAGE_ROWS}");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut found = statement.query(params_from_iter(after.unwrap_or_default()))?;
    let (mut rows, mut bytes) = (Vec::new(), 0);
    while bytes < PAGE_BYTES
        && let Some(row) = found.next()?
    {
        let values = columns.iter().enumerate().map(|(at, column)| {
            let value = value(row.get_ref(at)?, column.kind)?;
            bytes += value.size();
            Ok(value)
        });
        rows.push(values.collect::<StoreResult<Row>>()?);
    }
    Ok(rows)
}

fn write(connection: &Connection, table: &Table, rows: &[Row]) -> StoreResult<()> {
    let name = table.name;
    let own = table.own();
    let places = vec!["?"; own.len()].join(", ");
    let sql = format!("INSERT INTO {name} ({}) VALUES ({places})", names(None, own));
    let mut insert = connection.prepare_cached(&sql)?;
    let mut part = match table.parted {
        true => {
            let sql = format!("INSERT INTO {name}_body (id, body) VALUES (?, ?)");
            Some(connection.prepare_cached(&sql)?)
        }
        false => None,
    };
    for row in rows {
        insert.execute(params_from_iter(row.iter().take(own.len())))?;
        if let Some(part) = &mut part {
            part.execute(params_from_iter(row.first().into_iter().chain(row.last())))?;
        }
    }
    Ok(())
}

fn value(found: ValueRef<'_>, kind: ColumnKind) -> StoreResult<Value> {
    Ok(match (found, kind) {
        (ValueRef::Null, _) => Value::Null,
        // In a column of bytes, nicelist stores numbers as SQLite integers.
        (ValueRef::Integer(number), ColumnKind::Bytes) => {
            Value::Bytes(number.to_string().into_bytes())
        }
        (ValueRef::Integer(number), _) => Value::Integer(number),
        (ValueRef::Text(text), _) => Value::Text(
            String::from_utf8(text.to_vec()).map_err(|error| codes::corrupt("text", &error))?,
        ),
        (ValueRef::Blob(bytes), _) => Value::Bytes(bytes.to_vec()),
        (ValueRef::Real(_), _) => return Err(codes::corrupt("value", &Type::Real)),
    })
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Integer(number) => ValueRef::Integer(*number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Bytes(bytes) => match number(bytes) {
                Some(number) => ValueRef::Integer(number),
                None => ValueRef::Blob(bytes),
            },
        }))
    }
}

/// The value of these bytes, if they are a number in decimal digits. Keys and hashes are longer
/// than any number.
fn number(bytes: &[u8]) -> Option<i64> {
    let number: i64 = std::str::from_utf8(bytes).ok()?.parse().ok()?;
    (number.to_string().as_bytes() == bytes).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_is_kept_is_moved() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("nicelist.db");
        drop(File::write(path.to_str().unwrap()).unwrap());
        let connection = Connection::open(&path).unwrap();
        let all = |sql: &str| -> Vec<String> {
            let mut statement = connection.prepare(sql).unwrap();
            statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
        };
        let mut kept = all("SELECT t.name || '.' || c.name FROM sqlite_schema AS t,
                            pragma_table_info(t.name) AS c
                            WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%'
                            AND t.name <> 'epoch'");
        let numbered = all("SELECT name FROM sqlite_schema WHERE sql LIKE '%AUTOINCREMENT%'");
        let mut moved: Vec<String> = vec!["event_body.id".into(), "event_body.body".into()];
        for table in TABLES {
            moved.extend(table.own().iter().map(|it| format!("{}.{}", table.name, it.name)));
            assert_eq!(table.numbered, numbered.iter().any(|name| name == table.name));
        }
        kept.sort();
        moved.sort();
        assert_eq!(moved, kept);
    }

    #[test]
    fn numbers_are_distinguished_from_bytes() {
        assert_eq!(number(b"42"), Some(42));
        assert_eq!(number(b"-1"), Some(-1));
        for bytes in [&b"042"[..], b"+1", b"", b"42 ", &[b'7'; 32], &[0xff; 2]] {
            assert_eq!(number(bytes), None, "{bytes:?}");
        }
    }
}
