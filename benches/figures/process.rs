//! What a process costs: its time, its CPU, and its memory where it needs most of it.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::median;

/// How often a process is looked at.
const GLANCE: Duration = Duration::from_millis(2);

/// What a process has cost.
#[derive(Clone, Copy)]
pub(crate) struct Cost {
    pub(crate) wall: Duration,
    pub(crate) cpu: Duration,
    /// Bytes of memory that it had at most.
    pub(crate) peak: u64,
}

impl Cost {
    /// The middle of each.
    pub(crate) fn median(costs: &[Self]) -> Self {
        let mut peaks: Vec<u64> = costs.iter().map(|cost| cost.peak).collect();
        peaks.sort_unstable();
        Self {
            wall: median(costs.iter().map(|cost| cost.wall).collect()),
            cpu: median(costs.iter().map(|cost| cost.cpu).collect()),
            peak: peaks[peaks.len() / 2],
        }
    }
}

/// Runs a command to its end, of which `code` is the exit code.
pub(crate) fn run(command: &mut Command, code: i32) -> Cost {
    let start = Instant::now();
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let id = child.id().to_string();
    let mut peak = 0;
    // It is not waited for before its CPU is read, so it stays in the process table.
    while !stat(&id).starts_with('Z') {
        peak = peak_of(&id).unwrap_or(peak);
        std::thread::sleep(GLANCE);
    }
    let (wall, cpu) = (start.elapsed(), cpu(&id));
    let status = child.wait().unwrap();
    assert_eq!(status.code(), Some(code), "{command:?}");
    Cost { wall, cpu, peak }
}

/// User and system time of a process so far, in the kernel's ticks of 10 ms. `self` is this one.
pub(crate) fn cpu(id: &str) -> Duration {
    let stat = stat(id);
    let fields: Vec<&str> = stat.split(' ').collect();
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    Duration::from_millis(ticks * 10)
}

/// What the kernel says of a process, from its state on.
fn stat(id: &str) -> String {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap();
    stat.rsplit(") ").next().unwrap().to_owned()
}

/// None once the process has ended.
fn peak_of(id: &str) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().trim_end_matches(" kB").parse().ok()?;
    Some(kib * 1024)
}
