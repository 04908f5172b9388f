use super::*;
use crate::cli::ui::tests::captured_ui;
use crate::config::Output;
use crate::fleet::Tag;
use crate::rule::Revision;

fn rule(target: &str, policy: &str, comment: Option<&str>) -> RuleDraft {
    RuleDraft {
        target: target.to_owned(),
        policy: policy.to_owned(),
        scope: "fleet".to_owned(),
        comment: comment.map(str::to_owned),
        ..RuleDraft::default()
    }
}

fn of_rule(before: Option<RuleDraft>, after: Option<RuleDraft>) -> PolicyChange {
    let one = before.as_ref().or(after.as_ref()).unwrap();
    let outcome = match (&before, &after) {
        (None, _) => Outcome::Added,
        (_, None) => Outcome::Removed,
        _ => Outcome::Changed,
    };
    let (target, scope) = (one.target.parse().unwrap(), one.scope.parse().unwrap());
    let (before, after) = (before.map(Box::new), after.map(Box::new));
    PolicyChange { outcome, subject: Subject::Rule { target, scope, before, after } }
}

fn answer() -> PolicyAnswer {
    let team = |number: u8| format!("teamid:{number:010}");
    let tag = |priority| Box::new(Tag { priority, ..Tag::new("eng".parse().unwrap()) });
    let changes = vec![
        PolicyChange {
            outcome: Outcome::Changed,
            subject: Subject::Tag {
                name: "eng".parse().unwrap(),
                before: Some(tag(1)),
                after: Some(tag(5)),
                hosts: None,
            },
        },
        PolicyChange {
            outcome: Outcome::Added,
            subject: Subject::Setting {
                scope: "tag:eng".parse().unwrap(),
                key: "client-mode".parse().unwrap(),
                before: None,
                after: Some("lockdown".to_owned()),
            },
        },
        of_rule(None, Some(rule(&team(1), "allow", Some("new")))),
        of_rule(
            Some(rule(&team(2), "allow", None)),
            Some(rule(&team(2), "block", Some("bad \u{1b}[2J"))),
        ),
        of_rule(Some(rule(&team(3), "silent-block", None)), None),
    ];
    PolicyAnswer { revision: Revision(7), unchanged: 1204, changes, ..PolicyAnswer::default() }
}

fn shown(answer: &PolicyAnswer, format: Output, terminal: bool, full: bool) -> (String, String) {
    let (ui, out, err) = captured_ui(format, terminal);
    show(&ui, answer, full).unwrap();
    (out.text(), err.text())
}

#[test]
fn a_plan_is_grouped_and_shows_only_differences() {
    let (out, err) = shown(&answer(), Output::Table, false, false);
    insta::assert_snapshot!(out, @r"
    Tags
      ~ eng  priority 1 → 5

    Settings for tag:eng
      + client-mode  lockdown

    Rules for fleet
      + teamid:0000000001  allow  comment new
      ~ teamid:0000000002  policy allow → block  comment none → bad \u{1b}[2J
      - teamid:0000000003  silent-block
    ");
    assert_eq!(err, "");
}

#[test]
fn on_a_narrow_terminal_long_values_have_their_own_lines() {
    let (out, _) = shown(&answer(), Output::Table, true, false);
    insta::assert_snapshot!(anstream::adapter::strip_str(&out).to_string(), @r"
    Tags
      ~ eng  priority 1 → 5

    Settings for tag:eng
      + client-mode  lockdown

    Rules for fleet
      + teamid:0000000001  allow
          comment new
      ~ teamid:0000000002
          policy allow → block
          comment none → bad \u{1b}[2J
      - teamid:0000000003  silent-block
    ");
    assert!(out.contains("\u{1b}[32m+\u{1b}[0m teamid:0000000001"), "{out:?}");
    assert!(out.contains("\u{1b}[31msilent-block\u{1b}[0m"), "{out:?}");
}

#[test]
fn csv_has_a_row_for_each_difference() {
    let (out, _) = shown(&answer(), Output::Csv, false, false);
    insta::assert_snapshot!(out.replace('\u{1b}', "ESC"), @"
    outcome,kind,scope,name,before,after
    changed,tag,,eng,priority: 1,priority: 5
    added,setting,tag:eng,client-mode,,lockdown
    added,rule,fleet,teamid:0000000001,,allow; comment: new
    changed,rule,fleet,teamid:0000000002,allow,block; comment: bad ESC[2J
    removed,rule,fleet,teamid:0000000003,silent-block,
    ");
    let lines = shown(&answer(), Output::Jsonl, false, false).0;
    assert_eq!(lines.lines().count(), 5);
    assert!(lines.starts_with(r#"{"outcome":"changed","kind":"tag","name":"eng","#), "{lines}");
    let json = shown(&answer(), Output::Json, false, false).0;
    assert_eq!(serde_json::from_str::<PolicyAnswer>(&json).unwrap(), answer());
}

#[test]
fn a_terminal_shows_the_first_differences_and_removals_first() {
    let new =
        |number: u32| of_rule(None, Some(rule(&format!("teamid:{number:010}"), "allow", None)));
    let mut answer = PolicyAnswer { changes: (0..9999).map(new).collect(), ..answer() };
    answer.changes.push(of_rule(Some(rule("teamid:ZZZZZZZZZZ", "block", None)), None));
    let (out, err) = shown(&answer, Output::Table, true, false);
    let out = anstream::adapter::strip_str(&out).to_string();
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(lines.len(), 1 + MOST_ITEMS + 1, "{out}");
    assert_eq!(lines[1], "  - teamid:ZZZZZZZZZZ  block");
    assert_eq!(lines[21], "  … and 9,980 more (+ 9,980)");
    assert!(err.starts_with("\u{1b}[1m\u{1b}[36mhint: \u{1b}[0mto show all"), "{err:?}");
    for (terminal, full) in [(true, true), (false, false)] {
        let (out, err) = shown(&answer, Output::Table, terminal, full);
        assert_eq!((out.lines().count(), err.as_str()), (10_001, ""));
    }
}

#[test]
fn a_terminal_shows_the_first_groups() {
    let of_host = |number: u32| {
        let draft = rule("teamid:AAAAAAAAAA", "allow", None);
        of_rule(None, Some(RuleDraft { scope: format!("host:M{number:04}"), ..draft }))
    };
    let answer = PolicyAnswer { changes: (0..1500).map(of_host).collect(), ..answer() };
    let (out, _) = shown(&answer, Output::Table, true, false);
    let out = anstream::adapter::strip_str(&out).to_string();
    assert!(out.ends_with("\n… and 1,480 more groups\n  1,480 differences\n"), "{out}");
}
