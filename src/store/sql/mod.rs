//! SQL for both databases, and the rows that it returns.
//!
//! Queries in this module are written once, with numbered parameters (`$1`), for the trait
//! [`Database`]. Where the databases need different SQL, [`Dialect`] provides it. Work that they do
//! in different ways (large imports, partitions of events, waiting for locks) is in `sqlite` and
//! `postgres`.

pub(super) mod check;
pub(super) mod commit;
pub(super) mod conditions;
pub(super) mod epoch;
pub(super) mod events;
pub(super) mod history;
pub(super) mod host_groups;
pub(super) mod hosts;
pub(super) mod ledger;
pub(super) mod old_sightings;
pub(super) mod people;
pub(super) mod policy;
pub(super) mod programs;
pub(super) mod retention;
pub(super) mod rows;
pub(super) mod sightings;
pub(super) mod tokens;
pub(super) mod undecided;

use std::borrow::Cow;

use super::StoreResult;
use super::checksum::RowHasher;
use super::codes::corrupt;

#[derive(Clone, Debug)]
pub(super) enum Parameter<'a> {
    Null,
    Integer(i64),
    Text(Cow<'a, str>),
    Bytes(&'a [u8]),
    /// A JSON list in SQLite, an array in PostgreSQL.
    Integers(Vec<i64>),
    /// A JSON list in SQLite, an array in PostgreSQL.
    Texts(Vec<Cow<'a, str>>),
}

impl From<i64> for Parameter<'_> {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

impl<'a> From<&'a str> for Parameter<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for Parameter<'_> {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl<'a> From<&'a [u8; 32]> for Parameter<'a> {
    fn from(bytes: &'a [u8; 32]) -> Self {
        Self::Bytes(bytes)
    }
}

impl<'a, T: Into<Parameter<'a>>> From<Option<T>> for Parameter<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl From<Vec<i64>> for Parameter<'_> {
    fn from(numbers: Vec<i64>) -> Self {
        Self::Integers(numbers)
    }
}

impl<'a, T: Into<Cow<'a, str>>> FromIterator<T> for Parameter<'a> {
    fn from_iter<I: IntoIterator<Item = T>>(texts: I) -> Self {
        Self::Texts(texts.into_iter().map(Into::into).collect())
    }
}

/// A row of a result. Columns are counted from 0.
pub(super) trait StoredRow {
    fn integer(&self, column: usize) -> StoreResult<Option<i64>>;

    fn text(&self, column: usize) -> StoreResult<Option<&str>>;

    fn bytes(&self, column: usize) -> StoreResult<Option<&[u8]>>;

    /// Adds the stored value of a column to a hash.
    fn hash(&self, column: usize, hasher: &mut RowHasher) -> StoreResult<()>;

    fn width(&self) -> usize;
}

impl dyn StoredRow + '_ {
    /// An integer that is not NULL.
    pub(super) fn number(&self, column: usize) -> StoreResult<i64> {
        self.integer(column)?.ok_or_else(|| corrupt("number", &"NULL"))
    }

    /// An integer that is neither NULL nor negative.
    pub(super) fn count(&self, column: usize) -> StoreResult<u64> {
        u64::try_from(self.number(column)?).map_err(|error| corrupt("count", &error))
    }

    /// A text that is not NULL.
    pub(super) fn str(&self, column: usize) -> StoreResult<&str> {
        self.text(column)?.ok_or_else(|| corrupt("text", &"NULL"))
    }

    /// A text that may be NULL, converted to `T`.
    pub(super) fn optional<T: for<'a> From<&'a str>>(
        &self,
        column: usize,
    ) -> StoreResult<Option<T>> {
        Ok(self.text(column)?.map(T::from))
    }
}

/// A connection to one of the databases, or a transaction on it.
pub(super) trait Database {
    const DIALECT: Dialect;

