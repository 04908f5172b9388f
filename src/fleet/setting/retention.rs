//! How long events, sightings, history and silent hosts are kept.

use jiff::SignedDuration;

use super::values::{SettingError, SettingValue, unexpected};
use crate::fleet::parse_duration;

/// One hour, because administrators need some time to see events.
const SHORTEST_AGE: u64 = 60 * 60;
const LONGEST_AGE: u64 = 100 * 365 * DAY;
const DAY: u64 = 24 * 60 * 60;
/// Seven days, so that hosts that were off for a few days do not need a clean sync.
const SHORTEST_HISTORY: u64 = 7 * DAY;
/// Seven days, so that a Mac that was off for a short vacation is not forgotten.
const SHORTEST_SILENCE: u64 = 7 * DAY;
/// The minimum number of events to keep. A smaller number was probably meant as days.
const FEWEST: u64 = 1000;

/// The age at which events are deleted: from 1 h to a hundred years, or never.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct EventAge(Option<u64>);

impl EventAge {
    pub const DEFAULT: Self = Self(Some(90 * DAY));

    /// None if events are never deleted.
    pub fn get(self) -> Option<SignedDuration> {
        self.0.and_then(|seconds| i64::try_from(seconds).ok()).map(SignedDuration::from_secs)
    }
}

impl SettingValue for EventAge {
    const COMMON: &'static [&'static str] = &["90d", "365d", "never"];

    fn read(text: &str) -> Result<Self, SettingError> {
        read_age(text, SHORTEST_AGE, "an age of at least 1h such as 90d, or never").map(Self)
    }

    fn write(&self) -> String {
        write_age(self.0)
    }
}

/// The age at which the history of rules, settings and tags is deleted: 7 days to a hundred years,
/// in whole seconds, or never.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct HistoryAge(Option<u64>);

impl HistoryAge {
    /// One year, so that administrators can see the changes of the past year.
    pub const DEFAULT: Self = Self(Some(365 * DAY));

    /// None if history is never deleted.
    pub fn get(self) -> Option<SignedDuration> {
        EventAge(self.0).get()
    }
}

impl SettingValue for HistoryAge {
    const COMMON: &'static [&'static str] = &["90d", "365d", "never"];

    fn read(text: &str) -> Result<Self, SettingError> {
        read_age(text, SHORTEST_HISTORY, "an age of at least 7d such as 365d, or never").map(Self)
    }

    fn write(&self) -> String {
        write_age(self.0)
    }
}

/// The age at which a sighting is deleted if the host did not report the program again: 1 day to a
/// hundred years, in whole seconds, or never.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SightingAge(Option<u64>);

impl SightingAge {
    /// Two years, to keep the sightings of programs that run about once a year.
    pub const DEFAULT: Self = Self(Some(2 * 365 * DAY));

    /// None if sightings are never deleted.
    pub fn get(self) -> Option<SignedDuration> {
        EventAge(self.0).get()
    }
}

impl SettingValue for SightingAge {
    const COMMON: &'static [&'static str] = &["90d", "365d", "never"];

    fn read(text: &str) -> Result<Self, SettingError> {
        read_age(text, DAY, "an age of at least 1d such as 730d, or never").map(Self)
    }

    fn write(&self) -> String {
        write_age(self.0)
    }
}

/// The time after which a silent host is forgotten: 7 days to a hundred years, in whole seconds, or
/// never.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct HostAge(Option<u64>);

impl HostAge {
    /// Never, because only the administrator knows how long Macs are away.
    pub const DEFAULT: Self = Self(None);

    /// None if silent hosts are never forgotten.
    pub fn get(self) -> Option<SignedDuration> {
        EventAge(self.0).get()
    }
}

