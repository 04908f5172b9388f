//! Rule edits, many at once. Sorted by key they touch each page of the index once, and a
//! hundred rows go into one statement.

use rusqlite::types::{ToSqlOutput, Value, ValueRef};
use rusqlite::{CachedStatement, Connection, OptionalExtension as _, Row, Statement};

use super::slots::{Slot, Slots};
use super::{END, Version, transition};
use crate::rule::{Outcome, Rule, Target};
use crate::store::checksum::RowHasher;
use crate::store::sqlite::codes;
use crate::store::sqlite::rows::{self, CONTENT, Content, WIDTH};

/// Rows of one INSERT.
const CHUNK: usize = 100;
/// Parameters of one row, besides the revision that all share.
const PARAMETERS: usize = 4 + WIDTH;

/// One edit: the rule that shall be in force for a key, or none.
pub(super) struct RuleEdit<'a> {
    /// Whose place it is among the change's edits.
    pub(super) place: usize,
    /// The key's target.
    pub(super) target: &'a Target,
    /// The key's scope.
    pub(super) slot: Slot,
    /// The rule.
    pub(super) rule: Option<&'a Rule>,
}

/// Writes edits of one change.
pub(super) struct RuleWriter<'c, 'e, 's> {
    connection: &'c Connection,
    revision: i64,
    scopes: &'s mut Slots<'e>,
    outcomes: &'s mut [Outcome],
    /// Rows with a greater id are of this writer.
    newest: i64,
    /// Rules that are yet to be inserted.
    waiting: Vec<Put<'e>>,
    /// Whether most keys of late had a rule already.
    crowded: bool,
    /// How many rows of this revision there are more than before.
    altered: i64,
    insert: CachedStatement<'c>,
    insert_chunk: CachedStatement<'c>,
    find: CachedStatement<'c>,
    end: CachedStatement<'c>,
    delete: CachedStatement<'c>,
}

impl<'c, 'e, 's> RuleWriter<'c, 'e, 's> {
    /// A writer for the revision that is being made.
    pub(super) fn new(
        connection: &'c Connection,
        revision: i64,
        scopes: &'s mut Slots<'e>,
        outcomes: &'s mut [Outcome],
    ) -> rusqlite::Result<Self> {
        let newest = "SELECT ifnull(max(id), 0) FROM rule";
        Ok(Self {
            connection,
            revision,
            scopes,
            outcomes,
            newest: connection.query_one(newest, [], |row| row.get(0))?,
            waiting: Vec::with_capacity(CHUNK),
            crowded: false,
            altered: 0,
            insert: connection.prepare_cached(&insertion(1))?,
            insert_chunk: connection.prepare_cached(&insertion(CHUNK))?,
            find: connection.prepare_cached(&format!(
                "SELECT id, made, {CONTENT} FROM rule
                 WHERE rule_type = ? AND identifier = ? AND scope = ? AND ended IS NULL"
            ))?,
            end: connection.prepare_cached(&format!("UPDATE rule SET {END} WHERE id = ?2"))?,
            delete: connection.prepare_cached("DELETE FROM rule WHERE id = ?")?,
        })
    }

    /// Makes the edits, of which the last for each key decides, and says by how many rows the
    /// revision grew.
    pub(super) fn write(mut self, mut edits: Vec<RuleEdit<'e>>) -> rusqlite::Result<i64> {
        edits
            .sort_unstable_by(|a, b| (a.target, a.slot, a.place).cmp(&(b.target, b.slot, b.place)));
        let mut chunk = Vec::with_capacity(CHUNK);
        let same_key =
            |a: &RuleEdit<'_>, b: &RuleEdit<'_>| a.slot == b.slot && a.target == b.target;
        for group in edits.chunk_by(same_key) {
            match group {
                [RuleEdit { place, slot, rule: Some(rule), .. }] => {
                    let scope = self.scopes.intern(self.connection, *slot)?;
                    chunk.push(Put { place: *place, scope, rule });
                }
                several => self.write_several(several)?,
            }
            if chunk.len() == CHUNK {
                self.put_chunk(&chunk)?;
                chunk.clear();
            }
        }
        for put in chunk {
            self.put(put)?;
        }
        for put in &self.waiting {
            insert(&mut self.insert, self.revision, std::slice::from_ref(put))?;
        }
        Ok(self.altered)
    }

