//! Tests of detections: events, and the signals that they must create.

use std::time::Duration;

use data_encoding::BASE64;
use serde_json::{Map, Number, Value as Json};

use super::keys::unknown;
use super::values::{DetectionId, Period};
use crate::document::{Entry, Fault, Node, Position, Text, Value, yaml};

/// The tests of a file. Its events are in the JSON of `santactl printlog`.
#[derive(Clone, Debug, PartialEq)]
pub struct Fixture {
    pub tests: Vec<FixtureTest>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct FixtureTest {
    pub name: String,
    pub position: Option<Position>,
    pub events: Vec<FixtureEvent>,
    /// All signals that the events create, in any order.
    pub signals: Vec<ExpectedSignal>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct FixtureEvent {
    /// The time since the event before it, or since the beginning of the test.
    pub after: Duration,
    pub message: Json,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpectedSignal {
    pub id: DetectionId,
    /// The number of the event that creates the signal, which begins at 1. None if any may do so.
    pub event: Option<usize>,
}

const TEST_KEYS: [&str; 3] = ["name", "events", "signals"];
const SIGNAL_KEYS: [&str; 2] = ["id", "event"];
/// The fields of telemetry that contain bytes. In JSON, their values are in Base64.
const BYTES: [&str; 7] =
    ["args", "envs", "cdhash", "failure_message", "address", "viewer", "authentication_type"];
/// In a field of bytes, a value with this prefix is a text. Base64 never contains a colon.
const TEXT: &str = "text:";
const MOST_TESTS: usize = 1000;
const MOST_EVENTS: usize = 100_000;

impl Fixture {
    /// # Errors
    /// All faults of the file.
    pub fn read(bytes: &[u8]) -> Result<Self, Vec<Fault>> {
        let root = Text::new(bytes).and_then(|text| yaml::parse(&text));
        let root = root.map_err(|fault| vec![fault])?;
        let mut reader = Reader { faults: Vec::new() };
        let tests = reader.list(&root, "tests", MOST_TESTS);
        for Entry { key, key_position, .. } in root.entries().unwrap_or_default() {
            if key != "tests" {
                reader.fault(*key_position, format!("{key}: {}", unknown(key, &["tests"])));
            }
        }
        let tests = tests.iter().filter_map(|node| reader.test(node)).collect();
        if reader.faults.is_empty() { Ok(Self { tests }) } else { Err(reader.faults) }
    }
}

struct Reader {
    faults: Vec<Fault>,
}

impl Reader {
    fn fault(&mut self, position: Option<Position>, message: impl Into<String>) {
        self.faults.push(Fault { position, message: message.into() });
    }

    /// The list of a key that must be in an object.
    fn list<'n>(&mut self, node: &'n Node, key: &str, max: usize) -> &'n [Node] {
        match node.get(key).map(|list| (list, list.elements())) {
            Some((list, Some(nodes))) if nodes.len() > max => {
                self.fault(list.position, format!("{key}: more than {max} entries"));
                &[]
            }
            Some((_, Some(nodes))) => nodes,
            Some((list, None)) => {
                self.fault(list.position, format!("{key}: {}", list.expected("a list")));
                &[]
            }
            None => {
                self.fault(node.position, format!("{key} is missing"));
                &[]
            }
        }
    }

    fn test(&mut self, node: &Node) -> Option<FixtureTest> {
        for Entry { key, key_position, .. } in node.entries().unwrap_or_default() {
            if !TEST_KEYS.contains(&key.as_str()) {
                self.fault(*key_position, format!("{key}: {}", unknown(key, &TEST_KEYS)));
            }
        }
        let Some(name) = node.get("name").and_then(Node::as_str) else {
            self.fault(node.position, "name is missing");
            return None;
        };
        let events = self.list(node, "events", MOST_EVENTS);
        let events = events.iter().filter_map(|node| self.event(node)).collect::<Vec<_>>();
        let signals = self.list(node, "signals", MOST_EVENTS);
        let count = events.len();
        let signals = signals.iter().filter_map(|node| self.signal(node, count)).collect();
        Some(FixtureTest { name: name.to_owned(), position: node.position, events, signals })
    }

    fn event(&mut self, node: &Node) -> Option<FixtureEvent> {
        let Some(entries) = node.entries() else {
            self.fault(node.position, node.expected("an event"));
            return None;
        };
        let mut after = Duration::ZERO;
        let mut message = Map::new();
        for Entry { key, node, .. } in entries {
            match key.as_str() {
                "after" => match node.scalar().map(|text| text.parse::<Period>()) {
                    Some(Ok(period)) => after = period.duration(),
                    Some(Err(error)) => self.fault(node.position, format!("after: {error}")),
                    None => {
                        let expected = node.expected("a duration such as 10s");
                        self.fault(node.position, format!("after: {expected}"));
                    }
                },
                _ => drop(message.insert(key.clone(), self.json(key, node)?)),
            }
        }
        Some(FixtureEvent { after, message: Json::Object(message) })
    }

    fn json(&mut self, key: &str, node: &Node) -> Option<Json> {
        let json = match &node.value {
            Value::Null => Json::Null,
            Value::Bool(flag) => Json::Bool(*flag),
            Value::Number(text) => match serde_json::from_str::<Number>(text) {
                Ok(number) => Json::Number(number),
                Err(_) => Json::String(text.clone()),
            },
            Value::String(text) => match text.strip_prefix(TEXT) {
                Some(text) if BYTES.contains(&key) => BASE64.encode(text.as_bytes()).into(),
                Some(_) | None => Json::String(text.clone()),
            },
            Value::List(nodes) => {
                let values = nodes.iter().map(|node| self.json(key, node));
                Json::Array(values.collect::<Option<_>>()?)
            }
            Value::Map(entries) => {
                let values = entries
                    .iter()
                    .map(|entry| Some((entry.key.clone(), self.json(&entry.key, &entry.node)?)));
                Json::Object(values.collect::<Option<_>>()?)
            }
            Value::Time(_)
            | Value::Data(_)
            | Value::Block { .. }
            | Value::Expression(_)
            | Value::Other(_) => {
                self.fault(node.position, format!("{key}: {}", node.expected("JSON")));
                return None;
            }
        };
        Some(json)
    }

    fn signal(&mut self, node: &Node, events: usize) -> Option<ExpectedSignal> {
        for Entry { key, key_position, .. } in node.entries().unwrap_or_default() {
            if !SIGNAL_KEYS.contains(&key.as_str()) {
                self.fault(*key_position, format!("{key}: {}", unknown(key, &SIGNAL_KEYS)));
            }
        }
        let Some(id) = node.as_str().or_else(|| node.get("id").and_then(Node::as_str)) else {
            self.fault(node.position, "expected the ID of a detection, or an object with an id");
            return None;
        };
        let id = id.parse::<DetectionId>();
        let id = id.map_err(|error| self.fault(node.position, format!("id: {error}"))).ok()?;
        let event = match node.get("event") {
            None => None,
            Some(number) => {
                let found = number.scalar().and_then(|text| text.parse::<usize>().ok());
                let found = found.filter(|number| (1..=events).contains(number));
                if found.is_none() {
                    let message = format!("event: expected the number of an event, 1 to {events}");
                    self.fault(number.position, message);
                }
                Some(found?)
            }
        };
        Some(ExpectedSignal { id, event })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(text: &str) -> Vec<String> {
        let faults = Fixture::read(text.as_bytes()).unwrap_err().into_iter();
        let place = |at: Option<Position>| at.map_or((0, 0), |at| (at.line, at.column));
        faults.map(|fault| format!("{:?} {}", place(fault.position), fault.message)).collect()
    }

    #[test]
    fn events_have_times_and_texts_become_base64() {
        let fixture = Fixture::read(
            b"tests:\n- name: a\n  events:\n  - execution: {args: ['text:sh', YQ==], explain: 'text:x'}\n\
              \x20 - after: 10s\n    fork: {}\n  signals:\n  - A-1\n  - {id: A-2, event: 2}\n",
        );
        let test = fixture.unwrap().tests.remove(0);
        assert_eq!(
            test.events[0].message,
            serde_json::json!({"execution": {"args": ["c2g=", "YQ=="], "explain": "text:x"}})
        );
        assert_eq!(test.events[1].after, Duration::from_secs(10));
        let signals: Vec<_> = test.signals.iter().map(|it| (it.id.as_str(), it.event)).collect();
        assert_eq!(signals, [("A-1", None), ("A-2", Some(2))]);
    }

    #[test]
    fn all_faults_are_reported() {
        assert_eq!(
            faults(
                "tests:\n- name: a\n  event: []\n  events: [{after: x}]\n  signals: [{id: A, event: 2}]\n\
                 - events: []\n  signals: []\ntest: []\n"
            ),
            [
                "(8, 1) test: unknown key; did you mean tests?",
                "(3, 3) event: unknown key; did you mean events?",
                "(4, 20) after: invalid duration `x`: expected a number and a unit, such as 30s, 5m, \
                 720h or 30d",
                "(5, 28) event: expected the number of an event, 1 to 1",
                "(6, 3) name is missing",
            ]
        );
        assert_eq!(faults("a: 1\n")[0], "(1, 1) tests is missing");
    }
}
