//! What a file holds when it is read whole, and what is written when it is written whole: the
//! shape that every format but the streamed ones shares.

use std::fmt;

use super::Duplicates;
use crate::fleet::{Setting, Tag};
use crate::rule::{PolicyKind, Rule, RuleDraft, Scope};

/// A file as it was opened: its name, for messages, and its bytes. A folder is several, each
/// named by its path within the folder, with `/` between the parts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct File {
    /// Its name; empty for the one file of a format that is written to a single file.
    pub name: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// What rules get that do not say it themselves.
#[derive(Clone, Debug, Default)]
pub struct Defaults {
    /// The scope; the fleet when absent.
    pub scope: Option<Scope>,
    pub source: Option<String>,
    /// The policy, for files that have programs and no policies.
    pub policy: Option<PolicyKind>,
    /// Which of several different entries for the same target and scope is read.
    pub duplicates: Duplicates,
    /// Which of several configurations is read, in files that have several.
    pub configuration: Option<String>,
}

impl Defaults {
    /// Fills in what a draft does not say.
    pub(super) fn fill(&self, draft: &mut RuleDraft) {
        if let (true, Some(scope)) = (draft.scope.is_empty(), &self.scope) {
            draft.scope = scope.to_string();
        }
        if draft.source.is_none() {
            draft.source.clone_from(&self.source);
        }
    }
}

/// Where something stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Which of the files, from 0.
    pub file: u32,
    /// Where in it.
    pub spot: Spot,
}

/// Where in a file something stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Spot {
    /// The file as a whole.
    Whole,
    /// A line, from 1.
    Line(u32),
    /// A line and a column in it, in characters, both from 1.
    Column(u32, u32),
    /// The rule of this number, from 1, in a file without lines.
    Rule(u32),
}

/// A rule and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlacedRule {
    /// Where it begins.
    pub place: Place,
    pub rule: Rule,
}

/// A setting and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlacedSetting {
    /// Where it stands.
    pub place: Place,
    /// Whom it is for.
    pub scope: Scope,
    pub setting: Setting,
}

/// A tag and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlacedTag {
    /// Where it stands.
    pub place: Place,
    pub tag: Tag,
}

/// Something to tell about a place: why it is wrong, or how it was understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    pub place: Place,
    /// One line, beginning with the name of the key or column that it is about, if any.
    pub text: String,
}

/// What files hold. Whatever is wrong stands in `faults`; with any of them nothing may be
/// changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Document {
    /// The names of the files, for [`Document::name_of`].
    pub files: Vec<String>,
    /// The rules, in the order of the files.
    pub rules: Vec<PlacedRule>,
    /// The settings, in the order of the files.
    pub settings: Vec<PlacedSetting>,
    /// The tags, in the order of the files; only a manifest has any.
    pub tags: Vec<PlacedTag>,
    /// What is not taken.
    pub faults: Vec<Remark>,
    /// How many of the faults are about entries that are in conflict with each other.
    pub conflicts: usize,
    /// What was taken otherwise than its author may think: unknown keys, old spellings, meanings
    /// that differ.
    pub notes: Vec<Remark>,
}

impl Document {
    /// A place in words that editors understand: `rules.csv:12:3`, or `rules.plist: rule 3`.
    #[must_use]
    pub fn name_of(&self, place: Place) -> String {
        let name = usize::try_from(place.file).ok().and_then(|index| self.files.get(index));
        format!("{}{}", name.map_or("", String::as_str), place.spot)
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

/// What is to be written.
#[derive(Clone, Copy, Debug, Default)]
pub struct Content<'a> {
    pub rules: &'a [Rule],
    /// The settings; most formats have none.
    pub settings: &'a [(Scope, Setting)],
    /// The tags; only a manifest has any.
    pub tags: &'a [Tag],
}

/// What became of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// The files, complete. One without a name, or several of a folder.
    pub files: Vec<File>,
    /// What the format cannot say.
    pub losses: Vec<Loss>,
}

/// Something that a format cannot say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    /// Which of the rules, from 0; none for what is no rule's.
    pub rule: Option<usize>,
    pub lost: Lost,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lost {
    /// The whole rule or setting is left out, for this reason.
    Everything(String),
    /// A field of the rule, by our name for it. The rule is written without it.
    Field(&'static str),
}