    /// Runs a query that is prepared once per connection, and reads each of its rows.
    async fn query<T: Send>(
        &self,
        sql: &str,
        parameters: &[Parameter<'_>],
        read: impl FnMut(&(dyn StoredRow + '_)) -> StoreResult<T> + Send,
    ) -> StoreResult<Vec<T>>;

    /// Runs a query whose conditions depend on a filter. PostgreSQL plans the query for its
    /// parameters, and does not keep it prepared.
    async fn query_filtered<T: Send>(
        &self,
        sql: &str,
        parameters: &[Parameter<'_>],
        read: impl FnMut(&(dyn StoredRow + '_)) -> StoreResult<T> + Send,
    ) -> StoreResult<Vec<T>>;

    /// Runs a statement and returns how many rows it altered.
    async fn execute(&self, sql: &str, parameters: &[Parameter<'_>]) -> StoreResult<u64>;

    async fn first<T: Send>(
        &self,
        sql: &str,
        parameters: &[Parameter<'_>],
        read: impl FnMut(&(dyn StoredRow + '_)) -> StoreResult<T> + Send,
    ) -> StoreResult<Option<T>> {
        Ok(self.query(sql, parameters, read).await?.into_iter().next())
    }

    /// Runs a query that returns one number. Returns 0 if there is no row or the number is NULL.
    async fn number(&self, sql: &str, parameters: &[Parameter<'_>]) -> StoreResult<i64> {
        let number = self.first(sql, parameters, |row| row.integer(0)).await?;
        Ok(number.flatten().unwrap_or(0))
    }

    async fn has_row(&self, sql: &str, parameters: &[Parameter<'_>]) -> StoreResult<bool> {
        Ok(self.first(sql, parameters, |_| Ok(())).await?.is_some())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    Sqlite,
    Postgres,
}

impl Dialect {
    /// SQL that forces SQLite to read a table by this index. PostgreSQL chooses the index itself.
    pub(super) fn indexed_by(self, index: &str) -> String {
        match self {
            Self::Sqlite => format!("INDEXED BY {index}"),
            Self::Postgres => String::new(),
        }
    }

    /// SQL for a join whose left table SQLite reads first. PostgreSQL chooses the order itself.
    pub(super) const fn join_in_order(self) -> &'static str {
        match self {
            Self::Sqlite => "CROSS JOIN",
            Self::Postgres => "JOIN",
        }
    }

    /// SQL for whether `text` contains `part`.
    pub(super) fn contains(self, text: &str, part: &str) -> String {
        match self {
            Self::Sqlite => format!("instr({text}, {part}) > 0"),
            Self::Postgres => format!("strpos({text}, {part}::text) > 0"),
        }
    }

    /// SQL for whether a column is one of the values of a list.
    pub(super) fn any(self, column: &str, list: &str) -> String {
        match self {
            Self::Sqlite => format!("{column} IN (SELECT value FROM json_each({list}))"),
            Self::Postgres => format!("{column} = ANY ({list})"),
        }
    }

    /// SQL for a table of the elements of a JSON list, in the column `value`.
    pub(super) fn each(self, list: &str) -> String {
        match self {
            Self::Sqlite => format!("json_each({list})"),
            Self::Postgres => format!("json_array_elements({list}::text::json)"),
        }
    }

    /// SQL for the serial number of a host, to compare it with a list in lower case.
    pub(super) const fn serial_in_lower_case(self) -> &'static str {
        match self {
            // The column ignores letter case.
            Self::Sqlite => "serial",
            Self::Postgres => "lower(serial)",
        }
    }

    /// SQL for the serial number and the name of a host, to compare them with a text in lower case.
    pub(super) const fn host_names_in_lower_case(self) -> [&'static str; 2] {
        match self {
            // The columns ignore letter case.
            Self::Sqlite => ["serial", "hostname"],
            Self::Postgres => ["lower(serial)", "lower(hostname)"],
        }
    }

    /// Combines two queries into one query with this order. For PostgreSQL, each query also has
    /// this order, so that its rows can be read in order from an index.
    pub(super) fn union(self, first: &str, second: &str, order: &str) -> String {
        match self {
            Self::Sqlite => format!("{first} UNION ALL {second} ORDER BY {order}"),
            Self::Postgres => format!(
                "({first} ORDER BY {order}) UNION ALL ({second} ORDER BY {order}) ORDER BY {order}"
            ),
        }
    }

    /// SQL for whether a text matches a pattern that [`Self::pattern`] returned.
    pub(super) fn matches(self, text: &str, pattern: &str) -> String {
        match self {
            Self::Sqlite => format!("{text} GLOB {pattern}"),
            Self::Postgres => format!("{text} LIKE {pattern}"),
        }
    }

    /// Converts a pattern with `*` and `?` for GLOB in SQLite or LIKE in PostgreSQL.
    pub(super) fn pattern(self, pattern: &str) -> String {
        match self {
            // In GLOB, a bracket starts a set of characters.
            Self::Sqlite => pattern.replace('[', "[[]"),
            Self::Postgres => like(pattern),
        }
    }

    /// A text as it is stored. PostgreSQL stores U+FFFD instead of NUL.
    pub(super) fn stored_text(self, text: &str) -> Cow<'_, str> {
        match self {
            Self::Sqlite => text.into(),
            Self::Postgres => super::postgres::clean(text),
        }
    }

    /// SQL that converts a number for the column `meta.value`.
    pub(super) fn to_meta_number(self, number: &str) -> String {
        match self {
            Self::Sqlite => number.to_owned(),
            Self::Postgres => format!("convert_to({number}::bigint::text, 'UTF8')"),
        }
    }

    /// SQL for the number in `meta.value`, which PostgreSQL stores as decimal digits in bytes.
    pub(super) const fn meta_number(self) -> &'static str {
        match self {
            Self::Sqlite => "value",
            Self::Postgres => "convert_from(value, 'UTF8')::bigint",
        }
    }
}

/// SQL that ends a row at the revision `$1`, and combines its checksum with `$1` by XOR. SQLite has
/// no operator for XOR.
pub(super) const END_ROW: &str = "ended = $1, checksum = (checksum | $1) - (checksum & $1)";

fn like(pattern: &str) -> String {
    let mut like = String::with_capacity(pattern.len());
    for letter in pattern.chars() {
        match letter {
            '*' => like.push('%'),
            '?' => like.push('_'),
            '%' | '_' | '\\' => like.extend(['\\', letter]),
            letter => like.push(letter),
        }
    }
    like
}
