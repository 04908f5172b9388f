//! Writes a change in the caller's transaction: reads the rows that it may affect, plans it, and
//! writes the plan.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;

use super::hosts::{self, machine_and_tags, quoted};
use super::rows::{self, content_of};
use super::{Database, END_ROW, policy};
use crate::fleet::{Actor, Tag};
use crate::rule::{Counts, Revision, RevisionCounts, RuleType};
use crate::store::change_plan::{
    ChangePlan, ChangeReads, ChangeScopes, CurrentRule, EditResults, RowCounts, ScopeNumber,
    StoredState,
};
use crate::store::checksum::RowHasher;
use crate::store::codes::{self, corrupt};
use crate::store::quarantine::listed;
use crate::store::{Change, Committed, StoreError, StoreResult};

pub(in crate::store) trait RuleWriting: Database {
    /// Writes the rules of a plan: the edits in `single_rules`, and the rules whose edits were
    /// already applied in memory.
    async fn write_rules(&self, revision: i64, plan: &mut ChangePlan<'_>)
    -> StoreResult<RowCounts>;
}

/// Writes a change in the current transaction. The caller must commit only if the result is
/// `changed`, because rows are written even for a dry run or if nothing changes.
pub(in crate::store) async fn commit(
    on: &impl RuleWriting,
    change: &Change,
) -> StoreResult<Committed> {
    let head = policy::head(on).await?;
    if let Some(planned) = change.base.filter(|planned| *planned != head) {
        return Err(StoreError::Moved { planned, head });
    }
    let mut reads = ChangeReads::of(&change.edits);
    let stored = read(on, &mut reads).await?;
    let mut plan = ChangePlan::new(reads, stored)?;
    let revision = begin(on, head, &change.actor).await?;
    let counts = write(on, codes::revision(revision), &mut plan).await?;
    let EditResults { outcomes, mut differences } = plan.results;
    differences.sort_by_key(|difference| difference.edit);
    let changed = counts != RevisionCounts::default() && !change.dry_run;
    if changed {
        set_counts(on, revision, counts).await?;
    }
    let head = if changed { revision } else { head };
    Ok(Committed { head, changed, outcomes, differences })
}

/// Ends the expired rules in the current transaction. The caller must commit only if a revision is
/// returned.
pub(in crate::store) async fn expire(
    on: &impl Database,
    now: Timestamp,
) -> StoreResult<Option<Revision>> {
    let actor = Actor::server(now).because("expired");
    let revision = begin(on, policy::head(on).await?, &actor).await?;
    let sql = format!("UPDATE rule SET {END_ROW} WHERE ended IS NULL AND expires <= $2");
    let values = [codes::revision(revision).into(), now.as_millisecond().into()];
    let ended = on.execute(&sql, &values).await?;
    if ended == 0 {
        return Ok(None);
    }
    let rules = Counts { removed: ended, ..Counts::default() };
    set_counts(on, revision, RevisionCounts { rules, ..RevisionCounts::default() }).await?;
    Ok(Some(revision))
}

/// Adds a revision without changes in the current transaction, so that the history contains the
/// actor and its reason.
pub(in crate::store) async fn note(on: &impl Database, actor: &Actor) -> StoreResult<()> {
    begin(on, policy::head(on).await?, actor).await.map(drop)
}

async fn begin(on: &impl Database, head: Revision, actor: &Actor) -> StoreResult<Revision> {
    let revision = Revision(head.0 + 1);
    let sql = "INSERT INTO revision (id, at, author, message) VALUES ($1, $2, $3, $4)";
    let values = [
        codes::revision(revision).into(),
        actor.at.as_millisecond().into(),
        actor.name.as_str().into(),
        actor.reason.as_deref().into(),
    ];
    on.execute(sql, &values).await?;
    Ok(revision)
}

async fn set_counts(
    on: &impl Database,
    revision: Revision,
    counts: RevisionCounts,
) -> StoreResult<()> {
    let values = [codes::json(&counts)?.into(), codes::revision(revision).into()];
    on.execute("UPDATE revision SET counts = $1 WHERE id = $2", &values).await.map(drop)
}

async fn read<'e>(on: &impl Database, reads: &mut ChangeReads<'_>) -> StoreResult<StoredState<'e>> {
    read_scope_ids(on, &mut reads.scopes).await?;
    let mut stored = StoredState {
        tags: tags(on).await?,
        settings: settings(on, reads).await?,
        host_tags: host_tags(on, reads).await?,
        rules: rules(on, reads).await?,
        ..StoredState::default()
    };
    for (edit, name, membership) in reads.guarded_drops(&stored.tags) {
        let members = hosts::members(on, &membership).await?;
        stored.members.insert(edit, members.into_iter().collect());
        let scope = reads.dropped_tags.get(name).copied();
        if let Some((scope, id)) = scope.and_then(|it| Some((it, reads.scopes.id(it)?))) {
            let sql = "SELECT count(*) FROM rule WHERE scope = $1 AND ended IS NULL";
            let rules = on.first(sql, &[id.into()], |row| row.count(0)).await?;
            stored.rule_counts.insert(scope, rules.unwrap_or(0));
        }
    }
    Ok(stored)
}

