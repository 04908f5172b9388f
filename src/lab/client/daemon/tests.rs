use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::Notify;

use super::super::SyncKind;
use super::super::tests::scripted_server::{Script, Step};
use super::*;

const MINUTE: Duration = Duration::from_secs(60);

struct Lab {
    server: Script,
    clock: Clock,
    daemon: Daemon,
}

impl Lab {
    fn new(steps: impl IntoIterator<Item = Step>) -> Self {
        Self::with(|_| {}, steps)
    }

    fn with(change: impl FnOnce(&mut Santa), steps: impl IntoIterator<Item = Step>) -> Self {
        let mut santa = Santa::new(Profile { machine_id: "M1".to_owned(), ..Profile::default() });
        santa.required = SyncKind::Normal;
        change(&mut santa);
        let (server, clock) = (Script::new(steps), Clock::manual());
        let transport = Box::new(server.clone());
        let daemon = Daemon::new(santa, transport, clock.clone(), SyncOptions::default());
        Self { server, clock, daemon }
    }

    /// Runs the next scheduled sync. Returns its result, and the clock's time in seconds when the
    /// sync ended.
    async fn next(&self) -> (DaemonSync, u64) {
        let turn = tokio::select! {
            biased;
            turn = self.daemon.next() => turn,
            () = self.flying() => panic!("time ended"),
        };
        (turn, self.clock.now().as_secs())
    }

    /// Advances the clock forever, so that no task waits for real time.
    async fn flying(&self) {
        loop {
            tokio::task::yield_now().await;
            self.clock.advance(Duration::from_secs(1));
        }
    }
}

fn ok(body: Value) -> Step {
    Step::ok(body)
}

fn sync(preflight: Value) -> [Step; 3] {
    [ok(preflight), ok(json!({"rules": []})), ok(json!({}))]
}

fn blocked(hash: &str) -> Blocked {
    let event = Event {
        file_sha256: hash.to_owned(),
        decision: Decision::BlockUnknown.into(),
        ..Event::default()
    };
    Blocked { event, members: Vec::new() }
}

