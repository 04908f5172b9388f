//! Lists of rules: their order, their filters, their pages.

use nicelist::rule::{PolicyKind, RuleKey, RuleType};

use super::*;

/// Rules of every type in every kind of scope, in the order in which the store lists them.
fn assortment() -> Vec<Rule> {
    let targets = [
        format!("cdhash:{}", "ab".repeat(20)),
        format!("binary:{}", "12".repeat(32)),
        format!("binary:{}", "ab".repeat(32)),
        "signingid:EQHXZ8M8AV:com.Example".to_owned(),
        "signingid:EQHXZ8M8AV:com.example".to_owned(),
        "signingid:platform:com.apple.yes".to_owned(),
        format!("certificate:{}", "ab".repeat(32)),
        "teamid:EQHXZ8M8AV".to_owned(),
    ];
    // These scopes are in list order, too. `put_assortment` adds the rules in reverse order, so the
    // order of the IDs differs from the list order.
    let scopes = ["fleet", "group:B", "group:a", "tag:eng", "user:anna", "host:M1", "host:M2"];
    let pairs = targets.iter().flat_map(|target| scopes.map(|scope| (target, scope)));
    let rules = pairs.map(|(target, scope)| RuleDraft {
        target: target.clone(),
        scope: scope.to_owned(),
        policy: if scope == "fleet" { "block" } else { "allow" }.to_owned(),
        ..RuleDraft::default()
    });
    rules.map(|draft| draft.try_into().unwrap()).collect()
}

async fn put_assortment(store: &Db) -> Vec<Rule> {
    let rules = assortment();
    let backwards = rules.iter().rev().cloned().map(put);
    commit(store, std::iter::once(put_tag("eng", 1)).chain(backwards)).await;
    rules
}

async fn list(store: &Db, filter: &RuleFilter) -> Vec<Rule> {
    let records = store.rules(filter, None, usize::MAX).await.unwrap();
    records.into_iter().map(|record| record.rule).collect()
}

pub(crate) async fn rules_are_listed_by_target_and_scope(store: Db) {
    let rules = put_assortment(&store).await;
    assert!(rules.iter().map(Rule::key).is_sorted());
    assert_eq!(active_rules(&store).await, rules);
    commit(
        &store,
        [Edit::DropRule(RuleKey { target: rules[3].target().clone(), scope: scope("tag:eng") })],
    )
    .await;
    assert_eq!(active_rules(&store).await.len(), rules.len() - 1);
}

pub(crate) async fn filters_all_have_to_hold(store: Db) {
    let rules = put_assortment(&store).await;
    let mut sourced = rule(1, "fleet", "");
    sourced.provenance.source = Some("rules.csv".into());
    commit(&store, [put(sourced.clone())]).await;
    let none = RuleFilter::default;
    let target = rules[0].target().clone();
    let of = |wanted: &dyn Fn(&Rule) -> bool| -> Vec<Rule> {
        rules.iter().chain([&sourced]).filter(|rule| wanted(rule)).cloned().collect()
    };
    let sorted = |mut rules: Vec<Rule>| {
        rules.sort_by(|a, b| a.key().cmp(b.key()));
        rules
    };
    let filter = RuleFilter { target: Some(target.clone()), ..none() };
    assert_eq!(list(&store, &filter).await, of(&|rule| *rule.target() == target));
    let filter = RuleFilter { scope: Some(scope("tag:eng")), ..none() };
    assert_eq!(list(&store, &filter).await, of(&|rule| *rule.scope() == scope("tag:eng")));
    let filter = RuleFilter { rule_type: Some(RuleType::Binary), ..none() };
    let binaries = |rule: &Rule| rule.target().rule_type() == RuleType::Binary;
    assert_eq!(list(&store, &filter).await, of(&binaries));
    let filter = RuleFilter { policy: Some(PolicyKind::Block), ..none() };
    let blocking = |rule: &Rule| rule.policy().kind() == PolicyKind::Block;
    assert_eq!(list(&store, &filter).await, sorted(of(&blocking)));
    let filter = RuleFilter { source: Some("rules.csv".to_owned()), ..none() };
    assert_eq!(list(&store, &filter).await, [sourced.clone()]);
    for unknown in ["rules", "RULES.CSV", ""] {
        let filter = RuleFilter { source: Some(unknown.to_owned()), ..none() };
        assert_eq!(list(&store, &filter).await, [], "source {unknown:?}");
    }
    let filter = RuleFilter {
        rule_type: Some(RuleType::Binary),
        policy: Some(PolicyKind::Block),
        text: Some("1212".to_owned()),
        ..none()
    };
    assert_eq!(
        list(&store, &filter).await,
        of(&|rule| rule.target() == rules[7].target() && blocking(rule))
    );
    for empty in [
        RuleFilter { scope: Some(scope("host:M3")), ..none() },
        RuleFilter { policy: Some(PolicyKind::Remove), ..none() },
        RuleFilter { target: Some(team(77)), ..none() },
        RuleFilter { target: Some(team(1)), rule_type: Some(RuleType::Binary), ..none() },
    ] {
        assert_eq!(list(&store, &empty).await, [], "{empty:?}");
    }
}

