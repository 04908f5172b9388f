//! Scheduled backups: `serve --backup-dir`, with the real binary.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::shell::{Server, Shell};

const PATIENCE: Duration = Duration::from_secs(30);

/// The names of the files in a folder, sorted.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

/// The beginning of the names of another database's backups.
const ANOTHER: &str = "nicelist-00000000-";

/// The files in a folder that have the name of a scheduled backup of this database.
fn backups(folder: &Path) -> Vec<String> {
    let is_backup = |name: &String| {
        name.starts_with("nicelist-") && name.len() == 37 && !name.starts_with(ANOTHER)
    };
    names(folder).into_iter().filter(is_backup).collect()
}

fn until(what: &str, server: &Server, is_so: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < PATIENCE, "{what} never happens\n{}", server.log());
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A folder, and the options of a server that backs up to it.
fn options<'a>(folder: &'a str, every: &'a str) -> [&'a str; 6] {
    ["--backup-dir", folder, "--backup-every", every, "--backup-keep", "2"]
}

fn status(shell: &Shell) -> Value {
    shell.json("status")
}

/// Checks a backup as `nicelist database check` does.
fn check(shell: &Shell, file: &str) {
    let transcript = shell.run(&format!("database check --database sqlite:{file}"));
    assert!(transcript.contains("exit code: 0\n"), "{transcript}");
}

#[test]
fn l9_backups_are_written_checked_and_the_oldest_deleted() {
    let mut shell = Shell::new();
    let folder = shell.path("backups");
    fs::create_dir(&folder).unwrap();
    let another = format!("{ANOTHER}20200101T000000Z.db");
    let others = [another.as_str(), "nicelist-2020.db", "nicelist.db", "notes.txt"];
    for name in others {
        fs::write(folder.join(name), "kept").unwrap();
    }
    let server = Server::start_with(&shell, &options("backups", "1s"));
    shell.use_server(&server);
    assert!(shell.run("rule add allow teamid:EQHXZ8M8AV").contains("exit code: 0"));
    let first = {
        until("the first backup", &server, || !backups(&folder).is_empty());
        backups(&folder).pop().unwrap()
    };
    until("the deletion of the first backup", &server, || !backups(&folder).contains(&first));
    until("a backup in the status", &server, || status(&shell)["backups"]["last"].is_object());
    let shown = status(&shell);
    let shown_folder = folder.display().to_string();
    assert_eq!(shown["backups"]["folder"], shown_folder.as_str());
    assert!(shown["backups"].get("failed_at").is_none(), "{shown}");
    assert!(shown["backups"]["last"]["bytes"].as_u64().unwrap() > 4096, "{shown}");
    assert_eq!(shown["readiness"]["warnings"], json!([]));
    let transcript = shell.run("status");
    let lines = "Backups\n   folder  [HOME]/backups\n   last  ";
    assert!(transcript.contains(lines), "{transcript}");
    server.shut_down();
    assert_eq!(server.wait(), Some(0));

    shell.unset_server();
    let kept = backups(&folder);
    // The server may have stopped between the rename and the deletion.
    assert!((2..=3).contains(&kept.len()), "{kept:?}");
    let newest = format!("backups/{}", kept.last().unwrap());
    let mode = fs::metadata(shell.path(&newest)).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    check(&shell, &newest);
    let rules = shell.json(&format!("rule list --database sqlite:{newest}"));
    assert_eq!(rules.as_array().unwrap().len(), 1, "{rules}");
    let left: Vec<String> =
        names(&folder).into_iter().filter(|name| !backups(&folder).contains(name)).collect();
    assert_eq!(left, others, "other files stay, and nothing unfinished is left");
}

#[test]
fn l9_a_server_that_restarts_waits_for_the_next_turn() {
    let mut shell = Shell::new();
    let folder = shell.path("backups");
    fs::create_dir(&folder).unwrap();
    let server = Server::start_with(&shell, &options("backups", "1h"));
    until("the first backup", &server, || backups(&folder).len() == 1);
    let first = backups(&folder);
    drop(server);
    let server = Server::start_with(&shell, &options("backups", "1h"));
    shell.use_server(&server);
    // The newest backup is in the status after the server has read the folder.
    until("a backup in the status", &server, || status(&shell)["backups"]["last"].is_object());
    assert_eq!(status(&shell)["backups"]["last"]["file"], first[0]);
    std::thread::sleep(Duration::from_secs(1));
    server.shut_down();
    server.wait();
    assert_eq!(backups(&folder), first);
}

#[test]
fn l9_a_folder_that_is_gone_is_named_until_it_is_back_and_serving_goes_on() {
    let mut shell = Shell::new();
    let server = Server::start_with(&shell, &options("backups", "1s"));
    shell.use_server(&server);
    let reason =
        format!("cannot write to {}: the folder does not exist", shell.path("backups").display());
    server.logs(&reason);
    until("a warning", &server, || {
        status(&shell)["readiness"]["warnings"][0]["code"] == "backup-failed"
    });
    let shown = status(&shell);
    assert_eq!(shown["readiness"]["ready"], true);
    assert_eq!(shown["backups"]["failure"], reason.as_str());
    assert!(shown["backups"]["failed_at"].is_string(), "{shown}");
    let transcript = shell.run("status");
    assert!(!transcript.contains("nicelist status shows"), "{transcript}");
    assert!(transcript.contains("exit code: 0"), "{transcript}");
    let shown_reason = ": cannot write to [HOME]/backups: the folder does not exist\n";
    assert!(transcript.contains(shown_reason), "{transcript}");
    let doctor = shell.run("doctor");
    assert!(
        doctor.contains(&format!("the latest scheduled backup failed{shown_reason}")),
        "{doctor}"
    );
    assert!(shell.run("rule add allow teamid:EQHXZ8M8AV").contains("exit code: 0"));
    // The second attempt fails for the same reason, which is not logged again.
    std::thread::sleep(Duration::from_secs(2));
    fs::create_dir(shell.path("backups")).unwrap();
    server.logs("scheduled backups work again");
    until("the end of the warning", &server, || {
        status(&shell)["readiness"]["warnings"] == json!([])
    });
    assert_eq!(status(&shell)["backups"].get("failure"), None);
    let log = server.log();
    assert_eq!(log.matches("the scheduled backup failed").count(), 1, "{log}");
    assert!(!log.contains("needs attention"), "{log}");
}

