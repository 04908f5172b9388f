//! Rule edits, many at once: streamed into a table of the session, and compared and written there
//! by a few statements, however many there are. Sorted by key they touch each page of the index
//! once.

use deadpool_postgres::Transaction;
use tokio_postgres::Row;

use super::slots::{Slot, Slots};
use super::stage::{Staged, fill};
use super::transition;
use crate::rule::{Counts, Outcome, Rule, Target};
use crate::store::StoreResult;
use crate::store::postgres::rows::{self, CONTENT, Text, content_of};
use crate::store::postgres::{codes, filter, query};
use crate::store::quarantine::listed;

/// From so many rows on, how to find those that they replace is the planner's to say. Fewer are
/// looked for one by one: of what the session's table holds the planner knows nothing.
const MANY: usize = 5_000;
/// The place of an edit whose outcome is known.
const KNOWN: i64 = -1;

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

/// Makes the edits, of which the last for each key decides, and says what that did to rows.
/// `again` if the change has made others before.
pub(super) async fn write(
    on: &Transaction<'_>,
    revision: i64,
    scopes: &mut Slots<'_>,
    mut edits: Vec<RuleEdit<'_>>,
    outcomes: &mut [Outcome],
    again: bool,
) -> StoreResult<Written> {
    edits.sort_unstable_by(|a, b| (a.target, a.slot, a.place).cmp(&(b.target, b.slot, b.place)));
    let same_key = |a: &RuleEdit<'_>, b: &RuleEdit<'_>| a.slot == b.slot && a.target == b.target;
    let groups: Vec<&[RuleEdit<'_>]> = edits.chunk_by(same_key).collect();
    let several: Vec<_> = groups.iter().copied().filter(|group| group.len() > 1).collect();
    let mut stored = in_force(on, scopes, &several).await?.into_iter();
    let mut staged = Vec::with_capacity(groups.len());
    for group in groups {
        let [.., last] = group else { continue };
        let mut place = codes::limit(last.place);
        if group.len() > 1 {
            if !play(group, stored.next().flatten().as_ref(), outcomes) {
                continue;
            }
            place = KNOWN;
        }
        let scope = match last.rule {
            Some(_) => scopes.intern(on, last.slot).await?,
            None => match scopes.id(last.slot) {
                Some(scope) => scope,
                None => continue,
            },
        };
        if place != KNOWN && last.rule.is_some() {
            outcomes[last.place] = Outcome::Added;
        }
        staged.push(Staged { place, target: last.target, scope, rule: last.rule });
    }
    if staged.is_empty() {
        return Ok(Written::default());
    }
    fill(on, &staged, again).await?;
    settle(on, revision, staged.len(), outcomes, again).await
}

/// Makes several edits of one key on paper. False if they leave it as it was.
fn play(group: &[RuleEdit<'_>], stored: Option<&Rule>, outcomes: &mut [Outcome]) -> bool {
    let before = stored.map(rows::content);
    let mut now = before;
    for edit in group {
        let wanted = edit.rule.map(rows::content);
        outcomes[edit.place] = transition(now.as_ref(), wanted.as_ref());
        now = wanted;
    }
    now != before
}

/// The rules in force for the keys of some groups, in their order.
async fn in_force(
    on: &Transaction<'_>,
    scopes: &Slots<'_>,
    groups: &[&[RuleEdit<'_>]],
) -> StoreResult<Vec<Option<Rule>>> {
    let mut found = vec![None; groups.len()];
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
        // One that cannot be read is replaced like any other that differs.
        let Some(rule) = listed(rule)? else { continue };
        if let Some(entry) = found.get_mut(place(row.try_get(0)?)?) {
            *entry = Some(rule);
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

/// Makes the rules in force what the session's table says, and says what that did to them.
async fn settle(
    on: &Transaction<'_>,
    revision: i64,
    staged: usize,
    outcomes: &mut [Outcome],
    again: bool,
) -> StoreResult<Written> {
    let many = staged >= MANY;
    on.batch_execute(if many { MANY_AT_ONCE } else { ONE_BY_ONE }).await?;
    let mut written = Written::default();
    let any = query(on, "SELECT 1 FROM rule WHERE ended IS NULL LIMIT 1", filter::NONE).await?;
    let mut left = staged;
    if !any.is_empty() {
        left -= drop_unchanged(on, outcomes).await?.min(left);
    }
    if !any.is_empty() && left > 0 {
        if again {
            // No revision but this ever saw them.
            let sql = format!(
                "WITH gone AS (DELETE FROM rule AS o USING rule_stage AS n
                               WHERE {SAME_KEY} AND o.made = $1 RETURNING n.place, n.put)
                 {PLACES}"
            );
            let rows = on.query(&sql, &[&revision]).await?;
            written.unmade = note(&rows, outcomes)?.0;
        }
        let sql = format!(
            "WITH gone AS (UPDATE rule AS o SET ended = $1, checksum = o.checksum # $1
                           FROM rule_stage AS n
                           WHERE {SAME_KEY} AND o.made < $1 RETURNING n.place, n.put)
             {PLACES}"
        );
        let rows = on.query(&sql, &[&revision]).await?;
        (written.ended, written.replaced) = note(&rows, outcomes)?;
    }
    if left > 0 {
        // The table is filled in the order of keys, and is read in the order that it was filled in.
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

/// Takes out of the session's table what is so already, and says how much.
async fn drop_unchanged(on: &Transaction<'_>, outcomes: &mut [Outcome]) -> StoreResult<usize> {
    let sql = format!(
        "WITH same AS (DELETE FROM rule_stage AS n USING rule AS o
                       WHERE {SAME_KEY} AND n.put
                         AND ROW({}) IS NOT DISTINCT FROM ROW({}) RETURNING n.place)
         SELECT count(*), array_agg(place) FILTER (WHERE place <> {KNOWN}) FROM same",
        content_of("o"),
        content_of("n")
    );
    let mut same = 0;
    for row in on.query(&sql, filter::NONE).await? {
        same += place(row.try_get(0)?)?;
        for number in row.try_get::<_, Option<Vec<i64>>>(1)?.unwrap_or_default() {
            outcomes[place(number)?] = Outcome::Unchanged;
        }
    }
    Ok(same)
}

/// All places in one row, rather than a row each.
const PLACES: &str = "SELECT count(*), count(*) FILTER (WHERE put),
    array_agg(place) FILTER (WHERE put AND place <> -1),
    array_agg(place) FILTER (WHERE NOT put AND place <> -1) FROM gone";

/// Notes what became of edits whose key had a rule. Says how many that are, and how many of them
/// have another now.
fn note(rows: &[Row], outcomes: &mut [Outcome]) -> StoreResult<(i64, i64)> {
    let (mut gone, mut replaced) = (0, 0);
    for row in rows {
        gone += row.try_get::<_, i64>(0)?;
        replaced += row.try_get::<_, i64>(1)?;
        for (column, outcome) in [(2, Outcome::Changed), (3, Outcome::Removed)] {
            for number in row.try_get::<_, Option<Vec<i64>>>(column)?.unwrap_or_default() {
                outcomes[place(number)?] = outcome;
            }
        }
    }
    Ok((gone, replaced))
}

fn place(number: i64) -> StoreResult<usize> {
    usize::try_from(number).map_err(|_| codes::corrupt("place", &number))
}
