//! The ledger: the versions of rules, which servers read to learn about changes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};

use nicelist::rule::Outcome;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tokio::runtime::Handle;
use tokio::task::block_in_place;

use super::*;

/// The rows of the ledger that changed after a revision, read in pages.
async fn follow(store: &Db, since: Revision, limit: usize) -> Vec<LedgerRow> {
    let mut rows: Vec<LedgerRow> = Vec::new();
    loop {
        let above = rows.last().map_or(0, |row| row.id);
        let page = store.ledger(since, above, limit).await.unwrap();
        assert!(page.len() <= limit);
        let full = page.len() == limit;
        rows.extend(page);
        if !full {
            assert!(rows.is_sorted_by(|a, b| a.id < b.id));
            return rows;
        }
    }
}

/// The parts of ledger rows that the tests compare: the target, and the revisions that added and
/// ended the version.
fn short(rows: &[LedgerRow]) -> Vec<(String, u64, Option<u64>)> {
    let short = |row: &LedgerRow| {
        (row.rule.target().to_string(), row.made.0, row.ended.map(|ended| ended.0))
    };
    rows.iter().map(short).collect()
}

fn line(number: usize, made: u64, ended: Option<u64>) -> (String, u64, Option<u64>) {
    (team(number).to_string(), made, ended)
}

pub(crate) async fn a_follower_sees_what_was_made_and_ended(store: Db) {
    commit(&store, (1..=3).map(|number| put(rule(number, "fleet", "")))).await;
    commit(&store, [put(rule(2, "fleet", "new")), set("fleet", "batch-size", "60")]).await;
    commit(&store, [drop_rule(1, "fleet"), put(rule(4, "fleet", ""))]).await;
    let all = [
        line(1, 1, Some(3)),
        line(2, 1, Some(2)),
        line(3, 1, None),
        line(2, 2, None),
        line(4, 3, None),
    ];
    let since = async |revision| short(&follow(&store, Revision(revision), 99).await);
    assert_eq!(since(0).await, all);
    assert_eq!(since(1).await, [all[0].clone(), all[1].clone(), all[3].clone(), all[4].clone()]);
    assert_eq!(since(2).await, [all[0].clone(), all[4].clone()]);
    assert_eq!(since(3).await, []);
    assert_eq!(since(u64::MAX).await, []);
    assert_eq!(ledger(&store).await[3].rule, rule(2, "fleet", "new"));
}

pub(crate) async fn pages_of_the_ledger_join(store: Db) {
    for round in 0..6 {
        commit(&store, (0..5).map(|number| put(rule(number, "fleet", &round.to_string())))).await;
        commit(&store, [drop_rule(round, "fleet"), put(rule(20 + round, "user:u", ""))]).await;
    }
    for since in 0..=12 {
        let whole = follow(&store, Revision(since), 1_000).await;
        let touched =
            |row: &&LedgerRow| row.made.0 > since || row.ended.is_some_and(|ended| ended.0 > since);
        let all = ledger(&store).await;
        assert_eq!(whole, all.iter().filter(touched).cloned().collect::<Vec<_>>());
        for limit in 1..=9 {
            assert_eq!(follow(&store, Revision(since), limit).await, whole);
        }
    }
    assert_eq!(store.ledger(Revision(0), 0, 0).await.unwrap(), []);
}

pub(crate) async fn what_one_change_makes_and_ends_is_not_kept(store: Db) {
    commit(&store, [put_tag("eng", 1), put(rule(1, "tag:eng", "old"))]).await;
    commit(
        &store,
        [
            put(rule(2, "fleet", "")),
            drop_rule(2, "fleet"),
            put(rule(1, "tag:eng", "new")),
            put(rule(3, "tag:eng", "")),
            drop_tag("eng", true),
            put(rule(4, "fleet", "")),
        ],
    )
    .await;
    assert_eq!(short(&ledger(&store).await), [line(1, 1, Some(2)), line(4, 2, None)]);
}

