//! The formats and their names.

use std::fmt;
use std::str::FromStr;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    Csv,
    /// nicelist's CSV with tabs.
    Tsv,
    Json,
    /// nicelist's JSON with a rule per line.
    Jsonl,
    Toml,
    /// The rules that `santactl rule --export` writes.
    Santactl,
    /// Santa's StaticRules in a profile or property list.
    StaticRules,
    /// Moroz's TOML, a file or a folder.
    Moroz,
    RudolphCsv,
    RudolphJson,
    /// A Zentral rule set, or a response of Zentral's API, in JSON.
    ZentralJson,
    ZentralYaml,
    Workshop,
    /// Resources of Workshop's or Zentral's Terraform provider.
    Terraform,
    /// The output of `santactl fileinfo --json`. nicelist only reads this format.
    FileInfo,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown format `{0}`")]
pub struct UnknownFormat(String);

impl Format {
    /// All formats, in the order of help texts.
    pub const ALL: [Self; 15] = [
        Self::Csv,
        Self::Tsv,
        Self::Json,
        Self::Jsonl,
        Self::Toml,
        Self::Santactl,
        Self::StaticRules,
        Self::Moroz,
        Self::RudolphCsv,
        Self::RudolphJson,
        Self::ZentralJson,
        Self::ZentralYaml,
        Self::Workshop,
        Self::Terraform,
        Self::FileInfo,
    ];

    pub const fn word(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Tsv => "tsv",
            Self::Json => "json",
            Self::Jsonl => "jsonl",
            Self::Toml => "toml",
            Self::Santactl => "santactl",
            Self::StaticRules => "static-rules",
            Self::Moroz => "moroz",
            Self::RudolphCsv => "rudolph-csv",
            Self::RudolphJson => "rudolph-json",
            Self::ZentralJson => "zentral-json",
            Self::ZentralYaml => "zentral-yaml",
            Self::Workshop => "workshop",
            Self::Terraform => "terraform",
            Self::FileInfo => "fileinfo",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(text: &str) -> Result<Self, UnknownFormat> {
        let word = text.trim().to_ascii_lowercase();
        let found = Self::ALL.into_iter().find(|format| format.word() == word);
        found.ok_or_else(|| UnknownFormat(text.to_owned()))
    }
}
