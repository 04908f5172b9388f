//! Log lines about requests that fail. There is one line per client and reason in a minute, and a
//! limited number of lines in total, so that no client can fill the disk with log lines.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The same line is logged only one time in this period.
const EVERY: Duration = Duration::from_secs(60);
/// Maximum different lines per minute. Requests with further lines are only counted.
const MOST: usize = 100;
/// Maximum bytes of a field in a line, without the `…` that marks a shortened field.
const LONGEST_FIELD: usize = 100;

/// The lines of all servers in this process, because the servers share one log.
pub(super) static REFUSALS: Refusals = Refusals::new();

pub(super) struct Refusals(Mutex<Option<Minute>>);

struct Minute {
    began: Instant,
    lines: HashMap<(String, String), u64>,
    others: u64,
}

/// A line that occurred more than once in a minute.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Repeated {
    pub(super) client: String,
    pub(super) reason: String,
    pub(super) times: u64,
}

impl Refusals {
    const fn new() -> Self {
        Self(Mutex::new(None))
    }

    /// The shortened fields of a line to log. None if the line is only counted: the same line, or
    /// the maximum number of other lines, was already logged in this minute.
    pub(super) fn line(&self, client: &str, reason: &str) -> Option<(String, String)> {
        let line = (shortened(client), shortened(reason));
        let mut minute = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let minute = minute.get_or_insert_with(|| Minute {
            began: Instant::now(),
            lines: HashMap::new(),
            others: 0,
        });
        if let Some(times) = minute.lines.get_mut(&line) {
            *times += 1;
            return None;
        }
        if minute.lines.len() >= MOST {
            minute.others += 1;
            return None;
        }
        minute.lines.insert(line.clone(), 1);
        Some(line)
    }

    /// Ends the current minute if it is over. Returns the lines that occurred more than once in
    /// that minute, and the number of requests whose lines exceeded the maximum.
    fn end(&self, now: Instant) -> Option<(Vec<Repeated>, u64)> {
        let mut minute = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let over = minute.take_if(|minute| now.duration_since(minute.began) >= EVERY)?;
        let repeated = over.lines.into_iter().filter(|(_, times)| *times > 1);
        let repeated = repeated.map(|((client, reason), times)| Repeated { client, reason, times });
        Some((repeated.collect(), over.others))
    }

    /// After each minute, logs how often repeated lines occurred. Called about once a second.
    pub(super) fn log_repeated(&self) {
        let Some((repeated, others)) = self.end(Instant::now()) else { return };
        for Repeated { client, reason, times } in repeated {
            tracing::warn!(
                client,
                reason,
                times,
                "the same failure was repeated in the last minute"
            );
        }
        if others > 0 {
            tracing::warn!(requests = others, "more requests failed in the last minute");
        }
    }
}

/// Shortens a text if it is too long. Replaces control characters, because they could forge a line.
fn shortened(text: &str) -> String {
    let end = text.floor_char_boundary(LONGEST_FIELD);
    let clean = text[..end].replace(char::is_control, "?");
    if end < text.len() { format!("{clean}…") } else { clean }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b5_a_line_is_logged_one_time_a_minute_and_its_repetitions_are_counted() {
        let refusals = Refusals::new();
        let fields = Some(("mac-1".to_owned(), "no secret".to_owned()));
        assert_eq!(refusals.line("mac-1", "no secret"), fields);
        assert_eq!(refusals.line("mac-1", "no secret"), None);
        assert!(refusals.line("mac-1", "too large").is_some());
        assert_eq!(refusals.end(Instant::now()), None);

        let times = |client: &str, reason: &str, times| Repeated {
            client: client.to_owned(),
            reason: reason.to_owned(),
            times,
        };
        let later = Instant::now() + EVERY;
        assert_eq!(refusals.end(later), Some((vec![times("mac-1", "no secret", 2)], 0)));
        assert_eq!(refusals.line("mac-1", "no secret"), fields, "the next minute");
    }

    #[test]
    fn b5_what_is_logged_is_bounded_whatever_clients_send() {
        let refusals = Refusals::new();
        let long = "é".repeat(64 * 1024);
        let lines = (0..10_000).filter_map(|n| refusals.line(&format!("{n}{long}"), "no\nsecret"));
        let bytes: usize = lines.map(|(client, reason)| client.len() + reason.len()).sum();
        assert!(bytes <= MOST * 2 * (LONGEST_FIELD + 4), "{bytes}");
        let (repeated, others) = refusals.end(Instant::now() + EVERY).unwrap();
        assert_eq!((repeated, others), (vec![], 10_000 - MOST as u64));
        assert_eq!(shortened("a\nb\u{1b}"), "a?b?");
    }
}
