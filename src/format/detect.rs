//! Detects the format of files, and calls the module that reads or writes it.

use super::csv::Delimiter;
use super::{
    Content, Defaults, File, Format, Loss, Lost, ParsedPolicy, Written, csv, fileinfo, json,
    manifest, moroz, profile, rudolph, santactl, terraform, workshop, zentral,
};
use crate::document::{Outline, without_mark};
use crate::fleet::Tag;

/// The keys whose values are lists of rules, in JSON and YAML.
pub(super) const LISTS: [&str; 3] = ["rules", "items", "results"];

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("nicelist can read but not write the format {0}, which is the output of santactl")]
pub struct ReadOnly(Format);

impl Format {
    /// The format that the extension of a file name suggests.
    pub fn of_name(name: &str) -> Option<Self> {
        let (_, ending) = name.rsplit_once('.')?;
        Some(match ending.to_ascii_lowercase().as_str() {
            "csv" => Self::Csv,
            "tsv" => Self::Tsv,
            "json" => Self::Json,
            "jsonl" | "ndjson" => Self::Jsonl,
            "toml" => Self::Toml,
            "mobileconfig" | "plist" => Self::StaticRules,
            "yaml" | "yml" => Self::ZentralYaml,
            "tf" => Self::Terraform,
            _ => return None,
        })
    }

    /// Whether a file is CSV with Rudolph's header.
    pub fn has_csv_of_others(head: &File) -> bool {
        rudolph::recognises_csv(head)
    }

    /// Detects the format of a file from its content. For a format that [streams](Format::streams),
    /// the beginning of the file is enough.
    pub fn of_content(file: &File) -> Option<Self> {
        // Detectors that may parse a whole file run late. Rudolph's CSV shares some column names
        // with nicelist's CSV, so it is detected first.
        const JSON: [Format; 7] = [
            Format::Json,
            Format::Jsonl,
            Format::Santactl,
            Format::RudolphJson,
            Format::Workshop,
            Format::FileInfo,
            Format::ZentralJson,
        ];
        const OTHERS: [Format; 8] = [
            Format::StaticRules,
            Format::RudolphCsv,
            Format::Tsv,
            Format::Csv,
            Format::ZentralYaml,
            Format::Terraform,
            Format::Toml,
            Format::Moroz,
        ];
        if !opens_json(&file.bytes) {
            return OTHERS.into_iter().find(|format| format.recognises(file));
        }
        let head = Outline::of_json_head(&file.bytes, &LISTS);
        let found = JSON.into_iter().find(|format| format.recognises_json(file, &head));
        found.or_else(|| santactl::resembles(&head).then_some(Self::Santactl))
    }

    pub fn recognises(self, file: &File) -> bool {
        match self {
            Self::Csv => csv::recognises(&file.bytes).is_some(),
            Self::Tsv => csv::recognises(&file.bytes) == Some(Delimiter::Tab),
            Self::Toml => manifest::recognises(file),
            Self::StaticRules => profile::recognises(file),
            Self::Moroz => moroz::recognises(file),
            Self::RudolphCsv => rudolph::recognises_csv(file),
            Self::ZentralYaml => zentral::recognises_yaml(file),
            Self::Terraform => terraform::recognises(file),
            Self::Json
            | Self::Jsonl
            | Self::Santactl
            | Self::RudolphJson
            | Self::ZentralJson
            | Self::Workshop
            | Self::FileInfo => {
                opens_json(&file.bytes)
                    && self.recognises_json(file, &Outline::of_json_head(&file.bytes, &LISTS))
            }
        }
    }

    /// Whether a JSON file with this outline looks like this format.
    fn recognises_json(self, file: &File, head: &Outline) -> bool {
        match self {
            Self::Json => json::recognises(head),
            Self::Jsonl => json::recognises_lines(&file.bytes),
            Self::Santactl => santactl::recognises(head),
            Self::RudolphJson => rudolph::recognises_json(head),
            Self::ZentralJson => zentral::recognises_json(file, head),
            Self::Workshop => workshop::recognises(head),
            Self::FileInfo => fileinfo::recognises(head),
            _ => false,
        }
    }

    /// Whether files in this format are read and written one rule at a time, so that they may have
    /// any size.
    pub const fn streams(self) -> bool {
        matches!(self, Self::Csv | Self::Tsv | Self::Jsonl)
    }

