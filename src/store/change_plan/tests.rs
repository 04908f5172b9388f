//! Tests of the planner without a database.

use super::*;
use crate::fleet::{Membership, Setting};
use crate::rule::{Rule, RuleDraft, RuleKey};

fn target(number: usize) -> Target {
    format!("teamid:{number:010}").parse().unwrap()
}

fn rule(number: usize, scope: &str, comment: &str) -> Rule {
    let draft = RuleDraft {
        target: target(number).to_string(),
        policy: "block".to_owned(),
        scope: scope.to_owned(),
        comment: Some(comment.to_owned()),
        ..RuleDraft::default()
    };
    draft.try_into().unwrap()
}

fn put(number: usize, scope: &str, comment: &str) -> Edit {
    Edit::PutRule(Box::new(rule(number, scope, comment)))
}

fn drop_rule(number: usize, scope: &str) -> Edit {
    Edit::DropRule(RuleKey { target: target(number), scope: scope.parse().unwrap() })
}

fn set(scope: &str, seconds: &str) -> Edit {
    let setting = Setting::parse_named("batch-size", seconds).unwrap();
    Edit::Set { scope: scope.parse().unwrap(), setting }
}

fn tag(name: &str) -> Tag {
    Tag::new(name.parse().unwrap())
}

fn drop_tag(name: &str, force: bool) -> Edit {
    Edit::DropTag { name: name.parse().unwrap(), force }
}

fn host(machine: &str, tags: &[&str]) -> (MachineId, Vec<TagName>) {
    (machine.parse().unwrap(), tags.iter().map(|tag| tag.parse().unwrap()).collect())
}

/// Stored rows. Scopes have the IDs 1, 2, … in the order of their first edits.
#[derive(Default)]
struct Stored {
    rules: Vec<Rule>,
    settings: Vec<(&'static str, &'static str)>,
    tags: Vec<Tag>,
    hosts: Vec<(MachineId, Vec<TagName>)>,
    /// The hosts that are members of the dropped tag, for each guarded drop.
    members: Vec<&'static str>,
    rule_count: u64,
}

impl Stored {
    fn plan<'e>(&self, edits: &'e [Edit]) -> StoreResult<ChangePlan<'e>> {
        let mut reads = ChangeReads::of(edits);
        let numbers: Vec<ScopeNumber> = reads.scopes.all().map(|(number, _)| number).collect();
        for (number, id) in numbers.iter().zip(1..) {
            reads.scopes.set_id(*number, id);
        }
        let rules = reads.rules_to_read().into_iter().map(|(target, scope)| {
            let scope = reads.scopes.scope(scope);
            let found = self.rules.iter().find(|it| (it.target(), it.scope()) == (target, scope));
            found.map_or(CurrentRule::Nothing, |rule| CurrentRule::stored(Some(rule.clone())))
        });
        let rules = rules.collect();
        let number = |scope: &str| reads.scopes.find(&scope.parse().unwrap()).unwrap();
        let settings = self
            .settings
            .iter()
            .map(|(scope, value)| (number(scope), "batch-size".to_owned(), (*value).to_owned()));
        let settings = settings.collect();
        let (mut members, mut rule_counts) = (HashMap::new(), HashMap::new());
        for (edit, name, _) in reads.guarded_drops(&self.tags) {
            members.insert(edit, self.members.iter().map(|it| it.parse().unwrap()).collect());
            rule_counts.insert(reads.dropped_tags[name], self.rule_count);
        }
        let stored = StoredState {
            tags: self.tags.clone(),
            settings,
            host_tags: self.hosts.iter().cloned().collect(),
            members,
            rule_counts,
            rules,
        };
        ChangePlan::new(reads, stored)
    }

    fn refusals(&self, edits: &[Edit]) -> Vec<(usize, String)> {
        match self.plan(edits) {
            Err(StoreError::Refused(refusals)) => {
                refusals.into_iter().map(|it| (it.edit, it.reason.to_string())).collect()
            }
            other => panic!("not refused: {other:?}"),
        }
    }
}

#[test]
fn a_rule_with_one_edit_is_left_to_the_database_in_the_order_of_the_index() {
    let edits = [put(2, "fleet", ""), drop_rule(1, "host:M1"), put(1, "fleet", "")];
    let plan = Stored::default().plan(&edits).unwrap();
    let order: Vec<usize> = plan.single_rules.iter().map(|edit| edit.edit).collect();
    assert_eq!(order, [2, 1, 0], "by target, then by scope");
    assert!(plan.rules.is_empty() && plan.new_scopes.is_empty());
}

