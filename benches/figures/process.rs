//! Elapsed time, CPU time and memory of a process.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::median;

/// The pause between two checks of a process.
const GLANCE: Duration = Duration::from_millis(2);

#[derive(Clone, Copy)]
pub(crate) struct Cost {
    pub(crate) wall: Duration,
    pub(crate) cpu: Duration,
    pub(crate) peak: u64,
}

impl Cost {
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

pub(crate) fn run(command: &mut Command, code: i32) -> Cost {
    let start = Instant::now();
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let id = child.id().to_string();
    let mut peak = 0;
    // The CPU time is read before `wait`, because `wait` removes the process from `/proc`.
    while fields(&stat(&id))[0] != "Z" {
        peak = status_of(&id, "VmHWM:").unwrap_or(peak);
        std::thread::sleep(GLANCE);
    }
    let (wall, cpu) = (start.elapsed(), cpu(&id));
    let status = child.wait().unwrap();
    assert_eq!(status.code(), Some(code), "{command:?}");
    Cost { wall, cpu, peak }
}

/// User and system time of a process since its start, with a resolution of 10 ms. The ID `self`
/// means this process.
pub(crate) fn cpu(id: &str) -> Duration {
    cpu_in(&stat(id))
}

pub(crate) fn cpu_in(stat: &str) -> Duration {
    ticks(stat, [11, 12])
}

/// User and system time of a process and its children, including children that exited.
pub(crate) fn family_cpu(id: &str) -> Duration {
    let of_parent = stat(id);
    let children = std::fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| {
        let stat = std::fs::read_to_string(entry.path().join("stat")).ok()?;
        (parent_in(&stat) == id).then(|| cpu_in(&stat))
    });
    cpu_in(&of_parent) + ticks(&of_parent, [13, 14]) + children.sum::<Duration>()
}

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

/// The fields of `/proc/ID/stat`, starting with the state of the process.
fn fields(stat: &str) -> Vec<&str> {
    stat.rsplit(") ").next().unwrap().split(' ').collect()
}

fn stat(id: &str) -> String {
    std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap()
}

#[derive(Clone, Copy)]
pub(crate) struct Memory {
    pub(crate) now: u64,
    pub(crate) peak: u64,
}

pub(crate) fn memory(id: &str) -> Memory {
    Memory { now: status_of(id, "VmRSS:").unwrap(), peak: status_of(id, "VmHWM:").unwrap() }
}

pub(crate) fn forget_peak(id: &str) {
    std::fs::write(format!("/proc/{id}/clear_refs"), "5").unwrap();
}

/// A size in `/proc/ID/status`, in bytes. `None` after the process exited.
fn status_of(id: &str, what: &str) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(what))?;
    let kib: u64 = line.trim().trim_end_matches(" kB").parse().ok()?;
    Some(kib * 1024)
}
