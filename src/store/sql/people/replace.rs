//! Replaces the name of a person in records, in the caller's transaction.

use super::{in_json, renamed_json};
use crate::fleet::{Actor, Event, EventId, Renaming, Sighting, Tag};
use crate::rule::{MachineId, RevisionRecord};
use crate::store::sql::{Database, Dialect, Parameter, check, commit};
use crate::store::{PersonRecord, ReplacedRecords, RuleVersion, StoreResult, codes, postgres};

/// The texts of a rule that may contain the name of a person, in the order of [`TEXTS`].
pub(super) fn texts(RuleVersion { rule, .. }: &RuleVersion) -> [Option<&str>; 7] {
    let (notice, provenance) = (&rule.notice, &rule.provenance);
    [
        notice.message.as_deref(),
        notice.url.as_deref(),
        notice.button_label.as_deref(),
        notice.app_name.as_deref(),
        provenance.comment.as_deref(),
        provenance.ticket.as_deref(),
        provenance.source.as_deref(),
    ]
}

const TEXTS: &str = "message = $1, url = $2, button_label = $3, app_name = $4, comment = $5,
     ticket = $6, source = $7";

/// Replaces the name in records, except those that are in use. In the result, `unreadable` is 0
/// and `next` is None.
pub(in crate::store) async fn replace(
    on: &impl Database,
    renaming: &Renaming,
    records: Vec<PersonRecord>,
) -> StoreResult<ReplacedRecords> {
    let mut replaced = ReplacedRecords::default();
    for record in records {
        match record {
            PersonRecord::Host { machine, .. } => {
                rename_user(on, renaming, &machine).await?;
                replaced.hosts += 1;
            }
            PersonRecord::Event { stored, is_whole } => {
                let event = is_whole.then_some(stored.event);
                rename_in_event(on, renaming, stored.id, event).await?;
                replaced.events += 1;
            }
            PersonRecord::Sighting(sighting) => {
                rename_in_sighting(on, renaming, sighting).await?;
                replaced.sightings += 1;
            }
            PersonRecord::Revision(record) => {
                rename_in_revision(on, renaming, record).await?;
                replaced.texts += 1;
            }
            PersonRecord::Rule(version) if version.ended.is_some() => {
                replaced.texts += u64::from(rename_in_rule(on, renaming, &version).await?);
            }
            PersonRecord::Tag { id, tag, ended: Some(_), .. } => {
                rename_in_tag(on, renaming, id, tag).await?;
                replaced.texts += 1;
            }
            PersonRecord::Token { id, name, is_revoked: true } => {
                let name = renaming.text(&name).unwrap_or(name);
                let sql = "UPDATE token SET name = $1 WHERE id = $2";
                on.execute(sql, &[name.into(), id.into()]).await?;
                replaced.texts += 1;
            }
            PersonRecord::Scope { id } => {
                rename_scope(on, renaming, id).await?;
                replaced.texts += 1;
            }
            // The names of settings' scopes are replaced with the scopes.
            PersonRecord::Rule(_)
            | PersonRecord::Setting { .. }
            | PersonRecord::Tag { .. }
            | PersonRecord::Token { .. } => {}
        }
    }
    if replaced != ReplacedRecords::default() {
        set_incomplete(on, renaming.replacement()).await?;
    }
    Ok(replaced)
}

/// The host's next sync finds the row changed and reads it again.
async fn rename_user(
    on: &impl Database,
    renaming: &Renaming,
    machine: &MachineId,
) -> StoreResult<()> {
    let sql = "SELECT facts, sync FROM host WHERE machine = $1";
    let values = [machine.as_str().into()];
    let read = on.first(sql, &values, |row| {
        let renamed = |json: &str| -> StoreResult<String> {
            Ok(renamed_json(renaming, json)?.unwrap_or_else(|| json.to_owned()))
        };
        Ok((renamed(row.str(0)?)?, renamed(row.str(1)?)?))
    });
    let Some((facts, sync)) = read.await? else { return Ok(()) };
    let sql = "UPDATE host SET primary_user = $1, facts = $2, sync = $3, version = version + 1
               WHERE machine = $4";
    let values =
        [renaming.replacement().into(), facts.into(), sync.into(), machine.as_str().into()];
    on.execute(sql, &values).await.map(drop)
}

