//! Writes rules in any format. If writing fails, no unfinished file is left behind.

use std::fs;
use std::io::{self, BufRead, BufReader, BufWriter, Seek, Write};
use std::path::{Path, PathBuf};

use super::loss_summary::LossSummary;
use super::path::{STDIO, unwritable};
use crate::cli::error::CliError;
use crate::cli::ui::Ui;
use crate::fleet::PolicyState;
use crate::format::csv::{self, Delimiter};
use crate::format::json;
use crate::format::{Content, File, Format, Written};
use crate::rule::Rule;

pub(crate) struct Destination {
    path: Option<PathBuf>,
    format: Format,
}

impl Destination {
    /// Writes to `path`, or to stdout if `path` is absent or `-`. The format is `format`, or else
    /// the one that the path's ending indicates.
    ///
    /// # Errors
    /// If neither gives a format, or if nicelist can only read the format.
    pub(crate) fn new(path: Option<PathBuf>, format: Option<Format>) -> Result<Self, CliError> {
        let path = path.filter(|path| path != Path::new(STDIO));
        let named = path.as_ref().and_then(|path| Format::of_name(&path.to_string_lossy()));
        let Some(format) = format.or(named) else {
            let words = Format::ALL.into_iter().filter(|format| *format != Format::FileInfo);
            let words: Vec<&str> = words.map(Format::word).collect();
            let where_to = path.map_or("stdout".to_owned(), |path| path.display().to_string());
            return Err(CliError::usage(format!("cannot detect the format of {where_to}"))
                .hint(format!("choose one with --to: {}", words.join(", "))));
        };
        // Writing an empty policy fails if nicelist can only read the format.
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

    /// Begins to write. In a dry run, nothing is written.
    ///
    /// # Errors
    /// If the file cannot be created, or if settings or tags would be lost and `strict` is set.
    pub(crate) fn begin<'u>(
        &self,
        ui: &'u Ui,
        settings_and_tags: PolicyState,
        options: WriteOptions,
    ) -> Result<Sink<'u>, CliError> {
        let WriteOptions { dry_run, strict: _ } = options;
        let streams = self.format.streams() || self.format == Format::Json;
        let mut losses = LossSummary::default();
        if streams {
            let lost = write(self.format, content(&[], &settings_and_tags))?.losses;
            losses = LossSummary::of(&[], &lost);
            options.check(ui, self.format, &losses)?;
        }
        let (stream, unfinished): (Box<dyn Write>, _) = match &self.path {
            _ if dry_run || !streams => (Box::new(io::sink()), None),
            None => {
                let spool = tempfile::tempfile().map_err(|error| unspoolable(&error))?;
                let written = spool.try_clone().map_err(|error| unspoolable(&error))?;
                (Box::new(written), Some(Unfinished::Spool(spool)))
            }
            Some(path) => {
                let unfinished = unfinished(path);
                let file =
                    fs::File::create(&unfinished).map_err(|error| unwritable(path, &error))?;
                (Box::new(file), Some(Unfinished::File(RemovedOnDrop(unfinished))))
            }
        };
        let stream = BufWriter::with_capacity(BUFFER, stream);
        let writer = match self.format {
            Format::Csv => Writer::Csv(Box::new(csv::Writer::new(stream, Delimiter::Comma)?)),
            Format::Tsv => Writer::Csv(Box::new(csv::Writer::new(stream, Delimiter::Tab)?)),
            Format::Jsonl => Writer::Json(json::Writer::lines(stream)),
            Format::Json => Writer::Json(json::Writer::array(stream)),
            _ => Writer::Whole(Vec::new()),
        };
        let Self { path, format } = self;
        let (path, format) = (path.clone(), *format);
        Ok(Sink {
            path,
            format,
            options,
            ui,
            settings_and_tags,
            writer,
            unfinished,
            losses,
            count: 0,
        })
    }
}

fn content<'a>(rules: &'a [Rule], settings_and_tags: &'a PolicyState) -> Content<'a> {
    Content { rules, settings: &settings_and_tags.settings, tags: &settings_and_tags.tags }
}

fn write(format: Format, content: Content<'_>) -> Result<Written, CliError> {
    format.write(content).map_err(|error| CliError::usage(error.to_string()))
}

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct WriteOptions {
    /// Refuse to write if anything would be lost.
    pub(crate) strict: bool,
    /// Write nothing.
    pub(crate) dry_run: bool,
}

impl WriteOptions {
    /// Warns of losses.
    ///
    /// # Errors
    /// If anything is lost and `strict` is set.
    fn check(self, ui: &Ui, format: Format, losses: &LossSummary) -> Result<(), CliError> {
        losses.warn(ui, format);
        if !self.strict || losses.is_empty() {
            return Ok(());
        }
        let text = format!("{format} cannot express everything; nothing was written");
        let hint = "to leave out what the format cannot express, remove --strict";
        Err(CliError::input(text).hint(hint))
    }
}

/// Bytes that are written at a time.
const BUFFER: usize = 64 * 1024;

type Stream = BufWriter<Box<dyn Write>>;

