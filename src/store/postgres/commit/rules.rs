//! Rule edits, many at once: streamed into a table of the session, and compared and written there
//! by a few statements, however many there are. Sorted by key they touch each page of the index
//! once.

use std::pin::pin;

use deadpool_postgres::Transaction;
use futures_util::TryStreamExt as _;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use super::slots::{Slot, Slots};
use super::stage::{self, Staged};
use crate::rule::{Counts, Outcome, Target};
use crate::store::postgres::rows::{self, CONTENT, Text, content_of};
use crate::store::postgres::{codes, filter, query};
use crate::store::quarantine::listed;
use crate::store::rule_edits::{self, Current, NewRule, Wanted};
use crate::store::{RuleDifference, StoreResult};

/// From so many rows on, how to find those that they replace is the planner's to say. Fewer are
/// looked for one by one: of what the session's table holds the planner knows nothing.
const MANY: usize = 5_000;

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

/// Where outcomes and differences of edits are noted.
pub(super) struct Notes<'a> {
    pub(super) outcomes: &'a mut [Outcome],
    pub(super) differences: &'a mut Vec<RuleDifference>,
}

/// What is to be in force for one key.
struct Entry<'e> {
    /// The only edit of the key. Nothing if the outcomes of its edits are known.
    edit: Option<(usize, Wanted<'e>)>,
    target: &'e Target,
    slot: Slot,
    scope: i64,
    rule: Option<NewRule<'e>>,
}

impl Entry<'_> {
    fn staged(&self, index: usize) -> Staged<'_> {
        let Self { edit: _, target, slot: _, scope, rule } = self;
        Staged { place: codes::limit(index), target, scope: *scope, rule: rule.as_deref() }
    }
}

/// Makes the edits, of which the last for each key decides, and says what that did to rows.
/// `again` if the change has made others before.
pub(super) async fn write<'e>(
    on: &Transaction<'_>,
    revision: i64,
    scopes: &mut Slots<'e>,
    mut edits: Vec<RuleEdit<'e>>,
    mut notes: Notes<'_>,
    again: bool,
) -> StoreResult<Written> {
    edits.sort_unstable_by(|a, b| (a.target, a.slot, a.place).cmp(&(b.target, b.slot, b.place)));
    let entries = entries(on, scopes, &edits, &mut notes).await?;
    if entries.is_empty() {
        return Ok(Written::default());
    }
    if again {
        stage::clear(on).await?;
    }
    let rows = entries.iter().enumerate().map(|(index, entry)| entry.staged(index));
    stage::fill(on, rows).await?;
    Writer { on, scopes, entries, notes }.write(revision, again).await
}

/// What is to be in force for each key that may change. Several edits of one key are made here.
async fn entries<'e>(
    on: &Transaction<'_>,
    scopes: &mut Slots<'e>,
    edits: &[RuleEdit<'e>],
    Notes { outcomes, differences }: &mut Notes<'_>,
) -> StoreResult<Vec<Entry<'e>>> {
    let same_key = |a: &RuleEdit<'_>, b: &RuleEdit<'_>| a.slot == b.slot && a.target == b.target;
    let groups: Vec<&[RuleEdit<'e>]> = edits.chunk_by(same_key).collect();
    let several: Vec<_> = groups.iter().copied().filter(|group| group.len() > 1).collect();
    let mut stored = in_force(on, scopes, &several).await?.into_iter();
    let mut entries = Vec::with_capacity(groups.len());
    for group in groups {
        let [.., last] = group else { continue };
        let mut edit = Some((last.place, last.wanted));
        let mut rule = last.wanted.rule().map(NewRule::Given);
        if group.len() > 1 {
            let before = stored.next().unwrap_or(Current::Nothing);
            let made = group.iter().map(|edit| (edit.place, edit.wanted));
            let result = rule_edits::apply(before, made, outcomes, differences);
            if !result.is_changed {
                continue;
            }
            edit = None;
            rule = match result.after {
                Current::Rule(rule) => Some(rule),
                Current::Nothing | Current::Unreadable => None,
            };
        } else if rule.is_some() {
            outcomes[last.place] = Outcome::Added;
        }
        let scope = match (&rule, scopes.id(last.slot)) {
            (_, Some(scope)) => scope,
            (Some(_), None) => scopes.intern(on, last.slot).await?,
            (None, None) => continue,
        };
        entries.push(Entry { edit, target: last.target, slot: last.slot, scope, rule });
    }
    Ok(entries)
}

