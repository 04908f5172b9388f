//! Arguments that select events.

use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use jiff::Timestamp;

use crate::api::{EventQuery, WaitingQuery};
use crate::cli::arg::{Since, Words};
use crate::cli::error::CliError;
use crate::fleet::{EventId, EventKind, PathPattern};
use crate::shell::argument;

#[derive(Debug, Args)]
pub(crate) struct Filter {
    /// Show only events of these kinds; separate with commas or repeat
    #[arg(long = "kind", value_name = "KIND", value_delimiter = ',')]
    #[arg(value_parser = Words::<EventKind>::new(EventKind::ALL.map(EventKind::word)))]
    kinds: Vec<EventKind>,
    /// Show only events of this host: machine ID, serial number or host name, or a unique prefix
    #[arg(long, value_name = "HOST")]
    host: Option<String>,
    /// Show only programs that this user ran
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// Show only events with these decisions, such as BLOCK_UNKNOWN,BLOCK_BINARY
    #[arg(long = "decision", value_name = "DECISION", value_delimiter = ',')]
    decisions: Vec<String>,
    /// Show only blocked programs and denied file accesses
    #[arg(long)]
    blocked: bool,
    /// Show only programs or accessed files whose path begins with PATH; if PATH contains * or ?,
    /// the whole path must match
    #[arg(long, value_name = "PATH")]
    path: Option<PathPattern>,
    /// Show only programs with this signer: team ID, signing ID, certificate name or certificate
    /// SHA-256
    #[arg(long, value_name = "SIGNER")]
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    signer: Option<String>,
    /// Show only events with this text in the path, SHA-256, signing ID, team ID or file access
    /// rule
    #[arg(long)]
    text: Option<String>,
}

impl Filter {
    pub(super) fn query(self) -> EventQuery {
        let Self { kinds, host, user, decisions, blocked, path, signer, text } = self;
        EventQuery {
            kind: kinds,
            host,
            user,
            decision: decisions,
            blocked,
            path,
            signer,
            text,
            ..EventQuery::default()
        }
    }
}

/// Selects programs that are pending approval.
#[derive(Debug, Args)]
pub(crate) struct WaitingFilter {
    /// Select only programs pending on this host: machine ID, serial number or host name, or a
    /// unique prefix
    #[arg(long, value_name = "HOST")]
    host: Option<String>,
    /// Select only programs that this user ran
    #[arg(long, value_name = "NAME", conflicts_with = "id")]
    user: Option<String>,
    /// Select only programs that were blocked, not those that lockdown would block
    #[arg(long, conflicts_with = "id")]
    blocked: bool,
    /// Select only programs with this signer: team ID, signing ID, certificate name or certificate
    /// SHA-256
    #[arg(long, value_name = "SIGNER", conflicts_with = "id")]
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    signer: Option<String>,
    /// Select only programs with this text in the path, SHA-256, signing ID or team ID
    #[arg(long, conflicts_with = "id")]
    text: Option<String>,
    /// Select only programs reported since this time, such as 24h, 7d, yesterday or 2026-11-20
    #[arg(long, value_name = "WHEN", conflicts_with = "id")]
    since: Option<Since>,
}

impl WaitingFilter {
    /// The ID of an event, which cannot be used with a host. `--host` is refused here and not by
    /// clap, so that the hint has the command for one host.
    pub(super) fn event(
        &self,
        command: &str,
        id: Option<&str>,
    ) -> Result<Option<EventId>, CliError> {
        let Some(id) = id else { return Ok(None) };
        let id = event_id(id)?;
        match &self.host {
            Some(host) => {
                let scope = format!("host:{host}");
                let scope = argument(&scope);
                Err(CliError::usage("an event ID cannot be used with --host")
                    .hint(format!("for one host: nicelist event {command} {id} --scope {scope}")))
            }
            None => Ok(Some(id)),
        }
    }

    pub(super) fn is_given(&self) -> bool {
        let Self { host, user, blocked, signer, text, since } = self;
        *blocked
            || since.is_some()
            || [host, user, signer, text].into_iter().any(|filter| filter.is_some())
    }

    /// The filter as arguments to paste. `None` without a filter, or with `--since`, whose text is
    /// not kept.
    pub(super) fn arguments(&self) -> Option<String> {
        let Self { host, user, blocked, signer, text, since } = self;
        let named = [("--host", host), ("--user", user), ("--signer", signer), ("--text", text)];
        let named = named.into_iter().filter_map(|(name, value)| {
            let value = value.as_deref()?;
            Some(format!("{name} {}", argument(value)))
        });
        let all: Vec<String> = named.chain(blocked.then(|| "--blocked".to_owned())).collect();
        (since.is_none() && !all.is_empty()).then(|| all.join(" "))
    }

    /// Durations are subtracted from `now`.
    pub(super) fn query(self, now: Timestamp) -> WaitingQuery {
        let Self { host, user, blocked, signer, text, since } = self;
        let since = since.map(|since| since.resolve(now));
        WaitingQuery { host, user, blocked, signer, text, since, ..WaitingQuery::default() }
    }
}

/// Reads the ID of an event.
pub(super) fn event_id(text: &str) -> Result<EventId, CliError> {
    text.trim().parse::<i64>().map(EventId).map_err(|_| {
        CliError::usage(format!("`{text}` is not an event ID"))
            .hint(format!("to search for it: nicelist find {}", argument(text)))
    })
}

/// Selects events by the time at which the server received them.
#[derive(Debug, Args)]
pub(crate) struct Period {
    /// Show only events received since this time, such as 24h, 7d, yesterday or 2026-11-20
    #[arg(long, value_name = "WHEN")]
    since: Option<Since>,
    /// Show only events received before this time, such as 24h or 7d; a date includes the whole day
    #[arg(long, value_name = "WHEN")]
    until: Option<Since>,
}

impl Period {
    /// Adds the period to a query. Fails unless the period ends after it begins.
    pub(super) fn limit(self, query: EventQuery, now: Timestamp) -> Result<EventQuery, CliError> {
        let since = self.since.map(|since| since.resolve(now));
        let until = self.until.map(|until| until.resolve_end(now));
        if let (Some(since), Some(until)) = (since, until)
            && since >= until
        {
            return Err(CliError::usage("--until must be later than --since").hint(
                "for example, --since 7d --until 24h is the last week without its last day",
            ));
        }
        Ok(EventQuery { since, until, ..query })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_is_not_an_event_id_leads_to_find() {
        assert_eq!(event_id("368").unwrap(), EventId(368));
        let refused = event_id("Zoom Workplace").unwrap_err();
        assert_eq!((refused.kind.exit_code(), refused.hints.len()), (2, 1));
        assert_eq!(refused.hints[0], "to search for it: nicelist find 'Zoom Workplace'");
    }

    #[test]
    fn a_period_ends_after_it_begins() {
        let now: Timestamp = "2026-11-20T12:00:00Z".parse().unwrap();
        let period = |since: &str, until: &str| {
            let (since, until) = (since.parse().ok(), until.parse().ok());
            Period { since, until }.limit(EventQuery::default(), now)
        };
        let query = period("7d", "24h").unwrap();
        assert_eq!(query.until.unwrap().to_string(), "2026-11-19T12:00:00Z");
        let refused = period("24h", "7d").unwrap_err();
        assert_eq!(
            (refused.message.as_str(), refused.kind.exit_code()),
            ("--until must be later than --since", 2)
        );
    }
}
