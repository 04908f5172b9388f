//! Policy as it is read: the ledger, lists of rules, settings and tags.

use deadpool_postgres::GenericClient;
use tokio_postgres::Row;

use super::filter::Conditions;
use super::rows::{self, CONTENT, WIDTH, content_of};
use super::scopes::{self, Scopes};
use super::{check, codes, commit, history, query, retention};
use crate::fleet::InForce;
use crate::rule::Revision;
use crate::store::checksum::{self, Damage, RowHasher};
use crate::store::quarantine::{PageSize, Quarantine, listed};
use crate::store::{
    Expired, LedgerRow, PolicySnapshot, RuleFilter, RuleKey, RuleRecord, ScopeId, StoreResult,
};

/// A page of the ledger.
///
/// Ids grow with revisions. So the rows made after `since` are those behind the last one made
/// up to it, and only among the rows before that must ended ones be looked for.
pub(super) async fn ledger(
    on: &impl GenericClient,
    since: Revision,
    above: i64,
    limit: usize,
    quarantine: &Quarantine,
    expired: Option<Expired>,
) -> StoreResult<Vec<LedgerRow>> {
    let since = codes::revision(since);
    let sql = "SELECT coalesce((SELECT id FROM rule WHERE made <= $1
                                ORDER BY made DESC, id DESC LIMIT 1), 0)";
    let known = query(on, sql, &[&since]).await?;
    let known: i64 = known.first().map(|row| row.try_get(0)).transpose()?.unwrap_or(0);
    let (rows, scopes) = (Vec::new(), Scopes::default());
    let (hasher, damage) = (RowHasher::default(), Damage::default());
    let mut page = Page { rows, scopes, limit, hasher, damage, quarantine, expired };
    if above < known {
        let condition = "r.id > $2 AND r.id <= $3 AND r.ended > $4";
        page.fill(on, condition, [above, known, since]).await?;
    }
    page.fill(on, "r.id > $2", [above.max(known)]).await?;
    page.damage.into_result()?;
    Ok(page.rows)
}

/// A page that is being read.
struct Page<'q> {
    rows: Vec<LedgerRow>,
    scopes: Scopes,
    limit: usize,
    hasher: RowHasher,
    damage: Damage,
    quarantine: &'q Quarantine,
    expired: Option<Expired>,
}

impl Page<'_> {
    /// Reads the rows that fulfil a condition, up to the limit, which is the first parameter. The
    /// second is the id that they are above.
    async fn fill<const N: usize>(
        &mut self,
        on: &impl GenericClient,
        condition: &str,
        mut values: [i64; N],
    ) -> StoreResult<()> {
        let sql = format!(
            "SELECT r.id, r.scope, s.kind, s.name, r.made, r.ended, r.rule_type, r.identifier, {},
                    r.checksum
             FROM (SELECT id, scope, made, ended, rule_type, identifier, {CONTENT}, checksum
                   FROM rule AS r WHERE {condition} ORDER BY id LIMIT $1) AS r
                  LEFT JOIN scope AS s ON s.id = r.scope
             ORDER BY r.id",
            content_of("r")
        );
        // Rows that cannot be read make room for others: a short page is the last one.
        while self.rows.len() < self.limit {
            let wanted = self.limit - self.rows.len();
            let left = codes::limit(wanted);
            let all: Vec<_> =
                std::iter::once(&left as _).chain(values.iter().map(|value| value as _)).collect();
            let found = query(on, &sql, &all).await?;
            for row in &found {
                self.take(row)?;
            }
            match found.last() {
                Some(last) if found.len() == wanted => values[0] = last.try_get(0)?,
                _ => break,
            }
        }
        Ok(())
    }

    fn take(&mut self, row: &Row) -> StoreResult<()> {
        let id: i64 = row.try_get(0)?;
        let about = || row.try_get(7).unwrap_or_else(|_| "no text".to_owned());
        if !rule_is_sound(&mut self.hasher, row)? {
            self.damage.add("rule", id, &about());
            return Ok(());
        }
        let ended: Option<i64> = row.try_get(5)?;
        let read = self.scopes.read(row, 1).and_then(|scope| rows::rule(row, 6, scope));
        let taken = self.quarantine.take(read, "rule", id, about, ended.is_some())?;
        if let Some(rule) = taken {
            let made = codes::to_revision(row.try_get(4)?)?;
            let ended = ended.map(codes::to_revision).transpose()?;
            let ended = ended.or_else(|| self.expired.and_then(|it| it.end_of(&rule, made)));
            let scope = ScopeId(row.try_get(1)?);
            self.rows.push(LedgerRow { id, scope, rule, made, ended });
        }
        Ok(())
    }
}

