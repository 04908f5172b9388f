//! A change, from its edits to the rows of its revision.
//!
//! Edits are made in their order, but few of them are written at once: settings, tags and the
//! tags of hosts are edited in memory, rules are collected, and only the difference to what was
//! there is written. So a row that a change makes and unmakes is never in the ledger, and edits
//! that cancel each other make no revision.

mod rules;
mod settings;
mod slots;
mod tags;

use jiff::Timestamp;
use rusqlite::{CachedStatement, Connection};

use self::rules::{RuleEdit, RuleWriter};
use self::settings::Settings;
use self::slots::Slots;
use self::tags::{HostTags, Tags};
use super::writer::Done;
use super::{codes, history, scopes};
use crate::rule::{MachineId, Outcome, Revision, Scope, TagName, Target};
use crate::store::rule_edits::Wanted;
use crate::store::{
    Author, Change, Committed, Edit, Refusal, RefusalReason, RuleDifference, StoreError,
    StoreResult,
};

/// Who ends rules whose time has come.
const OURSELVES: &str = "nicelist";

/// Ends a row at the revision `?1`. SQLite has no XOR; this is one for all numbers.
const END: &str = "ended = ?1, checksum = (checksum | ?1) - (checksum & ?1)";

/// Makes a change.
pub(super) fn commit(connection: &Connection, change: &Change) -> StoreResult<Done<Committed>> {
    let head = head(connection)?;
    if let Some(planned) = change.base.filter(|planned| *planned != head) {
        return Err(StoreError::Moved { planned, head });
    }
    let revision = begin(connection, head, &change.author)?;
    let mut commit = Commit::new(connection, codes::revision(revision), change.edits.len())?;
    for (place, edit) in change.edits.iter().enumerate() {
        commit.edit(place, edit)?;
    }
    commit.flush()?;
    let Commit { tags, outcomes, mut differences, refusals, altered, retagged, .. } = commit;
    differences.sort_by_key(|difference| difference.edit);
    let altered = altered + tags.write(connection, codes::revision(revision))?;
    if !refusals.is_empty() {
        return Err(StoreError::Refused(refusals));
    }
    if altered != 0 && !change.dry_run {
        history::count(connection, codes::revision(revision), retagged)?;
        Ok(Done::Keep(Committed { head: revision, changed: true, outcomes, differences }))
    } else {
        Ok(Done::Discard(Committed { head, changed: false, outcomes, differences }))
    }
}

/// Ends the rules whose time has come.
pub(super) fn expire(
    connection: &Connection,
    now: Timestamp,
) -> StoreResult<Done<Option<Revision>>> {
    let message = Some("expired".to_owned());
    let author = Author { name: OURSELVES.to_owned(), at: now, message };
    let revision = begin(connection, head(connection)?, &author)?;
    let ended = connection
        .prepare_cached(&format!("UPDATE rule SET {END} WHERE ended IS NULL AND expires <= ?2"))?
        .execute((codes::revision(revision), now.as_millisecond()))?;
    if ended == 0 {
        return Ok(Done::Discard(None));
    }
    history::count(connection, codes::revision(revision), 0)?;
    Ok(Done::Keep(Some(revision)))
}

/// The newest revision.
pub(super) fn head(connection: &Connection) -> StoreResult<Revision> {
    let mut newest = connection.prepare_cached("SELECT ifnull(max(id), 0) FROM revision")?;
    codes::to_revision(newest.query_one([], |row| row.get(0))?)
}

fn begin(connection: &Connection, head: Revision, author: &Author) -> StoreResult<Revision> {
    let revision = Revision(head.0 + 1);
    connection
        .prepare_cached("INSERT INTO revision (id, at, author, message) VALUES (?, ?, ?, ?)")?
        .execute((
            codes::revision(revision),
            author.at.as_millisecond(),
            &author.name,
            &author.message,
        ))?;
    Ok(revision)
}

/// What becomes of something that was `before` and shall be `after`.
fn transition<T: PartialEq>(before: Option<&T>, after: Option<&T>) -> Outcome {
    match (before, after) {
        (None, Some(_)) => Outcome::Added,
        (Some(_), None) => Outcome::Removed,
        (before, after) if before == after => Outcome::Unchanged,
        _ => Outcome::Changed,
    }
}

/// A change that is being made.
struct Commit<'c, 'e> {
    connection: &'c Connection,
    revision: i64,
    scopes: Slots<'e>,
    rules: Vec<RuleEdit<'e>>,
    settings: Settings,
    tags: Tags,
    hosts: HostTags,
    outcomes: Vec<Outcome>,
    differences: Vec<RuleDifference>,
    refusals: Vec<Refusal>,
    /// What of the revision is written, besides tags: 0 if nothing is otherwise than before.
    altered: i64,
    /// How many hosts have other tags than before.
    retagged: i64,
}

impl<'c, 'e> Commit<'c, 'e> {
    fn new(connection: &'c Connection, revision: i64, edits: usize) -> StoreResult<Self> {
        Ok(Self {
            connection,
            revision,
            scopes: Slots::default(),
            rules: Vec::new(),
            settings: Settings::default(),
            tags: Tags::load(connection)?,
            hosts: HostTags::default(),
            outcomes: vec![Outcome::Unchanged; edits],
            differences: Vec::new(),
            refusals: Vec::new(),
            altered: 0,
            retagged: 0,
        })
    }

