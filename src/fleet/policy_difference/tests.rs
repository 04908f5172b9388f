use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::rule::RuleDraft;

const ALL: DiffOptions = DiffOptions { prune: true, now: Timestamp::MIN };
const NAMED: DiffOptions = DiffOptions { prune: false, now: Timestamp::MIN };

fn tag(name: &str, priority: i32) -> Tag {
    Tag { priority, ..Tag::new(name.parse().unwrap()) }
}

fn setting(scope: &str, batch: u32) -> (Scope, Setting) {
    (scope.parse().unwrap(), Setting::parse_named("batch-size", &batch.to_string()).unwrap())
}

fn rule(number: u8, scope: &str, comment: &str) -> Rule {
    let draft = RuleDraft {
        target: format!("teamid:{number:010}"),
        policy: "block".to_owned(),
        scope: scope.to_owned(),
        comment: Some(comment.to_owned()).filter(|comment| !comment.is_empty()),
        ..RuleDraft::default()
    };
    draft.try_into().unwrap()
}

fn until(mut rule: Rule, expires: &str) -> Rule {
    rule.expires = Some(expires.parse().unwrap());
    rule
}

fn describe(found: &PolicyDifferences<'_>) -> Vec<String> {
    let line_of = |difference: &PolicyDifference<'_>| {
        let name = match difference {
            PolicyDifference::Tag { name, .. } => format!("tag {name}"),
            PolicyDifference::Setting { scope, key, .. } => format!("{key} of {scope}"),
            PolicyDifference::Rule { key, .. } => format!("{} in {}", key.target, key.scope),
        };
        format!("{:?} {name}", difference.outcome())
    };
    found.differences.iter().map(line_of).collect()
}

fn apply(is: &PolicyState, found: &PolicyDifferences<'_>) -> PolicyState {
    let mut tags: BTreeMap<_, _> = is.tags.iter().map(|tag| (&tag.name, tag)).collect();
    let mut settings: BTreeMap<_, _> =
        is.settings.iter().map(|(scope, it)| ((scope, it.key()), it)).collect();
    let mut rules: BTreeMap<_, _> = is.rules.iter().map(|rule| (rule.key(), rule)).collect();
    for difference in &found.differences {
        match *difference {
            PolicyDifference::Tag { name, before, after } => {
                assert_eq!(tags.remove(name), before);
                after.and_then(|tag| tags.insert(name, tag));
            }
            PolicyDifference::Setting { scope, key, before, after } => {
                assert_eq!(settings.remove(&(scope, key)), before);
                after.and_then(|setting| settings.insert((scope, key), setting));
            }
            PolicyDifference::Rule { key, before, after } => {
                assert_eq!(rules.remove(key), before);
                after.and_then(|rule| rules.insert(key, rule));
            }
        }
    }
    PolicyState {
        tags: tags.into_values().cloned().collect(),
        settings: settings
            .into_iter()
            .map(|((scope, _), it)| (scope.clone(), it.clone()))
            .collect(),
        rules: rules.into_values().cloned().collect(),
    }
}

#[test]
fn differences_are_listed_by_kind_and_key_and_the_rest_is_counted() {
    let is = PolicyState {
        tags: vec![tag("b", 1), tag("a", 1), tag("d", 1)],
        settings: vec![setting("tag:a", 50), setting("fleet", 60)],
        rules: vec![rule(2, "fleet", ""), rule(1, "fleet", "old"), rule(3, "tag:a", "")],
    };
    let wanted = PolicyState {
        tags: vec![tag("c", 1), tag("a", 2), tag("d", 1)],
        settings: vec![setting("fleet", 60), setting("tag:a", 70)],
        rules: vec![rule(1, "tag:a", ""), rule(1, "fleet", "new"), rule(3, "tag:a", "")],
    };
    let named = PolicyDifferences::between(&is, &wanted, NAMED);
    let expected = [
        "Changed tag a",
        "Added tag c",
        "Changed batch-size of tag:a",
        "Changed teamid:0000000001 in fleet",
        "Added teamid:0000000001 in tag:a",
    ];
    assert_eq!(describe(&named), expected);
    assert_eq!(named.unchanged, 3);
    let all = PolicyDifferences::between(&is, &wanted, ALL);
    let removed = ["Removed tag b", "Removed teamid:0000000002 in fleet"];
    assert!(removed.iter().all(|line| describe(&all).iter().any(|found| found == line)), "{all:?}");
    assert_eq!(all.differences.len(), expected.len() + removed.len());
}

