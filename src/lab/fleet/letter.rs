//! What hosts send: each message is written once, by what writes for `lab sync`, and then copied
//! with another host's names in it.

use std::collections::HashMap;
use std::io;
use std::rc::Rc;

use bytes::Bytes;
use flate2::{Compress, Compression, Crc, FlushCompress, Status};

use super::client::Client;
use super::identity::Identity;
use super::shelf::{Shelf, TableId};
use crate::lab::SyncKind;
use crate::lab::client::writing::{self, Introduction, Outcome};
use crate::protocol::{BodyError, ClientMode, ContentEncoding, MessageError};

/// How many messages are kept, before all are forgotten.
const MOST_KEPT: usize = 4096;

/// The header of a gzip stream of nobody's file (RFC 1952).
const GZIP_HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];

/// What a message says, but for who says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Text {
    Preflight { table: TableId, mode: Option<ClientMode>, wants: SyncKind },
    FirstPage,
    Postflight { table: TableId, performed: SyncKind, received: u32, processed: u32 },
}

/// Messages that were written.
#[derive(Debug)]
pub(super) struct Letters {
    kept: HashMap<(u8, Text), Rc<Template>>,
    press: Press,
}

impl Letters {
    pub(super) fn new() -> Self {
        Self { kept: HashMap::new(), press: Press::new() }
    }

    /// A host's message, ready to be sent.
    pub(super) fn write(
        &mut self,
        (number, client): (u8, &Client),
        text: Text,
        identity: &Identity,
        shelf: &mut Shelf,
    ) -> Result<Bytes, LetterError> {
        let template = match self.kept.get(&(number, text)) {
            Some(template) => Rc::clone(template),
            None => {
                let template = Rc::new(Template::new(message(client, text, shelf)?));
                if self.kept.len() >= MOST_KEPT {
                    self.kept.clear();
                }
                self.kept.insert((number, text), Rc::clone(&template));
                template
            }
        };
        let message = template.filled(identity);
        Ok(self.press.encode(client.encoding, message)?)
    }

    /// A message that is like no other host's, ready to be sent.
    pub(super) fn pack(
        &mut self,
        client: &Client,
        message: Result<Vec<u8>, MessageError>,
    ) -> Result<Bytes, LetterError> {
        Ok(self.press.encode(client.encoding, message?)?)
    }
}

