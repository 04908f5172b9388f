//! Finds the records with the name of a person.
//!
//! SQL finds the rows that contain the name anywhere. Then [`Renaming`] decides whether the name in
//! them is the person's, because `anna` is also a part of `joanna`.

mod replace;
mod uses;

pub(in crate::store) use replace::{complete, is_incomplete, replace};
pub(in crate::store) use uses::uses;

use super::rows::{self, content_of};
use super::{Database, Dialect, Parameter, StoredRow, tokens};
use crate::fleet::{
    Decision, Event, EventId, PersonName, ProgramId, Pseudonym, Renaming, ReportedName, Sighting,
};
use crate::rule::{MachineId, Scope};
use crate::store::bounds::{self, EVENT_COLUMNS, EventColumns};
use crate::store::codes::{self, corrupt};
use crate::store::quarantine::listed;
use crate::store::{
    PersonPosition, PersonRecord, PersonRecords, PersonTable, RuleVersion, StoreResult, StoredEvent,
};

/// Maximum rows of a table that one part examines.
const EXAMINED: i64 = 2_000;
/// Maximum records that one part returns. A record can be large, and all records of a part are
/// replaced in one transaction.
const RECORDS: usize = 100;
/// The key, in the table `meta`, of the secret that pseudonyms depend on.
const KEY: &str = "person_key";

pub(in crate::store) async fn pseudonym(
    on: &impl Database,
    name: &PersonName,
    new_key: &[u8; 32],
) -> StoreResult<Pseudonym> {
    Ok(Pseudonym::new(name, &tokens::stored_key(on, KEY, new_key).await?))
}

/// The records from a position, and the position after them.
pub(in crate::store) async fn find(
    on: &impl Database,
    renaming: &Renaming,
    at: &PersonPosition,
) -> StoreResult<PersonRecords> {
    match at {
        PersonPosition::Hosts(after) => hosts(on, renaming.name(), after.as_ref()).await,
        PersonPosition::Sightings(program, machine) => {
            sightings(on, renaming, (*program, *machine)).await
        }
        PersonPosition::Rows(table, after) => table_rows(on, renaming, *table, *after).await,
    }
}

async fn hosts(
    on: &impl Database,
    name: &PersonName,
    after: Option<&MachineId>,
) -> StoreResult<PersonRecords> {
    let sql = "SELECT machine, hostname FROM host WHERE primary_user = $1 AND machine > $2
               ORDER BY machine LIMIT $3";
    let after = after.map_or("", MachineId::as_str);
    let values = [name.as_str().into(), after.into(), codes::limit(RECORDS).into()];
    let hosts =
        on.query(sql, &values, |row| Ok((super::hosts::machine(row, 0)?, row.str(1)?.to_owned())));
    let hosts = hosts.await?;
    let last = hosts.last().filter(|_| hosts.len() == RECORDS);
    let next = match last {
        Some((machine, _)) => PersonPosition::Hosts(Some(machine.clone())),
        None => PersonPosition::Rows(PersonTable::Events, 0),
    };
    let record = |(machine, hostname)| PersonRecord::Host { machine, hostname };
    let records = hosts.into_iter().map(record).collect();
    Ok(PersonRecords { records, unreadable: 0, next: Some(next) })
}

/// A name as it is written in the JSON of a stored row.
fn in_json(name: &PersonName) -> StoreResult<String> {
    let json = codes::json(name)?;
    let text = json.strip_prefix('"').and_then(|json| json.strip_suffix('"'));
    Ok(text.unwrap_or_default().to_owned())
}

