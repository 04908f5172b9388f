//! Detections: rules, correlations and baselines.

use super::expression::ExpressionText;
use super::keys::Section;
use super::values::{
    Credit, Description, DetectionId, DetectionTag, FieldPath, Period, Reference, Severity,
    Threshold, Title, UpTo,
};

pub type Paths = UpTo<32, FieldPath>;
pub type Tags = UpTo<50, DetectionTag>;
pub type References = UpTo<50, Reference>;
pub type Exceptions = UpTo<64, ExpressionText>;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Detection {
    pub id: DetectionId,
    pub title: Title,
    pub description: Option<Description>,
    pub severity: Severity,
    pub tags: Tags,
    pub references: References,
    pub author: Option<Credit>,
    pub license: Option<Credit>,
    pub is_enabled: bool,
    pub dialect: Option<Dialect>,
    /// Events match if this is true.
    pub expression: ExpressionText,
    /// Events do not match if one of these is true.
    pub unless: Exceptions,
    pub trigger: Trigger,
}

/// What must happen so that a detection creates a signal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// An event matches.
    Event(SingleEvent),
    /// Several events match within a time window.
    Window(Correlation),
    /// An event matches and has values that no earlier event had.
    First(Baseline),
}

impl Trigger {
    pub const fn section(&self) -> Section {
        match self {
            Self::Event(_) => Section::Rules,
            Self::Window(_) => Section::Correlations,
            Self::First(_) => Section::Baselines,
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SingleEvent {
    /// Fields whose values are added to the signal.
    pub extra_context: Paths,
    /// Whether the whole event is added to the signal.
    pub include_event: bool,
    /// Whether the ancestors of the process are added to the signal.
    pub include_process_tree: bool,
    /// After a signal, the host's further matches create none for this time.
    pub cooldown: Option<Period>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Correlation {
    pub window: Period,
    /// Events are counted separately for each combination of these values.
    pub group_by: Paths,
    /// The distinct values of this field are counted instead of the events.
    pub count_distinct: Option<FieldPath>,
    pub threshold: Threshold,
    /// After a signal, the group's further matches create none for this time.
    pub cooldown: Option<Period>,
    /// Whether events without a field of `group_by` are counted, with an empty value.
    pub allow_missing: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Baseline {
    /// At least one field.
    pub track: Paths,
    /// First occurrences create no signals during this time.
    pub learning_period: Option<Period>,
    /// Whether events without a field of `track` are compared, with an empty value.
    pub allow_missing: bool,
}

/// How an expression writes the fields of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// `execution.decision == "DECISION_ALLOW"`
    Map,
    /// `event.execution.decision == DECISION_ALLOW`
    Typed,
}
