//! Rows that are not imported.

use std::io;
use std::path::{Path, PathBuf};

use csv::ByteRecord;
use tempfile::NamedTempFile;

use crate::cli::error::CliError;
use crate::cli::policy_files::{FaultList, counted};
use crate::cli::ui::Ui;
use crate::format::Format;
use crate::format::csv::{Delimiter, Rejects};

/// What happens to invalid rows.
enum Sink<'u> {
    /// They are shown, and nothing is imported.
    Shown(FaultList<'u>),
    /// They are written to a file, sorted by line.
    Written(Box<RejectedRows>),
}

struct RejectedRows {
    path: PathBuf,
    delimiter: Delimiter,
    columns: Vec<String>,
    /// Whether the file is not written, because nothing is imported.
    dry_run: bool,
    rows: Vec<(u32, String, ByteRecord)>,
    /// Created for the first row, so that nothing is imported if that fails. Deleted if the import
    /// fails.
    file: Option<NamedTempFile>,
}

/// Shows or writes invalid rows, and counts them.
pub(super) struct Faults<'u> {
    sink: Sink<'u>,
    /// Whether the input is a single file with rows, so that `--rejects` could write the invalid
    /// ones to a file.
    has_rows: bool,
    streams: bool,
    count: usize,
}

impl<'u> Faults<'u> {
    /// Shows the first faults, or all of them, as `PLACE: REASON`.
    pub(super) fn shown(ui: &'u Ui, all: bool, formats: impl Iterator<Item = Format>) -> Self {
        let formats: Vec<Format> = formats.collect();
        let has_rows = matches!(formats.as_slice(), [Format::Csv | Format::Tsv]);
        let streams = formats.iter().all(|format| format.streams());
        Self { sink: Sink::Shown(FaultList::new(ui, all)), has_rows, streams, count: 0 }
    }

    pub(super) fn written(
        path: PathBuf,
        delimiter: Delimiter,
        columns: Vec<String>,
        dry_run: bool,
    ) -> Self {
        let rows = Vec::new();
        let sink = RejectedRows { path, delimiter, columns, dry_run, rows, file: None };
        let sink = Sink::Written(Box::new(sink));
        Self { sink, has_rows: true, streams: true, count: 0 }
    }

    /// Whether the original rows must be kept, in case the server refuses them.
    pub(super) fn keeps_rows(&self) -> bool {
        matches!(self.sink, Sink::Written(_))
    }

    /// Whether a fault was found that prevents the whole import.
    pub(super) fn forbid(&self) -> bool {
        self.count > 0 && matches!(self.sink, Sink::Shown(_))
    }

    /// Adds a fault: its place, the reason, and the line and the fields of a row.
    pub(super) fn add(
        &mut self,
        place: &str,
        fault: &str,
        row: Option<(u32, &ByteRecord)>,
    ) -> Result<(), CliError> {
        self.count += 1;
        match &mut self.sink {
            Sink::Shown(faults) => faults.add(format!("{place}: {fault}")),
            Sink::Written(rejected) => rejected.add(fault, row)?,
        }
        Ok(())
    }

    /// The error if nothing is imported. `others` is the number of valid rows.
    pub(super) fn error(&self, others: usize) -> CliError {
        let (bad, all) = (self.count, self.count + others);
        let text = match self.streams {
            true => format!("{bad} of {all} rows are invalid"),
            false => format!("found {}", counted(bad, "error")),
        };
        let error = CliError::input(format!("{text}; nothing was changed"));
        match &self.sink {
            Sink::Shown(faults) => {
                let error = faults.with_hints(error);
                if !self.has_rows {
                    return error;
                }
                let command = faults.ui().again("--partial --rejects rejects.csv");
                error.hint(format!("to import only the valid rows: {command}"))
            }
            Sink::Written(_) => error,
        }
    }

    /// Finishes the file of rejected rows. Returns how many there are, and the error about them.
    pub(super) fn finish(self) -> Result<(usize, Option<CliError>), CliError> {
        let Sink::Written(rejected) = self.sink else { return Ok((self.count, None)) };
        if self.count == 0 {
            return Ok((0, None));
        }
        let file = rejected.path.display().to_string();
        let see = match rejected.dry_run {
            true => format!("{file} would be written"),
            false => format!("see {file}"),
        };
        rejected.finish()?;
        let rows = if self.count == 1 { "row was" } else { "rows were" };
        let message = format!("{} {rows} rejected; {see}", self.count);
        Ok((self.count, Some(CliError::input(message))))
    }
}

impl RejectedRows {
    fn add(&mut self, fault: &str, row: Option<(u32, &ByteRecord)>) -> Result<(), CliError> {
        if self.file.is_none() && !self.dry_run {
            let file = self.create().map_err(|error| unwritable(&self.path, &error))?;
            self.file = Some(file);
        }
        let (line, record) = row.map(|(line, record)| (line, record.clone())).unwrap_or_default();
        self.rows.push((line, fault.to_owned(), record));
        Ok(())
    }

    /// Creates the file under a temporary name in the same folder.
    fn create(&self) -> io::Result<NamedTempFile> {
        let folder = self.path.parent().filter(|folder| *folder != Path::new(""));
        create_in(folder.unwrap_or(Path::new(".")))
    }

    fn finish(mut self) -> Result<(), CliError> {
        let Some(file) = self.file.take() else { return Ok(()) };
        self.rows.sort_by_key(|(line, ..)| *line);
        let write = || -> io::Result<()> {
            let mut rejects = Rejects::new(file.as_file(), self.delimiter, &self.columns)?;
            for (line, fault, record) in &self.rows {
                rejects.write(*line, fault, record)?;
            }
            rejects.finish()
        };
        write().map_err(|error| unwritable(&self.path, &error))?;
        let kept = file.persist_noclobber(&self.path);
        kept.map(drop).map_err(|error| unwritable(&self.path, &error.error))
    }
}

/// Creates a file with the usual permissions of new files. By default, only the owner could read a
/// temporary file.
#[cfg(unix)]
fn create_in(folder: &Path) -> io::Result<NamedTempFile> {
    use std::os::unix::fs::PermissionsExt;

    let permissions = std::fs::Permissions::from_mode(0o666);
    tempfile::Builder::new().permissions(permissions).tempfile_in(folder)
}

#[cfg(not(unix))]
fn create_in(folder: &Path) -> io::Result<NamedTempFile> {
    NamedTempFile::new_in(folder)
}

fn unwritable(path: &Path, error: &io::Error) -> CliError {
    CliError::failed(format!("cannot write {}", path.display())).because([error.to_string()])
}
