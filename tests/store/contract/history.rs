//! History: the policy at a revision, and the changes of each revision.

use std::collections::BTreeMap;

use nicelist::fleet::{DiffOptions, PolicyDifference, PolicyDifferences, PolicyState};
use nicelist::rule::{Counts, Outcome, RevisionCounts};
use nicelist::store::{RevisedRule, RevisedRulePosition, RevisionFilter, RuleVersion};

use super::*;

/// Lists of edits. Each list creates a revision.
fn story() -> Vec<Vec<Edit>> {
    vec![
        vec![put_tag("eng", 1), put_tag("lab", 1)],
        (0..40).map(|number| put(rule(number, "fleet", "first"))).collect(),
        vec![
            put(rule(3, "fleet", "second")),
            put(rule(3, "tag:eng", "")),
            put(rule(3, "group:x", "")),
            drop_rule(7, "fleet"),
            set("fleet", "batch-size", "60"),
            set("tag:lab", "batch-size", "70"),
        ],
        // A rule that is added and removed in one change is not in the history.
        vec![put(rule(50, "fleet", "")), drop_rule(50, "fleet"), put_tag("eng", 5)],
        vec![drop_rule(3, "fleet"), put(rule(7, "fleet", "again")), unset("fleet", "batch-size")],
        vec![tag_host("M1", "lab")],
        vec![put(rule(3, "fleet", "third")), put(rule(1, "tag:lab", ""))],
        vec![drop_tag("lab", true), set("fleet", "batch-size", "80")],
        vec![put_tag("lab", 1), put(rule(1, "tag:lab", "")), drop_rule(0, "fleet")],
        (0..40).map(|number| put(rule(number, "fleet", "last"))).collect(),
    ]
}

pub(super) async fn now(store: &Db) -> PolicyState {
    let snapshot = store.snapshot().await.unwrap();
    PolicyState {
        tags: snapshot.tags,
        settings: snapshot.settings,
        rules: active_rules(store).await,
    }
}

/// Commits the changes of [`story`]. Returns the policy at each revision, starting with 0.
pub(super) async fn play(store: &Db) -> Vec<PolicyState> {
    new_host(store, "M1").await;
    let mut states = vec![now(store).await];
    for edits in story() {
        assert!(commit(store, edits).await.changed);
        states.push(now(store).await);
    }
    states
}

fn revisions(states: &[PolicyState]) -> impl Iterator<Item = (Revision, &PolicyState)> {
    (0..).map(Revision).zip(states)
}

pub(super) async fn rules_at(store: &Db, filter: &RuleFilter, limit: usize) -> Vec<Rule> {
    let mut rules: Vec<Rule> = Vec::new();
    loop {
        let after = rules.last().map(|rule| rule.key().clone());
        let page = store.rules(filter, after.as_ref(), limit).await.unwrap();
        if page.is_empty() {
            return rules;
        }
        assert!(page.len() <= limit);
        rules.extend(page.into_iter().map(|record| record.rule));
    }
}

pub(crate) async fn every_revision_can_be_read_as_it_was(store: Db) {
    let states = play(&store).await;
    for (at, state) in revisions(&states) {
        let filter = RuleFilter { at: Some(at), ..RuleFilter::default() };
        for limit in [1, 3, usize::MAX] {
            assert_eq!(rules_at(&store, &filter, limit).await, state.rules, "{at} by {limit}");
        }
        for record in store.rules(&filter, None, usize::MAX).await.unwrap() {
            assert!(record.made.revision <= at, "{at}: {record:?}");
        }
        let snapshot = store.snapshot_at(at).await.unwrap();
        assert_eq!((&snapshot.tags, &snapshot.settings), (&state.tags, &state.settings), "{at}");
        assert_eq!(snapshot.head, at);
    }
    let ahead = Revision(99);
    let filter = RuleFilter { at: Some(ahead), ..RuleFilter::default() };
    assert_eq!(rules_at(&store, &filter, 7).await, active_rules(&store).await);
    assert_eq!(store.snapshot_at(ahead).await.unwrap(), store.snapshot().await.unwrap());
}

pub(crate) async fn filters_hold_for_the_past_too(store: Db) {
    let states = play(&store).await;
    for (at, state) in revisions(&states) {
        let wanted = |filter: RuleFilter, is: &dyn Fn(&Rule) -> bool| {
            let expected = state.rules.iter().filter(|rule| is(rule)).cloned().collect::<Vec<_>>();
            (RuleFilter { at: Some(at), ..filter }, expected)
        };
        let none = RuleFilter::default;
        let of_target = RuleFilter { target: Some(team(3)), ..none() };
        let of_scope = RuleFilter { scope: Some(scope("tag:lab")), ..none() };
        let of_text = RuleFilter { text: Some("SECOND".to_owned()), ..none() };
        let is_second = |rule: &Rule| rule.provenance.comment.as_deref() == Some("second");
        for (filter, expected) in [
            wanted(of_target, &|rule| *rule.target() == team(3)),
            wanted(of_scope, &|rule| *rule.scope() == scope("tag:lab")),
            wanted(of_text, &is_second),
        ] {
            assert_eq!(rules_at(&store, &filter, 2).await, expected, "{filter:?}");
        }
    }
}

