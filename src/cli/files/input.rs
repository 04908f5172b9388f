//! Reads rules, whatever the format.

use std::collections::VecDeque;
use std::fs;
use std::io::{self, BufReader, Cursor, Read};
use std::path::Path;

use super::bounded::Bounded;
use super::place::{STDIO, name_of, read_file, read_folder, unreadable};
use crate::cli::error::CliError;
use crate::cli::ui::Ui;
use crate::fleet::InForce;
use crate::format::csv::{self, Delimiter, HeaderError};
use crate::format::json::{LineError, Lines};
use crate::format::{Defaults, Document, File, Format, Place, PlacedRule, Remark, Spot};
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
        /// The row, of CSV.
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
        let streamed = format.filter(|format| format.streams());
        // A plist or a JSON array is never taken for a table by its first line.
        let streamed = match format {
            Some(_) => streamed,
            None => streamed_format(&file),
        };
        if let Some(format) = streamed {
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
        if format.streams() {
            // Only its name says so: its header or its first line is wrong, and that is told.
            let delimiter = if format == Format::Tsv { Delimiter::Tab } else { Delimiter::Comma };
            let rest: Box<dyn Read> = Box::new(Cursor::new(file.bytes));
            return Self::stream(ui, name, format, (BufReader::new(rest), delimiter), defaults);
        }
        let document = format.read(std::slice::from_ref(&file), &defaults);
        Ok(Self::whole(ui, name, format, document))
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
        for note in &document.notes {
            ui.warn(format!("{}: {}", document.name_of(note.place), note.text));
        }
        let Document { files, rules, settings, tags, faults, notes: _ } = document;
        let beside = InForce {
            tags: tags.into_iter().map(|placed| placed.tag).collect(),
            settings: settings.into_iter().map(|it| (it.scope, it.setting)).collect(),
            rules: Vec::new(),
        };
        let (faults, rules) = (faults.into(), rules.into_iter());
        Self { name, format, reading: Reading::Whole { files, faults, rules, beside } }
    }

    /// The format.
    pub(crate) fn format(&self) -> Format {
        self.format
    }

    /// How the rules are read.
    pub(crate) fn reading(&self) -> &Reading {
        &self.reading
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

/// Reads a path as a whole, `-` for stdin. What is wrong with it is in the document.
///
/// # Errors
/// Where it cannot be read, or its format is unknown.
pub(crate) fn read_whole(
    path: &Path,
    format: Option<Format>,
    defaults: &Defaults,
) -> Result<Document, CliError> {
    if path != Path::new(STDIO) && path.is_dir() {
        return folder(path, format, defaults).map(|(_, document)| document);
    }
    let read = match path == Path::new(STDIO) {
        true => Bounded::rules(io::stdin()).read_all(),
        false => read_file(path),
    };
    let bytes = read.map_err(|error| unreadable(path, &error))?;
    let file = File { name: name_of(path), bytes };
    Ok(told_or_found(format, &file)?.read(&[file], defaults))
}

/// Tells everything that is wrong with a document, which then forbids what was to be done.
///
/// # Errors
/// If anything is wrong with it.
pub(crate) fn refuse_faults(ui: &Ui, document: &Document) -> Result<(), CliError> {
    for Remark { place, text } in &document.faults {
        ui.fault(format!("{}: {text}", document.name_of(*place)));
    }
    match document.faults.len() {
        0 => Ok(()),
        count => Err(CliError::input(format!("{}; nothing was changed", counted(count, "fault")))),
    }
}

fn told_or_found(format: Option<Format>, file: &File) -> Result<Format, CliError> {
    let found = || Format::of_content(file).or_else(|| Format::of_name(&file.name));
    format.or_else(found).ok_or_else(|| unknown(&file.name))
}

fn folder(
    path: &Path,
    format: Option<Format>,
    defaults: &Defaults,
) -> Result<(Format, Document), CliError> {
    let name = name_of(path);
    let files = read_folder(path)?;
    let mut found = files.iter().filter_map(Format::of_content);
    // A manifest with a fault in it is one still, and so are rows alone.
    let named = files.iter().filter_map(|file| Format::of_name(&file.name));
    let named = named
        .filter(|it| matches!(it, Format::Toml | Format::Csv | Format::Tsv))
        .map(|_| Format::Toml)
        .next();
    let format = match format {
        Some(format) => format,
        None => found.find(|it| it.has_folders()).or(named).ok_or_else(|| unknown(&name))?,
    };
    if !format.has_folders() {
        return Err(CliError::usage(format!("{name} is a folder, and {format} is one file")));
    }
    let mut document = format.read(&files, defaults);
    let base = name.trim_end_matches('/');
    document.files.iter_mut().for_each(|file| *file = format!("{base}/{file}"));
    Ok((format, document))
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

fn unknown(name: &str) -> CliError {
    let words: Vec<&str> = Format::ALL.iter().map(|format| format.word()).collect();
    CliError::input(format!("cannot tell the format of {name}"))
        .hint(format!("--from names it: {}", words.join(", ")))
}

fn bad_header(name: &str, error: HeaderError) -> CliError {
    let text = format!("{name} {error}");
    match error {
        HeaderError::Read(_) => CliError::failed(text),
        HeaderError::Missing { .. } => {
            CliError::input(text).hint("nicelist rule import --help lists the columns")
        }
        HeaderError::Empty
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