#[test]
fn l9_a_backup_that_is_gone_is_not_shown() {
    let mut shell = Shell::new();
    let folder = shell.path("backups");
    fs::create_dir(&folder).unwrap();
    let server = Server::start_with(&shell, &options("backups", "1s"));
    shell.use_server(&server);
    until("a backup in the status", &server, || status(&shell)["backups"]["last"].is_object());
    fs::rename(&folder, shell.path("elsewhere")).unwrap();
    until("the failure", &server, || status(&shell)["backups"]["failure"].is_string());
    assert!(status(&shell)["backups"].get("last").is_none());
    until("the time of the next try", &server, || status(&shell)["backups"]["next"].is_string());
}

#[test]
fn l9_a_read_only_or_full_folder_is_named() {
    let shell = Shell::new();
    let folder = shell.path("backups");
    fs::create_dir(&folder).unwrap();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o555)).unwrap();
    let server = Server::start_without_root(&shell, &options("backups", "1s"));
    server.logs(&format!("cannot write to {}: permission denied", folder.display()));
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o777)).unwrap();
    server.logs("scheduled backups work again");
    assert!(!backups(&folder).is_empty());
    drop(server);

    // No byte is free in this file system.
    let shell = Shell::new();
    let server = Server::start_with(&shell, &options("/proc", "1h"));
    server.logs("cannot write to /proc: the disk of /proc has less than 256 MiB free");
}

#[test]
fn l9_an_interrupted_backup_leaves_no_file_with_its_name() {
    let mut shell = Shell::new();
    let folder = shell.path("backups");
    fs::create_dir(&folder).unwrap();
    let rows: String =
        (0..20_000).map(|number| format!("BINARY,{number:064x},ALLOWLIST\n")).collect();
    shell.write("rules.csv", &format!("rule_type,identifier,policy\n{rows}"));
    shell.set("NICELIST_DATABASE", "sqlite:nicelist.db");
    assert!(shell.run("rule import rules.csv").contains("exit code: 0"));
    shell.unset_server();
    let is_unfinished = |name: &String| {
        name.starts_with(".nicelist-") && name.len() > 37 && !name[1..].starts_with(ANOTHER)
    };
    let unfinished = || names(&folder).iter().any(is_unfinished);

    // Killed: the next server deletes what is left.
    let server = Server::start_with(&shell, &options("backups", "1h"));
    until("a backup", &server, || unfinished() || !backups(&folder).is_empty());
    server.kill();
    let found = names(&folder).remove(0);
    let mark = &found.trim_start_matches('.')["nicelist-".len()..][..8];
    for ending in ["", "-journal"] {
        let planted = format!(".nicelist-{mark}-20200101T000000Z.db.x.unfinished{ending}");
        fs::write(folder.join(planted), "left over").unwrap();
    }
    // `nicelist database backup` and another server may be writing these files.
    let others = [
        format!(".{ANOTHER}20200101T000000Z.db.x.unfinished"),
        ".nicelist-x.unfinished".to_owned(),
    ];
    for name in &others {
        fs::write(folder.join(name), "not ours").unwrap();
    }
    for file in backups(&folder) {
        check(&shell, &format!("backups/{file}"));
        fs::remove_file(folder.join(file)).unwrap();
    }
    let server = Server::start_with(&shell, &options("backups", "1h"));
    server.logs("deleted unfinished backups");

    // Stopped: the server deletes it itself, and does not wait until it is complete.
    until("a backup", &server, || unfinished() || !backups(&folder).is_empty());
    server.shut_down();
    assert_eq!(server.wait(), Some(0));
    for file in backups(&folder) {
        check(&shell, &format!("backups/{file}"));
        fs::remove_file(folder.join(file)).unwrap();
    }
    assert_eq!(names(&folder), others);
}

#[test]
fn l9_postgresql_is_backed_up_with_its_own_tools() {
    let shell = Shell::new();
    let serve = "serve --backup-dir . --database postgres://nicelist:hushhush@db/nicelist";
    let transcript = shell.run(serve);
    let (_, result) = transcript.split_once('\n').unwrap();
    insta::assert_snapshot!(result, @"
    exit code: 2
    ----- stderr -----
    error: --backup-dir backs up only SQLite databases; use pg_dump for PostgreSQL
    hint: pg_dump --format=custom --file=nicelist.dump postgres://nicelist@db/nicelist
    ");
}

#[test]
fn the_json_log_has_an_error_and_its_hint_in_one_line() {
    let shell = Shell::new();
    let serve = "serve --log json --backup-dir . --database postgres://nicelist@db/nicelist";
    let words: Vec<&str> = serve.split(' ').collect();
    let output = shell.command(&words).output().unwrap();
    let log = String::from_utf8(output.stderr).unwrap();
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 1, "{log}");
    assert_eq!(lines[0]["level"], "ERROR");
    assert!(lines[0]["hint"].as_str().unwrap().starts_with("pg_dump "), "{log}");
}
