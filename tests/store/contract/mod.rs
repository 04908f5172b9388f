//! The behaviors that every store must have, one async function each, and shared helpers.
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

pub(crate) mod events;
pub(crate) mod history;
pub(crate) mod host_groups;
pub(crate) mod hosts;
pub(crate) mod ledger;
pub(crate) mod merge;
pub(crate) mod people;
pub(crate) mod policy;
pub(crate) mod programs;
pub(crate) mod retention;
pub(crate) mod rules;
pub(crate) mod tags;
pub(crate) mod tokens;

use std::sync::Arc;

use jiff::Timestamp;
use nicelist::fleet::{Actor, Event, Host, Setting, Tag};
use nicelist::rule::{MachineId, Revision, Rule, RuleDraft, RuleKey, Scope, TagName, Target};
use nicelist::store::{
    Change, Committed, Edit, EventOrigin, LedgerRow, RuleFilter, Store, StoreError, StoreResult,
};

pub(crate) type Db = Arc<dyn Store>;

/// `seconds` after a fixed time.
pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + seconds).unwrap()
}

pub(crate) fn anna() -> Actor {
    Actor::new("anna", at(0))
}

pub(crate) const UPLOAD: EventOrigin = EventOrigin::Upload { new_programs: usize::MAX };

/// Adds events as if their hosts uploaded them. Returns the number of new events.
pub(crate) async fn upload(store: &Db, events: &[Event], received: Timestamp) -> usize {
    store.add_events(events, received, UPLOAD).await.unwrap().events
}

pub(crate) fn team(number: usize) -> Target {
    format!("teamid:{number:010}").parse().unwrap()
}

pub(crate) fn scope(text: &str) -> Scope {
    text.parse().unwrap()
}

pub(crate) fn tag(text: &str) -> TagName {
    text.parse().unwrap()
}

pub(crate) fn machine(text: &str) -> MachineId {
    text.parse().unwrap()
}

pub(crate) fn rule(number: usize, scope: &str, comment: &str) -> Rule {
    let draft = RuleDraft {
        target: team(number).to_string(),
        policy: "block".to_owned(),
        scope: scope.to_owned(),
        comment: Some(comment.to_owned()).filter(|comment| !comment.is_empty()),
        ..RuleDraft::default()
    };
    draft.try_into().unwrap()
}

pub(crate) fn put(rule: Rule) -> Edit {
    Edit::PutRule(Box::new(rule))
}

pub(crate) fn drop_rule(number: usize, at: &str) -> Edit {
    Edit::DropRule(RuleKey { target: team(number), scope: scope(at) })
}

pub(crate) fn set(at: &str, key: &str, value: &str) -> Edit {
    Edit::Set { scope: scope(at), setting: Setting::parse_named(key, value).unwrap() }
}

pub(crate) fn unset(at: &str, key: &str) -> Edit {
    Edit::Unset { scope: scope(at), key: key.parse().unwrap() }
}

pub(crate) fn put_tag(name: &str, priority: i32) -> Edit {
    Edit::PutTag(Tag { priority, ..Tag::new(tag(name)) })
}

pub(crate) fn drop_tag(name: &str, force: bool) -> Edit {
    Edit::DropTag { name: tag(name), force }
}

pub(crate) fn tag_host(host: &str, name: &str) -> Edit {
    Edit::TagHost { machine: machine(host), tag: tag(name) }
}

pub(crate) fn untag_host(host: &str, name: &str) -> Edit {
    Edit::UntagHost { machine: machine(host), tag: tag(name) }
}

pub(crate) fn change(edits: impl IntoIterator<Item = Edit>) -> Change {
    Change { actor: anna(), base: None, dry_run: false, edits: edits.into_iter().collect() }
}

pub(crate) async fn commit(store: &Db, edits: impl IntoIterator<Item = Edit>) -> Committed {
    store.commit(change(edits)).await.unwrap()
}

/// The refusals of a change that must fail: the index of each refused edit, and the reason.
pub(crate) fn refusals(result: StoreResult<Committed>) -> Vec<(usize, String)> {
    match result {
        Err(StoreError::Refused(refusals)) => {
            refusals.into_iter().map(|refusal| (refusal.edit, refusal.reason.to_string())).collect()
        }
        other => panic!("not refused: {other:?}"),
    }
}

pub(crate) async fn new_host(store: &Db, name: &str) -> Host {
    let host = Host::new(machine(name), at(0));
    assert!(store.save_host(&host, 0).await.unwrap());
    host
}

/// All active rules, in the order in which the store lists them.
pub(crate) async fn active_rules(store: &Db) -> Vec<Rule> {
    let records = store.rules(&RuleFilter::default(), None, usize::MAX).await.unwrap();
    records.into_iter().map(|record| record.rule).collect()
}

pub(crate) async fn ledger(store: &Db) -> Vec<LedgerRow> {
    store.ledger(Revision(0), 0, usize::MAX).await.unwrap()
}