/// All changes of rules in a revision, read in pages of `limit`.
pub(super) async fn turns(store: &Db, at: Revision, limit: usize) -> Vec<RevisedRule> {
    let mut turns: Vec<(RevisedRulePosition, RevisedRule)> = Vec::new();
    loop {
        let after = turns.last().map(|(place, _)| *place);
        let page = store.rule_changes(at, after, limit).await.unwrap();
        if page.is_empty() {
            assert!(turns.is_sorted_by(|(a, _), (b, _)| a < b), "{at}");
            return turns.into_iter().map(|(_, turn)| turn).collect();
        }
        turns.extend(page);
    }
}

pub(crate) async fn what_each_revision_did_leads_from_one_to_the_next(store: Db) {
    let states = play(&store).await;
    for (pair, at) in states.windows(2).zip(1..) {
        let [before, after] = pair else { unreachable!() };
        let at = Revision(at);
        let options = DiffOptions { prune: true, now: Timestamp::MIN };
        let expected = PolicyDifferences::between(before, after, options).differences;

        let (ended, made) = store.revised_tags_and_settings(at).await.unwrap();
        assert!(ended.rules.is_empty() && made.rules.is_empty());
        let is_rule = |difference: &&PolicyDifference<'_>| {
            matches!(difference, PolicyDifference::Rule { .. })
        };
        let others: Vec<_> = expected.iter().filter(|it| !is_rule(it)).copied().collect();
        assert_eq!(PolicyDifferences::between(&ended, &made, options).differences, others, "{at}");

        let rules: BTreeMap<_, _> = expected
            .iter()
            .filter_map(|difference| match difference {
                PolicyDifference::Rule { key, before, after } => {
                    Some((*key, (before.cloned(), after.cloned())))
                }
                PolicyDifference::Tag { .. } | PolicyDifference::Setting { .. } => None,
            })
            .collect();
        for limit in [1, 3, usize::MAX] {
            let turns = turns(&store, at, limit).await;
            assert_eq!(turns.len(), rules.len(), "{at}");
            for RevisedRule { before, after } in turns {
                let rule = before.as_ref().or(after.as_ref()).unwrap();
                let wanted = &rules[rule.key()];
                assert_eq!((&before, &after), (&wanted.0, &wanted.1), "{at}");
            }
        }

        let of = |outcome, is: &dyn Fn(&PolicyDifference<'_>) -> bool| {
            let all = expected.iter().filter(|it| it.outcome() == outcome && is(it));
            u64::try_from(all.count()).unwrap()
        };
        let counts = |is: &dyn Fn(&PolicyDifference<'_>) -> bool| Counts {
            added: of(Outcome::Added, is),
            changed: of(Outcome::Changed, is),
            removed: of(Outcome::Removed, is),
        };
        let counted = store.revision(at).await.unwrap().unwrap().counts;
        let expected = RevisionCounts {
            rules: counts(&|it| matches!(it, PolicyDifference::Rule { .. })),
            settings: counts(&|it| matches!(it, PolicyDifference::Setting { .. })),
            tags: counts(&|it| matches!(it, PolicyDifference::Tag { .. })),
            // Revision 6 adds a tag to one host, and revision 8 deletes the tag.
            hosts: u64::from(at.0 == 6 || at.0 == 8),
        };
        assert_eq!(counted, expected, "{at}");
    }
    assert!(turns(&store, Revision(0), 9).await.is_empty());
    assert_eq!(store.revised_tags_and_settings(Revision(99)).await.unwrap(), Default::default());
}

fn by(name: &str, second: i64, edits: impl IntoIterator<Item = Edit>) -> Change {
    let message = Some(format!("by {name}"));
    Change { actor: Actor { reason: message, ..Actor::new(name, at(second)) }, ..change(edits) }
}

async fn found(store: &Db, filter: RevisionFilter) -> Vec<u64> {
    let revisions = store.revisions(&filter, None, usize::MAX).await.unwrap();
    revisions.iter().map(|it| it.record.revision.0).collect()
}

pub(crate) async fn revisions_are_listed_newest_first(store: Db) {
    let none = RevisionFilter::default;
    assert_eq!(found(&store, none()).await, [0; 0]);
    for number in 1..=6 {
        let name = if number % 2 == 0 { "ben" } else { "anna" };
        let edits = [put(rule(number, "fleet", ""))];
        store.commit(by(name, i64::try_from(number).unwrap(), edits)).await.unwrap();
    }
    assert_eq!(found(&store, none()).await, [6, 5, 4, 3, 2, 1]);
    let page = store.revisions(&none(), Some(Revision(4)), 2).await.unwrap();
    assert_eq!(page.iter().map(|it| it.record.revision.0).collect::<Vec<_>>(), [3, 2]);
    let [third, _] = page.as_slice() else { panic!("{page:?}") };
    assert_eq!((third.record.author.as_str(), third.record.at), ("anna", at(3)));
    assert_eq!(third.record.message.as_deref(), Some("by anna"));
    assert_eq!(third.counts.rules, Counts { added: 1, ..Counts::default() });
    assert_eq!(store.revision(Revision(3)).await.unwrap().as_ref(), Some(third));
    assert_eq!(store.revision(Revision(7)).await.unwrap(), None);
    let of_ben = RevisionFilter { author: Some("ben".to_owned()), ..none() };
    assert_eq!(found(&store, of_ben.clone()).await, [6, 4, 2]);
    let since = RevisionFilter { since: Some(at(4)), ..of_ben };
    assert_eq!(found(&store, since).await, [6, 4]);
}