/// Renames the person in an event. If the event is too large to be read, every occurrence of the
/// name is replaced.
async fn rename_in_event<D: Database>(
    on: &D,
    renaming: &Renaming,
    id: EventId,
    event: Option<Event>,
) -> StoreResult<()> {
    // PostgreSQL finds repeated events by a digest that covers the accessed file.
    if D::DIALECT == Dialect::Postgres {
        on.execute(&postgres::delete_event_digest(), &[id.0.into()]).await?;
    }
    // If a host repeated an event after it was renamed, SQLite would refuse the second one.
    let update = match D::DIALECT {
        Dialect::Sqlite => "UPDATE OR REPLACE event",
        Dialect::Postgres => "UPDATE event",
    };
    match event {
        Some(mut event) => {
            renaming.event(&mut event);
            let file = event.access.as_ref().map_or("", |access| &access.file);
            let sql = format!("{update} SET \"user\" = $1, path = $2, file = $3 WHERE id = $4");
            let values =
                [event.user.as_str().into(), event.path().into(), file.into(), id.0.into()];
            on.execute(&sql, &values).await?;
            let sql = "UPDATE event_body SET body = $1 WHERE id = $2";
            on.execute(sql, &[codes::json(&event)?.into(), id.0.into()]).await?;
        }
        None => {
            let sql = format!(
                "{update} SET \"user\" = replace(\"user\", $1, $2),
                     path = replace(path, $1, $2), file = replace(file, $1, $2)
                 WHERE id = $3"
            );
            let (name, new) = (renaming.name().as_str(), renaming.replacement());
            let values: [Parameter<'_>; 3] = [name.into(), new.into(), id.0.into()];
            on.execute(&sql, &values).await?;
            let sql = "UPDATE event_body SET body = replace(body, $1, $2) WHERE id = $3";
            let values = [in_json(renaming.name())?.into(), new.into(), id.0.into()];
            on.execute(sql, &values).await?;
        }
    }
    if D::DIALECT == Dialect::Postgres {
        on.execute(&postgres::insert_event_digest(), &[id.0.into()]).await?;
    }
    Ok(())
}

async fn rename_in_sighting(
    on: &impl Database,
    renaming: &Renaming,
    mut sighting: Sighting,
) -> StoreResult<()> {
    renaming.sighting(&mut sighting);
    let sql = "UPDATE sighting SET path = $1, users = $2, paths = $3
               WHERE program = $4 AND machine = (SELECT id FROM machine WHERE name = $5)";
    let values = [
        sighting.path.as_str().into(),
        codes::json(&sighting.users)?.into(),
        codes::json(&sighting.paths)?.into(),
        sighting.program.0.into(),
        sighting.machine.as_str().into(),
    ];
    on.execute(sql, &values).await.map(drop)
}

async fn rename_in_revision(
    on: &impl Database,
    renaming: &Renaming,
    record: RevisionRecord,
) -> StoreResult<()> {
    let RevisionRecord { revision, author, message, at: _ } = record;
    let renamed = |text: String| renaming.text(&text).unwrap_or(text);
    let sql = "UPDATE revision SET author = $1, message = $2 WHERE id = $3";
    let values =
        [renamed(author).into(), message.map(renamed).into(), codes::revision(revision).into()];
    on.execute(sql, &values).await.map(drop)
}

/// Returns whether a text of the rule contained the name. The rule's scope is renamed later.
async fn rename_in_rule(
    on: &impl Database,
    renaming: &Renaming,
    version: &RuleVersion,
) -> StoreResult<bool> {
    let texts = texts(version);
    let renamed = texts.map(|text| text.and_then(|text| renaming.text(text)));
    if renamed.iter().all(Option::is_none) {
        return Ok(false);
    }
    let mut values: Vec<Parameter<'_>> = Vec::with_capacity(texts.len() + 1);
    for (old, new) in texts.into_iter().zip(renamed) {
        values.push(new.map_or_else(|| old.into(), Parameter::from));
    }
    values.push(version.id.into());
    let sql = format!("UPDATE rule SET {TEXTS} WHERE id = $8");
    on.execute(&sql, &values).await?;
    check::fill_rule(on, version.id).await?;
    Ok(true)
}

/// A scope keeps its ID, because hosts may have its rules. If the person was forgotten before, another
/// scope already has the pseudonym.
async fn rename_scope(on: &impl Database, renaming: &Renaming, id: i64) -> StoreResult<()> {
    let pseudonym = renaming.replacement();
    let taken = "SELECT 1 FROM scope WHERE kind = 3 AND name = $1";
    let name = match on.has_row(taken, &[pseudonym.into()]).await? {
        true => format!("{pseudonym}-{id}"),
        false => pseudonym.to_owned(),
    };
    let sql = "UPDATE scope SET name = $1 WHERE id = $2";
    on.execute(sql, &[name.into(), id.into()]).await?;
    check::fill_scope(on, id).await
}

async fn rename_in_tag(
    on: &impl Database,
    renaming: &Renaming,
    id: i64,
    tag: Tag,
) -> StoreResult<()> {
    let renamed = |text: &str| renaming.text(text).unwrap_or_else(|| text.to_owned());
    let description = tag.description.as_ref().map(|text| renamed(text.as_str()));
    let membership = codes::json(&tag.membership)?;
    let membership = renamed_json(renaming, &membership)?.unwrap_or(membership);
    let sql = "UPDATE tag SET description = $1, membership = $2 WHERE id = $3";
    on.execute(sql, &[description.into(), membership.into(), id.into()]).await?;
    check::fill_tag(on, id).await
}

/// The key of a mark in the table `meta`. The mark is set while replaced names may still have bytes
/// in the database, and survives a crash of the server.
fn mark(pseudonym: &str) -> String {
    format!("replaced {pseudonym}")
}

async fn set_incomplete<D: Database>(on: &D, pseudonym: &str) -> StoreResult<()> {
    let one = D::DIALECT.to_meta_number("1");
    let sql = format!("INSERT INTO meta (key, value) VALUES ($1, {one}) ON CONFLICT DO NOTHING");
    on.execute(&sql, &[mark(pseudonym).into()]).await.map(drop)
}

/// Whether names were replaced whose bytes are not erased yet.
pub(in crate::store) async fn is_incomplete(
    on: &impl Database,
    pseudonym: &str,
) -> StoreResult<bool> {
    on.has_row("SELECT 1 FROM meta WHERE key = $1", &[mark(pseudonym).into()]).await
}

/// Notes in the history that the names were replaced and erased.
pub(in crate::store) async fn complete(
    on: &impl Database,
    actor: &Actor,
    pseudonym: &str,
) -> StoreResult<()> {
    on.execute("DELETE FROM meta WHERE key = $1", &[mark(pseudonym).into()]).await?;
    commit::note(on, actor).await
}
