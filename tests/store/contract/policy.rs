//! Changes: revisions, outcomes, refusals, settings, expiry.

use nicelist::rule::{Outcome, Revision, Rule, RuleDraft};
use nicelist::store::{Change, RuleFilter, StoreError};
use tokio::task::JoinSet;

use super::*;

pub(crate) async fn a_new_store_is_empty(store: Db) {
    assert_eq!(store.head().await.unwrap(), Revision(0));
    assert_eq!(store.snapshot().await.unwrap(), nicelist::store::PolicySnapshot::default());
    assert!(active_rules(&store).await.is_empty() && ledger(&store).await.is_empty());
}

pub(crate) async fn a_change_is_a_revision_with_its_author(store: Db) {
    let actor = Actor::new("ops", at(7)).because("because");
    let made = Change { actor, ..change([put(rule(1, "fleet", "")), put(rule(2, "fleet", ""))]) };
    let committed = store.commit(made).await.unwrap();
    assert_eq!((committed.head, committed.changed), (Revision(1), true));
    assert_eq!(store.head().await.unwrap(), Revision(1));
    for record in store.rules(&RuleFilter::default(), None, 9).await.unwrap() {
        assert_eq!(record.made.revision, Revision(1));
        assert_eq!((&*record.made.author, record.made.at), ("ops", at(7)));
        assert_eq!(record.made.message.as_deref(), Some("because"));
    }
}

pub(crate) async fn outcomes_stand_in_the_order_of_the_edits(store: Db) {
    use Outcome::{Added, Changed, Removed, Unchanged};
    commit(
        &store,
        [put(rule(1, "fleet", "")), put(rule(2, "fleet", "")), put(rule(3, "fleet", ""))],
    )
    .await;
    let edits = [
        put(rule(9, "fleet", "")),
        drop_rule(8, "fleet"),
        drop_rule(8, "host:never seen"),
        put(rule(3, "fleet", "new")),
        drop_rule(2, "fleet"),
        put(rule(1, "fleet", "")),
        put(rule(1, "user:anna", "")),
        set("fleet", "batch-size", "70"),
        unset("fleet", "client-mode"),
        put_tag("eng", 1),
    ];
    let committed = commit(&store, edits).await;
    assert_eq!(
        committed.outcomes,
        [Added, Unchanged, Unchanged, Changed, Removed, Unchanged, Added, Added, Unchanged, Added]
    );
}

pub(crate) async fn a_change_is_all_or_nothing(store: Db) {
    commit(&store, [put(rule(1, "fleet", "")), set("fleet", "batch-size", "70")]).await;
    let before = (active_rules(&store).await, store.snapshot().await.unwrap());
    let refused = store
        .commit(change([
            put(rule(2, "fleet", "")),
            put(rule(2, "tag:nope", "")),
            drop_rule(1, "fleet"),
            set("fleet", "batch-size", "80"),
            set("tag:nope", "batch-size", "80"),
            put_tag("eng", 1),
            tag_host("M1", "eng"),
            tag_host("M1", "nope"),
            untag_host("M1", "eng"),
        ]))
        .await;
    assert_eq!(
        refusals(refused),
        [
            (1, "tag `nope` not found".to_owned()),
            (4, "tag `nope` not found".to_owned()),
            (6, "host `M1` not found".to_owned()),
            (7, "tag `nope` not found".to_owned()),
            (8, "host `M1` not found".to_owned()),
        ]
    );
    assert_eq!((active_rules(&store).await, store.snapshot().await.unwrap()), before);
    assert_eq!(ledger(&store).await.len(), 1);
}

