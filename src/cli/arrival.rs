//! Waits until the hosts in the scope of a change have the change.

mod percent;
mod scope;
mod tally;

use std::time::Duration;

use clap::Args;
use jiff::SignedDuration;
use serde::Serialize;
use tokio::time::Instant;

pub(crate) use percent::Percent;
pub(crate) use scope::HostsInScope;

use super::arg::duration;
use super::error::{CliError, Kind};
use super::signals::shutdown;
use super::ui::{Cell, Column, Progress, Row, Ui, rough};
use crate::client::Client;
use crate::fleet::Interval;
use crate::rule::{Revision, Scope};
use crate::shell::argument;
use scope::{Counted, Counter};
use tally::Tally;

/// The minimum pause between two counts. A count that takes longer is followed by a pause that is
/// as long as the count.
const SHORTEST_PAUSE: Duration = Duration::from_secs(2);
/// The default timeout, in sync intervals.
const INTERVALS: i32 = 3;

/// The options of commands that can wait for the hosts in the scope of their change.
#[derive(Clone, Copy, Debug, Default, Args)]
pub(crate) struct ArrivalArgs {
    /// Wait until this percentage of the online hosts in scope has the change; --wait alone means
    /// 100%
    #[arg(long, value_name = "PERCENT", num_args = 0..=1, require_equals = true)]
    #[arg(default_missing_value = "100%", conflicts_with = "dry_run")]
    wait: Option<Percent>,
    /// Maximum time to wait; three sync intervals by default
    #[arg(long, value_name = "DURATION", requires = "wait", value_parser = duration)]
    timeout: Option<SignedDuration>,
}

impl ArrivalArgs {
    pub(crate) const fn waits(self) -> bool {
        self.wait.is_some()
    }

    /// Adds a hint to the error for invalid values if one of them is a percentage after `--wait`.
    pub(crate) fn hint_at_percent(self, error: CliError, values: &[String]) -> CliError {
        let is_percent = |value: &&String| value.ends_with('%') && value.parse::<Percent>().is_ok();
        match values.iter().find(is_percent) {
            Some(value) if self.wait.is_some() => {
                error.hint(format!("a percentage needs an equals sign: --wait={value}"))
            }
            Some(_) | None => error,
        }
    }