/// Whether a row of id, scope with kind and name, made, ended, type, identifier, content and
/// checksum is as it was written.
pub(super) fn rule_is_sound(hasher: &mut RowHasher, row: &Row) -> StoreResult<bool> {
    rows::add(hasher, row, 6..8)?;
    rows::add(hasher, row, 2..4)?;
    rows::add(hasher, row, 8..8 + WIDTH)?;
    let hash = hasher.finish(row.try_get(4)?);
    Ok(checksum::ended(hash, row.try_get(5)?) == row.try_get::<_, i64>(8 + WIDTH)?)
}

/// A page of the rules in force, now or at a revision.
pub(super) async fn rules(
    on: &impl GenericClient,
    filter: &RuleFilter,
    after: Option<&RuleKey>,
    limit: usize,
    expired: Option<Expired>,
) -> StoreResult<Vec<RuleRecord>> {
    let RuleFilter { at, target, scope, rule_type, policy, source, text } = filter;
    let mut wanted = Conditions::default();
    if let Some(after) = after {
        behind(&mut wanted, after);
    }
    if let Some(target) = target {
        wanted.and("r.rule_type = $", codes::rule_type(target.rule_type()));
        wanted.and_text("r.identifier = $", target.identifier());
    }
    if let Some(scope) = scope {
        let Some(id) = scopes::find(on, scope).await? else { return Ok(Vec::new()) };
        wanted.and("r.scope = $", id);
    }
    if let Some(rule_type) = rule_type {
        wanted.and("r.rule_type = $", codes::rule_type(*rule_type));
    }
    if let Some(policy) = policy {
        wanted.and("r.policy = $", codes::policy(*policy));
    }
    if let Some(source) = source {
        wanted.and_text("r.source = $", source);
    }
    if let Some(text) = text {
        let within = ["r.identifier", "r.comment", "r.ticket"]
            .map(|column| format!("strpos(lower({column}), $::text) > 0"));
        wanted.and_text(&format!("({})", within.join(" OR ")), &text.to_ascii_lowercase());
    }
    let past = match *at {
        Some(at) if at < commit::head(on).await? => {
            retention::check(on, at).await?;
            Some(at)
        }
        Some(_) | None => None,
    };
    if let (None, Some(Expired { by, .. })) = (past, expired) {
        wanted.and("(r.expires > $) IS NOT FALSE", by.as_millisecond());
    }
    read(on, wanted, past, limit).await
}

/// Behind a key. The first condition is what the index can use.
fn behind(wanted: &mut Conditions, key: &RuleKey) {
    let rule_type = wanted.value(codes::rule_type(key.target.rule_type()));
    let identifier = wanted.value(key.target.identifier().to_owned());
    let kind = wanted.value(codes::scope_kind(&key.scope));
    let name = wanted.value(key.scope.name().to_owned());
    wanted.add(&format!(
        "(r.rule_type, r.identifier) >= ({rule_type}, {identifier})
         AND ((r.rule_type, r.identifier) > ({rule_type}, {identifier})
              OR (s.kind, s.name) > ({kind}, {name}))"
    ));
}

async fn read(
    on: &impl GenericClient,
    mut wanted: Conditions,
    past: Option<Revision>,
    limit: usize,
) -> StoreResult<Vec<RuleRecord>> {
    let select = |when: &str, wanted: &Conditions| {
        format!(
            "SELECT s.kind, s.name, m.id, m.at, m.author, m.message AS why,
                    r.rule_type, r.identifier, {}
             FROM rule AS r JOIN scope AS s ON s.id = r.scope JOIN revision AS m ON m.id = r.made
             WHERE {when} AND {}
             ORDER BY r.rule_type, r.identifier, s.kind, s.name",
            content_of("r"),
            wanted.sql
        )
    };
    let sql = match past {
        None => select("r.ended IS NULL", &wanted),
        // What was in force is in force still or has ended since: two ranges in one order.
        Some(at) => {
            let at = wanted.value(codes::revision(at));
            let live = select(&format!("r.ended IS NULL AND r.made <= {at}"), &wanted);
            let past = format!("r.ended IS NOT NULL AND r.ended > {at} AND r.made <= {at}");
            let past = select(&past, &wanted);
            format!("({live}) UNION ALL ({past}) ORDER BY 7, 8, 1, 2")
        }
    };
    let mut size = PageSize::new(limit);
    loop {
        let sql = format!("{sql} LIMIT {}", codes::limit(size.rows));
        let found = on.query(&sql, &wanted.values()).await?;
        let mut records = Vec::new();
        for row in &found {
            records.extend(listed(record(row))?);
        }
        if size.is_complete(&mut records, found.len()) {
            return Ok(records);
        }
    }
}