/// The rules in force for the keys of some groups, in their order.
async fn in_force<'e>(
    on: &Transaction<'_>,
    scopes: &Slots<'_>,
    groups: &[&[RuleEdit<'_>]],
) -> StoreResult<Vec<Current<'e>>> {
    let mut found = vec![Current::Nothing; groups.len()];
    let keys = groups.iter().zip(0_i64..).filter_map(|(group, place)| {
        let first = group.first()?;
        Some((place, first.target, scopes.id(first.slot)?))
    });
    let (mut places, mut types, mut names, mut ids) = (vec![], vec![], vec![], vec![]);
    for (place, target, scope) in keys {
        places.push(place);
        types.push(codes::rule_type(target.rule_type()));
        names.push(Text(target.identifier()));
        ids.push(scope);
    }
    if places.is_empty() {
        return Ok(found);
    }
    let sql = format!(
        "SELECT n.place, s.id, s.kind, s.name, r.rule_type, r.identifier, {}
         FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::bigint[])
                  AS n (place, rule_type, identifier, scope)
              JOIN rule AS r ON r.rule_type = n.rule_type AND r.identifier = n.identifier
                            AND r.scope = n.scope AND r.ended IS NULL
              JOIN scope AS s ON s.id = r.scope",
        content_of("r")
    );
    let mut scopes = crate::store::postgres::scopes::Scopes::default();
    for row in &query(on, &sql, &[&places, &types, &names, &ids]).await? {
        let rule = scopes.read(row, 1).and_then(|scope| rows::rule(row, 4, scope));
        if let Some(entry) = found.get_mut(place(row.try_get(0)?)?) {
            *entry = Current::read(listed(rule)?);
        }
    }
    Ok(found)
}

/// Where two tables speak of the same rule in force.
const SAME_KEY: &str = "o.rule_type = n.rule_type AND o.identifier = n.identifier
    AND o.scope = n.scope AND o.ended IS NULL";
const ONE_BY_ONE: &str = "SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off;
    SET LOCAL enable_mergejoin = off";
const AS_PLANNED: &str = "SET LOCAL enable_seqscan = on; SET LOCAL enable_hashjoin = on;
    SET LOCAL enable_mergejoin = on";
/// A join of many with many is made in memory, and the planner is told how many they are.
const MANY_AT_ONCE: &str = "SET LOCAL work_mem = '256MB'; ANALYZE rule_stage";

/// Writes what the session's table says.
struct Writer<'w, 't, 'e> {
    on: &'w Transaction<'t>,
    scopes: &'w Slots<'e>,
    entries: Vec<Entry<'e>>,
    notes: Notes<'w>,
}

