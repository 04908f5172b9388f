//! Start and shutdown of the server, automatic expiry, and the demo.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::shell::{Server, Shell};

#[test]
fn the_first_start_prints_its_secrets_only_once() {
    let shell = Shell::new();
    let first_line = || {
        let mut process = shell
            .command(&[
                "serve",
                "--listen",
                "127.0.0.1:0",
                "--database",
                "sqlite:x.db",
                "-o",
                "jsonl",
            ])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stderr = BufReader::new(process.stderr.take().unwrap());
        let serving = stderr.lines().any(|line| line.unwrap().contains(" serves "));
        process.kill().unwrap();
        let output = process.wait_with_output().unwrap();
        assert!(serving);
        String::from_utf8(output.stdout).unwrap()
    };
    let transcript: serde_json::Value = serde_json::from_str(&first_line()).unwrap();
    let secret = |key: &str| transcript[key].as_str().unwrap().to_owned();
    assert!(secret("admin_token").len() > 40);
    assert_ne!(secret("admin_token"), secret("enrollment_secret"));
    assert!(secret("sync_base_url").ends_with(&format!("/santa/{}/", secret("enrollment_secret"))));
    assert_eq!(first_line(), "", "the second start has nothing to tell");
}

#[test]
fn the_first_start_shows_people_a_url_without_the_secret_and_how_to_create_a_profile() {
    let shell = Shell::new();
    let mut process = shell
        .command(&["serve", "--listen", "127.0.0.1:0", "--database", "sqlite:x.db"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(process.stderr.take().unwrap()).lines().map(Result::unwrap);
    let mut hints = Vec::new();
    let serving = lines.inspect(|line| hints.push(line.clone())).any(|it| it.contains(" serves "));
    process.kill().unwrap();
    let output = process.wait_with_output().unwrap();
    assert!(serving);
    let shown = String::from_utf8(output.stdout).unwrap();
    let value = |name: &str| {
        let line = shown.lines().find(|line| line.to_ascii_lowercase().contains(name)).unwrap();
        line.split_whitespace().last().unwrap().to_owned()
    };
    let (url, secret) = (value("sync base url"), value("enrollment secret"));
    assert!(url.ends_with("/santa/") && !url.contains(&secret), "{shown}");

    let hints = hints.join("\n");
    assert!(!hints.contains(&secret), "{hints}");
    let (_, command) = hints.split_once("Ctrl-D: nicelist ").expect("a command");
    let command = command.lines().next().unwrap();
    assert!(command.contains(&format!("--url {url} ")), "{command}");
    let written = shell.run_with(command, &format!("{secret}\n"));
    assert!(written.contains("exit code: 0"), "{written}");
    let profile = std::fs::read_to_string(shell.path("santa.mobileconfig")).unwrap();
    assert!(profile.contains(&format!("Bearer {secret}")), "{profile}");
}

#[test]
fn m2_a_busy_port_leaves_no_database_behind() {
    let shell = Shell::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let refused = shell.run(&format!("serve --listen {address} --database sqlite:data/x.db"));
    assert!(refused.contains(&format!("error: cannot listen on {address}: ")), "{refused}");
    assert!(!shell.path("data").exists(), "the first start is still to come, with its secrets");
}

#[test]
fn m2_a_start_without_secrets_says_how_to_get_another_token() {
    let shell = Shell::new();
    let server = Server::start(&shell);
    assert!(!server.log().contains("lost the admin token"), "this start was the first");
    drop(server);
    let server = Server::start(&shell);
    server.logs("lost the admin token");
    let log = server.log();
    let (_, command) =
        log.split_once("To create another one on this machine: nicelist ").expect("a hint");
    let created = shell.run(command.lines().next().unwrap());
    assert!(created.contains("exit code: 0"), "{created}");
    assert!(created.contains("[SECRET]"), "{created}");
}

#[test]
fn a_request_in_progress_is_completed_on_shutdown() {
    let shell = Shell::new();
    let server = Server::start(&shell);
    let address = server.url.trim_start_matches("http://").to_owned();
    let mut stream = TcpStream::connect(&address).unwrap();
    let body = r#"{"serial_num":"C02","santa_version":"2026.7"}"#;
    let (begin, end) = body.split_at(10);
    let length = body.len();
    write!(
        stream,
        "POST /santa/the-secret-of-the-tests/preflight/M1 HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n\r\n{begin}"
    )
    .unwrap();
    // A response on a second connection shows that the server has accepted the first connection.
    let mut other = TcpStream::connect(&address).unwrap();
    write!(other, "GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").unwrap();
    let mut healthy = String::new();
    other.read_to_string(&mut healthy).unwrap();
    assert!(healthy.starts_with("HTTP/1.1 200"), "{healthy}");

    server.shut_down();
    server.wait_until_closed();
    stream.write_all(end.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("client_mode"), "{answer}");
    server.logs("shut down; all requests completed");
    assert_eq!(server.wait(), Some(0));

    let list = ["host", "list", "-o", "csv", "--database", "sqlite:nicelist.db"];
    let hosts = shell.command(&list).output().unwrap();
    assert!(String::from_utf8(hosts.stdout).unwrap().contains("M1"), "what was answered is kept");
}

#[test]
fn an_expired_rule_is_removed_automatically() {
    let mut shell = Shell::new();
    let server = Server::start(&shell);
    shell.use_server(&server);
    let added = shell.run("rule add allow teamid:EQHXZ8M8AV --expires 1s");
    assert!(added.contains("added  allow teamid:EQHXZ8M8AV"), "{added}");
    let deadline = Instant::now() + Duration::from_secs(20);
    while shell.json("rule list") != serde_json::json!([]) {
        assert!(Instant::now() < deadline, "the rule is there still");
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn the_demo_runs_and_leaves_nothing_behind() {
    let shell = Shell::new();
    let folder = shell.path("tmp");
    std::fs::create_dir(&folder).unwrap();
    let mut demo: Command = shell.command(&["demo", "--once"]);
    let output = demo.env("TMPDIR", &folder).output().unwrap();
    let story = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{story}{}", String::from_utf8_lossy(&output.stderr));
    for line in [
        "   rules      21 from examples/rules.csv, revision 4",
        "   mira.okafor ran Pinecone on mira-mbp.local: BLOCK_UNKNOWN",
        "   allow signingid:H3ZC9YV6RK:example.pinecone.desktop",
        "   mira-mbp.local         rules received: 1, on the Mac: 17",
    ] {
        assert!(
            story.lines().any(|transcript| transcript == line),
            "{line}\nis missing from\n{story}"
        );
    }
    assert!(story.ends_with("\n   nicelist demo\n"), "{story}");
    assert_narrow(&(story + &String::from_utf8_lossy(&output.stderr)));
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
}

/// Checks that the output of the demo has at most 80 columns, no colors, and only ASCII characters.
fn assert_narrow(story: &str) {
    assert!(story.is_ascii() && !story.contains('\u{1b}'), "{story}");
    let wide: Vec<&str> = story.lines().filter(|line| line.len() > 80).collect();
    assert!(wide.is_empty(), "{wide:?}\n{story}");
}

/// Starts the demo, with this folder for temporary files.
fn demo(shell: &Shell, folder: &Path) -> Child {
    let mut demo = shell.command(&["demo"]);
    demo.env("TMPDIR", folder).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Reads the output of the demo until the end of the tour.
fn tour(lines: &mut impl Iterator<Item = io::Result<String>>) -> String {
    let mut story = String::new();
    for line in lines {
        story += &format!("{}\n", line.unwrap());
        if story.ends_with("   nicelist event approve\n") {
            break;
        }
    }
    story
}

#[test]
fn the_demo_ends_with_one_thing_to_do_and_runs_until_ctrl_c() {
    let shell = Shell::new();
    let folder = shell.path("tmp");
    std::fs::create_dir(&folder).unwrap();
    let mut process = demo(&shell, &folder);
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let story = tour(&mut lines);
    let interrupt = format!("kill -INT {}", process.id());
    assert!(Command::new("sh").args(["-c", &interrupt]).status().unwrap().success());
    let rest: Vec<String> = lines.map(Result::unwrap).collect();
    assert_eq!(rest, Vec::<String>::new(), "after\n{story}");
    assert_narrow(&story);
    assert!(process.wait().unwrap().success());
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
}

#[test]
fn a_rule_arrives_on_the_macs_of_the_demo() {
    let mut shell = Shell::new();
    let folder = shell.path("tmp");
    std::fs::create_dir(&folder).unwrap();
    let mut process = demo(&shell, &folder);
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let story = tour(&mut lines);
    for name in ["NICELIST_SERVER", "NICELIST_TOKEN"] {
        let prefix = format!("   export {name}=");
        let value = story.lines().find_map(|line| line.strip_prefix(&prefix)).unwrap();
        shell.set(name, value);
    }

    let added = shell.run("rule add block teamid:ZZZZZZZZZZ --wait --timeout 60s");
    assert!(added.contains("5 of 5 online hosts have revision"), "{added}");
    let hosts = shell.json("host list");
    assert!(hosts.as_array().unwrap().iter().all(|host| host["state"] == "in-sync"), "{hosts}");

    let interrupt = format!("kill -INT {}", process.id());
    assert!(Command::new("sh").args(["-c", &interrupt]).status().unwrap().success());
    assert!(process.wait().unwrap().success());
    let mut stderr = String::new();
    process.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    let last = "The server runs and the Macs sync every 10 seconds, until Ctrl-C.\n";
    assert!(stderr.ends_with(last), "{stderr}");
}
