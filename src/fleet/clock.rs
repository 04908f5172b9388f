//! The clock, which tests can replace, and durations such as `24h`.

mod guard;

pub use guard::{ClockGuard, ClockJump, LONGEST_GAP};

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::{SignedDuration, Span, SpanRelativeTo, Timestamp};

#[derive(Clone, Debug, Default)]
pub enum Clock {
    #[default]
    System,
    /// A clock that only [`Clock::advance`] and [`Clock::jump`] move.
    Manual(Arc<ManualClock>),
}

#[derive(Debug, Default)]
pub struct ManualClock {
    /// Milliseconds since 1970.
    wall: AtomicI64,
    /// Milliseconds since the clock was created, without jumps.
    elapsed: AtomicI64,
}

impl Clock {
    /// A clock for tests. It stands still until it is moved.
    pub fn manual(start: Timestamp) -> Self {
        let (wall, elapsed) = (AtomicI64::new(start.as_millisecond()), AtomicI64::new(0));
        Self::Manual(Arc::new(ManualClock { wall, elapsed }))
    }

    /// The time now, in whole milliseconds.
    pub fn now(&self) -> Timestamp {
        let millisecond = match self {
            #[expect(clippy::disallowed_methods, reason = "the one place that asks the machine")]
            Self::System => Timestamp::now().as_millisecond(),
            Self::Manual(clock) => clock.wall.load(Ordering::SeqCst),
        };
        Timestamp::from_millisecond(millisecond).unwrap_or(Timestamp::MAX)
    }

    /// The time since a fixed moment, including the time when the machine was asleep. Setting the
    /// wall clock does not change it.
    pub fn elapsed(&self) -> SignedDuration {
        match self {
            Self::System => since_boot(),
            Self::Manual(clock) => {
                SignedDuration::from_millis(clock.elapsed.load(Ordering::SeqCst))
            }
        }
    }

    /// Moves a manual clock as if time had passed.
    pub fn advance(&self, by: SignedDuration) {
        self.jump(by);
        if let Self::Manual(clock) = self {
            clock.elapsed.fetch_add(millis(by), Ordering::SeqCst);
        }
    }

    /// Moves a manual clock as if someone had set it.
    pub fn jump(&self, by: SignedDuration) {
        if let Self::Manual(clock) = self {
            clock.wall.fetch_add(millis(by), Ordering::SeqCst);
        }
    }
}

fn millis(duration: SignedDuration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// The time since the machine started, or zero if that time cannot be read. If it is always zero,
/// [`ClockGuard`] reports a jump when more than 5 minutes pass between two checks.
#[cfg(unix)]
fn since_boot() -> SignedDuration {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    let clock = nix::time::ClockId::CLOCK_BOOTTIME;
    // On macOS, this clock includes sleep.
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let clock = nix::time::ClockId::CLOCK_MONOTONIC;
    nix::time::clock_gettime(clock)
        .map_or(SignedDuration::ZERO, |time| SignedDuration::from_secs(time.tv_sec()))
}

/// The time since the first call. On Windows, it includes sleep.
#[cfg(not(unix))]
fn since_boot() -> SignedDuration {
    static START: std::sync::LazyLock<std::time::Instant> =
        std::sync::LazyLock::new(std::time::Instant::now);
    SignedDuration::try_from(START.elapsed()).unwrap_or(SignedDuration::MAX)
}

/// Parses durations such as `90` (seconds), `10m`, `24h`, `7d`, `2w` and `1h30m`. A day has 24
/// hours. Returns None for months, years, negative durations and texts that are not durations.
pub fn parse_duration(text: &str) -> Option<SignedDuration> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<u32>() {
        return Some(SignedDuration::from_secs(i64::from(seconds)));
    }
    let span: Span = text.parse().ok()?;
    let duration = span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?;
    (!duration.is_negative()).then_some(duration)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_people_write_them() {
        let seconds = |text| parse_duration(text).map(|duration| duration.as_secs());
        assert_eq!(seconds("90"), Some(90));
        assert_eq!(seconds("10m"), Some(600));
        assert_eq!(seconds("24h"), Some(86_400));
        assert_eq!(seconds("7d"), Some(604_800));
        assert_eq!(seconds("2w"), Some(1_209_600));
        assert_eq!(seconds("1h30m"), Some(5_400));
        assert_eq!(seconds("-1h"), None);
        assert_eq!(seconds("soon"), None);
        assert_eq!(seconds("1mo"), None);
    }

    #[test]
    fn a_manual_clock_moves_only_on_request() {
        let clock = Clock::manual("2026-11-20T10:00:00Z".parse().unwrap());
        assert_eq!(clock.now().to_string(), "2026-11-20T10:00:00Z");
        clock.advance(SignedDuration::from_hours(1));
        assert_eq!(clock.now().to_string(), "2026-11-20T11:00:00Z");
    }
}
