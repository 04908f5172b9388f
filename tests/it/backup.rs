//! `database backup`, `database restore` and `database new-epoch`, with the real binary.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::process::Stdio;
use std::time::Instant;

use rusqlite::Connection;
use serde_json::{Value, json};

use crate::cluster::Database;
use crate::shell::{Server, Shell};

const OLD: &str = "--generation 2024.9";

fn done(shell: &Shell, line: &str) -> String {
    let transcript = shell.run(line);
    assert!(transcript.contains("exit code: 0\n"), "{transcript}");
    transcript
}

/// Runs a command that must fail. Returns the output, starting at the line with `error:`.
fn refused(shell: &Shell, line: &str) -> String {
    let transcript = shell.run(line);
    assert!(!transcript.contains("exit code: 0\n"), "{transcript}");
    let said = transcript.lines().skip_while(|line| !line.starts_with("error: "));
    said.collect::<Vec<_>>().join("\n") + "\n"
}

/// Replaces the time of a revision with `[TIME]`.
fn without_time(text: &str) -> String {
    let Some((before, rest)) = text.split_once(" of 20") else { return text.to_owned() };
    let (_, after) = rest.split_once(" UTC").unwrap();
    format!("{before} of [TIME]{after}")
}

/// Syncs a simulated Mac, whose state is kept in a file.
fn sync(shell: &Shell, server: &Server, name: &str, more: &str) -> Value {
    let base = server.sync_base();
    shell.json(&format!(
        "lab sync {base} --state {name}.json --machine-id {name} --hostname {name} --no-backoff \
         {more}"
    ))
}

fn files(shell: &Shell, text: &str) -> Vec<String> {
    let entries = std::fs::read_dir(shell.path("")).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|name| name.contains(text)).collect();
    names.sort();
    names
}

