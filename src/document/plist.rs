//! Property lists, in XML or binary.

use std::io::Cursor;

use ::plist::stream::{OwnedEvent, Reader};

use super::{CUT_OFF, Entry, Fault, MAX_DEPTH, Node, TOO_DEEP, Text, Value};

/// Maximum bytes of text per byte of the file.
const GROWTH: usize = 64;

/// Reads a property list. Its nodes have no positions.
///
/// # Errors
/// The file is not a property list, is nested too deeply, or grows too large because its parts are
/// used several times.
pub fn parse(bytes: &[u8]) -> Result<Node, Fault> {
    if bytes.trim_ascii().is_empty() {
        return Err(Fault::new(None, "is empty"));
    }
    let mut limits = Limits { depth: 0, left: bytes.len(), exceeded: None };
    let events = Reader::new(Cursor::new(bytes));
    let events = events.take_while(|event| limits.allow(event.as_ref().ok()));
    let read = ::plist::Value::from_events(events);
    match limits.exceeded {
        Some(message) => Err(Fault::new(None, message)),
        None => read.map(node).map_err(|error| fault(bytes, &error)),
    }
}

/// Limits the depth and size of a tree while it is built. Nested lists are built and dropped
/// recursively, and a binary file may refer to the same part many times.
struct Limits {
    depth: usize,
    /// The number of values that may follow; a long text counts as several. Each value needs at
    /// least one byte of the file, for its content or for a reference to it.
    left: usize,
    exceeded: Option<&'static str>,
}

impl Limits {
    fn allow(&mut self, event: Option<&OwnedEvent>) -> bool {
        let cost = match event {
            Some(OwnedEvent::StartArray(_) | OwnedEvent::StartDictionary(_)) => {
                self.depth += 1;
                1
            }
            Some(OwnedEvent::EndCollection) => {
                self.depth = self.depth.saturating_sub(1);
                0
            }
            Some(OwnedEvent::String(text)) => 1 + text.len() / GROWTH,
            Some(OwnedEvent::Data(bytes)) => 1 + bytes.len() / GROWTH,
            Some(_) => 1,
            None => 0,
        };
        match self.left.checked_sub(cost) {
            Some(left) => self.left = left,
            None => self.exceeded = Some("grows without limit when its references are expanded"),
        }
        if self.depth > MAX_DEPTH {
            self.exceeded = Some(TOO_DEEP);
        }
        self.exceeded.is_none()
    }
}

fn fault(bytes: &[u8], error: &::plist::Error) -> Fault {
    if bytes.starts_with(b"bplist") {
        return Fault::new(None, "is a damaged binary property list; it may be incomplete");
    }
    let message = error.to_string();
    let (reason, offset) = match message.rsplit_once(" (offset ") {
        Some((reason, offset)) => (reason, offset.trim_end_matches(')').parse().ok()),
        None => (message.as_str(), None),
    };
    let is_cut_off = error.is_eof()
        || reason.starts_with("Unclosed")
        || reason.starts_with("UnexpectedEndOfEventStream");
    // Some reasons are only the debug output of an enum variant, such as `UnknownXmlElement`.
    let is_of_a_type = reason.contains('{') || !reason.contains(' ');
    let text = match (is_cut_off, is_of_a_type) {
        (true, _) => CUT_OFF.to_owned(),
        (false, true) => "is not a valid property list".to_owned(),
        (false, false) => format!("is not a property list: {reason}"),
    };
    let position = Text::new(bytes).ok().zip(offset).map(|(text, offset)| text.position(offset));
    Fault::new(position, text)
}

fn node(value: ::plist::Value) -> Node {
    use ::plist::Value as Plist;
    let value = match value {
        Plist::Boolean(flag) => Value::Bool(flag),
        Plist::Integer(number) => Value::Number(number.to_string()),
        Plist::Real(number) => Value::Number(number.to_string()),
        Plist::String(string) => Value::String(string),
        Plist::Date(date) => Value::Time(date.to_xml_format()),
        Plist::Array(values) => Value::List(values.into_iter().map(node).collect()),
        Plist::Dictionary(pairs) => {
            let entry = |(key, value)| Entry { key, key_position: None, node: node(value) };
            Value::Map(pairs.into_iter().map(entry).collect())
        }
        Plist::Data(bytes) => Value::Data(bytes),
        _ => Value::Other("a reference of an archive"),
    };
    Node { position: None, value }
}