pub(crate) async fn revisions_are_found_by_what_they_touched(store: Db) {
    play(&store).await;
    let none = RevisionFilter::default;
    let of_target = RevisionFilter { target: Some(team(3)), ..none() };
    assert_eq!(found(&store, of_target.clone()).await, [10, 7, 5, 3, 2]);
    let in_scope = RevisionFilter { scope: Some(scope("tag:eng")), ..of_target };
    assert_eq!(found(&store, in_scope).await, [3]);
    let of_scope = RevisionFilter { scope: Some(scope("tag:lab")), ..none() };
    assert_eq!(found(&store, of_scope).await, [9, 8, 7, 3]);
    for unknown in [
        RevisionFilter { scope: Some(scope("host:M9")), ..none() },
        RevisionFilter { target: Some(team(99)), ..none() },
        RevisionFilter { author: Some("nobody".to_owned()), ..none() },
    ] {
        assert_eq!(found(&store, unknown.clone()).await, [0; 0], "{unknown:?}");
    }
}

pub(crate) async fn a_target_is_followed_through_time(store: Db) {
    play(&store).await;
    let versions = store.rule_versions(&team(3), None, usize::MAX).await.unwrap();
    let reported = |version: &RuleVersion| {
        let ended = version.ended.as_ref().map(|ended| ended.revision.0);
        let comment = version.rule.provenance.comment.as_deref().unwrap_or_default();
        format!("{} {comment} {} {ended:?}", version.rule.scope(), version.made.revision)
    };
    let lines: Vec<String> = versions.iter().map(reported).collect();
    let of_fleet: Vec<&String> = lines.iter().filter(|line| line.starts_with("fleet")).collect();
    assert_eq!(
        of_fleet,
        [
            "fleet last 10 None",
            "fleet third 7 Some(10)",
            "fleet second 3 Some(5)",
            "fleet first 2 Some(3)"
        ]
    );
    assert_eq!(lines.len(), 6, "{lines:?}");
    let mut paged: Vec<RuleVersion> = Vec::new();
    loop {
        let before = paged.last().map(|version| version.id);
        let page = store.rule_versions(&team(3), before, 1).await.unwrap();
        if page.is_empty() {
            break;
        }
        paged.extend(page);
    }
    assert_eq!(paged, versions);
    assert_eq!(store.rule_versions(&team(99), None, 9).await.unwrap(), []);
}

pub(crate) async fn an_expiry_is_a_revision_with_counts(store: Db) {
    let expiring = |number| {
        let mut rule = rule(number, "fleet", "");
        rule.expires = Some(at(5));
        put(rule)
    };
    commit(&store, [expiring(1), expiring(2), put(rule(3, "fleet", ""))]).await;
    assert_eq!(store.expire(at(5)).await.unwrap(), Some(Revision(2)));
    let expiry = store.revision(Revision(2)).await.unwrap().unwrap();
    assert_eq!(expiry.record.author, "nicelist");
    assert_eq!(expiry.counts.rules, Counts { removed: 2, ..Counts::default() });
    assert_eq!(turns(&store, Revision(2), 1).await.len(), 2);
}

pub(crate) async fn thousands_of_past_rules_are_paged(store: Db) {
    const RULES: usize = 2_500;
    commit(&store, (0..RULES).map(|number| put(rule(number, "fleet", "old")))).await;
    let replaced = (0..RULES).filter(|number| number % 3 != 0);
    commit(&store, replaced.map(|number| put(rule(number, "fleet", "new")))).await;
    commit(&store, (0..RULES).filter(|number| number % 2 == 0).map(|it| drop_rule(it, "fleet")))
        .await;
    let filter = RuleFilter { at: Some(Revision(1)), ..RuleFilter::default() };
    let rules = rules_at(&store, &filter, 700).await;
    assert_eq!(rules.len(), RULES);
    assert!(rules.iter().all(|rule| rule.provenance.comment.as_deref() == Some("old")));
    let changed = turns(&store, Revision(2), 700).await;
    assert!(changed.iter().all(|turn| turn.before.is_some() && turn.after.is_some()));
    assert_eq!(changed.len(), RULES - RULES.div_ceil(3));
    assert_eq!(turns(&store, Revision(3), 700).await.len(), RULES / 2);
}
