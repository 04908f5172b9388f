//! Tests of the findings about rules and settings.

use super::*;
use crate::fleet::Setting;
use crate::rule::RuleDraft;

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

fn lint(rules: &[(&str, &str, &str)], settings: &[(&str, &str, &str)]) -> Vec<String> {
    let rules = rules.iter().map(|(policy, target, scope)| rule(policy, target, scope));
    let settings = settings.iter().map(|(scope, key, value)| {
        let setting = Setting::parse_named(key, value).unwrap();
        (scope.parse().unwrap(), setting)
    });
    let policy = PolicyState {
        rules: rules.collect(),
        settings: settings.collect(),
        ..PolicyState::default()
    };
    let found = findings(&policy, "2026-06-01T00:00:00Z".parse().unwrap());
    found.iter().map(|it| format!("{} {}", it.code, it.message)).collect()
}

fn of_rules(rules: &[(&str, &str, &str)]) -> Vec<String> {
    lint(rules, &[])
}

const TEAM: &str = "teamid:AAAAAAAAAA";
const APP: &str = "signingid:AAAAAAAAAA:app";

#[test]
fn a_rule_that_says_what_the_fleet_says_is_not_needed() {
    assert_eq!(
        of_rules(&[("allow", TEAM, "fleet"), ("allow", TEAM, "tag:eng")]),
        ["NL101 teamid:AAAAAAAAAA has the same rule for tag:eng as for fleet"]
    );
    assert!(of_rules(&[("allow", TEAM, "fleet"), ("block", TEAM, "tag:eng")]).is_empty());
    // A Mac may have only one of the two tags.
    assert!(of_rules(&[("allow", TEAM, "tag:a"), ("allow", TEAM, "tag:b")]).is_empty());
    // The block messages differ.
    let mut other = rule("block", TEAM, "tag:eng");
    other.notice.message = Some("not here".into());
    let rules = vec![rule("block", TEAM, "fleet"), other];
    let policy = PolicyState { rules, ..PolicyState::default() };
    assert_eq!(findings(&policy, Timestamp::MIN), []);
}

#[test]
fn an_exception_from_nothing_is_not_needed() {
    assert_eq!(
        of_rules(&[("remove", TEAM, "tag:eng")]),
        ["NL102 no scope weaker than tag:eng has a rule for teamid:AAAAAAAAAA"]
    );
    assert!(of_rules(&[("block", TEAM, "fleet"), ("remove", TEAM, "tag:eng")]).is_empty());
}

#[test]
fn a_rule_for_a_program_is_compared_with_its_team() {
    assert_eq!(
        of_rules(&[("allow", APP, "fleet"), ("allow", TEAM, "fleet")]),
        ["NL103 signingid:AAAAAAAAAA:app has the same policy as teamid:AAAAAAAAAA"]
    );
    assert_eq!(
        of_rules(&[("block", TEAM, "fleet"), ("allow", APP, "fleet")]),
        [
            "NL105 signingid:AAAAAAAAAA:app is allowed, but teamid:AAAAAAAAAA is blocked; the program's rule wins"
        ]
    );
    assert!(of_rules(&[("allow", TEAM, "fleet"), ("block", APP, "fleet")]).is_empty());
    assert!(of_rules(&[("allow", TEAM, "fleet"), ("allow", APP, "tag:eng")]).is_empty());
    assert!(of_rules(&[("block", "signingid:platform:com.apple.say", "fleet")]).is_empty());
}

#[test]
fn a_block_with_an_exception_is_reported() {
    assert_eq!(
        of_rules(&[("silent-block", TEAM, "fleet"), ("allow", TEAM, "host:M1")]),
        ["NL104 teamid:AAAAAAAAAA is blocked for fleet and allowed for host:M1"]
    );
}

#[test]
fn similar_names_are_reported() {
    assert_eq!(
        of_rules(&[("allow", APP, "fleet"), ("allow", "signingid:AAAAAAAAAA:App", "tag:eng")]),
        ["NL201 signingid:AAAAAAAAAA:App is almost the same as signingid:AAAAAAAAAA:app"]
    );
    assert_eq!(
        of_rules(&[
            ("allow", "teamid:O0O0O0O0O0", "fleet"),
            ("allow", "teamid:OOOOOOOOOO", "fleet")
        ]),
        ["NL202 teamid:OOOOOOOOOO is almost the same as teamid:O0O0O0O0O0"]
    );
    assert!(of_rules(&[("allow", TEAM, "fleet"), ("block", TEAM, "tag:eng")]).is_empty());
}

#[test]
fn expired_rules_are_reported() {
    let mut old = rule("allow", TEAM, "fleet");
    old.expires = Some("2026-01-01T00:00:00Z".parse().unwrap());
    let policy = PolicyState { rules: vec![old], ..PolicyState::default() };
    let at = |time: &str| findings(&policy, time.parse().unwrap()).len();
    assert_eq!((at("2025-12-31T23:59:59Z"), at("2026-01-01T00:00:00Z")), (0, 1));
}

