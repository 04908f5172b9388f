//! The origin of a setting: a layer, and a line, variable or flag.

use std::fmt;

/// The layers of settings, weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    Default,
    System,
    User,
    Env,
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

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    pub source: Source,
    /// A file (usually with a line number), a variable, a flag, or `built in`.
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

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WithOrigin<T> {
    pub value: T,
    pub origin: Origin,
}
