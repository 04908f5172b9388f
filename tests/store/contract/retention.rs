//! Deletion of old history: what is kept, which requests are refused, and interruptions.

use nicelist::fleet::PolicyState;
use nicelist::store::RevisionFilter;
use nicelist::store::maintenance::check;

use super::history::{now, play, rules_at, turns};
use super::*;

const START: Revision = Revision(6);

async fn at_revision(store: &Db, at: Revision) -> StoreResult<PolicyState> {
    let snapshot = store.snapshot_at(at).await?;
    let filter = RuleFilter { at: Some(at), ..RuleFilter::default() };
    store.rules(&filter, None, 1).await?;
    let rules = rules_at(store, &filter, usize::MAX).await;
    Ok(PolicyState { tags: snapshot.tags, settings: snapshot.settings, rules })
}

fn assert_deleted<T: std::fmt::Debug>(result: StoreResult<T>, at: Revision) {
    let error = result.unwrap_err();
    let expected = format!(
        "the history of revision {at} was deleted (setting history-retention); the oldest available revision is {START} (2026-09-21)"
    );
    assert_eq!(error.to_string(), expected);
}

/// Checks that revisions from [`START`] on are unchanged and that older revisions are refused.
async fn assert_kept_from_start(store: &Db, states: &[PolicyState]) {
    for (at, state) in (0..).map(Revision).zip(states) {
        if at < START {
            assert_deleted(store.snapshot_at(at).await, at);
            let filter = RuleFilter { at: Some(at), ..RuleFilter::default() };
            assert_deleted(store.rules(&filter, None, 1).await, at);
            assert_deleted(store.revised_tags_and_settings(at).await, at);
            assert_deleted(store.rule_changes(at, None, 1).await, at);
        } else {
            assert_eq!(&at_revision(store, at).await.unwrap(), state, "{at}");
        }
    }
    assert_eq!(store.history_start().await.unwrap().unwrap().revision, START);
}

pub(crate) async fn s8_old_history_is_deleted_in_batches(store: Db) {
    let states = play(&store).await;
    assert_eq!(store.history_start().await.unwrap(), None);
    assert_eq!(store.delete_history(100).await.unwrap(), 0, "all of it is kept");
    let mut turned = Vec::new();
    for at in START.0..=store.head().await.unwrap().0 {
        turned.push((at, turns(&store, Revision(at), 3).await));
    }
    let before = ledger(&store).await;
    let is_old = |row: &&LedgerRow| row.ended.is_some_and(|ended| ended < START);
    assert_eq!(before.iter().filter(is_old).count(), 3);

    store.raise_history_start(START).await.unwrap();
    assert_kept_from_start(&store, &states).await;
    // The deleted rows are three rules, a setting and a tag.
    let mut gone = Vec::new();
    while gone.last() != Some(&0) {
        gone.push(store.delete_history(2).await.unwrap());
    }
    assert_eq!(gone, [2, 2, 1, 0]);
    assert_kept_from_start(&store, &states).await;
    let after: Vec<LedgerRow> = before.iter().filter(|row| !is_old(row)).cloned().collect();
    assert_eq!(ledger(&store).await, after);
    for (at, turned) in turned {
        assert_eq!(turns(&store, Revision(at), 3).await, turned, "{at}");
    }
    assert_eq!(store.revisions(&RevisionFilter::default(), None, 99).await.unwrap().len(), 10);
    assert_eq!(now(&store).await, states[10]);
}

pub(crate) async fn s8_the_first_kept_revision_never_goes_back(store: Db) {
    let states = play(&store).await;
    store.raise_history_start(START).await.unwrap();
    store.raise_history_start(Revision(3)).await.unwrap();
    assert_kept_from_start(&store, &states).await;
    store.raise_history_start(Revision(9)).await.unwrap();
    assert_eq!(store.history_start().await.unwrap().unwrap().revision, Revision(9));
}

pub(crate) async fn s8_a_revision_is_found_by_its_time(store: Db) {
    for (number, seconds) in [10, 20, 20, 15, 40].into_iter().enumerate() {
        let mut change = change([put(rule(number, "fleet", ""))]);
        change.actor.at = at(seconds);
        store.commit(change).await.unwrap();
    }
    let mut found = Vec::new();
    for seconds in [9, 10, 19, 20, 39, 40, 99] {
        found.push(store.revision_at(at(seconds), Revision(0)).await.unwrap().0);
    }
    assert_eq!(found, [0, 1, 1, 4, 4, 5, 5]);
    assert_eq!(store.revision_at(at(17), Revision(3)).await.unwrap(), Revision(4));
    assert_eq!(store.revision_at(at(99), Revision(5)).await.unwrap(), Revision(5));
}

/// A server may be killed after it stored the first kept revision, or while it deletes. The next
/// server continues to delete.
pub(crate) async fn s8_deletion_goes_on_after_a_kill(open: impl AsyncFn() -> Db, url: &str) {
    let states = play(&open().await).await;
    open().await.raise_history_start(START).await.unwrap();
    let rows = check(url).await.unwrap();
    assert_eq!(rows.damage, None);
    assert_eq!(open().await.delete_history(2).await.unwrap(), 2);
    let store = open().await;
    assert_kept_from_start(&store, &states).await;
    assert_eq!(store.delete_history(99).await.unwrap(), 3);
    assert_kept_from_start(&store, &states).await;
    let left = check(url).await.unwrap();
    assert_eq!((left.rows, left.damage), (rows.rows - 5, None));
}

/// Two servers delete old history at the same time. Each row is deleted exactly one time, and
/// neither server fails.
pub(crate) async fn s8_two_servers_share_the_work(open: impl AsyncFn() -> Db, url: &str) {
    let store = open().await;
    for round in 0..20 {
        commit(&store, (0..20).map(|number| put(rule(number, "fleet", &round.to_string())))).await;
    }
    let head = store.head().await.unwrap();
    store.raise_history_start(head).await.unwrap();
    let delete = async |store: Db| {
        let mut gone = Vec::new();
        while gone.last() != Some(&0) {
            gone.push(store.delete_history(7).await.unwrap());
        }
        gone.iter().sum::<usize>()
    };
    let (one, other) = tokio::join!(delete(store), delete(open().await));
    // The two newest of the 20 versions of each rule are kept.
    assert_eq!(one + other, 18 * 20);
    let left = check(url).await.unwrap();
    assert_eq!((left.rows, left.damage), (2 * 20, None));
}