fn record(row: &Row) -> StoreResult<RuleRecord> {
    let scope = codes::to_scope(row.try_get(0)?, row.try_get(1)?)?;
    let made = history::revision(row, 2)?;
    Ok(RuleRecord { rule: rows::rule(row, 6, scope)?, made })
}

/// Settings and tags in force, with the newest revision.
///
/// What cannot be read is quarantined; what is damaged is an error.
pub(super) async fn snapshot(
    on: &impl GenericClient,
    quarantine: &Quarantine,
) -> StoreResult<PolicySnapshot> {
    let head = commit::head(on).await?;
    let mut damage = Damage::default();
    check::settings(on, true, &mut damage).await?;
    check::tags(on, true, &mut damage).await?;
    damage.into_result()?;
    quarantine.clear("setting");
    quarantine.clear("tag");
    let in_force = "ended IS NULL AND made <= $1";
    let InForce { tags, settings, rules: _ } =
        tags_and_settings(on, in_force, codes::revision(head), Some(quarantine)).await?;
    Ok(PolicySnapshot { head, settings, tags })
}

/// Settings and tags as they were at a revision.
pub(super) async fn snapshot_at(
    on: &impl GenericClient,
    at: Revision,
) -> StoreResult<PolicySnapshot> {
    let head = commit::head(on).await?.min(at);
    retention::check(on, head).await?;
    let in_force = "made <= $1 AND (ended IS NULL OR ended > $1)";
    let InForce { tags, settings, rules: _ } =
        tags_and_settings(on, in_force, codes::revision(head), None).await?;
    Ok(PolicySnapshot { head, settings, tags })
}

/// The tags, by name, and the settings, by scope and name, whose `made` and `ended` fulfil a
/// condition on a revision, `$1`. No rules.
pub(super) async fn tags_and_settings(
    on: &impl GenericClient,
    condition: &str,
    revision: i64,
    quarantine: Option<&Quarantine>,
) -> StoreResult<InForce> {
    let unlisted = Quarantine::default();
    let quarantine = quarantine.unwrap_or(&unlisted);
    let about = |row: &Row| row.try_get(0).unwrap_or_else(|_| "no text".to_owned());
    let sql = format!(
        "SELECT name, priority, description, membership, id FROM tag
         WHERE {condition} ORDER BY name"
    );
    let mut tags = Vec::new();
    for row in &query(on, &sql, &[&revision]).await? {
        let id = row.try_get(4)?;
        tags.extend(quarantine.take(rows::tag(row, 0), "tag", id, || about(row), false)?);
    }
    let sql = format!(
        "SELECT v.key, v.value, s.kind, s.name, v.id
         FROM setting AS v JOIN scope AS s ON s.id = v.scope WHERE {condition}"
    );
    let mut settings = Vec::new();
    for row in &query(on, &sql, &[&revision]).await? {
        let scope = |row: &Row| codes::to_scope(row.try_get(2)?, row.try_get(3)?);
        let read = rows::setting(row, 0).and_then(|setting| Ok((scope(row)?, setting)));
        settings.extend(quarantine.take(read, "setting", row.try_get(4)?, || about(row), false)?);
    }
    settings.sort_by(|(a, x), (b, y)| (a, x.key()).cmp(&(b, y.key())));
    Ok(InForce { tags, settings, rules: Vec::new() })
}

/// Whether a rule's time has come.
pub(super) async fn has_expired(on: &impl GenericClient, now: i64) -> StoreResult<bool> {
    let sql = "SELECT 1 FROM rule WHERE ended IS NULL AND expires <= $1 LIMIT 1";
    Ok(!query(on, sql, &[&now]).await?.is_empty())
}
