//! Compares two databases row by row.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::VecDeque;

use super::table::{Column, ColumnKind, TABLES, Table};
use super::{CopyStep, DatabaseReader, DatabaseUrl, MaintenanceError, Row, Value};
use crate::store::postgres::{clean, clean_json};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Compared {
    pub table: &'static str,
    pub same: u64,
    pub different: u64,
    pub only_first: u64,
    pub only_second: u64,
    /// The key of the first row that differs or is in only one of the databases.
    pub first_difference: Option<String>,
    /// Whether the second database may give a new row an ID that the first has already used.
    pub reuses_numbers: bool,
}

impl Compared {
    pub fn is_same(&self) -> bool {
        let others = self.different + self.only_first + self.only_second;
        others == 0 && !self.reuses_numbers
    }
}

/// Compares snapshots of two databases, table by table.
///
/// # Errors
/// When one of the databases cannot be opened or read, or has an older schema.
pub async fn compare(
    first: &str,
    second: &str,
    watch: &dyn Fn(CopyStep),
) -> Result<Vec<Compared>, MaintenanceError> {
    let first = DatabaseUrl::of(first).map_err(MaintenanceError::Open)?;
    let second = DatabaseUrl::of(second).map_err(MaintenanceError::Open)?;
    let (_, mut one) = first.source().await?;
    let (_, mut other) = second.source().await?;
    let mut tables = Vec::new();
    for table in TABLES {
        watch(CopyStep::Checking(table.name));
        let done = |rows| watch(CopyStep::Rows(rows));
        tables.push(compared(table, (first, &mut *one), (second, &mut *other), &done).await?);
    }
    Ok(tables)
}

pub(super) async fn compared(
    table: &'static Table,
    (first, one): (DatabaseUrl<'_>, &mut dyn DatabaseReader),
    (second, other): (DatabaseUrl<'_>, &mut dyn DatabaseReader),
    done: &dyn Fn(u64),
) -> Result<Compared, MaintenanceError> {
    let mut found = Compared { table: table.name, ..Compared::default() };
    if table.numbered {
        let given = one.last_number(table).await.map_err(|error| first.unread(error))?;
        let given_too = other.last_number(table).await.map_err(|error| second.unread(error))?;
        found.reuses_numbers = given_too < given;
    }
    let (mut one, mut other) = (Feed::new(table, one), Feed::new(table, other));
    loop {
        let (filled, filled_too) = tokio::join!(one.fill(), other.fill());
        filled.map_err(|error| first.unread(error))?;
        filled_too.map_err(|error| second.unread(error))?;
        let before = one.rows.len();
        if !meet(&mut found, table, &mut one, &mut other) {
            return Ok(found);
        }
        done(u64::try_from(before - one.rows.len()).unwrap_or(0));
    }
}

/// The rows of one database, read page by page.
struct Feed<'r> {
    table: &'static Table,
    from: &'r mut dyn DatabaseReader,
    rows: VecDeque<Row>,
    last: Option<Vec<Value>>,
    ended: bool,
}

impl<'r> Feed<'r> {
    fn new(table: &'static Table, from: &'r mut dyn DatabaseReader) -> Self {
        Self { table, from, rows: VecDeque::new(), last: None, ended: false }
    }

    /// Reads the next page if all rows of the last page were compared.
    async fn fill(&mut self) -> crate::store::StoreResult<()> {
        if self.rows.is_empty() && !self.ended {
            self.rows = self.from.page(self.table, self.last.as_deref()).await?.into();
            self.ended = self.rows.is_empty();
            self.last = self.rows.back().map(|row| self.table.key_of(row));
        }
        Ok(())
    }
}

/// Compares rows until the next page of one database must be read. Returns false when both
/// databases have no more rows.
fn meet(found: &mut Compared, table: &Table, one: &mut Feed<'_>, other: &mut Feed<'_>) -> bool {
    loop {
        let order = match (one.rows.front(), other.rows.front()) {
            (None, None) => return !(one.ended && other.ended),
            (Some(_), None) if other.ended => Ordering::Less,
            (None, Some(_)) if one.ended => Ordering::Greater,
            (Some(row), Some(too)) => {
                let keys = row.iter().zip(too).take(table.key_columns);
                let order = keys.map(|(key, other)| order(key, other)).find(|order| order.is_ne());
                order.unwrap_or(Ordering::Equal)
            }
            (Some(_), None) | (None, Some(_)) => return true,
        };
        let row = (order != Ordering::Greater).then(|| one.rows.pop_front()).flatten();
        let too = (order != Ordering::Less).then(|| other.rows.pop_front()).flatten();
        let count = match (&row, &too) {
            (Some(row), Some(too)) if same(table, row, too) => {
                found.same += 1;
                continue;
            }
            (Some(_), Some(_)) => &mut found.different,
            (Some(_), None) => &mut found.only_first,
            (None, _) => &mut found.only_second,
        };
        *count += 1;
        let key = row.or(too).map(|row| table.key_of(&row)).unwrap_or_default();
        found
            .first_difference
            .get_or_insert_with(|| key.into_iter().map(shown).collect::<Vec<_>>().join(", "));
    }
}

fn order(key: &Value, other: &Value) -> Ordering {
    match (key, other) {
        (Value::Integer(key), Value::Integer(other)) => key.cmp(other),
        (Value::Text(key), Value::Text(other)) => key.cmp(other),
        _ => Ordering::Equal,
    }
}

/// Whether two rows are the same. A NUL equals U+FFFD, which replaces it in PostgreSQL.
fn same(table: &Table, row: &Row, other: &Row) -> bool {
    if row == other {
        return true;
    }
    let values = row.iter().zip(other).zip(table.columns);
    row.len() == other.len()
        && values.into_iter().all(|((value, other), column)| {
            value == other || taken(*column, value) == taken(*column, other)
        })
}

/// A value as it is stored in PostgreSQL, with U+FFFD instead of NUL.
fn taken(column: Column, value: &Value) -> Cow<'_, Value> {
    match (column.kind, value) {
        (ColumnKind::Json, Value::Text(json)) => Cow::Owned(Value::Text(clean_json(json.clone()))),
        (_, Value::Text(text)) => Cow::Owned(Value::Text(clean(text).into_owned())),
        _ => Cow::Borrowed(value),
    }
}

