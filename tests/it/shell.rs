//! Runs the real binary with its own home directory and without a terminal.
//!
//! A transcript has the command line, stdout, stderr and the exit code. Times, secrets and the home
//! directory are replaced. The raw output goes to the log of the test.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tempfile::TempDir;

pub(crate) const ADMIN: &str = "the-admin-of-the-tests";
pub(crate) const ENROLLMENT: &str = "the-secret-of-the-tests";

pub(crate) struct Shell {
    home: TempDir,
    env: Vec<(String, String)>,
}

impl Shell {
    pub(crate) fn new() -> Self {
        Self { home: tempfile::tempdir().unwrap(), env: Vec::new() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    pub(crate) fn use_server(&mut self, server: &Server) {
        self.set("NICELIST_SERVER", &server.url);
        self.set("NICELIST_TOKEN", ADMIN);
    }

    /// Removes all variables that were set for commands. Commands then use the local database.
    pub(crate) fn unset_server(&mut self) {
        self.env.clear();
    }

    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.env.retain(|(known, _)| known != name);
        self.env.push((name.to_owned(), value.to_owned()));
    }

    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_nicelist"));
        command.args(words).current_dir(self.home.path()).env_clear();
        command.env("HOME", self.home.path()).env("COLUMNS", "100").env("USER", "anna");
        command.envs(self.env.iter().cloned());
        command
    }

    /// Runs a command line, which is split at spaces, and returns the transcript.
    pub(crate) fn run(&self, line: &str) -> String {
        self.run_with(line, "")
    }

    pub(crate) fn run_with(&self, line: &str, input: &str) -> String {
        let words: Vec<&str> = line.split(' ').collect();
        let mut command = self.command(&words);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        self.transcript(line, &child.wait_with_output().unwrap())
    }

    /// Runs a command that must succeed, and returns its standard output as JSON.
    pub(crate) fn json(&self, line: &str) -> serde_json::Value {
        let words: Vec<&str> = line.split(' ').chain(["-o", "json"]).collect();
        let output = self.command(&words).output().unwrap();
        assert!(output.status.success(), "{}", self.transcript(line, &output));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    fn transcript(&self, line: &str, output: &Output) -> String {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
        let code = output.status.code().unwrap();
        let stdout =
            if stdout.is_empty() { stdout } else { format!("----- stdout -----\n{stdout}") };
        let stderr =
            if stderr.is_empty() { stderr } else { format!("----- stderr -----\n{stderr}") };
        let raw = format!("$ nicelist {line}\nexit code: {code}\n{stdout}{stderr}");
        eprintln!("{raw}");
        self.filtered(&raw)
    }

    fn filtered(&self, raw: &str) -> String {
        let home = self.home.path().display().to_string();
        let text = raw.replace(&home, "[HOME]");
        text.split_inclusive('\n').map(filtered_line).map(|line| unpadded(&line)).collect()
    }
}

/// Replaces times and random secrets, word by word.
fn filtered_line(line: &str) -> String {
    let mut out = String::new();
    for word in line.split_inclusive([' ', '\n', ',', '"']) {
        let bare = word.trim_end_matches([' ', '\n', ',', '"']);
        let rest = &word[bare.len()..];
        if bare.parse::<jiff::Timestamp>().is_ok() {
            out.push_str("[TIME]");
        } else if bare.starts_with("nicelist_") && bare.len() > 40 {
            out.push_str("[SECRET]");
        } else {
            out.push_str(bare);
        }
        out.push_str(rest);
    }
    out
}

/// Shortens runs of more than two spaces to two, except at the start of the line, because the
/// widths of columns depend on the replaced texts.
fn unpadded(line: &str) -> String {
    let text = line.trim_start();
    let mut out = line[..line.len() - text.len()].to_owned();
    let mut spaces = 0;
    for letter in text.chars() {
        spaces = if letter == ' ' { spaces + 1 } else { 0 };
        if spaces <= 2 {
            out.push(letter);
        }
    }
    out
}

pub(crate) struct Server {
    process: Child,
    pub(crate) url: String,
    log: Arc<Mutex<String>>,
}

impl Server {
    pub(crate) fn start(shell: &Shell) -> Self {
        Self::start_with(shell, &[])
    }

    pub(crate) fn start_with(shell: &Shell, flags: &[&str]) -> Self {
        let database = format!("sqlite:{}", shell.path("nicelist.db").display());
        Self::over(shell, &database, flags)
    }

    pub(crate) fn over(shell: &Shell, database: &str, flags: &[&str]) -> Self {
        let mut command =
            shell.command(&["serve", "--listen", "127.0.0.1:0", "--database", database]);
        command.args(flags);
        Self::launch(command)
    }

