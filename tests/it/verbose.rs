//! The requests that `-v` and `-vv` log.

use crate::shell::{ADMIN, Server, Shell};

#[test]
fn verbose_commands_log_each_request_with_its_status_and_time() {
    let mut shell = Shell::new();
    let server = Server::start(&shell);
    shell.use_server(&server);
    let line = "GET /api/v1/tags?limit=1000: 200 OK in ";
    assert!(!shell.run("tag list").contains(line));
    let shown = shell.run("tag list -v");
    assert!(shown.contains(line) && !shown.contains("received"), "{shown}");
    assert!(shell.run("-vv tag list").contains("received {\"items\":[]}"));
    shell.set("NICELIST_SERVER", "http://127.0.0.1:1");
    let shown = shell.run("tag list -v");
    assert!(shown.contains("GET /api/v1/tags?limit=1000: cannot reach"), "{shown}");
}

#[test]
fn the_requests_of_a_simulated_mac_are_logged() {
    let mut shell = Shell::new();
    let server = Server::start(&shell);
    shell.use_server(&server);
    let sync = format!("lab sync {} --machine-id M-1", server.sync_base());
    let shown = shell.run(&format!("{sync} -v"));
    assert!(shown.contains("POST preflight/M-1: 200 OK in "), "{shown}");
    assert!(!shown.contains(": sent "), "{shown}");
    let shown = shell.run(&format!("{sync} -vv"));
    assert!(shown.contains("\"santa_version\":"), "{shown}");
}

#[test]
fn bodies_are_logged_without_secrets() {
    let mut shell = Shell::new();
    let server = Server::start(&shell);
    shell.use_server(&server);
    let created = shell.command(&["token", "create", "ci", "--role", "viewer", "-vv"]).output();
    let created = created.unwrap();
    let (secret, log) = (String::from_utf8(created.stdout), String::from_utf8(created.stderr));
    let (secret, log) = (secret.unwrap(), log.unwrap());
    assert!(log.contains("POST /api/v1/tokens: 200 OK in "), "{log}");
    assert!(log.contains("\"secret\":\"[redacted]\""), "{log}");
    assert!(secret.trim().len() > 20 && !log.contains(secret.trim()), "{log}");
    assert!(!log.contains(ADMIN), "{log}");
}
