//! People: lists what is stored about a person, and replaces the person's name with a pseudonym.

use std::sync::Arc;

use axum::Json;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::api::{
    Code, Detail, ForgetPersonAnswer, ForgetPersonRequest, Page, PersonPath, PersonQuery,
    PersonRecordKind, PersonRecordView, Problem, RuleVersionView,
};
use crate::fleet::{Actor, PersonName, PersonNameError, Pseudonym, Renaming};
use crate::server::access::Admin;
use crate::server::answer::{Answer, Refused, read_cursor};
use crate::server::extract::{Body, Path, Query};
use crate::server::state::{Shared, State};
use crate::store::{
    PersonPosition, PersonRecord, ReplacedRecords, RuleVersion, Store, StoreResult,
};

/// Maximum parts of the database that one request examines. A part has at most 2,000 rows.
const MOST_PARTS: usize = 20;
/// A request that replaced this many records examines no further part.
const MOST_REPLACED: u64 = 500;

/// List everything that is stored about a person
///
/// A page may be empty although more pages follow.
#[utoipa::path(get, path = "/people/{name}", operation_id = "export_person", tag = "people", params(PersonPath, PersonQuery),
    responses((status = 200, body = Page<PersonRecordView>), (status = 404), (status = 422)))]
pub(super) async fn export(
    axum::extract::State(state): Shared,
    _: Admin,
    Path(PersonPath { name }): Path<PersonPath>,
    Query(PersonQuery { limit: _, cursor }): Query<PersonQuery>,
) -> Answer<Page<PersonRecordView>> {
    let name = person(&name)?;
    let mut next = Some(read_cursor(cursor.as_deref())?.unwrap_or(PersonPosition::START));
    let mut items = Vec::new();
    for _ in 0..MOST_PARTS {
        let Some(at) = next.take() else { break };
        let part = state.store.person_records(&name, &at).await?;
        for record in part.records {
            items.extend(view(record)?);
        }
        next = part.next;
        if !items.is_empty() {
            break;
        }
    }
    Ok(Json(Page::new(items, next.map(|next| next.to_string()))))
}

/// Replace the name of a person with a pseudonym
///
/// One request replaces the name in a part of the database. Repeat the request with the cursor
/// `next` until the response has no cursor. The last request removes the bytes of the name from the
/// database, which takes time in proportion to its size. The request is refused while an active
/// rule, setting, tag or token names the person.
#[utoipa::path(post, path = "/people/{name}/forget", operation_id = "forget_person", tag = "people", params(PersonPath), request_body = ForgetPersonRequest,
    responses((status = 200, body = ForgetPersonAnswer), (status = 404), (status = 409), (status = 422)))]
pub(super) async fn forget(
    axum::extract::State(state): Shared,
    Admin(operator): Admin,
    Path(PersonPath { name }): Path<PersonPath>,
    Body(ForgetPersonRequest { dry_run, cursor }): Body<ForgetPersonRequest>,
) -> Answer<ForgetPersonAnswer> {
    let name = person(&name)?;
    let at = read_cursor(cursor.as_deref())?.unwrap_or(PersonPosition::START);
    if at == PersonPosition::START {
        refuse_if_used(&state, &name).await?;
    }
    if dry_run {
        let counted = count(&*state.store, &name, at).await?;
        return Ok(Json(answer(None, counted, false)));
    }
    let pseudonym = state.store.pseudonym(&name).await?;
    let renaming = Renaming::new(name.clone(), &pseudonym);
    let store = Arc::clone(&state.store);
    let replacing = tokio::spawn(async move { replace(&*store, &renaming, at).await });
    let replaced = replacing.await.map_err(failed)??;
    if replaced.next.is_some() {
        return Ok(Json(answer(Some(pseudonym), replaced, false)));
    }
    // A rule for the person may have been added in the meantime.
    refuse_if_used(&state, &name).await?;
    let actor = operator.actor(state.clock.now(), Some(format!("forgot {pseudonym}")));
    let actor = without_name(actor, &Renaming::new(name, &pseudonym));
    let (store, erased) = (Arc::clone(&state.store), pseudonym.clone());
    let erasing = tokio::spawn(async move { store.erase_replaced(&actor, &erased).await });
    let erased = erasing.await.map_err(failed)??;
    Ok(Json(answer(Some(pseudonym), replaced, erased)))
}

fn person(name: &str) -> Result<PersonName, Refused> {
    name.parse().map_err(|error: PersonNameError| {
        Problem::new(Code::Invalid, error.to_string())
            .hint("use the name of the account on the Mac, such as anna")
            .into()
    })
}

/// The problem's message does not contain the name, because the server logs it.
async fn refuse_if_used(state: &State, name: &PersonName) -> Result<(), Refused> {
    let uses = state.store.uses_of_person(name).await?;
    if uses.is_empty() {
        return Ok(());
    }
    let detail = |message| Detail { message, ..Detail::default() };
    Err(Problem::new(Code::Guarded, "active rules, settings, tags or tokens name this person")
        .details(uses.into_iter().map(detail).collect())
        .hint("remove or change them first; nicelist person export NAME shows them")
        .into())
}

/// An operator can have the name of the person, too.
fn without_name(actor: Actor, renaming: &Renaming) -> Actor {
    let name = renaming.text(&actor.name).unwrap_or_else(|| actor.name.clone());
    Actor { name, ..actor }
}