#[test]
fn a_rule_that_has_expired_is_named_as_one_that_is_gone() {
    let expired = |number| until(rule(number, "fleet", ""), "2026-11-20T10:00:00Z");
    let is = PolicyState {
        rules: vec![rule(1, "fleet", ""), rule(2, "fleet", "not named")],
        ..PolicyState::default()
    };
    let wanted = PolicyState { rules: vec![expired(1), expired(3)], ..PolicyState::default() };
    let options = DiffOptions { prune: false, now: "2026-11-20T10:00:00Z".parse().unwrap() };
    let found = PolicyDifferences::between(&is, &wanted, options);
    assert_eq!(describe(&found), ["Removed teamid:0000000001 in fleet"]);
    assert_eq!((found.expired, found.unchanged), (2, 0));
    let earlier = DiffOptions { now: "2026-11-20T09:59:59Z".parse().unwrap(), ..options };
    let found = PolicyDifferences::between(&is, &wanted, earlier);
    assert_eq!(
        describe(&found),
        ["Changed teamid:0000000001 in fleet", "Added teamid:0000000003 in fleet"]
    );
    assert_eq!(found.expired, 0);
}

const SCOPES: [&str; 4] = ["fleet", "group:x", "tag:a", "host:M1"];

prop_compose! {
    fn any_state()(
        tags in proptest::collection::btree_map("[a-c]", 0..3_i32, 0..4),
        settings in proptest::collection::btree_map(0..SCOPES.len(), 50..53_u32, 0..4),
        rules in proptest::collection::btree_map((0..4_u8, 0..SCOPES.len()), "[xy]?", 0..9),
    ) -> PolicyState {
        PolicyState {
            tags: tags.iter().map(|(name, priority)| tag(name, *priority)).collect(),
            settings: settings.iter().map(|(scope, batch)| setting(SCOPES[*scope], *batch)).collect(),
            rules: rules
                .iter()
                .map(|((number, scope), comment)| rule(*number, SCOPES[*scope], comment))
                .collect(),
        }
    }
}

fn in_order(mut state: PolicyState) -> PolicyState {
    state.tags.sort_by(|a, b| a.name.cmp(&b.name));
    state.settings.sort_by(|(a, x), (b, y)| (a, x.key()).cmp(&(b, y.key())));
    state.rules.sort_by(|a, b| a.key().cmp(b.key()));
    state
}

proptest! {
    #[test]
    fn applying_the_differences_leads_to_the_wanted_state(
        is in any_state(), wanted in any_state(), turned in any::<bool>(),
    ) {
        let mut given = wanted.clone();
        if turned {
            given.rules.reverse();
            given.settings.reverse();
        }
        let found = PolicyDifferences::between(&is, &given, ALL);
        let reached = apply(&is, &found);
        prop_assert_eq!(in_order(reached.clone()), in_order(wanted));
        let again = PolicyDifferences::between(&reached, &given, ALL);
        prop_assert!(again.differences.is_empty());
        let named = given.tags.len() + given.settings.len() + given.rules.len();
        prop_assert_eq!(again.unchanged, u64::try_from(named).unwrap());
    }

    #[test]
    fn without_pruning_nothing_that_is_not_named_is_touched(
        is in any_state(), wanted in any_state(),
    ) {
        let found = PolicyDifferences::between(&is, &wanted, NAMED);
        prop_assert!(found.differences.iter().all(|it| it.outcome() != Outcome::Removed));
        let reached = apply(&is, &found);
        prop_assert!(PolicyDifferences::between(&reached, &wanted, NAMED).differences.is_empty());
        let has = |rule: &Rule| {
            let key = (rule.target(), rule.scope());
            reached.rules.iter().any(|it| (it.target(), it.scope()) == key)
        };
        prop_assert!(is.rules.iter().all(has));
    }
}
