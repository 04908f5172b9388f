//! Completion in bash. Most tests press keys in a pseudo-terminal.

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use rexpect::session::{PtySession, spawn_command};

use crate::shell::{ADMIN, Server, Shell};

/// A time that is long enough for slow machines.
const PATIENCE: Duration = Duration::from_secs(20);

const TAB: &str = "\t";
/// Inserts all completions (Alt-*).
const ALL: &str = "\u{1b}*";
const HOME: &str = "\u{1}";
const END: &str = "\u{5}";

/// An interactive bash with the completions of this repository.
struct Bash(PtySession);

impl Bash {
    fn start(shell: &Shell) -> Self {
        let nicelist = shell.command(&[]);
        let folder = Path::new(env!("CARGO_BIN_EXE_nicelist")).parent().unwrap();
        let mut bash = Command::new("bash");
        bash.args(["--norc", "--noprofile", "-i"]).env_clear();
        bash.envs(nicelist.get_envs().filter_map(|(name, value)| Some((name, value?))));
        bash.env("PATH", format!("{}:/usr/bin:/bin", folder.display()));
        bash.env("TERM", "dumb").env("INPUTRC", "/dev/null").env("COLUMNS", "1000");
        bash.current_dir(nicelist.get_current_dir().unwrap());
        let patience = u64::try_from(PATIENCE.as_millis()).unwrap();
        let mut bash = Self(spawn_command(bash, Some(patience)).unwrap());
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("completions/nicelist.bash");
        bash.press(&format!("source {}\r", script.display()));
        bash
    }

    fn press(&mut self, keys: &str) {
        self.0.send(keys).unwrap();
        self.0.flush().unwrap();
    }

    /// The command line after these keys. It is printed, not run.
    fn line(&mut self, keys: &str) -> String {
        // The octal numbers are < and >, which the typed line does not contain.
        self.press(&format!("{keys}{END}'{HOME}printf '\\074%s\\076\\n' '{END}\r"));
        self.0.exp_string("<").unwrap();
        let line = self.0.exp_string(">").unwrap();
        eprintln!("{keys:?} becomes {line:?}");
        line
    }

    /// Presses the keys until the line is as expected. On a slow machine, the first completion may
    /// miss its deadline; the values are then read in the background.
    fn completes(&mut self, keys: &str, expected: &str) {
        let started = Instant::now();
        loop {
            let line = self.line(keys);
            if line == expected {
                return;
            }
            assert!(started.elapsed() < PATIENCE, "{keys:?} becomes {line:?}");
            std::thread::sleep(Duration::from_millis(200));
        }
    }
}

/// A server with a host, two tags and a rule.
fn with_a_fleet() -> (Shell, Server) {
    let mut shell = Shell::new();
    let server = Server::start(&shell);
    shell.use_server(&server);
    let base = server.sync_base();
    shell.json(&format!(
        "lab sync {base} --state m.json --machine-id M-1 --hostname annas-mac --user anna \
         --no-backoff"
    ));
    shell.run("tag create eng");
    shell.run("tag create ops");
    shell.run("rule add block teamid:H3ZC9YV6RK --scope tag:eng");
    (shell, server)
}

#[test]
fn bash_completes_the_hosts_tags_and_rules_of_the_server() {
    let (shell, _server) = with_a_fleet();
    let mut bash = Bash::start(&shell);
    for (keys, expected) in [
        ("nicelist host show ann", "nicelist host show annas-mac "),
        ("nicelist host show M", "nicelist host show M-1 "),
        ("nicelist host list --tag e", "nicelist host list --tag eng "),
        ("nicelist host list --user an", "nicelist host list --user anna "),
        ("nicelist rule list --scope tag:e", "nicelist rule list --scope tag:eng "),
        ("nicelist rule list --scope=tag:o", "nicelist rule list --scope=tag:ops "),
        ("nicelist rule list --scope host:an", "nicelist rule list --scope host:annas-mac "),
        ("nicelist rule list --scope hos", "nicelist rule list --scope host:"),
        ("nicelist rule show teamid:H", "nicelist rule show teamid:H3ZC9YV6RK "),
        ("nicelist rule add block cdh", "nicelist rule add block cdhash:"),
        ("nicelist settings set client-m", "nicelist settings set client-mode="),
        ("nicelist settings set client-mode=lo", "nicelist settings set client-mode=lockdown "),
        ("nicelist event list --decision block_b", "nicelist event list --decision block_binary"),
        ("nicelist rul", "nicelist rule "),
    ] {
        bash.completes(&format!("{keys}{TAB}"), expected);
    }
    bash.completes(&format!("nicelist rollback {ALL}"), "nicelist rollback 3 2 1 ");
}

