//! Lists the faults of a file. By default, only the first faults are shown, so that they do not
//! fill a terminal or a log. All faults are shown if they are requested or if stderr is a file.

use crate::cli::ui::Ui;

/// The hint for entries that are in conflict.
pub(crate) const CHOOSE_DUPLICATES: &str =
    "to keep one of the conflicting entries: --duplicates first or --duplicates last";

/// Maximum faults that are shown, unless all are requested.
const SHOWN: usize = 20;

/// Shows the first faults, and counts all of them.
pub(crate) struct FaultList<'u> {
    ui: &'u Ui,
    all: bool,
    count: usize,
}

impl<'u> FaultList<'u> {
    /// With `all`, every fault is shown.
    pub(crate) fn new(ui: &'u Ui, all: bool) -> Self {
        Self { ui, all: all || ui.shows_all_faults(), count: 0 }
    }

    /// Adds a fault: its place and what is wrong there.
    pub(crate) fn add(&mut self, text: impl AsRef<str>) {
        self.count += 1;
        if self.all || self.count <= SHOWN {
            self.ui.fault(text);
        }
    }

    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// Whether some were not shown.
    pub(crate) fn hides(&self) -> bool {
        !self.all && self.count > SHOWN
    }

    /// Shows how many faults were not shown.
    pub(crate) fn count_hidden(&self) {
        if self.hides() {
            let more = self.count - SHOWN;
            self.ui.fault(format!("and {more} more; see them all with 2> errors.txt"));
        }
    }
}
