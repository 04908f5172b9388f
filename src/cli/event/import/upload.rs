//! The body of an event upload, as a Mac sends it: a JSON object with a list of events.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use super::report::{MACHINE, Read, bad, narrowed, report};
use crate::cli::error::CliError;
use crate::cli::policy_files::{name_of, unreadable};
use crate::format::Spot;
use crate::format::json::{reason, without_mark};
use crate::rule::MachineId;

/// The largest body that a server accepts by default.
const LARGEST: u64 = 16 * 1024 * 1024;

#[derive(Deserialize)]
struct Body {
    events: Vec<Value>,
    machine_id: Option<Value>,
}

/// The remaining events of an upload.
pub(super) struct Upload {
    name: String,
    events: std::iter::Enumerate<std::vec::IntoIter<Value>>,
    /// The host of the upload, if there is one.
    machine: Option<Value>,
}

impl Upload {
    /// Fails if the file cannot be read or is not an upload.
    pub(super) fn open(path: &Path) -> Result<Self, CliError> {
        let name = name_of(path);
        let mut text = Vec::new();
        File::open(path)
            .and_then(|file| file.take(LARGEST + 1).read_to_end(&mut text))
            .map_err(|error| unreadable(path, &error))?;
        if text.len() as u64 > LARGEST {
            let text = format!("{name} is an upload of more than {} MiB", LARGEST >> 20);
            return Err(CliError::input(text).hint(
                "convert it to one event per line, each with \
                its machine_id",
            ));
        }
        let Body { events, machine_id } =
            serde_json::from_slice(without_mark(&text)).map_err(|error| {
                let spot = Spot::Column(narrowed(error.line()), narrowed(error.column()));
                CliError::input(format!("{name}{spot}: {}", reason(&error)))
            })?;
        Ok(Self { name, events: events.into_iter().enumerate(), machine: machine_id })
    }

    /// The next event. `machine` is the host of events without one.
    pub(super) fn next(&mut self, machine: Option<&MachineId>) -> Option<Read> {
        let (index, mut event) = self.events.next()?;
        let place = format!("{}: event {}", self.name, index + 1);
        let Some(keys) = event.as_object_mut() else {
            return Some(bad(place, "is not a JSON object"));
        };
        if let (false, Some(machine)) = (keys.contains_key(MACHINE), &self.machine) {
            keys.insert(MACHINE.to_owned(), machine.clone());
        }
        let length = event.to_string().len();
        Some(report(place, length, event, machine))
    }
}

/// Whether a file begins like an upload: its object has a list of events before any other object.
pub(super) fn is_upload(head: &[u8]) -> bool {
    const KEY: &[u8] = b"\"events\"";
    let Some(inside) = without_mark(head).trim_ascii_start().strip_prefix(b"{") else {
        return false;
    };
    let end = memchr::memchr(b'{', inside).unwrap_or(inside.len());
    memchr::memmem::find(&inside[..end], KEY).is_some_and(|start| {
        let after = inside[start + KEY.len()..].trim_ascii_start();
        after.strip_prefix(b":").is_some_and(|value| value.trim_ascii_start().starts_with(b"["))
    })
}
