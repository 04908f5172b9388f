//! Commands on a local database. Commands that only read do not change it.

use std::fs;
use std::io::Read as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;

use flate2::read::GzDecoder;
use http::Method;
use jiff::SignedDuration;
use nicelist::fleet::Clock;
use nicelist::server::{App, Options, SyncAuth};
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::shell::Shell;
use crate::world::ask;

const MACHINE: &str = "mac-01";
const EXPIRED: &str = "teamid:EQHXZ8M8AV";
/// Commands that read, and dry runs.
const READS: &[&str] = &[
    "tag list",
    "rule list --type teamid",
    "rule show teamid:K7V3QWX92P",
    "rule explain teamid:EQHXZ8M8AV --host mac-01",
    "host list",
    "host show mac-01",
    "event list",
    "event stats",
    "settings show",
    "history",
    "history show 1",
    "token list",
    "status",
    "rule add block teamid:ZZZZZZZZZZ --dry-run",
    "settings set client-mode=lockdown --dry-run",
    "tag create eng --dry-run",
    "rollback 0 --dry-run",
];

/// Creates a database that a server last used two days ago. The database has more than 10,000
/// rules, a host, and an event that is older than the retention. One rule has expired since the
/// server stopped. The database file and its write-ahead log are copied to `crashed` while the
/// server runs.
fn write_database(path: &Path, crashed: &Path) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let then = Clock::System.now() - SignedDuration::from_hours(48);
    runtime.block_on(async {
        let options = Options {
            database: format!("sqlite:{}", path.display()),
            sync_auth: SyncAuth::None,
            clock: Clock::manual(then),
            ..Options::default()
        };
        let app = App::open(options).await.unwrap();
        let router = app.router();
        let post = async |path: &str, body: Value| {
            let (status, answer) = ask(&router, Method::POST, path, body).await;
            assert!(status.is_success(), "{answer}");
        };
        let rule = |target: String| json!({ "policy": "allow", "target": target });
        let mut rules: Vec<Value> =
            (0..10_000).map(|number| rule(format!("binary:{number:064x}"))).collect();
        rules.push(rule("teamid:K7V3QWX92P".to_owned()));
        let mut expiring = rule(EXPIRED.to_owned());
        expiring["expires"] = json!(then + SignedDuration::from_hours(24));
        rules.push(expiring);
        post("/rules", json!({ "put": rules })).await;
        let retention = json!({ "scope": "fleet", "set": { "event-retention": "1h" } });
        post("/settings", retention).await;
        let sync = async |stage: &str, body: Value| {
            let uri = format!("/santa/{stage}/{MACHINE}");
            let request = http::Request::post(uri).body(axum::body::Body::from(body.to_string()));
            let response = tower::ServiceExt::oneshot(router.clone(), request.unwrap()).await;
            assert!(response.unwrap().status().is_success(), "{stage}");
        };
        sync(
            "preflight",
            json!({ "serial_num": "C02", "hostname": "a", "santa_version": "2025.8" }),
        )
        .await;
        let event = json!({
            "file_sha256": "a".repeat(64), "file_path": "/a", "file_name": "a",
            "execution_time": then.as_second(), "decision": "BLOCK_UNKNOWN",
        });
        sync("eventupload", json!({ "events": [event] })).await;
        for end in ["", "-wal"] {
            fs::copy(next_to(path, end), next_to(crashed, end)).unwrap();
        }
    });
}

fn next_to(path: &Path, end: &str) -> std::path::PathBuf {
    format!("{}{end}", path.display()).into()
}

/// The contents of the database file, and of its write-ahead log if it exists.
fn bytes(path: &Path) -> (Vec<u8>, Option<Vec<u8>>) {
    (fs::read(path).unwrap(), fs::read(next_to(path, "-wal")).ok())
}

fn succeed(shell: &Shell, line: &str) -> String {
    let transcript = shell.run(line);
    assert!(transcript.contains("exit code: 0"), "{transcript}");
    transcript
}

#[test]
fn s7_a_read_leaves_a_local_database_as_it_is_and_does_not_show_expired_rules() {
    let shell = Shell::new();
    let (closed, crashed) = (shell.path("closed.db"), shell.path("crashed.db"));
    write_database(&closed, &crashed);
    for (name, path, has_log) in [("closed", &closed, false), ("crashed", &crashed, true)] {
        let before = bytes(path);
        assert_eq!(before.1.is_some(), has_log, "{name}");
        for line in READS {
            succeed(&shell, &format!("{line} --database sqlite:{name}.db"));
            assert!(bytes(path) == before, "{line} changed the {name} database");
        }
        assert_eq!(next_to(path, "-shm").exists(), has_log, "no file is left over");
        let database = format!("--database sqlite:{name}.db");
        let rules = shell.json(&format!("rule list --type teamid {database}"));
        let targets: Vec<&Value> =
            rules.as_array().unwrap().iter().map(|rule| &rule["target"]).collect();
        assert_eq!(targets, ["teamid:K7V3QWX92P"], "the other one has expired");
        let why = shell.run(&format!("rule explain {EXPIRED} --host {MACHINE} {database}"));
        assert!(why.contains("no rule"), "{why}");
        assert_eq!(shell.json(&format!("event list {database}")).as_array().unwrap().len(), 1);
    }

    // Before a command writes, it removes expired rules. It also deletes old events.
    let database = "--database sqlite:crashed.db";
    succeed(&shell, &format!("tag create eng {database}"));
    let history = shell.json(&format!("history {database}"));
    assert_eq!(history[1]["message"], "expired", "{history}");
    assert_eq!(shell.json(&format!("event list {database}")), json!([]));
}

