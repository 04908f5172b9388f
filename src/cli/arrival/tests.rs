//! Tests of the outcomes and of their messages.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use http::{Request, Response, StatusCode};

use super::*;
use crate::cli::ui::tests::captured_ui;
use crate::client::{BoxFuture, InProcess};
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
    assert_eq!(error.hints, ["to continue waiting: nicelist host wait --revision 7 --percent 95%"]);
    assert_eq!(err.text(), "");
}

#[test]
fn silent_hosts_are_not_the_same_as_no_hosts() {
    let of = |tally: Tally| WaitOutcome::of(&tally, "50%".parse().unwrap());
    assert_eq!(of(Tally::default()), Some(WaitOutcome::NoHosts));
    let silent = Tally { silent: 2, ..Tally::default() };
    assert_eq!(of(silent.clone()), Some(WaitOutcome::NoHostsOnline));
    assert_eq!(of(Tally { uncounted: 1, ..silent.clone() }), None);
    assert_eq!(of(Tally { uncounted: 1, ..Tally::default() }), None);
    assert_eq!(of(Tally { behind: 1, ..silent.clone() }), None);
    assert_eq!(of(Tally { behind: 1, in_sync: 1, ..silent }), Some(WaitOutcome::Reached));
}

#[test]
fn a_wait_without_online_hosts_has_an_exit_code_and_names_hosts() {
    let (ui, _, err) = captured_ui(Output::Table, false);
    let tally = Tally { silent: 2, ..Tally::default() };
    let silent = Arrival { tally, online: 0, ..arrival(WaitOutcome::NoHostsOnline) };
    let error = silent.conclude(&ui).unwrap_err();
    assert_eq!(error.kind.exit_code(), 8);
    assert_eq!(error.message, "no hosts in scope are online; 2 silent");
    assert_eq!(
        error.hints,
        ["to continue waiting when hosts are online again: nicelist host wait --revision 7 \
          --percent 95%"]
    );
    arrival(WaitOutcome::NoHosts).conclude(&ui).unwrap();
    assert_eq!(err.text(), "the scope tag:eng has no hosts\n");
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

fn watch<'a>(ui: &'a Ui, client: &'a Client, given_timeout: SignedDuration) -> Watch<'a> {
    Watch {
        ui,
        counter: Counter::new(client, Revision(7), HostsInScope::Fleet),
        percent: Percent::ALL,
        given_timeout: Some(given_timeout),
        interval: None,
        tally: Tally::default(),
    }
}

/// A client of a server that is not available. Counts its requests.
fn client(requests: Arc<AtomicUsize>) -> Client {
    let answer = move |_: Request<Bytes>| -> BoxFuture<'static, Response<Bytes>> {
        requests.fetch_add(1, Ordering::Relaxed);
        let mut unavailable = Response::new(Bytes::new());
        *unavailable.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
        Box::pin(async { unavailable })
    };
    Client::in_process(InProcess { address: "test".to_owned(), answer })
}

#[tokio::test]
async fn failed_counts_are_repeated_until_the_timeout() {
    let (ui, _, err) = captured_ui(Output::Table, false);
    let requests = Arc::new(AtomicUsize::new(0));
    let client = client(Arc::clone(&requests));
    let mut watch = watch(&ui, &client, SignedDuration::from_millis(100));
    let error = watch.until_reached().await.unwrap_err();
    assert_eq!(error.kind, Kind::Failed);
    assert!(requests.load(Ordering::Relaxed) > 1);

    // After a count that succeeded, the result of the wait has its numbers.
    watch.interval = Some(SignedDuration::from_mins(5));
    watch.given_timeout = Some(SignedDuration::ZERO);
    assert_eq!(watch.until_counted(&ui.host_bar("")).await.unwrap(), WaitOutcome::TimedOut);
    assert!(err.text().starts_with("warning: the last count of hosts failed: "), "{}", err.text());
}

#[test]
fn a_timeout_below_the_sync_interval_is_a_warning() {
    let (ui, _, err) = captured_ui(Output::Table, false);
    let client = client(Arc::default());
    let watch = watch(&ui, &client, SignedDuration::from_mins(2));
    watch.warn_of_short_timeout(SignedDuration::from_mins(2));
    watch.warn_of_short_timeout(SignedDuration::from_mins(5));
    assert_eq!(
        err.text(),
        "warning: hosts sync every 5m, so some will not sync within --timeout 2m\n"
    );
}
