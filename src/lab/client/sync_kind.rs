//! The kinds of syncs, and how the client and the server choose a kind.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::generation::Version;
use crate::protocol::{PreflightResponse, SyncType};

/// What a sync does with the client's rules before it applies downloaded rules. If the client
/// processes no downloaded rule, it deletes nothing.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SyncKind {
    /// Keeps all rules.
    #[default]
    Normal,
    /// Deletes all rules except transitive rules.
    Clean,
    /// Deletes all rules.
    CleanAll,
}

impl SyncKind {
    /// The kind that the client performs if it requested `self`.
    ///
    /// The server decides whether a sync is clean. A clean sync is `CleanAll` if the client or the
    /// server requested `CleanAll`. Versions before 2024.1 delete all rules in every clean sync.
    pub(crate) fn performed(self, version: Version, answer: &PreflightResponse) -> Self {
        if !version.knows_sync_types() {
            let is_clean = answer.clean_sync == Some(true);
            return if is_clean { Self::CleanAll } else { Self::Normal };
        }
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

    pub(crate) fn sync_type(self) -> SyncType {
        match self {
            Self::Normal => SyncType::Normal,
            Self::Clean => SyncType::Clean,
            Self::CleanAll => SyncType::CleanAll,
        }
    }
}

impl fmt::Display for SyncKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.sync_type().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settled(wanted: SyncKind, answer: &PreflightResponse) -> SyncKind {
        wanted.performed(Version::named("2026.7"), answer)
    }

    #[test]
    fn versions_without_kinds_delete_everything_if_the_server_says_so() {
        let old = Version::named("2023.9");
        for wanted in [SyncKind::Normal, SyncKind::Clean, SyncKind::CleanAll] {
            assert_eq!(wanted.performed(old, &answer(None, Some(true))), SyncKind::CleanAll);
            assert_eq!(wanted.performed(old, &answer(None, None)), SyncKind::Normal);
        }
    }

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
                assert_eq!(settled(wanted, &answer), SyncKind::Normal, "{wanted} {answer:?}");
            }
        }
    }

    #[test]
    fn a_clean_sync_deletes_what_client_or_server_wants() {
        for clean in [answer(Some(SyncType::Clean), None), answer(None, Some(true))] {
            assert_eq!(settled(SyncKind::Normal, &clean), SyncKind::Clean);
            assert_eq!(settled(SyncKind::Clean, &clean), SyncKind::Clean);
            assert_eq!(settled(SyncKind::CleanAll, &clean), SyncKind::CleanAll);
        }
        let all = answer(Some(SyncType::CleanAll), Some(true));
        for wanted in [SyncKind::Normal, SyncKind::Clean, SyncKind::CleanAll] {
            assert_eq!(settled(wanted, &all), SyncKind::CleanAll);
        }
    }
}
