//! Reads profiles and property lists.

use std::io::Cursor;

use ::plist::Value as Plist;

use super::RULES;
use crate::format::gather::{Gather, whole};
use crate::format::record::{Record, Value, santa};
use crate::format::text::{Text, narrowed};
use crate::format::{Defaults, Document, File, Place, Remark, Spot};

/// So deep are keys nested at most in what MDM servers make; a bound for what they do not.
const DEEPEST: usize = 12;

/// Whether a file looks like a property list.
#[must_use]
pub fn recognises(file: &File) -> bool {
    let bytes = file.bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&file.bytes);
    let bytes = bytes.trim_ascii_start();
    let head = &bytes[..bytes.len().min(512)];
    bytes.starts_with(b"bplist")
        || bytes.starts_with(b"<plist")
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
                found.search(&plist, 0);
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
    Plist::from_reader(Cursor::new(&file.bytes)).map_err(|error| broken(number, file, &error))
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
    fn search(&mut self, plist: &Plist, depth: usize) {
        if depth > DEEPEST {
            return;
        }
        match plist {
            Plist::Array(values) => values.iter().for_each(|value| self.search(value, depth + 1)),
            Plist::Dictionary(entries) => {
                for (key, value) in entries {
                    match value {
                        Plist::Array(rules) if key == RULES => self.rules(rules),
                        value => self.search(value, depth + 1),
                    }
                }
            }
            _ => {}
        }
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
