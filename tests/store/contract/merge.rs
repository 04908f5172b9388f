//! Edits that keep fields of the current rule, and the differences that a change reports.

use jiff::SignedDuration;
use nicelist::rule::{FieldChange, Outcome, RuleField, RuleMerge};

use super::*;

/// An edit that sets the policy, and the comment if `comment` is not empty. The other fields are
/// kept, unless the policy changes.
fn merge(number: usize, policy: &str, comment: &str) -> Edit {
    let draft = RuleDraft { policy: policy.to_owned(), ..rule(number, "fleet", comment).into() };
    let given = |field: &RuleField| *field == RuleField::Comment && !comment.is_empty();
    let kept = RuleField::ALL.into_iter().filter(|field| !given(field)).collect();
    let rule = draft.try_into().unwrap();
    Edit::MergeRule(Box::new(RuleMerge { kept, ..RuleMerge::complete(rule) }))
}

fn full(number: usize) -> Rule {
    let mut full = rule(number, "fleet", "why");
    full.provenance.ticket = Some("IT-1".into());
    full.provenance.source = Some("file".into());
    full.notice.message = Some("ask IT".into());
    full.expires = Some(at(1_000));
    full
}

fn fields(committed: &Committed, place: usize) -> Vec<String> {
    let Some(difference) = committed.differences.get(place) else { return Vec::new() };
    let words = difference.fields.iter().map(|FieldChange { field, before, after }| {
        let value = |value: &Option<Box<str>>| value.as_deref().unwrap_or("none").to_owned();
        format!("{} {field}: {} > {}", difference.edit, value(before), value(after))
    });
    words.collect()
}

pub(crate) async fn m3_absent_fields_keep_what_the_current_rule_has(store: Db) {
    commit(&store, [put(full(1))]).await;
    let same = commit(&store, [merge(1, "block", "")]).await;
    assert_eq!((same.outcomes, same.changed), (vec![Outcome::Unchanged], false));
    assert_eq!(active_rules(&store).await, [full(1)]);

    let changed = commit(&store, [merge(1, "block", "other")]).await;
    assert_eq!(fields(&changed, 0), ["0 comment: why > other"]);
    let mut other = full(1);
    other.provenance.comment = Some("other".into());
    assert_eq!(active_rules(&store).await, [other]);
    let again = commit(&store, [merge(1, "block", "other")]).await;
    assert_eq!((again.outcomes, again.differences), (vec![Outcome::Unchanged], Vec::new()));
}

pub(crate) async fn m3_another_policy_starts_without_the_old_fields(store: Db) {
    commit(&store, [put(full(1))]).await;
    let changed = commit(&store, [merge(1, "allow", "")]).await;
    let expected = [
        "0 policy: block > allow",
        "0 expires: 2026-09-21T14:30:00Z > none",
        "0 comment: why > none",
        "0 ticket: IT-1 > none",
        "0 message: ask IT > none",
        "0 source: file > none",
    ];
    let found = fields(&changed, 0);
    assert_eq!(found.len(), expected.len(), "{found:?}");
    assert_eq!(found[0], expected[0]);
    assert_eq!(found[2..], expected[2..]);
    let only = active_rules(&store).await.remove(0);
    assert_eq!((only.expires, only.provenance.comment), (None, None));
}

pub(crate) async fn m3_edits_of_one_rule_keep_what_earlier_ones_set(store: Db) {
    let edits = [merge(1, "block", "first"), merge(1, "block", ""), drop_rule(1, "fleet")];
    let gone = commit(&store, edits.clone()).await;
    assert_eq!(gone.outcomes, [Outcome::Added, Outcome::Unchanged, Outcome::Removed]);
    assert!(!gone.changed);
    let kept = commit(&store, edits[..2].iter().cloned()).await;
    assert_eq!(kept.outcomes, [Outcome::Added, Outcome::Unchanged]);
    assert_eq!(active_rules(&store).await, [rule(1, "fleet", "first")]);
    let removed = commit(&store, [drop_rule(1, "fleet")]).await;
    assert_eq!(fields(&removed, 0), ["0 policy: block > none", "0 comment: first > none"]);
}

