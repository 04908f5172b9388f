//! Completion in bash, zsh and fish: most tests press keys in a pseudo-terminal.

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use rexpect::process::Signal;
use rexpect::session::{PtySession, spawn_command};

use crate::shell::{ADMIN, Server, Shell};

/// A time that is long enough for slow machines.
const PATIENCE: Duration = Duration::from_secs(20);

const TAB: &str = "\t";
/// Inserts all completions (Alt-*).
const ALL: &str = "\u{1b}*";
const HOME: &str = "\u{1}";
const END: &str = "\u{5}";

pub(crate) const BASH: [&str; 4] = ["bash", "--norc", "--noprofile", "-i"];

/// Keys, and the line that they become in every shell.
const COMPLETIONS: [(&str, &str); 14] = [
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
];

/// Makes Ctrl-G print the command line between `<` and `>` and then clear it.
const ZSH_SETUP: &str = r#"
autoload -Uz compinit && compinit -u -D
source SCRIPT
print-line() { zle -I; print -r -- "<$BUFFER>"; BUFFER=; }
zle -N print-line
bindkey '^G' print-line
echo ready
"#;

/// The same as [`ZSH_SETUP`] for fish.
const FISH_SETUP: &str = r"
source SCRIPT
function print-line
    printf '<%s>\n' (commandline)
    commandline ''
    commandline -f repaint
end
bind \cg print-line
echo ready
";

/// An interactive shell that finds the program under test in its `PATH`.
pub(crate) fn interactive(shell: &Shell, words: &[&str]) -> Command {
    const FOLDERS: [&str; 2] = ["/usr/bin", "/bin"];

    // `rexpect` forks before it finds out that a program is missing. The test would then run twice.
    let is_installed = FOLDERS.iter().any(|folder| Path::new(folder).join(words[0]).exists());
    assert!(is_installed, "{} is missing: on Debian, tests/run --tools installs it", words[0]);
    let nicelist = shell.command(&[]);
    let program = Path::new(env!("CARGO_BIN_EXE_nicelist")).parent().unwrap();
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).env_clear();
    command.envs(nicelist.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.env("PATH", format!("{}:{}", program.display(), FOLDERS.join(":")));
    command.env("INPUTRC", "/dev/null");
    command.current_dir(nicelist.get_current_dir().unwrap());
    command
}

/// A committed script that registers completions.
pub(crate) fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("completions").join(name)
}

/// Repeats an attempt until its result is as expected. On a slow machine, the first completion may
/// miss its deadline; the values are then read in the background.
fn becomes(keys: &str, expected: &str, mut attempt: impl FnMut() -> String) {
    let started = Instant::now();
    loop {
        let line = attempt();
        if line == expected {
            return;
        }
        assert!(started.elapsed() < PATIENCE, "{keys:?} becomes {line:?}");
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// An interactive shell with the completions of this repository.
struct Prompt {
    session: PtySession,
    /// The keys that print the command line between `<` and `>`, without running it.
    print: String,
}

impl Prompt {
    fn bash(shell: &Shell) -> Self {
        // The octal numbers are < and >, which the typed line does not contain.
        let print = format!("{END}'{HOME}printf '\\074%s\\076\\n' '{END}\r");
        let mut bash = Self::start(shell, &BASH, print);
        bash.press(&format!("source {}\r", script("nicelist.bash").display()));
        bash
    }

    fn zsh(shell: &Shell) -> Self {
        Self::with_setup(shell, &["zsh", "-f", "-i"], ZSH_SETUP, "_nicelist")
    }

    fn fish(shell: &Shell) -> Self {
        Self::with_setup(shell, &["fish", "--no-config", "-i"], FISH_SETUP, "nicelist.fish")
    }

    /// Starts a shell and runs a setup, in which `SCRIPT` is the script that registers completions.
    fn with_setup(shell: &Shell, words: &[&str], setup: &str, name: &str) -> Self {
        let path = format!("'{}'", script(name).display());
        shell.write("setup", &setup.replace("SCRIPT", &path));
        let mut prompt = Self::start(shell, words, "\u{7}".to_owned());
        prompt.press("source ./setup\r");
        prompt.session.exp_string("ready").unwrap();
        prompt
    }

    fn start(shell: &Shell, words: &[&str], print: String) -> Self {
        let mut command = interactive(shell, words);
        command.env("TERM", "dumb").env("COLUMNS", "1000");
        let patience = u64::try_from(PATIENCE.as_millis()).unwrap();
        Self { session: spawn_command(command, Some(patience)).unwrap(), print }
    }

    fn press(&mut self, keys: &str) {
        self.session.send(keys).unwrap();
        self.session.flush().unwrap();
    }

    /// The command line after these keys. It is printed, not run.
    fn line(&mut self, keys: &str) -> String {
        let print = self.print.clone();
        self.press(&format!("{keys}{print}"));
        self.session.exp_string("<").unwrap();
        let line = self.session.exp_string(">").unwrap();
        eprintln!("{keys:?} becomes {line:?}");
        line
    }

    fn completes(&mut self, keys: &str, expected: &str) {
        becomes(keys, expected, || self.line(keys));
    }

    fn completes_everything(&mut self) {
        for (keys, expected) in COMPLETIONS {
            self.completes(&format!("{keys}{TAB}"), expected);
        }
    }
}

impl Drop for Prompt {
    /// Interactive shells ignore SIGTERM, which `rexpect` sends.
    fn drop(&mut self) {
        drop(self.session.process_mut().kill(Signal::SIGHUP));
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
    let mut bash = Prompt::bash(&shell);
    bash.completes_everything();
    bash.completes(&format!("nicelist rollback {ALL}"), "nicelist rollback 3 2 1 ");
}

#[test]
fn zsh_completes_the_hosts_tags_and_rules_of_the_server() {
    let (shell, _server) = with_a_fleet();
    Prompt::zsh(&shell).completes_everything();
}

#[test]
fn fish_completes_the_hosts_tags_and_rules_of_the_server() {
    let (shell, _server) = with_a_fleet();
    Prompt::fish(&shell).completes_everything();
}

/// Debian has no package of PowerShell. So this test does not run the script, but what the script
/// runs.
#[test]
fn powershell_gets_values_and_descriptions() {
    let text = std::fs::read_to_string(script("_nicelist.ps1")).unwrap();
    for line in [
        "Register-ArgumentCompleter -Native -CommandName nicelist -ScriptBlock {",
        "$env:NICELIST_COMPLETE = \"powershell\";",
        "& nicelist -- $args",
        "$split = $_.Split(\"`t\");",
    ] {
        assert!(text.lines().any(|known| known.trim() == line), "{line} is not in\n{text}");
    }
    let (shell, _server) = with_a_fleet();
    for (line, expected) in [
        ("nicelist host show ann", "annas-mac\tM-1, in-sync\n"),
        ("nicelist host list --tag e", "eng\n"),
        ("nicelist settings set client-mode=lo", "client-mode=lockdown\n"),
    ] {
        becomes(line, expected, || {
            let words: Vec<&str> = ["--"].into_iter().chain(line.split(' ')).collect();
            let mut command = shell.command(&words);
            let output = command.env("NICELIST_COMPLETE", "powershell").output().unwrap();
            String::from_utf8(output.stdout).unwrap()
        });
    }
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
    let mut bash = Prompt::bash(&shell);
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
    Prompt::bash(&shell)
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
