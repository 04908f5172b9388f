//! Made-up telemetry of one Mac: the same for the same seed, in real wire bytes.
//!
//! Processes form trees as on a real Mac: a parent forks, the child executes a program, works with
//! files, and exits. The other kinds of events occur, too, with roughly realistic frequencies.

mod files;
mod mac;
mod process;
mod programs;
mod random;
mod sessions;
mod system;
mod write;

#[cfg(test)]
mod tests;

pub use write::{Corpus, GenerateError, SpoolFormat, UnknownSpoolFormat, Written, write_corpus};

use serde_json::Value;

use super::telemetry::{EncodeError, encode_value};
use mac::Mac;

/// Creates events one after another.
pub struct Generator {
    mac: Mac,
}

impl Generator {
    pub fn new(seed: u64) -> Self {
        Self { mac: Mac::new(seed) }
    }

    /// The next event in protobuf's JSON.
    pub fn next_value(&mut self) -> Value {
        self.mac.next_event()
    }

    /// The next event in protobuf's wire format.
    ///
    /// # Errors
    /// Never, unless the schema and the generator disagree.
    pub fn next_event(&mut self) -> Result<Vec<u8>, EncodeError> {
        encode_value(&self.next_value())
    }
}