/// Why something cannot be sent.
#[derive(Debug, thiserror::Error)]
pub(super) enum LetterError {
    #[error(transparent)]
    Message(#[from] MessageError),
    #[error(transparent)]
    Body(#[from] BodyError),
}

/// A message, from the host with the blank names.
fn message(client: &Client, text: Text, shelf: &mut Shelf) -> Result<Vec<u8>, MessageError> {
    let Client { version, profile, .. } = client;
    let mut hash = |table| version.sends_rules_hash().then(|| shelf.rules_hash(table));
    match text {
        Text::Preflight { table, mode, wants } => {
            let rules_hash = hash(table);
            let introduction = Introduction {
                profile,
                mode: mode.unwrap_or(profile.client_mode),
                wants_cleaning: wants != SyncKind::Normal,
                counts: shelf.counts(table),
                rules_hash: rules_hash.as_deref(),
            };
            introduction.write(*version)
        }
        Text::FirstPage => writing::page(*version, profile, None),
        Text::Postflight { table, performed, received, processed } => {
            let rules_hash = hash(table).map(|hash| hash.as_ref().to_owned());
            Outcome { performed, received, processed, rules_hash }.write(*version, profile)
        }
    }
}

/// A message with blanks. Names have the same lengths, so that nothing moves.
#[derive(Debug)]
struct Template {
    bytes: Vec<u8>,
    places: Vec<(usize, Name)>,
}

#[derive(Debug, Clone, Copy)]
enum Name {
    MachineId,
    Serial,
    Hostname,
    User,
}

impl Name {
    const ALL: [Self; 4] = [Self::MachineId, Self::Serial, Self::Hostname, Self::User];

    fn of(self, identity: &Identity) -> &[u8] {
        match self {
            Self::MachineId => &identity.machine_id,
            Self::Serial => &identity.serial,
            Self::Hostname => &identity.hostname,
            Self::User => &identity.user,
        }
    }
}

impl Template {
    fn new(bytes: Vec<u8>) -> Self {
        let places = |name: Name| {
            let blank = name.of(&Identity::BLANK);
            memchr::memmem::find_iter(&bytes, blank).map(move |at| (at, name)).collect::<Vec<_>>()
        };
        let places = Name::ALL.into_iter().flat_map(places).collect();
        Self { bytes, places }
    }

    fn filled(&self, identity: &Identity) -> Vec<u8> {
        let mut bytes = self.bytes.clone();
        for (at, name) in &self.places {
            let name = name.of(identity);
            bytes[*at..*at + name.len()].copy_from_slice(name);
        }
        bytes
    }
}

/// Compresses, with what a compressor needs made once.
#[derive(Debug)]
struct Press {
    zlib: Compress,
    raw: Compress,
}

impl Press {
    fn new() -> Self {
        // A million hosts compress on a million machines; here, the fastest way has to do.
        let new = |with_header| Compress::new(Compression::fast(), with_header);
        Self { zlib: new(true), raw: new(false) }
    }

    fn encode(&mut self, encoding: ContentEncoding, message: Vec<u8>) -> Result<Bytes, BodyError> {
        match encoding {
            _ if message.is_empty() => Ok(Bytes::new()),
            ContentEncoding::Identity => Ok(message.into()),
            ContentEncoding::Deflate => {
                let mut body = Vec::new();
                deflate(&mut self.zlib, &message, &mut body)?;
                Ok(body.into())
            }
            ContentEncoding::Gzip => {
                let mut body = GZIP_HEADER.to_vec();
                deflate(&mut self.raw, &message, &mut body)?;
                let mut sum = Crc::new();
                sum.update(&message);
                body.extend_from_slice(&sum.sum().to_le_bytes());
                body.extend_from_slice(&sum.amount().to_le_bytes());
                Ok(body.into())
            }
        }
    }
}

fn deflate(press: &mut Compress, message: &[u8], body: &mut Vec<u8>) -> Result<(), BodyError> {
    press.reset();
    // What cannot be compressed grows by an eighth, so that once is enough.
    body.reserve(message.len() + message.len() / 8 + 64);
    loop {
        let rest = &message[press.total_in() as usize..];
        let status = press.compress_vec(rest, body, FlushCompress::Finish);
        match status.map_err(io::Error::from)? {
            Status::StreamEnd => return Ok(()),
            Status::Ok | Status::BufError => body.reserve(message.len()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::fleet::plan::Dice;
    use crate::lab::{Format, Profile};
    use crate::protocol::decode;

    #[test]
    fn a_message_with_names_put_in_is_the_message_of_that_host() {
        let texts = [
            Text::Preflight { table: TableId::EMPTY, mode: None, wants: SyncKind::CleanAll },
            Text::Preflight {
                table: TableId::EMPTY,
                mode: Some(ClientMode::Lockdown),
                wants: SyncKind::Normal,
            },
            Text::FirstPage,
            Text::Postflight {
                table: TableId::EMPTY,
                performed: SyncKind::Clean,
                received: 3,
                processed: 2,
            },
        ];
        for (generation, format) in [
            ("2022.4", Format::Json),
            ("2024.6", Format::Json),
            ("2026.7", Format::Json),
            ("2026.7", Format::Protobuf),
        ] {
            let profile = Profile { wire: format, ..Profile::default() };
            let generation = generation.parse().unwrap();
            let with = |names: &Identity| Client::new(generation, &profile, names).unwrap();
            let client = with(&Identity::BLANK);
            let mut letters = Letters::new();
            for host in [0, 77] {
                let identity = Identity::of(Dice { seed: 5 }, host);
                for text in texts {
                    let sent =
                        letters.write((0, &client), text, &identity, &mut Shelf::new()).unwrap();
                    let sent = decode(client.encoding, &sent, 10_000).unwrap().into_owned();
                    let due = message(&with(&identity), text, &mut Shelf::new()).unwrap();
                    assert_eq!(sent, due, "{generation} {text:?}");
                }
            }
        }
    }

    #[test]
    fn bodies_are_in_the_encoding_that_they_are_said_to_be_in() {
        let mut press = Press::new();
        let all = [ContentEncoding::Identity, ContentEncoding::Deflate, ContentEncoding::Gzip];
        let noise: Vec<u8> =
            (0..5000_u32).flat_map(|n| (n.wrapping_mul(2_654_435_761)).to_le_bytes()).collect();
        for encoding in all {
            for message in [b"{}".to_vec(), vec![b'a'; 70_000], noise.clone(), Vec::new()] {
                let body = press.encode(encoding, message.clone()).unwrap();
                assert_eq!(decode(encoding, &body, 100_000).unwrap(), message);
            }
        }
    }
}
