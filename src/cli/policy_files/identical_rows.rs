//! The note about identical rows.

use crate::cli::ui::Ui;
use crate::format::identical_rows;

/// Rows of one or several files that were left out because they repeat an identical row.
#[derive(Default)]
pub(crate) struct IdenticalRows {
    count: usize,
    /// The place of the first of these rows, and the place of the row that it repeats.
    first: Option<[String; 2]>,
}

impl IdenticalRows {
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// Adds rows. `places` returns the places of the first pair.
    pub(crate) fn add(&mut self, count: usize, places: impl FnOnce() -> [String; 2]) {
        self.count += count;
        self.first.get_or_insert_with(places);
    }

    pub(crate) fn merge(&mut self, Self { count, first }: Self) {
        self.count += count;
        self.first = self.first.take().or(first);
    }

    /// Shows one note for all rows, if there are any.
    pub(crate) fn warn(&self, ui: &Ui) {
        if let Some([place, other]) = &self.first {
            ui.warn(format!("{place}: {}", identical_rows(self.count, other)));
        }
    }
}
