//! Changes of policy: all edits or none, as one revision.

use std::collections::HashSet;

use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use super::in_time::{Scopes, add_revision, head, tags};
use super::rows;
use crate::fleet::{Setting, SettingKey, Tag};
use crate::rule::{MachineId, Outcome, Revision, Rule, Scope, TagName, Target};
use crate::store::{Change, Committed, Edit, Refusal, RefusalReason, StoreError, StoreResult};

/// Makes a change, or refuses it whole.
pub(super) fn commit(db: &mut Connection, change: &Change) -> StoreResult<Committed> {
    let tx = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let before = head(&tx)?;
    if let Some(planned) = change.base.filter(|planned| *planned != before) {
        return Err(StoreError::Moved { planned, head: before });
    }
    let revision = Revision(before.0 + 1);
    let outcomes = Editing::begin(&tx, revision)?.all(&change.edits)?;
    let altered = outcomes.iter().any(|outcome| *outcome != Outcome::Unchanged);
    if !altered || change.dry_run {
        tx.rollback()?;
        return Ok(Committed { head: before, changed: false, outcomes });
    }
    add_revision(&tx, revision, &change.author)?;
    tx.commit()?;
    Ok(Committed { head: revision, changed: true, outcomes })
}

/// What an edit comes to: an outcome, or a reason not to make it.
type Edited = StoreResult<Result<Outcome, RefusalReason>>;

struct Editing<'db> {
    db: &'db Connection,
    revision: Revision,
    scopes: Scopes,
    tags: HashSet<TagName>,
}

impl<'db> Editing<'db> {
    fn begin(db: &'db Connection, revision: Revision) -> StoreResult<Self> {
        let tags = tags(db)?.into_iter().map(|tag| tag.name).collect();
        Ok(Self { db, revision, scopes: Scopes::default(), tags })
    }

    /// Makes all edits, or says of every one that cannot be made why.
    fn all(mut self, edits: &[Edit]) -> StoreResult<Vec<Outcome>> {
        let mut outcomes = vec![Outcome::Unchanged; edits.len()];
        let mut refusals = Vec::new();
        for place in order(edits) {
            match self.one(&edits[place])? {
                Ok(outcome) => outcomes[place] = outcome,
                Err(reason) => refusals.push(Refusal { edit: place, reason }),
            }
        }
        if refusals.is_empty() {
            return Ok(outcomes);
        }
        refusals.sort_unstable_by_key(|refusal| refusal.edit);
        Err(StoreError::Refused(refusals))
    }

    fn one(&mut self, edit: &Edit) -> Edited {
        match edit {
            Edit::PutRule(rule) => self.put_rule(rule),
            Edit::DropRule { target, scope } => self.drop_rule(target, scope),
            Edit::Set { scope, setting } => self.set(scope, setting),
            Edit::Unset { scope, key } => self.unset(scope, *key),
            Edit::PutTag(tag) => self.put_tag(tag),
            Edit::DropTag { name, force } => self.drop_tag(name, *force),
            Edit::TagHost { machine, tag } => match self.tags.contains(tag) {
                true => self.tag_host(machine, tag, true),
                false => Ok(Err(RefusalReason::UnknownTag(tag.clone()))),
            },
            Edit::UntagHost { machine, tag } => self.tag_host(machine, tag, false),
        }
    }

    fn unknown_tag(&self, scope: &Scope) -> Option<RefusalReason> {
        match scope {
            Scope::Tag(tag) if !self.tags.contains(tag) => {
                Some(RefusalReason::UnknownTag(tag.clone()))
            }
            _ => None,
        }
    }

    fn put_rule(&mut self, rule: &Rule) -> Edited {
        if let Some(reason) = self.unknown_tag(rule.scope()) {
            return Ok(Err(reason));
        }
        if self.insert_rule(rule)? {
            return Ok(Ok(Outcome::Added));
        }
        let Some(current) = self.current_rule(rule.target(), rule.scope())? else {
            return Err(StoreError::Database("a rule is there and is not".to_owned()));
        };
        if current.rule == *rule {
            return Ok(Ok(Outcome::Unchanged));
        }
        self.end_rule(&current)?;
        self.insert_rule(rule)?;
        Ok(Ok(Outcome::Changed))
    }

    fn drop_rule(&mut self, target: &Target, scope: &Scope) -> Edited {
        match self.current_rule(target, scope)? {
            None => Ok(Ok(Outcome::Unchanged)),
            Some(current) => {
                self.end_rule(&current)?;
                Ok(Ok(Outcome::Removed))
            }
        }
    }

