//! The history of the policy: revisions, their changes, and the versions of a target's rules.

use super::conditions::Conditions;
use super::rows::{self, REVISION, WIDTH, content_of};
use super::{Database, Parameter, StoredRow, policy, retention};
use crate::fleet::PolicyState;
use crate::rule::{Revision, RevisionSummary, Target};
use crate::store::quarantine::{PageSize, listed};
use crate::store::{
    RevisedRule, RevisedRulePosition, RevisionFilter, RuleVersion, StoreResult, codes,
};

/// The number of columns of a target. In a row, these columns come before the content of the rule.
const KEY: usize = 2;

pub(in crate::store) async fn get(
    on: &impl Database,
    at: Revision,
) -> StoreResult<Option<RevisionSummary>> {
    let sql = format!("SELECT {REVISION}, counts FROM revision WHERE id = $1");
    on.first(&sql, &[codes::revision(at).into()], rows::stored_revision).await
}

pub(in crate::store) async fn list<D: Database>(
    on: &D,
    filter: &RevisionFilter,
    before: Option<Revision>,
    limit: usize,
) -> StoreResult<Vec<RevisionSummary>> {
    let RevisionFilter { author, since, target, scope } = filter;
    let mut wanted = Conditions::default();
    if let Some(before) = before {
        wanted.and("id < $", codes::revision(before));
    }
    if let Some(author) = author {
        wanted.and("author = $", author.as_str());
    }
    if let Some(since) = since {
        wanted.and("at >= $", since.as_millisecond());
    }
    let scope = match scope {
        None => None,
        Some(scope) => match policy::scope_id(on, scope).await? {
            None => return Ok(Vec::new()),
            Some(id) => Some(wanted.value(id)),
        },
    };
    if let Some(target) = target {
        let rule_type = wanted.value(codes::rule_type(target.rule_type()));
        let identifier = wanted.value(target.identifier());
        let in_scope = scope.map(|scope| format!("AND scope = {scope}")).unwrap_or_default();
        let rules = format!("rule_type = {rule_type} AND identifier = {identifier} {in_scope}");
        let [live, past] = ["rule_live", "rule_past"].map(|index| D::DIALECT.indexed_by(index));
        wanted.add(&format!(
            "id IN (SELECT made FROM rule {live} WHERE {rules} AND ended IS NULL
                    UNION SELECT made FROM rule {past} WHERE {rules} AND ended IS NOT NULL
                    UNION SELECT ended FROM rule {past} WHERE {rules} AND ended IS NOT NULL)"
        ));
    } else if let Some(scope) = scope {
        // This reads all versions of rules, because there is no index by scope.
        wanted.add(&format!(
            "id IN (SELECT made FROM rule WHERE scope = {scope}
                    UNION SELECT ended FROM rule WHERE scope = {scope} AND ended IS NOT NULL
                    UNION SELECT made FROM setting WHERE scope = {scope}
                    UNION SELECT ended FROM setting WHERE scope = {scope} AND ended IS NOT NULL)"
        ));
    }
    let limit = wanted.value(codes::limit(limit));
    let sql = format!(
        "SELECT {REVISION}, counts FROM revision WHERE {} ORDER BY id DESC LIMIT {limit}",
        wanted.sql
    );
    on.query_filtered(&sql, &wanted.parameters, rows::stored_revision).await
}

pub(in crate::store) async fn revised_tags_and_settings(
    on: &impl Database,
    at: Revision,
) -> StoreResult<(PolicyState, PolicyState)> {
    retention::check(on, at).await?;
    let at = codes::revision(at);
    let ended = policy::tags_and_settings(on, "ended = $1", at, None).await?;
    Ok((ended, policy::tags_and_settings(on, "made = $1", at, None).await?))
}

/// A page of a revision's changes to rules: first the rules that it made, then those that it only
/// ended, both by ID.
pub(in crate::store) async fn rule_changes(
    on: &impl Database,
    at: Revision,
    after: Option<RevisedRulePosition>,
    limit: usize,
) -> StoreResult<Vec<(RevisedRulePosition, RevisedRule)>> {
    retention::check(on, at).await?;
    let (made, ended) = match after {
        None => (Some(0), 0),
        Some(RevisedRulePosition::Made(id)) => (Some(id), 0),
        Some(RevisedRulePosition::Ended(id)) => (None, id),
    };
    let mut changes = match made {
        Some(above) => made_rules(on, at, above, limit).await?,
        None => Vec::new(),
    };
    changes.extend(ended_rules(on, at, ended, limit - changes.len()).await?);
    Ok(changes)
}

