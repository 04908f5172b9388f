//! The keys of rule files. The reader, the messages about unknown keys and the JSON Schema for
//! editors use this table.

use super::values;
use super::values::{FieldPath, Severity, Threshold};
use crate::rule::words;

/// The lists of a rule file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Section {
    Rules,
    Correlations,
    Baselines,
}

words!(Section { Rules = "rules", Correlations = "correlations", Baselines = "baselines", });

impl Section {
    pub(super) const fn about(self) -> &'static str {
        match self {
            Self::Rules => "Detections that fire on a single event",
            Self::Correlations => "Detections that fire on several events in a time window",
            Self::Baselines => "Detections that fire on the first occurrence of a combination",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Key {
    Id,
    Title,
    Description,
    Expr,
    Unless,
    Severity,
    Tags,
    References,
    Author,
    License,
    Enabled,
    Window,
    GroupBy,
    CountDistinct,
    Threshold,
    Track,
    LearningPeriod,
    AllowMissing,
    Cooldown,
    ExtraContext,
    IncludeEvent,
    IncludeProcessTree,
}

words!(Key {
    Id = "id",
    Title = "title",
    Description = "description",
    Expr = "expr",
    Unless = "unless",
    Severity = "severity",
    Tags = "tags",
    References = "references",
    Author = "author",
    License = "license",
    Enabled = "enabled",
    Window = "window",
    GroupBy = "group_by",
    CountDistinct = "count_distinct",
    Threshold = "threshold",
    Track = "track",
    LearningPeriod = "learning_period",
    AllowMissing = "allow_missing",
    Cooldown = "cooldown",
    ExtraContext = "extra_context",
    IncludeEvent = "include_event",
    IncludeProcessTree = "include_process_tree",
});

/// Whether a section uses a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeyUse {
    Required,
    Optional,
    Unsupported,
}

/// The values of a key, with their limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// A text with a maximum number of characters.
    Text(usize),
    Words(&'static [&'static str]),
    Flag,
    Number(u32),
    Period,
    Path,
    /// A list with a minimum and a maximum number of texts, each with a maximum number of characters.
    Texts(usize, usize, usize),
    /// A list with a minimum and a maximum number of fields.
    Paths(usize, usize),
    /// One text, or a list with a maximum number of texts.
    TextOrTexts(usize),
}

const SEVERITIES: [&str; 5] = {
    let mut words = [""; 5];
    let mut at = 0;
    while at < words.len() {
        words[at] = Severity::ALL[at].word();
        at += 1;
    }
    words
};

impl Key {
    /// The use of the key in each section.
    pub(super) const fn use_in(self, section: Section) -> KeyUse {
        use KeyUse::{Optional, Required, Unsupported};
        match (self, section) {
            (Self::Id | Self::Title | Self::Expr | Self::Severity, _)
            | (Self::Window | Self::Threshold, Section::Correlations)
            | (Self::Track, Section::Baselines) => Required,
            (
                Self::Description
                | Self::Unless
                | Self::Tags
                | Self::References
                | Self::Author
                | Self::License
                | Self::Enabled,
                _,
            )
            | (Self::GroupBy | Self::CountDistinct, Section::Correlations)
            | (Self::LearningPeriod, Section::Baselines)
            | (Self::AllowMissing, Section::Correlations | Section::Baselines)
            | (Self::Cooldown, Section::Rules | Section::Correlations)
            | (
                Self::ExtraContext | Self::IncludeEvent | Self::IncludeProcessTree,
                Section::Rules,
            ) => Optional,
            (
                Self::Window
                | Self::Threshold
                | Self::Track
                | Self::GroupBy
                | Self::CountDistinct
                | Self::LearningPeriod
                | Self::AllowMissing
                | Self::Cooldown
                | Self::ExtraContext
                | Self::IncludeEvent
                | Self::IncludeProcessTree,
                _,
            ) => Unsupported,
        }
    }

    pub(super) const fn shape(self) -> Shape {
        match self {
            Self::Id => Shape::Text(values::MAX_ID),
            Self::Title => Shape::Text(values::MAX_TITLE),
            Self::Description => Shape::Text(values::MAX_DESCRIPTION),
            Self::Expr => Shape::Text(super::ExpressionText::MAX),
            Self::Unless => Shape::TextOrTexts(64),
            Self::Severity => Shape::Words(&SEVERITIES),
            Self::Tags => Shape::Texts(0, 50, values::MAX_TAG),
            Self::References => Shape::Texts(0, 50, values::MAX_REFERENCE),
            Self::Author | Self::License => Shape::Text(values::MAX_CREDIT),
            Self::Enabled | Self::AllowMissing | Self::IncludeEvent | Self::IncludeProcessTree => {
                Shape::Flag
            }
            Self::Window | Self::LearningPeriod | Self::Cooldown => Shape::Period,
            Self::GroupBy | Self::ExtraContext => Shape::Paths(0, 32),
            Self::Track => Shape::Paths(1, 32),
            Self::CountDistinct => Shape::Path,
            Self::Threshold => Shape::Number(Threshold::MAX),
        }
    }

