//! Tests of several formats. For example, rules that are written and read again must not change,
//! except for the reported losses.

use proptest::prelude::*;

use super::*;
use crate::rule::{PolicyKind, Rule, RuleDraft, RuleType};

fn target() -> impl Strategy<Value = String> {
    prop_oneof![
        "[0-9a-f]{64}".prop_map(|hash| format!("{}:{hash}", RuleType::Binary)),
        "[0-9a-f]{64}".prop_map(|hash| format!("{}:{hash}", RuleType::Certificate)),
        "[0-9a-f]{40}".prop_map(|hash| format!("{}:{hash}", RuleType::CdHash)),
        "[0-9A-Z]{10}".prop_map(|team| format!("{}:{team}", RuleType::TeamId)),
        "([0-9A-Z]{10}|platform):[a-zA-Z0-9.,\"' =ü-]{1,30}"
            .prop_map(|id| format!("{}:{id}", RuleType::SigningId)),
    ]
}

/// Texts without white space around them, because CSV does not keep it.
fn text() -> impl Strategy<Value = Option<String>> {
    let text =
        "[ -~\\r\\n\\t=+@\"',;ü漢\u{feff}]{1,20}".prop_map(|text: String| text.trim().to_owned());
    prop::option::of(text.prop_filter("blank", |text| !text.is_empty()))
}

prop_compose! {
    fn any_draft()(
        target in target(),
        kind in prop::sample::select(PolicyKind::ALL.to_vec()),
        scope in "fleet|(group|user|host):[a-z\"', ]{0,9}[a-z]|tag:[a-z0-9][a-z0-9._-]{0,9}",
        message in text(),
        url in text(),
        button_label in text(),
        app_name in text(),
        bundle in prop::option::of(("[0-9a-f]{64}", any::<u32>())),
        comment in text(),
        ticket in text(),
        source in text(),
        expires in prop::option::of((0..4_000_000_000_i64, 0..1_000_000_000_i32)),
    ) -> RuleDraft {
        let (bundle_hash, bundle_binary_count) = bundle.unzip();
        RuleDraft {
            target,
            policy: kind.word().to_owned(),
            scope,
            cel: (kind == PolicyKind::Cel).then(|| "args.exists(a,\n a == \"x,y\")".to_owned()),
            message,
            url,
            button_label,
            app_name,
            bundle_hash,
            bundle_binary_count,
            comment,
            ticket,
            source,
            expires: expires.map(|(s, ns)| jiff::Timestamp::new(s, ns).unwrap()),
        }
    }
}

pub(super) fn any_rule() -> impl Strategy<Value = Rule> {
    any_draft().prop_filter_map("no rule", |draft| Rule::try_from(draft).ok())
}

/// Up to seven rules. No two have the same target and scope.
pub(super) fn any_rules() -> impl Strategy<Value = Vec<Rule>> {
    prop::collection::vec(any_rule(), 0..8).prop_map(sorted)
}

fn sorted(mut rules: Vec<Rule>) -> Vec<Rule> {
    let key = |rule: &Rule| rule.key().clone();
    rules.sort_by_cached_key(key);
    rules.dedup_by_key(|rule| key(rule));
    rules
}

fn written() -> impl Iterator<Item = Format> {
    Format::ALL.into_iter().filter(|format| *format != Format::FileInfo)
}

/// What remains of the rules after the reported losses.
fn without(rules: &[Rule], losses: &[Loss]) -> Vec<Rule> {
    let mut kept: Vec<Option<Rule>> = rules.iter().cloned().map(Some).collect();
    for Loss { rule, lost } in losses {
        let rule = &mut kept[rule.expect("only rules were written")];
        match (lost, rule.as_mut()) {
            (Lost::Everything(_), _) | (_, None) => *rule = None,
            (Lost::Field(field), Some(rule)) => lose(rule, field),
        }
    }
    kept.into_iter().flatten().collect()
}

fn lose(rule: &mut Rule, field: &str) {
    let (notice, provenance) = (&mut rule.notice, &mut rule.provenance);
    match field {
        "message" => notice.message = None,
        "url" => notice.url = None,
        "button_label" => notice.button_label = None,
        "app_name" => notice.app_name = None,
        "bundle_hash" => notice.bundle = None,
        "comment" => provenance.comment = None,
        "ticket" => provenance.ticket = None,
        "source" => provenance.source = None,
        "expires" => rule.expires = None,
        other => panic!("a loss of {other}, which no rule has"),
    }
}

/// Writes rules in a format, reads them again, and returns them. Checks that only the reported
/// rules and fields are lost, and that the format is detected if any rule remains.
fn through(format: Format, rules: &[Rule]) -> Vec<Rule> {
    let written = format.write(Content { rules, ..Content::default() }).unwrap();
    let text = || String::from_utf8_lossy(&written.files[0].bytes).into_owned();
    let document = format.read(&written.files, &Defaults::default());
    assert_eq!(document.faults, [], "{format}: {}", text());
    let back: Vec<Rule> = document.rules.into_iter().map(|placed| placed.rule).collect();
    let kept = sorted(without(rules, &written.losses));
    assert_eq!(sorted(back), kept, "{format}: {}", text());
    if !kept.is_empty() {
        let mut known = written.files.iter().map(Format::of_content);
        assert!(known.any(|known| known == Some(format)), "{format}: {}", text());
    }
    kept
}

proptest! {
    // Each case writes about two hundred files.
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn what_two_formats_can_say_survives_both(rules in any_rules()) {
        for one in written() {
            let kept = through(one, &rules);
            for other in written() {
                through(other, &kept);
            }
        }
    }
}

