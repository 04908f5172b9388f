//! Detects jumps of the wall clock. Rules that expired and events that were deleted because of a
//! wrong clock are not restored when the clock is corrected.

use jiff::{SignedDuration, Timestamp};

use crate::fleet::Clock;

/// The maximum difference between the wall clock and the expected time. At the start, the wall
/// clock may be ahead by more.
const TOLERANCE: SignedDuration = SignedDuration::from_mins(5);
/// The maximum difference between the wall clock and a time in the database that confirms the wall
/// clock.
const ACCEPTED: SignedDuration = SignedDuration::from_mins(2);
/// The default for how far the wall clock may be ahead of the newest time in the database when the
/// server starts.
pub const LONGEST_GAP: SignedDuration = SignedDuration::from_hours(7 * 24);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockJump {
    pub wall: Timestamp,
    pub expected: Timestamp,
}

/// Compares the wall clock with the expected time, which is the last trusted time plus the time
/// that has passed since. At the start, the newest time in the database is trusted, or the wall
/// clock if the database is new.
#[derive(Clone, Debug)]
pub struct ClockGuard {
    believed: Timestamp,
    /// [`Clock::elapsed`] at the last trusted time.
    elapsed: SignedDuration,
    /// How far the wall clock may be ahead of the expected time.
    ahead: SignedDuration,
    jumped: bool,
}

impl ClockGuard {
    /// Starts with the newest time in a database. The wall clock may be ahead of that time by
    /// `gap`, or by `TOLERANCE` if that is longer, because the server may have been down.
    pub fn new(clock: &Clock, newest: Option<Timestamp>, gap: SignedDuration) -> Self {
        let mut guard = Self {
            believed: newest.unwrap_or_else(|| clock.now()),
            elapsed: clock.elapsed(),
            ahead: gap.max(TOLERANCE),
            jumped: false,
        };
        guard.observe(clock);
        guard
    }

    pub fn expected(&self, clock: &Clock) -> Timestamp {
        let passed = clock.elapsed().checked_sub(self.elapsed).unwrap_or(SignedDuration::MAX);
        self.believed.checked_add(passed).unwrap_or(Timestamp::MAX)
    }

    /// Checks the clock, and returns a jump if the clock is not trusted. A clock that jumped is
    /// trusted again when it is close to the expected time.
    pub fn observe(&mut self, clock: &Clock) -> Option<ClockJump> {
        let (wall, expected) = (clock.now(), self.expected(clock));
        let ahead = wall.duration_since(expected);
        self.jumped = ahead > self.ahead || ahead < -TOLERANCE;
        if !self.jumped {
            self.accept(clock);
        }
        self.jump(clock)
    }

    /// The jump that the last check found, with the current times.
    pub fn jump(&self, clock: &Clock) -> Option<ClockJump> {
        self.jumped.then(|| ClockJump { wall: clock.now(), expected: self.expected(clock) })
    }

    /// Trusts the clock if it is close to `noted`, a time in the database. An administrator or a
    /// server with a trusted clock stored that time.
    pub fn confirm(&mut self, clock: &Clock, noted: Timestamp) {
        if clock.now().duration_since(noted).abs() <= ACCEPTED {
            self.accept(clock);
        }
    }

    pub fn accept(&mut self, clock: &Clock) {
        self.believed = clock.now();
        self.elapsed = clock.elapsed();
        self.ahead = TOLERANCE;
        self.jumped = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: SignedDuration = SignedDuration::from_hours(1);

    fn clock() -> Clock {
        Clock::manual("2026-11-20T10:00:00Z".parse().unwrap())
    }

    #[test]
    fn l13_time_that_passes_is_no_jump_and_a_clock_that_is_set_is_one() {
        let clock = clock();
        let mut guard = ClockGuard::new(&clock, None, LONGEST_GAP);
        clock.advance(HOUR * 24 * 30);
        assert_eq!(guard.observe(&clock), None);
        for by in [HOUR, -HOUR] {
            clock.jump(by);
            let jump = guard.observe(&clock).unwrap();
            assert_eq!(jump.wall.duration_since(jump.expected), by);
            clock.jump(-by);
            assert_eq!(guard.observe(&clock), None, "it returned");
        }
        clock.jump(HOUR);
        assert!(guard.observe(&clock).is_some());
        clock.advance(HOUR);
        assert!(guard.observe(&clock).is_some(), "time alone does not heal it");
        guard.accept(&clock);
        assert_eq!(guard.observe(&clock), None);
    }

    #[test]
    fn l13_a_start_compares_with_the_newest_time_of_the_database() {
        let clock = clock();
        let newest = |days: i64| Some(clock.now() - HOUR * 24 * i32::try_from(days).unwrap());
        let jump = |newest| ClockGuard::new(&clock, newest, LONGEST_GAP).jump(&clock);
        assert_eq!(jump(None), None);
        assert_eq!(jump(newest(6)), None, "it was down for some days");
        assert!(jump(newest(8)).is_some());
        assert!(jump(newest(-1)).is_some(), "the clock is behind what was seen");
    }

    #[test]
    fn l13_a_time_noted_elsewhere_confirms_only_a_clock_that_agrees() {
        let clock = clock();
        let mut guard = ClockGuard::new(&clock, None, LONGEST_GAP);
        let before = clock.now();
        clock.jump(HOUR * 1000);
        guard.observe(&clock);
        guard.confirm(&clock, before);
        assert!(guard.jump(&clock).is_some());
        guard.confirm(&clock, clock.now());
        assert_eq!(guard.jump(&clock), None);
    }
}
