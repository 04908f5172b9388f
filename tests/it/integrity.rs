//! A damaged database is refused. A row that this version cannot read does not affect other rows.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use rusqlite::Connection;
use rusqlite::types::ValueRef;

use crate::cluster::Database;
use crate::shell::{Server, Shell};

const RULES: &str = "\
policy,rule_type,identifier,custom_msg,cel_expr,comment
BLOCKLIST,TEAMID,AAAAAAAAAA,blocked by the security team,,first
ALLOWLIST,TEAMID,BBBBBBBBBB,,,second
CEL,TEAMID,CCCCCCCCCC,,target.is_platform_binary == true ? ALLOWLIST : BLOCKLIST,third
ALLOWLIST,TEAMID,DDDDDDDDDD,,,fourth
";

/// A database with a few rules, a tag and a setting, without a server.
fn shell_with_rules() -> Shell {
    let shell = Shell::new();
    shell.write("rules.csv", RULES);
    for line in [
        "tag create eng",
        "rule import rules.csv",
        "rule remove teamid:DDDDDDDDDD",
        "settings set client-mode=lockdown",
    ] {
        let line = format!("{line} --database sqlite:nicelist.db");
        let transcript = shell.run(&line);
        assert!(transcript.contains("exit code: 0"), "{transcript}");
    }
    shell
}

/// Tries to start a server, which must fail. Returns its stderr.
fn refused_start(shell: &Shell) -> String {
    let mut serve =
        shell.command(&["serve", "--listen", "127.0.0.1:0", "--database", "sqlite:nicelist.db"]);
    let output = serve.stdin(Stdio::null()).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "it must not start");
    String::from_utf8(output.stderr).unwrap()
}

fn check(shell: &Shell) -> (Option<i32>, String) {
    let mut check = shell.command(&["database", "check", "--database", "sqlite:nicelist.db"]);
    let output = check.output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

fn sql(path: &Path, sql: &str) {
    Connection::open(path).unwrap().execute_batch(sql).unwrap();
}

/// Replaces all checksums of rules with the checksums that nicelist would store. The test has its
/// own code to compute checksums.
fn write_checksums(path: &Path) {
    let connection = Connection::open(path).unwrap();
    let mut rules = connection
        .prepare(
            "SELECT r.id, r.made, r.ended, r.rule_type, r.identifier, s.kind, s.name, r.policy,
                    r.cel, r.message, r.url, r.button_label, r.app_name, r.bundle_hash,
                    r.bundle_count, r.comment, r.ticket, r.source, r.expires
             FROM rule AS r JOIN scope AS s ON s.id = r.scope",
        )
        .unwrap();
    let mut rows = rules.query([]).unwrap();
    while let Some(row) = rows.next().unwrap() {
        let mut bytes = Vec::new();
        for column in 3..19 {
            match row.get_ref(column).unwrap() {
                ValueRef::Null => bytes.push(0),
                ValueRef::Integer(number) => {
                    bytes.push(1);
                    bytes.extend(number.to_le_bytes());
                }
                ValueRef::Text(text) => {
                    bytes.push(2);
                    bytes.extend((text.len() as u64).to_le_bytes());
                    bytes.extend(text);
                }
                other => panic!("{other:?}"),
            }
        }
        let (id, made): (i64, i64) = (row.get(0).unwrap(), row.get(1).unwrap());
        let ended: Option<i64> = row.get(2).unwrap();
        let hash = xxhash_rust::xxh3::xxh3_64(&bytes).cast_signed();
        let checksum = hash ^ made ^ ended.unwrap_or(0);
        connection.execute("UPDATE rule SET checksum = ? WHERE id = ?", [checksum, id]).unwrap();
    }
}

#[test]
fn l8_a_flipped_bit_is_found_and_the_row_is_not_served() {
    let shell = shell_with_rules();
    let path = shell.path("nicelist.db");
    let (code, said) = check(&shell);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("no damage found in sqlite:nicelist.db (6 rows checked)"), "{said}");

    let sound = std::fs::read(&path).unwrap();
    let words = b"blocked by the security team";
    let place = sound.windows(words.len()).position(|part| part == words).unwrap();
    for bit in [0, 3, 5] {
        let mut damaged = sound.clone();
        damaged[place + 7] ^= 1 << bit;
        std::fs::write(&path, &damaged).unwrap();
        let said = refused_start(&shell);
        assert!(said.contains("the database is damaged"), "{said}");
        assert!(said.contains("(AAAAAAAAAA)") && said.contains("from a backup"), "{said}");
        let (code, said) = check(&shell);
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains("the checksum of rule") && said.contains("from a backup"), "{said}");
    }
    std::fs::write(&path, &sound).unwrap();
    drop(Server::start(&shell));
}

