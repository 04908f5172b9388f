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
    while fields(&stat(&id))[0] != "Z" {
        peak = status_of(&id, "VmHWM:").unwrap_or(peak);
        std::thread::sleep(GLANCE);
    }
    let (wall, cpu) = (start.elapsed(), cpu(&id));
    let status = child.wait().unwrap();
    assert_eq!(status.code(), Some(code), "{command:?}");
    Cost { wall, cpu, peak }
}

/// User and system time of a process so far, in the kernel's ticks of 10 ms. `self` is this one.
pub(crate) fn cpu(id: &str) -> Duration {
    cpu_in(&stat(id))
}

/// The same, in what the kernel said of it.
pub(crate) fn cpu_in(stat: &str) -> Duration {
    ticks(stat, [11, 12])
}

/// The same of a process, its children, and those that it had.
pub(crate) fn family_cpu(id: &str) -> Duration {
    let of_parent = stat(id);
    let children = std::fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| {
        let stat = std::fs::read_to_string(entry.path().join("stat")).ok()?;
        (parent_in(&stat) == id).then(|| cpu_in(&stat))
    });
    cpu_in(&of_parent) + ticks(&of_parent, [13, 14]) + children.sum::<Duration>()
}

/// The id of a process's parent.
pub(crate) fn parent(id: &str) -> String {
    parent_in(&stat(id)).to_owned()
}

fn parent_in(stat: &str) -> &str {
    fields(stat)[1]
}

fn ticks(stat: &str, places: [usize; 2]) -> Duration {
    let fields = fields(stat);
    let ticks: u64 = places.iter().map(|place| fields[*place].parse::<u64>().unwrap()).sum();
    Duration::from_millis(ticks * 10)
}

/// What the kernel says of a process, from its state on.
fn fields(stat: &str) -> Vec<&str> {
    stat.rsplit(") ").next().unwrap().split(' ').collect()
}

fn stat(id: &str) -> String {
    std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap()
}

/// What memory a process has, and had at most, in bytes.
#[derive(Clone, Copy)]
pub(crate) struct Memory {
    pub(crate) now: u64,
    pub(crate) peak: u64,
}

/// The memory of a process that runs.
pub(crate) fn memory(id: &str) -> Memory {
    Memory { now: status_of(id, "VmRSS:").unwrap(), peak: status_of(id, "VmHWM:").unwrap() }
}

/// From now on the most memory of a process is what it has from now on.
pub(crate) fn forget_peak(id: &str) {
    std::fs::write(format!("/proc/{id}/clear_refs"), "5").unwrap();
}

/// None once the process has ended.
fn status_of(id: &str, what: &str) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(what))?;
    let kib: u64 = line.trim().trim_end_matches(" kB").parse().ok()?;
    Some(kib * 1024)
}
