//! How long people at a terminal wait: for a completion, a long list, and a key in the list of
//! programs.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Command, Output};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use nicelist::fleet::{Clock, Event};
use nicelist::store::{self, Durability, EventOrigin};
use rexpect::process::PtyProcess;

use crate::bounds::record;
use crate::mac::Mac;
use crate::server::Server;
use crate::{counts, median, ms, programs};

const HOSTS: u64 = 5_000;
const PROGRAMS: u64 = 10_000;
const RUNS: usize = 21;
const COMPLETION_LIMIT: Duration = Duration::from_millis(50);
const LIST_LIMIT: Duration = Duration::from_millis(200);
const KEY_LIMIT: Duration = Duration::from_millis(50);

const COLUMNS: u16 = 120;
const LINES: u16 = 40;
/// The screen is complete if nothing is drawn for this time.
const QUIET: Duration = Duration::from_millis(100);
const PATIENCE: Duration = Duration::from_secs(60);

/// Keys in the list of programs, each with the key that reverses it. The letter is in the names of
/// all programs.
const KEYS: [(&str, &str, &str); 4] = [
    ("a letter of the filter", "t", "\u{15}"),
    ("Ctrl-A", "\u{1}", "\u{1}"),
    ("Down", "\u{1b}[B", "\u{1b}[A"),
    ("PageDown", "\u{1b}[6~", "\u{1b}[5~"),
];
const CTRL_C: &str = "\u{3}";

pub(crate) fn report() {
    println!("## Waiting at a terminal\n");
    println!(
        "Commands that use a server over SQLite with {HOSTS} hosts and {PROGRAMS} programs that are pending approval,"
    );
    println!(
        "from start to end of the process. The list of programs is on a terminal with {COLUMNS} columns and {LINES}"
    );
    println!(
        "lines; a key is measured until the screen is complete. Each bound is for the median of {RUNS} runs.\n"
    );
    println!("| what | median | slowest | bound |\n|---|---|---|---|");
    let home = tempfile::tempdir().unwrap();
    let database = format!("sqlite:{}", home.path().join("nicelist.db").display());
    fill(home.path(), &database);
    let server = Server::start(home.path(), &database);
    measure_completions(home.path(), &server);
    measure_list(home.path(), &server);
    measure_keys(home.path(), &server);
    println!();
}

fn fill(home: &Path, database: &str) {
    Mac::connect(Server::start(home, database).address, 0).take_all();
    counts::multiply(&home.join("nicelist.db"), HOSTS);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let store = store::open(database, Durability::Process).await.unwrap();
        let events: Vec<Event> = (0..PROGRAMS).map(event).collect();
        store.add_events(&events, Clock::System.now(), EventOrigin::Import).await.unwrap();
    });
}

/// An event of one of the hosts about a program of its own.
fn event(number: u64) -> Event {
    let machine = format!("HOST{:08}", 1 + number % (HOSTS - 1));
    Event { machine: machine.parse().unwrap(), ..programs::event(number) }
}

/// Completes a host name with an empty cache, and then from the cache.
fn measure_completions(home: &Path, server: &Server) {
    let complete = || {
        let mut command = server.nicelist(home);
        command.args(["--", "nicelist", "host", "show", "mac-12"]).env("NICELIST_COMPLETE", "bash");
        run(&mut command)
    };
    let (mut empty, mut cached, mut completed) = (Vec::new(), Vec::new(), 0);
    for _ in 0..RUNS {
        drop(std::fs::remove_dir_all(home.join(".cache")));
        let (took, output) = complete();
        empty.push(took);
        // A completion that misses its deadline proposes nothing.
        completed += usize::from(output.stdout.starts_with(b"mac-12"));
        cached.push(complete().0);
    }
    assert!(completed > RUNS / 2, "only {completed} of {RUNS} completions are in time");
    row("completion of a host name", empty, COMPLETION_LIMIT);
    row("the same from the cache", cached, COMPLETION_LIMIT);
}