impl Writer<'_, '_, '_> {
    /// Makes the rules in force what the session's table says, and says what that did to them.
    async fn write(mut self, revision: i64, again: bool) -> StoreResult<Written> {
        let on = self.on;
        let many = self.entries.len() >= MANY;
        on.batch_execute(if many { MANY_AT_ONCE } else { ONE_BY_ONE }).await?;
        let mut written = Written::default();
        let any = query(on, "SELECT 1 FROM rule WHERE ended IS NULL LIMIT 1", filter::NONE).await?;
        let mut left = self.entries.len();
        if !any.is_empty() {
            left = left.saturating_sub(self.drop_unchanged().await?);
        }
        if !any.is_empty() && left > 0 {
            left = left.saturating_sub(self.merge().await?);
        }
        if !any.is_empty() && left > 0 {
            if again {
                // No revision but this ever saw them.
                let sql = format!(
                    "WITH gone AS (DELETE FROM rule AS o USING rule_stage AS n
                                   WHERE {SAME_KEY} AND o.made = $1 RETURNING n.put)
                     {COUNTS}"
                );
                written.unmade = counts(&on.query(&sql, &[&revision]).await?)?.0;
            }
            let sql = format!(
                "WITH gone AS (UPDATE rule AS o SET ended = $1, checksum = o.checksum # $1
                               FROM rule_stage AS n
                               WHERE {SAME_KEY} AND o.made < $1 RETURNING n.put)
                 {COUNTS}"
            );
            (written.ended, written.replaced) = counts(&on.query(&sql, &[&revision]).await?)?;
        }
        if left > 0 {
            // The table is filled in the order of keys, and is read in the order that it was
            // filled in.
            let sql = format!(
                "INSERT INTO rule (made, rule_type, identifier, scope, {CONTENT}, checksum)
                 SELECT $1, rule_type, identifier, scope, {CONTENT}, checksum # $1
                 FROM rule_stage WHERE put"
            );
            written.made = on.execute(&sql, &[&revision]).await?.cast_signed();
        }
        if many {
            // Whoever reads them next asks a planner that knows of them.
            on.batch_execute("ANALYZE rule").await?;
        } else {
            on.batch_execute(AS_PLANNED).await?;
        }
        Ok(written)
    }

    /// Takes out of the session's table what is so already, and says how much.
    async fn drop_unchanged(&mut self) -> StoreResult<usize> {
        let sql = format!(
            "WITH same AS (DELETE FROM rule_stage AS n USING rule AS o
                           WHERE {SAME_KEY} AND n.put
                             AND ROW({}) IS NOT DISTINCT FROM ROW({}) RETURNING n.place)
             SELECT count(*), array_agg(place) FROM same",
            content_of("o"),
            content_of("n")
        );
        let mut same = 0;
        for row in self.on.query(&sql, filter::NONE).await? {
            same += place(row.try_get(0)?)?;
            for number in row.try_get::<_, Option<Vec<i64>>>(1)?.unwrap_or_default() {
                if let Some((edit, _)) = self.entries[place(number)?].edit {
                    self.notes.outcomes[edit] = Outcome::Unchanged;
                }
            }
        }
        Ok(same)
    }

    /// Reads the rules that would be replaced, and gives the new ones what they keep of them. Says
    /// how many come to the same rule as before, and takes those out of the session's table.
    async fn merge(&mut self) -> StoreResult<usize> {
        let sql = format!(
            "SELECT n.place, {} FROM rule_stage AS n JOIN rule AS o ON {SAME_KEY}",
            content_of("o")
        );
        let nothing: [&(dyn ToSql + Sync); 0] = [];
        let mut rows = pin!(self.on.query_raw(&sql, nothing).await?);
        let (mut same, mut merged) = (Vec::new(), Vec::new());
        while let Some(row) = rows.try_next().await? {
            let number: i64 = row.try_get(0)?;
            let index = place(number)?;
            let entry = &mut self.entries[index];
            let Some(edit) = entry.edit else { continue };
            let scope = self.scopes.scope(entry.slot).clone();
            let before = rows::rule_for(&row, 1, entry.target.clone(), scope);
            let before = Current::read(listed(before)?);
            let Notes { outcomes, differences } = &mut self.notes;
            let result = rule_edits::apply(before, [edit], outcomes, differences);
            match result.after {
                _ if !result.is_changed => same.push(number),
                Current::Rule(rule @ NewRule::Merged(_)) => {
                    entry.rule = Some(rule);
                    merged.push(index);
                }
                Current::Rule(NewRule::Given(_)) | Current::Nothing | Current::Unreadable => {}
            }
        }
        let gone: Vec<i64> =
            merged.iter().map(|index| codes::limit(*index)).chain(same.iter().copied()).collect();
        if !gone.is_empty() {
            let sql = "DELETE FROM rule_stage WHERE place = ANY ($1)";
            self.on.execute(sql, &[&gone]).await?;
        }
        if !merged.is_empty() {
            let rows = merged.iter().map(|index| self.entries[*index].staged(*index));
            stage::fill(self.on, rows).await?;
        }
        Ok(same.len())
    }
}

/// What became of rows of rules, in numbers.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Written {
    /// Rows that this revision made and now unmade.
    unmade: i64,
    /// Rows that it ended.
    ended: i64,
    /// Those of them that it made another of the same key for.
    replaced: i64,
    /// Rows that it made.
    made: i64,
}

impl Written {
    /// By how many rows the revision grew.
    pub(super) fn altered(self) -> i64 {
        self.ended + self.made - self.unmade
    }

    /// How much that is, if nothing else was done to rules.
    pub(super) fn counts(self) -> Counts {
        let number = |count: i64| u64::try_from(count).unwrap_or(0);
        Counts {
            added: number(self.made - self.replaced),
            changed: number(self.replaced),
            removed: number(self.ended - self.replaced),
        }
    }
}

/// How many rules were in force for keys of the session's table, and how many of them have another
/// one now.
const COUNTS: &str = "SELECT count(*), count(*) FILTER (WHERE put) FROM gone";

fn counts(rows: &[Row]) -> StoreResult<(i64, i64)> {
    let Some(row) = rows.first() else { return Ok((0, 0)) };
    Ok((row.try_get(0)?, row.try_get(1)?))
}

fn place(number: i64) -> StoreResult<usize> {
    usize::try_from(number).map_err(|_| codes::corrupt("place", &number))
}
