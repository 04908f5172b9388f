//! A change, from its edits to the rows of its revision.
//!
//! What a change speaks of is read first, all at once; then its edits are made in their order, in
//! memory; and then the difference to what was there is written. So a row that a change makes
//! and unmakes is never in the ledger, and edits that cancel each other make no revision.

mod rules;
mod settings;
mod slots;
mod stage;
mod tags;

pub(super) use self::stage::STAGE;

use deadpool_postgres::{Client, GenericClient, Transaction};
use jiff::Timestamp;

use self::rules::{Notes, RuleEdit};
use self::settings::Settings;
use self::slots::Slots;
use self::tags::{HostTags, Tags};
use super::locks::Lock;
use super::rows::Text;
use super::{codes, filter, history, listen, query};
use crate::rule::{Counts, MachineId, Outcome, Revision, Scope, TagName, Target};
use crate::store::rule_edits::Wanted;
use crate::store::{
    Author, Change, Committed, Edit, Refusal, RefusalReason, RuleDifference, StoreError,
    StoreResult,
};

/// Who ends rules whose time has come.
const OURSELVES: &str = "nicelist";

/// Makes a change.
pub(super) async fn commit(client: &mut Client, change: &Change) -> StoreResult<Committed> {
    let on = client.transaction().await?;
    Lock::Policy.take(&on).await?;
    let head = head(&on).await?;
    if let Some(planned) = change.base.filter(|planned| *planned != head) {
        return Err(StoreError::Moved { planned, head });
    }
    let revision = begin(&on, head, &change.author).await?;
    let mut commit = Commit::new(&on, codes::revision(revision), &change.edits).await?;
    for (place, edit) in change.edits.iter().enumerate() {
        commit.edit(place, edit).await?;
    }
    commit.flush().await?;
    let Commit {
        tags, outcomes, mut differences, refusals, altered, retagged, rules_written, ..
    } = commit;
    differences.sort_by_key(|difference| difference.edit);
    let altered = altered + tags.write(&on, codes::revision(revision)).await?;
    if !refusals.is_empty() {
        return Err(StoreError::Refused(refusals));
    }
    if altered == 0 || change.dry_run {
        on.rollback().await?;
        return Ok(Committed { head, changed: false, outcomes, differences });
    }
    let rules = rules_written.unwrap_or(Some(Counts::default()));
    finish(on, revision, rules, retagged).await?;
    Ok(Committed { head: revision, changed: true, outcomes, differences })
}

/// Ends the rules whose time has come.
pub(super) async fn expire(client: &mut Client, now: Timestamp) -> StoreResult<Option<Revision>> {
    let on = client.transaction().await?;
    Lock::Policy.take(&on).await?;
    let message = Some("expired".to_owned());
    let author = Author { name: OURSELVES.to_owned(), at: now, message };
    let revision = begin(&on, head(&on).await?, &author).await?;
    let sql = "UPDATE rule SET ended = $1, checksum = checksum # $1
               WHERE ended IS NULL AND expires <= $2";
    let ended = on.execute(sql, &[&codes::revision(revision), &now.as_millisecond()]).await?;
    if ended == 0 {
        // Another server was faster.
        on.rollback().await?;
        return Ok(None);
    }
    let rules = Counts { removed: ended, ..Counts::default() };
    finish(on, revision, Some(rules), 0).await?;
    Ok(Some(revision))
}

/// The newest revision.
pub(super) async fn head(on: &impl GenericClient) -> StoreResult<Revision> {
    let rows = query(on, "SELECT max(id) FROM revision", filter::NONE).await?;
    let newest: Option<i64> = rows.first().map(|row| row.try_get(0)).transpose()?.flatten();
    codes::to_revision(newest.unwrap_or(0))
}

async fn begin(on: &impl GenericClient, head: Revision, author: &Author) -> StoreResult<Revision> {
    let revision = Revision(head.0 + 1);
    let sql = "INSERT INTO revision (id, at, author, message) VALUES ($1, $2, $3, $4)";
    let message = author.message.as_deref().map(Text);
    let values: super::Values<'_> =
        &[&codes::revision(revision), &author.at.as_millisecond(), &Text(&author.name), &message];
    query(on, sql, values).await?;
    Ok(revision)
}

/// Notes how much a revision did, to rules if that is known, calls it out, and commits it.
async fn finish(
    on: Transaction<'_>,
    revision: Revision,
    rules: Option<Counts>,
    retagged: i64,
) -> StoreResult<()> {
    history::count(&on, codes::revision(revision), rules, retagged).await?;
    listen::call_out(&on).await?;
    Ok(on.commit().await?)
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
struct Commit<'c, 't, 'e> {
    on: &'c Transaction<'t>,
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
    /// Whether rules were written, and how much that was, if it is known.
    rules_written: Option<Option<Counts>>,
}