/// The test ends more than 20,000 rules, because SQLite then reads the rows without the index of
/// ended rules.
pub(crate) async fn thousands_of_ends_are_all_seen(store: Db) {
    const RULES: usize = 25_000;
    commit(&store, (0..RULES).map(|number| put(rule(number, "fleet", "")))).await;
    commit(&store, [put(rule(RULES, "fleet", ""))]).await;
    commit(&store, (0..RULES).filter(|it| it % 10 != 0).map(|it| drop_rule(it, "fleet"))).await;
    let rows = follow(&store, Revision(1), 4_000).await;
    assert_eq!(rows.len(), RULES / 10 * 9 + 1);
    let (made, ended): (Vec<_>, Vec<_>) = rows.iter().partition(|row| row.made == Revision(2));
    assert_eq!(made.len(), 1);
    assert!(ended.iter().all(|row| row.ended == Some(Revision(3))));
}

pub(crate) async fn scopes_keep_their_ids(store: Db) {
    let scopes = ["fleet", "user:anna", "group:anna", "host:anna"];
    commit(&store, scopes.map(|scope| put(rule(1, scope, "")))).await;
    commit(&store, scopes.map(|scope| drop_rule(1, scope))).await;
    commit(&store, scopes.map(|scope| put(rule(2, scope, "")))).await;
    let mut ids: BTreeMap<Scope, BTreeSet<i64>> = BTreeMap::new();
    for row in ledger(&store).await {
        ids.entry(row.rule.scope().clone()).or_default().insert(row.scope.0);
    }
    assert_eq!(ids.len(), 4);
    assert!(ids.values().all(|ids| ids.len() == 1), "a scope has two ids: {ids:?}");
    let distinct: BTreeSet<_> = ids.values().flatten().collect();
    assert_eq!(distinct.len(), 4, "two scopes have one id: {ids:?}");
}

#[derive(Clone, Debug)]
enum Step {
    Put {
        number: usize,
        place: usize,
        content: usize,
        expires: bool,
    },
    Drop {
        number: usize,
        place: usize,
    },
    /// Deletes the tag with all its rules, and creates the tag again.
    Wipe,
}

/// An action that creates at most one revision.
#[derive(Clone, Debug)]
enum Act {
    Change { steps: Vec<Step>, dry_run: bool },
    Expire,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let put = (0..5_usize, 0..3_usize, 0..2_usize, proptest::bool::weighted(0.2));
    let step = prop_oneof![
        6 => put.prop_map(|(number, place, content, expires)| Step::Put { number, place, content, expires }),
        3 => (0..5_usize, 0..3_usize).prop_map(|(number, place)| Step::Drop { number, place }),
        1 => Just(Step::Wipe),
    ];
    let change = (vec(step, 1..8), proptest::bool::weighted(0.1))
        .prop_map(|(steps, dry_run)| Act::Change { steps, dry_run });
    vec(prop_oneof![9 => change, 1 => Just(Act::Expire)], 1..12)
}

/// The active rules in the model, by target and scope.
type State = BTreeMap<(String, String), Rule>;

/// One run of a history, on keys that no other run uses.
struct Run {
    store: Db,
    number: usize,
    state: State,
    history: Vec<(Revision, State)>,
}

impl Run {
    fn scope(&self, place: usize) -> String {
        ["fleet".to_owned(), format!("tag:t{}", self.number), "host:M".to_owned()][place].clone()
    }

    fn rule(&self, number: usize, place: usize) -> Rule {
        rule(self.number * 10 + number, &self.scope(place), "")
    }

    /// Applies a step to the model. Returns the edits of the step, each with its outcome if the
    /// model predicts the outcome.
    fn step(&mut self, step: &Step) -> Vec<(Edit, Option<Outcome>)> {
        let key = |rule: &Rule| (rule.target().to_string(), rule.scope().to_string());
        match *step {
            Step::Put { number, place, content, expires } => {
                let mut rule = self.rule(number, place);
                rule.provenance.comment = Some(content.to_string().into());
                rule.expires = expires.then(|| at(1));
                let outcome = match self.state.insert(key(&rule), rule.clone()) {
                    None => Outcome::Added,
                    Some(old) if old == rule => Outcome::Unchanged,
                    Some(_) => Outcome::Changed,
                };
                vec![(put(rule), Some(outcome))]
            }
            Step::Drop { number, place } => {
                let rule = self.rule(number, place);
                let known = self.state.remove(&key(&rule)).is_some();
                let outcome = if known { Outcome::Removed } else { Outcome::Unchanged };
                let edit = Edit::DropRule(rule.key().clone());
                vec![(edit, Some(outcome))]
            }
            Step::Wipe => {
                let scope = self.scope(1);
                self.state.retain(|(_, it), _| *it != scope);
                let name = scope.trim_start_matches("tag:").to_owned();
                vec![(drop_tag(&name, true), None), (put_tag(&name, 0), None)]
            }
        }
    }

