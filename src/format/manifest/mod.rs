//! The manifest: a whole policy in files that people write, keep and review.
//!
//! A TOML file has `[tags.NAME]`, `[settings.SCOPE]` and `[[rules]]`, all optional. At its top, the
//! file may have a `scope` and a `source`. They apply to rules of the file that do not have these
//! keys. A manifest is one such file, or a folder of such files. A folder may also contain CSV and
//! TSV files with rules.

mod decoration;
mod read;
#[cfg(test)]
mod tests;
mod write;

pub use read::{read, recognises};
pub use write::{update, write};

use super::csv::Delimiter;
use super::detect::is_for_people;

/// The top-level keys of a file.
const TOP: [&str; 5] = ["scope", "source", "tags", "settings", "rules"];
const OF_TAG: [&str; 6] = ["priority", "description", "serials", "users", "groups", "hostnames"];
/// The kind of a file, detected from its name.
enum FileKind {
    Toml,
    /// CSV or TSV with rules.
    Rows(Delimiter),
    /// Documentation, a hidden file such as `.gitignore`, or a file in a hidden folder.
    ForPeople,
    /// A file that does not belong in a manifest.
    Stray,
}

impl FileKind {
    /// The kind of a manifest's only file. The file may be in a hidden folder. A hidden `.toml`
    /// file or a file without an extension may be a manifest, too.
    fn single(name: &str) -> Self {
        let base = name.rsplit('/').next().unwrap_or(name);
        match Self::of(base) {
            Self::ForPeople if base.ends_with(".toml") => Self::Toml,
            Self::Stray if !base.contains('.') => Self::Toml,
            kind @ (Self::Toml | Self::Rows(_) | Self::ForPeople | Self::Stray) => kind,
        }
    }

    fn of(name: &str) -> Self {
        let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending).to_ascii_lowercase();
        match ending.as_str() {
            _ if is_for_people(name) => Self::ForPeople,
            "toml" => Self::Toml,
            "csv" => Self::Rows(Delimiter::Comma),
            "tsv" => Self::Rows(Delimiter::Tab),
            _ => Self::Stray,
        }
    }
}