async fn sightings<D: Database>(
    on: &D,
    renaming: &Renaming,
    after: (i64, i64),
) -> StoreResult<PersonRecords> {
    let name = in_json(renaming.name())?;
    let part = "SELECT program, machine FROM sighting WHERE (program, machine) > ($1, $2)
                ORDER BY program, machine LIMIT $3";
    let sql = format!(
        "SELECT program, machine FROM ({part}) AS part ORDER BY program DESC, machine DESC LIMIT 1"
    );
    let start: [Parameter<'_>; 2] = [after.0.into(), after.1.into()];
    let values = [start[0].clone(), start[1].clone(), EXAMINED.into()];
    let last = on.first(&sql, &values, |row| Ok((row.number(0)?, row.number(1)?))).await?;
    let rest = Some(PersonPosition::Rows(PersonTable::Revisions, 0));
    let Some(last) = last else {
        return Ok(PersonRecords { records: Vec::new(), unreadable: 0, next: rest });
    };
    let contains = ["s.users", "s.paths", "s.path"].map(|it| D::DIALECT.contains(it, "$5"));
    let sql = format!(
        "SELECT s.program, s.machine, m.name, s.first_seen, s.last_seen, s.reports, s.decision,
                s.latest, s.path, s.users, s.more_users, s.paths, s.more_paths
         FROM sighting AS s JOIN machine AS m ON m.id = s.machine
         WHERE (s.program, s.machine) > ($1, $2) AND (s.program, s.machine) <= ($3, $4)
           AND ({}) ORDER BY s.program, s.machine LIMIT $6",
        contains.join(" OR ")
    );
    let values = [
        start[0].clone(),
        start[1].clone(),
        last.0.into(),
        last.1.into(),
        name.as_str().into(),
        codes::limit(RECORDS).into(),
    ];
    let found = on
        .query(&sql, &values, |row| Ok(((row.number(0)?, row.number(1)?), listed(sighting(row))?)));
    let found = found.await?;
    let full = found.last().filter(|_| found.len() == RECORDS).map(|(key, _)| *key);
    let (program, machine) = full.unwrap_or(last);
    let unreadable = found.iter().filter(|(_, sighting)| sighting.is_none()).count() as u64;
    let named = found.into_iter().filter_map(|(_, sighting)| sighting);
    let named = named.filter(|sighting| renaming.sighting(&mut sighting.clone()));
    let records = named.map(PersonRecord::Sighting).collect();
    let next = Some(PersonPosition::Sightings(program, machine));
    Ok(PersonRecords { records, unreadable, next })
}

fn sighting(row: &(dyn StoredRow + '_)) -> StoreResult<Sighting> {
    Ok(Sighting {
        program: ProgramId(row.number(0)?),
        machine: super::hosts::machine(row, 2)?,
        first_seen: codes::to_time(row.number(3)?)?,
        last_seen: codes::to_time(row.number(4)?)?,
        reports: row.count(5)?,
        decision: Decision(row.str(6)?.into()),
        latest: EventId(row.number(7)?),
        path: row.str(8)?.to_owned(),
        users: codes::to_value(row.str(9)?)?,
        more_users: row.number(10)? != 0,
        paths: codes::to_value(row.str(11)?)?,
        more_paths: row.number(12)? != 0,
    })
}

/// Records of a table whose rows have IDs.
async fn table_rows<D: Database>(
    on: &D,
    renaming: &Renaming,
    table: PersonTable,
    after: i64,
) -> StoreResult<PersonRecords> {
    let name = table.name();
    let sql = format!(
        "SELECT max(id) FROM (SELECT id FROM {name} WHERE id > $1 ORDER BY id LIMIT $2) AS part"
    );
    let last = on.first(&sql, &[after.into(), EXAMINED.into()], |row| row.integer(0)).await?;
    let Some(last) = last.flatten() else {
        return Ok(PersonRecords { records: Vec::new(), unreadable: 0, next: table.next() });
    };
    let sql = format!("{} LIMIT $5", select::<D>(table));
    let values = [
        after.into(),
        last.into(),
        renaming.name().as_str().into(),
        in_json(renaming.name())?.into(),
        codes::limit(RECORDS).into(),
    ];
    let found =
        on.query(&sql, &values, |row| Ok((row.number(0)?, listed(record(renaming, table, row))?)));
    let found = found.await?;
    let full = found.last().filter(|_| found.len() == RECORDS).map(|(id, _)| *id);
    let unreadable = found.iter().filter(|(_, record)| record.is_none()).count() as u64;
    let records = found.into_iter().filter_map(|(_, record)| record.flatten()).collect();
    let next = Some(PersonPosition::Rows(table, full.unwrap_or(last)));
    Ok(PersonRecords { records, unreadable, next })
}

/// The query for rows with IDs greater than `$1` and up to `$2` that contain the name `$3`, or its
/// JSON `$4`. Each row starts with its ID.
fn select<D: Database>(table: PersonTable) -> String {
    let Source { columns, tables, id, condition } = source(D::DIALECT, table);
    // PostgreSQL must know the type of each parameter, also if the condition does not use it.
    let typed = match D::DIALECT {
        Dialect::Sqlite => "$3 IS NOT NULL AND $4 IS NOT NULL",
        Dialect::Postgres => "$3::text IS NOT NULL AND $4::text IS NOT NULL",
    };
    format!(
        "SELECT {columns} FROM {tables}
         WHERE {id} > $1 AND {id} <= $2 AND {typed} AND {condition} ORDER BY {id}"
    )
}

/// The parts of a query.
struct Source {
    columns: String,
    tables: String,
    id: &'static str,
    condition: String,
}

/// The scope of the person. Its kind is 3, as in `codes::scope_kind`.
const SCOPE: &str = "(s.kind = 3 AND s.name = $3)";

fn source(dialect: Dialect, table: PersonTable) -> Source {
    let text = |columns: &str| {
        let columns = columns.split(", ").map(|column| format!("coalesce({column}, '')"));
        let texts: Vec<String> = columns.collect();
        dialect.contains(&texts.join(" || '\n' || "), "$3")
    };
    let json = |column: &str| dialect.contains(column, "$4");
    let source = |columns: &str, tables: &str, id: &'static str, condition: String| Source {
        columns: columns.to_owned(),
        tables: tables.to_owned(),
        id,
        condition,
    };
    match table {
        PersonTable::Events => event_source(dialect, json("body")),
        PersonTable::Revisions => source(rows::REVISION, "revision", "id", text("author, message")),
        PersonTable::Rules => {
            let texts =
                "r.message, r.url, r.button_label, r.app_name, r.comment, r.ticket, r.source";
            rule_source(format!("({SCOPE} OR {})", text(texts)))
        }
        PersonTable::Settings => {
            let columns = "v.id, s.kind, s.name, v.key, v.value, v.made, v.ended";
            let tables = "setting AS v JOIN scope AS s ON s.id = v.scope";
            source(columns, tables, "v.id", SCOPE.to_owned())
        }
        PersonTable::Tags => {
            let columns = "id, name, priority, description, membership, made, ended";
            let condition = format!("({} OR {})", text("description"), json("membership"));
            source(columns, "tag", "id", condition)
        }
        PersonTable::Tokens => source("id, name, revoked", "token", "id", text("name")),
        PersonTable::Scopes => {
            let unused = |table: &str| {
                format!("NOT EXISTS (SELECT 1 FROM {table} WHERE scope = s.id AND ended IS NULL)")
            };
            let condition = format!("{SCOPE} AND {} AND {}", unused("rule"), unused("setting"));
            source("s.id", "scope AS s", "s.id", condition)
        }
    }
}

fn event_source(dialect: Dialect, condition: String) -> Source {
    let key = match dialect {
        Dialect::Sqlite => "id",
        Dialect::Postgres => "id, received",
    };
    let body = format!("CASE WHEN octet_length(body) <= {} THEN body END", bounds::LARGEST_EVENT);
    Source {
        columns: format!("id, {body}, {EVENT_COLUMNS}"),
        tables: format!("event JOIN event_body USING ({key})"),
        id: "id",
        condition,
    }
}

fn rule_source(condition: String) -> Source {
    Source {
        columns: format!(
            "r.id, s.kind, s.name, m.id, m.at, m.author, m.message, e.id, e.at, e.author, e.message,
             r.rule_type, r.identifier, {}",
            content_of("r")
        ),
        tables: "rule AS r JOIN scope AS s ON s.id = r.scope JOIN revision AS m ON m.id = r.made
                 LEFT JOIN revision AS e ON e.id = r.ended"
            .to_owned(),
        id: "r.id",
        condition,
    }
}

/// Reads a record. None if the name in it is a part of another name.
fn record(
    renaming: &Renaming,
    table: PersonTable,
    row: &(dyn StoredRow + '_),
) -> StoreResult<Option<PersonRecord>> {
    let revision = |column: usize| row.integer(column)?.map(codes::to_revision).transpose();
    let is_person = |text: &str| renaming.text(text).is_some();
    Ok(match table {
        PersonTable::Events => event(renaming, row)?,
        PersonTable::Revisions => {
            let record = rows::revision(row, 0)?;
            let names =
                is_person(&record.author) || record.message.as_deref().is_some_and(is_person);
            names.then_some(PersonRecord::Revision(record))
        }
        PersonTable::Rules => {
            let version = RuleVersion {
                id: row.number(0)?,
                rule: rows::rule(row, 11, rows::scope(row, 1)?)?,
                made: rows::revision(row, 3)?,
                ended: rows::optional_revision(row, 7)?,
            };
            let names = is_of(version.rule.scope(), renaming.name())
                || replace::texts(&version).into_iter().flatten().any(is_person);
            names.then(|| PersonRecord::Rule(Box::new(version)))
        }
        PersonTable::Settings => Some(PersonRecord::Setting {
            id: row.number(0)?,
            scope: rows::scope(row, 1)?,
            setting: rows::setting(row, 3)?,
            made: codes::to_revision(row.number(5)?)?,
            ended: revision(6)?,
        }),
        PersonTable::Tags => {
            let (tag, made) = (rows::tag(row, 1)?, codes::to_revision(row.number(5)?)?);
            let description = tag.description.as_ref().is_some_and(|it| is_person(it.as_str()));
            let is_member = |user: &ReportedName| renaming.user(user.as_str()).is_some();
            let names = description || tag.membership.users.iter().any(is_member);
            let (id, ended) = (row.number(0)?, revision(6)?);
            names.then_some(PersonRecord::Tag { id, tag, made, ended })
        }
        PersonTable::Tokens => {
            let (id, name) = (row.number(0)?, row.str(1)?.to_owned());
            let is_revoked = row.number(2)? != 0;
            is_person(&name).then_some(PersonRecord::Token { id, name, is_revoked })
        }
        PersonTable::Scopes => Some(PersonRecord::Scope { id: row.number(0)? }),
    })
}

fn is_of(scope: &Scope, name: &PersonName) -> bool {
    matches!(scope, Scope::User(user) if **user == *name.as_str())
}

/// Reads an event from its ID, its body and its columns. Without a readable body, the event is
/// taken from its columns, and counts as naming the person, because its body contains the name.
fn event(renaming: &Renaming, row: &(dyn StoredRow + '_)) -> StoreResult<Option<PersonRecord>> {
    let id = EventId(row.number(0)?);
    let (received, shortened) = EventColumns::read(row, 2)?.event()?;
    let body = row.text(1)?.map(codes::to_value::<Event>).transpose();
    let (event, is_whole) = match body {
        Ok(Some(event)) => (event, true),
        Ok(None) | Err(_) => (shortened, false),
    };
    if is_whole && !renaming.event(&mut event.clone()) {
        return Ok(None);
    }
    let stored = Box::new(StoredEvent { id, received, event });
    Ok(Some(PersonRecord::Event { stored, is_whole }))
}

/// Replaces the name in stored JSON. None if the name is not in it.
fn renamed_json(renaming: &Renaming, json: &str) -> StoreResult<Option<String>> {
    let mut value: serde_json::Value =
        serde_json::from_str(json).map_err(|error| corrupt("JSON", &error))?;
    renaming.value("", &mut value).then(|| codes::json(&value)).transpose()
}