impl SettingValue for HostAge {
    const COMMON: &'static [&'static str] = &["90d", "365d", "never"];

    fn read(text: &str) -> Result<Self, SettingError> {
        read_age(text, SHORTEST_SILENCE, "a time of at least 7d such as 180d, or never").map(Self)
    }

    fn write(&self) -> String {
        write_age(self.0)
    }
}

/// Parses an age into seconds; None for `never`, `off` and `none`.
fn read_age(
    text: &str,
    shortest: u64,
    expected: &'static str,
) -> Result<Option<u64>, SettingError> {
    if is_off(text) {
        return Ok(None);
    }
    let seconds = parse_duration(text).and_then(|age| u64::try_from(age.as_secs()).ok());
    match seconds {
        Some(seconds) if (shortest..=LONGEST_AGE).contains(&seconds) => Ok(Some(seconds)),
        Some(_) | None => unexpected(text, expected),
    }
}

fn write_age(seconds: Option<u64>) -> String {
    match seconds {
        None => "never".to_owned(),
        Some(seconds) if seconds % DAY == 0 => format!("{}d", seconds / DAY),
        Some(seconds) if seconds % 3600 == 0 => format!("{}h", seconds / 3600),
        Some(seconds) => format!("{seconds}s"),
    }
}

/// How many of the newest events are kept: at least 1000, or all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct EventLimit(Option<u64>);

impl EventLimit {
    /// About 8 GB in the database, because an event takes about 4 kB.
    pub const DEFAULT: Self = Self(Some(2_000_000));
    pub const OFF: Self = Self(None);

    /// None if all events are kept.
    pub const fn get(self) -> Option<u64> {
        self.0
    }
}

impl SettingValue for EventLimit {
    const COMMON: &'static [&'static str] = &["off"];

    fn read(text: &str) -> Result<Self, SettingError> {
        if is_off(text) {
            return Ok(Self::OFF);
        }
        match text.trim().replace('_', "").parse() {
            Ok(count @ FEWEST..) => Ok(Self(Some(count))),
            _ => unexpected(text, "a number of events (at least 1000), or off"),
        }
    }

    fn write(&self) -> String {
        self.0.map_or_else(|| "off".to_owned(), |count| count.to_string())
    }
}

fn is_off(text: &str) -> bool {
    matches!(text.trim().to_ascii_lowercase().as_str(), "never" | "off" | "none")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_read_as_people_write_them() {
        let read = |text| EventAge::read(text).map(|age| age.write());
        assert_eq!(read("90d"), Ok("90d".to_owned()));
        assert_eq!(read("2w"), Ok("14d".to_owned()));
        assert_eq!(read("36h"), Ok("36h".to_owned()));
        assert_eq!(read("90m"), Ok("5400s".to_owned()));
        assert_eq!(read("Never"), Ok("never".to_owned()));
        assert_eq!(read("off"), Ok("never".to_owned()));
        for wrong in ["5m", "0", "soon", "-1d", "101y", "200000w"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn s8_history_is_kept_for_a_week_at_least() {
        let read = |text| HistoryAge::read(text).map(|age| age.write());
        assert_eq!(read("1w"), Ok("7d".to_owned()));
        assert_eq!(read("400d"), Ok("400d".to_owned()));
        assert_eq!(read("off"), Ok("never".to_owned()));
        for wrong in ["6d", "167h", "0", "soon", "101y"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn silent_hosts_are_kept_for_a_week_at_least() {
        let read = |text| HostAge::read(text).map(|age| age.write());
        assert_eq!(read("26w"), Ok("182d".to_owned()));
        assert_eq!(read("off"), Ok("never".to_owned()));
        for wrong in ["6d", "10m", "0", "later", "101y"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn so_few_events_that_days_were_meant_are_refused() {
        let read = |text| EventLimit::read(text).map(|limit| limit.write());
        assert_eq!(read("5_000_000"), Ok("5000000".to_owned()));
        assert_eq!(read("never"), Ok("off".to_owned()));
        for wrong in ["90", "0", "-1", "many", "90d"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