    /// The description that editors show.
    pub(super) const fn about(self) -> &'static str {
        match self {
            Self::Id => "Unique ID of the detection, among all files that are read together",
            Self::Title => "Title of the signals",
            Self::Description => "What the detection finds, and how to react to a signal",
            Self::Expr => "CEL expression that is true for events that match",
            Self::Unless => {
                "CEL expressions for exceptions: if one is true, the event does not match"
            }
            Self::Severity => "How serious a match is",
            Self::Tags => "Tags, such as IDs of ATT&CK techniques",
            Self::References => "Links to descriptions of the behavior",
            Self::Author => "Author of the detection",
            Self::License => "License of the detection, such as an SPDX identifier",
            Self::Enabled => "Whether the detection is used. The default is true",
            Self::Window => "Time in which the events must happen, such as 5m",
            Self::GroupBy => "Fields: events are counted separately for each combination of values",
            Self::CountDistinct => "Field whose distinct values are counted instead of events",
            Self::Threshold => "Number of events or distinct values at which the detection fires",
            Self::Track => "Fields whose combinations of values are remembered",
            Self::LearningPeriod => {
                "Time in which combinations are learned and create no signals, such as 720h"
            }
            Self::AllowMissing => {
                "Whether events without one of the fields count, as if its value were empty"
            }
            Self::Cooldown => "Time after a signal in which further matches create no signals",
            Self::ExtraContext => "Fields whose values are added to the signals",
            Self::IncludeEvent => "Whether the whole event is added to the signals",
            Self::IncludeProcessTree => {
                "Whether the ancestors of the process are added to the signals, for executions"
            }
        }
    }

    /// The message for a key that belongs to other sections.
    pub(super) fn misplaced(self, section: Section) -> String {
        let homes = Section::ALL.into_iter().filter(|it| self.use_in(*it) != KeyUse::Unsupported);
        let homes: Vec<&str> = homes.map(Section::word).collect();
        format!("is a key of {}, not of {section}", homes.join(" and "))
    }
}

/// Maximum characters of a field.
pub(super) const MAX_PATH: usize = FieldPath::MAX;

/// The keys that a section can use.
pub(super) fn keys_of(section: Section) -> impl Iterator<Item = Key> {
    Key::ALL.into_iter().filter(move |key| key.use_in(section) != KeyUse::Unsupported)
}

/// The message for an unknown key. It contains the key that may be meant, or else all known keys.
pub(super) fn unknown(key: &str, known: &[&str]) -> String {
    match nearest(key, known) {
        Some(name) => format!("unknown key; did you mean {name}?"),
        None => format!("unknown key; expected one of {}", known.join(", ")),
    }
}

fn nearest<'k>(key: &str, known: &[&'k str]) -> Option<&'k str> {
    // Only the beginning is compared, because long keys are slow to compare.
    let key: String = key.to_ascii_lowercase().chars().take(64).collect();
    let distances = known.iter().map(|name| (strsim::damerau_levenshtein(&key, name), *name));
    let near = distances.filter(|(distance, name)| *distance <= name.len().div_ceil(3));
    // For example, expression begins with expr.
    let begins = |name: &&&str| name.len() > 3 && key.starts_with(**name);
    near.min().map(|(_, name)| name).or_else(|| known.iter().find(begins).copied())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_belongs_to_a_section() {
        for key in Key::ALL {
            assert!(Section::ALL.into_iter().any(|section| keys_of(section).any(|it| it == key)));
        }
        assert_eq!(
            Key::Cooldown.misplaced(Section::Baselines),
            "is a key of rules and correlations, not of baselines"
        );
    }

    #[test]
    fn the_nearest_key_is_suggested() {
        let known: Vec<&str> = keys_of(Section::Rules).map(Key::word).collect();
        assert_eq!(unknown("expression", &known), "unknown key; did you mean expr?");
        assert_eq!(unknown("Titel", &known), "unknown key; did you mean title?");
        assert!(unknown("zebra", &known).starts_with("unknown key; expected one of id, title, "));
        assert_eq!(
            unknown("corelations", &["rules", "correlations"]),
            "unknown key; did you mean correlations?"
        );
    }
}
