//! Home folders in paths.

use std::borrow::Cow;
use std::ops::Range;

/// Folders whose subfolders are home folders. macOS also shows `/Users` on its data volume.
const PARENTS: [&str; 3] = ["/Users/", "/home/", "/System/Volumes/Data/Users/"];
/// A folder in `/Users` that belongs to no one.
const SHARED: &str = "Shared";
/// Replaces the name of a home folder.
const REDACTED: &str = "…";

/// The place of the home folder's name in a path. None if the path is not in a home folder.
pub(super) fn name_of(path: &str) -> Option<Range<usize>> {
    let start = PARENTS.iter().find(|parent| path.starts_with(**parent))?.len();
    let end = path[start..].find('/').map_or(path.len(), |length| start + length);
    let name = &path[start..end];
    (!name.is_empty() && name != SHARED).then_some(start..end)
}

/// A path without the name of its home folder, as in `/Users/…/Downloads/tool`.
pub fn redact_home(path: &str) -> Cow<'_, str> {
    match name_of(path) {
        Some(name) => [&path[..name.start], REDACTED, &path[name.end..]].concat().into(),
        None => path.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_home_folder_is_replaced() {
        for (path, expected) in [
            ("/Users/anna/Downloads/tool", "/Users/…/Downloads/tool"),
            ("/Users/anna", "/Users/…"),
            ("/home/anna/bin", "/home/…/bin"),
            ("/System/Volumes/Data/Users/anna/a", "/System/Volumes/Data/Users/…/a"),
        ] {
            assert_eq!(redact_home(path), expected);
            assert_eq!(redact_home(expected), expected, "a redacted path stays as it is");
        }
    }

    #[test]
    fn other_paths_stay_as_they_are() {
        for path in ["", "/Users", "/Users/", "/Users/Shared/tool", "/opt/Users/anna/tool", "anna"]
        {
            assert_eq!(redact_home(path), path);
        }
    }
}
