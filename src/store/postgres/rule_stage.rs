//! A temporary table for the rules that a change may write or remove. Each session has its own
//! table. The rules are streamed into it in PostgreSQL's binary format.

use std::pin::pin;

use bytes::{BufMut, Bytes, BytesMut};
use deadpool_postgres::Transaction;
use futures_util::SinkExt as _;
use tokio_postgres::CopyInSink;

use crate::rule::{Rule, Target};
use crate::store::StoreResult;
use crate::store::checksum::RowHasher;
use crate::store::postgres::codes;
use crate::store::sql::rows::{self, CONTENT, ContentValue, WIDTH};

/// SQL that creates the table, and allows more memory for temporary tables. Each session runs it
/// once.
pub(super) const STAGE: &str = "SET temp_buffers = '256MB';
    CREATE TEMPORARY TABLE rule_stage (
        place bigint NOT NULL, put boolean NOT NULL,
        rule_type bigint NOT NULL, identifier text COLLATE \"C\" NOT NULL, scope bigint NOT NULL,
        policy bigint, cel text COLLATE \"C\", message text COLLATE \"C\", url text COLLATE \"C\",
        button_label text COLLATE \"C\", app_name text COLLATE \"C\",
        bundle_hash text COLLATE \"C\", bundle_count bigint, comment text COLLATE \"C\",
        ticket text COLLATE \"C\", source text COLLATE \"C\", expires bigint, checksum bigint
    ) ON COMMIT DELETE ROWS;";

/// Rows are collected until they have this many bytes, and are then sent.
const CHUNK: usize = 64 * 1024;
/// The start of a stream in PostgreSQL's binary format: signature, no flags, no extension.
const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
/// Columns of a row: place, put, key (three columns), content, checksum.
const COLUMNS: usize = 6 + WIDTH;

/// A row of the table. `rule` is the wanted rule, or None if the change removes the rule.
pub(super) struct StagedRule<'a> {
    /// The index of the rule in the writer's list.
    pub(super) place: i64,
    pub(super) target: &'a Target,
    pub(super) scope: i64,
    pub(super) rule: Option<&'a Rule>,
}

pub(super) async fn fill<'a>(
    on: &Transaction<'_>,
    staged: impl Iterator<Item = StagedRule<'a>>,
) -> StoreResult<()> {
    let sql = format!(
        "COPY rule_stage (place, put, rule_type, identifier, scope, {CONTENT}, checksum)
         FROM STDIN WITH (FORMAT binary)"
    );
    let mut sink = pin!(on.copy_in::<_, Bytes>(&sql).await?);
    let mut bytes = BytesMut::with_capacity(CHUNK + CHUNK / 4);
    bytes.put_slice(HEADER);
    let mut hasher = RowHasher::default();
    for row in staged {
        write(&mut bytes, &row, &mut hasher);
        if bytes.len() >= CHUNK {
            sink.feed(bytes.split().freeze()).await?;
            bytes.reserve(CHUNK + CHUNK / 4);
        }
    }
    bytes.put_i16(-1);
    sink.feed(bytes.freeze()).await?;
    CopyInSink::finish(sink.as_mut()).await?;
    Ok(())
}

fn write(bytes: &mut BytesMut, row: &StagedRule<'_>, hasher: &mut RowHasher) {
    let StagedRule { place, target, scope, rule } = row;
    #[expect(clippy::cast_possible_truncation, reason = "a few columns")]
    bytes.put_i16(COLUMNS as i16);
    number(bytes, Some(*place));
    bytes.put_i32(1);
    bytes.put_u8(u8::from(rule.is_some()));
    number(bytes, Some(codes::rule_type(target.rule_type())));
    text(bytes, Some(target.identifier()));
    number(bytes, Some(*scope));
    let Some(rule) = rule else {
        for _ in 0..=WIDTH {
            number(bytes, None);
        }
        return;
    };
    let content = rows::content(rule);
    for value in content {
        match value {
            ContentValue::Integer(value) => number(bytes, value),
            ContentValue::Text(value) => text(bytes, value),
        }
    }
    number(bytes, Some(rows::rule_checksum(hasher, rule, &content, 0)));
}

fn number(bytes: &mut BytesMut, value: Option<i64>) {
    match value {
        Some(value) => {
            bytes.put_i32(8);
            bytes.put_i64(value);
        }
        None => bytes.put_i32(-1),
    }
}

fn text(bytes: &mut BytesMut, value: Option<&str>) {
    match value {
        Some(value) => {
            // Texts of rules are far shorter than the maximum.
            bytes.put_i32(i32::try_from(value.len()).unwrap_or(i32::MAX));
            bytes.put_slice(value.as_bytes());
        }
        None => bytes.put_i32(-1),
    }
}