pub(crate) async fn what_is_so_already_makes_no_revision(store: Db) {
    new_host(&store, "M1").await;
    let edits = || {
        [
            put_tag("eng", 1),
            put(rule(1, "tag:eng", "c")),
            set("tag:eng", "client-mode", "lockdown"),
            tag_host("M1", "eng"),
            drop_rule(7, "fleet"),
            unset("fleet", "batch-size"),
            drop_tag("absent", false),
            untag_host("M1", "absent"),
        ]
    };
    assert_eq!(commit(&store, edits()).await.head, Revision(1));
    let version = store.host(&machine("M1")).await.unwrap().unwrap().version;
    let again = commit(&store, edits()).await;
    assert_eq!((again.head, again.changed), (Revision(1), false));
    assert!(again.outcomes.iter().all(|outcome| *outcome == Outcome::Unchanged));
    assert_eq!(store.head().await.unwrap(), Revision(1));
    assert_eq!(store.host(&machine("M1")).await.unwrap().unwrap().version, version);
    let empty = commit(&store, []).await;
    assert_eq!((empty.head, empty.changed, empty.outcomes.len()), (Revision(1), false, 0));
}

/// Versions of one rule. Each version differs from the previous version in one or two fields.
fn variations() -> Vec<Rule> {
    fn text(value: &str) -> Option<String> {
        Some(value.to_owned())
    }
    let steps: [fn(&mut RuleDraft); 12] = [
        |draft| draft.policy = "silent-block".to_owned(),
        |draft| (draft.policy, draft.cel) = ("cel".to_owned(), text("euid == 0")),
        |draft| draft.cel = text("euid == 1"),
        |draft| draft.message = text("100% \"no\""),
        |draft| draft.url = text("https://it.example"),
        |draft| draft.button_label = text("Why?"),
        |draft| draft.app_name = text("Näme"),
        |draft| (draft.bundle_hash, draft.bundle_binary_count) = (text(&"ab".repeat(32)), Some(3)),
        |draft| draft.bundle_binary_count = Some(4),
        |draft| draft.comment = text("c"),
        |draft| draft.ticket = text("IT-1"),
        |draft| (draft.source, draft.expires) = (text("rules.csv"), Some(at(9))),
    ];
    let mut draft = RuleDraft::from(rule(1, "fleet", ""));
    let stages = steps.into_iter().map(|step| {
        step(&mut draft);
        draft.clone().try_into().unwrap()
    });
    stages.collect()
}

pub(crate) async fn every_field_of_a_rule_counts(store: Db) {
    commit(&store, [put(rule(1, "fleet", ""))]).await;
    for (number, rule) in (2..).zip(variations()) {
        let committed = commit(&store, [put(rule.clone())]).await;
        assert_eq!(committed.outcomes, [Outcome::Changed]);
        assert_eq!(committed.head, Revision(number));
        assert_eq!(active_rules(&store).await, std::slice::from_ref(&rule));
        assert_eq!(ledger(&store).await.last().unwrap().rule, rule);
        let again = commit(&store, [put(rule)]).await;
        assert_eq!((again.changed, again.outcomes), (false, vec![Outcome::Unchanged]));
    }
    let mut moved = variations().pop().unwrap();
    moved.expires = Some(at(10));
    assert_eq!(commit(&store, [put(moved)]).await.outcomes, [Outcome::Changed]);
}

pub(crate) async fn a_change_planned_on_another_revision_is_refused(store: Db) {
    commit(&store, [put(rule(1, "fleet", ""))]).await;
    commit(&store, [put(rule(2, "fleet", ""))]).await;
    for planned in [Revision(0), Revision(1), Revision(3)] {
        let stale = Change { base: Some(planned), ..change([put(rule(3, "fleet", ""))]) };
        match store.commit(stale).await {
            Err(StoreError::Moved { planned: named, head }) => {
                assert_eq!((named, head), (planned, Revision(2)));
            }
            other => panic!("not refused: {other:?}"),
        }
    }
    assert_eq!(active_rules(&store).await.len(), 2);
    let fresh = Change { base: Some(Revision(2)), ..change([put(rule(3, "fleet", ""))]) };
    assert_eq!(store.commit(fresh).await.unwrap().head, Revision(3));
}

