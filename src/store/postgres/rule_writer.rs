//! Writes the rules of a change. They are streamed into a temporary table, and a few statements
//! process all of them. They are sorted by key, so that consecutive rules are close together in the
//! index.

use std::pin::pin;

use deadpool_postgres::Transaction;
use futures_util::TryStreamExt as _;
use tokio_postgres::types::ToSql;

use super::rule_stage::{self, StagedRule};
use super::{boxed, codes, count, query};
use crate::rule::{Outcome, Target};
use crate::store::StoreResult;
use crate::store::change_plan::{
    ChangePlan, ChangeScopes, EditResults, NewRule, RowCounts, ScopeNumber, WantedRule, stored_rule,
};
use crate::store::sql::commit::RuleWriting;
use crate::store::sql::rows::{self, CONTENT, content_of};

/// With this many staged rules or more, nicelist collects statistics of them, so that PostgreSQL's
/// planner can choose how to find the stored rules to replace. Fewer rules are looked up one by
/// one.
const MANY: usize = 5_000;

impl RuleWriting for Transaction<'_> {
    async fn write_rules(
        &self,
        revision: i64,
        plan: &mut ChangePlan<'_>,
    ) -> StoreResult<RowCounts> {
        boxed(write_rules(self, revision, plan)).await
    }
}

async fn write_rules(
    on: &Transaction<'_>,
    revision: i64,
    plan: &mut ChangePlan<'_>,
) -> StoreResult<RowCounts> {
    let mut entries = entries(plan);
    if entries.is_empty() {
        return Ok(RowCounts::default());
    }
    entries.sort_by(|a, b| (a.target, a.number).cmp(&(b.target, b.number)));
    let rows = entries.iter().enumerate().map(|(index, entry)| entry.staged(index));
    rule_stage::fill(on, rows).await?;
    let (scopes, results) = (&plan.scopes, &mut plan.results);
    let mut counts = Writer { on, scopes, entries, results }.write(revision).await?;
    // Also counts rules whose earlier version ended because the whole scope was cleared.
    counts.replaced += plan.replaced_in_cleared_scopes();
    Ok(counts)
}

struct Entry<'e> {
    /// The rule's only edit, if it must still be compared with the stored rule. None if the rule's
    /// edits were applied when the change was planned.
    edit: Option<(usize, WantedRule<'e>)>,
    target: &'e Target,
    number: ScopeNumber,
    scope: i64,
    rule: Option<NewRule<'e>>,
}

impl Entry<'_> {
    fn staged(&self, index: usize) -> StagedRule<'_> {
        let Self { edit: _, target, number: _, scope, rule } = self;
        StagedRule { place: codes::limit(index), target, scope: *scope, rule: rule.as_deref() }
    }
}

/// The rules that may change. An edit in `single_rules` that stores a rule gets the outcome `Added`
/// for now. The outcome is corrected later if a stored rule is found.
fn entries<'e>(plan: &mut ChangePlan<'e>) -> Vec<Entry<'e>> {
    let mut entries = Vec::with_capacity(plan.single_rules.len() + plan.rules.len());
    for edit in std::mem::take(&mut plan.single_rules) {
        let rule = edit.wanted.rule().map(NewRule::Given);
        // A scope without an ID has no rules to remove.
        let Some(scope) = plan.scopes.id(edit.scope) else { continue };
        if rule.is_some() {
            plan.results.outcomes[edit.edit] = Outcome::Added;
        }
        let (target, number) = (edit.target, edit.scope);
        entries.push(Entry { edit: Some((edit.edit, edit.wanted)), target, number, scope, rule });
    }
    for row in &plan.rules {
        let (target, number) = row.key;
        if let Some(scope) = plan.scopes.id(number) {
            let rule = row.inserted.clone();
            entries.push(Entry { edit: None, target, number, scope, rule });
        }
    }
    entries
}

/// SQL that matches a staged rule `n` with the active rule `o` of the same target and scope.
const SAME_KEY: &str = "o.rule_type = n.rule_type AND o.identifier = n.identifier
    AND o.scope = n.scope AND o.ended IS NULL";
