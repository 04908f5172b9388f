//! Tests of reading and changing manifests.

use proptest::prelude::*;

use super::*;
use crate::fleet::{PolicyState, Setting, SettingKey, Tag};
use crate::format::csv::{self, Delimiter};
use crate::format::tests::any_rules;
use crate::format::{Content, Defaults, File, ParsedPolicy};
use crate::rule::{Rule, Scope};

fn file(name: &str, text: &str) -> File {
    File { name: name.into(), bytes: text.into() }
}

fn faults(files: &[File]) -> String {
    let document = read(files, &Defaults::default());
    let described = document.faults.iter();
    let described = described.map(|it| format!("{}: {}", document.name_of(it.location), it.text));
    described.collect::<Vec<_>>().join("\n")
}

fn policy_state(document: ParsedPolicy) -> PolicyState {
    assert_eq!(document.faults, []);
    let mut tags: Vec<Tag> = document.tags.into_iter().map(|placed| placed.tag).collect();
    tags.sort_by_cached_key(|tag| tag.name.clone());
    let settings = document.settings.into_iter().map(|it| (it.scope, it.setting));
    let mut settings: Vec<(Scope, Setting)> = settings.collect();
    settings.sort_by_cached_key(|(scope, it)| (scope.clone(), it.key()));
    let mut rules: Vec<Rule> = document.rules.into_iter().map(|placed| placed.rule).collect();
    rules.sort_by_cached_key(|it| it.key().clone());
    PolicyState { tags, settings, rules }
}

const POLICY: &str = r#"# Owned by the client platform team.
source = "git"

[tags.canary]        # goes first
priority = 10
serials = ["C02XK0AAJG5J", "c02xk0abjg5j"]
hostnames = ["lab-*"]

[settings.fleet]
client-mode = "monitor"   # until the rollout is done
full-sync-interval = "10m"

[settings."tag:canary"]
client_mode = "lockdown"
enable-bundles = true

# Browsers.
[[rules]]
target = "teamid:EQHXZ8M8AV"
policy = "allow"
comment = "Chrome"

[[rules]]
target = "signingid:platform:com.apple.osascript"
policy = "BLOCKLIST"   # Santa's word
scope = "tag:canary"
expires = 2027-01-31T00:00:00Z
"#;

#[test]
fn tags_settings_and_rules_are_read_with_what_the_file_says_of_all() {
    let PolicyState { tags, settings, rules } =
        policy_state(read(&[file("p.toml", POLICY)], &Defaults::default()));
    assert_eq!(tags[0].priority, 10);
    assert_eq!(tags[0].membership.serials.len(), 2);
    let settings =
        settings.iter().map(|(scope, it)| format!("{scope} {} {}", it.key(), it.value()));
    assert_eq!(
        settings.collect::<Vec<_>>(),
        [
            "fleet client-mode monitor",
            "fleet full-sync-interval 10m",
            "tag:canary client-mode lockdown",
            "tag:canary enable-bundles true",
        ]
    );
    assert!(rules.iter().all(|rule| rule.provenance.source.as_deref() == Some("git")));
    assert_eq!(rules[0].expires.unwrap().to_string(), "2027-01-31T00:00:00Z");
}

