//! Reads rules, whatever the format.

use std::collections::VecDeque;
use std::fs;
use std::io::{self, BufReader, Cursor, Read};
use std::path::Path;

use super::bounded::Bounded;
use super::document::{folder, refuse_configuration, refuse_foreign, told_or_found, warn_of_notes};
use super::place::{STDIO, name_of, unreadable};
use crate::cli::error::CliError;
use crate::cli::ui::Ui;
use crate::fleet::InForce;
use crate::format::csv::{self, Delimiter, HeaderError};
use crate::format::json::{LineError, Lines};
use crate::format::{
    Defaults, Document, Duplicates, File, Foreign, Format, Place, PlacedRule, Remark, Spot,
};
use crate::rule::{Rule, RuleFields};

/// As much of a file as is looked at to tell its format, where it need not be read whole.
const HEAD: u64 = 64 * 1024;
/// Bytes that are read at once.
const BUFFER: usize = 256 * 1024;

type Stream = BufReader<Box<dyn Read>>;

/// Rules from a path: one after the other, each with its place.
pub(crate) struct Input {
    name: String,
    format: Format,
    reading: Reading,
}

/// How they are read.
pub(crate) enum Reading {
    /// Rows, with what parts their fields.
    Csv(Box<csv::Reader<Stream>>, Delimiter),
    /// Lines of JSON.
    Jsonl(Box<Lines<Stream>>),
    /// All at once.
    Whole {
        /// The names of the files.
        files: Vec<String>,
        /// What is wrong with them, still to be handed out.
        faults: VecDeque<Remark>,
        /// How many of them are about entries that are in conflict with each other.
        conflicts: usize,
        /// The rules, still to be handed out.
        rules: std::vec::IntoIter<PlacedRule>,
        /// Settings and tags.
        beside: InForce,
    },
}

/// Why there is no rule to hand out.
pub(crate) enum Fault {
    /// Something is no rule; what comes after it may be.
    Bad {
        /// Its place in words, with the file's name.
        place: String,
        /// What is wrong.
        text: String,
        row: Option<Box<csv::BadRow>>,
    },
    /// Nothing comes after it.
    Failed(CliError),
}

impl Input {
    /// Opens a path, `-` for stdin, and finds out its format unless it is known. Notes on how a
    /// file is understood are told at once. `seen` is told how many bytes have been read.
    ///
    /// # Errors
    /// Where it cannot be read, its format is unknown, or a header is wrong.
    pub(crate) fn open(
        ui: &Ui,
        path: &Path,
        format: Option<Format>,
        defaults: Defaults,
        seen: impl Fn(u64) + 'static,
    ) -> Result<Self, CliError> {
        let name = name_of(path);
        if path != Path::new(STDIO) && path.is_dir() {
            let (format, document) = folder(path, format, &defaults)?;
            refuse_configuration(defaults.configuration.as_deref(), format, &name)?;
            return Ok(Self::whole(ui, name, format, document));
        }
        let input: Box<dyn Read> = match path == Path::new(STDIO) {
            true => Box::new(io::stdin()),
            false => Box::new(fs::File::open(path).map_err(|error| unreadable(path, &error))?),
        };
        let mut input = Bounded::rules(Watched { input, seen });
        let mut head = Vec::new();
        let beginning = input.by_ref().take(HEAD).read_to_end(&mut head);
        beginning.map_err(|error| unreadable(path, &error))?;
        let mut file = File { name: name.clone(), bytes: head };
        refuse_foreign(Foreign::of_bytes(&file), &name)?;
        let streamed = format.filter(|format| format.streams());
        // A plist or a JSON array is never taken for a table by its first line.
        let streamed = match format {
            Some(_) => streamed,
            None => streamed_format(&file),
        };
        if let Some(format) = streamed {
            refuse_configuration(defaults.configuration.as_deref(), format, &name)?;
            if defaults.duplicates == Duplicates::Last {
                input.read_to_end(&mut file.bytes).map_err(|error| unreadable(path, &error))?;
                return Self::in_memory(ui, file, format, defaults);
            }
            let delimiter = match format {
                Format::Tsv => Delimiter::Tab,
                _ => csv::recognises(&file.bytes).unwrap_or_default(),
            };
            let rest = Bounded::lines(Cursor::new(file.bytes).chain(input));
            let rest: Box<dyn Read> = Box::new(rest);
            let stream = BufReader::with_capacity(BUFFER, rest);
            return Self::stream(ui, name, format, (stream, delimiter), defaults);
        }
        input.read_to_end(&mut file.bytes).map_err(|error| unreadable(path, &error))?;
        let format = told_or_found(format, &file)?;
        refuse_configuration(defaults.configuration.as_deref(), format, &name)?;
        if format.streams() {
            // Only its name says so: its header or its first line is wrong, and that is told.
            return Self::in_memory(ui, file, format, defaults);
        }
        let document = format.read(std::slice::from_ref(&file), &defaults);
        Ok(Self::whole(ui, name, format, document))
    }

