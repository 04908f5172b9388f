//! The hint about deleted history.

use crate::api::HistoryStart;

/// The hint for a list that would contain more if no history had been deleted.
pub(in crate::cli) fn deleted_before(start: &HistoryStart) -> String {
    let HistoryStart { revision, at } = start;
    let day = at.strftime("%Y-%m-%d");
    format!(
        "rule versions replaced or removed before revision {revision} ({day}) were deleted \
         (setting history-retention)"
    )
}