    /// Whether files in this format may contain the rules of several configurations.
    pub const fn has_configurations(self) -> bool {
        matches!(self, Self::ZentralJson | Self::ZentralYaml | Self::Terraform)
    }

    /// Whether a folder of files may be in this format.
    pub const fn has_folders(self) -> bool {
        matches!(self, Self::Toml | Self::Moroz)
    }

    pub fn read(self, files: &[File], defaults: &Defaults) -> ParsedPolicy {
        match self {
            Self::Csv => {
                let delimiter = files.first().and_then(|file| csv::recognises(&file.bytes));
                csv::read(files, delimiter.unwrap_or_default(), defaults)
            }
            Self::Tsv => csv::read(files, Delimiter::Tab, defaults),
            Self::Json => json::read(files, defaults),
            Self::Jsonl => json::read_lines(files, defaults),
            Self::Toml => manifest::read(files, defaults),
            Self::Santactl => santactl::read(files, defaults),
            Self::StaticRules => profile::read(files, defaults),
            Self::Moroz => moroz::read(files, defaults),
            Self::RudolphCsv => rudolph::read_csv(files, defaults),
            Self::RudolphJson => rudolph::read_json(files, defaults),
            Self::ZentralJson | Self::ZentralYaml => zentral::read(files, defaults),
            Self::Workshop => workshop::read(files, defaults),
            Self::Terraform => terraform::read(files, defaults),
            Self::FileInfo => fileinfo::read_rules(files, defaults),
        }
    }

    /// Writes the content, and lists the parts that the format cannot express.
    ///
    /// # Errors
    /// If nicelist only reads the format.
    pub fn write(self, content: Content<'_>) -> Result<Written, ReadOnly> {
        let mut written = match self {
            Self::Csv => csv::write(content, Delimiter::Comma),
            Self::Tsv => csv::write(content, Delimiter::Tab),
            Self::Json => json::write(content),
            Self::Jsonl => json::write_lines(content),
            Self::Toml => manifest::write(content),
            Self::Santactl => santactl::write(content),
            Self::StaticRules => profile::write(content),
            Self::Moroz => moroz::write(content),
            Self::RudolphCsv => rudolph::write_csv(content),
            Self::RudolphJson => rudolph::write_json(content),
            Self::ZentralJson => zentral::write_json(content),
            Self::ZentralYaml => zentral::write_yaml(content),
            Self::Workshop => workshop::write(content),
            Self::Terraform => terraform::write(content),
            Self::FileInfo => return Err(ReadOnly(self)),
        };
        if self != Self::Toml {
            written.losses.extend(content.tags.iter().map(tag_lost));
        }
        Ok(written)
    }
}

/// The loss of a tag. Only manifests contain more about tags than their names.
fn tag_lost(tag: &Tag) -> Loss {
    let why = format!("tag {}: the format contains only the names of tags", tag.name);
    Loss { rule: None, lost: Lost::Everything(why) }
}

/// Whether a file begins like a JSON object, an empty JSON list or a JSON list of objects. TOML may
/// begin with `[`, too, but then a name or a second `[` follows.
pub(super) fn opens_json(bytes: &[u8]) -> bool {
    match without_mark(bytes).trim_ascii_start() {
        [b'{', ..] => true,
        [b'[', rest @ ..] => matches!(rest.trim_ascii_start(), [b'{' | b']', ..]),
        _ => false,
    }
}

/// The beginning of a TOML text, up to the second line that begins with `[[`. It contains all keys
/// outside tables and the first element of the first list of tables, and is cheaper to parse than
/// the whole text.
pub(super) fn toml_beginning(text: &str) -> &str {
    let begins = if text.starts_with("[[") { Some(0) } else { text.find("\n[[") };
    let ends = begins.and_then(|begin| {
        let after = begin + "\n[[".len();
        text.get(after..)?.find("\n[[").map(|end| after + end + 1)
    });
    ends.map_or(text, |end| &text[..end])
}

/// Whether a file may be in a policy folder without being part of the policy: a hidden file, a file
/// in a hidden folder, or documentation.
pub(super) fn is_for_people(name: &str) -> bool {
    let base = name.rsplit('/').next().unwrap_or(name);
    let (stem, ending) = base.rsplit_once('.').unwrap_or((base, ""));
    name.split('/').any(|part| part.starts_with('.'))
        || ending.eq_ignore_ascii_case("md")
        || (["README", "LICENSE", "CODEOWNERS"].contains(&stem) && ["", "txt"].contains(&ending))
}
