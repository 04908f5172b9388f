//! Reads telemetry from files: Santa's spool in its four formats, protobuf, and JSON.
//!
//! The format is detected from the bytes. Events are returned as wire bytes, which refer to one
//! buffer, so the memory does not depend on the size of a file. The files may be hostile: every
//! size has an absolute limit, and whatever cannot be read is counted with its reason.

mod folder;
mod format;
mod frames;
mod health;
mod json;
mod records;
mod source;
mod window;

#[cfg(test)]
mod tests;

pub use folder::{SpoolError, spool_files};
pub use health::{Health, Loss, LossSample, Losses};

use std::fs::File;
use std::io::{self, Read};
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::telemetry::{Kind, find_kind};
use format::Layout;
use source::Decompression;
use window::Window;

/// What a file may cost at most.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Maximum bytes of one event, in its file's format. macOS limits the arguments of a program
    /// to 1 MiB.
    pub message: usize,
    /// Maximum bytes of a file after decompression. Santa's files have 250 kB, but a file of JSON
    /// may contain a whole day.
    pub file: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { message: 16 << 20, file: 4 << 30 }
    }
}

/// An event in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event<'a> {
    pub kind: Kind,
    /// The whole event in protobuf's wire format. Its fields are valid, but those inside them are
    /// not checked.
    pub message: &'a [u8],
}

/// Reads files one after another with the same buffers, and counts what was lost.
#[derive(Default)]
pub struct SpoolReader {
    limits: Limits,
    health: Health,
    buffer: Vec<u8>,
    decompression: Decompression,
}

impl SpoolReader {
    pub fn new(limits: Limits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// What was read so far.
    pub const fn health(&self) -> &Health {
        &self.health
    }

    pub fn into_health(self) -> Health {
        self.health
    }

    /// Opens a file. `None` means that it no longer exists, because Santa deletes its oldest files
    /// when the spool is full.
    ///
    /// # Errors
    /// If the file cannot be opened.
    pub fn open(&mut self, path: &Path) -> Result<Option<Events<'_>>, SpoolError> {
        match File::open(path) {
            Ok(file) => Ok(Some(self.read(path, file))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.health.vanished += 1;
                Ok(None)
            }
            Err(error) => Err(SpoolError::new(path, error)),
        }
    }

    /// Reads events from any reader. `name` is only for [`Health`].
    pub fn read<'a>(&'a mut self, name: &Path, reader: impl Read + 'a) -> Events<'a> {
        let Self { limits, health, buffer, decompression } = self;
        health.files += 1;
        let (source, on_error) = decompression.open(reader);
        let mut window = Window::new(source, buffer, limits.file, on_error);
        let layout = format::find_layout(&mut window, limits);
        Events {
            window,
            layout,
            limits: *limits,
            health,
            encoded: Vec::new(),
            name: name.to_owned(),
            is_ended: false,
        }
    }
}

/// The events of one file, in their order. Events that cannot be read are left out and counted.
pub struct Events<'a> {
    window: Window<'a>,
    layout: Layout,
    limits: Limits,
    health: &'a mut Health,
    /// The wire bytes of an event that was read from JSON.
    encoded: Vec<u8>,
    name: PathBuf,
    is_ended: bool,
}

/// What the next part of a file is.
enum Step {
    Message(Place),
    /// An event was lost. The next one can be read.
    Lost(Loss),
    /// The file ends here, or the rest of it is lost.
    End(Option<Loss>),
}

/// Where the bytes of an event are.
enum Place {
    Window(Range<usize>),
    Encoded,
}

impl Events<'_> {
    /// The next event. Its bytes are valid until the next call.
    pub fn next_event(&mut self) -> Option<Event<'_>> {
        if self.is_ended {
            return None;
        }
        let (kind, place) = loop {
            match self.step() {
                Step::Message(place) => match find_kind(self.bytes(&place)) {
                    Ok(Some(kind)) => break (kind, place),
                    Ok(None) => self.health.lose(Loss::UnknownKind, &self.name),
                    Err(_) => self.health.lose(Loss::Undecodable, &self.name),
                },
                Step::Lost(loss) => self.health.lose(loss, &self.name),
                Step::End(loss) => {
                    // The window knows best why bytes are missing.
                    if let Some(loss) = self.window.failure().or(loss) {
                        self.health.lose(loss, &self.name);
                    }
                    self.end();
                    return None;
                }
            }
        };
        self.health.events += 1;
        Some(Event { kind, message: self.bytes(&place) })
    }

    fn step(&mut self) -> Step {
        let Self { window, layout, limits, encoded, .. } = self;
        match *layout {
            Layout::Frames => frames::step(window, limits),
            Layout::LogBatch => records::step(window, limits, records::Record::Any),
            Layout::MessageBatch => records::step(window, limits, records::Record::Message),
            Layout::Message => {
                *layout = Layout::Nothing;
                let length = window.bytes().len();
                Step::Message(Place::Window(window.take(length)))
            }
            Layout::Json => json::step(window, limits, encoded),
            Layout::Nothing => Step::End(None),
            Layout::Unknown => Step::End(Some(Loss::UnknownFormat)),
        }
    }

    fn bytes(&self, place: &Place) -> &[u8] {
        match place {
            Place::Window(range) => self.window.range(range),
            Place::Encoded => &self.encoded,
        }
    }

    /// Counts the bytes of the file. They are counted only once.
    fn end(&mut self) {
        self.is_ended = true;
        self.health.bytes += self.window.forget();
    }
}

impl Drop for Events<'_> {
    fn drop(&mut self) {
        self.end();
    }
}
