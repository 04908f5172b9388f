//! Reads profiles and property lists.

use std::io::Cursor;

use ::plist::Value as Plist;
use ::plist::stream::{OwnedEvent, Reader};

use super::RULES;
use crate::format::gather::{Gather, whole};
use crate::format::record::{Record, Value, santa};
use crate::format::text::{Text, narrowed};
use crate::format::{Defaults, Document, File, Place, Remark, Spot};

/// What MDM servers make is nested 10 deep; a bound for what they do not make.
const DEEPEST: usize = 64;
/// So many bytes of text may come of each byte of the file.
const GROWTH: usize = 64;

/// Whether a file looks like a property list.
#[must_use]
pub fn recognises(file: &File) -> bool {
    let bytes = file.bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&file.bytes);
    let bytes = bytes.trim_ascii_start();
    let head = &bytes[..bytes.len().min(512)];
    bytes.starts_with(b"bplist")
        || bytes.starts_with(b"<plist")
        || bytes.starts_with(b"<!DOCTYPE plist")
        || (bytes.starts_with(b"<?xml") && says(head, b"plist"))
        || is_signed(&file.bytes)
}

fn says(bytes: &[u8], word: &[u8]) -> bool {
    bytes.windows(word.len()).any(|part| part == word)
}

/// Whether it is a profile in an envelope of CMS, as signed ones are.
fn is_signed(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0x30, 0x82])
        || bytes.starts_with(&[0x30, 0x80])
        || bytes.starts_with(&[0x30, 0x83])
}

/// Reads it.
#[must_use]
pub fn read(files: &[File], defaults: &Defaults) -> Document {
    let mut gather = Gather::new(files, defaults);
    for (number, file) in files.iter().enumerate() {
        let number = narrowed(number);
        match parse(number, file) {
            Err(fault) => gather.fault(fault),
            Ok(plist) => {
                let mut found = Found { file: number, lists: 0, rules: 0, gather: &mut gather };
                found.search(&plist);
                if found.lists == 0 {
                    let text = format!("has no {RULES} anywhere in it");
                    gather.fault(Remark { place: whole(number), text });
                }
            }
        }
    }
    gather.finish()
}

fn parse(number: u32, file: &File) -> Result<Plist, Remark> {
    let refused = |text: &str| Remark { place: whole(number), text: text.to_owned() };
    if file.bytes.trim_ascii().is_empty() {
        return Err(refused("is empty"));
    }
    if is_signed(&file.bytes) {
        return Err(refused(
            "is signed; take the signature off: security cms -D -i FILE -o unsigned.mobileconfig",
        ));
    }
    let mut bound = Bound { depth: 0, left: file.bytes.len(), passed: None };
    let events = Reader::new(Cursor::new(&file.bytes));
    let read = Plist::from_events(events.take_while(|event| bound.takes(event.as_ref().ok())));
    match (bound.passed, read) {
        (Some(text), _) => Err(refused(text)),
        (None, read) => read.map_err(|error| broken(number, file, &error)),
    }
}

/// What a property list may come to. Lists in lists are built and dropped level by level, and a
/// binary file may use the same part again and again.
struct Bound {
    depth: usize,
    /// Values that may still come. In the file each takes a byte at least, where it stands or
    /// where it is referred to.
    left: usize,
    /// How it was passed, if it was.
    passed: Option<&'static str>,
}

impl Bound {
    fn takes(&mut self, event: Option<&OwnedEvent>) -> bool {
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
            None => self.passed = Some("grows without bounds where its parts are used again"),
        }
        if self.depth > DEEPEST {
            self.passed = Some("is nested too deeply");
        }
        self.passed.is_none()
    }
}

/// Where a property list stops being one. Of XML that is a line and a column.
fn broken(number: u32, file: &File, error: &::plist::Error) -> Remark {
    let message = error.to_string();
    let (reason, offset) = match message.rsplit_once(" (offset ") {
        Some((reason, offset)) => (reason, offset.trim_end_matches(')').parse().ok()),
        None => (message.as_str(), None),
    };
    if file.bytes.starts_with(b"bplist") {
        let text = "is a damaged binary property list; it may be cut off".to_owned();
        return Remark { place: whole(number), text };
    }
    let text = match error.is_eof() || reason.starts_with("Unclosed") {
        true => "ends too early; it may be cut off".to_owned(),
        false => format!("is no property list: {reason}"),
    };
    let place = Text::open(0, file).ok().zip(offset).map(|(text, offset)| text.place(offset));
    let place = place.map_or(whole(number), |place| Place { file: number, ..place });
    Remark { place, text }
}

struct Found<'g, 'd> {
    file: u32,
    lists: usize,
    rules: u32,
    gather: &'g mut Gather<'d>,
}

impl Found<'_, '_> {
    fn search(&mut self, plist: &Plist) {
        match plist {
            Plist::Array(values) => values.iter().for_each(|value| self.search(value)),
            Plist::Dictionary(entries) => {
                let has_rules = entries.contains_key(RULES);
                for (key, value) in entries {
                    match value {
                        Plist::Array(rules) if key == RULES => self.rules(rules),
                        value if key == RULES => self.no_rules(value),
                        // What MDM servers keep about a payload is no setting.
                        _ if has_rules && !key.starts_with("Payload") => self.beside(key),
                        value => self.search(value),
                    }
                }
            }
            _ => {}
        }
    }

    fn no_rules(&mut self, value: &Plist) {
        self.lists += 1;
        let text = format!("{RULES}: is {}; expected a list of rules", field(value).kind());
        self.gather.fault(Remark { place: whole(self.file), text });
    }

    fn beside(&mut self, key: &str) {
        let text = format!("{key}: is no rule and is passed over");
        self.gather.note_once(whole(self.file), text);
    }

    fn rules(&mut self, rules: &[Plist]) {
        self.lists += 1;
        for rule in rules {
            self.rules += 1;
            let place = Place { file: self.file, spot: Spot::Rule(self.rules) };
            let record = match rule {
                Plist::Dictionary(entries) => {
                    let fields =
                        entries.iter().map(|(key, value)| (key.clone(), None, field(value)));
                    Record::new(place, None, santa::KEYS, fields)
                }
                _ => Err(Remark { place, text: "is no dictionary".to_owned() }),
            };
            santa::take(record, self.gather);
        }
    }
}

fn field(value: &Plist) -> Value {
    match value {
        Plist::String(text) => Value::Text(text.clone()),
        Plist::Boolean(flag) => Value::Flag(*flag),
        Plist::Integer(number) => Value::Number(number.to_string()),
        Plist::Real(number) => Value::Number(number.to_string()),
        Plist::Array(values) => Value::List(values.iter().map(|_| Value::Nothing).collect()),
        Plist::Dictionary(_) => Value::Other("a dictionary".to_owned()),
        Plist::Date(_) => Value::Other("a date".to_owned()),
        Plist::Data(_) | Plist::Uid(_) => Value::Other("data".to_owned()),
        _ => Value::Other("something unknown".to_owned()),
    }
}