    /// Shows a change, and waits if `--wait` is given and the change created a revision. In JSON,
    /// the result is part of the document, so `show` is called after the wait.
    pub(crate) async fn show_and_wait<A: Serialize>(
        self,
        ui: &Ui,
        client: &Client,
        created: Option<Revision>,
        answer: &A,
        show: impl FnOnce(&WithArrival<'_, A>) -> Result<(), CliError>,
    ) -> Result<(), CliError> {
        self.show_and_wait_for(ui, client, created, None, answer, show).await
    }

    /// Does the same as `show_and_wait`. `hosts` are the hosts that the change affects. If `None`,
    /// they are found by the scopes of the changes in the revision.
    pub(crate) async fn show_and_wait_for<A: Serialize>(
        self,
        ui: &Ui,
        client: &Client,
        created: Option<Revision>,
        hosts: Option<HostsInScope>,
        answer: &A,
        show: impl FnOnce(&WithArrival<'_, A>) -> Result<(), CliError>,
    ) -> Result<(), CliError> {
        let (Some(percent), Some(revision)) = (self.wait, created) else {
            return show(&WithArrival { answer, wait: None });
        };
        if !ui.writes_documents() {
            show(&WithArrival { answer, wait: None })?;
            return self.wait_for(ui, client, revision, hosts, percent).await?.conclude(ui);
        }
        let waited = self.wait_for(ui, client, revision, hosts, percent).await;
        show(&WithArrival { answer, wait: waited.as_ref().ok() })?;
        waited?.conclude(ui)
    }

    /// Waits after a change without a document of its own.
    pub(crate) async fn wait_after(
        self,
        ui: &Ui,
        client: &Client,
        created: Option<Revision>,
    ) -> Result<(), CliError> {
        match (self.wait, created) {
            (Some(percent), Some(revision)) => {
                self.wait_for(ui, client, revision, None, percent).await?.conclude(ui)
            }
            _ => Ok(()),
        }
    }

    async fn wait_for(
        self,
        ui: &Ui,
        client: &Client,
        revision: Revision,
        hosts: Option<HostsInScope>,
        percent: Percent,
    ) -> Result<Arrival, CliError> {
        if let Some(hosts) = hosts {
            let (command, percent) = match hosts.only_host() {
                // The option --percent is not for one host.
                Some(machine) => {
                    (format!("host wait {}", argument(machine.as_str())), Percent::ALL)
                }
                None => (format!("host wait --revision {revision}"), percent),
            };
            let goal = WaitGoal { revision, hosts, percent, timeout: self.timeout, command };
            return wait(ui, client, goal).await;
        }
        let command = format!("host wait --revision {revision}");
        let hosts = HostsInScope::of_revision(client, revision).await.map_err(|error| {
            CliError::from(error).hint(to_continue(&continuation(ui, &command, percent)))
        })?;
        let goal = WaitGoal { revision, hosts, percent, timeout: self.timeout, command };
        wait(ui, client, goal).await
    }
}

/// A response of the API with the result of the wait, for JSON.
#[derive(Debug, Serialize)]
pub(crate) struct WithArrival<'a, A> {
    #[serde(flatten)]
    answer: &'a A,
    #[serde(skip_serializing_if = "Option::is_none")]
    wait: Option<&'a Arrival>,
}

/// What to wait for.
#[derive(Debug)]
pub(crate) struct WaitGoal {
    /// The revision that the hosts must have.
    pub(crate) revision: Revision,
    pub(crate) hosts: HostsInScope,
    pub(crate) percent: Percent,
    pub(crate) timeout: Option<SignedDuration>,
    /// The command that continues to wait, without `nicelist` and `--percent`.
    pub(crate) command: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum WaitOutcome {
    Reached,
    /// The scope has no hosts.
    NoHosts,
    /// All hosts in scope are silent.
    NoHostsOnline,
    TimedOut,
    Interrupted,
}

impl WaitOutcome {
    /// The outcome of a wait after this count. `None` if the wait continues. Hosts that were not
    /// counted may be online.
    fn of(tally: &Tally, percent: Percent) -> Option<Self> {
        match (tally.online(), tally.silent, tally.uncounted) {
            (0, 0, 0) => Some(Self::NoHosts),
            (0, _, 0) => Some(Self::NoHostsOnline),
            (0, ..) => None,
            (online, ..) => percent.is_reached(tally.in_sync, online).then_some(Self::Reached),
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Reached => "reached",
            Self::NoHosts => "no-hosts",
            Self::NoHostsOnline => "no-hosts-online",
            Self::TimedOut => "timed-out",
            Self::Interrupted => "interrupted",
        }
    }
}

/// The result of a wait.
#[derive(Debug, Serialize)]
pub(crate) struct Arrival {
    outcome: WaitOutcome,
    revision: Revision,
    percent: Percent,
    /// The scopes whose hosts were counted.
    scopes: Vec<Scope>,
    online: u64,
    #[serde(flatten)]
    tally: Tally,
    #[serde(skip)]
    timeout: SignedDuration,
    /// The command that continues to wait.
    #[serde(skip)]
    command: String,
}

impl Arrival {
    /// Shows the result in one line. An error if the percentage was not reached.
    pub(crate) fn conclude(&self, ui: &Ui) -> Result<(), CliError> {
        let Self { outcome, revision, percent, tally, timeout, command, .. } = self;
        match outcome {
            WaitOutcome::Reached => {
                ui.status(tally.summary(*revision));
                Ok(())
            }
            WaitOutcome::NoHosts => {
                ui.status(self.no_hosts());
                Ok(())
            }
            WaitOutcome::NoHostsOnline => {
                let hint = format!("to continue waiting when hosts are online again: {command}");
                Err(CliError::new(Kind::TimedOut, tally.summary(*revision)).hint(hint))
            }
            WaitOutcome::TimedOut => {
                let (timeout, summary) = (rough(*timeout), tally.summary(*revision));
                let text = format!("{percent} not reached within {timeout}: {summary}");
                Err(CliError::new(Kind::TimedOut, text).hint(to_continue(command)))
            }
            WaitOutcome::Interrupted => {
                let hint = to_continue(command);
                ui.status(format!("stopped waiting, but revision {revision} stays active; {hint}"));
                Err(CliError::new(Kind::Interrupted, "interrupted"))
            }
        }
    }

    fn no_hosts(&self) -> String {
        let names: Vec<String> = self.scopes.iter().map(ToString::to_string).collect();
        match names.as_slice() {
            [only] => format!("the scope {only} has no hosts"),
            _ => format!("the scopes {} have no hosts", names.join(", ")),
        }
    }
}

/// A table has no columns, because the line on stderr has the same numbers.
impl Row for Arrival {
    const HEADED: bool = false;