/// The rules that a revision made, each with the rule that it replaced, if any.
async fn made_rules<D: Database>(
    on: &D,
    at: Revision,
    above: i64,
    limit: usize,
) -> StoreResult<Vec<(RevisedRulePosition, RevisedRule)>> {
    let sql = format!(
        "SELECT n.id, o.id, s.kind, s.name, n.rule_type, n.identifier, {},
                o.rule_type, o.identifier, {}
         FROM rule AS n {} {join} scope AS s ON s.id = n.scope LEFT JOIN rule AS o {}
           ON o.rule_type = n.rule_type AND o.identifier = n.identifier AND o.scope = n.scope
          AND o.ended = $1 AND o.ended IS NOT NULL
         WHERE n.made = $1 AND n.id > $2 ORDER BY n.id LIMIT $3",
        content_of("n"),
        content_of("o"),
        D::DIALECT.indexed_by("rule_made"),
        D::DIALECT.indexed_by("rule_past"),
        join = D::DIALECT.join_in_order(),
    );
    let change = |row: &(dyn StoredRow + '_)| {
        let scope = rows::scope(row, 2)?;
        let before = match row.integer(1)? {
            Some(_) => listed(rows::rule(row, 4 + KEY + WIDTH, scope.clone()))?,
            None => None,
        };
        let after = Some(rows::rule(row, 4, scope)?);
        Ok((RevisedRulePosition::Made(row.number(0)?), RevisedRule { before, after }))
    };
    page(on, &sql, vec![codes::revision(at).into(), above.into()], limit, change).await
}

/// The rules that a revision ended and did not replace.
async fn ended_rules<D: Database>(
    on: &D,
    at: Revision,
    above: i64,
    limit: usize,
) -> StoreResult<Vec<(RevisedRulePosition, RevisedRule)>> {
    let successor = |index: &str, ended: &str| {
        format!(
            "SELECT 1 FROM rule AS n {}
             WHERE n.rule_type = o.rule_type AND n.identifier = o.identifier
               AND n.scope = o.scope AND n.ended IS {ended} AND n.made = $1",
            D::DIALECT.indexed_by(index)
        )
    };
    let sql = format!(
        "SELECT o.id, s.kind, s.name, o.rule_type, o.identifier, {}
         FROM rule AS o {} {join} scope AS s ON s.id = o.scope
         WHERE o.ended = $1 AND o.id > $2 AND NOT EXISTS ({}) AND NOT EXISTS ({})
         ORDER BY o.id LIMIT $3",
        content_of("o"),
        D::DIALECT.indexed_by("rule_ended"),
        successor("rule_live", "NULL"),
        successor("rule_past", "NOT NULL"),
        join = D::DIALECT.join_in_order(),
    );
    let change = |row: &(dyn StoredRow + '_)| {
        let before = Some(rows::rule(row, 3, rows::scope(row, 1)?)?);
        Ok((RevisedRulePosition::Ended(row.number(0)?), RevisedRule { before, after: None }))
    };
    page(on, &sql, vec![codes::revision(at).into(), above.into()], limit, change).await
}

pub(in crate::store) async fn versions<D: Database>(
    on: &D,
    target: &Target,
    before: Option<i64>,
    limit: usize,
) -> StoreResult<Vec<RuleVersion>> {
    let select = |index: &str, ended: &str| {
        format!(
            "SELECT r.id AS number, s.kind, s.name, m.id, m.at, m.author, m.message,
                    e.id, e.at, e.author, e.message, r.rule_type, r.identifier, {}
             FROM rule AS r {} JOIN scope AS s ON s.id = r.scope
                  JOIN revision AS m ON m.id = r.made LEFT JOIN revision AS e ON e.id = r.ended
             WHERE r.rule_type = $1 AND r.identifier = $2 AND r.ended IS {ended} AND r.id < $3",
            content_of("r"),
            D::DIALECT.indexed_by(index),
        )
    };
    let sql = format!(
        "{} UNION ALL {} ORDER BY 1 DESC LIMIT $4",
        select("rule_live", "NULL"),
        select("rule_past", "NOT NULL")
    );
    let version = |row: &(dyn StoredRow + '_)| {
        Ok(RuleVersion {
            id: row.number(0)?,
            rule: rows::rule(row, 11, rows::scope(row, 1)?)?,
            made: rows::revision(row, 3)?,
            ended: rows::optional_revision(row, 7)?,
        })
    };
    let parameters = vec![
        codes::rule_type(target.rule_type()).into(),
        target.identifier().into(),
        before.unwrap_or(i64::MAX).into(),
    ];
    page(on, &sql, parameters, limit, version).await
}

/// A page of the readable rows. The last parameter of the query is the number of rows to read.
async fn page<T: Send>(
    on: &impl Database,
    sql: &str,
    mut parameters: Vec<Parameter<'_>>,
    limit: usize,
    mut read: impl FnMut(&(dyn StoredRow + '_)) -> StoreResult<T> + Send,
) -> StoreResult<Vec<T>> {
    let mut size = PageSize::new(limit);
    loop {
        parameters.push(codes::limit(size.rows).into());
        let found = on.query(sql, &parameters, |row| listed(read(row))).await?;
        parameters.pop();
        let rows = found.len();
        let mut readable: Vec<T> = found.into_iter().flatten().collect();
        if size.is_complete(&mut readable, rows) {
            return Ok(readable);
        }
    }
}