#[test]
fn santa_and_the_system_are_not_to_be_blocked() {
    let rules = [
        ("block", "teamid:ZMCG7MLDV9", "fleet"),
        ("block", "teamid:EQHXZ8M8AV", "fleet"),
        ("silent-block", "signingid:ZMCG7MLDV9:com.northpolesec.santa.daemon", "tag:eng"),
        ("block", "signingid:platform:com.apple.loginwindow", "fleet"),
        ("block", "signingid:platform:com.apple.osascript", "fleet"),
        ("allow", "signingid:platform:com.apple.finder", "fleet"),
    ];
    assert_eq!(
        of_rules(&rules),
        [
            "NL301 teamid:ZMCG7MLDV9 is blocked for fleet",
            "NL302 teamid:EQHXZ8M8AV is blocked for fleet",
            "NL301 signingid:ZMCG7MLDV9:com.northpolesec.santa.daemon is blocked for tag:eng",
            "NL303 signingid:platform:com.apple.loginwindow is blocked for fleet",
        ]
    );
}

fn patterns(key: &str, pattern: &str) -> Vec<String> {
    let found = lint(&[], &[("fleet", key, pattern)]);
    found.into_iter().map(|it| it.split_once(' ').unwrap().0.to_owned()).collect()
}

#[test]
fn patterns_that_match_more_than_they_seem_to_are_reported() {
    let allowed = |pattern| patterns("allowed-path-regex", pattern);
    for fine in
        ["", "^/Applications/", "^(?:/opt/|/usr/local/)", "^/opt/[^/]+/bin/", "^(/a/|^/b/)$"]
    {
        assert_eq!(allowed(fine), [""; 0], "{fine}");
    }
    assert_eq!(allowed("^/opt/|/usr/local/"), ["NL401"]);
    assert_eq!(allowed("^(/[a-z]+)+$"), ["NL402"][..0]);
    assert_eq!(allowed("^/opt/(a+)+$"), ["NL402"]);
    assert_eq!(allowed("^/opt/(.*)*x"), ["NL402"]);
    assert_eq!(allowed("^/opt/([a-z]+|[0-9]+)*x"), ["NL402"]);
    assert_eq!(allowed("^/Users/[^/]+/Applications/"), ["NL403"]);
    assert_eq!(allowed("^/tmp/x"), ["NL403"]);
    for all in ["^", "^/", "^.*", "^/.*$", "^.+"] {
        assert_eq!(allowed(all), ["NL404"], "{all}");
    }
    let blocked = |pattern| patterns("blocked-path-regex", pattern);
    assert_eq!(blocked("^/Users/"), [""; 0]);
    assert_eq!(blocked("^/a|b"), ["NL401"]);
    // ICU supports look-ahead, but `regex-syntax` does not.
    assert_eq!(blocked("^(?!/Applications/)"), ["NL406"]);
}

#[test]
fn m6_patterns_are_compiled() {
    let blocked = |pattern| patterns("blocked-path-regex", pattern);
    for invalid in ["^/opt/(a", "^/opt/[a", "^/opt/a)", "^/(*a)", "^/a\\", "^/[z-a]/"] {
        assert_eq!(blocked(invalid), ["NL405"], "{invalid}");
    }
    // These patterns are valid for ICU, which supports `\Q…\E`, backreferences and `\h`.
    for unchecked in [r"^\Q/opt/(a\E", r"^(/a)\1$", r"^/a\h/"] {
        assert_eq!(blocked(unchecked), ["NL406"], "{unchecked}");
    }
}

#[test]
fn lockdown_needs_rules_and_compilers_need_a_setting() {
    let lockdown = [("tag:eng", "client-mode", "lockdown")];
    let empty = ["NL501 tag:eng is in lockdown, but no rule for all its hosts allows a program"];
    assert_eq!(lint(&[], &lockdown), empty);
    assert_eq!(lint(&[("block", TEAM, "fleet")], &lockdown), empty);
    for scope in ["fleet", "tag:eng"] {
        assert!(lint(&[("allow", TEAM, scope)], &lockdown).is_empty());
    }
    for scope in ["tag:ops", "host:m-1"] {
        assert_eq!(lint(&[("allow", TEAM, scope)], &lockdown), empty);
    }
    // The Mac may have the tag.
    let host = [("host:m-1", "client-mode", "lockdown")];
    assert!(lint(&[("allow", TEAM, "tag:eng")], &host).is_empty());
    assert_eq!(lint(&[("allow", TEAM, "host:m-2")], &host).len(), 1);
    let compiler = [("allow-compiler", APP, "fleet")];
    assert_eq!(
        of_rules(&compiler),
        [
            "NL502 signingid:AAAAAAAAAA:app is allowed as a compiler, but the programs that it creates are not"
        ]
    );
    assert!(lint(&compiler, &[("tag:eng", "enable-transitive-rules", "true")]).is_empty());
}