    fn columns() -> Vec<Column<Self>> {
        vec![
            Column::csv("outcome", |it| Cell::text(it.outcome.word())),
            Column::csv("revision", |it| Cell::text(it.revision)),
            Column::csv("percent", |it| Cell::text(it.percent)),
            Column::csv("online", |it| Cell::text(it.online)),
            Column::csv("in_sync", |it| Cell::text(it.tally.in_sync)),
            Column::csv("behind", |it| Cell::text(it.tally.behind)),
            Column::csv("rejecting", |it| Cell::text(it.tally.rejecting)),
            Column::csv("silent", |it| Cell::text(it.tally.silent)),
            Column::csv("uncounted", |it| Cell::text(it.tally.uncounted)),
        ]
    }
}

/// Waits until enough hosts have the revision, the timeout expires, the user presses Ctrl-C or the
/// process gets SIGTERM, for example because a CI job is canceled.
pub(crate) async fn wait(ui: &Ui, client: &Client, goal: WaitGoal) -> Result<Arrival, CliError> {
    let WaitGoal { revision, hosts, percent, timeout, command } = goal;
    let command = continuation(ui, &command, percent);
    let mut watch = Watch {
        ui,
        counter: Counter::new(client, revision, hosts),
        percent,
        given_timeout: timeout,
        interval: None,
        tally: Tally::default(),
    };
    let interrupted = shutdown()?;
    let watched = tokio::select! {
        watched = watch.until_reached() => watched,
        () = interrupted => Ok(WaitOutcome::Interrupted),
    };
    let outcome = watched.map_err(|error| error.hint(to_continue(&command)))?;
    let timeout = watch.timeout();
    let Watch { counter, tally, .. } = watch;
    let (scopes, online) = (counter.hosts.scopes(), tally.online());
    Ok(Arrival { outcome, revision, percent, scopes, online, tally, timeout, command })
}

/// The command that continues to wait for this percentage.
fn continuation(ui: &Ui, command: &str, percent: Percent) -> String {
    match percent {
        Percent::ALL => ui.command(command),
        percent => ui.command(&format!("{command} --percent {percent}")),
    }
}

fn to_continue(command: &str) -> String {
    format!("to continue waiting: {command}")
}

/// A wait in progress.
struct Watch<'a> {
    ui: &'a Ui,
    counter: Counter<'a>,
    percent: Percent,
    given_timeout: Option<SignedDuration>,
    /// The sync interval of the hosts. `None` until they are counted.
    interval: Option<SignedDuration>,
    /// The last count.
    tally: Tally,
}

impl Watch<'_> {
    async fn until_reached(&mut self) -> Result<WaitOutcome, CliError> {
        let progress = self.ui.host_bar(self.text("counting hosts"));
        let outcome = self.until_counted(&progress).await?;
        if let Err(error) = self.counter.find_stragglers(&mut self.tally).await {
            self.ui.warn(format!("cannot list the hosts without the change: {error}"));
        }
        Ok(outcome)
    }

    async fn until_counted(&mut self, progress: &Progress) -> Result<WaitOutcome, CliError> {
        let started = Instant::now();
        loop {
            let began = Instant::now();
            let failure = match self.poll(progress).await {
                Ok(Some(outcome)) => return Ok(outcome),
                Ok(None) => None,
                // The server may respond again, or a load balancer may choose another one.
                Err(error) if error.kind == Kind::Failed => Some(error),
                Err(error) => return Err(error),
            };
            let timeout = Duration::try_from(self.timeout()).unwrap_or_default();
            let left = timeout.saturating_sub(started.elapsed());
            if left.is_zero() {
                return self.time_out(failure);
            }
            if failure.is_some() {
                progress.set_text(self.text("retrying after an error"));
            }
            tokio::time::sleep(pause(began.elapsed()).min(left)).await;
        }
    }

    /// Counts the hosts one time. Returns the outcome if there is nothing more to wait for.
    async fn poll(&mut self, progress: &Progress) -> Result<Option<WaitOutcome>, CliError> {
        let was_listed = self.counter.hosts != HostsInScope::Fleet;
        let Counted { tally, is_current, interval } = self.counter.count().await?;
        self.tally = tally;
        if was_listed && self.counter.hosts == HostsInScope::Fleet {
            self.ui
                .status("too many hosts to list; waiting for the whole fleet instead of the scope");
        }
        progress.set(self.tally.in_sync, self.tally.online(), self.text(&self.tally.counts()));
        let outcome = WaitOutcome::of(&self.tally, self.percent).filter(|_| is_current);
        if self.interval.is_none() {
            self.interval = Some(interval);
            if outcome.is_none() {
                self.warn_of_short_timeout(interval);
            }
        }
        Ok(outcome)
    }

    fn warn_of_short_timeout(&self, interval: SignedDuration) {
        if let Some(timeout) = self.given_timeout.filter(|timeout| *timeout < interval) {
            let (interval, timeout) = (rough(interval), rough(timeout));
            self.ui.warn(format!(
                "hosts sync every {interval}, so some will not sync within --timeout {timeout}"
            ));
        }
    }

    /// The timeout. Before the first count, the default assumes Santa's default interval.
    fn timeout(&self) -> SignedDuration {
        let default = SignedDuration::from_secs(i64::from(Interval::DEFAULT.seconds()));
        self.given_timeout.unwrap_or_else(|| self.interval.unwrap_or(default) * INTERVALS)
    }

    /// The timeout has expired. `failure` is the error of the last count. It is the result if no
    /// count succeeded, because nothing is known about the hosts.
    fn time_out(&self, failure: Option<CliError>) -> Result<WaitOutcome, CliError> {
        match failure {
            Some(error) if self.interval.is_none() => return Err(error),
            Some(error) => {
                self.ui.warn(format!("the last count of hosts failed: {}", error.message));
            }
            None => {}
        }
        Ok(WaitOutcome::TimedOut)
    }

    fn text(&self, state: &str) -> String {
        format!("{state}; waiting for {} of online hosts", self.percent)
    }
}

/// The pause after a count that took this long. At most half of the time is used for counts.
fn pause(took: Duration) -> Duration {
    took.max(SHORTEST_PAUSE)
}

#[cfg(test)]
mod tests;
