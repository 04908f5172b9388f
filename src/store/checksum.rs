//! Checksums of rules, settings and tags. nicelist checks them before it serves rows to hosts, to
//! find rows that another program altered.
//!
//! The stored number is the hash of the row's content and of its scope, if it has one, combined by
//! XOR with the revisions that created and ended the row. Therefore nicelist can end a row without
//! reading it again. SQLite and PostgreSQL store the same number, so a row that is copied between
//! them keeps its checksum.

use xxhash_rust::xxh3::xxh3_64;

#[derive(Default)]
pub(super) struct RowHasher {
    bytes: Vec<u8>,
}

impl RowHasher {
    /// Adds a number, or its absence.
    pub(super) fn integer(&mut self, value: Option<i64>) -> &mut Self {
        match value {
            Some(value) => {
                self.bytes.push(1);
                self.bytes.extend(value.to_le_bytes());
            }
            None => self.bytes.push(0),
        }
        self
    }

    /// Adds a text, or its absence.
    pub(super) fn text(&mut self, value: Option<&[u8]>) -> &mut Self {
        match value {
            Some(value) => {
                self.bytes.push(2);
                self.bytes.extend(value.len().to_le_bytes());
                self.bytes.extend(value);
            }
            None => self.bytes.push(0),
        }
        self
    }

    /// Adds a mark for a value of a type that nicelist never stores.
    pub(super) fn foreign(&mut self) -> &mut Self {
        self.bytes.push(3);
        self
    }

    /// The hash of the values added since the last call, combined with the revision that created
    /// the row.
    pub(super) fn finish(&mut self, made: i64) -> i64 {
        let hash = xxh3_64(&self.bytes).cast_signed() ^ made;
        self.bytes.clear();
        hash
    }
}

/// Combines a row's checksum with the revision that ended the row, if it has ended.
pub(super) fn ended(checksum: i64, ended: Option<i64>) -> i64 {
    checksum ^ ended.unwrap_or(0)
}

/// Maximum rows listed in a message about damage.
const NAMED: usize = 5;

/// Rows whose checksum is wrong.
#[derive(Default)]
pub(super) struct Damage {
    rows: Vec<String>,
    count: u64,
}

impl Damage {
    pub(super) fn add(&mut self, table: &str, id: i64, about: &str) {
        self.count += 1;
        if self.rows.len() < NAMED {
            let about: String =
                about.chars().filter(|letter| !letter.is_control()).take(80).collect();
            self.rows.push(format!("{table} {id} ({about})"));
        }
    }

    pub(super) fn describe(&self) -> Option<String> {
        let rows = self.rows.join(", ");
        let more = self.count.saturating_sub(NAMED as u64);
        match (self.count, more) {
            (0, _) => None,
            (1, _) => Some(format!("the checksum of {rows} is wrong")),
            (_, 0) => Some(format!("the checksums of {rows} are wrong")),
            (_, more) => Some(format!("the checksums of {rows} and {more} more are wrong")),
        }
    }

    pub(super) fn into_result(self) -> super::StoreResult<()> {
        self.describe().map_or(Ok(()), |what| Err(super::StoreError::Damaged(what)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn l8_a_row_is_ended_without_reading_it_again() {
        let mut hasher = RowHasher::default();
        let row = |hasher: &mut RowHasher| {
            hasher.integer(Some(4)).text(Some(b"EQHXZ8M8AV")).text(None).finish(7)
        };
        let live = row(&mut hasher);
        assert_eq!(live, row(&mut RowHasher::default()), "a hasher begins again after each row");
        assert_ne!(ended(live, Some(9)), live);
        assert_eq!(ended(ended(live, Some(9)), Some(9)), live);
    }
}