    /// Puts rules for different keys. Where most keys are new, inserting comes before asking.
    fn put_chunk(&mut self, chunk: &[Put<'e>]) -> rusqlite::Result<()> {
        if !self.crowded && insert(&mut self.insert_chunk, self.revision, chunk)? == chunk.len() {
            for put in chunk {
                self.outcomes[put.place] = Outcome::Added;
            }
            self.altered += codes::limit(chunk.len());
            return Ok(());
        }
        let mut found = 0;
        for put in chunk {
            found += usize::from(self.put(*put)?);
        }
        self.crowded = found * 2 > chunk.len();
        Ok(())
    }

    /// Puts a rule that may have been inserted. True if its key had another before.
    fn put(&mut self, put: Put<'e>) -> rusqlite::Result<bool> {
        let wanted = rows::content(put.rule);
        let target = put.rule.target();
        let same = |row: &Row<'_>| rows::holds(row, 2, &wanted);
        let outcome = match find(&mut self.find, target, put.scope, same)? {
            None => {
                self.insert(put)?;
                Outcome::Added
            }
            Some((live, _)) if live.id > self.newest => {
                self.altered += 1;
                Outcome::Added
            }
            Some((_, true)) => Outcome::Unchanged,
            Some((live, false)) => {
                self.end(live)?;
                self.insert(put)?;
                Outcome::Changed
            }
        };
        self.outcomes[put.place] = outcome;
        Ok(outcome != Outcome::Added)
    }

    /// Makes what is no single PutRule: several edits of one key, or a DropRule.
    fn write_several(&mut self, group: &[RuleEdit<'e>]) -> rusqlite::Result<()> {
        let [.., last] = group else { return Ok(()) };
        let stored = match self.scopes.id(last.slot) {
            Some(scope) => find(&mut self.find, last.target, scope, owned)?,
            None => None,
        };
        let before = stored.as_ref().map(|(_, values)| borrowed(values));
        let mut now = before;
        for edit in group {
            let wanted = edit.rule.map(rows::content);
            self.outcomes[edit.place] = transition(now.as_ref(), wanted.as_ref());
            now = wanted;
        }
        if now == before {
            return Ok(());
        }
        if let Some((live, _)) = &stored {
            self.end(*live)?;
        }
        if let Some(rule) = last.rule {
            let scope = self.scopes.intern(self.connection, last.slot)?;
            self.insert(Put { place: last.place, scope, rule })?;
        }
        Ok(())
    }

    /// Inserts a rule whose key has none in force, when enough of them wait.
    fn insert(&mut self, put: Put<'e>) -> rusqlite::Result<()> {
        self.altered += 1;
        self.waiting.push(put);
        if self.waiting.len() == CHUNK {
            insert(&mut self.insert_chunk, self.revision, &self.waiting)?;
            self.waiting.clear();
        }
        Ok(())
    }

    fn end(&mut self, live: Version) -> rusqlite::Result<()> {
        self.altered += live.end(self.revision, &mut self.end, &mut self.delete)?;
        Ok(())
    }
}

/// A rule to put in a scope that has an id.
#[derive(Clone, Copy)]
struct Put<'a> {
    place: usize,
    scope: i64,
    rule: &'a Rule,
}

fn insertion(rows: usize) -> String {
    let row = format!("(?1{})", ", ?".repeat(PARAMETERS));
    let rows = vec![row; rows].join(", ");
    format!(
        "INSERT INTO rule (made, rule_type, identifier, scope, checksum, {CONTENT}) VALUES {rows}
         ON CONFLICT DO NOTHING"
    )
}

/// Inserts the rules whose key has none in force, and says how many.
fn insert(
    statement: &mut Statement<'_>,
    revision: i64,
    puts: &[Put<'_>],
) -> rusqlite::Result<usize> {
    statement.raw_bind_parameter(1, revision)?;
    let (mut parameter, mut hasher) = (2, RowHasher::default());
    let mut bind = |value: ValueRef<'_>| {
        statement.raw_bind_parameter(parameter, ToSqlOutput::Borrowed(value))?;
        parameter += 1;
        Ok::<(), rusqlite::Error>(())
    };
    for put in puts {
        let target = put.rule.target();
        bind(ValueRef::Integer(codes::rule_type(target.rule_type())))?;
        bind(ValueRef::Text(target.identifier().as_bytes()))?;
        bind(ValueRef::Integer(put.scope))?;
        bind(ValueRef::Integer(rows::checksum(&mut hasher, put.rule, revision)))?;
        rows::content(put.rule).into_iter().try_for_each(&mut bind)?;
    }
    statement.raw_execute()
}

/// Finds the row in force for a key and reads what `read` wants of it.
fn find<T>(
    statement: &mut Statement<'_>,
    target: &Target,
    scope: i64,
    read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<Option<(Version, T)>> {
    let key = (codes::rule_type(target.rule_type()), target.identifier(), scope);
    statement
        .query_row(key, |row| Ok((Version { id: row.get(0)?, made: row.get(1)? }, read(row)?)))
        .optional()
}

fn owned(row: &Row<'_>) -> rusqlite::Result<Vec<Value>> {
    (0..WIDTH).map(|place| row.get(2 + place)).collect()
}

fn borrowed(values: &[Value]) -> Content<'_> {
    std::array::from_fn(|place| values.get(place).map_or(ValueRef::Null, ValueRef::from))
}
