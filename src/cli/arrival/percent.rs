//! A percentage of hosts.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

/// A whole percentage from 1% to 100%.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(crate) struct Percent(u8);

impl Percent {
    pub(crate) const ALL: Self = Self(100);

    /// Whether a part is at least this percentage of the whole. This is always true for a whole of
    /// 0.
    pub(crate) fn is_reached(self, part: u64, whole: u64) -> bool {
        u128::from(part) * 100 >= u128::from(whole) * u128::from(self.0)
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", self.0)
    }
}

impl FromStr for Percent {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let number = text.strip_suffix('%').unwrap_or(text).parse::<u8>();
        match number {
            Ok(number @ 1..=100) => Ok(Self(number)),
            _ => Err("expected a whole percentage from 1% to 100%".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentage_is_from_1_to_100() {
        assert_eq!("95%".parse::<Percent>(), Ok(Percent(95)));
        assert_eq!("100".parse::<Percent>(), Ok(Percent::ALL));
        assert_eq!(Percent(95).to_string(), "95%");
        for invalid in ["", "%", "0%", "101%", "-5%", "9.5%", "95%%", "most"] {
            assert!(invalid.parse::<Percent>().is_err(), "{invalid}");
        }
    }

    #[test]
    fn a_percentage_is_not_rounded() {
        assert!(Percent(95).is_reached(19, 20));
        assert!(!Percent(95).is_reached(94_999, 100_000));
        assert!(!Percent::ALL.is_reached(999_999, 1_000_000));
        assert!(Percent::ALL.is_reached(0, 0));
        assert!(Percent::ALL.is_reached(u64::MAX, u64::MAX));
    }
}