impl<'c, 't, 'e> Commit<'c, 't, 'e> {
    /// Reads what the edits speak of.
    async fn new(on: &'c Transaction<'t>, revision: i64, edits: &'e [Edit]) -> StoreResult<Self> {
        let mut scopes = Slots::load(on, edits).await?;
        Ok(Self {
            on,
            revision,
            settings: Settings::load(on, &mut scopes, edits).await?,
            scopes,
            rules: Vec::new(),
            tags: Tags::load(on).await?,
            hosts: HostTags::load(on, edits).await?,
            outcomes: vec![Outcome::Unchanged; edits.len()],
            differences: Vec::new(),
            refusals: Vec::new(),
            altered: 0,
            retagged: 0,
            rules_written: None,
        })
    }

    async fn edit(&mut self, place: usize, edit: &'e Edit) -> StoreResult<()> {
        match edit {
            Edit::PutRule(rule) => {
                self.put_rule(place, rule.target(), rule.scope(), Wanted::Rule(rule));
            }
            Edit::MergeRule(merge) => {
                let rule = &merge.rule;
                self.put_rule(place, rule.target(), rule.scope(), Wanted::Merge(merge));
            }
            Edit::DropRule { target, scope } => {
                self.put_rule(place, target, scope, Wanted::Nothing);
            }
            Edit::Set { scope, setting } => {
                if self.scope_exists(place, scope) {
                    let slot = self.scopes.slot(scope);
                    let value = Some(setting.value());
                    self.outcomes[place] = self.settings.edit(slot, setting.key(), value);
                }
            }
            Edit::Unset { scope, key } => {
                let slot = self.scopes.slot(scope);
                self.outcomes[place] = self.settings.edit(slot, *key, None);
            }
            Edit::PutTag(tag) => self.outcomes[place] = self.tags.put(tag),
            Edit::DropTag { name, force } => self.drop_tag(place, name, *force).await?,
            Edit::TagHost { machine, tag } => {
                if self.tag_exists(place, tag) {
                    self.tag_host(place, machine, tag, true);
                }
            }
            Edit::UntagHost { machine, tag } => self.tag_host(place, machine, tag, false),
        }
        Ok(())
    }

    fn put_rule(&mut self, place: usize, target: &'e Target, scope: &'e Scope, wanted: Wanted<'e>) {
        if wanted.rule().is_none() || self.scope_exists(place, scope) {
            let slot = self.scopes.slot(scope);
            self.rules.push(RuleEdit { place, target, slot, wanted });
        }
    }

    fn tag_host(&mut self, place: usize, machine: &MachineId, tag: &TagName, wanted: bool) {
        match self.hosts.edit(machine, tag, wanted) {
            Some(outcome) => self.outcomes[place] = outcome,
            None => self.refuse(place, RefusalReason::UnknownHost(machine.clone())),
        }
    }

    async fn drop_tag(&mut self, place: usize, name: &TagName, force: bool) -> StoreResult<()> {
        if !self.tags.has(name) {
            return Ok(());
        }
        self.flush().await?;
        let scope = super::scopes::find(self.on, &Scope::Tag(name.clone())).await?;
        let membership = self.tags.membership(name);
        if force {
            let ended = tags::end_all_of(self.on, scope, self.revision).await?;
            self.rules_written = Some(None);
            let hosts = self.hosts.take_away(self.on, name).await?;
            self.settings.forget(&self.scopes, scope);
            self.altered += ended + hosts;
            self.retagged += hosts;
        } else if let Some(reason) = tags::in_use(self.on, name, membership, scope).await? {
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
    async fn flush(&mut self) -> StoreResult<()> {
        let edits = std::mem::take(&mut self.rules);
        let (on, revision) = (self.on, self.revision);
        if !edits.is_empty() {
            let again = self.rules_written.is_some();
            let notes = Notes { outcomes: &mut self.outcomes, differences: &mut self.differences };
            let scopes = &mut self.scopes;
            let written = rules::write(on, revision, scopes, edits, notes, again).await?;
            self.altered += written.altered();
            // What several writings come to is for the database to count.
            self.rules_written = Some((!again).then(|| written.counts()));
        }
        self.altered += self.settings.write(on, &mut self.scopes, revision).await?;
        let hosts = self.hosts.write(on).await?;
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
    async fn end(self, on: &impl GenericClient, table: &str, revision: i64) -> StoreResult<i64> {
        if self.made == revision {
            query(on, &format!("DELETE FROM {table} WHERE id = $1"), &[&self.id]).await?;
            return Ok(-1);
        }
        let sql = format!("UPDATE {table} SET ended = $1, checksum = checksum # $1 WHERE id = $2");
        query(on, &sql, &[&revision, &self.id]).await?;
        Ok(1)
    }
}