/// Copies the output to stdout. A terminal gets whole lines, so that no character is cut.
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

/// The path of a file until it is complete.
fn unfinished(path: &Path) -> PathBuf {
    let mut name = path.to_owned().into_os_string();
    name.push(".new");
    name.into()
}

/// Output that is written before all of the input is known to be valid.
enum Unfinished {
    /// A file next to the one that it will replace.
    File(RemovedOnDrop),
    /// A temporary file without a name, for stdout: a program that reads a pipe must not get only
    /// some of the rules.
    Spool(fs::File),
}

/// A file that is removed unless it is renamed.
struct RemovedOnDrop(PathBuf);

impl Drop for RemovedOnDrop {
    fn drop(&mut self) {
        // If the file was renamed, the removal fails because the temporary file no longer exists.
        drop(fs::remove_file(&self.0));
    }
}

pub(crate) struct Sink<'u> {
    path: Option<PathBuf>,
    format: Format,
    options: WriteOptions,
    ui: &'u Ui,
    settings_and_tags: PolicyState,
    writer: Writer,
    unfinished: Option<Unfinished>,
    losses: LossSummary,
    count: usize,
}

enum Writer {
    Csv(Box<csv::Writer<Stream>>),
    Json(json::Writer<Stream>),
    Whole(Vec<Rule>),
}

pub(crate) struct Finished {
    /// The number of rules that were written, or would be without a dry run.
    pub(crate) count: usize,
    /// What the format could not express.
    pub(crate) losses: LossSummary,
}

impl Sink<'_> {
    /// # Errors
    /// If the rule cannot be written.
    pub(crate) fn write(&mut self, rule: Rule) -> Result<(), CliError> {
        self.count += 1;
        match &mut self.writer {
            Writer::Csv(writer) => writer.write(&rule)?,
            Writer::Json(writer) => writer.write(&rule)?,
            Writer::Whole(rules) => rules.push(rule),
        }
        Ok(())
    }

    /// Warns of losses, and completes the output.
    ///
    /// # Errors
    /// If something is lost and `strict` is set, or if the file cannot be written.
    pub(crate) fn finish(self) -> Result<Finished, CliError> {
        let Self {
            path,
            format,
            options,
            ui,
            settings_and_tags,
            writer,
            unfinished,
            mut losses,
            count,
        } = self;
        match writer {
            Writer::Csv(writer) => writer.finish()?,
            Writer::Json(writer) => writer.finish()?,
            Writer::Whole(rules) => {
                let written = write(format, content(&rules, &settings_and_tags))?;
                losses = LossSummary::of(&rules, &written.losses);
                options.check(ui, format, &losses)?;
                if !options.dry_run {
                    put(ui, path.as_deref(), format, written.files)?;
                }
            }
        }
        match (unfinished, path) {
            (Some(Unfinished::Spool(spool)), _) => copy_to_stdout(ui, spool)?,
            (Some(Unfinished::File(unfinished)), Some(path)) => {
                fs::rename(&unfinished.0, &path).map_err(|error| unwritable(&path, &error))?;
            }
            (Some(Unfinished::File(_)) | None, _) => {}
        }
        Ok(Finished { count: count - losses.left_out(), losses })
    }
}

/// Writes complete files.
fn put(ui: &Ui, path: Option<&Path>, format: Format, files: Vec<File>) -> Result<(), CliError> {
    let is_folder = path.is_some_and(Path::is_dir);
    match (path, files.as_slice()) {
        (None, [only]) => ui.data(&only.bytes),
        (None, several) => Err(CliError::usage(format!(
            "{format} output has {} files, but only one file can be written to stdout",
            several.len()
        ))
        .hint("write them into a folder")),
        (Some(path), [only]) if !is_folder && (only.name.is_empty() || has_ending(path)) => {
            write_file(path, &only.bytes)
        }
        (Some(folder), several) => write_folder(folder, several),
    }
}

fn has_ending(path: &Path) -> bool {
    path.extension().is_some()
}

/// Writes the complete file or nothing.
pub(crate) fn write_file(path: &Path, bytes: &[u8]) -> Result<(), CliError> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|error| unwritable(folder, &error))?;
    }
    let unfinished = RemovedOnDrop(unfinished(path));
    let written = fs::write(&unfinished.0, bytes).and_then(|()| fs::rename(&unfinished.0, path));
    written.map_err(|error| unwritable(path, &error))
}

/// Writes several files into a folder. The folder must be empty, because older files in it would be
/// read together with the new ones.
fn write_folder(folder: &Path, files: &[File]) -> Result<(), CliError> {
    let fails = |error: io::Error| unwritable(folder, &error);
    fs::create_dir_all(folder).map_err(fails)?;
    if fs::read_dir(folder).map_err(fails)?.next().is_some() {
        let text = format!("{} is not empty; nothing was written", folder.display());
        return Err(CliError::usage(text).hint("use a folder that is empty or does not exist"));
    }
    files.iter().try_for_each(|File { name, bytes }| {
        let name = if name.is_empty() { "rules" } else { name };
        write_file(&folder.join(name), bytes)
    })
}
