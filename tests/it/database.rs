//! Copies, compares and migrates whole databases, with the real binary.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use serde_json::{Value, json};

use crate::cluster::{Cluster, Database};
use crate::events::{blocked, digest, with};
use crate::shell::{ENROLLMENT, Server, Shell};

/// Adds a password to the URL of a PostgreSQL database. The database does not require a password.
fn with_password(url: &str) -> String {
    url.replace("postgres://nicelist@", "postgres://nicelist:hushhush@")
}

fn sqlite(shell: &Shell, name: &str) -> String {
    format!("sqlite:{}", shell.path(name).display())
}

fn answer(transcript: &str) -> &str {
    transcript.split_once('\n').unwrap().1
}

/// Runs a command that must succeed and must not print the password.
fn done(shell: &Shell, line: &str) -> String {
    let transcript = shell.run(line);
    assert!(
        transcript.contains("exit code: 0\n") && !answer(&transcript).contains("hushhush"),
        "{transcript}"
    );
    transcript
}

/// Runs a command that must fail and must not print the password. Returns the output, starting at
/// the line with `error:`.
fn refused(shell: &Shell, line: &str) -> String {
    let transcript = shell.run(line);
    assert!(
        transcript.contains("exit code: 1\n") && !answer(&transcript).contains("hushhush"),
        "{transcript}"
    );
    let port = Cluster::shared().url("").rsplit_once(':').unwrap().1.replace('/', "");
    let said = transcript.lines().skip_while(|line| !line.starts_with("error: "));
    said.collect::<Vec<_>>().join("\n").replace(&port, "[PORT]")
}

/// Syncs a simulated Mac, whose state is kept in a file.
fn sync(shell: &Shell, server: &Server, name: &str) -> Value {
    shell.json(&format!(
        "lab sync {} --state {name}.json --machine-id {name} --hostname {name}.local --user {name} \
         --no-backoff",
        server.sync_base()
    ))
}

async fn post(server: &Server, stage: &str, machine: &str, body: Value) -> Value {
    let url = format!("{}/santa/{ENROLLMENT}/{stage}/{machine}", server.url);
    let response = reqwest::Client::new().post(url).body(body.to_string()).send().await.unwrap();
    assert_eq!(response.status(), 200);
    response.json().await.unwrap()
}

