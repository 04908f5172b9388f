//! Runs one test of detections.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value as Json;

use crate::detect::rule_files::{Detection, ExpectedSignal, FixtureEvent, FixtureTest};
use crate::detect::telemetry::encode_value;
use crate::detect::{Detector, RuleSet};

/// The host of events that have none.
const HOST: &str = "test";

/// When tests begin: 2026-01-01T00:00:00Z.
const BEGINNING: i64 = 1_767_225_600;

/// A signal that an event created.
struct CreatedSignal {
    id: String,
    /// The number of the event, which begins at 1.
    event: usize,
}

/// Why a test fails. Empty if it passes.
pub(super) fn problems(detections: &[Detection], test: &FixtureTest) -> Vec<String> {
    match signals(detections, test) {
        Ok(created) => compare(created, &test.signals),
        Err(problem) => vec![problem],
    }
}

/// The signals that the events of a test create, without any earlier state.
fn signals(detections: &[Detection], test: &FixtureTest) -> Result<Vec<CreatedSignal>, String> {
    let rules = RuleSet::new(detections.iter().cloned()).map_err(|errors| {
        let errors = errors.iter().map(|(_, error)| error.to_string());
        errors.collect::<Vec<_>>().join("; ")
    })?;
    let mut detector = Detector::new(rules);
    let mut created = Vec::new();
    let mut time = Timestamp::from_second(BEGINNING).map_err(|error| error.to_string())?;
    for (event, written) in (1..).zip(&test.events) {
        let failed = |error: String| format!("event {event}: {error}");
        let (message, host) = message(written, &mut time).map_err(failed)?;
        let bytes = encode_value(&message).map_err(|error| failed(error.to_string()))?;
        let signals = detector.event(&host, &bytes);
        created.extend(signals.into_iter().map(|it| CreatedSignal { id: it.rule_id, event }));
        let counts = detector.counts();
        if counts.undecodable + counts.unknown_kind > 0 {
            return Err(failed("is not a valid event of a known kind".to_owned()));
        }
        if counts.too_expensive > 0 {
            return Err(failed("an expression is too expensive".to_owned()));
        }
    }
    Ok(created)
}

/// The event with a time and a host, and its host. Moves `time` to the time of the event.
fn message(written: &FixtureEvent, time: &mut Timestamp) -> Result<(Json, String), String> {
    let after = SignedDuration::try_from(written.after).map_err(|error| error.to_string())?;
    *time = time.checked_add(after).map_err(|error| error.to_string())?;
    let mut message = written.message.clone();
    let Json::Object(object) = &mut message else { return Err("expected an object".to_owned()) };
    let own = object.get("event_time").or(object.get("eventTime")).and_then(Json::as_str);
    match own {
        Some(text) => {
            *time = text.parse().map_err(|error: jiff::Error| format!("event_time: {error}"))?;
        }
        None => drop(object.insert("event_time".to_owned(), time.to_string().into())),
    }
    let host = object.get("machine_id").or(object.get("machineId")).and_then(Json::as_str);
    let host = host.unwrap_or(HOST).to_owned();
    if !object.contains_key("machineId") {
        object.insert("machine_id".to_owned(), host.clone().into());
    }
    Ok((message, host))
}

/// The signals that are missing, and those that are not expected.
fn compare(created: Vec<CreatedSignal>, expected: &[ExpectedSignal]) -> Vec<String> {
    // Signals of a certain event are matched first, because the others may match any event.
    let mut expected: Vec<&ExpectedSignal> = expected.iter().collect();
    expected.sort_by_key(|signal| signal.event.is_none());
    let mut created = created;
    let mut problems = Vec::new();
    for signal in expected {
        let found = created.iter().position(|it| {
            it.id == signal.id.as_str() && signal.event.is_none_or(|event| event == it.event)
        });
        match (found, signal.event) {
            (Some(found), _) => drop(created.swap_remove(found)),
            (None, Some(event)) => {
                problems.push(format!("missing signal {} of event {event}", signal.id));
            }
            (None, None) => problems.push(format!("missing signal {}", signal.id)),
        }
    }
    created.sort_by_key(|signal| signal.event);
    let unexpected =
        created.iter().map(|it| format!("unexpected signal {} of event {}", it.id, it.event));
    problems.extend(unexpected);
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    fn created(signals: &[(&str, usize)]) -> Vec<CreatedSignal> {
        let signal =
            |(id, event): &(&str, usize)| CreatedSignal { id: (*id).into(), event: *event };
        signals.iter().map(signal).collect()
    }

    fn expected(signals: &[(&str, Option<usize>)]) -> Vec<ExpectedSignal> {
        let signal = |(id, event): &(&str, Option<usize>)| ExpectedSignal {
            id: id.parse().unwrap(),
            event: *event,
        };
        signals.iter().map(signal).collect()
    }

    #[test]
    fn each_signal_is_expected_once() {
        let all = expected(&[("A", None), ("A", Some(1)), ("B", Some(2))]);
        let problems = |signals: &[(&str, usize)]| compare(created(signals), &all);
        assert!(problems(&[("A", 1), ("A", 3), ("B", 2)]).is_empty());
        assert_eq!(
            problems(&[("A", 1), ("B", 3)]),
            ["missing signal B of event 2", "missing signal A", "unexpected signal B of event 3"]
        );
    }
}