    async fn act(&mut self, act: &Act) -> Result<(), TestCaseError> {
        let before = self.state.clone();
        let head = match act {
            Act::Change { steps, dry_run } => {
                let steps: Vec<_> = steps.iter().flat_map(|step| self.step(step)).collect();
                let (edits, wanted): (Vec<_>, Vec<_>) = steps.into_iter().unzip();
                let change = Change { dry_run: *dry_run, ..change(edits) };
                let committed = self.store.commit(change).await.unwrap();
                prop_assert_eq!(wanted.len(), committed.outcomes.len());
                for (wanted, outcome) in wanted.iter().zip(&committed.outcomes) {
                    prop_assert!(wanted.is_none_or(|wanted| wanted == *outcome));
                }
                if *dry_run {
                    prop_assert!(!committed.changed);
                    self.state = before.clone();
                } else if before != self.state || wanted.iter().all(Option::is_some) {
                    // If a tag was created again and the rules in the model are the same as before,
                    // the change may still have created a revision. That case is not checked.
                    prop_assert_eq!(committed.changed, before != self.state);
                }
                committed.head
            }
            Act::Expire => {
                let expired = self.store.expire(at(1)).await.unwrap();
                self.state.retain(|_, rule| rule.expires.is_none());
                prop_assert_eq!(expired.is_some(), before != self.state);
                self.store.head().await.unwrap()
            }
        };
        prop_assert_eq!(head, self.store.head().await.unwrap());
        self.history.push((head, self.state.clone()));
        Ok(())
    }

    /// Compares the rows of the ledger that are active at each revision with the model.
    async fn check(&self) -> Result<(), TestCaseError> {
        let own = |row: &LedgerRow| {
            let number: usize = row.rule.target().identifier().parse().unwrap();
            number / 10 == self.number
        };
        let mut rows = ledger(&self.store).await;
        rows.retain(own);
        for row in &rows {
            prop_assert!(row.ended.is_none_or(|ended| row.made < ended), "empty: {:?}", row);
        }
        for (revision, state) in &self.history {
            let live = rows.iter().filter(|row| {
                row.made <= *revision && row.ended.is_none_or(|ended| *revision < ended)
            });
            let mut found: Vec<Rule> = live.map(|row| row.rule.clone()).collect();
            found.sort_by_key(|rule| (rule.target().to_string(), rule.scope().to_string()));
            prop_assert_eq!(found, state.values().cloned().collect::<Vec<_>>());
        }
        Ok(())
    }
}

/// After any changes, the active rows at each revision equal the rules of a simple model at that
/// revision. All runs share one store, and each run has its own keys.
pub(crate) async fn the_ledger_is_the_history(store: Db) {
    let runs = AtomicUsize::new(0);
    let mut runner =
        TestRunner::new(Config { cases: 48, failure_persistence: None, ..Config::default() });
    let outcome = block_in_place(|| {
        runner.run(&acts(), |acts| {
            let number = runs.fetch_add(1, Ordering::Relaxed);
            let (state, history) = (State::new(), Vec::new());
            let mut run = Run { store: Arc::clone(&store), number, state, history };
            Handle::current().block_on(async {
                commit(&run.store, [put_tag(&format!("t{number}"), 0)]).await;
                for act in &acts {
                    run.act(act).await?;
                }
                // Rules of this run must not expire during another run.
                run.act(&Act::Expire).await?;
                run.check().await
            })
        })
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
}
