//! Measures the numbers in docs/BENCHMARKS.md and writes that page to stdout.
//!
//! `cargo bench --bench figures -- plan` measures only the part `plan`.
//! `-- operation --gigabytes=10` backs up a database of this size.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot measure has nothing to report")]
#![expect(clippy::print_stdout, reason = "the page is its output")]

mod bounds;
mod certificates;
mod changing;
#[path = "../../tests/postgres/mod.rs"]
#[expect(dead_code, reason = "tests use more of it")]
mod cluster;
mod convert;
mod counts;
mod detect;
mod download;
mod events;
mod fleet;
mod hostile;
mod idle;
mod import;
mod mac;
mod million;
mod operation;
mod page;
mod plan;
mod postgres;
mod probe;
mod process;
mod programs;
mod raw;
mod rules;
mod server;
mod stalls;
mod startup;
mod terminal;

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

pub(crate) const NICELIST: &str = env!("CARGO_BIN_EXE_nicelist");

fn main() {
    if std::env::args().nth(1).is_some_and(|role| role == raw::ROLE) {
        return raw::serve();
    }
    println!("# Benchmarks\n");
    println!(
        "Created by `benches/run`. Each figure is shown next to a limit: a baseline that was measured"
    );
    println!(
        "in the same run. CPU is read from the processes. The last section lists the bounds and"
    );
    println!("whether they are met.\n");
    println!("Machine: {}.\n", machine());
    println!(
        "The bounds for time and CPU were set on an Intel Xeon. On that machine, axum alone, the"
    );
    println!(
        "limit of a sync with nothing to do, takes 23 µs per request. Slower machines miss some"
    );
    println!("of the bounds.\n");
    let reports: [(&str, fn()); 18] = [
        ("startup", startup::report),
        ("terminal", terminal::report),
        ("import", import::report),
        ("convert", convert::report),
        ("page", page::report),
        ("plan", plan::report),
        ("idle", idle::report),
        ("download", download::report),
        ("events", events::report),
        ("programs", programs::report),
        ("million", million::report),
        ("fleet", fleet::report),
        ("counts", counts::report),
        ("operation", operation::report),
        ("stalls", stalls::report),
        ("changing", changing::report),
        ("hostile", hostile::report),
        ("detect", detect::report),
    ];
    let wanted: Vec<String> = std::env::args().skip(1).filter(|it| !it.starts_with('-')).collect();
    for (name, report) in reports {
        if wanted.is_empty() || wanted.iter().any(|it| it == name) {
            report();
        }
    }
    bounds::report();
}

fn machine() -> String {
    let cpus = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model =
        cpus.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or(": unknown");
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let memory = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let kib = memory.split_whitespace().nth(1).and_then(|kib| kib.parse::<u64>().ok());
    format!(
        "{} with {cores} cores, {} GiB of memory",
        model.trim_start_matches([':', ' ', '\t']),
        kib.unwrap_or(0) / (1024 * 1024)
    )
}

pub(crate) fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// Runs a command, which must succeed, and returns its duration.
pub(crate) fn time(command: &mut Command) -> Duration {
    let start = Instant::now();
    let output = command.output().unwrap();
    let took = start.elapsed();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    took
}

/// The program, isolated from this machine's configuration and environment.
pub(crate) fn nicelist(home: &Path) -> Command {
    let mut command = Command::new(NICELIST);
    command.env_clear().env("HOME", home);
    command
}

pub(crate) fn ms(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1000.0)
}

#[expect(clippy::cast_precision_loss, reason = "only a digit behind the point is shown")]
pub(crate) fn mib(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
}