    /// Inserts a rule unless one is in force for its target and scope.
    fn insert_rule(&mut self, rule: &Rule) -> StoreResult<bool> {
        let scope = self.scopes.id(self.db, rule.scope())?;
        let mut insert = self.db.prepare_cached(
            "INSERT INTO rule (scope, rule_type, identifier, policy, cel, message, url, \
             button_label, app_name, bundle_hash, bundle_count, comment, ticket, source, \
             expires, made) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, \
             ?15, ?16) ON CONFLICT (rule_type, identifier, scope) WHERE ended IS NULL DO NOTHING",
        )?;
        let inserted =
            rows::with_rule_params(rule, scope, self.revision, |params| insert.execute(params))?;
        Ok(inserted == 1)
    }

    fn current_rule(&mut self, target: &Target, scope: &Scope) -> StoreResult<Option<Current>> {
        let scope = self.scopes.id(self.db, scope)?;
        let mut find = self.db.prepare_cached(&format!(
            "SELECT {}, rule.id, rule.made FROM rule JOIN scope ON scope.id = rule.scope \
             WHERE rule_type = ?1 AND identifier = ?2 AND scope = ?3 AND ended IS NULL",
            rows::RULE_COLUMNS
        ))?;
        let key = params![rows::type_number(target.rule_type()), target.identifier(), scope.0];
        let current = find.query_row(key, |row| {
            Ok(Current {
                rule: rows::rule(row)?,
                id: row.get("id")?,
                made: Revision(row.get::<_, i64>("made")?.cast_unsigned()),
            })
        });
        Ok(current.optional()?)
    }

    /// Ends a rule. One that this very change made was never in force for anybody, and goes
    /// without a trace.
    fn end_rule(&self, current: &Current) -> StoreResult<()> {
        if current.made == self.revision {
            self.db.prepare_cached("DELETE FROM rule WHERE id = ?1")?.execute([current.id])?;
        } else {
            self.db
                .prepare_cached("UPDATE rule SET ended = ?2 WHERE id = ?1")?
                .execute([current.id, self.revision.0.cast_signed()])?;
        }
        Ok(())
    }

    fn set(&mut self, scope: &Scope, setting: &Setting) -> Edited {
        if let Some(reason) = self.unknown_tag(scope) {
            return Ok(Err(reason));
        }
        let id = self.scopes.id(self.db, scope)?.0;
        let (key, value) = (setting.key().name(), setting.value());
        let mut find = self.db.prepare_cached(
            "SELECT value FROM setting WHERE scope = ?1 AND key = ?2 AND ended IS NULL",
        )?;
        let current: Option<String> =
            find.query_row(params![id, key], |row| row.get(0)).optional()?;
        if current.as_ref() == Some(&value) {
            return Ok(Ok(Outcome::Unchanged));
        }
        self.end_setting(id, setting.key())?;
        self.db
            .prepare_cached(
                "INSERT INTO setting (scope, key, value, made) VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute(params![id, key, value, self.revision.0.cast_signed()])?;
        Ok(Ok(if current.is_some() { Outcome::Changed } else { Outcome::Added }))
    }

    fn unset(&mut self, scope: &Scope, key: SettingKey) -> Edited {
        let id = self.scopes.id(self.db, scope)?.0;
        let ended = self.end_setting(id, key)?;
        Ok(Ok(if ended { Outcome::Removed } else { Outcome::Unchanged }))
    }

    fn end_setting(&self, scope: i64, key: SettingKey) -> StoreResult<bool> {
        let ended = self
            .db
            .prepare_cached(
                "UPDATE setting SET ended = ?3 WHERE scope = ?1 AND key = ?2 AND ended IS NULL",
            )?
            .execute(params![scope, key.name(), self.revision.0.cast_signed()])?;
        Ok(ended > 0)
    }

    fn put_tag(&mut self, tag: &Tag) -> Edited {
        let mut find = self.db.prepare_cached(
            "SELECT priority, description FROM tag WHERE name = ?1 AND ended IS NULL",
        )?;
        let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
        let current: Option<(i32, Option<String>)> =
            find.query_row([tag.name.as_str()], read).optional()?;
        let outcome = match current {
            None => Outcome::Added,
            Some(same) if same == (tag.priority, tag.description.clone()) => {
                return Ok(Ok(Outcome::Unchanged));
            }
            Some(_) => Outcome::Changed,
        };
        self.end_tag(&tag.name)?;
        self.db
            .prepare_cached(
                "INSERT INTO tag (name, priority, description, made) VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute(params![
                tag.name.as_str(),
                tag.priority,
                tag.description,
                self.revision.0.cast_signed()
            ])?;
        self.tags.insert(tag.name.clone());
        Ok(Ok(outcome))
    }