#[test]
fn l8_each_column_of_rules_settings_and_tags_is_covered() {
    let shell = shell_with_rules();
    let path = shell.path("nicelist.db");
    let sound = std::fs::read(&path).unwrap();
    for change in [
        "UPDATE rule SET policy = 0 WHERE identifier = 'AAAAAAAAAA'",
        "UPDATE rule SET identifier = 'AAAAAAAAAB' WHERE identifier = 'AAAAAAAAAA'",
        "UPDATE rule SET rule_type = 2 WHERE identifier = 'AAAAAAAAAA'",
        "UPDATE rule SET made = made + 1 WHERE identifier = 'AAAAAAAAAA'",
        "UPDATE rule SET ended = made + 1 WHERE identifier = 'AAAAAAAAAA'",
        "UPDATE rule SET ended = NULL WHERE identifier = 'DDDDDDDDDD'",
        "UPDATE rule SET expires = 1 WHERE identifier = 'AAAAAAAAAA'",
        "UPDATE scope SET kind = 1, name = 'eng' WHERE kind = 0",
        "UPDATE setting SET value = 'monitor'",
        "UPDATE tag SET priority = priority + 1",
    ] {
        std::fs::write(&path, &sound).unwrap();
        sql(&path, change);
        let said = refused_start(&shell);
        assert!(said.contains("from a backup"), "{change}: {said}");
        assert_eq!(check(&shell).0, Some(1), "{change}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn l12_an_unreadable_row_is_reported_and_affects_no_other_row() {
    let mut shell = shell_with_rules();
    let path = shell.path("nicelist.db");
    // An unknown policy, a comment that is too long, a CEL expression that this version refuses,
    // and an unknown policy in a removed rule.
    let long = "x".repeat(10_000);
    sql(
        &path,
        &format!(
            "UPDATE rule SET policy = 99 WHERE identifier = 'AAAAAAAAAA';
             UPDATE rule SET comment = '{long}' WHERE identifier = 'BBBBBBBBBB';
             UPDATE rule SET cel = 'later.field == true' WHERE identifier = 'CCCCCCCCCC';
             UPDATE rule SET policy = 77 WHERE identifier = 'DDDDDDDDDD'"
        ),
    );
    write_checksums(&path);
    for line in ["rule list -o csv", "tag list"] {
        let transcript = shell.run(&format!("{line} --database sqlite:nicelist.db"));
        assert!(transcript.contains("exit code: 0"), "{transcript}");
    }
    let postgres = Database::empty().await;
    let copied = shell.run(&format!("database copy sqlite:nicelist.db {}", postgres.url()));
    assert!(copied.contains("exit code: 0"), "{copied}");
    for url in ["sqlite:nicelist.db", &postgres.url()] {
        let listed = shell.run(&format!("rule list -o csv --database {url}"));
        assert!(listed.contains("exit code: 0") && !listed.contains("AAAAAAAAAA"), "{listed}");
        let found = shell.run(&format!("rule lint --ignore NL203 -o json --database {url}"));
        assert!(found.contains("NL002") && found.contains("exit code: 3"), "{found}");
        assert!(found.contains("cannot read teamid:BBBBBBBBBB: "), "{found}");
        assert!(
            found.contains("rule 1 (AAAAAAAAAA) cannot be read and is not served: "),
            "{found}"
        );
        assert!(
            !found.contains("DDDDDDDDDD"),
            "a rule that was removed is of no interest: {found}"
        );
    }
    postgres.drop().await;

    let server = Server::start(&shell);
    shell.use_server(&server);
    let linted = shell.run("rule lint");
    assert!(linted.contains("upgrade nicelist, or replace or delete the row"), "{linted}");
    let listed = shell.run("rule list -o csv");
    assert!(listed.contains("BBBBBBBBBB") && listed.contains("later.field == true"), "{listed}");
    assert!(!listed.contains("AAAAAAAAAA") && !listed.contains("DDDDDDDDDD"), "{listed}");

    let client = reqwest::Client::new();
    let get = async |path: &str| -> serde_json::Value {
        let request =
            client.get(format!("{}{path}", server.url)).bearer_auth("the-admin-of-the-tests");
        request.send().await.unwrap().json().await.unwrap()
    };
    let status = get("/api/v1/status").await;
    assert_eq!(status["unreadable"], 1, "{status}");
    assert_eq!(status["unreadable_rows"][0]["about"], "AAAAAAAAAA");
    let readyz = get("/readyz").await;
    assert_eq!(readyz["ready"], true, "{readyz}");
    assert_eq!(readyz["warnings"][0]["code"], "rows-unreadable", "{readyz}");
    assert_eq!(server.log().matches("a row cannot be read").count(), 1, "{}", server.log());
    let row = "Unreadable rows\n   rule 1  AAAAAAAAAA: ";
    for flags in ["", " --database sqlite:nicelist.db"] {
        let transcript = shell.run(&format!("status{flags}"));
        assert!(transcript.contains("exit code: 0") && transcript.contains(row), "{transcript}");
        assert!(transcript.contains("rows-unreadable"), "{transcript}");
    }

    // The unreadable rule can be replaced like any other rule.
    let replaced = shell.run("rule add block teamid:AAAAAAAAAA");
    assert!(replaced.contains("exit code: 0"), "{replaced}");
    assert_eq!(get("/api/v1/status").await["unreadable"], 0);
    assert!(shell.run("rule list -o csv").contains("AAAAAAAAAA"));
}

#[test]
fn l8_a_check_of_an_empty_database_says_so() {
    let shell = Shell::new();
    let mut none = shell.command(&["database", "check", "--database", "sqlite:none.db"]);
    let output = none.output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    std::io::stderr().write_all(&output.stderr).unwrap();
    assert!(!shell.path("none.db").exists(), "it creates nothing");
    let help = Command::new(env!("CARGO_BIN_EXE_nicelist")).args(["database", "--help"]).output();
    assert!(String::from_utf8(help.unwrap().stdout).unwrap().contains("check"));
}