pub(crate) async fn a_dry_run_reports_and_changes_nothing(store: Db) {
    new_host(&store, "M1").await;
    commit(&store, [put(rule(1, "fleet", ""))]).await;
    let before = (store.snapshot().await.unwrap(), ledger(&store).await);
    let edits = [
        put(rule(2, "group:new", "")),
        drop_rule(1, "fleet"),
        put_tag("eng", 1),
        tag_host("M1", "eng"),
        set("fleet", "batch-size", "70"),
    ];
    let tried = Change { dry_run: true, ..change(edits.clone()) };
    let tried = store.commit(tried).await.unwrap();
    assert_eq!((tried.head, tried.changed), (Revision(1), false));
    assert_eq!((store.snapshot().await.unwrap(), ledger(&store).await), before);
    assert!(store.host(&machine("M1")).await.unwrap().unwrap().host.tags.is_empty());
    let refused = Change { dry_run: true, ..change([put(rule(1, "tag:nope", ""))]) };
    assert_eq!(refusals(store.commit(refused).await).len(), 1);
    let done = commit(&store, edits).await;
    assert_eq!((done.head, done.changed), (Revision(2), true));
    assert_eq!(done.outcomes, tried.outcomes);
}

pub(crate) async fn the_last_edit_of_a_key_wins(store: Db) {
    use Outcome::{Added, Changed, Removed, Unchanged};
    commit(&store, [put(rule(1, "fleet", "old")), set("fleet", "batch-size", "50")]).await;
    let edits = [
        put(rule(1, "fleet", "b")),
        put(rule(2, "fleet", "a")),
        drop_rule(1, "fleet"),
        put(rule(2, "fleet", "a")),
        drop_rule(1, "fleet"),
        put(rule(1, "fleet", "c")),
        put(rule(2, "fleet", "b")),
        set("fleet", "batch-size", "60"),
        set("fleet", "batch-size", "70"),
    ];
    let committed = commit(&store, edits).await;
    assert_eq!(
        committed.outcomes,
        [Changed, Added, Removed, Unchanged, Unchanged, Added, Changed, Changed, Changed]
    );
    assert_eq!(active_rules(&store).await, [rule(1, "fleet", "c"), rule(2, "fleet", "b")]);
    assert_eq!(ledger(&store).await.len(), 3);
    assert_eq!(store.snapshot().await.unwrap().settings[0].1.value(), "70");
}

pub(crate) async fn edits_that_cancel_each_other_make_no_revision(store: Db) {
    use Outcome::{Added, Changed, Removed};
    new_host(&store, "M1").await;
    commit(
        &store,
        [put(rule(1, "fleet", "")), put_tag("old", 1), set("fleet", "batch-size", "50")],
    )
    .await;
    let before = (store.snapshot().await.unwrap(), ledger(&store).await);
    let committed = commit(
        &store,
        [
            drop_rule(1, "fleet"),
            put(rule(1, "fleet", "")),
            put(rule(2, "user:u", "")),
            drop_rule(2, "user:u"),
            put_tag("new", 1),
            drop_tag("new", false),
            put_tag("old", 2),
            put_tag("old", 1),
            set("fleet", "batch-size", "60"),
            set("fleet", "batch-size", "50"),
            tag_host("M1", "old"),
            untag_host("M1", "old"),
        ],
    )
    .await;
    assert_eq!(
        committed.outcomes,
        [
            Removed, Added, Added, Removed, Added, Removed, Changed, Changed, Changed, Changed,
            Added, Removed
        ]
    );
    assert_eq!((committed.head, committed.changed), (Revision(1), false));
    assert_eq!((store.snapshot().await.unwrap(), ledger(&store).await), before);
}

pub(crate) async fn a_dropped_rule_can_be_put_again(store: Db) {
    for round in 0..3 {
        let added = commit(&store, [put(rule(1, "fleet", ""))]).await;
        assert_eq!(added.outcomes, [Outcome::Added]);
        assert_eq!(added.head, Revision(2 * round + 1));
        assert_eq!(active_rules(&store).await.len(), 1);
        let dropped = commit(&store, [drop_rule(1, "fleet")]).await;
        assert_eq!(dropped.outcomes, [Outcome::Removed]);
        assert!(active_rules(&store).await.is_empty());
    }
    assert_eq!(ledger(&store).await.len(), 3);
}

