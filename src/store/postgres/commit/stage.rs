//! The session's table of how rules shall be, and how it is filled: by one stream of bytes.

use std::pin::pin;

use bytes::{BufMut, Bytes, BytesMut};
use deadpool_postgres::Transaction;
use futures_util::SinkExt as _;
use tokio_postgres::CopyInSink;

use crate::rule::{Rule, Target};
use crate::store::StoreResult;
use crate::store::checksum::RowHasher;
use crate::store::postgres::codes;
use crate::store::postgres::rows::{self, CONTENT, Content, WIDTH};

/// The table, made once a session, with room for a large import beside the disk.
pub(in crate::store::postgres) const STAGE: &str = "SET temp_buffers = '256MB';
    CREATE TEMPORARY TABLE rule_stage (
        place bigint NOT NULL, put boolean NOT NULL,
        rule_type bigint NOT NULL, identifier text COLLATE \"C\" NOT NULL, scope bigint NOT NULL,
        policy bigint, cel text COLLATE \"C\", message text COLLATE \"C\", url text COLLATE \"C\",
        button_label text COLLATE \"C\", app_name text COLLATE \"C\",
        bundle_hash text COLLATE \"C\", bundle_count bigint, comment text COLLATE \"C\",
        ticket text COLLATE \"C\", source text COLLATE \"C\", expires bigint, checksum bigint
    ) ON COMMIT DELETE ROWS;";

/// Bytes that are sent at once.
const CHUNK: usize = 64 * 1024;
/// What a stream of PostgreSQL's binary format begins with: its mark, no flags, no extension.
const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
/// Columns of a row: place, put, and the key, before the content; the checksum behind it.
const COLUMNS: usize = 6 + WIDTH;

/// How the rule of a key shall be.
pub(super) struct Staged<'a> {
    /// Its number among the rows of the table.
    pub(super) place: i64,
    /// The key's target.
    pub(super) target: &'a Target,
    /// The key's scope.
    pub(super) scope: i64,
    /// The rule, or none.
    pub(super) rule: Option<&'a Rule>,
}

/// Empties the table.
pub(super) async fn clear(on: &Transaction<'_>) -> StoreResult<()> {
    Ok(on.batch_execute("TRUNCATE rule_stage").await?)
}

/// Streams what shall be into the table.
pub(super) async fn fill<'a>(
    on: &Transaction<'_>,
    staged: impl Iterator<Item = Staged<'a>>,
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

fn write(bytes: &mut BytesMut, row: &Staged<'_>, hasher: &mut RowHasher) {
    let Staged { place, target, scope, rule } = row;
    #[expect(clippy::cast_possible_truncation, reason = "a few columns")]
    bytes.put_i16(COLUMNS as i16);
    number(bytes, Some(*place));
    bytes.put_i32(1);
    bytes.put_u8(u8::from(rule.is_some()));
    number(bytes, Some(codes::rule_type(target.rule_type())));
    text(bytes, Some(target.identifier()));
    number(bytes, Some(*scope));
    let Content {
        policy,
        cel,
        message,
        url,
        button_label,
        app_name,
        bundle_hash,
        bundle_count,
        comment,
        ticket,
        source,
        expires,
    } = rule.map(rows::content).unwrap_or_default();
    number(bytes, policy);
    for value in [cel, message, url, button_label, app_name, bundle_hash] {
        text(bytes, value);
    }
    number(bytes, bundle_count);
    for value in [comment, ticket, source] {
        text(bytes, value);
    }
    number(bytes, expires);
    number(bytes, rule.map(|rule| rows::checksum(hasher, target, rule)));
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
            // No text of a rule comes near the largest length.
            bytes.put_i32(i32::try_from(value.len()).unwrap_or(i32::MAX));
            bytes.put_slice(value.as_bytes());
        }
        None => bytes.put_i32(-1),
    }
}