#[test]
fn bash_completes_the_server_of_the_context_on_the_command_line() {
    let (mut shell, server) = with_a_fleet();
    shell.unset_server();
    std::fs::create_dir_all(shell.path(".config/nicelist")).unwrap();
    let url = &server.url;
    let use_context = |current: &str| {
        shell.write(
            ".config/nicelist/config.toml",
            &format!(
                "context = '{current}'\n\
                 [contexts.prod]\nserver = '{url}'\ntoken = '{ADMIN}'\n\
                 [contexts.empty]\ndatabase = 'sqlite:none.db'\n"
            ),
        );
    };
    use_context("empty");
    let mut bash = Bash::start(&shell);
    bash.completes(&format!("nicelist --context pr{TAB}"), "nicelist --context prod ");
    let keys = format!("nicelist --context prod tag delete e{TAB}");
    bash.completes(&keys, "nicelist --context prod tag delete eng ");
    let keys = format!("nicelist --context=prod tag delete e{TAB}");
    bash.completes(&keys, "nicelist --context=prod tag delete eng ");
    // The next completion caches the tags of the current context. So if the last completion of this
    // test shows no tag, the reason is not a late response.
    use_context("prod");
    bash.completes(&format!("nicelist tag delete e{TAB}"), "nicelist tag delete eng ");
    let line = bash.line(&format!("nicelist --context=empty tag delete e{TAB}"));
    assert_eq!(line, "nicelist --context=empty tag delete e");
}

#[test]
fn only_the_owner_can_read_cached_values_and_they_contain_no_token() {
    let (shell, _server) = with_a_fleet();
    Bash::start(&shell)
        .completes(&format!("nicelist tag delete e{TAB}"), "nicelist tag delete eng ");
    let file = shell.path(".cache/nicelist/completion.json");
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let text = std::fs::read_to_string(file).unwrap();
    assert!(text.contains("eng") && !text.contains(ADMIN), "{text}");
}

#[test]
fn a_token_command_runs_once_and_only_in_the_background() {
    let (mut shell, server) = with_a_fleet();
    shell.unset_server();
    std::fs::create_dir_all(shell.path(".config/nicelist")).unwrap();
    let runs = shell.path("runs");
    shell.write(
        ".config/nicelist/config.toml",
        &format!(
            "server = '{}'\ntoken_command = 'echo run >> {}; sleep 2; echo {ADMIN}'\n",
            server.url,
            runs.display()
        ),
    );
    let complete = || {
        let mut command = shell.command(&["--", "nicelist", "tag", "delete", "e"]);
        let output = command.env("NICELIST_COMPLETE", "bash").output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(complete(), "");
    assert_eq!(complete(), "", "the background process is still running");
    let cache = shell.path(".cache/nicelist/completion.json");
    let started = Instant::now();
    while !std::fs::read_to_string(&cache).unwrap().contains("eng") {
        assert!(started.elapsed() < PATIENCE);
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(complete().contains("eng"));
    assert_eq!(std::fs::read_to_string(runs).unwrap(), "run\n");
}

/// The shortest time of ten attempts, because other tests may slow an attempt down. Each attempt
/// starts with an empty cache.
fn shortest_silent_completion(shell: &Shell) -> Duration {
    let attempt = || {
        drop(std::fs::remove_dir_all(shell.path(".cache")));
        let mut command = shell.command(&["--", "nicelist", "tag", "delete", "e"]);
        command.env("NICELIST_COMPLETE", "bash");
        let started = Instant::now();
        let output = command.output().unwrap();
        let took = started.elapsed();
        assert!(output.status.success());
        assert_eq!((output.stdout, output.stderr), (Vec::new(), Vec::new()));
        took
    };
    (0..10).map(|_| attempt()).min().unwrap()
}

/// The program waits 100 ms for the server. `LIMIT` is greater, because the program under test is
/// not optimized and shares the machine with other tests.
#[test]
fn completion_is_silent_and_fast_if_the_server_does_not_respond() {
    const LIMIT: Duration = Duration::from_millis(500);

    let mut shell = Shell::new();
    // A server that accepts connections and never sends anything.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap();
    for url in [format!("http://{address}"), "http://127.0.0.1:1".to_owned()] {
        shell.set("NICELIST_SERVER", &url);
        let took = shortest_silent_completion(&shell);
        assert!(took < LIMIT, "{url}: {took:?}");
    }
    shell.set("NICELIST_SERVER", "no URL");
    assert!(shortest_silent_completion(&shell) < LIMIT);
}
