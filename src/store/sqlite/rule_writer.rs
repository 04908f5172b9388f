//! Writes the rules of a change. Rules that the change edits only once are sorted by key, so that
//! consecutive rules are close together in the index. One statement can insert [`CHUNK`] rules.

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection, OptionalExtension as _, Row, Statement};

use crate::rule::{Outcome, Rule, Target};
use crate::store::StoreResult;
use crate::store::change_plan::{
    ChangePlan, ChangeScopes, EditResults, NewRule, RowCounts, RuleEdit, stored_rule,
};
use crate::store::checksum::RowHasher;
use crate::store::sql::END_ROW;
use crate::store::sql::commit::RuleWriting;
use crate::store::sql::rows::{self, CONTENT, ContentValue, WIDTH};
use crate::store::sqlite::codes;
use crate::store::sqlite::database::numbered;

const CHUNK: usize = 100;
/// Parameters of one row, in addition to the revision that all rows share.
const PARAMETERS: usize = 4 + WIDTH;

impl RuleWriting for Connection {
    async fn write_rules(
        &self,
        revision: i64,
        plan: &mut ChangePlan<'_>,
    ) -> StoreResult<RowCounts> {
        if plan.single_rules.is_empty() && plan.rules.is_empty() {
            return Ok(RowCounts::default());
        }
        let planned = plan.rule_counts();
        let mut writer = RuleWriter::new(self, revision, &plan.scopes, &mut plan.results)?;
        writer.write_single(std::mem::take(&mut plan.single_rules))?;
        for row in std::mem::take(&mut plan.rules) {
            let (target, number) = row.key;
            let Some(scope) = writer.scopes.id(number) else { continue };
            if row.ended
                && let Some((id, ())) = find(&mut writer.find, target, scope, |_| Ok(()))?
            {
                writer.end.execute((revision, id))?;
            }
            if let Some(rule) = row.inserted {
                writer.insert(scope, rule)?;
            }
        }
        let mut counts = writer.finish()?;
        counts += planned;
        Ok(counts)
    }
}

struct RuleWriter<'c, 'e, 's> {
    revision: i64,
    scopes: &'s ChangeScopes,
    results: &'s mut EditResults,
    /// Rows with a greater ID were written by this change.
    newest: i64,
    /// Rules to insert, with the IDs of their scopes.
    waiting: Vec<(i64, NewRule<'e>)>,
    /// Whether most rules of the last chunk were already stored.
    mostly_stored: bool,
    /// The rows that were inserted or ended for rules that the change edits only once.
    counts: RowCounts,
    insert: CachedStatement<'c>,
    insert_chunk: CachedStatement<'c>,
    find: CachedStatement<'c>,
    end: CachedStatement<'c>,
}

impl<'c, 'e, 's> RuleWriter<'c, 'e, 's> {
    fn new(
        connection: &'c Connection,
        revision: i64,
        scopes: &'s ChangeScopes,
        results: &'s mut EditResults,
    ) -> rusqlite::Result<Self> {
        let newest = "SELECT ifnull(max(id), 0) FROM rule";
        let end = numbered(&format!("UPDATE rule SET {END_ROW} WHERE id = $2"));
        Ok(Self {
            revision,
            scopes,
            results,
            newest: connection.query_one(newest, [], |row| row.get(0))?,
            waiting: Vec::with_capacity(CHUNK),
            mostly_stored: false,
            counts: RowCounts::default(),
            insert: connection.prepare_cached(&insertion(1))?,
            insert_chunk: connection.prepare_cached(&insertion(CHUNK))?,
            find: connection.prepare_cached(&format!(
                "SELECT id, {CONTENT} FROM rule
                 WHERE rule_type = ? AND identifier = ? AND scope = ? AND ended IS NULL"
            ))?,
            end: connection.prepare_cached(&end)?,
        })
    }

    fn write_single(&mut self, edits: Vec<RuleEdit<'e>>) -> StoreResult<()> {
        let mut chunk = Vec::with_capacity(CHUNK);
        for edit in edits {
            if edit.wanted.rule().is_none() {
                self.edit(edit)?;
                continue;
            }
            chunk.push(edit);
            if chunk.len() == CHUNK {
                self.put_chunk(&chunk)?;
                chunk.clear();
            }
        }
        for edit in chunk {
            self.edit(edit)?;
        }
        Ok(())
    }

