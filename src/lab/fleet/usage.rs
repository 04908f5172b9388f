//! The resources that this process used.

use std::time::Duration;

#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Usage {
    /// CPU time of all threads, in user mode and in the kernel.
    pub(super) cpu: Duration,
    /// Maximum resident memory.
    pub(super) peak_bytes: u64,
}

impl Usage {
    /// Returns `None` if the system does not report usage.
    #[cfg(unix)]
    pub(super) fn now() -> Option<Self> {
        use nix::sys::resource::{UsageWho, getrusage};

        let usage = getrusage(UsageWho::RUSAGE_SELF).ok()?;
        let peak_bytes = peak(&usage)?;
        let mut cpu = Duration::ZERO;
        for time in [usage.user_time(), usage.system_time()] {
            cpu += Duration::from_secs(u64::try_from(time.tv_sec()).ok()?);
            cpu += Duration::from_micros(u64::try_from(time.tv_usec()).ok()?);
        }
        Some(Self { cpu, peak_bytes })
    }

    #[cfg(not(unix))]
    pub(super) fn now() -> Option<Self> {
        None
    }
}

/// Reads /proc. On Linux, `max_rss` may be the maximum of the program that started this program,
/// because execve keeps that value (getrusage(2)).
#[cfg(target_os = "linux")]
fn peak(_: &nix::sys::resource::Usage) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kilobytes * 1024)
}

/// `max_rss` is in bytes on Darwin, and in KiB on the BSDs.
#[cfg(all(unix, not(target_os = "linux")))]
fn peak(usage: &nix::sys::resource::Usage) -> Option<u64> {
    const UNIT: u64 = if cfg!(target_vendor = "apple") { 1 } else { 1024 };
    Some(u64::try_from(usage.max_rss()).ok()? * UNIT)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn work_and_memory_are_measured() {
        let before = Usage::now().unwrap();
        let much = vec![1_u8; 64 << 20];
        let sum: u64 = much.iter().map(|byte| u64::from(*byte)).sum();
        let after = Usage::now().unwrap();
        assert_eq!(sum, 64 << 20);
        assert!(after.peak_bytes >= 64 << 20, "{after:?}");
        assert!(after.cpu > before.cpu);
    }
}
