//! Writes requests. Requests that differ only in the names of hosts are written once by the code of
//! `lab sync`, and then copied with the names of each host.

use std::collections::HashMap;
use std::io;
use std::rc::Rc;

use bytes::Bytes;
use flate2::{Compress, Compression, FlushCompress, Status};

use super::client::Client;
use super::identity::Identity;
use super::rule_tables::{RuleTables, TableId};
use crate::lab::SyncKind;
use crate::lab::client::request_formats::{self, PostflightFields, PreflightFields};
use crate::protocol::{BodyError, ClientMode, ContentEncoding, MessageError};

/// Maximum messages in the cache. A full cache is emptied.
const MOST_KEPT: usize = 4096;

/// The base-two logarithm of the largest window of gzip, which is 32 KiB.
const MAX_WINDOW_BITS: u8 = 15;

/// The content of a message, except for the host's names and the data of its `Client`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum MessageContent {
    Preflight { table: TableId, mode: Option<ClientMode>, wants: SyncKind },
    FirstPage,
    Postflight { table: TableId, performed: SyncKind, received: u32, processed: u32 },
}

#[derive(Debug)]
pub(super) struct MessageCache {
    kept: HashMap<(u8, MessageContent), Rc<Template>>,
    compressor: Compressor,
}

impl MessageCache {
    pub(super) fn new() -> Self {
        Self { kept: HashMap::new(), compressor: Compressor::new() }
    }

    pub(super) fn write(
        &mut self,
        (number, client): (u8, &Client),
        text: MessageContent,
        identity: &Identity,
        tables: &mut RuleTables,
    ) -> Result<Bytes, WriteError> {
        let template = match self.kept.get(&(number, text)) {
            Some(template) => Rc::clone(template),
            None => {
                let template = Rc::new(Template::new(message(client, text, tables)?));
                if self.kept.len() >= MOST_KEPT {
                    self.kept.clear();
                }
                self.kept.insert((number, text), Rc::clone(&template));
                template
            }
        };
        let message = template.filled(identity);
        Ok(self.compressor.encode(client.encoding, message)?)
    }

    pub(super) fn pack(
        &mut self,
        client: &Client,
        message: Result<Vec<u8>, MessageError>,
    ) -> Result<Bytes, WriteError> {
        Ok(self.compressor.encode(client.encoding, message?)?)
    }
}

