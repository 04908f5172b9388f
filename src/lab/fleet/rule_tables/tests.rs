use proptest::prelude::*;

use super::*;
use crate::lab::Database;
use crate::protocol::{PolicyName, Rule};

fn change(team: usize, policy: PolicyName) -> RuleChange {
    let rule = Rule {
        identifier: format!("TEAM{team:06}").into(),
        policy: Some(policy),
        rule_type: Some(RuleType::TeamId),
        ..Rule::default()
    };
    RuleChange::read(crate::lab::client::generation::Version::named("2026.7"), rule).unwrap()
}

const POLICIES: [PolicyName; 4] = [
    PolicyName::Allowlist,
    PolicyName::AllowlistCompiler,
    PolicyName::Blocklist,
    PolicyName::Remove,
];

/// Pages of rules. Each rule has a team, and an index in `POLICIES`. An index past the end means an
/// expression that does not compile.
type Pages = Vec<Vec<(usize, usize)>>;

fn changes(page: &[(usize, usize)]) -> Vec<RuleChange> {
    let one = |&(team, policy): &(usize, usize)| match POLICIES.get(policy) {
        Some(policy) => change(team, *policy),
        None => RuleChange::Uncompiled,
    };
    page.iter().map(one).collect()
}

fn apply(tables: &mut RuleTables, from: TableId, kind: SyncKind, pages: &Pages) -> TableId {
    let pages: Vec<Vec<Step>> = pages
        .iter()
        .map(|page| changes(page).into_iter().map(|change| tables.step(change)).collect())
        .collect();
    let name = xxhash_rust::xxh3::xxh3_128(format!("{pages:?}").as_bytes());
    let pages: Vec<&[Step]> = pages.iter().map(Vec::as_slice).collect();
    tables.apply(from, kind, Download { name, pages: &pages })
}

fn put(tables: &mut RuleTables, from: TableId, teams: &[usize]) -> TableId {
    let page = teams.iter().map(|team| (*team, 0)).collect();
    apply(tables, from, SyncKind::Normal, &vec![page])
}

fn tables(hosts: u32) -> RuleTables {
    let mut tables = RuleTables::new();
    tables.hold(TableId::EMPTY, hosts);
    tables
}

#[test]
fn hosts_with_equal_rules_share_a_table_that_the_last_one_deletes() {
    let mut tables = tables(2);
    let one = put(&mut tables, TableId::EMPTY, &[1, 2]);
    let other = put(&mut tables, TableId::EMPTY, &[1]);
    let other = put(&mut tables, other, &[2]);
    assert_eq!(one, other);
    assert_eq!(tables.count(), 2);
    let one = put(&mut tables, one, &[3]);
    assert_ne!(one, other);
    tables.release(other);
    tables.release(one);
    assert_eq!((tables.count(), tables.by_rows.len()), (1, 1));
}

#[test]
fn a_download_is_applied_again_when_its_table_was_deleted() {
    let mut tables = tables(2);
    let table = put(&mut tables, TableId::EMPTY, &[1]);
    tables.release(table);
    let again = put(&mut tables, TableId::EMPTY, &[1]);
    assert_eq!(tables.rows(again).len(), 1);
    assert_eq!(tables.count(), 2);
}

#[test]
fn the_order_makes_another_table_but_no_difference() {
    let mut tables = tables(3);
    let one = put(&mut tables, TableId::EMPTY, &[1, 2]);
    let other = put(&mut tables, TableId::EMPTY, &[2, 1]);
    assert_ne!(one, other);
    assert_ne!(tables.rules_hash(one), tables.rules_hash(other));
    assert_eq!(tables.difference(one, other), None);
    let third = put(&mut tables, TableId::EMPTY, &[1, 3, 4]);
    let example = "has TEAMID TEAM000003".to_owned();
    let expected = Difference { extra: 2, missing: 1, example };
    assert_eq!(tables.difference(third, one), Some(expected));
    let example = "lacks TEAMID TEAM000001".to_owned();
    let expected = Difference { extra: 0, missing: 2, example };
    assert_eq!(tables.difference(TableId::EMPTY, one), Some(expected));
}

#[test]
fn a_rule_with_another_message_is_another_rule() {
    let mut tables = tables(2);
    let RuleChange::Put(rule) = change(1, PolicyName::Blocklist) else { panic!("no rule") };
    let mut table = |rule: HeldRule, name| {
        let step = tables.step(RuleChange::Put(rule));
        tables.apply(TableId::EMPTY, SyncKind::Normal, Download { name, pages: &[&[step]] })
    };
    let one = table(rule.clone(), 1);
    let other = table(HeldRule { custom_msg: "no".to_owned(), ..rule }, 2);
    assert!(tables.difference(one, other).is_some());
}

fn kinds() -> impl Strategy<Value = SyncKind> {
    prop_oneof![4 => Just(SyncKind::Normal), 1 => Just(SyncKind::Clean), 1 => Just(SyncKind::CleanAll)]
}

proptest! {
    /// After the same downloads, a table has the same rules, order, counts and hash as the database
    /// of a `lab sync` client.
    #[test]
    fn a_table_becomes_what_a_clients_database_becomes(
        syncs in prop::collection::vec(
            (kinds(), prop::collection::vec(prop::collection::vec((0..8_usize, 0..5_usize), 0..6), 0..3)),
            0..12,
        ),
    ) {
        let (mut tables, mut database) = (tables(1), Database::default());
        let mut table = TableId::EMPTY;
        for (kind, pages) in &syncs {
            table = apply(&mut tables, table, *kind, pages);
            database.apply(*kind, pages.iter().flat_map(|page| changes(page)).collect());
            let held: Vec<HeldRule> =
                tables.rows(table).iter().map(|row| (*tables.rules[row.0 as usize].rule).clone()).collect();
            prop_assert_eq!(held, database.rules().cloned().collect::<Vec<_>>());
            prop_assert_eq!(tables.counts(table), database.counts());
            prop_assert_eq!(&*tables.rules_hash(table), database.rules_hash());
            prop_assert!(tables.count() <= 2);
        }
    }
}
