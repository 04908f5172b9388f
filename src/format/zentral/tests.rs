mod writing;

use super::*;
use crate::format::{Defaults, File, Format, ParsedPolicy, Remark};

fn file(text: &str) -> File {
    File { name: "z".to_owned(), bytes: text.as_bytes().to_vec() }
}

fn document(text: &str) -> ParsedPolicy {
    read(&[file(text)], &Defaults::default())
}

fn rules(document: &ParsedPolicy) -> Vec<String> {
    let rules = document.rules.iter().map(|it| &it.rule);
    rules.map(|it| format!("{} {} for {}", it.policy().kind(), it.target(), it.scope())).collect()
}

fn describe(document: &ParsedPolicy, remarks: &[Remark]) -> Vec<String> {
    remarks.iter().map(|it| format!("{}: {}", document.name_of(it.location), it.text)).collect()
}

fn faults(document: &ParsedPolicy) -> Vec<String> {
    describe(document, &document.faults)
}

fn notes(document: &ParsedPolicy) -> Vec<String> {
    describe(document, &document.notes)
}

/// Reads a rule set with one rule, which has these lists.
fn with(lists: &str) -> ParsedPolicy {
    document(&format!(
        "name: core\nrules:\n  - rule_type: TEAMID\n    identifier: ABCDE12345\n    policy: \
         ALLOWLIST\n    {lists}\n"
    ))
}

const YAML: &str = "\
# what everybody has
name: core
configurations: [Default]
rules:
  - rule_type: TEAMID
    identifier: abcde12345
    policy: ALLOWLIST
    description: the vendor
    tags: [Eng]
    excluded_serial_numbers:
      - SN9
  - rule_type: BINARY
    sha256: abababababababababababababababababababababababababababababababab
    policy: BLOCKLIST
    custom_msg: >-
      not
      here
    custom_url: https://it.example.com/
";

#[test]
fn a_rule_set_in_yaml_becomes_rules_by_scope() {
    let document = document(YAML);
    assert_eq!(faults(&document), [""; 0]);
    assert_eq!(
        rules(&document),
        [
            "allow teamid:ABCDE12345 for tag:eng".to_owned(),
            "remove teamid:ABCDE12345 for host:SN9".to_owned(),
            format!("block binary:{} for fleet", "ab".repeat(32)),
        ]
    );
    assert_eq!(document.name_of(document.rules[2].location), "z:12:5");
    let block = &document.rules[2].rule;
    assert_eq!(block.notice.message.as_deref(), Some("not here"));
    assert_eq!(block.notice.url.as_deref(), Some("https://it.example.com/"));
    assert_eq!(document.rules[0].rule.provenance.comment.as_deref(), Some("the vendor"));
    assert_eq!(
        notes(&document),
        [
            "z:2:7: name: to mark these rules with their origin: --source core",
            "z:3:17: configurations: is ignored; the rules are for the fleet, or for the scope in \
                --scope",
            "z:9:12: tags: `Eng` becomes eng",
            "z:11:7: excluded_serial_numbers: serial numbers become scopes; each applies to the \
                host that has the serial number, now or later",
        ]
    );
}

#[test]
fn json_says_the_same_with_places_of_its_own() {
    let text = r#"{"name": "core", "rules": [
        {"rule_type": "TEAMID", "identifier": "ABCDE12345", "policy": "ALLOWLIST",
         "excluded_tags": ["ux"], "custom_msg": "\ud83d\ude00 \/"},
        {"rule_type": "TEAMID", "identifier": "SHORT", "policy": "MAYBE"},
        {"rule_type": "TEAMID", "identifier": "ABCDE12346", "policy": "MAYBE", "tags": "ux"}
    ]}"#;
    let document = document(text);
    assert_eq!(
        rules(&document),
        ["allow teamid:ABCDE12345 for fleet", "remove teamid:ABCDE12345 for tag:ux"]
    );
    assert_eq!(document.rules[0].rule.notice.message.as_deref(), Some("😀 /"));
    assert_eq!(
        faults(&document),
        [
            "z:4:47: identifier: invalid teamid identifier `SHORT`: expected 10 letters and digits",
            "z:5:88: tags: expected a list, found a string",
        ]
    );
}

#[test]
fn each_kind_of_list_is_a_kind_of_scope() {
    let reached = |lists: &str| -> Vec<String> {
        let document = with(lists);
        assert_eq!(faults(&document), [""; 0]);
        let rules = document.rules.iter().map(|it| &it.rule);
        rules.map(|it| format!("{} {}", it.policy().kind(), it.scope())).collect()
    };
    assert_eq!(reached("tags: []"), ["allow fleet"]);
    assert_eq!(reached("serial_numbers: [SN1, SN2, SN1]"), ["allow host:SN1", "allow host:SN2"]);
    assert_eq!(reached("primary_users: [anna@x.y]"), ["allow user:anna@x.y"]);
    assert_eq!(reached("tags: [a, b]"), ["allow tag:a", "allow tag:b"]);
}