/// A change of many rules in mixed order, with every outcome.
pub(crate) async fn large_changes_mix_all_outcomes(store: Db) {
    const RULES: usize = 1_009;
    // 400 and 1009 have no common factor, so this yields every number exactly once.
    let shuffled = || (0..RULES).map(|place| place * 400 % RULES);
    let old = |number: usize| rule(number, "fleet", "old");
    let olds = shuffled().filter(|number| number % 2 == 0);
    commit(&store, olds.map(|number| put(old(number)))).await;
    let (edits, wanted): (Vec<_>, Vec<_>) = shuffled()
        .map(|number| match number % 10 {
            0 => (put(old(number)), Outcome::Unchanged),
            2 => (drop_rule(number, "fleet"), Outcome::Removed),
            3 => (drop_rule(number, "fleet"), Outcome::Unchanged),
            even if even % 2 == 0 => (put(rule(number, "fleet", "new")), Outcome::Changed),
            _ => (put(rule(number, "fleet", "new")), Outcome::Added),
        })
        .unzip();
    assert_eq!(commit(&store, edits.clone()).await.outcomes, wanted);
    let mut expected: Vec<Rule> = edits
        .iter()
        .filter_map(|edit| match edit {
            Edit::PutRule(rule) => Some((**rule).clone()),
            _ => None,
        })
        .collect();
    expected.sort_by(|a, b| a.target().cmp(b.target()));
    assert_eq!(active_rules(&store).await, expected);
    assert!(!commit(&store, edits).await.changed);
}

pub(crate) async fn concurrent_changes_make_one_revision_each(store: Db) {
    const CHANGES: usize = 40;
    let mut changes = JoinSet::new();
    for number in 0..CHANGES {
        let store = Arc::clone(&store);
        changes.spawn(async move { commit(&store, [put(rule(number, "fleet", ""))]).await.head.0 });
    }
    let mut heads = changes.join_all().await;
    heads.sort_unstable();
    assert_eq!(heads, (1..=40).collect::<Vec<u64>>());
    let mut made: Vec<u64> = ledger(&store).await.iter().map(|row| row.made.0).collect();
    assert!(made.is_sorted(), "ids do not grow with revisions: {made:?}");
    made.dedup();
    assert_eq!(made.len(), CHANGES);
}

pub(crate) async fn of_two_changes_planned_alike_one_wins(store: Db) {
    for round in 0..20 {
        let planned = |number| Change {
            base: Some(Revision(round)),
            ..change([put(rule(number, "fleet", &round.to_string()))])
        };
        let (one, other) = tokio::join!(store.commit(planned(1)), store.commit(planned(2)));
        assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
        assert_eq!(store.head().await.unwrap(), Revision(round + 1));
    }
}

pub(crate) async fn settings_stand_by_scope(store: Db) {
    commit(
        &store,
        [
            put_tag("eng", 1),
            set("host:M1", "client-mode", "lockdown"),
            set("tag:eng", "event-detail-url", "https://it.example/%file_sha%?a=b"),
            set("fleet", "batch-size", "70"),
            set("fleet", "client-mode", "monitor"),
            set("user:anna", "removable-media", "remount:rdonly,noexec"),
        ],
    )
    .await;
    let words = async |store: &Db| -> Vec<String> {
        let snapshot = store.snapshot().await.unwrap();
        let settings = snapshot.settings.iter();
        settings.map(|(scope, set)| format!("{scope} {}={}", set.key(), set.value())).collect()
    };
    assert_eq!(
        words(&store).await,
        [
            "fleet client-mode=monitor",
            "fleet batch-size=70",
            "tag:eng event-detail-url=https://it.example/%file_sha%?a=b",
            "user:anna removable-media=remount:rdonly,noexec",
            "host:M1 client-mode=lockdown",
        ]
    );
    let committed = commit(
        &store,
        [unset("fleet", "client-mode"), set("host:M1", "client-mode", "standalone")],
    )
    .await;
    assert_eq!(committed.outcomes, [Outcome::Removed, Outcome::Changed]);
    let words = words(&store).await;
    assert_eq!((words.len(), &*words[3]), (4, "host:M1 client-mode=standalone"));
    assert_eq!(store.snapshot().await.unwrap().head, Revision(2));
}

