use super::super::{read, write};
use crate::fleet::Setting;
use crate::format::{Content, Defaults, Lost, Written};
use crate::rule::{Rule, RuleDraft, Scope};

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

fn setting(scope: &str, key: &str, value: &str) -> (Scope, Setting) {
    (scope.parse().unwrap(), Setting::parse_named(key, value).unwrap())
}

fn text<'a>(written: &'a Written, name: &str) -> &'a str {
    let file = written.files.iter().find(|file| file.name == name).unwrap();
    std::str::from_utf8(&file.bytes).unwrap()
}

#[test]
fn a_fleet_is_one_file() {
    let mut block = rule("block", "teamid:AAAAAAAAAA", "fleet");
    block.notice.message = Some("no \"quotes\"\nhere".into());
    let content = Content {
        rules: &[block, rule("remove", "teamid:BBBBBBBBBB", "fleet")],
        settings: &[
            setting("fleet", "client-mode", "lockdown"),
            setting("fleet", "batch-size", "9"),
        ],
        ..Content::default()
    };
    let written = write(content);
    assert_eq!(written.losses, []);
    assert_eq!(written.files.len(), 1);
    insta::assert_snapshot!(text(&written, "global.toml"), @r#"
    # Rules and settings of the fleet.

    batch_size = 9
    client_mode = "LOCKDOWN"

    [[rules]]
    rule_type = "TEAMID"
    policy = "BLOCKLIST"
    identifier = "AAAAAAAAAA"
    custom_msg = """
    no "quotes"
    here"""

    [[rules]]
    rule_type = "TEAMID"
    policy = "REMOVE"
    identifier = "BBBBBBBBBB"
    "#);
}

#[test]
fn a_host_gets_a_file_with_everything_that_holds_there() {
    let content = Content {
        rules: &[
            rule("block", "teamid:AAAAAAAAAA", "fleet"),
            rule("allow", "teamid:BBBBBBBBBB", "fleet"),
            rule("allow", "teamid:CCCCCCCCCC", "fleet"),
            rule("allow", "teamid:AAAAAAAAAA", "host:M1"),
            rule("remove", "teamid:CCCCCCCCCC", "host:M1"),
        ],
        settings: &[
            setting("fleet", "batch-size", "9"),
            setting("fleet", "client-mode", "lockdown"),
            setting("host:M1", "client-mode", "monitor"),
        ],
        ..Content::default()
    };
    let written = write(content);
    assert_eq!(written.losses, []);
    insta::assert_snapshot!(text(&written, "M1.toml"), @r#"
    # All rules and settings of this Mac: the file replaces global.toml.

    batch_size = 9
    client_mode = "MONITOR"

    [[rules]]
    rule_type = "TEAMID"
    policy = "ALLOWLIST"
    identifier = "AAAAAAAAAA"

    [[rules]]
    rule_type = "TEAMID"
    policy = "ALLOWLIST"
    identifier = "BBBBBBBBBB"

    [[rules]]
    rule_type = "TEAMID"
    policy = "REMOVE"
    identifier = "CCCCCCCCCC"
    "#);
}

#[test]
fn what_moroz_cannot_express_is_a_loss() {
    let mut commented = rule("allow", "teamid:AAAAAAAAAA", "fleet");
    commented.provenance.comment = Some("why".into());
    commented.expires = Some("2030-01-01T00:00:00Z".parse().unwrap());
    let content = Content {
        rules: &[
            commented,
            rule("silent-block", "teamid:BBBBBBBBBB", "fleet"),
            rule("cel", "teamid:CCCCCCCCCC", "fleet"),
            rule("allow", "teamid:AAAAAAAAAA", "tag:eng"),
            rule("allow", "teamid:AAAAAAAAAA", "host:../../etc/x"),
            rule("allow", "teamid:AAAAAAAAAA", "host:Global"),
            rule("block", "teamid:AAAAAAAAAA", "host:m1"),
            rule("block", "teamid:AAAAAAAAAA", "host:M1"),
            rule("allow", "teamid:AAAAAAAAAA", "host:m2"),
        ],
        settings: &[
            setting("fleet", "removable-media", "block"),
            setting("user:anna", "batch-size", "9"),
        ],
        ..Content::default()
    };
    let written = write(content);
    let described: Vec<String> = written
        .losses
        .iter()
        .map(|loss| match (&loss.lost, loss.rule) {
            (Lost::Everything(reason), Some(rule)) => format!("{rule}: {reason}"),
            (Lost::Everything(reason), None) => reason.clone(),
            (Lost::Field(field), rule) => format!("{rule:?}: {field}"),
        })
        .collect();
    insta::assert_snapshot!(described.join("\n"), @"
    Some(0): comment
    Some(0): expires
    1: Moroz has no policy silent-block
    2: Moroz has no policy cel
    3: Moroz has no tags, groups or users
    4: `../../etc/x` cannot be the name of a Mac's file
    5: `Global` cannot be the name of a Mac's file
    7: its file name would differ from m1's only in upper and lower case, which many disks ignore
    8: the fleet has the same rule, and Moroz cannot distinguish the two
    removable-media = block for fleet: Moroz has no such setting
    batch-size = 9 for user:anna: Moroz has no tags, groups or users
    ");
    let names: Vec<&str> = written.files.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(names, ["global.toml", "m1.toml"]);
}

mod round_trip {
    use proptest::prelude::*;

    use super::*;

    fn some_rule() -> impl Strategy<Value = Rule> {
        const SCOPES: &[&str] = &["fleet", "host:M1", "host:M2", "tag:x"];
        const POLICIES: &[&str] = &["allow", "block", "remove", "allow-compiler", "cel"];
        let policy = prop::sample::select(POLICIES);
        let scope = prop::sample::select(SCOPES);
        (policy, 0..4_u8, scope, prop::option::of("[ -~é\n\"]{1,9}")).prop_map(
            |(policy, target, scope, message)| {
                let target = format!("cdhash:{target:040x}");
                let mut rule = rule(policy, &target, scope);
                rule.notice.message = message.map(Into::into);
                rule
            },
        )
    }

    fn some_setting() -> impl Strategy<Value = (Scope, Setting)> {
        let scope = prop::sample::select(&["fleet", "host:M1", "host:M2"][..]);
        let said = prop::sample::select(
            &[
                ("client-mode", "monitor"),
                ("client-mode", "lockdown"),
                ("batch-size", "50"),
                ("batch-size", "7"),
                ("allowed-path-regex", ""),
                ("allowed-path-regex", "^/a\\b\"'"),
                ("event-detail-url", "x"),
            ][..],
        );
        (scope, said).prop_map(|(scope, (key, value))| setting(scope, key, value))
    }

    proptest! {
        #[test]
        fn what_is_not_lost_is_read_back(
            rules in prop::collection::vec(some_rule(), 0..12),
            settings in prop::collection::vec(some_setting(), 0..8),
        ) {
            let mut rules = rules;
            rules.sort_by_cached_key(|it| it.key().clone());
            rules.dedup_by_key(|it| it.key().clone());
            let mut settings = settings;
            settings.sort_by_cached_key(|(scope, it)| (scope.clone(), it.key()));
            settings.dedup_by_key(|(scope, it)| (scope.clone(), it.key()));
            let written = write(Content { rules: &rules, settings: &settings, ..Content::default() });
            let lost: Vec<usize> = written.losses.iter().filter_map(|loss| loss.rule).collect();
            let kept = rules.iter().enumerate().filter(|(index, _)| !lost.contains(index));
            let kept: Vec<Rule> = kept.map(|(_, rule)| rule.clone()).collect();
            let is_lost = |scope: &Scope, setting: &Setting| {
                let text = format!("{} = {} for {scope}", setting.key(), setting.value());
                written.losses.iter().any(|loss| match &loss.lost {
                    Lost::Everything(reason) => reason.starts_with(&text),
                    Lost::Field(_) => false,
                })
            };
            settings.retain(|(scope, setting)| !is_lost(scope, setting));
            let document = read(&written.files, &Defaults::default());
            prop_assert_eq!(&document.faults, &[]);
            let mut back: Vec<Rule> = document.rules.into_iter().map(|it| it.rule).collect();
            back.sort_by_cached_key(|it| it.key().clone());
            prop_assert_eq!(back, kept);
            let back = document.settings.into_iter().map(|it| (it.scope, it.setting));
            let mut back: Vec<(Scope, Setting)> = back.collect();
            back.sort_by_cached_key(|(scope, it)| (scope.clone(), it.key()));
            prop_assert_eq!(back, settings);
        }
    }
}
