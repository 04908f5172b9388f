//! Which kinds of sync there are, and how client and server settle on one.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::protocol::{PreflightResponse, SyncType};

/// What a sync does to the rules that the client has, mildest first.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SyncKind {
    /// Keeps them.
    #[default]
    Normal,
    /// Deletes all but the transitive ones.
    Clean,
    /// Deletes all.
    CleanAll,
}

impl SyncKind {
    /// What is performed when the client wants this and the server answers that.
    ///
    /// The server decides whether to clean; only how thoroughly is also the client's say.
    pub(super) fn settle(self, answer: &PreflightResponse) -> Self {
        let offered = match (answer.sync_type, answer.clean_sync) {
            (Some(SyncType::Clean), _) | (None, Some(true)) => Self::Clean,
            (Some(SyncType::CleanAll), _) => Self::CleanAll,
            (
                Some(
                    SyncType::Normal
                    | SyncType::CleanStandalone
                    | SyncType::CleanRules
                    | SyncType::CleanFileAccessRules,
                ),
                _,
            )
            | (None, Some(false) | None) => Self::Normal,
        };
        if offered == Self::Normal { offered } else { offered.max(self) }
    }

    /// The word for it on the wire.
    pub(super) fn word(self) -> SyncType {
        match self {
            Self::Normal => SyncType::Normal,
            Self::Clean => SyncType::Clean,
            Self::CleanAll => SyncType::CleanAll,
        }
    }
}

impl fmt::Display for SyncKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.word().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(sync_type: Option<SyncType>, clean_sync: Option<bool>) -> PreflightResponse {
        PreflightResponse { sync_type, clean_sync, ..PreflightResponse::default() }
    }

    #[test]
    fn the_server_decides_whether_to_clean() {
        let normal = [
            answer(None, None),
            answer(None, Some(false)),
            answer(Some(SyncType::Normal), None),
            answer(Some(SyncType::Normal), Some(true)),
            answer(Some(SyncType::CleanRules), None),
            answer(Some(SyncType::CleanStandalone), None),
            answer(Some(SyncType::CleanFileAccessRules), Some(true)),
        ];
        for answer in normal {
            for wanted in [SyncKind::Normal, SyncKind::Clean, SyncKind::CleanAll] {
                assert_eq!(wanted.settle(&answer), SyncKind::Normal, "{wanted} {answer:?}");
            }
        }
    }

    #[test]
    fn a_clean_sync_is_as_thorough_as_either_wants() {
        for clean in [answer(Some(SyncType::Clean), None), answer(None, Some(true))] {
            assert_eq!(SyncKind::Normal.settle(&clean), SyncKind::Clean);
            assert_eq!(SyncKind::Clean.settle(&clean), SyncKind::Clean);
            assert_eq!(SyncKind::CleanAll.settle(&clean), SyncKind::CleanAll);
        }
        let all = answer(Some(SyncType::CleanAll), Some(true));
        for wanted in [SyncKind::Normal, SyncKind::Clean, SyncKind::CleanAll] {
            assert_eq!(wanted.settle(&all), SyncKind::CleanAll);
        }
    }
}
