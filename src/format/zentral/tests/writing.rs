use proptest::prelude::*;

use super::super::{read, write_json, write_yaml};
use crate::format::{Content, Defaults, Lost, Written};
use crate::rule::{Rule, RuleDraft};

fn rule(policy: &str, target: &str, scope: &str) -> Rule {
    let draft = RuleDraft {
        target: target.to_owned(),
        policy: policy.to_owned(),
        scope: scope.to_owned(),
        cel: (policy == "cel").then(|| "true".to_owned()),
        ..RuleDraft::default()
    };
    Rule::try_from(draft).unwrap()
}

fn text(written: &Written) -> &str {
    std::str::from_utf8(&written.files[0].bytes).unwrap()
}

fn losses(written: &Written) -> String {
    let described = written.losses.iter().map(|loss| match (&loss.lost, loss.rule) {
        (Lost::Everything(reason), Some(rule)) => format!("{rule}: {reason}"),
        (Lost::Everything(reason), None) => reason.clone(),
        (Lost::Field(field), rule) => format!("{rule:?}: {field}"),
    });
    described.collect::<Vec<_>>().join("\n")
}

#[test]
fn rules_that_say_the_same_become_one_with_lists() {
    let mut rules = vec![
        rule("block", "teamid:12345E6789", "fleet"),
        rule("remove", "teamid:12345E6789", "tag:eng"),
        rule("remove", "teamid:12345E6789", "host:SN1"),
        rule("allow", "signingid:platform:com.apple.say", "tag:a"),
        rule("allow", "signingid:platform:com.apple.say", "tag:b"),
        rule("remove", "signingid:platform:com.apple.say", "user:anna"),
    ];
    rules[0].notice.message = Some("not here:\n- \"never\"".into());
    rules[3].provenance.comment = Some("on".into());
    rules[4].provenance.comment = Some("on".into());
    let content = Content { rules: &rules, ..Content::default() };
    let written = write_yaml(content);
    assert_eq!(written.losses, []);
    insta::assert_snapshot!(text(&written), @r#"
    name: 'nicelist'
    rules:
    - rule_type: 'SIGNINGID'
      identifier: 'platform:com.apple.say'
      policy: 'ALLOWLIST'
      description: 'on'
      excluded_primary_users:
      - 'anna'
      tags:
      - 'a'
      - 'b'
    - rule_type: 'TEAMID'
      identifier: '12345E6789'
      policy: 'BLOCKLIST'
      custom_msg: "not here:\n- \"never\""
      excluded_serial_numbers:
      - 'SN1'
      excluded_tags:
      - 'eng'
    "#);
    let json: serde_json::Value = serde_json::from_str(text(&write_json(content))).unwrap();
    assert_eq!(json["rules"][0]["tags"], serde_json::json!(["a", "b"]));
}

#[test]
fn what_a_rule_set_cannot_express_is_a_loss() {
    let mut with_message = rule("silent-block", "teamid:AAAAAAAAAA", "fleet");
    with_message.notice.message = Some("x".into());
    with_message.provenance.source = Some("vendor".into());
    let rules = [
        with_message,
        rule("allow", "teamid:AAAAAAAAAA", "host:SN1"),
        rule("allow", "teamid:BBBBBBBBBB", "tag:a"),
        rule("block", "teamid:BBBBBBBBBB", "tag:b"),
        rule("cel", "teamid:CCCCCCCCCC", "fleet"),
        rule("remove", "teamid:DDDDDDDDDD", "fleet"),
        rule("allow", "teamid:EEEEEEEEEE", "group:staff"),
        rule("allow", "teamid:FFFFFFFFFF", "host:F4E9A1B2-0C3D-4E5F-8A6B-7C8D9E0F1A2B"),
        rule("allow", "teamid:GGGGGGGGGG", "user:anna"),
        rule("remove", "teamid:GGGGGGGGGG", "tag:a"),
    ];
    let setting = crate::fleet::Setting::parse_named("batch-size", "9").unwrap();
    let settings = [(crate::rule::Scope::Fleet, setting)];
    let written = write_json(Content { rules: &rules, settings: &settings, ..Content::default() });
    insta::assert_snapshot!(losses(&written), @"
    Some(0): message
    Some(0): source
    1: Zentral supports only one rule per target, and keeps the one for fleet
    3: Zentral supports only one rule per target, and the one for tag:a differs
    4: Zentral's rule sets do not support policy cel
    5: Zentral has no remove rules, only exceptions
    6: Zentral has no groups
    7: Zentral identifies Macs by serial number, not by machine ID
    9: Zentral has no remove rules, only exceptions
    batch-size = 9 for fleet: a rule set has no settings
    ");
}

fn some_rule() -> impl Strategy<Value = Rule> {
    const SCOPES: &[&str] = &[
        "fleet",
        "tag:a",
        "tag:on",
        "tag:123",
        "user:anna",
        "user:1e3",
        "user:no",
        "host:SN1",
        "host:12",
        "host:0x1F",
        "group:g",
    ];
    const POLICIES: &[&str] =
        &["allow", "allow", "block", "remove", "remove", "silent-block", "allow-compiler", "cel"];
    let texts = || prop::option::of("[ -~é\\n\\t\"':#\u{85}\u{2028}]{1,9}|null|on|1e5|~");
    let scope = prop::sample::select(SCOPES);
    (prop::sample::select(POLICIES), 0..3_u8, scope, texts(), texts()).prop_map(
        |(policy, target, scope, message, comment)| {
            let mut rule = rule(policy, &format!("cdhash:{target:040}"), scope);
            rule.notice.message = message.filter(|_| target == 0).map(Into::into);
            rule.provenance.comment = comment.filter(|_| target == 1).map(Into::into);
            rule
        },
    )
}

proptest! {
    #[test]
    fn what_is_not_lost_is_read_back(rules in prop::collection::vec(some_rule(), 0..10)) {
        let mut rules = rules;
        let key = |rule: &Rule| rule.key().clone();
        rules.sort_by_cached_key(key);
        rules.dedup_by_key(|it| key(it));
        let content = Content { rules: &rules, ..Content::default() };
        for written in [write_json(content), write_yaml(content)] {
            let mut kept: Vec<Option<Rule>> = rules.iter().cloned().map(Some).collect();
            for loss in &written.losses {
                let rule = &mut kept[loss.rule.unwrap()];
                match (&loss.lost, rule.as_mut()) {
                    (Lost::Everything(_), _) => *rule = None,
                    (Lost::Field("message"), Some(rule)) => rule.notice.message = None,
                    (Lost::Field("comment"), Some(rule)) => rule.provenance.comment = None,
                    (Lost::Field(other), _) => panic!("{other} was not there"),
                }
            }
            let kept: Vec<Rule> = kept.into_iter().flatten().collect();
            let document = read(&written.files, &Defaults::default());
            prop_assert_eq!(&document.faults, &[], "{}", text(&written));
            let mut back: Vec<Rule> = document.rules.into_iter().map(|it| it.rule).collect();
            back.sort_by_cached_key(key);
            prop_assert_eq!(back, kept, "{}", text(&written));
        }
    }
}