#[test]
fn exceptions_become_remove_rules_in_stronger_scopes() {
    let reached = |lists: &str| -> Vec<String> {
        let document = with(lists);
        assert_eq!(faults(&document), [""; 0]);
        let rules = document.rules.iter().map(|it| &it.rule);
        rules.map(|it| format!("{} {}", it.policy().kind(), it.scope())).collect()
    };
    assert_eq!(
        reached(
            "excluded_tags: [a]\n    excluded_primary_users: [u]\n    excluded_serial_numbers: [s]"
        ),
        ["allow fleet", "remove tag:a", "remove user:u", "remove host:s"]
    );
    assert_eq!(
        reached("primary_users: [u]\n    excluded_serial_numbers: [s]"),
        ["allow user:u", "remove host:s"]
    );
    // An exception for a user who does not get the rule has no effect.
    assert_eq!(reached("primary_users: [u]\n    excluded_primary_users: [v]"), ["allow user:u"]);
}

#[test]
fn a_mac_without_a_primary_user_is_reported() {
    let document = with("excluded_primary_users: [u]");
    assert_eq!(
        notes(&document)[1],
        "z:6:29: excluded_primary_users: a Mac without a primary user gets the rule from \
            nicelist, but not from Zentral"
    );
}

#[test]
fn an_excluded_tag_needs_the_higher_priority() {
    let document = with("tags: [a, b]\n    excluded_tags: [c]");
    assert_eq!(
        rules(&document),
        [
            "allow teamid:ABCDE12345 for tag:a",
            "allow teamid:ABCDE12345 for tag:b",
            "remove teamid:ABCDE12345 for tag:c",
        ]
    );
    assert_eq!(
        notes(&document)[1],
        "z:7:20: excluded_tags: give c a higher priority than a, b; otherwise the exclusion has no effect"
    );
}

#[test]
fn what_scopes_cannot_express_is_refused() {
    let refused = |lists: &str| faults(&with(lists)).join("\n");
    assert_eq!(
        refused("tags: [a]\n    serial_numbers: [s]"),
        "z:3:5: tags and serial_numbers together match only Macs that are in both, which one \
            scope cannot express; assign a tag to those Macs and use that"
    );
    assert_eq!(
        refused("serial_numbers: [s]\n    excluded_tags: [a]"),
        "z:7:20: excluded_tags: cannot exclude Macs from serial_numbers, which are stronger \
            scopes in nicelist; remove those Macs from serial_numbers"
    );
    assert_eq!(
        refused("primary_users: [u]\n    excluded_tags: [a]"),
        "z:7:20: excluded_tags: cannot exclude Macs from primary_users, which are stronger scopes \
            in nicelist; remove those Macs from primary_users"
    );
    assert_eq!(
        refused("tags: [a]\n    excluded_tags: [A]"),
        "z:7:20: excluded_tags: `a` is also in tags"
    );
}

#[test]
fn a_tag_that_has_no_such_name_here_is_to_be_renamed() {
    assert_eq!(
        faults(&with("tags: [Eng Team]")),
        ["z:6:12: tags: invalid tag name `Eng Team`: use up to 63 letters, digits, dots, \
                dashes and underscores, starting with a letter or digit; rename it, for example to eng-team"]
    );
    let odd = faults(&with("excluded_tags: ['☃']"));
    assert!(odd[0].ends_with("; rename it"), "{odd:?}");
}

#[test]
fn team_ids_that_yaml_takes_for_numbers_are_read_as_they_are_spelled() {
    let read = |identifier: &str| {
        let text = format!(
            "name: x\nrules:\n- {{rule_type: TEAMID, policy: ALLOWLIST, identifier: {identifier}}}\n"
        );
        let document = document(&text);
        assert_eq!(faults(&document), [""; 0]);
        document.rules[0].rule.target().identifier().to_owned()
    };
    for identifier in ["1234567890", "0123456789", "12345E6789", "0x12345678"] {
        assert_eq!(read(identifier), identifier.to_uppercase());
    }
    let anchored = "name: x\nrules:\n- {rule_type: TEAMID, policy: ALLOWLIST, description: &a \
                    12345E6789, identifier: *a}\n";
    assert_eq!(document(anchored).rules[0].rule.target().identifier(), "12345E6789");
}

