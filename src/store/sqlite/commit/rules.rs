//! Rule edits, many at once. Sorted by key they touch each page of the index once, and a
//! hundred rows go into one statement.

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection, OptionalExtension as _, Row, Statement};

use super::slots::{Slot, Slots};
use super::{END, Version};
use crate::rule::{Outcome, Rule, Scope, Target};
use crate::store::checksum::RowHasher;
use crate::store::quarantine::listed;
use crate::store::rule_edits::{self, Current, NewRule, Wanted};
use crate::store::sqlite::codes;
use crate::store::sqlite::rows::{self, CONTENT, WIDTH};
use crate::store::{RuleDifference, StoreResult};

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
    /// What is to be in force.
    pub(super) wanted: Wanted<'a>,
}

/// Writes edits of one change.
pub(super) struct RuleWriter<'c, 'e, 's> {
    connection: &'c Connection,
    revision: i64,
    scopes: &'s mut Slots<'e>,
    outcomes: &'s mut [Outcome],
    differences: &'s mut Vec<RuleDifference>,
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
        differences: &'s mut Vec<RuleDifference>,
    ) -> rusqlite::Result<Self> {
        let newest = "SELECT ifnull(max(id), 0) FROM rule";
        Ok(Self {
            connection,
            revision,
            scopes,
            outcomes,
            differences,
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
    pub(super) fn write(mut self, mut edits: Vec<RuleEdit<'e>>) -> StoreResult<i64> {
        edits
            .sort_unstable_by(|a, b| (a.target, a.slot, a.place).cmp(&(b.target, b.slot, b.place)));
        let mut chunk = Vec::with_capacity(CHUNK);
        let same_key =
            |a: &RuleEdit<'_>, b: &RuleEdit<'_>| a.slot == b.slot && a.target == b.target;
        for group in edits.chunk_by(same_key) {
            match group {
                [RuleEdit { place, slot, wanted, .. }] if wanted.rule().is_some() => {
                    let scope = self.scopes.intern(self.connection, *slot)?;
                    chunk.push(Single { place: *place, scope, wanted: *wanted });
                }
                several => self.write_several(several)?,
            }
            if chunk.len() == CHUNK {
                self.put_chunk(&chunk)?;
                chunk.clear();
            }
        }
        for single in chunk {
            self.put(single)?;
        }
        for put in &self.waiting {
            insert(&mut self.insert, self.revision, std::slice::from_ref(put))?;
        }
        Ok(self.altered)
    }

    /// Puts rules for different keys. Where most keys are new, inserting comes before asking.
    fn put_chunk(&mut self, chunk: &[Single<'e>]) -> StoreResult<()> {
        if !self.crowded {
            let puts: Vec<Put<'e>> = chunk.iter().filter_map(|single| single.added()).collect();
            if insert(&mut self.insert_chunk, self.revision, &puts)? == chunk.len() {
                for single in chunk {
                    self.outcomes[single.place] = Outcome::Added;
                }
                self.altered += codes::limit(chunk.len());
                return Ok(());
            }
        }
        let mut found = 0;
        for single in chunk {
            found += usize::from(self.put(*single)?);
        }
        self.crowded = found * 2 > chunk.len();
        Ok(())
    }

    /// Puts a rule that may have been inserted. True if its key had another before.
    fn put(&mut self, single: Single<'e>) -> StoreResult<bool> {
        let Some(Put { scope, rule }) = single.added() else { return Ok(false) };
        let wanted = rows::content(&rule);
        let (target, newest) = (rule.target(), self.newest);
        // A row is read only if it differs: most rows of an import do not.
        let read = |row: &Row<'_>| -> rusqlite::Result<Option<StoreResult<Rule>>> {
            let is_ours = row.get::<_, i64>(0)? > newest;
            Ok(if is_ours || rows::holds(row, 2, &wanted)? {
                None
            } else {
                Some(rows::rule_for(row, 2, target.clone(), rule.scope().clone()))
            })
        };
        let Some((live, before)) = find(&mut self.find, target, scope, read)? else {
            self.outcomes[single.place] = Outcome::Added;
            self.insert(Put { scope, rule })?;
            return Ok(false);
        };
        if live.id > self.newest {
            self.outcomes[single.place] = Outcome::Added;
            self.altered += 1;
            return Ok(false);
        }
        match before {
            None => self.outcomes[single.place] = Outcome::Unchanged,
            Some(before) => {
                let before = Current::read(listed(before)?);
                self.replace(Some(live), before, scope, [(single.place, single.wanted)])?;
            }
        }
        Ok(true)
    }

    /// Makes what is not a single rule to put: several edits of one key, or a removal.
    fn write_several(&mut self, group: &[RuleEdit<'e>]) -> StoreResult<()> {
        let [.., last] = group else { return Ok(()) };
        let named: &Scope = self.scopes.scope(last.slot);
        let read = |row: &Row<'_>| Ok(rows::rule_for(row, 2, last.target.clone(), named.clone()));
        let stored = match self.scopes.id(last.slot) {
            Some(scope) => find(&mut self.find, last.target, scope, read)?,
            None => None,
        };
        let (live, before) = match stored {
            Some((live, rule)) => (Some(live), Current::read(listed(rule)?)),
            None => (None, Current::Nothing),
        };
        let scope = match last.wanted {
            Wanted::Nothing => self.scopes.id(last.slot).unwrap_or_default(),
            Wanted::Rule(_) | Wanted::Merge(_) => self.scopes.intern(self.connection, last.slot)?,
        };
        let edits = group.iter().map(|edit| (edit.place, edit.wanted));
        self.replace(live, before, scope, edits)
    }

    /// Makes edits of one key, and writes what they come to in place of the row in force.
    fn replace(
        &mut self,
        live: Option<Version>,
        before: Current<'e>,
        scope: i64,
        edits: impl IntoIterator<Item = (usize, Wanted<'e>)>,
    ) -> StoreResult<()> {
        let result = rule_edits::apply(before, edits, self.outcomes, self.differences);
        if !result.is_changed {
            return Ok(());
        }
        if let Some(live) = live {
            self.end(live)?;
        }
        if let Current::Rule(rule) = result.after {
            self.insert(Put { scope, rule })?;
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

/// The only edit of a key, which puts a rule in a scope that has an id.
#[derive(Clone, Copy)]
struct Single<'e> {
    place: usize,
    scope: i64,
    wanted: Wanted<'e>,
}

impl<'e> Single<'e> {
    /// What is inserted if the key has no rule in force.
    fn added(&self) -> Option<Put<'e>> {
        let rule = NewRule::Given(self.wanted.rule()?);
        Some(Put { scope: self.scope, rule })
    }
}

/// A rule to insert.
struct Put<'e> {
    scope: i64,
    rule: NewRule<'e>,
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
        bind(ValueRef::Integer(rows::checksum(&mut hasher, &put.rule, revision)))?;
        rows::content(&put.rule).into_iter().try_for_each(&mut bind)?;
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
