//! People: the records with a person's name are found, and the name is replaced.

use nicelist::fleet::{Decision, EventId, FileAccess, PersonName, Pseudonym, Renaming, Role};
use nicelist::rule::Program;
use nicelist::store::{
    EventFilter, PersonPosition, PersonRecord, ReplacedRecords, RevisionFilter, TokenRecord,
};

use super::tags::members;
use super::*;

fn zelda() -> PersonName {
    "zelda".parse().unwrap()
}

fn event(user: &str, program: usize, file: Option<&str>) -> Event {
    let json = serde_json::json!({"logged_in_users": [user], "current_sessions": ["x@console"]});
    Event {
        machine: machine("M1"),
        decision: Decision("BLOCK_UNKNOWN".into()),
        occurred: Some(at(1)),
        file_name: "tool".to_owned(),
        folder: format!("/Users/{user}/bin"),
        program: Program { sha256: format!("{program:064x}"), ..Program::default() },
        user: user.to_owned(),
        pid: 1,
        parent_name: String::new(),
        bundle_name: String::new(),
        bundle_version: String::new(),
        bundle_hash: String::new(),
        bundle_binary_count: 0,
        download_url: String::new(),
        signing_chain: Vec::new(),
        access: file.map(|file| FileAccess { file: file.to_owned(), ..FileAccess::default() }),
        other_fields: json.as_object().unwrap().clone(),
        truncated: Vec::new(),
    }
}