    fn end_tag(&self, name: &TagName) -> StoreResult<()> {
        self.db
            .prepare_cached("UPDATE tag SET ended = ?2 WHERE name = ?1 AND ended IS NULL")?
            .execute(params![name.as_str(), self.revision.0.cast_signed()])?;
        Ok(())
    }

    fn drop_tag(&mut self, name: &TagName, force: bool) -> Edited {
        if !self.tags.contains(name) {
            return Ok(Ok(Outcome::Unchanged));
        }
        let scope = self.scopes.id(self.db, &Scope::Tag(name.clone()))?.0;
        let count = |query: &str| -> StoreResult<u64> {
            let count: i64 = self.db.prepare_cached(query)?.query_row([scope], |row| row.get(0))?;
            Ok(count.cast_unsigned())
        };
        let rules = count("SELECT count(*) FROM rule WHERE scope = ?1 AND ended IS NULL")?;
        let settings = count("SELECT count(*) FROM setting WHERE scope = ?1 AND ended IS NULL")?;
        let tagged = self.hosts_with(name)?;
        let hosts = tagged.len() as u64;
        if !force && (rules, settings, hosts) != (0, 0, 0) {
            return Ok(Err(RefusalReason::TagInUse { name: name.clone(), rules, settings, hosts }));
        }
        let revision = self.revision.0.cast_signed();
        for statement in [
            "DELETE FROM rule WHERE scope = ?1 AND ended IS NULL AND made = ?2",
            "UPDATE rule SET ended = ?2 WHERE scope = ?1 AND ended IS NULL",
            "UPDATE setting SET ended = ?2 WHERE scope = ?1 AND ended IS NULL",
        ] {
            self.db.prepare_cached(statement)?.execute([scope, revision])?;
        }
        for machine in tagged {
            self.write_tags(&machine, name, false)?;
        }
        self.end_tag(name)?;
        self.tags.remove(name);
        Ok(Ok(Outcome::Removed))
    }

    fn hosts_with(&self, tag: &TagName) -> StoreResult<Vec<String>> {
        let mut query = self.db.prepare_cached(
            "SELECT machine FROM host \
             WHERE EXISTS (SELECT 1 FROM json_each(host.tags) WHERE value = ?1)",
        )?;
        let machines = query.query_map([tag.as_str()], |row| row.get(0))?;
        Ok(machines.collect::<Result<_, _>>()?)
    }

    fn tag_host(&self, machine: &MachineId, tag: &TagName, tagged: bool) -> Edited {
        match self.write_tags(machine.as_str(), tag, tagged)? {
            None => Ok(Err(RefusalReason::UnknownHost(machine.clone()))),
            Some(false) => Ok(Ok(Outcome::Unchanged)),
            Some(true) if tagged => Ok(Ok(Outcome::Added)),
            Some(true) => Ok(Ok(Outcome::Removed)),
        }
    }

    /// Gives or takes a tag. Says whether that altered anything, or nothing without such a host.
    fn write_tags(&self, machine: &str, tag: &TagName, tagged: bool) -> StoreResult<Option<bool>> {
        let mut find = self.db.prepare_cached("SELECT tags FROM host WHERE machine = ?1")?;
        let read = |row: &rusqlite::Row<'_>| rows::json::<Vec<TagName>>(row, 0);
        let Some(mut tags) = find.query_row([machine], read).optional()? else {
            return Ok(None);
        };
        match (tags.binary_search(tag), tagged) {
            (Ok(_), true) | (Err(_), false) => return Ok(Some(false)),
            (Err(place), true) => tags.insert(place, tag.clone()),
            (Ok(place), false) => drop(tags.remove(place)),
        }
        self.db
            .prepare_cached("UPDATE host SET tags = ?2, version = version + 1 WHERE machine = ?1")?
            .execute(params![machine, rows::to_json(&tags)?])?;
        Ok(Some(true))
    }
}

/// A rule in force.
struct Current {
    rule: Rule,
    id: i64,
    made: Revision,
}

/// The order in which to make edits: as they come, but rules that come in a row by their key,
/// which is how the index lies on the disk. Edits of the same rule keep their order.
fn order(edits: &[Edit]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..edits.len()).collect();
    let key = |place: &usize| match &edits[*place] {
        Edit::PutRule(rule) => Some((rule.target(), rule.scope())),
        Edit::DropRule { target, scope } => Some((target, scope)),
        _ => None,
    };
    for run in order.chunk_by_mut(|a, b| key(a).is_some() && key(b).is_some()) {
        run.sort_by(|a, b| key(a).cmp(&key(b)));
    }
    order
}
