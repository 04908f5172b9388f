//! A process that is killed at any moment of an import leaves all of it or none.

use std::fmt::Write as _;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::shell::{Server, Shell};

const ROWS: usize = 20_000;

fn rules_csv() -> String {
    let mut csv = String::from("rule_type,identifier,policy\n");
    for number in 0..ROWS {
        writeln!(csv, "BINARY,{number:064x},ALLOWLIST").unwrap();
    }
    csv
}

/// How many rules a database holds after its writer was killed.
fn rules_in(shell: &Shell, database: &str) -> usize {
    let output =
        shell.command(&["rule", "list", "-o", "jsonl", "--database", database]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout.iter().filter(|byte| **byte == b'\n').count()
}

#[test]
fn an_import_that_is_killed_leaves_all_of_it_or_none() {
    let shell = Shell::new();
    shell.write("rules.csv", &rules_csv());
    let import = |database: &str| {
        let mut command = shell.command(&["rule", "import", "rules.csv", "--database", database]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().unwrap()
    };
    let start = Instant::now();
    assert!(import("sqlite:whole.db").wait().unwrap().success());
    let whole = start.elapsed();
    assert_eq!(rules_in(&shell, "sqlite:whole.db"), ROWS);
    for moment in 1..=12 {
        let database = format!("sqlite:{moment}.db");
        let mut process = import(&database);
        std::thread::sleep(whole * moment / 12);
        process.kill().unwrap();
        process.wait().unwrap();
        let rules = rules_in(&shell, &database);
        assert!(rules == 0 || rules == ROWS, "{rules} of {ROWS} rules, killed at {moment}/12");
    }
}

#[test]
fn a_server_that_is_killed_during_an_import_leaves_all_of_it_or_none() {
    let mut shell = Shell::new();
    shell.write("rules.csv", &rules_csv());
    let database = format!("sqlite:{}", shell.path("nicelist.db").display());
    for moment in 1..=6 {
        let server = Server::start(&shell);
        shell.use_server(&server);
        let source = format!("import-{moment}");
        let mut import = shell
            .command(&["rule", "import", "rules.csv", "--source", &source])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(60 * moment));
        server.kill();
        import.wait().unwrap();
        shell.unset_server();
        let of_this = shell
            .command(&["rule", "list", "-o", "jsonl", "--source", &source, "--database", &database])
            .output()
            .unwrap();
        let rules = of_this.stdout.iter().filter(|byte| **byte == b'\n').count();
        assert!(rules == 0 || rules == ROWS, "{rules} of {ROWS} rules, killed at {moment}");
    }
}
