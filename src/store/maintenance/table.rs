//! The tables that are copied and compared. Their columns are the same in SQLite and PostgreSQL.

use super::Value;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnKind {
    Integer,
    Text,
    /// JSON that PostgreSQL queries. PostgreSQL does not allow NUL in JSON.
    Json,
    /// Bytes, or a number in decimal digits.
    Bytes,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    pub name: &'static str,
    pub kind: ColumnKind,
}

/// A table. Its first columns are its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Table {
    pub name: &'static str,
    pub columns: &'static [Column],
    pub key_columns: usize,
    /// Whether the database numbers the table's rows and never reuses a number.
    pub numbered: bool,
    /// Whether the last column is in a separate table, `NAME_body`.
    pub parted: bool,
}

const fn integer(name: &'static str) -> Column {
    Column { name, kind: ColumnKind::Integer }
}

const fn text(name: &'static str) -> Column {
    Column { name, kind: ColumnKind::Text }
}

const fn table(name: &'static str, columns: &'static [Column], numbered: bool) -> Table {
    Table { name, columns, key_columns: 1, numbered, parted: false }
}

pub const META: &Table =
    &table("meta", &[text("key"), Column { name: "value", kind: ColumnKind::Bytes }], false);

pub const EVENT: &Table = &Table { parted: true, ..table("event", EVENT_COLUMNS, true) };

/// Each table comes after the tables that it refers to.
pub const TABLES: &[&Table] = &[
    META,
    &table(
        "revision",
        &[integer("id"), integer("at"), text("author"), text("message"), text("counts")],
        false,
    ),
    &table("scope", &[integer("id"), integer("kind"), text("name")], true),
    &table("rule", RULE_COLUMNS, true),
    &table("setting", SETTING_COLUMNS, true),
    &table("tag", TAG_COLUMNS, true),
    &table("host", HOST_COLUMNS, false),
    &table("scope_set", &[integer("id"), text("members")], true),
    EVENT,
    &table("program", PROGRAM_COLUMNS, true),
    &table("machine", &[integer("id"), text("name"), integer("forgotten")], true),
    &Table { key_columns: 2, ..table("sighting", SIGHTING_COLUMNS, false) },
    &table("token", TOKEN_COLUMNS, true),
];

const RULE_COLUMNS: &[Column] = &[
    integer("id"),
    integer("rule_type"),
    text("identifier"),
    integer("scope"),
    integer("made"),
    integer("ended"),
    integer("policy"),
    text("cel"),
    text("message"),
    text("url"),
    text("button_label"),
    text("app_name"),
    text("bundle_hash"),
    integer("bundle_count"),
    text("comment"),
    text("ticket"),
    text("source"),
    integer("expires"),
    integer("checksum"),
];

const SETTING_COLUMNS: &[Column] = &[
    integer("id"),
    integer("scope"),
    text("key"),
    text("value"),
    integer("made"),
    integer("ended"),
    integer("checksum"),
];

const TAG_COLUMNS: &[Column] = &[
    integer("id"),
    text("name"),
    integer("priority"),
    text("description"),
    integer("made"),
    integer("ended"),
    text("membership"),
    integer("checksum"),
];

const HOST_COLUMNS: &[Column] = &[
    text("machine"),
    integer("version"),
    text("serial"),
    text("hostname"),
    text("primary_user"),
    text("tags"),
    integer("first_seen"),
    text("sync"),
    Column { name: "facts", kind: ColumnKind::Json },
    integer("state_key"),
    integer("tags_key"),
    integer("syncing"),
    integer("seen"),
];

const EVENT_COLUMNS: &[Column] = &[
    integer("id"),
    text("machine"),
    integer("received"),
    text("decision"),
    integer("occurred"),
    integer("pid"),
    text("sha256"),
    text("signing_id"),
    text("team_id"),
    text("user"),
    text("path"),
    integer("kind"),
    integer("blocked"),
    text("certificate"),
    text("signer"),
    text("member_of"),
    text("rule"),
    text("file"),
    text("body"),
];

const PROGRAM_COLUMNS: &[Column] = &[
    integer("id"),
    Column { name: "digest", kind: ColumnKind::Bytes },
    text("sha256"),
    text("cdhash"),
    text("team_id"),
    text("signing_id"),
    integer("signing_status"),
    text("certificate"),
    text("common_name"),
    text("organization"),
    text("name"),
    text("bundle_name"),
    integer("first_seen"),
    integer("first_event"),
    integer("hosts"),
];

const SIGHTING_COLUMNS: &[Column] = &[
    integer("program"),
    integer("machine"),
    integer("first_seen"),
    integer("last_seen"),
    integer("reports"),
    text("decision"),
    integer("latest"),
    text("path"),
    integer("undecided"),
    text("users"),
    text("paths"),
    integer("more_users"),
    integer("more_paths"),
];

const TOKEN_COLUMNS: &[Column] = &[
    integer("id"),
    text("name"),
    text("role"),
    Column { name: "hash", kind: ColumnKind::Bytes },
    integer("created"),
    integer("expires"),
    integer("revoked"),
];

impl Table {
    /// The index of a column.
    pub(in crate::store) fn place(&self, column: &str) -> Option<usize> {
        self.columns.iter().position(|known| known.name == column)
    }

    pub(in crate::store) fn key(&self) -> &'static [Column] {
        &self.columns[..self.key_columns]
    }

    pub(in crate::store) fn key_of(&self, row: &[Value]) -> Vec<Value> {
        row.iter().take(self.key_columns).cloned().collect()
    }

    /// The columns that are not in the separate table `NAME_body`.
    pub(in crate::store) fn own(&self) -> &'static [Column] {
        self.columns.split_last().filter(|_| self.parted).map_or(self.columns, |(_, own)| own)
    }
}

/// The quoted names of columns, separated by commas. If `table` is given, each name is qualified
/// with it.
pub(in crate::store) fn names(table: Option<&str>, columns: &[Column]) -> String {
    let name = |column: &Column| match table {
        Some(table) => format!("{table}.\"{}\"", column.name),
        None => format!("\"{}\"", column.name),
    };
    columns.iter().map(name).collect::<Vec<_>>().join(", ")
}