fn measure_list(home: &Path, server: &Server) {
    let list = || {
        let (took, output) = run(server.nicelist(home).args(["host", "list"]));
        let lines = output.stdout.iter().filter(|byte| **byte == b'\n').count();
        assert_eq!(lines as u64, 1 + HOSTS, "a header and the hosts");
        took
    };
    let times = (0..RUNS).map(|_| list()).collect();
    row(&format!("`host list` of {HOSTS} hosts"), times, LIST_LIMIT);
}

fn measure_keys(home: &Path, server: &Server) {
    let mut command = server.nicelist(home);
    let mut picker = Picker::open(command.args(["event", "approve"]));
    for (what, key, reverse) in KEYS {
        let times = (0..RUNS).map(|_| {
            let took = picker.press(key);
            picker.press(reverse);
            took
        });
        let times = times.collect();
        row(&format!("{what} in a list of {PROGRAMS} programs"), times, KEY_LIMIT);
    }
    picker.close();
}

fn run(command: &mut Command) -> (Duration, Output) {
    let start = Instant::now();
    let output = command.output().unwrap();
    let took = start.elapsed();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    (took, output)
}

/// Prints a row of the table, and records whether the median is within `limit`.
fn row(what: &str, times: Vec<Duration>, limit: Duration) {
    let slowest = *times.iter().max().unwrap();
    let middle = median(times);
    let bound = format!("{} ms", limit.as_millis());
    println!("| {what} | {} | {} | {bound} |", ms(middle), ms(slowest));
    record(format!("{what}: {bound}"), ms(middle), middle <= limit);
}

/// The list of programs in a pseudo-terminal.
struct Picker {
    process: PtyProcess,
    keys: File,
    /// Each piece of output, with the time at which it was read.
    output: Receiver<(Instant, Vec<u8>)>,
    screen: vt100::Parser,
}

impl Picker {
    /// Waits until all programs are listed.
    fn open(command: &Command) -> Self {
        let process = PtyProcess::new(in_a_terminal(command)).unwrap();
        let keys = process.get_file_handle().unwrap();
        let mut reader = process.get_file_handle().unwrap();
        let (sender, output) = channel();
        thread::spawn(move || {
            let mut bytes = [0; 65_536];
            while let Ok(count @ 1..) = reader.read(&mut bytes) {
                if sender.send((Instant::now(), bytes[..count].to_vec())).is_err() {
                    return;
                }
            }
        });
        let screen = vt100::Parser::new(LINES, COLUMNS, 0);
        let mut picker = Self { process, keys, output, screen };
        let title = format!("{PROGRAMS} of {PROGRAMS} match");
        while !picker.screen.screen().contents().contains(&title) {
            picker.complete();
        }
        picker
    }

    /// The time from a key until the screen is complete.
    fn press(&mut self, key: &str) -> Duration {
        let start = Instant::now();
        self.keys.write_all(key.as_bytes()).unwrap();
        self.complete() - start
    }

    /// Reads output until there is none for a moment. Returns the time of the last output.
    fn complete(&mut self) -> Instant {
        let (mut last, bytes) = self.output.recv_timeout(PATIENCE).unwrap();
        self.screen.process(&bytes);
        while let Ok((at, bytes)) = self.output.recv_timeout(QUIET) {
            last = at;
            self.screen.process(&bytes);
        }
        last
    }

    fn close(mut self) {
        self.keys.write_all(CTRL_C.as_bytes()).unwrap();
        self.process.wait().unwrap();
    }
}

/// The same command, after it has set the size of its terminal.
fn in_a_terminal(command: &Command) -> Command {
    let mut shell = Command::new("/bin/sh");
    let script = format!("stty cols {COLUMNS} rows {LINES} && exec \"$@\"");
    shell.args(["-c", &script, "sh"]).arg(command.get_program()).args(command.get_args());
    shell.env_clear().env("TERM", "xterm-256color");
    shell.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    shell
}
