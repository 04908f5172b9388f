//! Writes rules, in whatever format, so that nothing half-written stays.

use std::fs;
use std::io::{self, BufRead, BufReader, BufWriter, Seek, Write};
use std::path::{Path, PathBuf};

use super::losses::Losses;
use super::place::{STDIO, unwritable};
use crate::cli::error::CliError;
use crate::cli::ui::Ui;
use crate::fleet::InForce;
use crate::format::csv::{self, Delimiter};
use crate::format::json::{ArrayWriter, LineWriter};
use crate::format::{Content, File, Format, Written};
use crate::rule::Rule;

/// Where rules are to be written.
pub(crate) struct Destination {
    path: Option<PathBuf>,
    format: Format,
}

impl Destination {
    /// `path`, or stdout where it is absent or `-`, in the format that is asked for or that the
    /// end of the path stands for.
    ///
    /// # Errors
    /// When nothing says which format, or it is one that is only read.
    pub(crate) fn new(path: Option<PathBuf>, format: Option<Format>) -> Result<Self, CliError> {
        let path = path.filter(|path| path != Path::new(STDIO));
        let named = path.as_ref().and_then(|path| Format::of_name(&path.to_string_lossy()));
        let Some(format) = format.or(named) else {
            let words = Format::ALL.into_iter().filter(|format| *format != Format::FileInfo);
            let words: Vec<&str> = words.map(Format::word).collect();
            let where_to = path.map_or("stdout".to_owned(), |path| path.display().to_string());
            return Err(CliError::usage(format!(
                "nothing says in which format to write {where_to}"
            ))
            .hint(format!("--to names it: {}", words.join(", "))));
        };
        // Asked of nothing, a format says whether it is ever written.
        write(format, Content::default())?;
        Ok(Self { path, format })
    }

    pub(crate) fn format(&self) -> Format {
        self.format
    }

    /// The path; none for stdout.
    pub(crate) fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// Begins to write; to nowhere in a dry run. `beside` has the settings and tags.
    ///
    /// # Errors
    /// When the file cannot be made, or when it is certain that something will be lost and may
    /// not be.
    pub(crate) fn begin<'u>(
        &self,
        ui: &'u Ui,
        beside: InForce,
        terms: Terms,
    ) -> Result<Sink<'u>, CliError> {
        let Terms { dry_run, strict: _ } = terms;
        let streams = self.format.streams() || self.format == Format::Json;
        let mut losses = Losses::default();
        if streams {
            let lost = write(self.format, content(&[], &beside))?.losses;
            losses = Losses::of(&[], &lost);
            terms.weigh(ui, self.format, &losses)?;
        }
        let (stream, unfinished) = match &self.path {
            _ if dry_run || !streams => (Stream::Nowhere, None),
            None => {
                let spool = tempfile::tempfile().map_err(|error| unspoolable(&error))?;
                let written = spool.try_clone().map_err(|error| unspoolable(&error))?;
                (Stream::File(written), Some(Unfinished::Spool(spool)))
            }
            Some(path) => {
                let unfinished = unfinished(path);
                let file =
                    fs::File::create(&unfinished).map_err(|error| unwritable(path, &error))?;
                (Stream::File(file), Some(Unfinished::Beside(Removed(unfinished))))
            }
        };
        let stream = BufWriter::with_capacity(BUFFER, stream);
        let writer = match self.format {
            Format::Csv => Writer::Csv(Box::new(csv::Writer::new(stream, Delimiter::Comma)?)),
            Format::Tsv => Writer::Csv(Box::new(csv::Writer::new(stream, Delimiter::Tab)?)),
            Format::Jsonl => Writer::Jsonl(LineWriter::new(stream)),
            Format::Json => Writer::Json(ArrayWriter::new(stream)),
            Format::Toml
            | Format::Santactl
            | Format::StaticRules
            | Format::Moroz
            | Format::RudolphCsv
            | Format::RudolphJson
            | Format::ZentralJson
            | Format::ZentralYaml
            | Format::Workshop
            | Format::Terraform
            | Format::FileInfo => Writer::Whole(Vec::new()),
        };
        let Self { path, format } = self;
        let (path, format) = (path.clone(), *format);
        Ok(Sink { path, format, terms, ui, beside, writer, unfinished, losses, count: 0 })
    }
}

/// Rules, and the settings and tags that stand beside them.
fn content<'a>(rules: &'a [Rule], beside: &'a InForce) -> Content<'a> {
    Content { rules, settings: &beside.settings, tags: &beside.tags }
}

fn write(format: Format, content: Content<'_>) -> Result<Written, CliError> {
    format.write(content).map_err(|error| CliError::usage(error.to_string()))
}

/// How to write.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Terms {
    /// Nothing may be lost.
    pub(crate) strict: bool,
    /// Everything happens but the writing.
    pub(crate) dry_run: bool,
}

impl Terms {
    /// Tells what is lost, which may forbid to write.
    fn weigh(self, ui: &Ui, format: Format, losses: &Losses) -> Result<(), CliError> {
        losses.tell(ui, format);
        if !self.strict || losses.is_empty() {
            return Ok(());
        }
        let text = format!("{format} cannot say all of it; nothing was written");
        Err(CliError::input(text).hint("without --strict, what is lost is left out"))
    }
}

/// Bytes that are written at once.
const BUFFER: usize = 64 * 1024;