#[test]
fn only_scopes_that_get_a_row_get_an_id() {
    let edits = [
        put(1, "fleet", ""),
        drop_rule(1, "user:anna"),
        set("group:eng", "60"),
        set("group:eng", "70"),
    ];
    let reads = ChangeReads::of(&edits);
    let plan = ChangePlan::new(reads, StoredState::default()).unwrap();
    let new = plan.new_scopes.iter().map(|scope| plan.scopes.scope(*scope).to_string());
    assert_eq!(new.collect::<Vec<_>>(), ["fleet", "group:eng"]);
}

#[test]
fn edits_that_cancel_each_other_write_nothing() {
    let stored = Stored {
        rules: vec![rule(1, "fleet", "old")],
        settings: vec![("fleet", "60")],
        tags: vec![tag("eng")],
        hosts: vec![host("M1", &[])],
        ..Stored::default()
    };
    let (machine, eng) = ("M1".parse::<MachineId>().unwrap(), "eng".parse::<TagName>().unwrap());
    let edits = [
        put(1, "fleet", "new"),
        put(1, "fleet", "old"),
        put(2, "fleet", ""),
        drop_rule(2, "fleet"),
        set("fleet", "70"),
        set("fleet", "60"),
        Edit::PutTag(Tag { priority: 7, ..tag("eng") }),
        Edit::PutTag(tag("eng")),
        Edit::TagHost { machine: machine.clone(), tag: eng.clone() },
        Edit::UntagHost { machine, tag: eng },
    ];
    let plan = stored.plan(&edits).unwrap();
    assert!(plan.rules.is_empty() && plan.settings.is_empty());
    assert!(plan.tags.is_empty() && plan.host_tags.is_empty());
    use Outcome::{Added, Changed, Removed};
    let outcomes =
        [Changed, Changed, Added, Removed, Changed, Changed, Changed, Changed, Added, Removed];
    assert_eq!(plan.results.outcomes, outcomes);
}

#[test]
fn several_edits_of_one_rule_write_one_row() {
    let stored = Stored { rules: vec![rule(1, "fleet", "a")], ..Stored::default() };
    let edits = [put(1, "fleet", "b"), drop_rule(1, "fleet"), put(1, "fleet", "c")];
    let plan = stored.plan(&edits).unwrap();
    let [row] = &plan.rules[..] else { panic!("{:?}", plan.rules) };
    assert!(row.ended);
    let comment = row.inserted.as_ref().and_then(|rule| rule.provenance.comment.as_deref());
    assert_eq!(comment, Some("c"));
    assert_eq!(plan.rule_counts(), RowCounts { ended: 1, inserted: 1, replaced: 1 });
    let changed = Counts { changed: 1, ..Counts::default() };
    assert_eq!(plan.rule_counts().counts(), changed);
    let differing: Vec<usize> = plan.results.differences.iter().map(|it| it.edit).collect();
    assert_eq!(differing, [0, 1]);
}

#[test]
fn an_unreadable_rule_is_replaced_and_removed_but_never_kept() {
    let edits = [put(1, "fleet", ""), put(1, "fleet", "b")];
    let reads = ChangeReads::of(&edits);
    let state = StoredState { rules: vec![CurrentRule::Unreadable], ..StoredState::default() };
    let plan = ChangePlan::new(reads, state).unwrap();
    assert_eq!(plan.results.outcomes, [Outcome::Changed; 2]);
    assert_eq!(plan.rule_counts(), RowCounts { ended: 1, inserted: 1, replaced: 1 });
}