#[test]
fn codes_are_known_by_number_and_name_and_each_is_there_once() {
    let mut ids: Vec<&str> = LintCode::ALL.iter().map(|code| code.id()).collect();
    assert!(ids.is_sorted());
    ids.dedup();
    assert_eq!(ids.len(), LintCode::ALL.len());
    for code in LintCode::ALL {
        assert_eq!(code.id().to_lowercase().parse(), Ok(*code));
        assert_eq!(code.name().parse(), Ok(*code));
    }
    assert!("NL999".parse::<LintCode>().is_err());
}

#[test]
fn every_code_is_explained_and_nothing_else_is() {
    let page = include_str!("../../docs/LINT.md");
    let headings: Vec<&str> = page
        .lines()
        .filter_map(|line| line.strip_prefix("## "))
        .filter(|title| title.starts_with("NL"))
        .collect();
    let codes: Vec<String> =
        LintCode::ALL.iter().map(|code| format!("{} {}", code.id(), code.name())).collect();
    assert_eq!(headings, codes);
}

#[test]
fn w13_an_identifier_that_no_program_has_is_reported() {
    let matches_nothing = |target: &str| {
        let found = of_rules(&[("allow", target, "fleet")]);
        found.iter().filter(|it| it.starts_with("NL204")).cloned().collect::<Vec<_>>().concat()
    };
    assert_eq!(
        matches_nothing("signingid:AAAAAAAAAA:AAAAAAAAAA:com.app"),
        "NL204 no program matches signingid:AAAAAAAAAA:AAAAAAAAAA:com.app: the team ID must not be \
         repeated before com.app"
    );
    assert_eq!(
        matches_nothing("teamid:ZLCNA8GP43"),
        "NL204 no program matches teamid:ZLCNA8GP43: Santa's team ID is ZMCG7MLDV9"
    );
    assert_eq!(
        matches_nothing("signingid:AAAAAAAAAA:com.app.*"),
        "NL204 no program matches signingid:AAAAAAAAAA:com.app.*: Santa compares signing IDs \
         exactly; * is not a wildcard"
    );
    assert_eq!(
        matches_nothing("signingid:AAAAAAAAAA: com.app"),
        "NL204 no program matches signingid:AAAAAAAAAA: com.app: Santa compares signing IDs \
         exactly; remove the space after the team ID"
    );
    for wrong in [
        "signingid:platform:platform:com.apple.yes",
        "signingid:ZLCNA8GP43:com.northpolesec.santa",
        "teamid:ZMCG7MLDV8",
        "teamid:EQHXZ8M8AW",
        "signingid:ZMCG7MLDV9:com.google.santa",
        "signingid:AAAAAAAAAA:com.northpolesec.santa.daemon",
    ] {
        assert_ne!(matches_nothing(wrong), "", "{wrong}");
    }
    for right in [
        "teamid:ZMCG7MLDV9",
        "teamid:EQHXZ8M8AV",
        "signingid:ZMCG7MLDV9:com.northpolesec.santa.daemon",
        "signingid:EQHXZ8M8AV:com.google.santa",
        "signingid:EQHXZ8M8AV:com.google.Chrome",
        "signingid:AAAAAAAAAA:com.northpolesec.santaclaus",
        "signingid:AAAAAAAAAA:com.app:helper",
    ] {
        assert_eq!(matches_nothing(right), "", "{right}");
    }
}

#[test]
fn w4_one_setting_for_removable_media_without_the_other_is_reported() {
    let set = |settings: &[(&str, &str, &str)]| lint(&[], settings);
    assert_eq!(
        set(&[("fleet", "removable-media", "block")]),
        ["NL503 fleet has removable-media, but encrypted-removable-media is not set: encrypted \
            disks are treated like other disks"]
    );
    assert_eq!(
        set(&[("tag:eng", "encrypted-removable-media", "allow")]),
        ["NL503 tag:eng has encrypted-removable-media, but removable-media is not set: each \
                Mac's profile decides about other disks"]
    );
    let both =
        [("fleet", "removable-media", "block"), ("tag:eng", "encrypted-removable-media", "allow")];
    let found = set(&both);
    assert_eq!(found.len(), 1, "the fleet's setting applies to the tag, too: {found:?}");
    let all = [both[0], both[1], ("fleet", "encrypted-removable-media", "block")];
    assert!(set(&all).is_empty());
}

#[test]
fn w1_an_expression_that_older_clients_do_not_get_is_reported() {
    let with = |cel: &str| {
        let draft = RuleDraft {
            target: TEAM.to_owned(),
            policy: "cel".to_owned(),
            cel: Some(cel.to_owned()),
            ..RuleDraft::default()
        };
        let rules = vec![Rule::try_from(draft).unwrap()];
        let policy = PolicyState { rules, ..PolicyState::default() };
        let found = findings(&policy, "2026-06-01T00:00:00Z".parse().unwrap());
        found.iter().map(|it| format!("{} {}", it.code, it.message)).collect::<Vec<_>>()
    };
    assert_eq!(
        with("args.join(' ').contains('--remote')"),
        ["NL205 the expression for teamid:AAAAAAAAAA requires Santa 2025.8 or newer"]
    );
    assert!(with("args.size() > 1").is_empty());
}