async fn read_scope_ids<D: Database>(on: &D, scopes: &mut ChangeScopes) -> StoreResult<()> {
    let numbers: HashMap<(i64, &str), ScopeNumber> = scopes
        .all()
        .map(|(number, scope)| ((codes::scope_kind(scope), scope.name()), number))
        .collect();
    if numbers.is_empty() {
        return Ok(());
    }
    let mut kinds: Vec<i64> = numbers.keys().map(|(kind, _)| *kind).collect();
    kinds.sort_unstable();
    kinds.dedup();
    let sql = format!(
        "SELECT kind, name, id FROM scope WHERE {} AND {}",
        D::DIALECT.any("kind", "$1"),
        D::DIALECT.any("name", "$2")
    );
    let names = numbers.keys().map(|(_, name)| *name).collect();
    let values = [kinds.into(), names];
    let found = on.query(&sql, &values, |row| {
        let number = numbers.get(&(row.number(0)?, row.str(1)?));
        Ok(number.copied().zip(row.integer(2)?))
    });
    for (number, id) in found.await?.into_iter().flatten() {
        scopes.set_id(number, id);
    }
    Ok(())
}

/// All active tags that are readable. A change does not alter unreadable tags.
async fn tags(on: &impl Database) -> StoreResult<Vec<Tag>> {
    let sql = "SELECT name, priority, description, membership FROM tag WHERE ended IS NULL";
    let found = on.query(sql, &[], |row| listed(rows::tag(row, 0))).await?;
    Ok(found.into_iter().flatten().collect())
}

async fn settings<D: Database>(
    on: &D,
    reads: &ChangeReads<'_>,
) -> StoreResult<Vec<(ScopeNumber, String, String)>> {
    let scopes: BTreeMap<i64, ScopeNumber> = reads
        .setting_scopes
        .iter()
        .filter_map(|number| Some((reads.scopes.id(*number)?, *number)))
        .collect();
    if scopes.is_empty() {
        return Ok(Vec::new());
    }
    let sql = format!(
        "SELECT scope, key, value FROM setting WHERE {} AND ended IS NULL",
        D::DIALECT.any("scope", "$1")
    );
    let ids = [scopes.keys().copied().collect::<Vec<i64>>().into()];
    let found = on.query(&sql, &ids, |row| {
        let scope = scopes.get(&row.number(0)?).copied();
        let setting = (row.str(1)?.to_owned(), row.str(2)?.to_owned());
        Ok(scope.map(|scope| (scope, setting.0, setting.1)))
    });
    Ok(found.await?.into_iter().flatten().collect())
}

async fn host_tags<D: Database>(
    on: &D,
    reads: &ChangeReads<'_>,
) -> StoreResult<BTreeMap<crate::rule::MachineId, Vec<crate::rule::TagName>>> {
    let mut hosts = BTreeMap::new();
    if !reads.machines.is_empty() {
        let sql = format!(
            "SELECT machine, tags FROM host WHERE {} ORDER BY machine",
            D::DIALECT.any("machine", "$1")
        );
        let machines = reads.machines.iter().map(|machine| machine.as_str()).collect();
        hosts.extend(on.query(&sql, &[machines], machine_and_tags).await?);
    }
    let sql = format!("SELECT machine, tags FROM host WHERE {}", D::DIALECT.contains("tags", "$1"));
    for tag in reads.dropped_tags.keys() {
        hosts.extend(on.query(&sql, &[quoted(tag).into()], machine_and_tags).await?);
    }
    Ok(hosts)
}

/// The rules that must be read before the change is planned, in the order of `rules_to_read`.
async fn rules<'e, D: Database>(
    on: &D,
    reads: &ChangeReads<'_>,
) -> StoreResult<Vec<CurrentRule<'e>>> {
    let keys = reads.rules_to_read();
    let mut found = vec![CurrentRule::Nothing; keys.len()];
    let places: HashMap<(RuleType, &str, i64), usize> = keys
        .iter()
        .enumerate()
        .filter_map(|(place, (target, scope))| {
            let scope = reads.scopes.id(*scope)?;
            Some(((target.rule_type(), target.identifier(), scope), place))
        })
        .collect();
    if places.is_empty() {
        return Ok(found);
    }
    // The query also finds rules with other keys, such as the same target in another scope. They
    // are skipped below.
    let sql = format!(
        "SELECT r.scope, r.rule_type, r.identifier, {} FROM rule AS r {}
         WHERE {} AND {} AND r.ended IS NULL",
        content_of("r"),
        D::DIALECT.indexed_by("rule_live"),
        D::DIALECT.any("r.rule_type", "$1"),
        D::DIALECT.any("r.identifier", "$2"),
    );
    let types: Vec<i64> = RuleType::ALL.into_iter().map(codes::rule_type).collect();
    let mut identifiers: Vec<&str> = places.keys().map(|(_, identifier, _)| *identifier).collect();
    identifiers.sort_unstable();
    identifiers.dedup();
    let values = [types.into(), identifiers.into_iter().collect()];
    let stored = on.query(&sql, &values, |row| {
        let key = (codes::to_rule_type(row.number(1)?)?, row.str(2)?, row.number(0)?);
        let Some(place) = places.get(&key) else { return Ok(None) };
        let scope = reads.scopes.scope(keys[*place].1).clone();
        Ok(Some((*place, listed(rows::rule(row, 1, scope))?)))
    });
    for (place, rule) in stored.await?.into_iter().flatten() {
        found[place] = CurrentRule::stored(rule);
    }
    Ok(found)
}