#[test]
fn dropping_a_tag_by_force_ends_its_scope_before_later_edits() {
    let stored = Stored {
        rules: vec![rule(1, "tag:eng", "a"), rule(2, "tag:eng", "b")],
        settings: vec![("tag:eng", "60")],
        tags: vec![tag("eng")],
        hosts: vec![host("M1", &["eng", "x"]), host("M2", &["x"])],
        ..Stored::default()
    };
    let edits = [
        put(3, "tag:eng", "before"),
        drop_tag("eng", true),
        Edit::PutTag(tag("eng")),
        put(1, "tag:eng", "a"),
        set("tag:eng", "60"),
    ];
    let plan = stored.plan(&edits).unwrap();
    assert_eq!(plan.cleared_scopes, [1]);
    let [row] = &plan.rules[..] else { panic!("{:?}", plan.rules) };
    // The stored row ends because its scope is cleared, although the new row has the same content.
    assert!(!row.ended && row.inserted.is_some());
    assert_eq!(plan.replaced_in_cleared_scopes(), 1);
    assert_eq!(plan.setting_counts(), RowCounts { ended: 0, inserted: 1, replaced: 1 });
    assert_eq!(plan.host_tags, [host("M1", &["x"])]);
    assert!(plan.tags.is_empty(), "it is the same tag as before");
    let outcomes =
        [Outcome::Added, Outcome::Removed, Outcome::Added, Outcome::Added, Outcome::Added];
    assert_eq!(plan.results.outcomes, outcomes);
}

#[test]
fn the_use_of_a_tag_is_counted_after_the_edits_before_it() {
    let stored = Stored {
        rules: vec![rule(1, "tag:eng", "")],
        settings: vec![("tag:eng", "60")],
        tags: vec![tag("eng")],
        hosts: vec![host("M1", &["eng"]), host("M2", &[])],
        members: vec!["M1", "M3"],
        rule_count: 5,
    };
    let drop = |edits: Vec<Edit>| [edits, vec![drop_tag("eng", false)]].concat();
    let in_use = |rules: u64, settings: u64, hosts: u64| {
        format!("tag `eng` is in use (rules: {rules}, settings: {settings}, hosts: {hosts})")
    };
    assert_eq!(stored.refusals(&drop(vec![])), [(0, in_use(5, 1, 2))]);
    let (machine, eng) = ("M2".parse::<MachineId>().unwrap(), "eng".parse::<TagName>().unwrap());
    let more = vec![put(2, "tag:eng", ""), Edit::TagHost { machine, tag: eng }];
    assert_eq!(stored.refusals(&drop(more)), [(2, in_use(6, 1, 3))]);
    let fewer = vec![
        drop_rule(1, "tag:eng"),
        Edit::Unset { scope: "tag:eng".parse().unwrap(), key: "batch-size".parse().unwrap() },
    ];
    assert_eq!(stored.refusals(&drop(fewer)), [(2, in_use(4, 0, 2))]);
    let stored = Stored { members: vec![], rule_count: 1, ..stored };
    let (machine, eng) = ("M1".parse::<MachineId>().unwrap(), "eng".parse::<TagName>().unwrap());
    let none = vec![
        drop_rule(1, "tag:eng"),
        Edit::Unset { scope: "tag:eng".parse().unwrap(), key: "batch-size".parse().unwrap() },
        Edit::UntagHost { machine, tag: eng },
    ];
    let edits = drop(none);
    let plan = stored.plan(&edits).unwrap();
    assert_eq!(plan.results.outcomes, [Outcome::Removed; 4]);
}

#[test]
fn a_guarded_drop_counts_the_members_that_the_change_has_given_the_tag() {
    let membership =
        Membership { users: ["anna".parse().unwrap()].into(), ..Membership::default() };
    let with_members = Tag { membership: membership.clone(), ..tag("eng") };
    let edits = [
        Edit::PutTag(with_members),
        drop_tag("eng", false),
        drop_tag("other", false),
        drop_tag("eng", false),
    ];
    let reads = ChangeReads::of(&edits);
    let drops = reads.guarded_drops(&[tag("eng")]);
    let eng = "eng".parse::<TagName>().unwrap();
    assert_eq!(drops, [(1, &eng, membership)], "the second drop has nothing to drop");
}

#[test]
fn every_edit_of_what_does_not_exist_is_refused() {
    let (machine, eng) = ("M9".parse::<MachineId>().unwrap(), "eng".parse::<TagName>().unwrap());
    let edits = [
        put(1, "tag:x", ""),
        set("tag:x", "60"),
        drop_tag("x", false),
        Edit::TagHost { machine, tag: eng },
        drop_rule(1, "tag:x"),
    ];
    let stored = Stored { tags: vec![tag("eng")], ..Stored::default() };
    let refused: Vec<usize> = stored.refusals(&edits).into_iter().map(|(edit, _)| edit).collect();
    assert_eq!(refused, [0, 1, 3]);
}