#[test]
fn s7_commands_that_need_no_rules_read_none() {
    let shell = Shell::new();
    let path = shell.path("nicelist.db");
    write_database(&path, &shell.path("crashed.db"));
    // Damages a rule, so that commands that read all rules fail.
    let damage = "UPDATE rule SET policy = 2 WHERE id = 7";
    Connection::open(&path).unwrap().execute_batch(damage).unwrap();
    let database = "--database sqlite:nicelist.db";
    for line in [
        "tag list",
        "rule list --type teamid",
        "rule add allow teamid:ZZZZZZZZZZ",
        "rule remove teamid:ZZZZZZZZZZ",
        "tag create eng",
        "settings set client-mode=lockdown",
        "settings show",
        "history",
        "event list",
        "event stats",
        "token list",
        "host clean-sync mac-02",
    ] {
        let transcript = shell.run(&format!("{line} {database}"));
        let expected = if line.starts_with("host") { "not found" } else { "exit code: 0" };
        assert!(transcript.contains(expected), "{transcript}");
    }
    let transcript = shell.run(&format!("host list {database}"));
    assert!(transcript.contains("exit code: 1"), "where hosts stand depends on rules");
}

#[test]
fn s7_a_database_that_cannot_be_written_to_can_be_read() {
    let shell = Shell::new();
    let folder = shell.path("archive");
    fs::create_dir(&folder).unwrap();
    let path = folder.join("nicelist.db");
    write_database(&path, &shell.path("crashed.db"));
    let mode = |path: &Path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    };
    mode(&path, 0o444);
    mode(&folder, 0o555);
    mode(&shell.path(""), 0o755);
    let before = bytes(&path);
    for line in ["tag list", "rule list --type teamid", "host list", "event list"] {
        let words: Vec<&str> = line.split(' ').collect();
        let mut command = shell.command(&words);
        command.args(["--database", "sqlite:archive/nicelist.db"]);
        if fs::metadata(&folder).unwrap().uid() == 0 {
            // root can ignore permissions, so the command runs as another user.
            command.uid(65_534).gid(65_534);
        }
        let output = command.output().unwrap();
        assert!(output.status.success(), "{line}: {output:?}");
        assert!(bytes(&path) == before, "{line}");
    }
    mode(&folder, 0o755);
}

#[test]
fn s7_a_read_does_not_create_a_database() {
    let shell = Shell::new();
    for line in ["tag list", "host list", "event list"] {
        let transcript = shell.run(&format!("{line} --database sqlite:new/nicelist.db"));
        assert_eq!(
            transcript.split_once("exit code").unwrap().1,
            ": 1\n----- stderr -----\n\
             error: the database sqlite:new/nicelist.db does not exist\n\
             hint: the first command that changes something creates it: nicelist tag create NAME\n\
             hint: to read another database: --database sqlite:PATH; to use a server: --server URL\n"
        );
    }
    let dry_run = "rule add allow teamid:EQHXZ8M8AV --dry-run --database sqlite:new/nicelist.db";
    assert!(succeed(&shell, dry_run).contains("nothing was changed"));
    shell.write("rules.csv", "policy,target\nallow,teamid:EQHXZ8M8AV\n");
    let plan = shell.run("plan -f rules.csv --database sqlite:new/nicelist.db");
    assert!(plan.contains("Plan: 1 to add"), "{plan}");
    assert!(!shell.path("new").exists());
    succeed(&shell, "tag create eng --database sqlite:new/nicelist.db");
    succeed(&shell, "tag list --database sqlite:new/nicelist.db");
}

#[test]
fn s7_a_read_does_not_bring_a_database_up_to_date() {
    let shell = Shell::new();
    let path = shell.path("old.db");
    let packed = include_bytes!("../fixtures/version-0.1.0/nicelist.db.gz");
    let mut old = Vec::new();
    GzDecoder::new(&packed[..]).read_to_end(&mut old).unwrap();
    fs::write(&path, &old).unwrap();
    for line in ["tag list", "tag create new --dry-run"] {
        let transcript = shell.run(&format!("{line} --database sqlite:old.db"));
        assert!(transcript.contains("exit code: 1"), "{transcript}");
        assert!(transcript.contains("error: cannot read sqlite:old.db: its schema is too old"));
        assert!(transcript.contains(
            "hint: update its schema: nicelist database migrate --database sqlite:old.db\n"
        ));
        assert!(fs::read(&path).unwrap() == old, "{line}");
    }
    succeed(&shell, "database migrate --database sqlite:old.db");
    succeed(&shell, "tag list --database sqlite:old.db");
}
