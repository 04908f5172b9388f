//! Rows that are not imported.

use std::fs::File;
use std::io;
use std::path::PathBuf;

use csv::ByteRecord;

use crate::cli::error::CliError;
use crate::cli::policy_files::{FaultList, counted};
use crate::cli::ui::Ui;
use crate::format::Format;
use crate::format::csv::{Delimiter, Rejects};

/// What happens to invalid rows.
enum Sink<'u> {
    /// They are shown, and nothing is imported.
    Shown(FaultList<'u>),
    /// They are written to a file, which is created for the first of them.
    Written {
        path: PathBuf,
        delimiter: Delimiter,
        columns: Vec<String>,
        file: Option<Box<Rejects<File>>>,
    },
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

    pub(super) fn written(path: PathBuf, delimiter: Delimiter, columns: Vec<String>) -> Self {
        let sink = Sink::Written { path, delimiter, columns, file: None };
        Self { sink, has_rows: true, streams: true, count: 0 }
    }

    /// Whether the original rows must be kept, in case the server refuses them.
    pub(super) fn keeps_rows(&self) -> bool {
        matches!(self.sink, Sink::Written { .. })
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
            Sink::Written { path, delimiter, columns, file } => {
                let nothing = ByteRecord::new();
                let (line, record) = row.unwrap_or((0, &nothing));
                let mut write = || -> io::Result<()> {
                    let rejects = match file.take() {
                        Some(rejects) => rejects,
                        None => Box::new(Rejects::new(File::create(&*path)?, *delimiter, columns)?),
                    };
                    file.insert(rejects).write(line, fault, record)
                };
                write().map_err(|error| unwritable(path, &error))?;
            }
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
                match self.has_rows {
                    true => error.hint("to import only the valid rows: --partial --rejects FILE"),
                    false => error,
                }
            }
            Sink::Written { .. } => error,
        }
    }

    /// Finishes the file of rejected rows. Returns how many there are, and the error about them.
    pub(super) fn finish(self) -> Result<(usize, Option<CliError>), CliError> {
        let Sink::Written { path, file: Some(file), .. } = self.sink else {
            return Ok((self.count, None));
        };
        file.finish().map_err(|error| unwritable(&path, &error))?;
        let rows = if self.count == 1 { "row was" } else { "rows were" };
        let message = format!("{} {rows} rejected; see {}", self.count, path.display());
        Ok((self.count, Some(CliError::input(message))))
    }
}

fn unwritable(path: &std::path::Path, error: &io::Error) -> CliError {
    CliError::failed(format!("cannot write {}", path.display())).because([error.to_string()])
}