    /// Reads a file a line at a time that is in memory already.
    fn in_memory(
        ui: &Ui,
        file: File,
        format: Format,
        defaults: Defaults,
    ) -> Result<Self, CliError> {
        let File { name, bytes } = file;
        let delimiter = match format {
            Format::Tsv => Delimiter::Tab,
            _ => csv::recognises(&bytes).unwrap_or_default(),
        };
        let last = match (defaults.duplicates, format) {
            (Duplicates::Error | Duplicates::First, _) => None,
            (Duplicates::Last, Format::Jsonl) => {
                Some(Lines::new(bytes.as_slice(), defaults.clone()).last_lines())
            }
            (Duplicates::Last, _) => {
                csv::Reader::open(bytes.as_slice(), delimiter, defaults.clone())
                    .ok()
                    .map(csv::Reader::last_lines)
            }
        };
        let rest: Box<dyn Read> = Box::new(Cursor::new(bytes));
        let mut input =
            Self::stream(ui, name, format, (BufReader::new(rest), delimiter), defaults)?;
        match (&mut input.reading, last) {
            (Reading::Csv(reader, _), Some(last)) => reader.keep_last(last),
            (Reading::Jsonl(lines), Some(last)) => lines.keep_last(last),
            (Reading::Whole { .. }, _) | (_, None) => {}
        }
        Ok(input)
    }

    fn stream(
        ui: &Ui,
        name: String,
        format: Format,
        (stream, delimiter): (Stream, Delimiter),
        defaults: Defaults,
    ) -> Result<Self, CliError> {
        let reading = if format == Format::Jsonl {
            Reading::Jsonl(Box::new(Lines::new(stream, defaults)))
        } else {
            let reader = csv::Reader::open(stream, delimiter, defaults)
                .map_err(|error| bad_header(&name, error))?;
            for column in reader.extra_columns() {
                ui.warn(format!("{name}: column {column} is not used"));
            }
            Reading::Csv(Box::new(reader), delimiter)
        };
        Ok(Self { name, format, reading })
    }

    fn whole(ui: &Ui, name: String, format: Format, document: Document) -> Self {
        warn_of_notes(ui, &document);
        let Document { files, rules, settings, tags, faults, conflicts, notes: _ } = document;
        let beside = InForce {
            tags: tags.into_iter().map(|placed| placed.tag).collect(),
            settings: settings.into_iter().map(|it| (it.scope, it.setting)).collect(),
            rules: Vec::new(),
        };
        let (faults, rules) = (faults.into(), rules.into_iter());
        Self { name, format, reading: Reading::Whole { files, faults, conflicts, rules, beside } }
    }

    pub(crate) fn format(&self) -> Format {
        self.format
    }

    /// How the rules are read.
    pub(crate) fn reading(&self) -> &Reading {
        &self.reading
    }

    /// How many entries were refused because they are in conflict with others.
    pub(crate) fn conflicts(&self) -> usize {
        match &self.reading {
            Reading::Csv(reader, _) => reader.conflicts(),
            Reading::Jsonl(lines) => lines.conflicts(),
            Reading::Whole { conflicts, .. } => *conflicts,
        }
    }

    /// How many rows or lines were left out, because they repeat others or were not chosen.
    pub(crate) fn left_out(&self) -> usize {
        match &self.reading {
            Reading::Csv(reader, _) => reader.left_out(),
            Reading::Jsonl(lines) => lines.left_out(),
            Reading::Whole { .. } => 0,
        }
    }

    /// Warns of lines that were left out, once all are read.
    pub(crate) fn warn(&self, ui: &Ui) {
        let notes = match &self.reading {
            Reading::Csv(reader, _) => reader.notes(),
            Reading::Jsonl(lines) => lines.notes(),
            Reading::Whole { .. } => Vec::new(),
        };
        for (line, text) in notes {
            ui.warn(format!("{}:{line}: {text}", self.name));
        }
    }

    /// The fields that a rule of the file has no value for if it does not give one. The file says
    /// nothing about the other fields.
    pub(crate) fn fields(&self) -> RuleFields {
        match &self.reading {
            Reading::Csv(reader, _) => reader.fields(),
            Reading::Jsonl(_) | Reading::Whole { .. } => RuleFields::default(),
        }
    }