pub(crate) async fn m3_a_large_change_is_stored_and_reported_rule_by_rule(store: Db) {
    const MANY: usize = 6_000;
    commit(&store, (0..MANY).map(|number| put(full(number)))).await;
    // A third of the rules are unchanged, a third get another comment, and a third get another
    // policy. Ten rules are new.
    let edits = (0..MANY + 10).map(|number| match number % 3 {
        0 => merge(number, "block", ""),
        1 => merge(number, "block", "new"),
        _ => merge(number, "allow", ""),
    });
    let edits: Vec<Edit> = edits.collect();
    let mut dry = change(edits.clone());
    dry.dry_run = true;
    let planned = store.commit(dry).await.unwrap();
    let committed = commit(&store, edits.clone()).await;
    assert_eq!(planned.differences, committed.differences);
    assert_eq!(planned.outcomes, committed.outcomes);
    assert_eq!(committed.differences.len(), 2 * MANY / 3);
    assert!(committed.differences.iter().map(|it| it.edit).is_sorted());
    assert_eq!(fields(&committed, 0), ["1 comment: why > new"]);
    let count = |outcome| committed.outcomes.iter().filter(|it| **it == outcome).count();
    assert_eq!((count(Outcome::Unchanged), count(Outcome::Added)), (MANY / 3, 10));
    let active_rules = active_rules(&store).await;
    let of =
        |number: usize| active_rules.iter().find(|rule| *rule.target() == team(number)).unwrap();
    assert_eq!(*of(3), full(3));
    assert_eq!(of(4).provenance.ticket.as_deref(), Some("IT-1"));
    assert_eq!(of(4).provenance.comment.as_deref(), Some("new"));
    assert_eq!(of(5).provenance.ticket, None);
    let again = commit(&store, edits).await;
    assert!(!again.changed, "the second time changes nothing");
}

pub(crate) async fn m3_changes_at_the_same_time_lose_no_field(store: Db) {
    commit(&store, [put(full(1))]).await;
    let with = |ticket: Option<&str>, comment: Option<&str>| {
        let mut given = rule(1, "fleet", comment.unwrap_or_default());
        given.provenance.ticket = ticket.map(Into::into);
        let is_given = |field: &RuleField| match field {
            RuleField::Ticket => ticket.is_some(),
            RuleField::Comment => comment.is_some(),
            _ => false,
        };
        let kept = RuleField::ALL.into_iter().filter(|field| !is_given(field)).collect();
        Edit::MergeRule(Box::new(RuleMerge { kept, ..RuleMerge::complete(given) }))
    };
    let one = store.commit(change([with(Some("IT-2"), None)]));
    let other = store.commit(change([with(None, Some("both"))]));
    let (one, other) = tokio::join!(one, other);
    assert!(one.unwrap().changed && other.unwrap().changed);
    let only = active_rules(&store).await.remove(0);
    assert_eq!(only.provenance.ticket.as_deref(), Some("IT-2"));
    assert_eq!(only.provenance.comment.as_deref(), Some("both"));
    assert_eq!(only.expires, Some(at(1_000)));
}

pub(crate) async fn m3_an_expiry_that_is_nearly_the_same_stays(store: Db) {
    let expiring = |seconds| {
        let mut given = rule(1, "fleet", "");
        given.expires = Some(at(seconds));
        let expiry_slack = SignedDuration::from_secs(60);
        Edit::MergeRule(Box::new(RuleMerge { expiry_slack, ..RuleMerge::complete(given) }))
    };
    commit(&store, [expiring(1_000)]).await;
    assert!(!commit(&store, [expiring(1_050)]).await.changed);
    assert!(commit(&store, [expiring(1_070)]).await.changed);
    assert_eq!(active_rules(&store).await[0].expires, Some(at(1_070)));
}