    /// Puts a chunk of rules. First tries to insert all of them with one statement, unless most
    /// rules of the previous chunk were already stored.
    fn put_chunk(&mut self, chunk: &[RuleEdit<'e>]) -> StoreResult<()> {
        if !self.mostly_stored {
            let new = chunk.iter().filter_map(|edit| {
                Some((self.scopes.id(edit.scope)?, NewRule::Given(edit.wanted.rule()?)))
            });
            let new: Vec<(i64, NewRule<'e>)> = new.collect();
            if insert(&mut self.insert_chunk, self.revision, &new)? == chunk.len() {
                for edit in chunk {
                    self.results.outcomes[edit.edit] = Outcome::Added;
                }
                self.counts.inserted += new.len() as u64;
                return Ok(());
            }
        }
        let mut stored = 0;
        for edit in chunk {
            stored += usize::from(self.edit(*edit)?);
        }
        self.mostly_stored = stored * 2 > chunk.len();
        Ok(())
    }

    /// Applies the edit of a rule, which may already have been inserted with its chunk. Returns
    /// whether a rule with this key was stored before the change.
    fn edit(
        &mut self,
        RuleEdit { edit, target, scope, wanted }: RuleEdit<'e>,
    ) -> StoreResult<bool> {
        // A scope without an ID has no rules to remove.
        let Some(id) = self.scopes.id(scope) else { return Ok(false) };
        let (newest, named) = (self.newest, self.scopes.scope(scope));
        let content = wanted.rule().map(rows::content);
        let read = |row: &Row<'_>| -> rusqlite::Result<Found> {
            Ok(if row.get::<_, i64>(0)? > newest {
                Found::New
            } else if let Some(content) = &content
                && has_content(row, 1, content)?
            {
                Found::Same
            } else {
                Found::Other(rows::rule_of(row, 1, target.clone(), named.clone()))
            })
        };
        match find(&mut self.find, target, id, read)? {
            None => {
                if let Some(rule) = wanted.rule() {
                    self.results.outcomes[edit] = Outcome::Added;
                    self.counts.inserted += 1;
                    self.insert(id, NewRule::Given(rule))?;
                }
                return Ok(false);
            }
            Some((_, Found::New)) => {
                self.results.outcomes[edit] = Outcome::Added;
                self.counts.inserted += 1;
                return Ok(false);
            }
            Some((_, Found::Same)) => self.results.outcomes[edit] = Outcome::Unchanged,
            Some((row, Found::Other(read))) => {
                let stored = stored_rule(read)?;
                if let Some(new) = self.results.replace_rule(&stored, edit, wanted) {
                    self.end.execute((self.revision, row))?;
                    self.counts.ended += 1;
                    if let Some(rule) = new {
                        self.counts.inserted += 1;
                        self.counts.replaced += 1;
                        self.insert(id, rule)?;
                    }
                }
            }
        }
        Ok(true)
    }

    /// Queues a rule whose key has no active row. A full queue is inserted with one statement.
    fn insert(&mut self, scope: i64, rule: NewRule<'e>) -> rusqlite::Result<()> {
        self.waiting.push((scope, rule));
        if self.waiting.len() == CHUNK {
            insert(&mut self.insert_chunk, self.revision, &self.waiting)?;
            self.waiting.clear();
        }
        Ok(())
    }

    fn finish(mut self) -> rusqlite::Result<RowCounts> {
        for waiting in &self.waiting {
            insert(&mut self.insert, self.revision, std::slice::from_ref(waiting))?;
        }
        Ok(self.counts)
    }
}

/// An active row of an edited rule.
#[expect(clippy::large_enum_variant, reason = "there is one at a time")]
enum Found {
    /// This change inserted the row.
    New,
    /// The row already has the wanted content. To save time, no rule is built from the row: in a
    /// repeated import, most rows stay the same.
    Same,
    Other(StoreResult<Rule>),
}

fn insertion(rows: usize) -> String {
    let row = format!("(?1{})", ", ?".repeat(PARAMETERS));
    let rows = vec![row; rows].join(", ");
    format!(
        "INSERT INTO rule (made, rule_type, identifier, scope, checksum, {CONTENT}) VALUES {rows}
         ON CONFLICT DO NOTHING"
    )
}

/// Inserts the rules whose key has no active row, and returns their number.
fn insert(
    statement: &mut Statement<'_>,
    revision: i64,
    rules: &[(i64, NewRule<'_>)],
) -> rusqlite::Result<usize> {
    statement.raw_bind_parameter(1, revision)?;
    let (mut parameter, mut hasher) = (2, RowHasher::default());
    let mut bind = |value: ValueRef<'_>| {
        statement.raw_bind_parameter(parameter, ToSqlOutput::Borrowed(value))?;
        parameter += 1;
        Ok::<(), rusqlite::Error>(())
    };
    for (scope, rule) in rules {
        let (target, content) = (rule.target(), rows::content(rule));
        bind(ValueRef::Integer(codes::rule_type(target.rule_type())))?;
        bind(ValueRef::Text(target.identifier().as_bytes()))?;
        bind(ValueRef::Integer(*scope))?;
        bind(ValueRef::Integer(rows::rule_checksum(&mut hasher, rule, &content, revision)))?;
        content.into_iter().map(value_ref).try_for_each(&mut bind)?;
    }
    statement.raw_execute()
}

/// Finds the active row of a key, and returns its ID and the result of `read`.
fn find<T>(
    statement: &mut Statement<'_>,
    target: &Target,
    scope: i64,
    read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<Option<(i64, T)>> {
    let key = (codes::rule_type(target.rule_type()), target.identifier(), scope);
    statement.query_row(key, |row| Ok((row.get(0)?, read(row)?))).optional()
}

fn value_ref(value: ContentValue<'_>) -> ValueRef<'_> {
    match value {
        ContentValue::Integer(number) => number.map_or(ValueRef::Null, ValueRef::Integer),
        ContentValue::Text(text) => {
            text.map_or(ValueRef::Null, |text| ValueRef::Text(text.as_bytes()))
        }
    }
}

/// Whether the columns from `first` on contain exactly this content.
fn has_content(
    row: &Row<'_>,
    first: usize,
    content: &[ContentValue<'_>; WIDTH],
) -> rusqlite::Result<bool> {
    for (place, wanted) in content.iter().enumerate() {
        if row.get_ref(first + place)? != value_ref(*wanted) {
            return Ok(false);
        }
    }
    Ok(true)
}