    /// The settings and tags that stand beside the rules.
    pub(crate) fn beside(&self) -> InForce {
        match &self.reading {
            Reading::Whole { beside, .. } => beside.clone(),
            Reading::Csv(..) | Reading::Jsonl(_) => InForce::default(),
        }
    }

    /// The names of the files, for places of rules that were handed out.
    pub(crate) fn names(&self) -> Names {
        match &self.reading {
            Reading::Whole { files, .. } => Names(files.clone()),
            Reading::Csv(..) | Reading::Jsonl(_) => Names(vec![self.name.clone()]),
        }
    }

    fn place(&self, place: Place) -> String {
        match &self.reading {
            Reading::Whole { files, .. } => place_in(files, place),
            Reading::Csv(..) | Reading::Jsonl(_) => format!("{}{}", self.name, place.spot),
        }
    }

    fn failed(&self, error: &io::Error) -> Fault {
        let error =
            CliError::failed(format!("cannot read {}", self.name)).because([error.to_string()]);
        Fault::Failed(error)
    }

    fn bad(&self, place: Place, text: String) -> Fault {
        Fault::Bad { place: self.place(place), text, row: None }
    }

    /// The next rule; nothing after the last.
    pub(crate) fn next(&mut self) -> Option<Result<(Place, Rule), Fault>> {
        let at = |spot| Place { file: 0, spot };
        match &mut self.reading {
            Reading::Csv(reader, _) => Some(match reader.next()? {
                Ok(csv::Row { line, rule }) => Ok((at(Spot::Line(narrowed(line))), rule)),
                Err(csv::ReadError::Bad(row)) => Err(Fault::Bad {
                    place: self.place(at(Spot::Line(narrowed(row.line)))),
                    text: row.fault(),
                    row: Some(row),
                }),
                Err(csv::ReadError::Read(error)) => Err(self.failed(&error)),
            }),
            Reading::Jsonl(lines) => Some(match lines.next()? {
                Ok((spot, rule)) => Ok((at(spot), rule)),
                Err(LineError::Bad { spot, text }) => Err(self.bad(at(spot), text)),
                Err(LineError::Read(error)) => Err(self.failed(&error)),
            }),
            Reading::Whole { faults, rules, .. } => match faults.pop_front() {
                Some(Remark { place, text }) => Some(Err(self.bad(place, text))),
                None => rules.next().map(|PlacedRule { place, rule }| Ok((place, rule))),
            },
        }
    }
}

/// So many of a thing, in words.
pub(crate) fn counted(count: usize, thing: &str) -> String {
    if count == 1 { format!("1 {thing}") } else { format!("{count} {thing}s") }
}

/// The names of files.
pub(crate) struct Names(Vec<String>);

impl Names {
    /// Those of a document.
    pub(crate) fn of(document: &Document) -> Self {
        Self(document.files.clone())
    }

    /// A place in words.
    pub(crate) fn place(&self, place: Place) -> String {
        place_in(&self.0, place)
    }
}

fn place_in(files: &[String], place: Place) -> String {
    let name = usize::try_from(place.file).ok().and_then(|index| files.get(index));
    format!("{}{}", name.map_or("", String::as_str), place.spot)
}

fn narrowed(line: u64) -> u32 {
    u32::try_from(line).unwrap_or(u32::MAX)
}

/// The format of a file that is read a rule at a time, told by its beginning.
fn streamed_format(head: &File) -> Option<Format> {
    if Format::has_csv_of_others(head) {
        return None;
    }
    match csv::recognises(&head.bytes) {
        Some(Delimiter::Tab) => return Some(Format::Tsv),
        Some(Delimiter::Comma | Delimiter::Semicolon) => return Some(Format::Csv),
        None => {}
    }
    crate::format::json::recognises_lines(&head.bytes).then_some(Format::Jsonl)
}

fn bad_header(name: &str, error: HeaderError) -> CliError {
    let text = format!("{name} {error}");
    match error {
        HeaderError::Read(_) => CliError::failed(text),
        HeaderError::Missing { .. } => {
            CliError::input(text).hint("nicelist rule import --help lists the columns")
        }
        HeaderError::Empty
        | HeaderError::TooLong
        | HeaderError::Utf16
        | HeaderError::Encoding
        | HeaderError::Duplicate { .. } => CliError::input(text),
    }
}

/// Hands bytes on and tells how many.
struct Watched<F> {
    input: Box<dyn Read>,
    seen: F,
}

impl<F: Fn(u64)> Read for Watched<F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(buffer)?;
        (self.seen)(u64::try_from(count).unwrap_or(u64::MAX));
        Ok(count)
    }
}
