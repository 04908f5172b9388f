//! Reads rules in any format.

use std::borrow::Cow;
use std::fs;
use std::io::{self, BufReader, Cursor, Read};
use std::path::Path;
use std::vec;

use super::bounded::Bounded;
use super::identical_rows::IdenticalRows;
use super::path::{STDIO, name_of, unreadable};
use super::whole::{detect, folder, refuse_configuration, refuse_non_rule_file, warn_of_notes};
use crate::cli::error::CliError;
use crate::cli::ui::Ui;
use crate::fleet::PolicyState;
use crate::format::csv::{self, Delimiter, HeaderError};
use crate::format::json::{Lines, recognises_lines};
use crate::format::rows::{BadRow, Row, RowError, RuleRows};
use crate::format::{
    Defaults, Duplicates, File, Format, LastLines, Location, NonRuleFile, ParsedPolicy, PlacedRule,
    Remark, Spot,
};
use crate::rule::{Rule, RuleFields};
use crate::shell::argument;

/// The number of bytes at the start of a file from which a row-based format is detected.
const HEAD: u64 = 64 * 1024;
/// Bytes that are read at a time.
const BUFFER: usize = 256 * 1024;

type Stream = BufReader<Box<dyn Read>>;

/// Rules from a path, one after the other, each with its location.
pub(crate) struct Input {
    name: String,
    format: Format,
    reading: Reading,
}

pub(crate) enum Reading {
    Csv(Box<csv::Reader<Stream>>, Delimiter),
    Jsonl(Box<Lines<Stream>>),
    Whole(Box<Whole>),
}

/// A file or folder that was read as a whole. Its faults are reported before its rules.
pub(crate) struct Whole {
    files: Vec<String>,
    faults: vec::IntoIter<Remark>,
    conflicts: usize,
    rules: vec::IntoIter<PlacedRule>,
    settings_and_tags: PolicyState,
}

/// Why an entry, such as a rule, could not be read.
pub(crate) enum Fault {
    /// An invalid entry. The entries after it may be valid.
    Bad {
        /// The location with the file's name.
        place: String,
        text: String,
        row: Option<Box<BadRow>>,
    },
    /// A failure after which nothing more is read.
    Failed(CliError),
}

impl Input {
    /// Opens a path, `-` for stdin, and detects its format unless it is given. Warns about parts
    /// that its author may not expect. `progress` gets the number of bytes of each read.
    ///
    /// # Errors
    /// For example, if it cannot be read, its format is unknown, or its header is invalid.
    pub(crate) fn open(
        ui: &Ui,
        path: &Path,
        format: Option<Format>,
        defaults: Defaults,
        progress: impl Fn(u64) + 'static,
    ) -> Result<Self, CliError> {
        let name = name_of(path);
        let configuration = defaults.configuration.as_deref();
        if path != Path::new(STDIO) && path.is_dir() {
            let (format, policy) = folder(path, format, &defaults)?;
            refuse_configuration(configuration, format, &name)?;
            return Ok(Self::whole(ui, name, format, policy));
        }
        let input: Box<dyn Read> = match path == Path::new(STDIO) {
            true => Box::new(io::stdin()),
            false => Box::new(fs::File::open(path).map_err(|error| unreadable(path, &error))?),
        };
        let mut input = Bounded::rules(Counted { input, progress });
        let mut head = Vec::new();
        let beginning = input.by_ref().take(HEAD).read_to_end(&mut head);
        beginning.map_err(|error| unreadable(path, &error))?;
        let mut file = File { name: name.clone(), bytes: head };
        refuse_non_rule_file(NonRuleFile::of_bytes(&file), &name)?;
        let streamed = match format {
            Some(format) => Some(format).filter(|format| format.streams()),
            None => streamed_format(&file),
        };
        if let Some(format) = streamed {
            refuse_configuration(configuration, format, &name)?;
            if defaults.duplicates != Duplicates::Last {
                return Self::stream(file, Some(Box::new(input)), format, defaults);
            }
        }
        input.read_to_end(&mut file.bytes).map_err(|error| unreadable(path, &error))?;
        let format = match streamed {
            Some(format) => format,
            None => detect(format, &file)?,
        };
        refuse_configuration(configuration, format, &name)?;
        if format.streams() {
            // The whole file is in memory, because the last duplicate counts, or because the
            // beginning of the file does not show its format.
            return Self::stream(file, None, format, defaults);
        }
        let policy = format.read(std::slice::from_ref(&file), &defaults);
        Ok(Self::whole(ui, name, format, policy))
    }

