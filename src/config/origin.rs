//! Where settings come from.

use std::fmt;

/// The layers of settings, weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// Built in.
    Default,
    /// The machine's file.
    System,
    /// The user's file.
    User,
    /// An environment variable.
    Env,
    /// A flag of the command.
    Flag,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Default => "default",
            Self::System => "system",
            Self::User => "user",
            Self::Env => "env",
            Self::Flag => "flag",
        })
    }
}

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// Its layer.
    pub source: Source,
    /// The place in that layer: a file and line, a variable, a flag.
    pub at: String,
}

impl Origin {
    pub(super) fn new(source: Source, at: impl Into<String>) -> Self {
        Self { source, at: at.into() }
    }

    pub(super) fn built_in() -> Self {
        Self::new(Source::Default, "built in")
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.at)
    }
}

/// A value that remembers where it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting<T> {
    pub value: T,
    /// Where it came from.
    pub origin: Origin,
}