/// The rules, faults and notes of a file, one per line.
pub(super) fn describe(format: Format, bytes: impl Into<Vec<u8>>) -> String {
    describe_with(format, bytes, &Defaults::default())
}

pub(super) fn describe_with(
    format: Format,
    bytes: impl Into<Vec<u8>>,
    defaults: &Defaults,
) -> String {
    let file = File { name: "f".into(), bytes: bytes.into() };
    let document = format.read(&[file], defaults);
    let rules = document.rules.iter().map(|PlacedRule { location, rule }| {
        let json = serde_json::to_string(rule).unwrap();
        (*location, format!("{}  {json}", document.name_of(*location)))
    });
    let remarks = |remarks: &[Remark], kind: &str| {
        let described = remarks.iter().map(|it| {
            (it.location, format!("{}  {kind}: {}", document.name_of(it.location), it.text))
        });
        described.collect::<Vec<_>>()
    };
    let mut lines: Vec<(Location, String)> = rules.collect();
    lines.extend(remarks(&document.faults, "fault"));
    lines.extend(remarks(&document.notes, "note"));
    lines.sort_by_key(|(location, _)| *location);
    lines.into_iter().map(|(_, line)| line).collect::<Vec<_>>().join("\n")
}

pub(super) fn written_of(format: Format, drafts: &[RuleDraft]) -> String {
    let rules: Vec<Rule> = drafts.iter().map(|it| Rule::try_from(it.clone()).unwrap()).collect();
    let written = format.write(Content { rules: &rules, ..Content::default() }).unwrap();
    let losses = written.losses.iter().map(|loss| match (&loss.lost, loss.rule) {
        (Lost::Everything(why), rule) => format!("lost: {}: {why}", rule.unwrap()),
        (Lost::Field(field), rule) => format!("lost: {}: {field}", rule.unwrap()),
    });
    let text = String::from_utf8(written.files[0].bytes.clone()).unwrap();
    [text].into_iter().chain(losses).collect::<Vec<_>>().join("\n")
}

/// Rules with several policies, scopes and optional fields.
pub(super) fn drafts() -> Vec<RuleDraft> {
    let draft = |target: &str, policy: &str, scope: &str| RuleDraft {
        target: target.to_owned(),
        policy: policy.to_owned(),
        scope: scope.to_owned(),
        ..RuleDraft::default()
    };
    vec![
        RuleDraft {
            message: Some("Ask \"IT\" <now>\n${or} later".to_owned()),
            url: Some("https://it.example/why".to_owned()),
            button_label: Some("Why?".to_owned()),
            comment: Some("Chrome, all of it".to_owned()),
            ticket: Some("IT-1".to_owned()),
            expires: Some("2027-01-01T00:00:00Z".parse().unwrap()),
            ..draft("teamid:EQHXZ8M8AV", "block", "fleet")
        },
        draft(&format!("cdhash:{}", "ab".repeat(20)), "allow", "fleet"),
        RuleDraft {
            cel: Some("euid != 0".to_owned()),
            ..draft("signingid:platform:com.apple.say", "cel", "fleet")
        },
        draft("teamid:AAAAAAAAAA", "silent-block-gui", "fleet"),
        draft("teamid:BBBBBBBBBB", "remove", "host:M1"),
        draft("teamid:CCCCCCCCCC", "allow", "host:M1"),
        draft("signingid:DDDDDDDDDD:clang", "allow-compiler", "tag:eng"),
        draft("teamid:EEEEEEEEEE", "allow", "group:design"),
    ]
}

#[test]
fn a_format_is_detected_by_the_beginning_of_a_file() {
    let of = |text: &str| Format::of_content(&File { name: String::new(), bytes: text.into() });
    let rule = r#"{"target":"teamid:AAAAAAAAAA","policy":"allow"}"#;
    assert_eq!(of(&format!("[{rule}, {{")), Some(Format::Json));
    assert_eq!(of(&format!("{{\"items\":[{rule}")), Some(Format::Json));
    assert_eq!(of("[\n]"), Some(Format::Json));
    let line = format!("[{rule},{rule},\"policy\",policy]");
    assert_eq!(crate::format::csv::recognises(line.as_bytes()), None);
    assert_eq!(of("[[rules]]\ntarget = \"teamid:AAAAAAAAAA\"\n"), Some(Format::Toml));
    assert_eq!(of("[tags.canary]\n"), Some(Format::Toml));
    assert_eq!(of(r#"[{"Path": "/a", "SHA-256": "#), Some(Format::FileInfo));
    let rows = "[[rules]]\ntarget = 'teamid:AAAAAAAAAA'\ncomment = '''\n[['''\n[[rules]]\n";
    assert_eq!(of(rows), Some(Format::Toml));
    let late = "[[rules]]\n[[rules]]\n[tags.canary]\n";
    assert_eq!(of(late), Some(Format::Toml));
    let late = "[[rules]]\n[[rules]]\nrule_type = 'TEAMID'\npolicy = 'ALLOWLIST'\n";
    assert_eq!(of(late), Some(Format::Moroz));
    let set = "name: x\nrules:\n- rule_type: BINARY\n  identifier: [\n";
    assert_eq!(of(set), Some(Format::ZentralYaml));
    // If the name is after the rules, the whole text is parsed.
    assert_eq!(of("rules: []\nname: x\n"), Some(Format::ZentralYaml));
    assert_eq!(of("rules: []\nwhose_name: x\n"), None);
    for other in ["[7]", "{", r#"{"rules":7}"#, r#"[[{"target":"x"}]]"#] {
        assert_eq!(of(other), None, "{other}");
    }
}
