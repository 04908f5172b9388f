//! The most frequent values, in limited memory.

use std::cmp::Reverse;

use hashbrown::HashMap;

/// Maximum values that are counted.
const MOST_VALUES: usize = 1000;
/// Longer values are cut.
const LONGEST: usize = 200;

/// Counts values. If there are too many, rare ones are forgotten, so the counts of values that are
/// not frequent may be too low.
#[derive(Clone, Debug, Default)]
pub(super) struct Top(HashMap<Box<str>, u64>);

impl Top {
    pub(super) fn add(&mut self, value: &str) {
        let end = (0..=LONGEST.min(value.len())).rev().find(|end| value.is_char_boundary(*end));
        let value = &value[..end.unwrap_or_default()];
        if let Some(count) = self.0.get_mut(value) {
            *count += 1;
            return;
        }
        if self.0.len() >= MOST_VALUES {
            let mut counts: Vec<u64> = self.0.values().copied().collect();
            counts.sort_unstable();
            let median = counts[counts.len() / 2];
            self.0.retain(|_, count| *count > median);
        }
        self.0.insert(value.into(), 1);
    }

    /// The most frequent values first. Values with the same count are in their own order.
    pub(super) fn first(&self, most: usize) -> Vec<(String, u64)> {
        let mut values: Vec<_> = self.0.iter().map(|(value, n)| (value.to_string(), *n)).collect();
        values.sort_unstable_by(|a, b| (Reverse(a.1), &a.0).cmp(&(Reverse(b.1), &b.0)));
        values.truncate(most);
        values
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frequent_values_are_kept_in_limited_memory() {
        let mut top = Top::default();
        for number in 0..100_000 {
            top.add(&number.to_string());
            top.add(if number % 3 == 0 { "often" } else { "always" });
        }
        assert!(top.0.len() <= MOST_VALUES);
        let first = top.first(2);
        assert_eq!([&*first[0].0, &*first[1].0], ["always", "often"]);
        top.add(&"ä".repeat(200));
    }
}
