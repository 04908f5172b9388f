use std::future::pending;
use std::sync::Mutex;

use async_trait::async_trait;

use super::*;
use crate::cli::ui::tests::captured_ui;
use crate::config::Output;
use crate::lab::{HttpResponse, Profile, TransportError};

/// A server that returns an empty object for every request, and records the requests.
#[derive(Default)]
struct Polite(Mutex<Vec<String>>);

#[async_trait]
impl Transport for Polite {
    async fn post(
        &self,
        path: &str,
        _: &[(String, String)],
        _: &[u8],
    ) -> Result<HttpResponse, TransportError> {
        self.0.lock().unwrap().push(path.to_owned());
        Ok(HttpResponse { status: 200, headers: Vec::new(), body: b"{}".to_vec() })
    }
}

fn run_for(clock: &Clock) -> Run {
    let options = SyncOptions::default();
    Run { clock: clock.clone(), options, state: None, time: None, syncs: None }
}

/// Advances the clock whenever all tasks wait for it.
async fn flying(clock: &Clock) {
    loop {
        tokio::task::yield_now().await;
        clock.advance(Duration::from_secs(1));
    }
}

/// Runs a client with a fast clock and returns its output.
async fn ran(
    run: Run,
    events: Vec<Event>,
    interrupted: impl Future<Output = std::io::Result<()>>,
) -> (String, String) {
    let (ui, out, err) = captured_ui(Output::Csv, false);
    let clock = run.clock.clone();
    let santa = Santa::new(Profile::default());
    tokio::select! {
        biased;
        result = follow(&ui, santa, Box::<Polite>::default(), events, run, interrupted) => {
            result.unwrap();
        }
        () = flying(&clock) => panic!("time ended"),
    }
    (out.text(), err.text())
}

#[tokio::test]
async fn every_sync_is_a_line_and_the_state_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("mac.json");
    let clock = Clock::manual();
    let run = Run { syncs: Some(2), state: Some(state.clone()), ..run_for(&clock) };
    let (out, _) = ran(run, Vec::new(), pending()).await;
    let empty = "99aa06d3014798d86001c324468d497f";
    let line = format!("2026-11-20T12:00:00Z,NORMAL,0,0,0,0,600,{empty},\n");
    let head = "ended,sync,received,processed,holds,events_sent,next_seconds,rules_hash,error\n";
    assert_eq!(out, format!("{head}{line}{line}"));
    assert_eq!(clock.now(), Duration::from_secs(15 + 600));
    assert!(Santa::load(&state).is_ok());
}

#[tokio::test]
async fn a_run_ends_after_its_time_and_keeps_its_state() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("mac.json");
    let clock = Clock::manual();
    let time = Some(Duration::from_secs(10));
    let run = Run { time, state: Some(state.clone()), ..run_for(&clock) };
    ran(run, Vec::new(), pending()).await;
    assert_eq!(clock.now(), Duration::from_secs(10));
    assert!(state.exists());
}

#[tokio::test]
async fn ctrl_c_ends_a_run_and_keeps_its_state() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("mac.json");
    let clock = Clock::manual();
    let run = Run { state: Some(state.clone()), ..run_for(&clock) };
    let key = async {
        clock.sleep(Duration::from_secs(20)).await;
        Ok(())
    };
    let waiting = Event { file_name: "waits".to_owned(), ..Event::default() };
    let (out, _) = ran(run, vec![waiting], key).await;
    assert!(out.lines().count() == 2 && out.contains(",NORMAL,0,0,0,1,600,"), "{out}");
    assert!(Santa::load(&state).unwrap().pending_events().is_empty());
}

#[tokio::test]
async fn blocked_executions_are_reported_before_the_first_sync() {
    let event = |text: &str| serde_json::from_str::<Event>(text).unwrap();
    let events = vec![
        event(r#"{"file_name":"seen","decision":"ALLOW_UNKNOWN"}"#),
        event(r#"{"file_name":"bad","file_sha256":"aa","decision":"BLOCK_UNKNOWN"}"#),
        event(r#"{"file_name":"bad","file_sha256":"aa","decision":"BLOCK_BINARY"}"#),
    ];
    let clock = Clock::manual();
    let run = Run { time: Some(Duration::from_secs(5)), ..run_for(&clock) };
    let (_, err) = ran(run, events, pending()).await;
    let began = "the first sync is in 15 seconds; press Ctrl-C to stop\n";
    assert_eq!(err, format!("{began}bad: reported\nbad: will be reported at the next sync\n"));
}