#[test]
fn faults_name_file_line_and_column_and_what_may_be_meant() {
    let bad = r#"scop = "fleet"
[tags."no tag"]
[tags.a]
priorty = 1
serials = "x"
[settings.fleet]
client-mode = "lockdwn"
clean = true
[settings."group:"]
[settings."host:M1"]
client-mode = "monitor"
client_mode = "monitor"
[[rules]]
target = "teamid:SHORT"
policy = "allow"
[[rules]]
target = "teamid:AAAAAAAAAA"
polcy = "allow"
expires = "tomorrow"
[[rules]]
policy = "allow"
[[rules]]
target = "teamid:AAAAAAAAAA"
policy = "allow"
scope = ""
"#;
    insta::assert_snapshot!(faults(&[file("p.toml", bad)]), @"
    p.toml:1:1: scop: unknown key; did you mean scope?
    p.toml:2:7: tags: invalid tag name `no tag`: use up to 63 letters, digits, dots, dashes and underscores, starting with a letter or digit
    p.toml:4:1: priorty: unknown key; did you mean priority?
    p.toml:5:11: serials: expected a list of strings, found a string
    p.toml:7:15: client-mode: invalid value `lockdwn`: expected monitor, lockdown or standalone
    p.toml:8:1: clean: unknown setting; nicelist settings set --help lists all settings
    p.toml:9:11: settings: a group name must have 1 to 255 bytes and no control characters
    p.toml:12:1: client-mode for host:M1 is already set, at p.toml:11:1
    p.toml:14:10: target: invalid teamid identifier `SHORT`: expected 10 letters and digits
    p.toml:18:1: polcy: unknown key; did you mean policy?
    p.toml:19:11: expires: expected a date or a time, as in 2026-12-31 or 2026-12-31T23:59:59Z, found a string
    p.toml:20:1: target: is missing
    p.toml:25:9: scope: invalid scope ``: expected fleet, group:NAME, tag:NAME, user:NAME or host:NAME
    ");
    insta::assert_snapshot!(faults(&[file("p.toml", "[[rules]\n\na = 1\n[x")]), @"
    p.toml:1:9: unclosed array table, expected `]`
    p.toml:4:3: unclosed table, expected `]`
    ");
}

#[test]
fn a_folder_holds_tables_and_rows_and_nothing_else() {
    let files = [
        file("README.md", "words"),
        file(".gitattributes", "* text"),
        file("a/rules.csv", "target,policy\nteamid:AAAAAAAAAA,allow\n"),
        file(
            "b.toml",
            "[[rules]]\ntarget = \"teamid:AAAAAAAAAA\"\npolicy = \"block\"\n[settings.fleet]\nclient-mode = \"monitor\"\n",
        ),
        file("c.toml", "[settings.fleet]\nclient-mode = \"lockdown\"\n[tags.x]\n"),
        file("d.toml", "[tags.x]\n"),
        file("notes.txt", "words"),
    ];
    insta::assert_snapshot!(faults(&files), @"
    b.toml:1:1: conflict: teamid:AAAAAAAAAA for fleet has policy block here, but allow at a/rules.csv:2
    c.toml:2:1: client-mode for fleet is already set, at b.toml:5:1
    d.toml:1:7: tag x already exists, at c.toml:3:7
    notes.txt: is not part of a manifest; only .toml, .csv and .tsv files are allowed
    ");
}

#[test]
fn comments_order_and_spellings_stay_where_nothing_differs() {
    let files = [file("", POLICY)];
    let document = read(&files, &Defaults::default());
    let wanted = policy_state(document.clone());
    assert_eq!(update(&files, &document, false, &wanted), files);
}

#[test]
fn a_text_of_several_lines_is_the_same_after_any_checkout() {
    let unix = "[[rules]]\ntarget = \"teamid:AAAAAAAAAA\"\npolicy = \"allow\"\ncomment = \"\"\"\none\ntwo\"\"\"\n";
    let windows = unix.replace('\n', "\r\n");
    let [unix, windows] = [unix, &windows]
        .map(|text| policy_state(read(&[file("p.toml", text)], &Defaults::default())));
    assert_eq!(unix, windows);
    assert_eq!(unix.rules[0].provenance.comment.as_deref(), Some("one\ntwo"));
}

#[test]
fn only_what_differs_is_written_into_a_file() {
    let files = [file("", POLICY)];
    let document = read(&files, &Defaults::default());
    let mut wanted = policy_state(document.clone());
    wanted.tags[0].priority = 20;
    wanted.tags.push(Tag::new("new".parse().unwrap()));
    wanted.settings[0].1 = Setting::parse(SettingKey::ClientMode, "lockdown").unwrap();
    wanted.settings.remove(3);
    wanted.rules[1].provenance.comment = None;
    wanted.rules[1].provenance.ticket = Some("IT-1".into());
    let mut other = wanted.rules[1].clone();
    other.provenance.source = None;
    let draft = crate::rule::RuleDraft { target: "teamid:BBBBBBBBBB".into(), ..other.into() };
    wanted.rules.push(Rule::try_from(draft).unwrap());
    wanted.rules.remove(0);
    let after = update(&files, &document, false, &wanted);
    insta::assert_snapshot!(std::str::from_utf8(&after[0].bytes).unwrap(), @r#"
    # Owned by the client platform team.
    source = "git"

    [tags.canary]        # goes first
    priority = 20
    serials = ["C02XK0AAJG5J", "C02XK0ABJG5J"]
    hostnames = ["lab-*"]

    [tags.new]
    priority = 0

    [settings.fleet]
    client-mode = "lockdown"   # until the rollout is done
    full-sync-interval = "10m"

    [settings."tag:canary"]
    client_mode = "lockdown"

    # Browsers.
    [[rules]]
    target = "teamid:EQHXZ8M8AV"
    policy = "allow"
    ticket = "IT-1"

    [[rules]]
    target = "teamid:BBBBBBBBBB"
    policy = "allow"
    ticket = "IT-1"
    source = ""
    "#);
    assert_eq!(policy_state(read(&after, &Defaults::default())).rules.len(), 2);
}

#[test]
fn what_a_folder_does_not_have_gets_a_file_of_its_own() {
    let wanted = policy_state(read(&[file("", POLICY)], &Defaults::default()));
    let after = update(&[], &ParsedPolicy::default(), true, &wanted);
    let names: Vec<&str> = after.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(names, ["tags.toml", "settings.toml", "rules.toml"]);
    assert_eq!(policy_state(read(&after, &Defaults::default())), wanted);
    let rows = [file(
        "rules.csv",
        "target,policy,comment\nteamid:EQHXZ8M8AV,allow,old\nteamid:CCCCCCCCCC,allow,\n",
    )];
    let after = update(&rows, &read(&rows, &Defaults::default()), true, &wanted);
    assert_eq!(policy_state(read(&after, &Defaults::default())), wanted);
    let rows = String::from_utf8_lossy(&after[0].bytes);
    insta::assert_snapshot!(rows, @"
    target,policy,comment,source
    teamid:EQHXZ8M8AV,allow,Chrome,git
    ");
}

proptest! {
    #[test]
    fn any_manifest_can_be_made_to_say_anything(is in any_rules(), wanted in any_rules(), some in any::<u8>()) {
        // Some rules are unchanged. Others are changed, deleted or added.
        let mixed = is.iter().enumerate().filter(|(index, _)| some >> index & 1 == 1);
        let mut rules: Vec<Rule> = mixed.map(|(_, rule)| rule.clone()).chain(wanted).collect();
        rules.sort_by_cached_key(|it| it.key().clone());
        rules.dedup_by_key(|it| it.key().clone());
        let wanted = PolicyState { rules, ..PolicyState::default() };
        let tables = write(Content { rules: &is, ..Content::default() }).files;
        let text = std::str::from_utf8(&tables[0].bytes).unwrap();
        let windows = format!("\u{feff}{}", text.replace('\n', "\r\n"));
        let rows = csv::write(Content { rules: &is, ..Content::default() }, Delimiter::Tab).files;
        let rows = [File { name: "rules.tsv".to_owned(), ..rows[0].clone() }];
        for (before, folder) in [(&tables[..], false), (&[file("", &windows)], false), (&rows, true)] {
            let document = read(before, &Defaults::default());
            prop_assert_eq!(&document.faults, &[]);
            let after = update(before, &document, folder, &wanted);
            prop_assert_eq!(policy_state(read(&after, &Defaults::default())), wanted.clone());
        }
    }
}