const ONE_BY_ONE: &str = "SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off;
    SET LOCAL enable_mergejoin = off";
const AS_PLANNED: &str = "SET LOCAL enable_seqscan = on; SET LOCAL enable_hashjoin = on;
    SET LOCAL enable_mergejoin = on";
/// Allows more memory for joins of many rows, and collects statistics of the staged rules for
/// PostgreSQL's planner.
const MANY_AT_ONCE: &str = "SET LOCAL work_mem = '256MB'; ANALYZE rule_stage";

struct Writer<'w, 't, 'e> {
    on: &'w Transaction<'t>,
    scopes: &'w ChangeScopes,
    entries: Vec<Entry<'e>>,
    results: &'w mut EditResults,
}

impl Writer<'_, '_, '_> {
    async fn write(mut self, revision: i64) -> StoreResult<RowCounts> {
        let on = self.on;
        let many = self.entries.len() >= MANY;
        on.batch_execute(if many { MANY_AT_ONCE } else { ONE_BY_ONE }).await?;
        let mut counts = RowCounts::default();
        let any = query(on, "SELECT 1 FROM rule WHERE ended IS NULL LIMIT 1", &[]).await?;
        let mut left = self.entries.len();
        if !any.is_empty() {
            left = left.saturating_sub(self.drop_unchanged().await?);
        }
        if !any.is_empty() && left > 0 {
            left = left.saturating_sub(self.merge().await?);
        }
        if !any.is_empty() && left > 0 {
            let sql = format!(
                "WITH gone AS (UPDATE rule AS o SET ended = $1, checksum = o.checksum # $1
                               FROM rule_stage AS n
                               WHERE {SAME_KEY} AND o.made < $1 RETURNING n.put)
                 SELECT count(*), count(*) FILTER (WHERE put) FROM gone"
            );
            if let Some(row) = on.query(&sql, &[&revision]).await?.first() {
                (counts.ended, counts.replaced) = (count(row, 0)?, count(row, 1)?);
            }
        }
        if left > 0 {
            // The rules are inserted in the order of the temporary table: by key, with merged rules
            // last.
            let sql = format!(
                "INSERT INTO rule (made, rule_type, identifier, scope, {CONTENT}, checksum)
                 SELECT $1, rule_type, identifier, scope, {CONTENT}, checksum # $1
                 FROM rule_stage WHERE put"
            );
            counts.inserted = on.execute(&sql, &[&revision]).await?;
        }
        if many {
            // Updates the planner's statistics, so that they include the new rows.
            on.batch_execute("ANALYZE rule").await?;
        } else {
            on.batch_execute(AS_PLANNED).await?;
        }
        Ok(counts)
    }

    /// Removes from the temporary table the rules that are already stored with the same content. If
    /// `Entry::edit` is set, sets the outcome of the edit. Returns how many rules were removed.
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
        for row in self.on.query(&sql, &[]).await? {
            same += place(row.try_get(0)?)?;
            for number in row.try_get::<_, Option<Vec<i64>>>(1)?.unwrap_or_default() {
                if let Some((edit, _)) = self.entries[place(number)?].edit {
                    self.results.outcomes[edit] = Outcome::Unchanged;
                }
            }
        }
        Ok(same)
    }

    /// Reads the stored rules with the same keys. If `Entry::edit` is set, applies the edit to the
    /// stored rule. Removes unchanged rules from the temporary table, and returns their number.
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
            let Some((edit, wanted)) = entry.edit else { continue };
            let scope = self.scopes.scope(entry.number).clone();
            let stored = stored_rule(rows::rule_of(&row, 1, entry.target.clone(), scope))?;
            match self.results.replace_rule(&stored, edit, wanted) {
                None => same.push(number),
                Some(Some(rule @ NewRule::Merged(_))) => {
                    entry.rule = Some(rule);
                    merged.push(index);
                }
                Some(Some(NewRule::Given(_)) | None) => {}
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
            rule_stage::fill(self.on, rows).await?;
        }
        Ok(same.len())
    }
}

fn place(number: i64) -> StoreResult<usize> {
    usize::try_from(number).map_err(|_| codes::corrupt("place", &number))
}