/// Fills the database with many kinds of data.
async fn live(shell: &mut Shell, server: &Server) {
    shell.use_server(server);
    for line in [
        "tag create eng --user anna --description Engineers",
        "tag create gone",
        "tag delete gone --yes",
        "rule add allow teamid:EQHXZ8M8AV --comment Chrome --ticket IT-1",
        "rule add block teamid:EQHXZ8M8AV --message Nein --url https://example.com/%file_sha%",
        "rule add cel signingid:platform:com.apple.nc --cel euid!=0 --scope tag:eng",
        "rule add allow teamid:AAAAAAAAAA --scope user:anna",
        "rule remove teamid:AAAAAAAAAA --scope user:anna",
        "rule add block teamid:BBBBBBBBBB --expires 1s",
        "settings set client-mode=lockdown full-sync-interval=10m",
        "settings unset full-sync-interval",
        "token create ci --role viewer",
        "token create old --role editor --expires 9d",
        "token revoke old --yes",
    ] {
        done(shell, line);
    }
    sync(shell, server, "anna");
    sync(shell, server, "ben");
    done(shell, "host tag ben eng");
    let hash = digest("bundle");
    let member = json!({
        "file_sha256": digest("helper"), "file_path": "/A.app", "file_name": "helper",
        "decision": "BUNDLE_BINARY", "file_bundle_hash": hash, "file_bundle_binary_count": 2,
    });
    let events = [
        blocked("Pinecone", 0),
        with(blocked("Zapfen", 1), json!({"executing_user": "mi\0ra"})),
        with(blocked("Timeless", 2), json!({"execution_time": null})),
        member,
    ];
    let access = json!({
        "rule_name": "Cookies", "target": "/Users/mira/Cookies", "access_time": 1_790_000_100.25,
        "decision": "FILE_ACCESS_DECISION_DENIED",
        "process_chain": [{"pid": 501, "file_path": "/opt/grab", "file_sha256": digest("grab")}],
    });
    let body = json!({"events": events, "file_access_events": [access]});
    post(server, "eventupload", "anna", body).await;
    // A host with unusual values, and a forgotten host whose event was the newest.
    let asks = json!({"hostname": "nul\0host", "serial_num": "\0", "primary_user": "größe"});
    post(server, "preflight", "nul", asks.clone()).await;
    post(server, "preflight", "lost", asks).await;
    post(server, "eventupload", "lost", json!({"events": [blocked("Lost", 9)]})).await;
    done(shell, "host forget lost --events --yes");
    let began = Instant::now();
    while shell.json("rule list").as_array().unwrap().len() > 2 {
        assert!(began.elapsed() < Duration::from_secs(20), "nothing expires");
        std::thread::sleep(Duration::from_millis(100));
    }
    sync(shell, server, "anna");
    sync(shell, server, "ben");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_is_copied_to_postgres_and_back_without_changes() {
    let mut shell = Shell::new();
    let server = Server::start(&shell);
    live(&mut shell, &server).await;
    let (history, hosts) = (shell.json("history"), shell.json("host list"));
    server.shut_down();
    server.wait();
    shell.unset_server();
    let database = Database::empty().await;
    let (old, new) = (sqlite(&shell, "nicelist.db"), with_password(&database.url()));
    let counted = done(&shell, &format!("database copy {old} {new} --dry-run -o csv"));
    for transcript in ["\nrule,5\n", "\nhost,3\n", "\nevent,5\n", "\nscope_set,3\n", "\ntoken,4\n"]
    {
        assert!(counted.contains(transcript), "{transcript}: {counted}");
    }
    let copied = shell.json(&format!("database copy {old} {new} --keep-epoch"));
    assert!(copied.as_array().unwrap().iter().all(|table| table["rows"] != 0), "{copied}");
    done(&shell, &format!("database compare {old} {new}"));
    let back = sqlite(&shell, "back.db");
    shell.set("NICELIST_DATABASE", &new);
    done(&shell, &format!("database copy configured {back} --keep-epoch"));
    shell.unset_server();
    for (first, second) in [(&new, &back), (&back, &new), (&old, &back)] {
        done(&shell, &format!("database compare {first} {second}"));
    }

    // A server on each copy continues where the original server stopped.
    let newest = "SELECT max(id) FROM rule";
    let newest: i64 = Connection::open(shell.path("back.db"))
        .unwrap()
        .query_one(newest, [], |row| row.get(0))
        .unwrap();
    for (place, mac) in [(&new, "anna"), (&back, "ben")] {
        let server = Server::over(&shell, place, &[]);
        shell.use_server(&server);
        assert_eq!(shell.json("history"), history);
        assert_eq!(shell.json("host list"), hosts);
        let report = sync(&shell, &server, mac);
        assert_eq!(report["rules"]["received"], 0, "its holding is known: {report}");
        assert_ne!(report["preflight"]["sync_type"], "clean", "{report}");
        done(&shell, "rule add block teamid:CCCCCCCCCC");
        let report = sync(&shell, &server, mac);
        assert_eq!(report["rules"]["received"], 1, "{report}");
        // Events that were uploaded before the copy are not stored again, and no event number is
        // reused.
        let events = json!({"events": [blocked("Pinecone", 0), blocked("New", 8)]});
        post(&server, "eventupload", "anna", events).await;
        let listed = shell.json("event list");
        let numbers: Vec<u64> =
            listed.as_array().unwrap().iter().map(|event| event["id"].as_u64().unwrap()).collect();
        assert_eq!(numbers[1..], [5, 4, 3, 2, 1]);
        assert!(numbers[0] > 6, "6 was the lost host's: {numbers:?}");
        shell.unset_server();
    }
    let sql = "SELECT id FROM rule WHERE identifier = 'CCCCCCCCCC'";
    let on = database.cluster.connect(&database.name).await;
    let given: i64 = on.query_one(sql, &[]).await.unwrap().get(0);
    assert!(given > newest, "{given} {newest}");
    let differ = shell.run(&format!("database compare {old} {new}"));
    assert!(
        differ.contains("exit code: 3") && differ.contains("rule: 1 only in the second database")
    );
    drop(on);
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn failed_copies_are_reported_and_change_nothing() {
    let shell = Shell::new();
    done(&shell, "rule add allow teamid:EQHXZ8M8AV --database sqlite:one.db");
    let database = Database::empty().await;
    let name = database.name.clone();
    let server = with_password(&database.url());
    let limited = Database::empty().await;
    let read_only = "SET default_transaction_read_only = on";
    limited.run_sql(&format!("ALTER DATABASE {} {read_only}", limited.name)).await;
    let newest = &shell.json("database migrate --dry-run --database sqlite:one.db")["to"];
    let mut story = String::new();
    let mut refuse = |line: &str| {
        let line = line.replace("PG", &server);
        let mut transcript = refused(&shell, &format!("database {line}"));
        for (name, shown) in [(&name, "[NAME]"), (&limited.name, "[OTHER]")] {
            transcript = transcript.replace(&format!("/{name}: "), &format!("/{shown}: "));
        }
        story += &(transcript.replace(&format!(" {newest})"), " [N])") + "\n");
    };
    // The source cannot be copied.
    refuse("copy sqlite:none.db sqlite:to.db");
    refuse("copy PG sqlite:to.db");
    refuse("copy sqlite::memory: sqlite:to.db");
    std::fs::write(shell.path("text.db"), "not a database, but long enough to be read").unwrap();
    refuse("copy sqlite:text.db sqlite:to.db");
    let other = Connection::open(shell.path("other.db")).unwrap();
    other.execute_batch("CREATE TABLE other (x)").unwrap();
    refuse("copy sqlite:other.db sqlite:to.db");
    for (version, path) in [(2, "older.db"), (99, "newer.db")] {
        done(&shell, &format!("database copy sqlite:one.db sqlite:{path}"));
        let file = Connection::open(shell.path(path)).unwrap();
        file.pragma_update(None, "user_version", version).unwrap();
    }
    refuse("copy sqlite:older.db sqlite:to.db");
    refuse("copy sqlite:newer.db sqlite:to.db");
    // The target cannot be used.
    done(&shell, "rule add allow teamid:EQHXZ8M8AV --database sqlite:two.db");
    refuse("copy sqlite:one.db sqlite:two.db");
    std::os::unix::fs::symlink(shell.path("one.db"), shell.path("link.db")).unwrap();
    refuse("copy sqlite:one.db sqlite:link.db");
    refuse("copy sqlite:one.db sqlite:newer.db");
    refuse("copy sqlite:one.db postgres://nicelist:hushhush@127.0.0.1:1/x");
    refuse("copy sqlite:one.db postgres://nicelist:hushhush@127.0.0.1:1/x?sslmode=always");
    refuse(&format!("copy sqlite:one.db {} --dry-run", limited.url()));
    refuse("migrate --database postgres://nicelist:hushhush@127.0.0.1:1/x");
    done(&shell, &format!("database copy sqlite:one.db {server}"));
    refuse("copy PG PG?application_name=other");
    refuse("copy sqlite:one.db PG");
    insta::assert_snapshot!(story, @"
    error: cannot read sqlite:none.db: the file does not exist; check the path
    error: cannot read postgres://nicelist@127.0.0.1:[PORT]/[NAME]: it is empty: nicelist has never used it; use the database of your server
    error: cannot open sqlite::memory:: it has no file name
    error: cannot open sqlite:text.db: it is not an SQLite database
    error: cannot open sqlite:other.db: it belongs to another program; use another file
    error: cannot read sqlite:older.db: its schema is too old (schema 2; this nicelist requires [N]); update it: nicelist database migrate --database sqlite:older.db
    error: cannot open sqlite:newer.db: it was created by a newer nicelist (schema 99; this nicelist supports up to [N]); upgrade nicelist
    error: cannot copy into sqlite:two.db: it is already in use (there are rows in revision, scope, rule); use a new database
    error: cannot copy into sqlite:link.db: it is the database to be copied; use another one
    error: cannot open sqlite:newer.db: it was created by a newer nicelist (schema 99; this nicelist supports up to [N]); upgrade nicelist
    error: cannot open postgres://nicelist@127.0.0.1:1/x: error connecting to server: Connection refused (os error 111); check that PostgreSQL is running and that this machine can reach it
    error: cannot open the PostgreSQL database: invalid sslmode `always`: expected disable, prefer, require, verify-ca or verify-full
    error: cannot copy into postgres://nicelist@127.0.0.1:[PORT]/[OTHER]: it is read-only (default_transaction_read_only); allow the user in the URL to write
    error: cannot open postgres://nicelist@127.0.0.1:1/x: error connecting to server: Connection refused (os error 111); check that PostgreSQL is running and that this machine can reach it
    error: cannot copy into postgres://nicelist@127.0.0.1:[PORT]/[NAME]: it is the database to be copied; use another one
    error: cannot copy into postgres://nicelist@127.0.0.1:[PORT]/[NAME]: it is already in use (there are rows in revision, scope, rule); use a new database
    ");
    for name in ["none.db", "to.db"] {
        assert!(!shell.path(name).exists(), "{name}");
    }
    let transcript = shell.run("database copy mysql://nicelist:hushhush@db/x sqlite:to.db");
    assert!(
        transcript.contains("exit code: 2") && !answer(&transcript).contains("hushhush"),
        "{transcript}"
    );
    let transcript = shell.run("rule list --database mysql://nicelist:hushhush@db/x");
    assert!(
        transcript.contains("exit code: 2") && !answer(&transcript).contains("hushhush"),
        "{transcript}"
    );
    database.drop().await;
}

fn many_rules(shell: &Shell) {
    let rows: String =
        (0..10_000).map(|number| format!("BINARY,{number:064x},ALLOWLIST\n")).collect();
    shell.write("rules.csv", &format!("rule_type,identifier,policy\n{rows}"));
    done(shell, "rule import rules.csv --database sqlite:many.db");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_copy_leaves_everything_or_nothing() {
    let shell = Shell::new();
    many_rules(&shell);
    let mut killed = 0;
    for kind in ["sqlite", "postgres"] {
        let mut took = Duration::ZERO;
        for moment in 0..=4 {
            let database = Database::empty().await;
            let file = format!("sqlite:to-{moment}.db");
            let to = if kind == "sqlite" { file } else { database.url() };
            let mut command = shell.command(&["database", "copy", "sqlite:many.db", &to]);
            let began = Instant::now();
            let mut process = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            // The first copy is not interrupted, to measure how long a copy takes.
            if moment == 0 {
                assert!(process.wait().unwrap().success());
                took = began.elapsed();
            } else {
                std::thread::sleep(took * moment / 5);
                process.kill().unwrap();
                process.wait().unwrap();
            }
            let compare = format!("database compare sqlite:many.db {to}");
            if !shell.run(&compare).contains("exit code: 0") {
                killed += 1;
                done(&shell, &format!("database copy sqlite:many.db {to}"));
                done(&shell, &compare);
            }
            database.drop().await;
        }
    }
    assert!(killed > 2, "{killed} of 8 were cut off");
}

#[test]
fn a_copy_to_a_full_disk_leaves_nothing() {
    let shell = Shell::new();
    many_rules(&shell);
    // Writes beyond the limit fail with an error, not with a signal.
    let limited = "trap '' XFSZ; ulimit -f 1000; exec \"$@\"";
    let copy = shell.command(&["database", "copy", "sqlite:many.db", "sqlite:to.db"]);
    let mut sh = Command::new("sh");
    sh.args(["-c", limited, "sh"]).arg(copy.get_program()).args(copy.get_args());
    let output = sh.current_dir(shell.path("")).output().unwrap();
    let transcript = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{transcript}");
    assert!(transcript.starts_with("error: cannot copy into sqlite:to.db: "), "{transcript}");
    done(&shell, "database copy sqlite:many.db sqlite:to.db");
}

#[test]
fn a_copy_is_of_one_moment_while_a_server_writes() {
    let mut shell = Shell::new();
    let server = Server::start(&shell);
    let from = sqlite(&shell, "nicelist.db");
    shell.use_server(&server);
    std::thread::scope(|scope| {
        let shell = &shell;
        let writing = scope.spawn(move || {
            for number in 0..30 {
                done(shell, &format!("rule add allow teamid:{number:010}"));
            }
        });
        let mut copies = 0;
        while !writing.is_finished() || copies == 0 {
            copies += 1;
            let copied = shell.json(&format!("database copy {from} sqlite:copy-{copies}.db"));
            let rows = |table: &str| {
                let mut tables = copied.as_array().unwrap().iter();
                tables.find(|found| found["table"] == table).unwrap()["rows"].as_u64()
            };
            assert_eq!(rows("rule"), rows("revision"), "each made one: {copied}");
        }
    });
}

#[test]
fn differences_between_databases_are_reported() {
    let shell = Shell::new();
    for number in 0..4 {
        done(&shell, &format!("rule add allow teamid:{number:010} --database sqlite:one.db"));
    }
    done(&shell, "database copy sqlite:one.db sqlite:two.db");
    let two = Connection::open(shell.path("two.db")).unwrap();
    two.execute_batch(
        "UPDATE rule SET comment = 'x' WHERE id = 2; DELETE FROM rule WHERE id = 4;
         UPDATE sqlite_sequence SET seq = 3 WHERE name = 'rule';
         INSERT INTO host VALUES ('M1', 1, '', '', '', '[]', 0, '{}', '{}', 0, 0, 0, 0)",
    )
    .unwrap();
    insta::assert_snapshot!(shell.run("database compare sqlite:one.db sqlite:two.db"), @"
    $ nicelist database compare sqlite:one.db sqlite:two.db
    exit code: 3
    ----- stdout -----
    TABLE  SAME  DIFFERENT  ONLY FIRST  ONLY SECOND
    meta  0  0  0  0
    revision  4  0  0  0
    scope  1  0  0  0
    rule  2  1  1  0
    setting  0  0  0  0
    tag  0  0  0  0
    host  0  0  0  1
    scope_set  0  0  0  0
    event  0  0  0  0
    program  0  0  0  0
    machine  0  0  0  0
    sighting  0  0  0  0
    token  0  0  0  0
    ----- stderr -----
    rule: 1 different, 1 only in the first database, first difference at 2, new rows in the second database may reuse row numbers of the first
    host: 1 only in the second database, first difference at M1
    ");
    let found = shell.command(&[
        "database",
        "compare",
        "sqlite:one.db",
        "sqlite:two.db",
        "-o",
        "csv",
        "--quiet",
    ]);
    let found = { found }.output().unwrap();
    assert_eq!(found.status.code(), Some(3));
    let found = String::from_utf8(found.stdout).unwrap();
    assert!(found.contains("\nrule,2,1,1,0,2,true\n"), "{found}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_schema_is_migrated_without_starting_a_server() {
    let mut shell = Shell::new();
    let old = Connection::open(shell.path("old.db")).unwrap();
    old.execute_batch(include_str!("../../src/store/sqlite/migrations/0001_initial.sql")).unwrap();
    old.execute_batch(include_str!("../../src/store/sqlite/migrations/0002_events.sql")).unwrap();
    old.pragma_update(None, "application_id", i32::from_be_bytes(*b"nice")).unwrap();
    old.pragma_update(None, "user_version", 2).unwrap();
    let version =
        || -> i64 { old.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap() };
    shell.set("NICELIST_DATABASE", "sqlite:old.db");
    let would = done(&shell, "database migrate --dry-run");
    assert!(would.contains("would update sqlite:old.db from schema 2 to schema"), "{would}");
    assert_eq!(version(), 2);
    let transcript = shell.json("database migrate");
    assert_eq!((&transcript["from"], transcript["to"].as_i64()), (&json!(2), Some(version())));
    assert!(version() > 2);
    let again = done(&shell, "database migrate");
    assert!(again.contains("sqlite:old.db is up to date"), "{again}");

    let database = Database::empty().await;
    let url = with_password(&database.url());
    let dry = shell.json(&format!("database migrate --dry-run --database {url}"));
    assert_eq!(dry["from"], 0);
    let transcript = shell.json(&format!("database migrate --database {url}"));
    assert_eq!(
        (transcript["from"].as_i64(), transcript["to"].as_i64()),
        (Some(0), Some(version()))
    );
    let again = shell.json(&format!("database migrate --database {url}"));
    assert_eq!(again["from"], again["to"]);
    shell.set("NICELIST_SERVER", "http://127.0.0.1:1");
    shell.set("NICELIST_DATABASE", "");
    let transcript = shell.run("database migrate --server http://127.0.0.1:1");
    assert!(transcript.contains("exit code: 2"), "{transcript}");
    database.drop().await;
}