fn failed(error: tokio::task::JoinError) -> Problem {
    tracing::error!(%error, "the task that forgets a person stopped unexpectedly");
    Problem::new(Code::Internal, "the server could not forget the person")
}

async fn replace(
    store: &dyn Store,
    renaming: &Renaming,
    at: PersonPosition,
) -> StoreResult<ReplacedRecords> {
    let mut total = ReplacedRecords { next: Some(at), ..ReplacedRecords::default() };
    for _ in 0..MOST_PARTS {
        let Some(at) = total.next.take() else { break };
        // Other writes can happen between two parts.
        let part = store.replace_person(renaming, &at).await?;
        total = sum(&total, part);
        if total.hosts + total.events + total.sightings + total.texts >= MOST_REPLACED {
            break;
        }
    }
    Ok(total)
}

fn sum(total: &ReplacedRecords, part: ReplacedRecords) -> ReplacedRecords {
    ReplacedRecords {
        hosts: total.hosts + part.hosts,
        events: total.events + part.events,
        sightings: total.sightings + part.sightings,
        texts: total.texts + part.texts,
        unreadable: total.unreadable + part.unreadable,
        next: part.next,
    }
}

/// Counts the records in which the name would be replaced.
async fn count(
    store: &dyn Store,
    name: &PersonName,
    at: PersonPosition,
) -> StoreResult<ReplacedRecords> {
    let mut total = ReplacedRecords { next: Some(at), ..ReplacedRecords::default() };
    for _ in 0..MOST_PARTS {
        let Some(at) = total.next.take() else { break };
        let part = store.person_records(name, &at).await?;
        for record in &part.records {
            match record {
                PersonRecord::Host { .. } => total.hosts += 1,
                PersonRecord::Event { .. } => total.events += 1,
                PersonRecord::Sighting(_) => total.sightings += 1,
                PersonRecord::Setting { .. } => {}
                PersonRecord::Revision(_)
                | PersonRecord::Rule(_)
                | PersonRecord::Tag { .. }
                | PersonRecord::Token { .. }
                | PersonRecord::Scope { .. } => total.texts += 1,
            }
        }
        total.unreadable += part.unreadable;
        total.next = part.next;
    }
    Ok(total)
}

fn answer(
    pseudonym: Option<Pseudonym>,
    replaced: ReplacedRecords,
    erased: bool,
) -> ForgetPersonAnswer {
    let ReplacedRecords { hosts, events, sightings, texts, unreadable, next } = replaced;
    let pseudonym = pseudonym.map(|pseudonym| pseudonym.to_string());
    let next = next.map(|next| next.to_string());
    ForgetPersonAnswer { pseudonym, hosts, events, sightings, texts, unreadable, next, erased }
}

/// None for a record that contains nothing else about the person.
fn view(record: PersonRecord) -> Result<Option<PersonRecordView>, Refused> {
    let (kind, record) = match record {
        PersonRecord::Host { machine, hostname } => {
            (PersonRecordKind::Host, json!({"machine": machine, "hostname": hostname}))
        }
        PersonRecord::Event { stored, is_whole: _ } => {
            let mut event = object(&stored.event)?;
            event.insert("id".to_owned(), json!(stored.id));
            event.insert("received".to_owned(), json!(stored.received));
            (PersonRecordKind::Event, Value::Object(event))
        }
        PersonRecord::Sighting(sighting) => {
            let record = json!({
                "program": sighting.program, "machine": sighting.machine,
                "first_seen": sighting.first_seen, "last_seen": sighting.last_seen,
                "reports": sighting.reports, "decision": sighting.decision,
                "path": sighting.path, "paths": sighting.paths, "users": sighting.users,
            });
            (PersonRecordKind::Sighting, record)
        }
        PersonRecord::Revision(record) => {
            (PersonRecordKind::Revision, Value::Object(object(&record)?))
        }
        PersonRecord::Rule(version) => {
            let RuleVersion { id: _, rule, made, ended } = *version;
            let version = RuleVersionView { rule: rule.into(), made, ended };
            (PersonRecordKind::Rule, Value::Object(object(&version)?))
        }
        PersonRecord::Setting { id: _, scope, setting, made, ended } => {
            let record = json!({
                "scope": scope, "key": setting.key(), "value": setting.value(),
                "made": made, "ended": ended,
            });
            (PersonRecordKind::Setting, record)
        }
        PersonRecord::Tag { id: _, tag, made, ended } => {
            let mut tag = object(&tag)?;
            tag.insert("made".to_owned(), json!(made));
            tag.insert("ended".to_owned(), json!(ended));
            (PersonRecordKind::Tag, Value::Object(tag))
        }
        PersonRecord::Token { id: _, name, is_revoked } => {
            (PersonRecordKind::Token, json!({"name": name, "revoked": is_revoked}))
        }
        PersonRecord::Scope { .. } => return Ok(None),
    };
    Ok(Some(PersonRecordView { kind, record: object(&record)? }))
}

fn object(record: &impl Serialize) -> Result<Map<String, Value>, Refused> {
    match serde_json::to_value(record) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(_) | Err(_) => {
            tracing::error!("a record about a person cannot be written as JSON");
            Err(Problem::new(Code::Internal, "the server cannot write its response").into())
        }
    }
}
