//! Lists the faults of a file. By default, only the first faults are shown, so that they do not
//! fill a terminal or a log. All faults are shown if they are requested or if stderr is a file.

use crate::cli::error::CliError;
use crate::cli::ui::Ui;

/// The hint for entries that are in conflict.
pub(crate) fn choose_duplicates(ui: &Ui) -> String {
    let command = ui.again("--duplicates first");
    format!("to keep the first (or last) of the conflicting entries: {command}")
}

/// Maximum faults that are shown, unless all are requested.
const SHOWN: usize = 20;

/// Shows the first faults, and counts all of them.
pub(crate) struct FaultList<'u> {
    ui: &'u Ui,
    all: bool,
    count: usize,
    /// Whether a field has another encoding.
    is_not_utf8: bool,
}

impl<'u> FaultList<'u> {
    /// With `all`, every fault is shown.
    pub(crate) fn new(ui: &'u Ui, all: bool) -> Self {
        Self { ui, all: all || ui.shows_all_faults(), count: 0, is_not_utf8: false }
    }

    /// Adds a fault: its place and what is wrong there.
    pub(crate) fn add(&mut self, text: impl AsRef<str>) {
        self.count += 1;
        self.is_not_utf8 |= text.as_ref().ends_with("is not UTF-8");
        if self.all || self.count <= SHOWN {
            self.ui.fault(text);
        }
    }

    pub(crate) fn ui(&self) -> &'u Ui {
        self.ui
    }

    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// Whether some were not shown.
    fn hides(&self) -> bool {
        !self.all && self.count > SHOWN
    }

    /// Shows how many faults were not shown, and how to see them.
    pub(crate) fn count_hidden(&self) {
        if self.hides() {
            let more = self.count - SHOWN;
            self.ui.fault(format!("and {more} more; see them all with 2> errors.txt"));
        }
    }

    /// Shows how many faults were not shown by a command that has the option `--all-errors`. Adds
    /// hints about this option and about the encoding to the error.
    pub(crate) fn with_hints(&self, mut error: CliError) -> CliError {
        if self.is_not_utf8 {
            error =
                error.hint("to convert the file: iconv -f WINDOWS-1252 -t UTF-8 FILE > utf8.csv");
        }
        if !self.hides() {
            return error;
        }
        self.ui.fault(format!("and {} more", self.count - SHOWN));
        error.hint(format!("to show all of them: {}", self.ui.again("--all-errors")))
    }
}
