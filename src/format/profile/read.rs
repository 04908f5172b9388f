//! Reads profiles and property lists.

use std::io::Cursor;

use ::plist::Value as Plist;
use ::plist::stream::{OwnedEvent, Reader};

use super::RULES;
use super::envelope::{self, Signed};
use super::settings::{has_settings, is_setting};
use crate::format::gather::{Gather, whole};
use crate::format::record::{Record, Value, santa};
use crate::format::text::{Text, narrowed};
use crate::format::{Defaults, Document, File, Foreign, Place, Remark, Spot};

/// What MDM servers make is nested 10 deep; a bound for what they do not make.
const DEEPEST: usize = 64;
/// So many bytes of text may come of each byte of the file.
const GROWTH: usize = 64;

/// Whether a file looks like a property list, signed or not.
#[must_use]
pub fn recognises(file: &File) -> bool {
    is_signed(&file.bytes) || is_plist(&file.bytes)
}

fn is_plist(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let bytes = bytes.trim_ascii_start();
    let head = &bytes[..bytes.len().min(512)];
    bytes.starts_with(b"bplist")
        || bytes.starts_with(b"<plist")
        || bytes.starts_with(b"<!DOCTYPE plist")
        || (bytes.starts_with(b"<?xml") && says(head, b"plist"))
}

fn says(bytes: &[u8], word: &[u8]) -> bool {
    bytes.windows(word.len()).any(|part| part == word)
}

/// CMS starts with a sequence and the identifier of its kind: signed data, or enveloped data.
const SIGNED: &[u8] = b"\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x07\x02";
const ENCRYPTED: &[u8] = b"\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x07\x03";
/// The identifier follows the tag and the length of the sequence.
const CMS_START: usize = 32;

/// Whether it is a profile in an envelope of CMS, as signed ones are.
fn is_signed(bytes: &[u8]) -> bool {
    is_der(bytes) && says(&bytes[..bytes.len().min(CMS_START)], SIGNED)
}

fn is_der(bytes: &[u8]) -> bool {
    matches!(bytes, [0x30, 0x80..=0x84, ..])
}

/// Recognizes what cannot be read of CMS, and certificates.
pub(in crate::format) fn enveloped(file: &File) -> Option<Foreign> {
    if !is_der(&file.bytes) || is_signed(&file.bytes) {
        return None;
    }
    let start = &file.bytes[..file.bytes.len().min(CMS_START)];
    let what = match says(start, ENCRYPTED) {
        true => "is an encrypted profile; only the Mac it was encrypted for can read it",
        false => "is a certificate or a key, not a file of rules",
    };
    Some(Foreign { what: what.to_owned(), hint: None })
}

/// A signed profile as text (PEM).
pub(in crate::format) fn signed_text(name: &str) -> Foreign {
    Foreign {
        what: "is a signed profile in PEM; convert it to DER first".to_owned(),
        hint: Some(format!(
            "openssl cms -cmsout -inform pem -in {name} -outform der -out profile.mobileconfig"
        )),
    }
}

#[must_use]
pub fn read(files: &[File], defaults: &Defaults) -> Document {
    let mut gather = Gather::new(files, defaults);
    for (number, file) in files.iter().enumerate() {
        let number = narrowed(number);
        match parse(number, file) {
            Err(fault) => gather.fault(fault),
            Ok(Parsed { plist, signature }) => {
                if let Some(text) = signature {
                    gather.note(whole(number), text);
                }
                let mut found = Found { file: number, lists: 0, rules: 0, gather: &mut gather };
                found.search(&plist);
                if found.lists == 0 {
                    let text = match has_settings(&plist) {
                        true => format!(
                            "has settings for Santa, but no {RULES}; nicelist settings import \
                             reads them"
                        ),
                        false => format!("has no {RULES} anywhere in it"),
                    };
                    gather.fault(Remark { place: whole(number), text });
                }
            }
        }
    }
    gather.finish()
}

/// A property list, and a note on its signature if it has one.
pub(super) struct Parsed {
    pub(super) plist: Plist,
    pub(super) signature: Option<String>,
}

pub(super) fn parse(number: u32, file: &File) -> Result<Parsed, Remark> {
    let refused = |text: &str| Remark { place: whole(number), text: text.to_owned() };
    if !is_signed(&file.bytes) {
        return parse_unsigned(number, file).map(|plist| Parsed { plist, signature: None });
    }
    let Signed { content, signer } = envelope::open(&file.bytes).map_err(refused)?;
    let content = File { name: file.name.clone(), bytes: content };
    if !is_plist(&content.bytes) {
        return Err(refused("is signed, but it is not a profile"));
    }
    let signer = signer.map_or(String::new(), |signer| format!(" by `{signer}`"));
    let signature = Some(format!("is signed{signer}; the signature was not checked"));
    parse_unsigned(number, &content).map(|plist| Parsed { plist, signature })
}

fn parse_unsigned(number: u32, file: &File) -> Result<Plist, Remark> {
    let refused = |text: &str| Remark { place: whole(number), text: text.to_owned() };
    if file.bytes.trim_ascii().is_empty() {
        return Err(refused("is empty"));
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
    let is_cut_off = error.is_eof()
        || reason.starts_with("Unclosed")
        || reason.starts_with("UnexpectedEndOfEventStream");
    // Some reasons are names of types.
    let is_of_a_type = reason.contains('{') || !reason.contains(' ');
    let text = match (is_cut_off, is_of_a_type) {
        (true, _) => "ends too early; it may be cut off".to_owned(),
        (false, true) => "is not a valid property list".to_owned(),
        (false, false) => format!("is no property list: {reason}"),
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
        let text = match is_setting(key) {
            true => format!("{key}: is not a rule; nicelist settings import reads it"),
            false => format!("{key}: is not a rule and is left out"),
        };
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