/// Stores records with the name zelda, and others with the name zeldas.
async fn fill(store: &Db) -> [Event; 3] {
    for (name, user) in [("M1", "zelda"), ("M2", "zeldas")] {
        let mut host = Host::new(machine(name), at(0));
        user.clone_into(&mut host.facts.primary_user);
        assert!(store.save_host(&host, 0).await.unwrap());
    }
    let events = [
        event("zelda", 1, None),
        event("zelda", 2, Some("/Users/zelda/.ssh/id")),
        event("zeldas", 3, None),
    ];
    assert_eq!(upload(store, &events, at(2)).await, 3);
    let rules = [
        put(rule(1, "user:zelda", "")),
        put(rule(2, "fleet", "zelda asked")),
        put(rule(3, "fleet", "zeldas")),
        Edit::PutTag(members("eng", r#"{"users":["zelda","zeldas"]}"#)),
    ];
    let actor = Actor::new("zelda", at(3)).because("for zelda");
    store.commit(Change { actor, ..change(rules) }).await.unwrap();
    let drops = [drop_rule(1, "user:zelda"), drop_rule(2, "fleet"), drop_tag("eng", true)];
    commit(store, drops).await;
    events
}

async fn records(store: &Db) -> Vec<PersonRecord> {
    let (mut records, mut at) = (Vec::new(), Some(PersonPosition::START));
    while let Some(position) = at {
        let part = store.person_records(&zelda(), &position).await.unwrap();
        records.extend(part.records);
        at = part.next;
    }
    records
}

async fn replace(store: &Db, pseudonym: &Pseudonym) -> ReplacedRecords {
    let renaming = Renaming::new(zelda(), pseudonym);
    let mut total = ReplacedRecords { next: Some(PersonPosition::START), ..Default::default() };
    while let Some(position) = total.next.take() {
        let part = store.replace_person(&renaming, &position).await.unwrap();
        total = ReplacedRecords {
            hosts: total.hosts + part.hosts,
            events: total.events + part.events,
            sightings: total.sightings + part.sightings,
            texts: total.texts + part.texts,
            unreadable: total.unreadable + part.unreadable,
            next: part.next,
        };
    }
    total
}

pub(crate) async fn a_name_is_replaced_everywhere_and_only_there(store: Db) {
    let reported = fill(&store).await;
    assert_eq!(store.uses_of_person(&zelda()).await.unwrap(), [""; 0]);
    let found = records(&store).await;
    let count = |is_it: fn(&PersonRecord) -> bool| found.iter().filter(|it| is_it(it)).count();
    assert_eq!(count(|it| matches!(it, PersonRecord::Host { .. })), 1);
    assert_eq!(count(|it| matches!(it, PersonRecord::Event { is_whole: true, .. })), 2);
    assert_eq!(count(|it| matches!(it, PersonRecord::Sighting(_))), 1);
    assert_eq!(count(|it| matches!(it, PersonRecord::Revision(_))), 1);
    assert_eq!(count(|it| matches!(it, PersonRecord::Rule(_))), 2);
    assert_eq!(count(|it| matches!(it, PersonRecord::Tag { .. })), 1);
    assert_eq!(count(|it| matches!(it, PersonRecord::Scope { .. })), 1);
    assert_eq!(found.len(), 9);

    let pseudonym = store.pseudonym(&zelda()).await.unwrap();
    assert_eq!(store.pseudonym(&zelda()).await.unwrap(), pseudonym, "it is stable");
    let replaced = replace(&store, &pseudonym).await;
    let expected =
        ReplacedRecords { hosts: 1, events: 2, sightings: 1, texts: 4, ..Default::default() };
    assert_eq!(replaced, expected);
    assert!(records(&store).await.is_empty());
    assert_eq!(replace(&store, &pseudonym).await, ReplacedRecords::default());

    let host = store.host(&machine("M1")).await.unwrap().unwrap().host;
    assert_eq!(host.facts.primary_user, pseudonym.as_str());
    let stored = store.events_after(&EventFilter::default(), EventId(0), 9).await.unwrap();
    let users: Vec<&str> = stored.iter().map(|stored| stored.event.user.as_str()).collect();
    assert_eq!(users, [pseudonym.as_str(), pseudonym.as_str(), "zeldas"]);
    assert_eq!(stored[0].event.folder, format!("/Users/{pseudonym}/bin"));
    assert_eq!(stored[2].event, reported[2]);
    // Reports that were renamed are still known, also if the accessed file was renamed.
    let known: Vec<Event> = stored.iter().map(|stored| stored.event.clone()).collect();
    assert_eq!(upload(&store, &known, at(4)).await, 0);

    // The checksums of the renamed rows are right, because reading them checks them.
    let scopes: Vec<String> =
        ledger(&store).await.iter().map(|row| row.rule.scope().to_string()).collect();
    assert!(scopes.contains(&format!("user:{pseudonym}")), "{scopes:?}");
    store.snapshot().await.unwrap();
    let revisions = store.revisions(&RevisionFilter::default(), None, 9).await.unwrap();
    let first = &revisions.last().unwrap().record;
    let message = format!("for {pseudonym}");
    assert_eq!(
        (first.author.as_str(), first.message.as_ref()),
        (pseudonym.as_str(), Some(&message))
    );
}

pub(crate) async fn an_interrupted_replacement_is_completed_later(store: Db) {
    fill(&store).await;
    let pseudonym = store.pseudonym(&zelda()).await.unwrap();
    let actor = anna().because("forgot a person");
    assert!(!store.erase_replaced(&actor, &pseudonym).await.unwrap(), "nothing was replaced");
    replace(&store, &pseudonym).await;
    let head = store.head().await.unwrap();
    assert!(store.erase_replaced(&actor, &pseudonym).await.unwrap());
    assert_eq!(store.head().await.unwrap(), Revision(head.0 + 1));
    let newest = &store.revisions(&RevisionFilter::default(), None, 1).await.unwrap()[0].record;
    assert_eq!(newest.message.as_deref(), Some("forgot a person"));
    assert!(!store.erase_replaced(&actor, &pseudonym).await.unwrap(), "a second time");
    assert!(commit(&store, [put(rule(9, "fleet", ""))]).await.changed, "the store still works");
}

pub(crate) async fn a_person_who_came_back_is_forgotten_again(store: Db) {
    let reported = fill(&store).await;
    let pseudonym = store.pseudonym(&zelda()).await.unwrap();
    replace(&store, &pseudonym).await;
    // The Mac repeats the report of the file access, and the person gets a rule again.
    assert_eq!(upload(&store, &reported, at(4)).await, 1);
    commit(&store, [put(rule(4, "user:zelda", ""))]).await;
    commit(&store, [drop_rule(4, "user:zelda")]).await;
    let replaced = replace(&store, &pseudonym).await;
    assert_eq!((replaced.events, replaced.texts), (1, 1));
    assert!(records(&store).await.is_empty());
    let scopes: Vec<String> =
        ledger(&store).await.iter().map(|row| row.rule.scope().to_string()).collect();
    let renamed = format!("user:{pseudonym}");
    assert_eq!(scopes.iter().filter(|scope| scope.starts_with(&renamed)).count(), 2, "{scopes:?}");
    // The report is still known.
    let stored = store.events_after(&EventFilter::default(), EventId(0), 9).await.unwrap();
    let known: Vec<Event> = stored.iter().map(|stored| stored.event.clone()).collect();
    assert_eq!(upload(&store, &known, at(5)).await, 0);
}

pub(crate) async fn what_is_in_use_keeps_the_name_and_is_listed(store: Db) {
    commit(&store, [put(rule(1, "user:zelda", ""))]).await;
    commit(&store, [put(rule(2, "fleet", "for zelda"))]).await;
    commit(&store, [set("user:zelda", "batch-size", "60")]).await;
    commit(&store, [Edit::PutTag(members("eng", r#"{"users":["zelda"]}"#))]).await;
    let lab = Tag { description: Some("zelda's Macs".to_owned()), ..Tag::new(tag("lab")) };
    commit(&store, [Edit::PutTag(lab)]).await;
    let hash = [7; 32];
    let token = TokenRecord {
        name: "zelda".to_owned(),
        role: Role::Viewer,
        hash,
        created: at(1),
        expires: None,
    };
    store.add_token(&anna(), token).await.unwrap();
    let expected = [
        "rule block teamid:0000000001 in user:zelda",
        "rule block teamid:0000000002 in fleet",
        "setting batch-size in user:zelda",
        "tag eng",
        "tag lab",
        "token zelda",
    ];
    assert_eq!(store.uses_of_person(&zelda()).await.unwrap(), expected);
    let pseudonym = store.pseudonym(&zelda()).await.unwrap();
    assert_eq!(replace(&store, &pseudonym).await, ReplacedRecords::default());
    assert_eq!(store.uses_of_person(&zelda()).await.unwrap(), expected);
}