    /// Reads a file one rule at a time: the bytes that are in memory, then the rest.
    fn stream(
        file: File,
        rest: Option<Box<dyn Read>>,
        format: Format,
        defaults: Defaults,
    ) -> Result<Self, CliError> {
        let File { name, bytes } = file;
        let delimiter = match format {
            Format::Tsv => Delimiter::Tab,
            _ => csv::recognises(&bytes).unwrap_or_default(),
        };
        let last = match defaults.duplicates {
            Duplicates::Error | Duplicates::First => None,
            Duplicates::Last => last_lines(&bytes, format, delimiter, &defaults),
        };
        let bytes = Cursor::new(bytes);
        let stream: Box<dyn Read> = match rest {
            Some(rest) => Box::new(Bounded::lines(bytes.chain(rest))),
            None => Box::new(bytes),
        };
        let stream = BufReader::with_capacity(BUFFER, stream);
        let mut reading = match format {
            Format::Jsonl => Reading::Jsonl(Box::new(Lines::new(stream, defaults))),
            _ => {
                let reader = csv::Reader::open(stream, delimiter, defaults);
                let reader = reader.map_err(|error| bad_header(&name, error))?;
                Reading::Csv(Box::new(reader), delimiter)
            }
        };
        if let Some(rows) = reading.rows_mut() {
            last.into_iter().for_each(|last| rows.duplicates_mut().keep_last(last));
        }
        Ok(Self { name, format, reading })
    }

    fn whole(ui: &Ui, name: String, format: Format, policy: ParsedPolicy) -> Self {
        warn_of_notes(ui, &policy);
        let ParsedPolicy { files, rules, settings, tags, faults, conflicts, notes: _ } = policy;
        let settings_and_tags = PolicyState {
            tags: tags.into_iter().map(|placed| placed.tag).collect(),
            settings: settings.into_iter().map(|it| (it.scope, it.setting)).collect(),
            rules: Vec::new(),
        };
        let (faults, rules) = (faults.into_iter(), rules.into_iter());
        let whole = Whole { files, faults, conflicts, rules, settings_and_tags };
        Self { name, format, reading: Reading::Whole(Box::new(whole)) }
    }

    pub(crate) fn format(&self) -> Format {
        self.format
    }

    pub(crate) fn reading(&self) -> &Reading {
        &self.reading
    }

    /// The number of entries that were refused because they are in conflict with others.
    pub(crate) fn conflicts(&self) -> usize {
        match &self.reading {
            Reading::Whole(whole) => whole.conflicts,
            reading => reading.rows().map_or(0, |rows| rows.duplicates().conflicts()),
        }
    }

    /// The number of rows or lines that were left out because of others for the same target and
    /// scope.
    pub(crate) fn left_out(&self) -> usize {
        self.reading.rows().map_or(0, |rows| rows.duplicates().left_out())
    }

    /// Warns about columns that are not used. Call it after all rules are read.
    pub(crate) fn warn_of_columns(&self, ui: &Ui) {
        for text in self.reading.rows().map(RuleRows::unused_columns).unwrap_or_default() {
            ui.warn(format!("{}: {text}", self.name));
        }
    }

    /// The identical rows of the file that were left out. Call it after all rules are read.
    pub(crate) fn identical_rows(&self) -> IdenticalRows {
        let mut identical = IdenticalRows::default();
        let repeats = self.reading.rows().and_then(|rows| rows.duplicates().repeats());
        if let Some(repeats) = repeats {
            let places = || [repeats.line, repeats.other].map(|it| format!("{}:{it}", self.name));
            identical.add(repeats.count, places);
        }
        identical
    }

    /// Warns about columns that are not used and lines that were left out, except identical rows.
    /// Call it after all rules are read.
    pub(crate) fn warn(&self, ui: &Ui) {
        self.warn_of_columns(ui);
        for (line, text) in self.reading.rows().map(RuleRows::notes).unwrap_or_default() {
            ui.warn(format!("{}:{line}: {text}", self.name));
        }
    }

    /// The fields that a CSV file has columns for. An empty cell in such a column means that the
    /// rule has no value.
    pub(crate) fn fields(&self) -> RuleFields {
        match &self.reading {
            Reading::Csv(reader, _) => reader.fields(),
            Reading::Jsonl(_) | Reading::Whole(_) => RuleFields::default(),
        }
    }

    pub(crate) fn settings_and_tags(&self) -> PolicyState {
        match &self.reading {
            Reading::Whole(whole) => whole.settings_and_tags.clone(),
            Reading::Csv(..) | Reading::Jsonl(_) => PolicyState::default(),
        }
    }