    /// Starts a server without the privileges of root, which can ignore permissions.
    pub(crate) fn start_without_root(shell: &Shell, flags: &[&str]) -> Self {
        let home = shell.path("");
        let mut command = shell.command(&[
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--database",
            "sqlite:nicelist.db",
        ]);
        command.args(flags);
        if std::fs::metadata(&home).unwrap().uid() == 0 {
            std::fs::set_permissions(&home, std::fs::Permissions::from_mode(0o777)).unwrap();
            command.uid(65_534).gid(65_534);
        }
        Self::launch(command)
    }

    /// Starts a server that ignores SIGXFSZ, which would otherwise kill it. When
    /// [`Self::limit_files`] lowers the limit, writes of the server fail as on a full disk.
    pub(crate) fn start_without_sigxfsz(shell: &Shell) -> Self {
        Self::start_after(shell, "trap '' XFSZ")
    }

    pub(crate) fn start_with_descriptors(shell: &Shell, soft: usize) -> Self {
        Self::start_after(shell, &format!("ulimit -Sn {soft}"))
    }

    /// Starts a server from `sh`, after the command `first`.
    fn start_after(shell: &Shell, first: &str) -> Self {
        let database = format!("sqlite:{}", shell.path("nicelist.db").display());
        let serve = shell.command(&["serve", "--listen", "127.0.0.1:0", "--database", &database]);
        let mut command = Command::new("sh");
        command.args(["-c", &format!("{first}; exec \"$@\""), "sh"]).arg(serve.get_program());
        command
            .args(serve.get_args())
            .envs(serve.get_envs().filter_map(|(name, value)| value.map(|value| (name, value))));
        Self::launch(command)
    }

    /// Limits the size of the files that the server writes. `unlimited` removes the limit.
    pub(crate) fn limit_files(&self, bytes: &str) {
        let process = self.process.id().to_string();
        let limit = format!("--fsize={bytes}:");
        let status = Command::new("prlimit").args(["--pid", &process, &limit]).status();
        assert!(status.unwrap().success());
    }

    fn launch(mut command: Command) -> Self {
        let mut process = command
            .env("NICELIST_BOOTSTRAP_TOKEN", ADMIN)
            .env("NICELIST_ENROLLMENT_SECRET", ENROLLMENT)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let log = Arc::new(Mutex::new(String::new()));
        let note = {
            let log = Arc::clone(&log);
            move |line: &str| *log.lock().unwrap() += &format!("{line}\n")
        };
        let mut url = None;
        for line in lines.by_ref() {
            let line = line.unwrap();
            note(&line);
            if let Some((_, address)) = line.rsplit_once(" at http") {
                // A line of a JSON log continues after a quote.
                let address = address.split('"').next().unwrap();
                url = Some(format!("http{address}"));
                break;
            }
        }
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(|line| note(&line)));
        Self { process, url: url.expect("the server says where it serves"), log }
    }

    /// The output on stderr until now.
    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    pub(crate) fn logs(&self, text: &str) {
        let deadline = Instant::now() + Duration::from_secs(20);
        while !self.log().contains(text) {
            assert!(Instant::now() < deadline, "{text:?} is not in\n{}", self.log());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    pub(crate) fn sync_base(&self) -> String {
        format!("{}/santa/{ENROLLMENT}/", self.url)
    }

    /// The value, in MiB, of a line in the server's `/proc/PID/status`, such as `VmRSS` or `VmHWM`
    /// (the peak of `VmRSS`).
    pub(crate) fn memory(&self, line: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id()));
        let status = status.unwrap();
        let found = status.lines().find_map(|known| known.strip_prefix(line)?.strip_prefix(':'));
        let kib = found.unwrap().trim().trim_end_matches(" kB");
        kib.parse::<u64>().unwrap() / 1024
    }

    pub(crate) fn descriptors(&self) -> [String; 2] {
        let limits = std::fs::read_to_string(format!("/proc/{}/limits", self.process.id()));
        let limits = limits.unwrap();
        let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
        let mut words = line.unwrap().split_whitespace().map(str::to_owned);
        std::array::from_fn(|_| words.next().unwrap())
    }

    pub(crate) fn shut_down(&self) {
        self.signal("TERM");
    }

    pub(crate) fn signal(&self, name: &str) {
        let kill = format!("kill -{name} {}", self.process.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    }

    /// Waits until the server accepts no new connections.
    pub(crate) fn wait_until_closed(&self) {
        let address = self.url.trim_start_matches("http://");
        let deadline = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(address).is_ok() {
            assert!(Instant::now() < deadline, "the server takes connections still");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    pub(crate) fn wait(mut self) -> Option<i32> {
        self.process.wait().unwrap().code()
    }

    pub(crate) fn kill(mut self) {
        self.end();
    }

    fn end(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.process.try_wait().unwrap().is_none() {
            self.end();
        }
    }
}

pub(crate) fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name)
}
