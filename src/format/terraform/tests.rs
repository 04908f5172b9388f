use crate::format::Format::Terraform;
use crate::format::tests::{describe, drafts, written_of};
use crate::format::{Content, Defaults};
use crate::rule::{Rule, RuleDraft};

#[test]
fn resources_of_both_providers_are_read() {
    let text = r#"# Rules of Santa.
terraform {
  required_version = "1.9"
}

resource "zentral_santa_rule" "x" {
  configuration_id  = zentral_santa_configuration.default.id
  policy            = "BLOCKLIST"
  target_type       = "TEAMID"
  target_identifier = "ABCDE12345"
  custom_message    = "no"
}
resource "zentral_santa_rule" "y" {
  configuration_id  = zentral_santa_configuration.default.id
  policy            = "ALLOWLIST"
  target_type       = "TEAMID"
  target_identifier = "ABCDE12346"
  serial_numbers    = ["SN1", "SN2"]
}
resource "nps_workshop_rule" "x" {
  identifier = "ABCDE12345"
  rule_type  = "TEAMID"
  policy     = "BLOCKLIST"
  tag        = "eng"
  comment    = <<-EOT
    two
    lines
  EOT
}
"#;
    insta::assert_snapshot!(describe(Terraform, text), @r#"
    f:2:1  note: terraform: is not a rule and is ignored
    f:6:1  {"target":"teamid:ABCDE12345","policy":"block","scope":"fleet","message":"no"}
    f:13:1  {"target":"teamid:ABCDE12346","policy":"allow","scope":"host:SN1"}
    f:13:1  {"target":"teamid:ABCDE12346","policy":"allow","scope":"host:SN2"}
    f:20:1  {"target":"teamid:ABCDE12345","policy":"block","scope":"tag:eng","comment":"two\nlines\n"}
    "#);
}

#[test]
fn what_terraform_works_out_is_refused() {
    let text = r#"
resource "nps_workshop_rule" "a" {
  for_each   = toset(["A"])
  identifier = each.value
}
resource "nps_workshop_rule" "b" {
  identifier = "${var.team}"
}
resource "zentral_santa_rule" "c" {
  policy  = "BLOCKLIST"
  tag_ids = [1]
}
resource "zentral_santa_rule" "d" {
  serial_numbers = ["A"]
  primary_users  = ["b"]
}
resource "nps_workshop_rule" "e" {
  identifier = "SHORT"
  rule_type  = "TEAMID"
  policy     = "BLOCKLIST"
  tag        = "global"
}
"#;
    insta::assert_snapshot!(describe(Terraform, text), @"
    f:3:16  fault: for_each: repeated resources are not supported
    f:7:16  fault: identifier: expected a string, found an expression
    f:11:13  fault: tag_ids: is not supported in Terraform files; import the response of Zentral's API instead
    f:13:1  fault: serial_numbers: one scope cannot express serial numbers and primary users together
    f:18:16  fault: identifier: invalid teamid identifier `SHORT`: expected 10 letters and digits
    ");
    insta::assert_snapshot!(describe(Terraform, "resource \"nps_workshop_rule\" \"x\" {\n  identifier = \n"), @r#"f:2:16  fault: is not valid HCL: invalid expression; expected `"`, `[`, `{`, `-`, `!`, `(`, `_`, `<`, letter or digit"#);
}

#[test]
fn w10_texts_with_several_template_markers_come_back_as_they_were() {
    for comment in ["${a} $${y}", "x $${y}", "$${x} %%{y} $$${z} %{", "%{a}${b}$", "${", "plain"] {
        let draft = RuleDraft {
            target: "teamid:EQHXZ8M8AV".to_owned(),
            policy: "block".to_owned(),
            comment: Some(comment.to_owned()),
            ..RuleDraft::default()
        };
        let rule = Rule::try_from(draft).unwrap();
        let rules = [rule.clone()];
        let written = super::write(Content { rules: &rules, ..Content::default() });
        let back = super::read(&written.files, &Defaults::default());
        assert_eq!(back.rules.len(), 1, "{comment}");
        assert_eq!(back.rules[0].rule.provenance, rule.provenance, "{comment}");
    }
}

#[test]
fn resources_of_workshops_provider_are_written() {
    insta::assert_snapshot!(written_of(Terraform, &drafts()), @r#"
    resource "nps_workshop_rule" "teamid_EQHXZ8M8AV" {
      identifier = "EQHXZ8M8AV"
      rule_type = "TEAMID"
      policy = "BLOCKLIST"
      tag = "global"
      custom_msg = "Ask \"IT\" <now>\n$${or} later"
      custom_url = "https://it.example/why"
      comment = "Chrome, all of it"
    }

    resource "nps_workshop_rule" "cdhash_abababababababababababababababababababab" {
      identifier = "abababababababababababababababababababab"
      rule_type = "CDHASH"
      policy = "ALLOWLIST"
      tag = "global"
    }

    resource "nps_workshop_rule" "signingid_platform_com_apple_say" {
      identifier = "platform:com.apple.say"
      rule_type = "SIGNINGID"
      policy = "CEL"
      tag = "global"
      cel_expr = "euid != 0"
    }

    resource "nps_workshop_rule" "teamid_CCCCCCCCCC_host_M1" {
      identifier = "CCCCCCCCCC"
      rule_type = "TEAMID"
      policy = "ALLOWLIST"
      tag = "host:M1"
    }

    resource "nps_workshop_rule" "signingid_DDDDDDDDDD_clang_tag_eng" {
      identifier = "DDDDDDDDDD:clang"
      rule_type = "SIGNINGID"
      policy = "ALLOWLIST_COMPILER"
      tag = "eng"
    }

    lost: 0: button_label
    lost: 0: ticket
    lost: 0: expires
    lost: 3: Workshop has no policy silent-block-gui
    lost: 4: Workshop has no policy remove
    lost: 7: Workshop supports only rules for tags and Macs
    "#);
}

#[test]
fn nesting_without_end_is_refused() {
    for open in ["[", "(", "{a=", "!", "-", "a[", "f(", "\"${"] {
        let text = format!(
            "resource \"nps_workshop_rule\" \"x\" {{\n  tag = {}\n}}\n",
            open.repeat(20_000)
        );
        let described = describe(Terraform, text);
        assert!(
            described.starts_with("f:2:") && described.contains("fault: is not valid HCL"),
            "{open}: {described}"
        );
    }
    let described = describe(Terraform, "resource nps_workshop_rule {\n".repeat(20_000));
    assert!(described.contains("fault: is not valid HCL"), "{described}");
}

#[test]
fn similar_names_are_distinguished() {
    let rules: Vec<_> = ["a.b", "a-b", "a b"]
        .into_iter()
        .map(|id| RuleDraft {
            target: format!("signingid:platform:{id}"),
            policy: "allow".to_owned(),
            scope: "fleet".to_owned(),
            ..Default::default()
        })
        .collect();
    let text = written_of(Terraform, &rules);
    let names = text.lines().filter(|line| line.starts_with("resource"));
    let names: Vec<_> = names.filter_map(|line| line.split('"').nth(3)).collect();
    assert_eq!(
        names,
        ["signingid_platform_a_b", "signingid_platform_a_b_2", "signingid_platform_a_b_3"]
    );
}
