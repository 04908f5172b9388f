//! Files of other tools and CSV files: entries that are read, refused or left out.

use crate::shell::Shell;

const TWO: &str = r#"[
{"id": 1, "target_type": "TEAMID", "target_identifier": "AAAAAAAAAA", "policy": 1, "configuration": 1},
{"id": 2, "target_type": "TEAMID", "target_identifier": "BBBBBBBBBB", "policy": 2, "configuration": 2},
{"id": 3, "target_type": "TEAMID", "target_identifier": "AAAAAAAAAA", "policy": 2, "configuration": 2}
]"#;

/// W9: each Zentral configuration is for different Macs, so only one configuration in a file is
/// read.
#[test]
fn w9_an_export_of_two_configurations_is_refused_or_one_is_chosen() {
    let shell = Shell::new();
    shell.write("zentral.json", TWO);
    let mut transcript = String::new();
    for arguments in ["", " --configuration 2", " --configuration 3"] {
        let line = format!("rule convert zentral.json - --to jsonl{arguments}");
        transcript += &shell.run(&line);
        transcript += "\n";
    }
    shell.write(
        "two.tf",
        "resource \"zentral_santa_rule\" \"a\" {\n  configuration_id  = \
         zentral_santa_configuration.main.id\n  policy            = \"ALLOWLIST\"\n  target_type   \
         = \"TEAMID\"\n  target_identifier = \"AAAAAAAAAA\"\n}\n\
         resource \"zentral_santa_rule\" \"b\" {\n  configuration_id  = \
         zentral_santa_configuration.lab.id\n  policy            = \"BLOCKLIST\"\n  target_type   \
         = \"TEAMID\"\n  target_identifier = \"BBBBBBBBBB\"\n}\n",
    );
    transcript += &shell.run("rule convert two.tf - --to jsonl");
    transcript += "\n";
    transcript += &shell.run("rule convert two.tf - --to jsonl --configuration lab");
    shell.write("own.csv", "target,policy\nteamid:AAAAAAAAAA,allow\n");
    transcript += "\n";
    transcript += &shell.run("rule convert own.csv - --to jsonl --configuration lab");
    insta::assert_snapshot!(transcript, @r#"
    $ nicelist rule convert zentral.json - --to jsonl
    exit code: 5
    ----- stderr -----
    zentral.json: has rules for 2 configurations (1, 2); choose one: --configuration 1
    error: found 1 error; nothing was written

    $ nicelist rule convert zentral.json - --to jsonl --configuration 2
    exit code: 0
    ----- stdout -----
    {"target":"teamid:BBBBBBBBBB","policy":"block","scope":"fleet"}
    {"target":"teamid:AAAAAAAAAA","policy":"block","scope":"fleet"}

    $ nicelist rule convert zentral.json - --to jsonl --configuration 3
    exit code: 5
    ----- stderr -----
    zentral.json: configuration 3 not found; the file has: 1, 2
    error: found 1 error; nothing was written

    $ nicelist rule convert two.tf - --to jsonl
    exit code: 5
    ----- stderr -----
    two.tf: has rules for 2 configurations (lab, main); choose one: --configuration lab
    error: found 1 error; nothing was written

    $ nicelist rule convert two.tf - --to jsonl --configuration lab
    exit code: 0
    ----- stdout -----
    {"target":"teamid:BBBBBBBBBB","policy":"block","scope":"fleet"}

    $ nicelist rule convert own.csv - --to jsonl --configuration lab
    exit code: 2
    ----- stderr -----
    error: --configuration is only for Zentral's formats, but the format of own.csv is csv
    "#);
}

#[test]
fn w9_plan_apply_diff_and_lint_read_one_configuration_as_well() {
    let mut shell = Shell::new();
    shell.set("NICELIST_DATABASE", "sqlite:a.db");
    shell.write("zentral.json", TWO);
    shell.write("own.csv", "target,policy\nteamid:BBBBBBBBBB,block\n");
    let mut transcript = String::new();
    for line in [
        "rule lint zentral.json",
        "rule lint zentral.json --configuration 2",
        "rule lint own.csv --configuration 2",
        "rule diff own.csv zentral.json --configuration 2",
        "rule diff own.csv own.csv --configuration 2",
        "plan -f zentral.json",
        "plan -f zentral.json --configuration 1",
        "apply -f zentral.json --configuration 1 --yes",
    ] {
        transcript += &shell.run(line);
        transcript += "\n";
    }
    insta::assert_snapshot!(transcript, @"
    $ nicelist rule lint zentral.json
    exit code: 3
    ----- stdout -----
    Errors
      • NL001  zentral.json  has rules for 2 configurations (1, 2); choose one: --configuration 1
    ----- stderr -----
    1 error

    $ nicelist rule lint zentral.json --configuration 2
    exit code: 0
    ----- stderr -----
    no findings

    $ nicelist rule lint own.csv --configuration 2
    exit code: 2
    ----- stderr -----
    error: --configuration is only for Zentral's formats, but the format of own.csv is csv

    $ nicelist rule diff own.csv zentral.json --configuration 2
    exit code: 3
    ----- stdout -----
    Rules for fleet
      + teamid:AAAAAAAAAA  block
    ----- stderr -----
    1 added; 1 unchanged

    $ nicelist rule diff own.csv own.csv --configuration 2
    exit code: 2
    ----- stderr -----
    error: --configuration is only for Zentral's formats, and neither A nor B has one of them

    $ nicelist plan -f zentral.json
    exit code: 5
    ----- stderr -----
    zentral.json: has rules for 2 configurations (1, 2); choose one: --configuration 1
    error: found 1 error; nothing was changed

    $ nicelist plan -f zentral.json --configuration 1
    exit code: 3
    ----- stdout -----
    Rules for fleet
      + teamid:AAAAAAAAAA  allow
    ----- stderr -----
    Plan: 1 to add
    hint: to apply exactly this plan: nicelist apply -f zentral.json --configuration 1 --base 0 --yes

    $ nicelist apply -f zentral.json --configuration 1 --yes
    exit code: 0
    ----- stdout -----
    Rules for fleet
      + teamid:AAAAAAAAAA  allow
    ----- stderr -----
    created the local database sqlite:a.db
    revision 1: 1 added
    ");
    assert!(shell.run("rule lint --configuration 2").contains("<PATH>"));
}

/// W10: parts of a file that nicelist cannot import are reported as warnings, and all other parts
/// are read.
#[test]
fn w10_unsupported_parts_are_losses_and_the_rest_is_read() {
    let shell = Shell::new();
    let hash = "ab".repeat(32);
    shell.write(
        "workshop.tf",
        r#"resource "nps_workshop_rule" "yes" {
  identifier = "platform:com.apple.yes"
  rule_type  = "SIGNINGID"
  policy     = "BLOCKLIST"
  tag        = "global"

  affected_host_threshold {
    days       = 30
    host_count = 50
  }
}
"#,
    );
    shell.write(
        "old.tf",
        "resource \"zentral_santa_rule\" \"a\" {\n  configuration_id  = 1\n  policy            = 2\n  \
         target_type       = \"TEAMID\"\n  target_identifier = \"AAAAAAAAAA\"\n}\n",
    );
    shell.write(
        "fileinfo.json",
        &format!(
            r#"[{{"Path": "/bin/one", "SHA-256": "{hash}"}},
{{"Path": "/bin/two", "Type": "Executable"}}]"#
        ),
    );
    shell.write(
        "global.toml",
        &format!(
            "client_mode = \"LOCKDOWN\"\nblock_usb_mount = true\nremount_usb_mode = \
             [\"rdonly\", \"noexec\"]\noverride_file_access_action = \"AuditOnly\"\n\
             sync_type = \"CLEAN\"\n\n[[rules]]\nrule_type = \"BINARY\"\npolicy = \"BLOCKLIST\"\n\
             identifier = \"{hash}\"\nnotification_app_name = \"Zoom\"\n"
        ),
    );
    let mut transcript = String::new();
    for line in [
        "rule convert workshop.tf - --to jsonl",
        "rule convert old.tf - --to jsonl",
        "rule convert fileinfo.json - --to jsonl --policy allow",
        "rule convert global.toml policy.toml",
    ] {
        transcript += &shell.run(line);
        transcript += "\n";
    }
    transcript += &std::fs::read_to_string(shell.path("policy.toml")).unwrap();
    insta::assert_snapshot!(transcript, @r#"
    $ nicelist rule convert workshop.tf - --to jsonl
    exit code: 0
    ----- stdout -----
    {"target":"signingid:platform:com.apple.yes","policy":"block","scope":"fleet"}
    ----- stderr -----
    warning: workshop.tf:7:3: affected_host_threshold: is left out; Workshop adds the rule only if it affects few hosts; nicelist always adds it

    $ nicelist rule convert old.tf - --to jsonl
    exit code: 0
    ----- stdout -----
    {"target":"teamid:AAAAAAAAAA","policy":"block","scope":"fleet"}

    $ nicelist rule convert fileinfo.json - --to jsonl --policy allow
    exit code: 0
    ----- stdout -----
    {"target":"binary:abababababababababababababababababababababababababababababababab","policy":"allow","scope":"fleet","comment":"one"}
    ----- stderr -----
    warning: fileinfo.json:2:1: left out: has no `SHA-256` for /bin/two

    $ nicelist rule convert global.toml policy.toml
    exit code: 0
    ----- stderr -----
    warning: global.toml:5:1: sync_type: is left out; nicelist host clean-sync orders a clean sync
    wrote 1 rule to policy.toml (moroz to toml)

    [settings.fleet]
    client-mode = "lockdown"
    removable-media = "remount:rdonly,noexec"
    override-file-access-action = "audit-only"

    [[rules]]
    target = "binary:abababababababababababababababababababababababababababababababab"
    policy = "block"
    app_name = "Zoom"
    "#);
    assert_eq!(shell.json("rule convert workshop.tf x.tf")["rules"], 1);
}

/// W11: two different entries for one target and scope are a conflict, unless `--duplicates`
/// chooses one. If their policies differ, the message contains both policies.
#[test]
fn w11_a_conflict_names_both_policies_and_one_can_be_chosen() {
    let mut shell = Shell::new();
    shell.set("NICELIST_DATABASE", "sqlite:a.db");
    let row = |policy: &str| {
        format!(
            "[[rules]]\nrule_type = \"TEAMID\"\npolicy = \"{policy}\"\nidentifier = \"AAAAAAAAAA\"\n"
        )
    };
    shell.write("moroz.toml", &(row("ALLOWLIST") + &row("BLOCKLIST")));
    shell.write(
        "rules.csv",
        "target,policy,comment\nteamid:AAAAAAAAAA,allow,\nteamid:BBBBBBBBBB,allow,x\n\
         teamid:AAAAAAAAAA,block,\nteamid:BBBBBBBBBB,allow,y\nteamid:AAAAAAAAAA,block,\n",
    );
    shell.write(
        "rules.jsonl",
        "{\"target\":\"teamid:AAAAAAAAAA\",\"policy\":\"allow\"}\n\
         {\"target\":\"teamid:AAAAAAAAAA\",\"policy\":\"block\"}\n",
    );
    shell.write(
        "rules.json",
        "[{\"target\":\"teamid:AAAAAAAAAA\",\"policy\":\"allow\"},\n\
         {\"target\":\"teamid:AAAAAAAAAA\",\"policy\":\"block\"}]\n",
    );
    let mut transcript = String::new();
    for name in ["moroz.toml", "rules.csv", "rules.jsonl", "rules.json"] {
        for arguments in ["", " --duplicates first", " --duplicates last"] {
            transcript += &shell.run(&format!("rule convert {name} - --to jsonl{arguments}"));
            transcript += "\n";
        }
    }
    transcript += &shell.run("rule import rules.csv");
    transcript += "\n";
    transcript += &shell.run("rule import rules.csv --duplicates last");
    insta::assert_snapshot!(transcript, @r#"
    $ nicelist rule convert moroz.toml - --to jsonl
    exit code: 5
    ----- stderr -----
    warning: moroz.toml: is read as global.toml
    moroz.toml:5:1: conflict: teamid:AAAAAAAAAA for fleet has policy block here, but allow at moroz.toml:1:1
    error: found 1 error; nothing was written
    hint: to keep the first (or last) of the conflicting entries: nicelist rule convert moroz.toml - --to jsonl --duplicates first

    $ nicelist rule convert moroz.toml - --to jsonl --duplicates first
    exit code: 0
    ----- stdout -----
    {"target":"teamid:AAAAAAAAAA","policy":"allow","scope":"fleet"}
    ----- stderr -----
    warning: moroz.toml: is read as global.toml
    warning: moroz.toml:5:1: left out: teamid:AAAAAAAAAA for fleet has policy block here, but allow at moroz.toml:1:1

    $ nicelist rule convert moroz.toml - --to jsonl --duplicates last
    exit code: 0
    ----- stdout -----
    {"target":"teamid:AAAAAAAAAA","policy":"block","scope":"fleet"}
    ----- stderr -----
    warning: moroz.toml: is read as global.toml
    warning: moroz.toml:1:1: left out: teamid:AAAAAAAAAA for fleet has policy allow here, but block at moroz.toml:5:1

    $ nicelist rule convert rules.csv - --to jsonl
    exit code: 5
    ----- stderr -----
    rules.csv:4: conflict: teamid:AAAAAAAAAA for fleet has policy block here, but allow on line 2
    rules.csv:5: conflict: teamid:BBBBBBBBBB for fleet has policy allow here and on line 3, but the other fields differ
    rules.csv:6: conflict: teamid:AAAAAAAAAA for fleet has policy block here, but allow on line 2
    error: 3 of 5 rows are invalid; nothing was written
    hint: to keep the first (or last) of the conflicting entries: nicelist rule convert rules.csv - --to jsonl --duplicates first

    $ nicelist rule convert rules.csv - --to jsonl --duplicates first
    exit code: 0
    ----- stdout -----
    {"target":"teamid:AAAAAAAAAA","policy":"allow","scope":"fleet"}
    {"target":"teamid:BBBBBBBBBB","policy":"allow","scope":"fleet","comment":"x"}
    ----- stderr -----
    warning: rules.csv:4: left out: teamid:AAAAAAAAAA for fleet has policy block here, but allow on line 2
    warning: rules.csv:5: left out: teamid:BBBBBBBBBB for fleet has policy allow here and on line 3, but the other fields differ
    warning: rules.csv:6: left out: teamid:AAAAAAAAAA for fleet has policy block here, but allow on line 2

    $ nicelist rule convert rules.csv - --to jsonl --duplicates last
    exit code: 0
    ----- stdout -----
    {"target":"teamid:BBBBBBBBBB","policy":"allow","scope":"fleet","comment":"y"}
    {"target":"teamid:AAAAAAAAAA","policy":"block","scope":"fleet"}
    ----- stderr -----
    warning: rules.csv:2: left out: teamid:AAAAAAAAAA for fleet has policy allow here, but block on line 6
    warning: rules.csv:3: left out: teamid:BBBBBBBBBB for fleet has policy allow here and on line 5, but the other fields differ
    warning: rules.csv:4: repeats rules.csv:6; 1 identical row is ignored

    $ nicelist rule convert rules.jsonl - --to jsonl
    exit code: 5
    ----- stderr -----
    rules.jsonl:2: conflict: teamid:AAAAAAAAAA for fleet has policy block here, but allow on line 1
    error: 1 of 2 rows are invalid; nothing was written
    hint: to keep the first (or last) of the conflicting entries: nicelist rule convert rules.jsonl - --to jsonl --duplicates first

    $ nicelist rule convert rules.jsonl - --to jsonl --duplicates first
    exit code: 0
    ----- stdout -----
    {"target":"teamid:AAAAAAAAAA","policy":"allow","scope":"fleet"}
    ----- stderr -----
    warning: rules.jsonl:2: left out: teamid:AAAAAAAAAA for fleet has policy block here, but allow on line 1

    $ nicelist rule convert rules.jsonl - --to jsonl --duplicates last
    exit code: 0
    ----- stdout -----
    {"target":"teamid:AAAAAAAAAA","policy":"block","scope":"fleet"}
    ----- stderr -----
    warning: rules.jsonl:1: left out: teamid:AAAAAAAAAA for fleet has policy allow here, but block on line 2

    $ nicelist rule convert rules.json - --to jsonl
    exit code: 5
    ----- stderr -----
    rules.json:2:1: conflict: teamid:AAAAAAAAAA for fleet has policy block here, but allow at rules.json:1:2
    error: found 1 error; nothing was written
    hint: to keep the first (or last) of the conflicting entries: nicelist rule convert rules.json - --to jsonl --duplicates first

    $ nicelist rule convert rules.json - --to jsonl --duplicates first
    exit code: 0
    ----- stdout -----
    {"target":"teamid:AAAAAAAAAA","policy":"allow","scope":"fleet"}
    ----- stderr -----
    warning: rules.json:2:1: left out: teamid:AAAAAAAAAA for fleet has policy block here, but allow at rules.json:1:2

    $ nicelist rule convert rules.json - --to jsonl --duplicates last
    exit code: 0
    ----- stdout -----
    {"target":"teamid:AAAAAAAAAA","policy":"block","scope":"fleet"}
    ----- stderr -----
    warning: rules.json:1:2: left out: teamid:AAAAAAAAAA for fleet has policy allow here, but block at rules.json:2:1

    $ nicelist rule import rules.csv
    exit code: 5
    ----- stderr -----
    created the local database sqlite:a.db
    rules.csv:4: conflict: teamid:AAAAAAAAAA for fleet has policy block here, but allow on line 2
    rules.csv:5: conflict: teamid:BBBBBBBBBB for fleet has policy allow here and on line 3, but the other fields differ
    rules.csv:6: conflict: teamid:AAAAAAAAAA for fleet has policy block here, but allow on line 2
    error: 3 of 5 rows are invalid; nothing was changed
    hint: to import only the valid rows: nicelist rule import rules.csv --partial --rejects rejects.csv
    hint: to keep the first (or last) of the conflicting entries: nicelist rule import rules.csv --duplicates first

    $ nicelist rule import rules.csv --duplicates last
    exit code: 0
    ----- stderr -----
    warning: rules.csv:2: left out: teamid:AAAAAAAAAA for fleet has policy allow here, but block on line 6
    warning: rules.csv:3: left out: teamid:BBBBBBBBBB for fleet has policy allow here and on line 5, but the other fields differ
    warning: rules.csv:4: repeats rules.csv:6; 1 identical row is ignored
    added 2, changed 0, unchanged 0 (revision 1)
    "#);
    insta::assert_snapshot!(shell.run("rule list -o csv"), @"
    $ nicelist rule list -o csv
    exit code: 0
    ----- stdout -----
    target,policy,scope,cel,message,url,button_label,app_name,bundle_hash,bundle_binary_count,comment,ticket,source,expires,revision,author,since,withheld
    teamid:AAAAAAAAAA,block,fleet,,,,,,,,,,,,1,local:anna,[TIME],
    teamid:BBBBBBBBBB,allow,fleet,,,,,,,,y,,,,1,local:anna,[TIME],
    ");
}

/// W14: a CSV file may contain identifiers in the forms that other programs show. Without a
/// `rule_type` column, 64 hex digits are read as the hash of a binary, and other ambiguous
/// identifiers are refused.
#[test]
fn w14_csv_is_read_as_people_write_it() {
    let shell = Shell::new();
    let hash = "ab".repeat(32);
    let colons = ["CD"; 32].join(":");
    let spaces = ["efefefef"; 8].join(" ");
    shell.write(
        "hashes.csv",
        &format!(
            "rule_type,identifier,policy\nBINARY,SHA256:{hash},allow\nBINARY,{colons},allow\n\
             CERTIFICATE,{spaces},allow\n"
        ),
    );
    shell.write(
        "untyped.csv",
        &format!(
            "identifier,policy\nEQHXZ8M8AV,allow\n{hash},block\nplatform:com.apple.say,block\n\
             EQHXZ8M8AV,allow\n"
        ),
    );
    shell.write("unclear.csv", "identifier,policy\ncom.google.Chrome,allow\nEQHXZ8M8AV,allow\n");
    shell.write("scope.csv", "target,policy,scope\nteamid:EQHXZ8M8AV,allow,eng\n");
    let mut transcript = String::new();
    for name in ["hashes.csv", "untyped.csv", "unclear.csv", "scope.csv"] {
        transcript += &shell.run(&format!("rule convert {name} - --to jsonl"));
        transcript += "\n";
    }
    insta::assert_snapshot!(transcript, @r#"
    $ nicelist rule convert hashes.csv - --to jsonl
    exit code: 0
    ----- stdout -----
    {"target":"binary:abababababababababababababababababababababababababababababababab","policy":"allow","scope":"fleet"}
    {"target":"binary:cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd","policy":"allow","scope":"fleet"}
    {"target":"certificate:efefefefefefefefefefefefefefefefefefefefefefefefefefefefefefefef","policy":"allow","scope":"fleet"}

    $ nicelist rule convert untyped.csv - --to jsonl
    exit code: 0
    ----- stdout -----
    {"target":"teamid:EQHXZ8M8AV","policy":"allow","scope":"fleet"}
    {"target":"binary:abababababababababababababababababababababababababababababababab","policy":"block","scope":"fleet"}
    {"target":"signingid:platform:com.apple.say","policy":"block","scope":"fleet"}
    ----- stderr -----
    warning: untyped.csv:3: identifiers of 64 hex digits are read as binary, because the file has no rule_type column; certificate rules require that column
    warning: untyped.csv:5: repeats untyped.csv:2; 1 identical row is ignored

    $ nicelist rule convert unclear.csv - --to jsonl
    exit code: 5
    ----- stderr -----
    unclear.csv:2: identifier: invalid identifier `com.google.Chrome`: expected 64 or 40 hex digits, 10 letters and digits, or TEAMID:signing.id or platform:signing.id
    error: 1 of 2 rows are invalid; nothing was written

    $ nicelist rule convert scope.csv - --to jsonl
    exit code: 5
    ----- stderr -----
    scope.csv:2: scope: invalid scope `eng`: expected fleet, group:NAME, tag:NAME, user:NAME or host:NAME; did you mean tag:eng or host:eng?
    error: 1 of 1 rows are invalid; nothing was written
    "#);
}