pub(crate) async fn rules_are_listed_by_the_time_when_they_expire(store: Db) {
    let expiring = |number, seconds| {
        let mut rule = rule(number, "fleet", "");
        rule.expires = Some(at(seconds));
        rule
    };
    let (first, second) = (expiring(1, 1_000), expiring(2, 2_000));
    commit(&store, [put(first.clone()), put(second.clone()), put(rule(3, "fleet", ""))]).await;
    let before = |seconds| RuleFilter { expires_before: Some(at(seconds)), ..Default::default() };
    assert_eq!(list(&store, &before(1_000)).await, []);
    assert_eq!(list(&store, &before(1_001)).await, std::slice::from_ref(&first));
    assert_eq!(list(&store, &before(9_000)).await, [first, second]);
}

pub(crate) async fn text_is_found_as_it_is_written(store: Db) {
    let mut ticketed = rule(3, "fleet", "");
    ticketed.provenance.ticket = Some("IT-77".into());
    ticketed.provenance.source = Some("not looked at".into());
    commit(
        &store,
        [
            put(rule(1, "fleet", "50% off_all \\ 'quoted'")),
            put(rule(2, "fleet", "50 percent, Äpfel")),
            put(ticketed),
        ],
    )
    .await;
    let found = async |text: &str| -> Vec<usize> {
        let filter = RuleFilter { text: Some(text.to_owned()), ..RuleFilter::default() };
        let targets: Vec<Target> =
            list(&store, &filter).await.iter().map(|rule| rule.target().clone()).collect();
        (1..=3).filter(|number| targets.contains(&team(*number))).collect()
    };
    assert_eq!(found("50%").await, [1]);
    assert_eq!(found("F_A").await, [1]);
    assert_eq!(found("f-a").await, [0; 0]);
    assert_eq!(found("\\ 'QUOTED'").await, [1]);
    assert_eq!(found("50").await, [1, 2]);
    assert_eq!(found("Äpfel").await, [2]);
    assert_eq!(found("it-7").await, [3]);
    assert_eq!(found("00000002").await, [2]);
    assert_eq!(found("").await, [1, 2, 3]);
    assert_eq!(found("not looked at").await, [0; 0]);
    assert_eq!(found("50\0").await, [0; 0]);
}

pub(crate) async fn pages_neither_skip_nor_repeat(store: Db) {
    let rules = put_assortment(&store).await;
    let filters = [
        RuleFilter::default(),
        RuleFilter { text: Some("ab".to_owned()), ..RuleFilter::default() },
        RuleFilter { scope: Some(scope("user:anna")), ..RuleFilter::default() },
    ];
    for filter in filters {
        let whole = list(&store, &filter).await;
        for limit in 1..=rules.len() {
            let mut pages = Vec::new();
            while pages.len() < whole.len() {
                let after = pages.last().map(Rule::key).cloned();
                let page = store.rules(&filter, after.as_ref(), limit).await.unwrap();
                assert_eq!(page.len(), limit.min(whole.len() - pages.len()));
                pages.extend(page.into_iter().map(|record| record.rule));
            }
            assert_eq!(pages, whole);
            let end = pages.last().map(Rule::key).cloned();
            assert_eq!(store.rules(&filter, end.as_ref(), limit).await.unwrap(), []);
        }
    }
    assert_eq!(store.rules(&RuleFilter::default(), None, 0).await.unwrap(), []);
}

pub(crate) async fn pages_hold_while_rules_change(store: Db) {
    const RULES: usize = 60;
    let kept = |number: &usize| number.is_multiple_of(2);
    commit(&store, (0..RULES).map(|number| put(rule(number, "fleet", "")))).await;
    for limit in [1, 2, 3, 7] {
        let mut after: Option<RuleKey> = None;
        let mut seen = Vec::new();
        for turn in 0.. {
            let page = store.rules(&RuleFilter::default(), after.as_ref(), limit).await.unwrap();
            let Some(last) = page.last() else { break };
            after = Some(last.rule.key().clone());
            seen.extend(page.iter().map(|record| record.rule.key().clone()));
            let odd = (turn * 14 + 1) % RULES;
            let comment = format!("{limit} {turn}");
            let edits = [
                drop_rule(odd, "fleet"),
                put(rule((odd + 20) % RULES, "fleet", "")),
                put(rule((odd + 3) % RULES, "group:other", &comment)),
                put(rule((odd + 5) % RULES, "fleet", &comment)),
            ];
            commit(&store, edits).await;
        }
        assert!(seen.is_sorted_by(|a, b| a < b), "limit {limit}: not ascending");
        for number in (0..RULES).filter(kept) {
            let wanted = RuleKey { target: team(number), scope: scope("fleet") };
            assert!(seen.contains(&wanted), "limit {limit}: skipped {number}");
        }
    }
}
