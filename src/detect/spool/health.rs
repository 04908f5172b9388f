//! Counts what was read and what was lost. Telemetry that cannot be read may hide an attack, so
//! every loss has a reason and is reported.

use std::fmt;
use std::path::Path;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

/// Defines the reasons, each with its stable name, and with what it means.
macro_rules! losses {
    ($($(#[$about:meta])* $loss:ident = $name:literal, $meaning:literal;)+) => {
        /// Why an event or the rest of a file is lost.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Loss {
            $($(#[$about])* $loss,)+
        }

        impl Loss {
            pub const ALL: &'static [Self] = &[$(Self::$loss,)+];

            /// Its name in JSON.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$loss => $name,)+
                }
            }

            /// What it means, for people.
            pub const fn meaning(self) -> &'static str {
                match self {
                    $(Self::$loss => $meaning,)+
                }
            }
        }
    };
}

losses! {
    WrongHash = "wrong_hash", "the hash of an event does not match its bytes";
    Undecodable = "undecodable", "an event is damaged";
    UnknownKind = "unknown_kind", "an event has no kind, or a kind of a newer Santa";
    MessageTooLarge = "event_too_large", "an event is too large";
    WrongMagic = "wrong_magic", "a frame does not begin with SNT!";
    InvalidFrame = "invalid_frame", "the length of an event is invalid";
    Truncated = "truncated", "the file ends within an event";
    FileTooLarge = "file_too_large", "the file is too large after decompression";
    Damaged = "damaged", "the compressed file is damaged";
    UnknownFormat = "unknown_format", "the file is not telemetry in a known format";
    Unreadable = "unreadable", "the file cannot be read completely";
}

impl Loss {
    /// Whether the rest of the file is lost, and not only one event.
    pub const fn ends_file(self) -> bool {
        match self {
            Self::WrongHash | Self::Undecodable | Self::UnknownKind | Self::MessageTooLarge => {
                false
            }
            Self::WrongMagic
            | Self::InvalidFrame
            | Self::Truncated
            | Self::FileTooLarge
            | Self::Damaged
            | Self::UnknownFormat
            | Self::Unreadable => true,
        }
    }
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.meaning())
    }
}

/// A file in which something was lost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LossSample {
    pub file: String,
    pub loss: Loss,
}

impl Serialize for Loss {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// Maximum files that are listed by name, so that a spool full of damaged files needs no memory.
const MOST_SAMPLES: usize = 20;

/// What was read and what was lost.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Health {
    pub files: u64,
    /// Files that Santa deleted between the listing and the reading.
    pub vanished: u64,
    /// Bytes after decompression.
    pub bytes: u64,
    pub events: u64,
    pub lost: Losses,
    /// The first losses, at most one per file and reason.
    pub samples: Vec<LossSample>,
}

/// How often each reason occurred.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Losses([u64; Loss::ALL.len()]);

impl Losses {
    pub const fn count(&self, loss: Loss) -> u64 {
        self.0[loss as usize]
    }

    /// The reasons that occurred.
    pub fn iter(&self) -> impl Iterator<Item = (Loss, u64)> {
        let counts = Loss::ALL.iter().map(|loss| (*loss, self.count(*loss)));
        counts.filter(|(_, count)| *count > 0)
    }

    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }
}

impl Serialize for Losses {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (loss, count) in self.iter() {
            map.serialize_entry(loss.name(), &count)?;
        }
        map.end()
    }
}

impl Health {
    pub(super) fn lose(&mut self, loss: Loss, file: &Path) {
        self.lost.0[loss as usize] += 1;
        if self.samples.len() < MOST_SAMPLES {
            let sample = LossSample { file: file.display().to_string(), loss };
            if !self.samples.contains(&sample) {
                self.samples.push(sample);
            }
        }
    }

    /// Whether everything was read.
    pub fn is_complete(&self) -> bool {
        self.lost.total() == 0
    }

    /// Adds what another reader read.
    pub fn merge(&mut self, other: Self) {
        self.files += other.files;
        self.vanished += other.vanished;
        self.bytes += other.bytes;
        self.events += other.events;
        for (sum, count) in self.lost.0.iter_mut().zip(other.lost.0) {
            *sum += count;
        }
        self.samples.extend(other.samples);
        self.samples.truncate(MOST_SAMPLES);
    }
}