pub(crate) async fn l13_the_newest_time_of_a_database_is_known(store: Db) {
    assert_eq!(store.newest_time().await.unwrap(), None);
    let actor = Actor::new("anna", at(5));
    let edits = vec![put(rule(1, "fleet", ""))];
    let change = Change { actor, base: None, dry_run: false, edits };
    store.commit(change).await.unwrap();
    assert_eq!(store.newest_time().await.unwrap(), Some(at(5)), "that of a revision");
    assert!(store.save_host(&Host::new(machine("M1"), at(9)), 0).await.unwrap());
    assert_eq!(store.newest_time().await.unwrap(), Some(at(9)), "that of a host");
    assert_eq!(store.noted_time().await.unwrap(), None);
    store.note_time(at(7)).await.unwrap();
    assert_eq!(store.noted_time().await.unwrap(), Some(at(7)));
    assert_eq!(store.newest_time().await.unwrap(), Some(at(7)), "what was noted was believed");
}

pub(crate) async fn s7_rules_that_have_expired_read_as_ended_without_a_write(store: Db) {
    let until = |number, seconds| {
        let mut rule = rule(number, "fleet", "");
        rule.expires = Some(at(seconds));
        put(rule)
    };
    commit(&store, [until(1, 10), until(2, 30), put(rule(3, "fleet", ""))]).await;
    assert!(!store.has_expired(at(9)).await.unwrap());
    assert!(store.has_expired(at(20)).await.unwrap());
    store.hide_expired(at(20)).await.unwrap();
    let left: Vec<Target> =
        active_rules(&store).await.iter().map(|rule| rule.target().clone()).collect();
    assert_eq!(left, [team(2), team(3)]);
    let ended: Vec<_> = ledger(&store).await.iter().map(|row| row.ended).collect();
    assert_eq!(ended, [Some(Revision(1)), None, None]);
    assert_eq!(store.head().await.unwrap(), Revision(1), "nothing was written");
    assert_eq!(store.expire(at(20)).await.unwrap(), Some(Revision(2)));
}

pub(crate) async fn expiry_is_one_revision(store: Db) {
    let until = |number, seconds| {
        let mut rule = rule(number, "fleet", "");
        rule.expires = Some(at(seconds));
        put(rule)
    };
    assert_eq!(store.expire(at(0)).await.unwrap(), None);
    commit(&store, [until(1, 10), until(2, 20), until(3, 30), put(rule(4, "fleet", ""))]).await;
    assert_eq!(store.expire(at(9)).await.unwrap(), None);
    assert_eq!(store.head().await.unwrap(), Revision(1));
    assert_eq!(store.expire(at(20)).await.unwrap(), Some(Revision(2)));
    assert_eq!(store.expire(at(20)).await.unwrap(), None);
    let left: Vec<Target> =
        active_rules(&store).await.iter().map(|rule| rule.target().clone()).collect();
    assert_eq!(left, [team(3), team(4)]);
    let ended: Vec<_> = ledger(&store).await.iter().map(|row| row.ended).collect();
    assert_eq!(ended, [Some(Revision(2)), Some(Revision(2)), None, None]);
    assert_eq!(commit(&store, [until(1, 40)]).await.outcomes, [Outcome::Added]);
    assert_eq!(store.expire(at(100)).await.unwrap(), Some(Revision(4)));
    assert_eq!(active_rules(&store).await.len(), 1);
}
