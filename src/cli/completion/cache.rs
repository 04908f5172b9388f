//! Values that were read a moment ago, so that repeated keys need no request.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::proposal::Proposal;
use crate::cli::policy_files::Bounded;

/// The age up to which values are used.
const FRESH: SignedDuration = SignedDuration::from_secs(5);
/// Maximum bytes of the file.
const LARGEST: u64 = 4 * 1024 * 1024;

/// A file that only its owner can read.
#[derive(Clone, Debug)]
pub(super) struct Cache(PathBuf);

/// What is known about a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Known {
    Values(Vec<Proposal>),
    /// The server sent no values, or not in time. Another process may still wait for them.
    Unavailable,
}

#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    at: Timestamp,
    known: Known,
}

type Entries = BTreeMap<String, Entry>;

impl Cache {
    pub(super) fn in_folder(folder: &Path) -> Self {
        Self(folder.join("completion.json"))
    }

    pub(super) fn read(&self, key: &str, now: Timestamp) -> Option<Known> {
        let entry = self.entries().remove(key)?;
        is_fresh(&entry, now).then_some(entry.known)
    }

    /// Stores what is known about a list, and drops old entries. If this fails, the next completion
    /// sends a request again.
    pub(super) fn write(&self, key: String, known: Known, now: Timestamp) {
        let mut entries = self.entries();
        entries.retain(|_, entry| is_fresh(entry, now));
        entries.insert(key, Entry { at: now, known });
        drop(self.replace(&entries));
    }

    fn entries(&self) -> Entries {
        let read = || -> io::Result<Entries> {
            let bytes = Bounded::new(fs::File::open(&self.0)?, LARGEST).read_all()?;
            Ok(serde_json::from_slice(&bytes)?)
        };
        read().unwrap_or_default()
    }

    /// Replaces the file atomically. Temporary files have the mode 0600.
    fn replace(&self, entries: &Entries) -> io::Result<()> {
        let folder = self.0.parent().unwrap_or(Path::new("."));
        create_folder(folder)?;
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(&serde_json::to_vec(entries)?)?;
        file.persist(&self.0)?;
        Ok(())
    }
}

/// An entry from the future is not fresh, because the clock was set back.
fn is_fresh(entry: &Entry, now: Timestamp) -> bool {
    let age = now.duration_since(entry.at);
    !age.is_negative() && age < FRESH
}

fn create_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_kept_for_a_few_seconds() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::in_folder(&folder.path().join("nicelist"));
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let start = at("2026-11-20T12:00:00Z");
        let tags = Known::Values(vec![Proposal::word("eng")]);
        cache.write("tags".to_owned(), tags.clone(), start);
        cache.write("hosts".to_owned(), Known::Unavailable, at("2026-11-20T12:00:02Z"));
        assert_eq!(cache.read("tags", at("2026-11-20T12:00:04Z")), Some(tags));
        assert_eq!(cache.read("hosts", at("2026-11-20T12:00:04Z")), Some(Known::Unavailable));
        assert_eq!(cache.read("tags", at("2026-11-20T12:00:05Z")), None);
        assert_eq!(cache.read("tags", at("2026-11-20T11:59:59Z")), None);
    }

    #[test]
    fn an_unreadable_cache_is_empty() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::in_folder(folder.path());
        fs::write(&cache.0, "{").unwrap();
        assert_eq!(cache.read("tags", Timestamp::UNIX_EPOCH), None);
        cache.write("tags".to_owned(), Known::Unavailable, Timestamp::UNIX_EPOCH);
        assert_eq!(cache.read("tags", Timestamp::UNIX_EPOCH), Some(Known::Unavailable));
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_can_read_the_cache() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("nicelist");
        let cache = Cache::in_folder(&folder);
        cache.write("tags".to_owned(), Known::Unavailable, Timestamp::UNIX_EPOCH);
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&folder), mode(&cache.0)), (0o700, 0o600));
    }
}