#[test]
fn a_policy_by_number_is_not_guessed_in_a_rule_set() {
    let text = "name: x\nrules:\n- {rule_type: TEAMID, identifier: ABCDE12345, policy: 2}\n";
    assert_eq!(
        faults(&document(text)),
        ["z:3:55: policy: `2` is a number, and its meaning differs between tools; use the name"]
    );
}

/// A rule as the API returns it.
fn api_row(policy: u8, identifier: &str, more: &str) -> String {
    format!(
        r#"{{"id":1,"target_type":"TEAMID","target_identifier":"{identifier}","ruleset":null,
        "version":1,"policy":{policy},"cel_expr":"","custom_msg":"","custom_url":"","description":"",
        "is_voting_rule":false,"serial_numbers":[],"excluded_serial_numbers":[],"primary_users":[],
        "excluded_primary_users":[],"excluded_tags":[],"configuration":1,
        "created_at":"2026-01-01","updated_at":"2026-01-01"{more}}}"#
    )
}

#[test]
fn the_list_of_the_api_has_zentrals_own_numbers() {
    let rows = [
        api_row(1, "AAAAAAAAAA", r#","tags":[]"#),
        api_row(2, "BBBBBBBBBB", ""),
        api_row(3, "CCCCCCCCCC", ""),
        api_row(9, "DDDDDDDDDD", "").replace(r#""cel_expr":"""#, r#""cel_expr":"euid == 0""#),
    ];
    let compiler = api_row(5, "EEEEEEEEEE:x", "").replace("TEAMID", "SIGNINGID");
    let document = document(&format!("[{},{compiler}]", rows.join(",")));
    assert_eq!(faults(&document), [""; 0]);
    assert_eq!(notes(&document), [""; 0]);
    assert_eq!(
        rules(&document),
        [
            "allow teamid:AAAAAAAAAA for fleet",
            "block teamid:BBBBBBBBBB for fleet",
            "silent-block teamid:CCCCCCCCCC for fleet",
            "cel teamid:DDDDDDDDDD for fleet",
            "allow-compiler signingid:EEEEEEEEEE:x for fleet",
        ]
    );
    let removed = self::document(&format!("[{}]", api_row(4, "AAAAAAAAAA", "")));
    assert_eq!(faults(&removed), ["z:2:30: policy: unknown policy number 4"]);
}

#[test]
fn a_page_of_the_api_reports_that_there_are_more() {
    let text = format!(
        "{{\"count\":2,\"next\":\"https://z/?offset=1\",\"previous\":null,\"results\":[{}]}}",
        api_row(1, "AAAAAAAAAA", "")
    );
    let document = document(&text);
    assert_eq!(rules(&document), ["allow teamid:AAAAAAAAAA for fleet"]);
    assert_eq!(
        notes(&document),
        ["z:1:19: next: the response has more pages, which are not in this file"]
    );
}

#[test]
fn tags_by_number_are_refused_with_what_to_do() {
    let document = document(&format!("[{}]", api_row(1, "AAAAAAAAAA", r#","tags":[2]"#)));
    assert_eq!(
        faults(&document),
        ["z:5:69: tags: 2 is the number of a tag in Zentral; use the tag's name instead"]
    );
    let named = self::document(&format!("[{}]", api_row(1, "AAAAAAAAAA", r#","tags":["eng"]"#)));
    assert_eq!(rules(&named), ["allow teamid:AAAAAAAAAA for tag:eng"]);
}

#[test]
fn voting_rules_and_rule_sets_are_reported() {
    let row = api_row(1, "AAAAAAAAAA", "")
        .replace("\"ruleset\":null", "\"ruleset\":7")
        .replace("\"is_voting_rule\":false", "\"is_voting_rule\":true");
    assert_eq!(
        notes(&document(&format!("[{row}]"))),
        [
            "z:1:76: ruleset: the rule is part of Zentral's rule set 7",
            "z:3:26: is_voting_rule: the rule was created by a vote of Zentral's users",
        ]
    );
}

#[test]
fn rules_of_two_configurations_are_not_mixed() {
    let one = api_row(1, "AAAAAAAAAA", "");
    let two = api_row(2, "AAAAAAAAAA", "").replace("\"configuration\":1", "\"configuration\":2");
    assert_eq!(
        faults(&document(&format!("[{one},\n{two}]"))),
        ["z: has rules for 2 configurations (1, 2); choose one: --configuration 1"]
    );
}

#[test]
fn a_bundle_is_zentrals_own() {
    let text = format!(
        "name: x\nrules:\n- {{rule_type: BUNDLE, policy: ALLOWLIST, identifier: {}}}\n",
        "ab".repeat(32)
    );
    assert_eq!(
        faults(&document(&text)),
        ["z:3:15: rule_type: Santa has no BUNDLE rules; remove this rule, and allow the \
                programs of the bundle"]
    );
}

#[test]
fn rules_that_lack_something_are_all_reported() {
    let text = "name: x\nrules:\n- {rule_type: TEAMID}\n- x\n- {policy: BLOCKLIST, identifier: a, \
                sha256: b, rule_type: TEAMID}\n- {policy: [1], rule_type: TEAMID, identifier: \
                ABCDE12345}\n- {policy: BLOCKLIST, rule_type: TEAMID, identifier: ABCDE12345, colour: red}\n";
    let document = document(text);
    assert_eq!(
        faults(&document),
        [
            "z:3:3: the rule has no identifier",
            "z:4:3: expected an object for each rule, found a string",
            "z:5:46: sha256: cannot be combined with identifier",
            "z:6:12: policy: expected a string, found a list",
        ]
    );
    assert_eq!(notes(&document)[1], "z:7:74: colour: is an unknown key, which is ignored");
}

#[test]
fn anchors_that_explode_are_refused() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..9 {
        let before = level - 1;
        let ten = vec![format!("*a{before}"); 10].join(", ");
        text.push_str(&format!("a{level}: &a{level} [{ten}]\n"));
    }
    text.push_str("name: x\nrules: *a8\n");
    insta::assert_snapshot!(faults(&document(&text)).join("\n"), @"z:6:15: is nested too deeply, or grows without limit when its anchors are expanded");
}

#[test]
fn nesting_without_end_is_refused() {
    for text in ["[".repeat(100_000), "{\"a\":".repeat(100_000), "- ".repeat(100_000)] {
        assert_eq!(document(&text).faults.len(), 1);
    }
    let closed = format!("{}{}", "[".repeat(50_000), "]".repeat(50_000));
    assert_eq!(document(&closed).faults.len(), 1);
}

#[test]
fn broken_files_are_reported_where_they_break() {
    let places: Vec<String> = [
        "{\"name\": \"x\",\n\"rules\": [",
        "name: x\nrules:\n  - [\n",
        "name: x\nname: y\nrules: []\n",
        "{\"name\": \"x\", \"name\": \"y\", \"rules\": []}",
        "name: x\nrules:\n\t- a: b\n",
        "",
        "just a text",
        "{\"rules\": 7}",
    ]
    .into_iter()
    .map(|text| faults(&document(text)).join("\n"))
    .collect();
    insta::assert_snapshot!(places.join("\n"), @"
    z:2:10: ends unexpectedly; it may be incomplete
    z:3:5: unclosed bracket '['
    z:2:7: name: is given twice
    z:1:23: name: is given twice
    z:3:2: tabs disallowed within this context (block indentation)
    z:1:1: is empty
    z:1:1: is neither a Zentral rule set, with name and rules, nor a list of Zentral's rules
    z:1:11: rules: expected a list, found a number
    ");
}

#[test]
fn a_byte_order_mark_and_crlf_change_nothing() {
    let crlf = format!("\u{feff}{}", YAML.replace('\n', "\r\n"));
    assert_eq!(document(&crlf), document(YAML));
    let utf16: Vec<u8> = YAML.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let document = read(&[File { name: "z".into(), bytes: utf16 }], &Defaults::default());
    assert_eq!(faults(&document), ["z:1:1: is UTF-16; save the file as UTF-8"]);
}

#[test]
fn only_zentrals_files_are_recognised() {
    let json = |text: &str| Format::ZentralJson.recognises(&file(text));
    let yaml = |text: &str| recognises_yaml(&file(text));
    assert!(yaml(YAML) && !json(YAML));
    assert!(json("{\"name\": \"x\", \"rules\": []}") && !yaml("{\"name\": \"x\", \"rules\": []}"));
    assert!(json(&format!("[{}]", api_row(1, "AAAAAAAAAA", ""))));
    assert!(!json("{\"rules\": [{\"rule_type\": \"TEAMID\"}]}"));
    assert!(!json("[{\"type\": \"TEAMID\"}]") && !yaml("target,policy\n") && !yaml(""));
}

#[test]
fn forty_thousand_rules_are_within_the_budget() {
    let mut text = "name: x\nrules:\n".to_owned();
    for number in 0..40_000 {
        text.push_str(&format!(
            "- rule_type: BINARY\n  identifier: '{number:064x}'\n  policy: ALLOWLIST\n"
        ));
    }
    let document = document(&text);
    assert_eq!(faults(&document), [""; 0]);
    assert_eq!(document.rules.len(), 40_000);
}
