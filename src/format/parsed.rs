//! The types that all formats share: the content of files that were read, and the content to write.

use std::fmt;

use super::Duplicates;
use crate::document::{Fault, Position};
use crate::fleet::{Setting, Tag};
use crate::rule::{PolicyKind, Rule, RuleDraft, Scope};

/// A file that was read, or that will be written. For a file in a folder, the name is the path
/// within the folder, with `/` between its parts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct File {
    /// Empty for a written file that does not belong in a folder.
    pub name: String,
    pub bytes: Vec<u8>,
}

/// Options for reading files, such as the scope of rules without a scope.
#[derive(Clone, Debug, Default)]
pub struct Defaults {
    /// If absent, rules without a scope are for the fleet.
    pub scope: Option<Scope>,
    pub source: Option<String>,
    /// The policy of rules that are created from reports about programs. Such reports contain no
    /// policies.
    pub policy: Option<PolicyKind>,
    pub duplicates: Duplicates,
    /// The wanted configuration, for files with rules for several Zentral configurations.
    pub configuration: Option<String>,
}

impl Defaults {
    pub(super) fn fill(&self, draft: &mut RuleDraft) {
        if let (true, Some(scope)) = (draft.scope.is_empty(), &self.scope) {
            draft.scope = scope.to_string();
        }
        if draft.source.is_none() {
            draft.source.clone_from(&self.source);
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Location {
    pub file: u32,
    pub spot: Spot,
}

/// A place in a file. Numbers begin with 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Spot {
    Whole,
    Line(u32),
    /// A line and a column in the line, in characters.
    Column(u32, u32),
    /// The number of a rule in a property list, whose nodes have no positions.
    Rule(u32),
}

impl Location {
    pub(super) const fn whole(file: u32) -> Self {
        Self { file, spot: Spot::Whole }
    }

    pub(super) fn line(file: u32, line: u32) -> Self {
        Self { file, spot: Spot::Line(line) }
    }

    /// The location of a position; the file as a whole if there is no position.
    pub(super) fn of(file: u32, position: Option<Position>) -> Self {
        Self { file, spot: position.map_or(Spot::Whole, Spot::from) }
    }
}

impl From<Position> for Spot {
    fn from(Position { line, column }: Position) -> Self {
        Self::Column(line, column)
    }
}

impl Spot {
    /// The line number; 0 if there is no line.
    pub fn line_number(self) -> u32 {
        match self {
            Self::Line(line) | Self::Column(line, _) => line,
            Self::Whole | Self::Rule(_) => 0,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlacedRule {
    pub location: Location,
    pub rule: Rule,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlacedSetting {
    pub location: Location,
    pub scope: Scope,
    pub setting: Setting,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlacedTag {
    pub location: Location,
    pub tag: Tag,
}

/// A message about a file or an entry in it: why it is invalid, or how it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    pub location: Location,
    /// One line. It begins with the key or column that it is about, if any.
    pub text: String,
}

impl Remark {
    pub(super) fn new(location: Location, text: impl Into<String>) -> Self {
        Self { location, text: text.into() }
    }

    pub(super) fn of(file: u32, Fault { position, message }: Fault) -> Self {
        Self { location: Location::of(file, position), text: message }
    }
}

/// The content of files. If there are `faults`, the content must not be used for changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ParsedPolicy {
    pub files: Vec<String>,
    /// The rules in the order of the files. Settings and tags are in the same order.
    pub rules: Vec<PlacedRule>,
    pub settings: Vec<PlacedSetting>,
    /// The tags of a manifest. Other formats have no tags.
    pub tags: Vec<PlacedTag>,
    pub faults: Vec<Remark>,
    /// The number of faults that report different rules for the same target and scope.
    pub conflicts: usize,
    /// Facts that may surprise the author of a file, such as unknown keys, old spellings, and
    /// values that nicelist does not import.
    pub notes: Vec<Remark>,
}

impl ParsedPolicy {
    pub(super) fn of(files: &[File]) -> Self {
        let files = files.iter().map(|file| file.name.clone()).collect();
        Self { files, ..Self::default() }
    }

    /// A location as text: `rules.csv:12:3`, which editors can open, or `rules.plist: rule 3`.
    pub fn name_of(&self, location: Location) -> String {
        location.in_files(&self.files)
    }

    pub(super) fn fault(&mut self, location: Location, text: impl Into<String>) {
        self.faults.push(Remark::new(location, text));
    }

    pub(super) fn note(&mut self, location: Location, text: impl Into<String>) {
        self.notes.push(Remark::new(location, text));
    }

    pub(super) fn sort_remarks(&mut self) {
        self.faults.sort_by_key(|fault| fault.location);
        self.notes.sort_by_key(|note| note.location);
    }
}

impl Location {
    pub fn in_files(self, files: &[String]) -> String {
        let name = usize::try_from(self.file).ok().and_then(|index| files.get(index));
        format!("{}{}", name.map_or("", String::as_str), self.spot)
    }
}

impl fmt::Display for Spot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole => Ok(()),
            Self::Line(line) => write!(f, ":{line}"),
            Self::Column(line, column) => write!(f, ":{line}:{column}"),
            Self::Rule(number) => write!(f, ": rule {number}"),
        }
    }
}

/// The rules, settings and tags to write. Most formats have no settings, and only a manifest has
/// tags.
#[derive(Clone, Copy, Debug, Default)]
pub struct Content<'a> {
    pub rules: &'a [Rule],
    pub settings: &'a [(Scope, Setting)],
    pub tags: &'a [Tag],
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// One file without a name, or the files of a folder.
    pub files: Vec<File>,
    pub losses: Vec<Loss>,
}

impl Written {
    pub(super) fn file(bytes: impl Into<Vec<u8>>, losses: Vec<Loss>) -> Self {
        Self { files: vec![File { name: String::new(), bytes: bytes.into() }], losses }
    }

    pub(super) fn json(value: &serde_json::Value, losses: Vec<Loss>) -> Self {
        Self::file(format!("{value:#}\n"), losses)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    /// Index of the rule; absent for settings and tags.
    pub rule: Option<usize>,
    pub lost: Lost,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lost {
    /// The whole rule, setting or tag is left out, for this reason.
    Everything(String),
    /// One field, by nicelist's name for it. The rule is written without this field.
    Field(&'static str),
}
