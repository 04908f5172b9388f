//! The rules, settings and tags that are active now or were active at a revision.

use super::conditions::Conditions;
use super::rows::{self, content_of};
use super::{Database, StoredRow, check, retention};
use crate::fleet::PolicyState;
use crate::rule::{Revision, RuleKey, Scope};
use crate::store::checksum::Damage;
use crate::store::quarantine::{PageSize, Quarantine, listed};
use crate::store::{Expired, PolicySnapshot, RuleFilter, RuleRecord, StoreResult, codes};

/// The newest revision; 0 if there is none.
pub(in crate::store) async fn head(on: &impl Database) -> StoreResult<Revision> {
    codes::to_revision(on.number("SELECT max(id) FROM revision", &[]).await?)
}

/// The ID of a scope, if it has had a rule or a setting.
pub(in crate::store) async fn scope_id(
    on: &impl Database,
    scope: &Scope,
) -> StoreResult<Option<i64>> {
    let sql = "SELECT id FROM scope WHERE kind = $1 AND name = $2";
    let values = [codes::scope_kind(scope).into(), scope.name().into()];
    on.first(sql, &values, |row| row.number(0)).await
}

pub(in crate::store) async fn has_expired(on: &impl Database, now: i64) -> StoreResult<bool> {
    let sql = "SELECT 1 FROM rule WHERE ended IS NULL AND expires <= $1 LIMIT 1";
    on.has_row(sql, &[now.into()]).await
}

pub(in crate::store) async fn rules<D: Database>(
    on: &D,
    filter: &RuleFilter,
    after: Option<&RuleKey>,
    limit: usize,
    expired: Option<Expired>,
) -> StoreResult<Vec<RuleRecord>> {
    let RuleFilter { at, target, scope, rule_type, policy, source, text, expires_before } = filter;
    let mut wanted = Conditions::default();
    if let Some(after) = after {
        add_start(&mut wanted, after);
    }
    if let Some(target) = target {
        wanted.and("r.rule_type = $", codes::rule_type(target.rule_type()));
        wanted.and("r.identifier = $", target.identifier());
    }
    if let Some(scope) = scope {
        let Some(id) = scope_id(on, scope).await? else { return Ok(Vec::new()) };
        wanted.and("r.scope = $", id);
    }
    if let Some(rule_type) = rule_type {
        wanted.and("r.rule_type = $", codes::rule_type(*rule_type));
    }
    if let Some(policy) = policy {
        wanted.and("r.policy = $", codes::policy(*policy));
    }
    if let Some(source) = source {
        wanted.and("r.source = $", source.as_str());
    }
    if let Some(text) = text {
        let columns = ["r.identifier", "r.comment", "r.ticket"];
        let contains = columns.map(|it| D::DIALECT.contains(&format!("lower({it})"), "$"));
        wanted.and(&format!("({})", contains.join(" OR ")), text.to_ascii_lowercase());
    }
    if let Some(time) = expires_before {
        wanted.and("r.expires < $", time.as_millisecond());
    }
    let past = match *at {
        Some(at) if at < head(on).await? => {
            retention::check(on, at).await?;
            Some(at)
        }
        Some(_) | None => None,
    };
    if let (None, Some(Expired { by, .. })) = (past, expired) {
        wanted.and("(r.expires > $) IS NOT FALSE", by.as_millisecond());
    }
    read_rules(on, wanted, past, limit).await
}

/// Adds the conditions for rules after a key. The first condition can use an index.
fn add_start<'a>(wanted: &mut Conditions<'a>, key: &'a RuleKey) {
    let rule_type = wanted.value(codes::rule_type(key.target.rule_type()));
    let identifier = wanted.value(key.target.identifier());
    let kind = wanted.value(codes::scope_kind(&key.scope));
    let name = wanted.value(key.scope.name());
    wanted.add(&format!(
        "(r.rule_type, r.identifier) >= ({rule_type}, {identifier})
         AND ((r.rule_type, r.identifier) > ({rule_type}, {identifier})
              OR (s.kind, s.name) > ({kind}, {name}))"
    ));
}