#[derive(Debug, thiserror::Error)]
pub(super) enum WriteError {
    #[error(transparent)]
    Message(#[from] MessageError),
    #[error(transparent)]
    Body(#[from] BodyError),
}

fn message(
    client: &Client,
    text: MessageContent,
    tables: &mut RuleTables,
) -> Result<Vec<u8>, MessageError> {
    let Client { version, profile, .. } = client;
    let mut hash = |table| version.sends_rules_hash().then(|| tables.rules_hash(table));
    match text {
        MessageContent::Preflight { table, mode, wants } => {
            let rules_hash = hash(table);
            let preflight_fields = PreflightFields {
                profile,
                mode: mode.unwrap_or(profile.client_mode),
                wants_cleaning: wants != SyncKind::Normal,
                counts: tables.counts(table),
                rules_hash: rules_hash.as_deref(),
            };
            preflight_fields.write(*version)
        }
        MessageContent::FirstPage => request_formats::page(*version, profile, None),
        MessageContent::Postflight { table, performed, received, processed } => {
            let rules_hash = hash(table).map(|hash| hash.as_ref().to_owned());
            PostflightFields { performed, received, processed, rules_hash }.write(*version, profile)
        }
    }
}

/// A message with placeholders. Each name has the same length on all hosts, so that placeholders
/// can be replaced in place.
#[derive(Debug)]
struct Template {
    bytes: Vec<u8>,
    /// The position of each name in the message, and the name's index in [`Identity::names`].
    places: Vec<(usize, usize)>,
}

impl Template {
    fn new(bytes: Vec<u8>) -> Self {
        let mut places = Vec::new();
        for (index, name) in Identity::BLANK.names().into_iter().enumerate() {
            places.extend(memchr::memmem::find_iter(&bytes, name).map(|at| (at, index)));
        }
        Self { bytes, places }
    }

    fn filled(&self, identity: &Identity) -> Vec<u8> {
        let (mut bytes, names) = (self.bytes.clone(), identity.names());
        for (at, index) in &self.places {
            bytes[*at..*at + names[*index].len()].copy_from_slice(names[*index]);
        }
        bytes
    }
}

/// Compresses messages. A compressor is expensive to create, so compressors are reused.
#[derive(Debug)]
struct Compressor {
    zlib: Compress,
    gzip: Compress,
}

impl Compressor {
    fn new() -> Self {
        // Real hosts compress on their own computers. This computer compresses for all hosts, so
        // the fastest level is used.
        let level = Compression::fast();
        Self { zlib: Compress::new(level, true), gzip: Compress::new_gzip(level, MAX_WINDOW_BITS) }
    }

    fn encode(&mut self, encoding: ContentEncoding, message: Vec<u8>) -> Result<Bytes, BodyError> {
        match encoding {
            _ if message.is_empty() => Ok(Bytes::new()),
            ContentEncoding::Identity => Ok(message.into()),
            ContentEncoding::Deflate => compressed(&mut self.zlib, &message),
            ContentEncoding::Gzip => compressed(&mut self.gzip, &message),
        }
    }
}

fn compressed(compress: &mut Compress, message: &[u8]) -> Result<Bytes, BodyError> {
    compress.reset();
    // Data that cannot be compressed grows by less than an eighth, so this capacity is usually
    // enough.
    let mut body = Vec::with_capacity(message.len() + message.len() / 8 + 64);
    loop {
        let rest = &message[compress.total_in() as usize..];
        let status = compress.compress_vec(rest, &mut body, FlushCompress::Finish);
        match status.map_err(io::Error::from)? {
            Status::StreamEnd => return Ok(body.into()),
            Status::Ok | Status::BufError => body.reserve(message.len()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::fleet::plan::Random;
    use crate::lab::{Format, Profile};
    use crate::protocol::decode;

    #[test]
    fn a_filled_template_equals_the_message_of_the_host() {
        let texts = [
            MessageContent::Preflight {
                table: TableId::EMPTY,
                mode: None,
                wants: SyncKind::CleanAll,
            },
            MessageContent::Preflight {
                table: TableId::EMPTY,
                mode: Some(ClientMode::Lockdown),
                wants: SyncKind::Normal,
            },
            MessageContent::FirstPage,
            MessageContent::Postflight {
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
            let mut messages = MessageCache::new();
            for host in [0, 77] {
                let identity = Identity::of(Random { seed: 5 }, host);
                for text in texts {
                    let sent = messages
                        .write((0, &client), text, &identity, &mut RuleTables::new())
                        .unwrap();
                    let sent = decode(client.encoding, &sent, 10_000).unwrap().into_owned();
                    let due = message(&with(&identity), text, &mut RuleTables::new()).unwrap();
                    assert_eq!(sent, due, "{generation} {text:?}");
                }
            }
        }
    }

    #[test]
    fn bodies_have_their_encoding() {
        let mut compressor = Compressor::new();
        let all = [ContentEncoding::Identity, ContentEncoding::Deflate, ContentEncoding::Gzip];
        let noise: Vec<u8> =
            (0..5000_u32).flat_map(|n| (n.wrapping_mul(2_654_435_761)).to_le_bytes()).collect();
        for encoding in all {
            for message in [b"{}".to_vec(), vec![b'a'; 70_000], noise.clone(), Vec::new()] {
                let body = compressor.encode(encoding, message.clone()).unwrap();
                assert_eq!(decode(encoding, &body, 100_000).unwrap(), message);
            }
        }
    }
}
