//! Reads reports from files, one after the other.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::report::{MACHINE, Read, bad, checked, narrowed, report};
use super::upload::{Upload, is_upload};
use crate::api::HostReport;
use crate::cli::error::CliError;
use crate::cli::policy_files::{Fault, name_of, unreadable};
use crate::format::Spot;
use crate::format::json::{reason, without_mark};
use crate::rule::MachineId;

/// Maximum bytes of an event. Santa's events have about 4 kB.
const LONGEST: u64 = 1024 * 1024;
/// The number of bytes at the start of a file from which an upload is detected.
const HEAD: usize = 64 * 1024;
/// The depth of Moroz's files: `SHA256/MACHINE/TIME.json`.
const DEPTH: usize = 3;
/// Reads reports. Only an upload is in memory as a whole.
pub(super) struct Reports {
    source: Source,
    /// The host of events without one.
    machine: Option<MachineId>,
}

enum Source {
    /// A folder of Moroz's files.
    Tree(Vec<std::vec::IntoIter<PathBuf>>),
    /// One object per line.
    Lines { name: String, input: BufReader<File>, line: u32, text: Vec<u8> },
    /// The body of an upload.
    Upload(Upload),
}

impl Reports {
    /// Fails unless the path is a file or a folder. A pipe, for example, cannot be read twice.
    pub(super) fn open(path: &Path, machine: Option<&MachineId>) -> Result<Self, CliError> {
        let source = Source::open(path)?;
        if let (Source::Tree(_), Some(_)) = (&source, machine) {
            let text = format!("--machine-id requires a file, but {} is a folder", name_of(path));
            return Err(CliError::usage(text));
        }
        Ok(Self { source, machine: machine.cloned() })
    }
}

impl Source {
    fn open(path: &Path) -> Result<Self, CliError> {
        let fails = |error: io::Error| unreadable(path, &error);
        let metadata = fs::metadata(path).map_err(fails)?;
        if metadata.is_dir() {
            return Ok(Self::Tree(vec![entries(path)?]));
        }
        if !metadata.is_file() {
            let text = format!("{} is neither a file nor a folder", name_of(path));
            return Err(CliError::usage(text).hint(
                "the events are read twice: to check them and \
                to send them",
            ));
        }
        let mut input = BufReader::with_capacity(HEAD, File::open(path).map_err(fails)?);
        if is_upload(input.fill_buf().map_err(fails)?) {
            return Upload::open(path).map(Self::Upload);
        }
        Ok(Self::Lines { name: name_of(path), input, line: 0, text: Vec::new() })
    }
}

impl Iterator for Reports {
    type Item = Read;

    fn next(&mut self) -> Option<Read> {
        let Self { source, machine } = self;
        let machine = machine.as_ref();
        match source {
            Source::Tree(levels) => in_tree(levels),
            Source::Lines { name, input, line, text } => in_lines(name, input, line, text, machine),
            Source::Upload(upload) => upload.next(machine),
        }
    }
}

/// The entries of a folder, sorted by name, without hidden ones.
fn entries(folder: &Path) -> Result<std::vec::IntoIter<PathBuf>, CliError> {
    let fails = |error: io::Error| unreadable(folder, &error);
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(fails)? {
        let entry = entry.map_err(fails)?;
        if !entry.file_name().as_encoded_bytes().starts_with(b".") {
            found.push(entry.path());
        }
    }
    found.sort_unstable();
    Ok(found.into_iter())
}

fn in_tree(levels: &mut Vec<std::vec::IntoIter<PathBuf>>) -> Option<Read> {
    loop {
        let depth = levels.len();
        let Some(path) = levels.last_mut()?.next() else {
            levels.pop();
            continue;
        };
        let is_folder = path.is_dir();
        let is_named = match depth {
            1 => path.file_name().and_then(OsStr::to_str).is_some_and(is_digest),
            DEPTH => path.extension() == Some(OsStr::new("json")),
            _ => true,
        };
        if !is_named || is_folder == (depth == DEPTH) {
            let text = "is not at the path of a Moroz event: SHA256/MACHINE/TIME.json";
            return Some(bad(name_of(&path), text));
        }
        if !is_folder {
            return Some(file(&path));
        }
        match entries(&path) {
            Ok(below) => levels.push(below),
            Err(error) => return Some(Err(Fault::Failed(error))),
        }
    }
}

fn is_digest(name: &str) -> bool {
    name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Reads a file of Moroz, whose folder is named after the machine ID.
fn file(path: &Path) -> Read {
    let place = name_of(path);
    let folder = path.parent().and_then(Path::file_name).map(OsStr::to_string_lossy);
    let machine: MachineId = match folder.unwrap_or_default().parse() {
        Ok(machine) => machine,
        Err(error) => {
            return bad(
                place,
                format!(
                    "the folder's name is not a valid machine ID: \
            {error}"
                ),
            );
        }
    };
    let mut text = Vec::new();
    let read = File::open(path).and_then(|file| file.take(LONGEST + 1).read_to_end(&mut text));
    if let Err(error) = read {
        return Err(Fault::Failed(unreadable(path, &error)));
    }
    if is_too_long(&text) {
        return bad(place, "is too long for an event");
    }
    let mut event: Value = match serde_json::from_slice(without_mark(&text)) {
        Ok(event) => event,
        Err(error) => {
            let spot = Spot::Column(narrowed(error.line().max(1)), narrowed(error.column().max(1)));
            return bad(format!("{place}{spot}"), reason(&error));
        }
    };
    if let Some(keys) = event.as_object_mut() {
        keys.remove(MACHINE);
    }
    checked(place, text.len(), HostReport { machine, event })
}

fn in_lines(
    name: &str,
    input: &mut BufReader<File>,
    line: &mut u32,
    text: &mut Vec<u8>,
    machine: Option<&MachineId>,
) -> Option<Read> {
    let failed = |error: io::Error| Some(Err(Fault::Failed(unreadable(Path::new(name), &error))));
    loop {
        text.clear();
        match input.by_ref().take(LONGEST + 1).read_until(b'\n', text) {
            Ok(0) => return None,
            Ok(_) => *line = line.saturating_add(1),
            Err(error) => return failed(error),
        }
        let place = format!("{name}{}", Spot::Line(*line));
        if is_too_long(text) {
            return match input.skip_until(b'\n') {
                Ok(_) => Some(bad(place, "is too long for an event")),
                Err(error) => failed(error),
            };
        }
        let json = if *line == 1 { without_mark(text) } else { text.as_slice() };
        if !json.trim_ascii().is_empty() {
            return Some(one_line(name, *line, json, machine));
        }
    }
}

fn one_line(name: &str, line: u32, json: &[u8], machine: Option<&MachineId>) -> Read {
    match serde_json::from_slice(json) {
        Ok(event) => report(format!("{name}{}", Spot::Line(line)), json.len(), event, machine),
        Err(error) => {
            let spot = Spot::Column(line, narrowed(error.column().max(1)));
            bad(format!("{name}{spot}"), reason(&error))
        }
    }
}

fn is_too_long(text: &[u8]) -> bool {
    text.len() as u64 > LONGEST
}
