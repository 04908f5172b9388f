//! Which events are meant.

use std::str::FromStr;

use clap::Args;
use jiff::{SignedDuration, Timestamp};

use crate::api::EventQuery;
use crate::fleet::parse_duration;

/// Which events are meant.
#[derive(Debug, Args)]
pub(crate) struct Filter {
    /// Only events of this host: machine id, serial number, host name, or a unique prefix
    #[arg(long, value_name = "HOST")]
    host: Option<String>,
    /// Only programs that this user ran
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// Only events with exactly this decision, as in BLOCK_UNKNOWN
    #[arg(long, value_name = "DECISION")]
    decision: Option<String>,
    /// Only what was blocked
    #[arg(long)]
    blocked: bool,
    /// Only events with this text in path, SHA-256, signing id or team id
    #[arg(long)]
    text: Option<String>,
}

impl Filter {
    /// The query that it stands for.
    pub(super) fn query(self) -> EventQuery {
        let Self { host, user, decision, blocked, text } = self;
        let decision = decision.map(|decision| decision.to_ascii_uppercase());
        EventQuery { host, user, decision, blocked, text, ..EventQuery::default() }
    }
}

/// When something began: a while ago, or at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Since {
    /// So long before now.
    Before(SignedDuration),
    /// At this time.
    At(Timestamp),
}

impl FromStr for Since {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let at = || text.trim().parse().ok().map(Self::At);
        parse_duration(text).map(Self::Before).or_else(at).ok_or_else(|| {
            "expected a duration such as 24h or 7d, or a time such as 2026-11-20T00:00:00Z"
                .to_owned()
        })
    }
}

impl Since {
    /// The time that is meant, seen from `now`. What lies before all time is its beginning.
    pub(super) fn resolve(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(at) => at,
            Self::Before(duration) => now.checked_sub(duration).unwrap_or(Timestamp::MIN),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn since_is_a_duration_or_a_time() {
        let now: Timestamp = "2026-11-20T12:00:00Z".parse().unwrap();
        let read = |text: &str| text.parse::<Since>().unwrap().resolve(now).to_string();
        assert_eq!(read("24h"), "2026-11-19T12:00:00Z");
        assert_eq!(read("2026-11-01T00:00:00Z"), "2026-11-01T00:00:00Z");
        assert!("yesterday".parse::<Since>().is_err());
    }

    #[test]
    fn decisions_are_santas_words_in_any_case() {
        let filter = Filter {
            host: None,
            user: None,
            decision: Some("block_unknown".to_owned()),
            blocked: true,
            text: None,
        };
        let query = filter.query();
        assert_eq!((query.decision.as_deref(), query.blocked), (Some("BLOCK_UNKNOWN"), true));
    }
}
