//! The recent events of a correlation's group.

use crate::detect::rule_files::Correlation;

/// A time in microseconds since 1970.
pub type Micros = i64;

/// The events of one group that were counted and have not fired yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// Sorted by time. The second number is the hash of the counted value.
    items: Vec<(Micros, u64)>,
    /// After a signal, the times without another one.
    quiet: Option<(Micros, Micros)>,
}

/// How much later an event may arrive than events after it, in addition to the window.
const LATENESS: Micros = 10 * 60 * 1_000_000;

impl Window {
    /// Counts an event. Returns the count if the correlation fires, which begins the next count.
    ///
    /// `value` identifies the event, or its distinct value. Of equal values, the newest one counts.
    /// The times of events decide, not the order in which they arrive.
    pub(super) fn add(&mut self, time: Micros, value: u64, rule: &Correlation) -> Option<usize> {
        let threshold = usize::try_from(rule.threshold.get()).unwrap_or(usize::MAX);
        let length = micros(rule.window.duration());
        if self.quiet.is_some_and(|(from, until)| (from..until).contains(&time)) {
            return None;
        }
        let time = match self.items.iter().position(|(_, known)| *known == value) {
            Some(place) => self.items.remove(place).0.max(time),
            None => time,
        };
        let place = self.items.partition_point(|(known, _)| *known <= time);
        self.items.insert(place, (time, value));
        self.forget(length, threshold);
        let count = self.count(time, length);
        if count < threshold {
            return None;
        }
        self.items.clear();
        let cooldown = rule.cooldown.map(|cooldown| micros(cooldown.duration()));
        self.quiet = cooldown.map(|cooldown| (time, time.saturating_add(cooldown)));
        Some(count)
    }

    /// The most events in a window that contains `time`.
    fn count(&self, time: Micros, length: Micros) -> usize {
        let first = self.items.partition_point(|(known, _)| *known < time.saturating_sub(length));
        let mut end = first;
        let mut most = 0;
        for (start, (from, _)) in self.items.iter().enumerate().skip(first) {
            if *from > time {
                break;
            }
            let until = from.saturating_add(length);
            while self.items.get(end).is_some_and(|(known, _)| *known <= until) {
                end += 1;
            }
            most = most.max(end - start);
        }
        most
    }

    fn forget(&mut self, length: Micros, threshold: usize) {
        let newest = self.items.last().map_or(Micros::MIN, |(time, _)| *time);
        let oldest = newest.saturating_sub(length).saturating_sub(LATENESS);
        let expired = self.items.partition_point(|(time, _)| *time < oldest);
        let surplus = self.items.len().saturating_sub(threshold.saturating_mul(2));
        self.items.drain(..expired.max(surplus));
    }

    /// About how many bytes it needs.
    pub(super) fn size(&self) -> usize {
        self.items.capacity() * size_of::<(Micros, u64)>()
    }
}

/// A length of time. Periods in rule files are at most a year.
pub(super) fn micros(duration: std::time::Duration) -> Micros {
    Micros::try_from(duration.as_micros()).unwrap_or(Micros::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::rule_files::Paths;

    const SECOND: Micros = 1_000_000;

    fn rule(window: &str, threshold: &str, cooldown: Option<&str>) -> Correlation {
        Correlation {
            window: window.parse().unwrap(),
            group_by: Paths::default(),
            count_distinct: None,
            threshold: threshold.parse().unwrap(),
            cooldown: cooldown.map(|it| it.parse().unwrap()),
            allow_missing: false,
        }
    }

    /// Which of the events, by time in seconds, make the correlation fire.
    fn fired(rule: &Correlation, times: &[Micros]) -> Vec<usize> {
        let mut window = Window::default();
        let add = |(place, time): (usize, &Micros)| {
            window.add(time * SECOND, place as u64, rule).map(|_| place)
        };
        times.iter().enumerate().filter_map(add).collect()
    }

    #[test]
    fn a_window_slides_and_begins_again_after_a_signal() {
        let rule = rule("10s", "3", None);
        assert_eq!(fired(&rule, &[0, 5, 11, 12]), [3]);
        assert_eq!(fired(&rule, &[0, 1, 2, 3, 4, 5]), [2, 5]);
        assert_eq!(fired(&rule, &[0, 11, 22, 33]), Vec::<usize>::new());
    }

    #[test]
    fn late_events_count_at_their_own_time() {
        let rule = rule("10s", "3", None);
        assert_eq!(fired(&rule, &[0, 60, 5, 6]), [3]);
        // These three are not in one window.
        assert_eq!(fired(&rule, &[0, 16, 8]), Vec::<usize>::new());
    }

    #[test]
    fn no_signal_follows_during_the_cooldown() {
        let rule = rule("10s", "2", Some("60s"));
        assert_eq!(fired(&rule, &[0, 1, 2, 3, 60, 61, 62]), [1, 6]);
    }

    #[test]
    fn equal_values_count_once() {
        let rule = rule("10s", "2", None);
        let mut window = Window::default();
        let fired = [(0, 7), (1, 7), (2, 7), (3, 8)];
        let fired = fired.map(|(time, value)| window.add(time * SECOND, value, &rule));
        assert_eq!(fired, [None, None, None, Some(2)]);
    }

    #[test]
    fn memory_does_not_grow_with_the_number_of_events() {
        let rule = rule("10s", "3", None);
        let mut window = Window::default();
        for time in 0..100_000 {
            assert_eq!(window.add(time * 20 * SECOND, time as u64, &rule), None);
        }
        assert!(window.size() < 1024, "{}", window.size());
    }
}
