//! Keeps values for a few seconds, so that not every key press sends a request.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::proposal::Proposal;
use crate::cli::policy_files::Bounded;

/// Maximum age of values, or of a failure to read them.
const FRESH: SignedDuration = SignedDuration::from_secs(5);
/// The age up to which a background process may still be running. It is longer than the time for
/// which such a process waits.
const IN_PROGRESS: SignedDuration = SignedDuration::from_secs(12);
/// Maximum bytes of the file.
const LARGEST: u64 = 4 * 1024 * 1024;
/// Maximum proposals of a list.
const MOST_PROPOSALS: usize = 1_000;
/// Maximum characters of a description.
const LONGEST_DESCRIPTION: usize = 200;

/// The path of the file. On Unix, only its owner can read it.
#[derive(Clone, Debug)]
pub(super) struct Cache(PathBuf);

/// What is known about a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Known {
    Values(Vec<Proposal>),
    /// A background process gets the values.
    InProgress,
    /// The values could not be read.
    Unavailable,
}

impl Known {
    /// Shortens long lists and descriptions.
    fn bounded(self) -> Self {
        let Self::Values(mut values) = self else { return self };
        values.truncate(MOST_PROPOSALS);
        for Proposal { about, .. } in &mut values {
            if let Some((end, _)) = about.char_indices().nth(LONGEST_DESCRIPTION) {
                about.truncate(end);
            }
        }
        Self::Values(values)
    }
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

    /// Stores what is known about a list, and drops old entries. If the file would be larger than
    /// the reader allows, drops all other entries, too.
    pub(super) fn write(&self, key: String, known: Known, now: Timestamp) -> io::Result<()> {
        let mut entries = self.entries();
        entries.retain(|_, entry| is_fresh(entry, now));
        entries.insert(key.clone(), Entry { at: now, known: known.bounded() });
        let mut bytes = serde_json::to_vec(&entries)?;
        if is_too_large(&bytes) {
            entries.retain(|other, _| *other == key);
            bytes = serde_json::to_vec(&entries)?;
        }
        match is_too_large(&bytes) {
            true => Err(io::ErrorKind::FileTooLarge.into()),
            false => self.replace(&bytes),
        }
    }

    fn entries(&self) -> Entries {
        let read = || -> io::Result<Entries> {
            let bytes = Bounded::new(fs::File::open(&self.0)?, LARGEST).read_all()?;
            Ok(serde_json::from_slice(&bytes)?)
        };
        read().unwrap_or_default()
    }

    /// Replaces the file atomically. Temporary files have the mode 0600.
    fn replace(&self, bytes: &[u8]) -> io::Result<()> {
        let folder = self.0.parent().unwrap_or(Path::new("."));
        create_folder(folder)?;
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(bytes)?;
        file.persist(&self.0)?;
        Ok(())
    }
}

/// An entry from the future is not fresh, because the clock was set back.
fn is_fresh(entry: &Entry, now: Timestamp) -> bool {
    let age = now.duration_since(entry.at);
    let longest = if entry.known == Known::InProgress { IN_PROGRESS } else { FRESH };
    !age.is_negative() && age < longest
}

fn is_too_large(bytes: &[u8]) -> bool {
    bytes.len() as u64 > LARGEST
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
        cache.write("tags".to_owned(), tags.clone(), start).unwrap();
        cache.write("hosts".to_owned(), Known::Unavailable, at("2026-11-20T12:00:02Z")).unwrap();
        assert_eq!(cache.read("tags", at("2026-11-20T12:00:04Z")), Some(tags));
        assert_eq!(cache.read("hosts", at("2026-11-20T12:00:04Z")), Some(Known::Unavailable));
        assert_eq!(cache.read("tags", at("2026-11-20T12:00:05Z")), None);
        assert_eq!(cache.read("tags", at("2026-11-20T11:59:59Z")), None);
    }

    #[test]
    fn a_background_process_may_take_longer() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::in_folder(folder.path());
        let after = |seconds| Timestamp::from_second(seconds).unwrap();
        cache.write("tags".to_owned(), Known::InProgress, after(0)).unwrap();
        assert_eq!(cache.read("tags", after(11)), Some(Known::InProgress));
        assert_eq!(cache.read("tags", after(12)), None);
    }

    #[test]
    fn lists_and_descriptions_are_bounded() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::in_folder(folder.path());
        let long = Proposal::new("eng", "ä".repeat(LONGEST_DESCRIPTION + 1));
        let values = Known::Values(vec![long; MOST_PROPOSALS + 1]);
        cache.write("tags".to_owned(), values, Timestamp::UNIX_EPOCH).unwrap();
        let bounded = Proposal::new("eng", "ä".repeat(LONGEST_DESCRIPTION));
        let expected = Known::Values(vec![bounded; MOST_PROPOSALS]);
        assert_eq!(cache.read("tags", Timestamp::UNIX_EPOCH), Some(expected));
    }

    #[test]
    fn the_file_is_never_larger_than_the_reader_allows() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::in_folder(folder.path());
        let now = Timestamp::UNIX_EPOCH;
        let of_size = |part: u64| {
            let length = usize::try_from(LARGEST / part).unwrap();
            Known::Values(vec![Proposal::word("a".repeat(length))])
        };
        cache.write("tags".to_owned(), of_size(2), now).unwrap();
        cache.write("hosts".to_owned(), of_size(2), now).unwrap();
        assert_eq!(cache.read("tags", now), None, "both do not fit");
        assert_eq!(cache.read("hosts", now), Some(of_size(2)));
        assert!(cache.write("users".to_owned(), of_size(1), now).is_err());
        assert_eq!(cache.read("hosts", now), Some(of_size(2)));
    }

    #[test]
    fn an_unreadable_cache_is_empty() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::in_folder(folder.path());
        fs::write(&cache.0, "{").unwrap();
        assert_eq!(cache.read("tags", Timestamp::UNIX_EPOCH), None);
        cache.write("tags".to_owned(), Known::Unavailable, Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(cache.read("tags", Timestamp::UNIX_EPOCH), Some(Known::Unavailable));
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_can_read_the_cache() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("nicelist");
        let cache = Cache::in_folder(&folder);
        cache.write("tags".to_owned(), Known::Unavailable, Timestamp::UNIX_EPOCH).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&folder), mode(&cache.0)), (0o700, 0o600));
    }
}