async fn read_rules<D: Database>(
    on: &D,
    mut wanted: Conditions<'_>,
    past: Option<Revision>,
    limit: usize,
) -> StoreResult<Vec<RuleRecord>> {
    /// The numbers of the columns that order rules by type, identifier and scope.
    const ORDER: &str = "7, 8, 1, 2";
    let select = |index: &str, when: &str, wanted: &Conditions<'_>| {
        format!(
            "SELECT s.kind, s.name, m.id, m.at, m.author, m.message AS why,
                    r.rule_type, r.identifier, {}
             FROM rule AS r {} {join} scope AS s ON s.id = r.scope
                               {join} revision AS m ON m.id = r.made
             WHERE {when} AND {}",
            content_of("r"),
            D::DIALECT.indexed_by(index),
            wanted.sql,
            join = D::DIALECT.join_in_order(),
        )
    };
    let sql = match past {
        None => format!("{} ORDER BY {ORDER}", select("rule_live", "r.ended IS NULL", &wanted)),
        // Rules that were active at that revision are still active or ended later. Each kind has
        // its own index, and both indexes have the same order.
        Some(at) => {
            let at = wanted.value(codes::revision(at));
            let live = format!("r.ended IS NULL AND r.made <= {at}");
            let past = format!("r.ended IS NOT NULL AND r.ended > {at} AND r.made <= {at}");
            let live = select("rule_live", &live, &wanted);
            D::DIALECT.union(&live, &select("rule_past", &past, &wanted), ORDER)
        }
    };
    let most = wanted.value(0_i64);
    let sql = format!("{sql} LIMIT {most}");
    let mut size = PageSize::new(limit);
    loop {
        wanted.parameters.pop();
        wanted.value(codes::limit(size.rows));
        let found = on.query_filtered(&sql, &wanted.parameters, |row| listed(record(row))).await?;
        let rows = found.len();
        let mut records: Vec<RuleRecord> = found.into_iter().flatten().collect();
        if size.is_complete(&mut records, rows) {
            return Ok(records);
        }
    }
}

fn record(row: &(dyn StoredRow + '_)) -> StoreResult<RuleRecord> {
    let made = rows::revision(row, 2)?;
    Ok(RuleRecord { rule: rows::rule(row, 6, rows::scope(row, 0)?)?, made })
}

/// Active settings and tags, with the newest revision. Quarantines unreadable rows, and fails if
/// any row is damaged.
pub(in crate::store) async fn snapshot(
    on: &impl Database,
    quarantine: &Quarantine,
) -> StoreResult<PolicySnapshot> {
    let head = head(on).await?;
    let mut damage = Damage::default();
    check::settings(on, true, &mut damage).await?;
    check::tags(on, true, &mut damage).await?;
    damage.into_result()?;
    quarantine.clear("setting");
    quarantine.clear("tag");
    let active = "ended IS NULL AND made <= $1";
    let PolicyState { tags, settings, rules: _ } =
        tags_and_settings(on, active, codes::revision(head), Some(quarantine)).await?;
    Ok(PolicySnapshot { head, settings, tags })
}

pub(in crate::store) async fn snapshot_at(
    on: &impl Database,
    at: Revision,
) -> StoreResult<PolicySnapshot> {
    let head = head(on).await?.min(at);
    retention::check(on, head).await?;
    let active = "made <= $1 AND (ended IS NULL OR ended > $1)";
    let PolicyState { tags, settings, rules: _ } =
        tags_and_settings(on, active, codes::revision(head), None).await?;
    Ok(PolicySnapshot { head, settings, tags })
}

/// The tags and settings that meet an SQL condition, sorted. The condition can use the columns
/// `made` and `ended`, and a revision as `$1`. The result has no rules. Unreadable rows are left
/// out, and quarantined if `quarantine` is given.
pub(in crate::store) async fn tags_and_settings(
    on: &impl Database,
    condition: &str,
    revision: i64,
    quarantine: Option<&Quarantine>,
) -> StoreResult<PolicyState> {
    let unlisted = Quarantine::default();
    let quarantine = quarantine.unwrap_or(&unlisted);
    let about = |row: &(dyn StoredRow + '_)| row.str(0).unwrap_or("no text").to_owned();
    let sql = format!(
        "SELECT name, priority, description, membership, id FROM tag
         WHERE {condition} ORDER BY name"
    );
    let revision = [revision.into()];
    let tags = on.query(&sql, &revision, |row| {
        quarantine.take(rows::tag(row, 0), "tag", row.number(4)?, || about(row), false)
    });
    let tags = tags.await?.into_iter().flatten().collect();
    let sql = format!(
        "SELECT v.key, v.value, s.kind, s.name, v.id
         FROM setting AS v JOIN scope AS s ON s.id = v.scope WHERE {condition}"
    );
    let settings = on.query(&sql, &revision, |row| {
        let read = rows::setting(row, 0).and_then(|setting| Ok((rows::scope(row, 2)?, setting)));
        quarantine.take(read, "setting", row.number(4)?, || about(row), false)
    });
    let mut settings: Vec<_> = settings.await?.into_iter().flatten().collect();
    settings.sort_by(|(a, x), (b, y)| (a, x.key()).cmp(&(b, y.key())));
    Ok(PolicyState { tags, settings, rules: Vec::new() })
}