    fn edit(&mut self, place: usize, edit: &'e Edit) -> StoreResult<()> {
        match edit {
            Edit::PutRule(rule) => {
                self.put_rule(place, rule.target(), rule.scope(), Wanted::Rule(rule))?;
            }
            Edit::MergeRule(merge) => {
                let rule = &merge.rule;
                self.put_rule(place, rule.target(), rule.scope(), Wanted::Merge(merge))?;
            }
            Edit::DropRule { target, scope } => {
                self.put_rule(place, target, scope, Wanted::Nothing)?;
            }
            Edit::Set { scope, setting } => {
                if self.scope_exists(place, scope) {
                    let slot = self.scopes.slot(self.connection, scope)?;
                    let value = Some(setting.value());
                    self.outcomes[place] = self.settings.edit(
                        self.connection,
                        &self.scopes,
                        slot,
                        setting.key(),
                        value,
                    )?;
                }
            }
            Edit::Unset { scope, key } => {
                let slot = self.scopes.slot(self.connection, scope)?;
                self.outcomes[place] =
                    self.settings.edit(self.connection, &self.scopes, slot, *key, None)?;
            }
            Edit::PutTag(tag) => self.outcomes[place] = self.tags.put(tag),
            Edit::DropTag { name, force } => self.drop_tag(place, name, *force)?,
            Edit::TagHost { machine, tag } => {
                if self.tag_exists(place, tag) {
                    self.tag_host(place, machine, tag, true)?;
                }
            }
            Edit::UntagHost { machine, tag } => self.tag_host(place, machine, tag, false)?,
        }
        Ok(())
    }

    fn put_rule(
        &mut self,
        place: usize,
        target: &'e Target,
        scope: &'e Scope,
        wanted: Wanted<'e>,
    ) -> StoreResult<()> {
        if wanted.rule().is_none() || self.scope_exists(place, scope) {
            let slot = self.scopes.slot(self.connection, scope)?;
            self.rules.push(RuleEdit { place, target, slot, wanted });
        }
        Ok(())
    }

    fn tag_host(
        &mut self,
        place: usize,
        machine: &MachineId,
        tag: &TagName,
        wanted: bool,
    ) -> StoreResult<()> {
        match self.hosts.edit(self.connection, machine, tag, wanted)? {
            Some(outcome) => self.outcomes[place] = outcome,
            None => self.refuse(place, RefusalReason::UnknownHost(machine.clone())),
        }
        Ok(())
    }

    fn drop_tag(&mut self, place: usize, name: &TagName, force: bool) -> StoreResult<()> {
        if !self.tags.has(name) {
            return Ok(());
        }
        self.flush()?;
        let scope = Scope::Tag(name.clone());
        let scope = scopes::find(self.connection, &scope)?;
        let membership = self.tags.membership(name);
        if force {
            let (ended, hosts) = tags::take_away(self.connection, name, scope, self.revision)?;
            self.altered += ended + hosts;
            self.retagged += hosts;
        } else if let Some(reason) = tags::in_use(self.connection, name, membership, scope)? {
            self.refuse(place, reason);
            return Ok(());
        }
        self.outcomes[place] = self.tags.drop(name);
        Ok(())
    }

    fn scope_exists(&mut self, place: usize, scope: &Scope) -> bool {
        match scope {
            Scope::Tag(tag) => self.tag_exists(place, tag),
            Scope::Fleet | Scope::Group(_) | Scope::User(_) | Scope::Host(_) => true,
        }
    }

    fn tag_exists(&mut self, place: usize, tag: &TagName) -> bool {
        let exists = self.tags.has(tag);
        if !exists {
            self.refuse(place, RefusalReason::UnknownTag(tag.clone()));
        }
        exists
    }

    fn refuse(&mut self, edit: usize, reason: RefusalReason) {
        self.refusals.push(Refusal { edit, reason });
    }

    /// Writes what is collected.
    fn flush(&mut self) -> StoreResult<()> {
        let edits = std::mem::take(&mut self.rules);
        if !edits.is_empty() {
            let writer = RuleWriter::new(
                self.connection,
                self.revision,
                &mut self.scopes,
                &mut self.outcomes,
                &mut self.differences,
            )?;
            self.altered += writer.write(edits)?;
        }
        self.altered += self.settings.write(self.connection, &mut self.scopes, self.revision)?;
        let hosts = self.hosts.write(self.connection)?;
        self.altered += hosts;
        self.retagged += hosts;
        Ok(())
    }
}

/// A row in force, of a table that is kept in time.
#[derive(Clone, Copy, Debug)]
struct Version {
    id: i64,
    made: i64,
}

impl Version {
    /// Ends a row, or takes it away if no revision but this ever saw it. Says by how many rows
    /// the revision grew.
    fn end(
        self,
        revision: i64,
        end: &mut CachedStatement<'_>,
        delete: &mut CachedStatement<'_>,
    ) -> rusqlite::Result<i64> {
        if self.made == revision {
            delete.execute([self.id])?;
            Ok(-1)
        } else {
            end.execute([revision, self.id])?;
            Ok(1)
        }
    }
}