/// Writes a plan. Returns how many rules, settings, tags and hosts changed.
async fn write(
    on: &impl RuleWriting,
    revision: i64,
    plan: &mut ChangePlan<'_>,
) -> StoreResult<RevisionCounts> {
    for number in std::mem::take(&mut plan.new_scopes) {
        let scope = plan.scopes.scope(number);
        let sql = "INSERT INTO scope (kind, name) VALUES ($1, $2) RETURNING id";
        let values = [codes::scope_kind(scope).into(), scope.name().into()];
        let id = on.first(sql, &values, |row| row.number(0)).await?;
        let id = id.ok_or_else(|| corrupt("scope", scope))?;
        plan.scopes.set_id(number, id);
    }
    let (mut rules, mut settings) = (RowCounts::default(), plan.setting_counts());
    for scope in &plan.cleared_scopes {
        for (table, counts) in [("rule", &mut rules), ("setting", &mut settings)] {
            let sql = format!("UPDATE {table} SET {END_ROW} WHERE scope = $2 AND ended IS NULL");
            counts.ended += on.execute(&sql, &[revision.into(), (*scope).into()]).await?;
        }
    }
    rules += on.write_rules(revision, plan).await?;
    write_settings(on, revision, plan).await?;
    write_tags(on, revision, plan).await?;
    for (machine, tags) in &plan.host_tags {
        hosts::set_tags(on, machine, tags).await?;
    }
    Ok(RevisionCounts {
        rules: rules.counts(),
        settings: settings.counts(),
        tags: plan.tag_counts().counts(),
        hosts: u64::try_from(plan.host_tags.len()).unwrap_or(u64::MAX),
    })
}

async fn write_settings(
    on: &impl Database,
    revision: i64,
    plan: &ChangePlan<'_>,
) -> StoreResult<()> {
    let mut hasher = RowHasher::default();
    for row in &plan.settings {
        let (number, key) = row.key;
        let Some(scope) = plan.scopes.id(number) else { continue };
        if row.ended {
            let sql = format!(
                "UPDATE setting SET {END_ROW} WHERE scope = $2 AND key = $3 AND ended IS NULL"
            );
            on.execute(&sql, &[revision.into(), scope.into(), key.name().into()]).await?;
        }
        if let Some(value) = &row.inserted {
            let named = plan.scopes.scope(number);
            let checksum = rows::setting_checksum(&mut hasher, named, key, value, revision);
            let sql = "INSERT INTO setting (scope, key, value, made, checksum)
                       VALUES ($1, $2, $3, $4, $5)";
            let values = [
                scope.into(),
                key.name().into(),
                value.as_str().into(),
                revision.into(),
                checksum.into(),
            ];
            on.execute(sql, &values).await?;
        }
    }
    Ok(())
}

async fn write_tags<D: Database>(on: &D, revision: i64, plan: &ChangePlan<'_>) -> StoreResult<()> {
    let mut hasher = RowHasher::default();
    for row in &plan.tags {
        if row.ended {
            let sql = format!("UPDATE tag SET {END_ROW} WHERE name = $2 AND ended IS NULL");
            on.execute(&sql, &[revision.into(), row.key.as_str().into()]).await?;
        }
        if let Some(tag) = &row.inserted {
            let description = tag.description.as_deref().map(|it| D::DIALECT.stored_text(it));
            let description = description.as_deref();
            let membership = codes::json(&tag.membership)?;
            let checksum = rows::tag_checksum(&mut hasher, tag, description, &membership, revision);
            let sql = "INSERT INTO tag (name, priority, description, membership, made, checksum)
                       VALUES ($1, $2, $3, $4, $5, $6)";
            let values = [
                tag.name.as_str().into(),
                i64::from(tag.priority).into(),
                description.into(),
                membership.as_str().into(),
                revision.into(),
                checksum.into(),
            ];
            on.execute(sql, &values).await?;
        }
    }
    Ok(())
}