/// Where the bytes of a streamed format go.
enum Stream {
    Nowhere,
    File(fs::File),
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Nowhere => Ok(bytes.len()),
            Self::File(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Copies what was written for stdout. A terminal gets whole lines, so that no character is cut.
fn copy_to_stdout(ui: &Ui, mut spool: fs::File) -> Result<(), CliError> {
    spool.rewind().map_err(|error| unspoolable(&error))?;
    let mut spool = BufReader::with_capacity(BUFFER, spool);
    let mut lines = Vec::with_capacity(BUFFER);
    loop {
        let count = spool.read_until(b'\n', &mut lines).map_err(|error| unspoolable(&error))?;
        if count == 0 || lines.len() >= BUFFER {
            ui.data(&lines)?;
            lines.clear();
        }
        if count == 0 {
            return Ok(());
        }
    }
}

fn unspoolable(error: &io::Error) -> CliError {
    CliError::failed("cannot use a temporary file for the output").because([error.to_string()])
}

/// Where a file is written until it is complete: beside the one that is meant.
fn unfinished(path: &Path) -> PathBuf {
    let mut name = path.to_owned().into_os_string();
    name.push(".new");
    name.into()
}

/// What is written before it is known that all of the input is right.
enum Unfinished {
    /// A file next to the one that it will replace.
    Beside(Removed),
    /// A temporary file without a name, for stdout: a program that reads a pipe must not get half
    /// of the rules.
    Spool(fs::File),
}

/// A file that is taken away unless it is finished.
struct Removed(PathBuf);

impl Drop for Removed {
    fn drop(&mut self) {
        // After it was put in its place there is nothing left to take away.
        drop(fs::remove_file(&self.0));
    }
}

/// Rules on their way into a file.
pub(crate) struct Sink<'u> {
    path: Option<PathBuf>,
    format: Format,
    terms: Terms,
    ui: &'u Ui,
    beside: InForce,
    writer: Writer,
    unfinished: Option<Unfinished>,
    losses: Losses,
    count: usize,
}

enum Writer {
    Csv(Box<csv::Writer<BufWriter<Stream>>>),
    Json(ArrayWriter<BufWriter<Stream>>),
    Jsonl(LineWriter<BufWriter<Stream>>),
    Whole(Vec<Rule>),
}

/// What was written.
pub(crate) struct Finished {
    /// How many rules.
    pub(crate) count: usize,
    /// What of them, and which others, the format could not say.
    pub(crate) losses: Losses,
}

impl Sink<'_> {
    /// Takes a rule.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn write(&mut self, rule: Rule) -> Result<(), CliError> {
        self.count += 1;
        match &mut self.writer {
            Writer::Csv(writer) => writer.write(&rule)?,
            Writer::Json(writer) => writer.write(rule)?,
            Writer::Jsonl(writer) => writer.write(rule)?,
            Writer::Whole(rules) => rules.push(rule),
        }
        Ok(())
    }

    /// Tells what the format cannot say, and puts what was written in its place.
    ///
    /// # Errors
    /// When something is lost and may not be, or cannot be written.
    pub(crate) fn finish(self) -> Result<Finished, CliError> {
        let Self { path, format, terms, ui, beside, writer, unfinished, mut losses, count } = self;
        match writer {
            Writer::Csv(writer) => writer.finish()?,
            Writer::Json(writer) => writer.finish()?,
            Writer::Jsonl(writer) => writer.finish()?,
            Writer::Whole(rules) => {
                let written = write(format, content(&rules, &beside))?;
                losses = Losses::of(&rules, &written.losses);
                terms.weigh(ui, format, &losses)?;
                if !terms.dry_run {
                    put(ui, path.as_deref(), format, written.files)?;
                }
            }
        }
        match (unfinished, path) {
            (Some(Unfinished::Spool(spool)), _) => copy_to_stdout(ui, spool)?,
            (Some(Unfinished::Beside(unfinished)), Some(path)) => {
                fs::rename(&unfinished.0, &path).map_err(|error| unwritable(&path, &error))?;
            }
            (Some(Unfinished::Beside(_)) | None, _) => {}
        }
        Ok(Finished { count: count - losses.left_out(), losses })
    }
}

/// Puts complete files in their place.
fn put(ui: &Ui, path: Option<&Path>, format: Format, files: Vec<File>) -> Result<(), CliError> {
    let is_folder = path.is_some_and(Path::is_dir);
    match (path, files.as_slice()) {
        (None, [only]) => ui.data(&only.bytes),
        (None, several) => Err(CliError::usage(format!(
            "in {format} this is {} files, and stdout takes one",
            several.len()
        ))
        .hint("name a folder to write them into")),
        (Some(path), [only]) if !is_folder && (only.name.is_empty() || has_ending(path)) => {
            write_file(path, &only.bytes)
        }
        (Some(folder), several) => write_folder(folder, several),
    }
}

fn has_ending(path: &Path) -> bool {
    path.extension().is_some()
}

/// Writes a file whole, or not at all.
pub(crate) fn write_file(path: &Path, bytes: &[u8]) -> Result<(), CliError> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|error| unwritable(folder, &error))?;
    }
    let unfinished = Removed(unfinished(path));
    let written = fs::write(&unfinished.0, bytes).and_then(|()| fs::rename(&unfinished.0, path));
    written.map_err(|error| unwritable(path, &error))
}

/// Writes several files into a folder that has nothing in it yet: files of before among them
/// would be read with them.
fn write_folder(folder: &Path, files: &[File]) -> Result<(), CliError> {
    let fails = |error: io::Error| unwritable(folder, &error);
    fs::create_dir_all(folder).map_err(fails)?;
    if fs::read_dir(folder).map_err(fails)?.next().is_some() {
        let text = format!("{} is not empty; nothing was written", folder.display());
        return Err(CliError::usage(text).hint("name a folder that is empty or does not exist"));
    }
    files.iter().try_for_each(|File { name, bytes }| {
        let name = if name.is_empty() { "rules" } else { name };
        write_file(&folder.join(name), bytes)
    })
}
