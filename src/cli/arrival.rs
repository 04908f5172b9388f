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
use crate::rule::{Revision, Scope};
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
    /// Wait until this percentage of the online hosts in scope has the change; 100% if omitted
    #[arg(long, value_name = "PERCENT", num_args = 0..=1, require_equals = true)]
    #[arg(default_missing_value = "100%", conflicts_with = "dry_run")]
    wait: Option<Percent>,
    /// Maximum time to wait; three sync intervals by default
    #[arg(long, value_name = "DURATION", requires = "wait", value_parser = duration)]
    timeout: Option<SignedDuration>,
}

impl ArrivalArgs {
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
        let (Some(percent), Some(revision)) = (self.wait, created) else {
            return show(&WithArrival { answer, wait: None });
        };
        if !ui.writes_documents() {
            show(&WithArrival { answer, wait: None })?;
            return self.wait_for(ui, client, revision, percent).await?.conclude(ui);
        }
        let waited = self.wait_for(ui, client, revision, percent).await;
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
                self.wait_for(ui, client, revision, percent).await?.conclude(ui)
            }
            _ => Ok(()),
        }
    }

    async fn wait_for(
        self,
        ui: &Ui,
        client: &Client,
        revision: Revision,
        percent: Percent,
    ) -> Result<Arrival, CliError> {
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
    TimedOut,
    Interrupted,
}

impl WaitOutcome {
    const fn word(self) -> &'static str {
        match self {
            Self::Reached => "reached",
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
        timeout,
        tally: Tally::default(),
    };
    let interrupted = shutdown()?;
    let watched = tokio::select! {
        watched = watch.until_reached() => watched,
        () = interrupted => Ok(WaitOutcome::Interrupted),
    };
    let outcome = watched.map_err(|error| error.hint(to_continue(&command)))?;
    let Watch { counter, timeout, tally, .. } = watch;
    let (scopes, online) = (counter.hosts.scopes(), tally.online());
    let timeout = timeout.unwrap_or_default();
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
    /// `None` until the sync interval of the hosts is known.
    timeout: Option<SignedDuration>,
    /// The last count.
    tally: Tally,
}

impl Watch<'_> {
    async fn until_reached(&mut self) -> Result<WaitOutcome, CliError> {
        let progress = self.ui.host_bar(self.text("counting hosts"));
        let outcome = self.until_counted(&progress).await?;
        if let Err(error) = self.counter.find_stragglers(&mut self.tally).await {
            self.ui.warn(format!("hosts without the change cannot be listed: {error}"));
        }
        Ok(outcome)
    }

    async fn until_counted(&mut self, progress: &Progress) -> Result<WaitOutcome, CliError> {
        let started = Instant::now();
        loop {
            let began = Instant::now();
            let was_listed = self.counter.hosts != HostsInScope::Fleet;
            let Counted { tally, is_current, interval } = self.counter.count().await?;
            self.tally = tally;
            if was_listed && self.counter.hosts == HostsInScope::Fleet {
                self.ui.status("too many hosts in scope to list; waiting for the whole fleet");
            }
            let (arrived, online) = (self.tally.in_sync, self.tally.online());
            progress.set(arrived, online, self.text(&self.tally.counts()));
            if is_current && self.percent.is_reached(arrived, online) {
                return Ok(WaitOutcome::Reached);
            }
            let timeout = *self.timeout.get_or_insert(interval * INTERVALS);
            let timeout = Duration::try_from(timeout).unwrap_or_default();
            let left = timeout.saturating_sub(started.elapsed());
            if left.is_zero() {
                return Ok(WaitOutcome::TimedOut);
            }
            tokio::time::sleep(pause(began.elapsed()).min(left)).await;
        }
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
mod tests {
    use super::*;
    use crate::cli::ui::tests::captured_ui;
    use crate::config::Output;

    fn arrival(outcome: WaitOutcome) -> Arrival {
        let tally = Tally { in_sync: 9, behind: 1, silent: 2, ..Tally::default() };
        Arrival {
            outcome,
            revision: Revision(7),
            percent: "95%".parse().unwrap(),
            scopes: vec!["tag:eng".parse().unwrap()],
            online: tally.online(),
            tally,
            timeout: SignedDuration::from_mins(30),
            command: "nicelist host wait --revision 7 --percent 95%".to_owned(),
        }
    }

    #[test]
    fn slow_counts_have_longer_pauses() {
        assert_eq!(pause(Duration::from_millis(5)), SHORTEST_PAUSE);
        assert_eq!(pause(Duration::from_secs(9)), Duration::from_secs(9));
    }

    #[test]
    fn a_timeout_has_its_exit_code_and_the_command_that_continues() {
        let (ui, _, err) = captured_ui(Output::Table, false);
        let error = arrival(WaitOutcome::TimedOut).conclude(&ui).unwrap_err();
        assert_eq!(error.kind.exit_code(), 8);
        assert_eq!(
            error.message,
            "95% not reached within 30m: 9 of 10 online hosts have revision 7; 1 behind; 2 silent"
        );
        assert_eq!(
            error.hints,
            ["to continue waiting: nicelist host wait --revision 7 --percent 95%"]
        );
        assert_eq!(err.text(), "");
    }

    #[test]
    fn an_interrupt_does_not_undo_the_change() {
        let (ui, _, err) = captured_ui(Output::Table, false);
        let error = arrival(WaitOutcome::Interrupted).conclude(&ui).unwrap_err();
        assert_eq!(error.kind.exit_code(), 130);
        assert_eq!(
            err.text(),
            "stopped waiting, but revision 7 stays active; to continue waiting: nicelist host \
             wait --revision 7 --percent 95%\n"
        );
    }

    #[test]
    fn the_result_is_part_of_the_document() {
        let answer = serde_json::json!({"revision": 7});
        let wait = arrival(WaitOutcome::Reached);
        let whole = serde_json::to_value(WithArrival { answer: &answer, wait: Some(&wait) });
        assert_eq!(
            whole.unwrap(),
            serde_json::json!({"revision": 7, "wait": {
                "outcome": "reached", "revision": 7, "percent": 95, "scopes": ["tag:eng"],
                "online": 10, "in_sync": 9, "behind": 1, "rejecting": 0, "silent": 2,
                "uncounted": 0, "stragglers": [],
            }})
        );
        let without = serde_json::to_value(WithArrival { answer: &answer, wait: None }).unwrap();
        assert_eq!(without, answer);
    }
}