#[test]
fn l9_a_database_is_backed_up_while_a_server_writes_and_restored_when_it_has_stopped() {
    let mut shell = Shell::new();
    let server = Server::start_with(&shell, &["--restore-spread", "1s"]);
    let local = format!("--database sqlite:{}", shell.path("nicelist.db").display());
    shell.use_server(&server);
    done(&shell, "rule add block teamid:AAAAAAAAAA");
    sync(&shell, &server, "anna", OLD);
    let backup = std::thread::scope(|scope| {
        let (shell, local) = (&shell, &local);
        let writing = scope.spawn(move || {
            for number in 0..20 {
                done(shell, &format!("rule add allow teamid:{number:010}"));
            }
        });
        loop {
            let is_last = writing.is_finished();
            // The environment contains the server's URL, but a backup needs the local database.
            let backup = shell.json(&format!("database backup copy.db --force {local}"));
            let copy = Connection::open(shell.path("copy.db")).unwrap();
            let sql = "SELECT (SELECT count(*) FROM rule), (SELECT max(id) FROM revision)";
            let counts: (i64, i64) =
                copy.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
            assert_eq!((counts.0, counts.1), (counts.1, backup["revision"].as_i64().unwrap()));
            if is_last {
                return backup;
            }
        }
    });
    assert_eq!((&backup["revision"], &backup["hosts"]), (&json!(21), &json!(1)));
    let mode = std::fs::metadata(shell.path("copy.db")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(files(&shell, "unfinished"), [""; 0]);

    done(&shell, "rule remove teamid:AAAAAAAAAA");
    done(&shell, "rule add allow teamid:BBBBBBBBBB");
    sync(&shell, &server, "anna", OLD);
    let transcript = refused(&shell, &format!("database restore copy.db --yes {local}"));
    insta::assert_snapshot!(transcript, @"
    error: [HOME]/nicelist.db is in use; nothing was changed
    hint: stop the server, then restore again
    ");
    drop(server);
    shell.unset_server();
    let transcript = done(&shell, &format!("database restore copy.db --yes {local}"));
    assert!(transcript.contains("the replaced database is now"), "{transcript}");
    let replaced = files(&shell, "nicelist.db.replaced-");
    assert_eq!(replaced.len(), 1, "{replaced:?}");
    assert_eq!(files(&shell, "unfinished"), [""; 0]);
    let kept = format!("--database sqlite:{}", shell.path(&replaced[0]).display());
    assert!(shell.run(&format!("rule list {kept}")).contains("teamid:BBBBBBBBBB"));

    let server = Server::start_with(&shell, &["--restore-spread", "1s"]);
    shell.use_server(&server);
    assert_eq!(rules_after_the_turn(&shell, &server), 21);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn l9_a_postgresql_database_that_pg_restore_brought_back_gets_a_new_epoch() {
    let database = Database::empty().await;
    let (mut shell, place) = (Shell::new(), database.url());
    let server = Server::over(&shell, &place, &[]);
    shell.use_server(&server);
    done(&shell, "rule add block teamid:AAAAAAAAAA");
    sync(&shell, &server, "anna", OLD);
    database.dump();
    done(&shell, "rule remove teamid:AAAAAAAAAA");
    done(&shell, "rule add allow teamid:BBBBBBBBBB");
    sync(&shell, &server, "anna", OLD);
    drop(server);
    shell.unset_server();
    database.restore().await;
    done(&shell, &format!("database new-epoch --yes --database {place}"));

    let server = Server::over(&shell, &place, &["--restore-spread", "1s"]);
    shell.use_server(&server);
    assert_eq!(rules_after_the_turn(&shell, &server), 1);
    drop(server);
    database.drop().await;
}

/// Syncs a Mac repeatedly until it gets the clean sync that follows a restore. Returns the number
/// of rules on the Mac.
fn rules_after_the_turn(shell: &Shell, server: &Server) -> u64 {
    let shown = shell.run("host list");
    assert!(shown.contains("behind (restored)"), "{shown}");
    let report = sync(shell, server, "anna", OLD);
    assert_eq!((&report["performed"], &report["rules"]["received"]), (&json!("NORMAL"), &json!(0)));
    let began = Instant::now();
    while sync(shell, server, "anna", OLD)["performed"] != "CLEAN" {
        assert!(began.elapsed().as_secs() < 20, "its turn does not come");
    }
    let view = shell.json("host show anna");
    assert_eq!(view["state"], "in-sync");
    view["rules"]["held"].as_u64().unwrap()
}

#[test]
fn l9_failed_backups_and_restores_are_reported_and_change_nothing() {
    let mut shell = Shell::new();
    shell.set("NICELIST_DATABASE", "sqlite:nicelist.db");
    done(&shell, "rule add allow teamid:EQHXZ8M8AV");
    done(&shell, "database backup good.db");
    let good = std::fs::read(shell.path("good.db")).unwrap();
    std::fs::write(shell.path("cut.db"), &good[..good.len() / 2]).unwrap();
    let mut altered = good.clone();
    let at = altered.windows(10).rposition(|text| text == b"EQHXZ8M8AV").unwrap();
    altered[at] = b'X';
    std::fs::write(shell.path("altered.db"), altered).unwrap();
    std::fs::write(shell.path("text.db"), "not a database, but long enough to be read").unwrap();
    std::fs::write(shell.path("empty.db"), "").unwrap();
    let other = Connection::open(shell.path("other.db")).unwrap();
    other.execute_batch("CREATE TABLE other (x)").unwrap();
    std::fs::write(shell.path("newer.db"), &good).unwrap();
    let newer = Connection::open(shell.path("newer.db")).unwrap();
    newer.pragma_update(None, "user_version", 99).unwrap();
    let newest = &shell.json("database migrate --dry-run")["to"];
    let before = std::fs::read(shell.path("nicelist.db")).unwrap();

    let mut story = String::new();
    for line in [
        "restore none.db --yes",
        "restore text.db --yes",
        "restore empty.db --yes",
        "restore other.db --yes",
        "restore newer.db --yes",
        "restore cut.db --yes",
        "restore altered.db --yes",
        "restore nicelist.db --yes",
        "restore good.db",
        "restore good.db --yes --database sqlite:other.db",
        "restore good.db --yes --database sqlite:text.db",
        "restore good.db --yes --database postgres://nicelist:hushhush@db/nicelist",
        "backup good.db",
        "backup nicelist.db --force",
        "backup nowhere/copy.db",
        "backup . --force",
        "backup copy.db --database sqlite:none.db",
        "backup copy.db --database sqlite:text.db",
        "backup copy.db --database sqlite:altered.db",
        "backup copy.db --database postgres://nicelist:hushhush@db/nicelist",
        "backup copy.db --server http://127.0.0.1:1",
        "new-epoch",
    ] {
        let transcript = refused(&shell, &format!("database {line}"));
        story += &format!("{line}\n{}", transcript.replace(&format!(" {newest})"), " [N])"));
    }
    let story = story.replace(":hushhush@db/nicelist\n", "@db/nicelist\n");
    assert!(!story.contains("hushhush"), "{story}");
    insta::assert_snapshot!(without_time(&story), @"
    restore none.db --yes
    error: cannot restore none.db: the file does not exist; check the path
    hint: choose another backup file
    restore text.db --yes
    error: cannot restore text.db: it is not an SQLite database
    hint: choose another backup file
    restore empty.db --yes
    error: cannot restore empty.db: it is empty: nicelist has never used it
    hint: choose another backup file
    restore other.db --yes
    error: cannot restore other.db: it belongs to another program; use another file
    hint: choose another backup file
    restore newer.db --yes
    error: cannot restore newer.db: it was created by a newer nicelist (schema 99; this nicelist supports up to [N]); upgrade nicelist
    hint: choose another backup file
    restore cut.db --yes
    error: cannot restore cut.db: it is damaged or incomplete
    hint: choose another backup file
    restore altered.db --yes
    error: cannot restore altered.db: it is damaged: row 1 missing from index rule_live
    hint: choose another backup file
    restore nicelist.db --yes
    error: cannot restore nicelist.db: it is the database itself; use a backup
    hint: choose another backup file
    restore good.db
    error: not confirmed: Replace sqlite:nicelist.db with good.db (revision 1 of [TIME], 0 hosts)?
    hint: to confirm without a prompt: nicelist database restore good.db --yes
    restore good.db --yes --database sqlite:other.db
    error: cannot replace [HOME]/other.db: it is not a nicelist database
    hint: move the file away, then restore again: mv [HOME]/other.db [HOME]/other.db.old
    restore good.db --yes --database sqlite:text.db
    error: cannot replace [HOME]/text.db: it is not a nicelist database
    hint: move the file away, then restore again: mv [HOME]/text.db [HOME]/text.db.old
    restore good.db --yes --database postgres://nicelist@db/nicelist
    error: use PostgreSQL's tools for a PostgreSQL database
    hint: restore into an empty database: pg_restore --exit-on-error --dbname=postgres://nicelist@db/nicelist nicelist.dump && nicelist database new-epoch --database postgres://nicelist@db/nicelist
    backup good.db
    error: good.db already exists
    hint: to replace it: nicelist database backup good.db --force
    backup nicelist.db --force
    error: cannot write nicelist.db: it is the database itself; use another file
    backup nowhere/copy.db
    error: cannot write nowhere/copy.db: its folder does not exist
    backup . --force
    error: cannot write .: it is a folder; use a file
    backup copy.db --database sqlite:none.db
    error: cannot back up none.db: the file does not exist; check the path
    backup copy.db --database sqlite:text.db
    error: cannot back up text.db: it is not an SQLite database
    backup copy.db --database sqlite:altered.db
    error: cannot back up altered.db: it is damaged: row 1 missing from index rule_live
    hint: for details: nicelist database check --database sqlite:altered.db
    backup copy.db --database postgres://nicelist@db/nicelist
    error: use PostgreSQL's tools for a PostgreSQL database
    hint: pg_dump --format=custom --file=nicelist.dump postgres://nicelist@db/nicelist
    backup copy.db --server http://127.0.0.1:1
    error: this command requires direct access to the database, not a server
    hint: add the database: --database sqlite:PATH or --database postgres://USER@HOST/NAME
    new-epoch
    error: not confirmed: Start a new epoch? Hosts that cannot prove which rules they have get a clean sync.
    hint: to confirm without a prompt: nicelist database new-epoch --yes
    ");
    assert_eq!(std::fs::read(shell.path("nicelist.db")).unwrap(), before);
    assert_eq!(files(&shell, "copy.db"), [""; 0]);
    assert_eq!(files(&shell, "replaced"), [""; 0]);
    assert_eq!(files(&shell, "unfinished"), [""; 0]);
}

#[test]
fn l9_a_backup_of_an_older_nicelist_is_restored_and_brought_up_to_date() {
    let mut shell = Shell::new();
    let old = Connection::open(shell.path("old.db")).unwrap();
    old.execute_batch(include_str!("../../src/store/sqlite/migrations/0001_initial.sql")).unwrap();
    old.pragma_update(None, "application_id", i32::from_be_bytes(*b"nice")).unwrap();
    old.pragma_update(None, "user_version", 1).unwrap();
    drop(old);
    shell.set("NICELIST_DATABASE", "sqlite:old.db");
    done(&shell, "database backup backup.db");
    let transcript =
        done(&shell, "database restore backup.db --yes --database sqlite:new/nicelist.db");
    assert!(!transcript.contains("is now"), "nothing was there: {transcript}");
    done(&shell, "rule add allow teamid:EQHXZ8M8AV --database sqlite:new/nicelist.db");
    done(&shell, "database check --database sqlite:new/nicelist.db");
}

fn epoch(shell: &Shell, name: &str) -> i64 {
    let file = Connection::open(shell.path(name)).unwrap();
    file.query_one("SELECT id FROM epoch", [], |row| row.get(0)).unwrap()
}

#[test]
fn l9_the_log_of_a_killed_server_is_not_applied_to_a_restored_database_or_a_backup() {
    let mut shell = Shell::new();
    let local = "--database sqlite:nicelist.db";
    done(&shell, &format!("rule add allow teamid:AAAAAAAAAA {local}"));
    done(&shell, &format!("database backup copy.db {local}"));
    let server = Server::over(&shell, "sqlite:nicelist.db", &[]);
    shell.use_server(&server);
    done(&shell, "rule add allow teamid:BBBBBBBBBB");
    server.kill();
    shell.unset_server();
    std::fs::copy(shell.path("nicelist.db-wal"), shell.path("other.db-wal")).unwrap();
    let backup = "database backup other.db --database sqlite:copy.db";
    assert!(refused(&shell, backup).contains("other.db-wal already exists"));
    done(&shell, &format!("{backup} --force"));
    assert_eq!(files(&shell, "other.db"), ["other.db"]);

    std::fs::rename(shell.path("nicelist.db"), shell.path("old.db")).unwrap();
    done(&shell, &format!("database restore copy.db --yes {local}"));
    let rules = shell.json(&format!("rule list {local}"));
    assert_eq!(rules.as_array().unwrap().len(), 1, "{rules}");
    let aside = files(&shell, "nicelist.db.replaced-");
    assert!(aside.iter().any(|name| name.ends_with("-wal")), "{aside:?}");
}

#[test]
fn l9_a_database_behind_a_link_is_used_and_a_pipe_is_not_replaced() {
    let shell = Shell::new();
    done(&shell, "rule add allow teamid:EQHXZ8M8AV --database sqlite:real.db");
    std::os::unix::fs::symlink(shell.path("real.db"), shell.path("link.db")).unwrap();
    std::fs::create_dir(shell.path("elsewhere")).unwrap();
    std::os::unix::fs::symlink(shell.path("real.db"), shell.path("elsewhere/link.db")).unwrap();
    for link in ["link.db", "elsewhere/link.db"] {
        done(&shell, &format!("rule add allow teamid:AAAAAAAAAA --database sqlite:{link}"));
    }
    let made = std::process::Command::new("mkfifo").arg(shell.path("pipe")).status().unwrap();
    assert!(made.success());
    let transcript = refused(&shell, "database backup pipe --force --database sqlite:real.db");
    assert!(transcript.contains("it is a device or a pipe; use a file"), "{transcript}");
}

#[test]
fn l9_the_epoch_changes_on_restore_on_copy_and_by_hand() {
    let mut shell = Shell::new();
    shell.set("NICELIST_DATABASE", "sqlite:nicelist.db");
    done(&shell, "rule add allow teamid:EQHXZ8M8AV");
    let first = epoch(&shell, "nicelist.db");
    done(&shell, "database backup copy.db");
    assert_eq!(epoch(&shell, "copy.db"), first, "a backup is a file that cp could have made");
    done(&shell, "database restore copy.db --yes");
    let second = epoch(&shell, "nicelist.db");
    insta::assert_snapshot!(shell.run("database new-epoch --yes"), @"
    $ nicelist database new-epoch --yes
    exit code: 0
    ----- stderr -----
    started a new epoch
    hint: to list the hosts that wait for a clean sync: nicelist host list --state behind
    ");
    let third = epoch(&shell, "nicelist.db");
    let mistyped = refused(&shell, "database new-epoch --yes --database sqlite:nicelits.db");
    assert!(mistyped.contains("does not exist"), "{mistyped}");
    assert_eq!(files(&shell, "nicelits"), [""; 0]);
    done(&shell, "database copy sqlite:nicelist.db sqlite:moved.db");
    done(&shell, "database copy sqlite:nicelist.db sqlite:same.db --keep-epoch");
    let moved = epoch(&shell, "moved.db");
    let mut all = vec![first, second, third, moved];
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), 4);
    assert_eq!(epoch(&shell, "same.db"), third);
}

#[test]
fn l9_a_restore_that_is_killed_leaves_the_old_database_or_the_new_one() {
    let mut shell = Shell::new();
    shell.set("NICELIST_DATABASE", "sqlite:nicelist.db");
    let rows: String =
        (0..20_000).map(|number| format!("BINARY,{number:064x},ALLOWLIST\n")).collect();
    shell.write("rules.csv", &format!("rule_type,identifier,policy\n{rows}"));
    done(&shell, "rule import rules.csv");
    done(&shell, "database backup large.db");
    done(&shell, "rule add allow teamid:EQHXZ8M8AV");
    let restore = || {
        let mut command = shell.command(&["database", "restore", "large.db", "--yes"]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().unwrap()
    };
    std::fs::copy(shell.path("nicelist.db"), shell.path("before.db")).unwrap();
    let began = Instant::now();
    assert!(restore().wait().unwrap().success());
    let whole = began.elapsed();
    for moment in 1..=8 {
        std::fs::copy(shell.path("before.db"), shell.path("nicelist.db")).unwrap();
        let inode = std::fs::metadata(shell.path("nicelist.db")).unwrap().ino();
        let mut process = restore();
        std::thread::sleep(whole * moment / 8);
        process.kill().unwrap();
        process.wait().unwrap();
        done(&shell, "database check");
        let is_old = std::fs::metadata(shell.path("nicelist.db")).unwrap().ino() == inode;
        let file = Connection::open(shell.path("nicelist.db")).unwrap();
        let rules: i64 = file.query_one("SELECT count(*) FROM rule", [], |row| row.get(0)).unwrap();
        assert_eq!(rules, if is_old { 20_001 } else { 20_000 }, "killed at {moment}/8");
    }
}