fn hashes(upload: &Value) -> Vec<&str> {
    let events = upload["events"].as_array().unwrap();
    events.iter().map(|event| event["file_sha256"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn the_first_sync_comes_after_15_seconds_and_the_next_after_the_interval() {
    let lab = Lab::new(sync(json!({"full_sync_interval": 90})));
    let (turn, now) = lab.next().await;
    assert_eq!((now, turn.next), (15, Duration::from_secs(90)));
    lab.server.extend(sync(json!({"full_sync_interval": 5})));
    let (turn, now) = lab.next().await;
    assert_eq!((now, turn.next), (105, Duration::from_secs(60)));
    lab.server.extend(sync(json!({})));
    assert_eq!(lab.next().await.1, 165);
}

#[tokio::test]
async fn a_sync_that_fails_is_tried_again_after_the_interval() {
    let lab = Lab::new([404].map(Step::status));
    let (turn, _) = lab.next().await;
    assert!(matches!(turn.result, Err(SyncError::Preflight(_))), "{turn:?}");
    lab.server.extend(sync(json!({})));
    let (turn, now) = lab.next().await;
    assert_eq!((turn.result.is_ok(), now), (true, 615));
}

#[tokio::test]
async fn a_server_that_is_down_for_a_moment_is_waited_for() {
    let lab = Lab::new([Step::Lost, Step::status(502)].into_iter().chain(sync(json!({}))));
    let (turn, now) = lab.next().await;
    assert_eq!((turn.result.is_ok(), now), (true, 15 + 4 + 8));
}

#[tokio::test]
async fn a_requested_sync_delays_the_next_scheduled_one() {
    let lab = Lab::new(sync(json!({"full_sync_interval": 120})));
    lab.clock.advance(Duration::from_secs(10));
    assert!(lab.daemon.sync().await.unwrap().result.is_ok());
    lab.server.extend(sync(json!({})));
    assert_eq!(lab.next().await.1, 130);
}

#[tokio::test]
async fn two_wait_for_the_sync_in_progress_and_a_third_is_refused() {
    let gate = Arc::new(Notify::new());
    let [preflight, rules, postflight] = sync(json!({}));
    let lab = Lab::new([preflight.behind(&gate), rules, postflight]);
    lab.server.extend(sync(json!({})).into_iter().chain(sync(json!({}))));
    lab.clock.advance(FIRST_SYNC);
    let ask = async {
        tokio::task::yield_now().await;
        assert_eq!(lab.server.paths(), ["preflight/M1"], "the scheduled one is in progress");
        let third = async {
            let error = lab.daemon.sync().await.unwrap_err();
            assert_eq!(error.to_string(), "too many syncs in progress");
            assert!(matches!(lab.daemon.sync_rules().await, Err(DaemonError::TooMany)));
            assert_eq!(lab.server.paths().len(), 1, "nothing overtakes it");
            gate.notify_one();
        };
        let (first, second, ()) = tokio::join!(lab.daemon.sync(), lab.daemon.sync(), third);
        assert!(first.is_ok() && second.is_ok());
    };
    let (turn, ()) = tokio::join!(lab.daemon.next(), ask);
    assert!(turn.result.is_ok());
    assert_eq!(lab.server.sent_to("postflight").len(), 3);
}

#[tokio::test]
async fn a_push_downloads_rules_and_leaves_the_schedule() {
    let lab = Lab::new([ok(json!({"rules": []}))]);
    lab.daemon.sync_rules().await.unwrap();
    assert_eq!(lab.server.paths(), ["ruledownload/M1"]);
    lab.server.extend(sync(json!({})));
    assert_eq!(lab.next().await.1, 15);
}

#[tokio::test]
async fn a_blocked_execution_is_reported_immediately() {
    let lab = Lab::with(|santa| santa.add_event(Event::default()), [ok(json!({}))]);
    let outcome = lab.daemon.block(blocked("aa")).await;
    assert!(matches!(outcome, BlockedOutcome::Sent { members: 0 }), "{outcome:?}");
    let uploads = lab.server.sent_to("eventupload");
    assert_eq!(uploads.iter().map(hashes).collect::<Vec<_>>(), [["aa"]]);
    assert_eq!(lab.daemon.santa().await.pending_events().len(), 1, "the other one");
}

#[tokio::test]
async fn the_same_file_waits_for_ten_minutes_or_the_next_sync() {
    let lab = Lab::new([ok(json!({})), ok(json!({}))]);
    assert!(matches!(lab.daemon.block(blocked("aa")).await, BlockedOutcome::Sent { .. }));
    lab.clock.advance(10 * MINUTE - Duration::from_secs(1));
    assert!(matches!(lab.daemon.block(blocked("aa")).await, BlockedOutcome::Waiting));
    assert!(matches!(lab.daemon.block(blocked("bb")).await, BlockedOutcome::Sent { .. }));
    assert_eq!(lab.daemon.santa().await.pending_events().len(), 1);
    lab.clock.advance(Duration::from_secs(1));
    lab.server.extend([ok(json!({}))]);
    assert!(matches!(lab.daemon.block(blocked("aa")).await, BlockedOutcome::Sent { .. }));
    assert!(lab.daemon.santa().await.pending_events().is_empty());
}

#[tokio::test]
async fn unreported_events_are_sent_with_the_next_sync() {
    let lab = Lab::new([Step::status(404)]);
    let outcome = lab.daemon.block(blocked("aa")).await;
    assert!(matches!(outcome, BlockedOutcome::Failed(_)), "{outcome:?}");
    lab.server.extend([ok(json!({})), ok(json!({})), ok(json!({"rules": []})), ok(json!({}))]);
    let (turn, _) = lab.next().await;
    assert_eq!(turn.result.unwrap().events.sent, 1);
    assert_eq!(hashes(&lab.server.sent_to("eventupload")[1]), ["aa"]);
}

#[tokio::test]
async fn a_report_does_not_wait_for_the_sync_in_progress() {
    let gate = Arc::new(Notify::new());
    let [preflight, rules, postflight] = sync(json!({}));
    // The second response is for the report.
    let lab = Lab::new([preflight.behind(&gate), ok(json!({})), rules, postflight]);
    lab.clock.advance(FIRST_SYNC);
    let report = async {
        tokio::task::yield_now().await;
        let outcome = lab.daemon.block(blocked("aa")).await;
        assert!(matches!(outcome, BlockedOutcome::Sent { .. }), "{outcome:?}");
        gate.notify_one();
    };
    let (turn, ()) = tokio::join!(lab.daemon.next(), report);
    assert!(turn.result.is_ok());
    let stages = ["preflight/M1", "eventupload/M1", "ruledownload/M1", "postflight/M1"];
    assert_eq!(lab.server.paths(), stages);
}

fn in_a_bundle() -> Blocked {
    let Blocked { mut event, .. } = blocked("aa");
    event.file_bundle_hash = "b0".to_owned();
    event.file_bundle_binary_count = 2;
    let member = |hash: &str| Event { file_sha256: hash.to_owned(), ..Event::default() };
    Blocked { event, members: vec![member("m1"), member("m2")] }
}

fn with_bundles(santa: &mut Santa) {
    santa.settings.enable_bundles = Some(true);
}

#[tokio::test]
async fn the_programs_of_a_bundle_are_reported_if_the_server_asks_for_them() {
    let asks = ok(json!({"event_upload_bundle_binaries": ["b0"]}));
    let lab = Lab::with(with_bundles, [asks, ok(json!({}))]);
    let outcome = lab.daemon.block(in_a_bundle()).await;
    assert!(matches!(outcome, BlockedOutcome::Sent { members: 2 }), "{outcome:?}");
    let uploads = lab.server.sent_to("eventupload");
    assert_eq!(uploads.iter().map(hashes).collect::<Vec<_>>(), [vec!["aa"], vec!["m1", "m2"]]);
    let member = &uploads[1]["events"][0];
    assert_eq!(member["decision"], json!("BUNDLE_BINARY"));
    assert_eq!(
        (&member["file_bundle_hash"], &member["file_bundle_binary_count"]),
        (&json!("b0"), &json!(2))
    );

    let lab = Lab::with(with_bundles, [ok(json!({"event_upload_bundle_binaries": ["other"]}))]);
    let outcome = lab.daemon.block(in_a_bundle()).await;
    assert!(matches!(outcome, BlockedOutcome::Sent { members: 0 }), "{outcome:?}");
}

#[tokio::test]
async fn unreported_programs_are_sent_with_the_next_sync() {
    let asks = ok(json!({"event_upload_bundle_binaries": ["b0"]}));
    let lab = Lab::with(with_bundles, [asks, Step::status(413)]);
    let outcome = lab.daemon.block(in_a_bundle()).await;
    assert!(matches!(outcome, BlockedOutcome::Failed(_)), "{outcome:?}");
    let santa = lab.daemon.santa().await;
    let waiting: Vec<_> = santa.pending_events().iter().map(|each| &*each.file_sha256).collect();
    assert_eq!(waiting, ["m1", "m2"]);
}

#[tokio::test]
async fn bundles_are_hashed_only_if_the_server_enables_it() {
    let lab = Lab::new([ok(json!({"event_upload_bundle_binaries": ["b0"]}))]);
    let outcome = lab.daemon.block(in_a_bundle()).await;
    assert!(matches!(outcome, BlockedOutcome::Sent { members: 0 }), "{outcome:?}");
    let upload = &lab.server.sent_to("eventupload")[0];
    assert_eq!(upload["events"][0].get("file_bundle_hash"), None);
}