    /// The names of the files, for locations of rules.
    pub(crate) fn names(&self) -> FileNames {
        match &self.reading {
            Reading::Whole(whole) => FileNames(whole.files.clone()),
            Reading::Csv(..) | Reading::Jsonl(_) => FileNames(vec![self.name.clone()]),
        }
    }

    /// The next rule, or `None` after the last.
    pub(crate) fn next(&mut self) -> Option<Result<(Location, Rule), Fault>> {
        let row = match &mut self.reading {
            Reading::Csv(reader, _) => reader.next()?,
            Reading::Jsonl(lines) => lines.next()?,
            Reading::Whole(whole) => {
                if let Some(Remark { location, text }) = whole.faults.next() {
                    let place = location.in_files(&whole.files);
                    return Some(Err(Fault::Bad { place, text, row: None }));
                }
                let PlacedRule { location, rule } = whole.rules.next()?;
                return Some(Ok((location, rule)));
            }
        };
        Some(
            row.map(|Row { line, rule }| (Location { file: 0, spot: Spot::Line(line) }, rule))
                .map_err(|error| match error {
                    RowError::Bad(row) => {
                        let place = format!("{}{}", self.name, row.spot);
                        Fault::Bad { place, text: row.fault.clone(), row: Some(row) }
                    }
                    RowError::Scope(refused) => {
                        let text = format!("{}:{}: {refused}", self.name, refused.line);
                        Fault::Failed(CliError::input(text).hint(refused.hint()))
                    }
                    RowError::Read(error) => {
                        let text = format!("cannot read {}", self.name);
                        Fault::Failed(CliError::failed(text).because([error.to_string()]))
                    }
                }),
        )
    }
}

impl Reading {
    fn rows(&self) -> Option<&dyn RuleRows> {
        match self {
            Self::Csv(reader, _) => Some(&**reader),
            Self::Jsonl(lines) => Some(&**lines),
            Self::Whole(_) => None,
        }
    }

    fn rows_mut(&mut self) -> Option<&mut dyn RuleRows> {
        match self {
            Self::Csv(reader, _) => Some(&mut **reader),
            Self::Jsonl(lines) => Some(&mut **lines),
            Self::Whole(_) => None,
        }
    }
}

fn last_lines(
    bytes: &[u8],
    format: Format,
    delimiter: Delimiter,
    defaults: &Defaults,
) -> Option<LastLines> {
    match format {
        Format::Jsonl => Some(LastLines::of(Lines::new(bytes, defaults.clone()))),
        _ => csv::Reader::open(bytes, delimiter, defaults.clone()).ok().map(LastLines::of),
    }
}

/// `1 rule`, `2 rules`.
pub(crate) fn counted(count: usize, thing: &str) -> String {
    if count == 1 { format!("1 {thing}") } else { format!("{count} {thing}s") }
}

/// The names of the files that locations refer to.
pub(crate) struct FileNames(Vec<String>);

impl FileNames {
    /// The names of the files of all inputs, in their order.
    pub(crate) fn of_all(inputs: &[Input]) -> Self {
        Self(inputs.iter().flat_map(|input| input.names().0).collect())
    }

    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn of(policy: &ParsedPolicy) -> Self {
        Self(policy.files.clone())
    }

    /// A location such as `rules.csv:3`, which editors understand.
    pub(crate) fn place(&self, location: Location) -> String {
        location.in_files(&self.0)
    }
}

/// The format of a file with a rule per row, detected from its beginning.
fn streamed_format(head: &File) -> Option<Format> {
    if Format::has_csv_of_others(head) {
        return None;
    }
    match csv::recognises(&head.bytes) {
        Some(Delimiter::Tab) => Some(Format::Tsv),
        Some(Delimiter::Comma | Delimiter::Semicolon) => Some(Format::Csv),
        None => recognises_lines(&head.bytes).then_some(Format::Jsonl),
    }
}

fn bad_header(name: &str, error: HeaderError) -> CliError {
    let text = format!("{name} {error}");
    match error {
        HeaderError::Read(_) => CliError::failed(text),
        HeaderError::Late { line, .. } => {
            let file = match name {
                "stdin" => Cow::Borrowed("FILE"),
                name => argument(name),
            };
            CliError::input(format!("{name}: {error}")).hint(format!(
                "remove the lines above the header, and repeat the command with the new file: \
                 tail -n +{line} {file} > NEW.csv"
            ))
        }
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

/// An input that reports how many bytes were read.
struct Counted<F> {
    input: Box<dyn Read>,
    progress: F,
}

impl<F: Fn(u64)> Read for Counted<F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(buffer)?;
        (self.progress)(u64::try_from(count).unwrap_or(u64::MAX));
        Ok(count)
    }
}
