//! Writes made-up telemetry as Santa writes its spool.

use std::fmt;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde::Serialize;
use serde_json::ser::{PrettyFormatter, Serializer};
use thiserror::Error;
use xxhash_rust::xxh3::xxh3_64;

use super::Generator;
use super::random::Random;
use crate::detect::telemetry::{EncodeError, decode};
use crate::detect::wire::{WireError, put_bytes, put_varint};

/// The bytes of events after which Santa begins a new file.
const FILE_SIZE: usize = 250_000;

const TYPE_URL: &[u8] = b"type.googleapis.com/santa.pb.v1.SantaMessage";

/// Defines the formats, each with the name of Santa's setting `EventLogType`.
macro_rules! formats {
    ($($(#[$about:meta])* $format:ident = $name:literal;)+) => {
        /// How files with telemetry are written.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum SpoolFormat {
            $($(#[$about])* $format,)+
        }

        impl SpoolFormat {
            pub const ALL: &'static [Self] = &[$(Self::$format,)+];

            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$format => $name,)+
                }
            }
        }
    };
}

formats! {
    Protobuf = "protobuf";
    ProtobufStream = "protobufstream";
    ProtobufStreamGzip = "protobufstreamgzip";
    ProtobufStreamZstd = "protobufstreamzstd";
    /// As `santactl printlog` writes it.
    Json = "json";
    /// One event per line.
    JsonLines = "jsonl";
}

/// A name that is not a format of telemetry.
#[derive(Debug, Error)]
#[error("expected protobuf, protobufstream, protobufstreamgzip, protobufstreamzstd, json or jsonl")]
pub struct UnknownSpoolFormat;

impl FromStr for SpoolFormat {
    type Err = UnknownSpoolFormat;

    fn from_str(text: &str) -> Result<Self, UnknownSpoolFormat> {
        let mut all = Self::ALL.iter().copied();
        all.find(|format| format.name() == text).ok_or(UnknownSpoolFormat)
    }
}

impl fmt::Display for SpoolFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Telemetry to create.
#[derive(Clone, Copy, Debug)]
pub struct Corpus<'a> {
    pub events: u64,
    pub seed: u64,
    pub format: SpoolFormat,
    /// Gets a folder `new` with the files, like Santa's spool.
    pub folder: &'a Path,
}

/// What was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    pub files: u64,
    pub events: u64,
    pub bytes: u64,
}

/// Why telemetry was not written.
#[derive(Debug, Error)]
pub enum GenerateError {
    #[error("{} is not empty", .path.display())]
    NotEmpty { path: PathBuf },
    #[error("cannot write {}: {error}", .path.display())]
    Write { path: PathBuf, error: io::Error },
    #[error(transparent)]
    Encode(#[from] EncodeError),
    #[error(transparent)]
    Decode(#[from] WireError),
}

/// Writes telemetry to files. The same corpus has the same bytes. `progress` gets the number of
/// events of each file.
///
/// # Errors
/// If the folder already has files, or cannot be written.
pub fn write_corpus(
    corpus: &Corpus<'_>,
    mut progress: impl FnMut(u64),
) -> Result<Written, GenerateError> {
    let folder = corpus.folder.join("new");
    prepare(&folder)?;
    let mut generator = Generator::new(corpus.seed);
    let writer_id = Random::new(!corpus.seed).number();
    let mut written = Written::default();
    while written.events < corpus.events {
        let mut events = Vec::new();
        let mut size = 0;
        while size < FILE_SIZE && written.events + (events.len() as u64) < corpus.events {
            let event = generator.next_event()?;
            size += event.len();
            events.push(event);
        }
        let extension = match corpus.format {
            SpoolFormat::Protobuf
            | SpoolFormat::ProtobufStream
            | SpoolFormat::ProtobufStreamGzip
            | SpoolFormat::ProtobufStreamZstd => "",
            SpoolFormat::Json => ".json",
            SpoolFormat::JsonLines => ".jsonl",
        };
        let name = format!("{writer_id:016x}_{:020}{extension}", written.files);
        let path = folder.join(name);
        let fails = |error| GenerateError::Write { path: path.clone(), error };
        let bytes = encode_file(corpus.format, &events, &path)?;
        fs::write(&path, &bytes).map_err(fails)?;
        written.files += 1;
        written.events += events.len() as u64;
        written.bytes += bytes.len() as u64;
        progress(events.len() as u64);
    }
    Ok(written)
}

fn prepare(folder: &Path) -> Result<(), GenerateError> {
    let fails = |error| GenerateError::Write { path: folder.to_owned(), error };
    fs::create_dir_all(folder).map_err(fails)?;
    match fs::read_dir(folder).map_err(fails)?.next() {
        Some(_) => Err(GenerateError::NotEmpty { path: folder.to_owned() }),
        None => Ok(()),
    }
}

/// The bytes of a file. `path` is only for errors.
pub(super) fn encode_file(
    format: SpoolFormat,
    events: &[Vec<u8>],
    path: &Path,
) -> Result<Vec<u8>, GenerateError> {
    let fails = |error| GenerateError::Write { path: path.to_owned(), error };
    Ok(match format {
        SpoolFormat::Protobuf => log_batch(events),
        SpoolFormat::ProtobufStream => stream(events),
        SpoolFormat::ProtobufStreamGzip => gzip(&stream(events)).map_err(fails)?,
        SpoolFormat::ProtobufStreamZstd => {
            let stream = stream(events);
            let level = zstd::DEFAULT_COMPRESSION_LEVEL;
            zstd::stream::encode_all(stream.as_slice(), level).map_err(fails)?
        }
        SpoolFormat::Json => {
            let mut file = b"[\n[\n".to_vec();
            for (at, event) in events.iter().enumerate() {
                file.extend_from_slice(if at == 0 { b"" } else { b",\n" });
                pretty(event, &mut file).map_err(|error| match error {
                    PrettyError::Decode(error) => GenerateError::from(error),
                    PrettyError::Write(error) => fails(error.into()),
                })?;
            }
            file.extend_from_slice(b"\n]\n]\n");
            file
        }
        SpoolFormat::JsonLines => {
            let mut file = Vec::new();
            for event in events {
                writeln!(file, "{}", decode(event)?).map_err(fails)?;
            }
            file
        }
    })
}

fn log_batch(events: &[Vec<u8>]) -> Vec<u8> {
    let mut file = Vec::new();
    for event in events {
        let mut any = Vec::new();
        put_bytes(&mut any, 1, TYPE_URL);
        put_bytes(&mut any, 2, event);
        put_bytes(&mut file, 1, &any);
    }
    file
}

fn stream(events: &[Vec<u8>]) -> Vec<u8> {
    let mut file = Vec::new();
    for event in events {
        file.extend_from_slice(b"SNT!");
        file.extend_from_slice(&xxh3_64(event).to_be_bytes());
        put_varint(&mut file, event.len() as u64);
        file.extend_from_slice(event);
    }
    file
}

fn gzip(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut writer = GzEncoder::new(Vec::new(), Compression::default());
    writer.write_all(bytes)?;
    writer.finish()
}

enum PrettyError {
    Decode(WireError),
    Write(serde_json::Error),
}

/// Appends an event with the indentation of `santactl printlog`.
fn pretty(event: &[u8], file: &mut Vec<u8>) -> Result<(), PrettyError> {
    let event = decode(event).map_err(PrettyError::Decode)?;
    let mut serializer = Serializer::with_formatter(file, PrettyFormatter::with_indent(b" "));
    event.serialize(&mut serializer).map_err(PrettyError::Write)
}