fn shown(key: Value) -> String {
    match key {
        Value::Integer(number) => number.to_string(),
        Value::Text(text) => text,
        Value::Null | Value::Bytes(_) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;

    use super::*;
    use crate::fleet::Epoch;
    use crate::store::StoreResult;

    /// Returns a row for each number. Each inner list is a page.
    struct Paper(Vec<Vec<i64>>);

    #[async_trait]
    impl DatabaseReader for Paper {
        async fn page(
            &mut self,
            _table: &'static Table,
            after: Option<&[Value]>,
        ) -> StoreResult<Vec<Row>> {
            let after = after.and_then(|after| after[0].integer()).unwrap_or(i64::MIN);
            let group = self.0.iter().find(|group| group[0] > after);
            let row = |number: &i64| vec![Value::Integer(*number), Value::Text("x".to_owned())];
            Ok(group.into_iter().flatten().map(row).collect())
        }

        async fn count(&mut self, _table: &'static Table) -> StoreResult<u64> {
            Ok(0)
        }

        async fn last_number(&mut self, _table: &'static Table) -> StoreResult<i64> {
            Ok(0)
        }

        async fn epoch(&mut self) -> StoreResult<Epoch> {
            Ok(Epoch::default())
        }
    }

    async fn of(first: &[&[i64]], second: &[&[i64]]) -> (u64, u64, u64, Option<String>) {
        let paper = |groups: &[&[i64]]| Paper(groups.iter().map(|group| group.to_vec()).collect());
        let (mut first, mut second) = (paper(first), paper(second));
        let (one, other) = (DatabaseUrl::Sqlite("one"), DatabaseUrl::Sqlite("other"));
        let table = TABLES[1];
        let found =
            compared(table, (one, &mut first), (other, &mut second), &|_| {}).await.unwrap();
        assert_eq!(found.is_same(), found.first_difference.is_none());
        (found.same, found.only_first, found.only_second, found.first_difference)
    }

    #[tokio::test]
    async fn rows_meet_however_they_come() {
        assert_eq!(of(&[], &[]).await, (0, 0, 0, None));
        assert_eq!(of(&[&[1, 2, 3], &[4]], &[&[1], &[2, 3, 4]]).await, (4, 0, 0, None));
        assert_eq!(of(&[&[1, 2], &[5]], &[&[2], &[3, 4, 5]]).await, (2, 1, 2, Some("1".into())));
        assert_eq!(of(&[&[1], &[2]], &[]).await, (0, 2, 0, Some("1".into())));
        assert_eq!(of(&[&[1]], &[&[1], &[7, 8]]).await, (1, 0, 2, Some("7".into())));
    }

    #[test]
    fn a_nul_is_what_is_kept_in_its_place() {
        let host = TABLES.iter().find(|table| table.name == "host").unwrap();
        let row = |name: &str, facts: &str| -> Row {
            let mut row = vec![Value::Null; host.columns.len()];
            for (column, text) in [("hostname", name), ("facts", facts)] {
                row[host.place(column).unwrap()] = Value::Text(text.to_owned());
            }
            row
        };
        let kept = row("a\u{fffd}", r#"["\ufffd","\\u0000"]"#);
        assert!(same(host, &row("a\0", r#"["\u0000","\\u0000"]"#), &kept));
        assert!(!same(host, &row("b", r#"["\u0000","\\u0000"]"#), &kept));
        assert!(!same(host, &row("a\0", r#"["\u0001","\\u0000"]"#), &kept));
    }
}
