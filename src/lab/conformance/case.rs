//! What a case is.

use std::fmt;
use std::pin::Pin;

use serde::{Serialize, Serializer};

use super::hook::Hook;
use super::trial::Trial;
use super::verdict::Outcome;

/// A case under way.
pub(super) type Run<'a> = Pin<Box<dyn Future<Output = Outcome> + Send + 'a>>;

/// One thing that the protocol asks of a server.
#[derive(Debug)]
pub struct Case {
    /// Its stable name, which begins with its stage.
    pub id: &'static str,
    /// What it is about.
    pub stage: Stage,
    /// How much depends on it.
    pub demand: Demand,
    /// What the server has to do, in one sentence.
    pub asks: &'static str,
    /// What goes wrong at which clients otherwise.
    pub why: &'static str,
    /// What an administrator has to do in it.
    pub needs: &'static [Hook],
    /// Plays the client's part.
    pub(super) run: for<'a> fn(&'a Trial<'a>) -> Run<'a>,
}

/// How much depends on a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Demand {
    /// Otherwise a client fails, or ends with the wrong rules or settings, or loses evidence.
    Must,
    /// Otherwise something is harder than it has to be. No client goes wrong.
    Should,
}

impl Demand {
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Must => "must",
            Self::Should => "should",
        }
    }
}

impl fmt::Display for Demand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// What a case is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Paths, headers and encodings, at every stage.
    Wire,
    /// The spellings that clients have used.
    Spelling,
    /// Settings.
    Preflight,
    /// Clean syncs.
    Clean,
    /// The download of rules.
    Rules,
    /// That a host ends with the right rules.
    Convergence,
    Events,
    /// The end of a sync.
    Postflight,
    /// What asks without being a sync, and what is no request at all.
    Probes,
    /// What only some versions of clients understand.
    Generations,
}

impl Stage {
    /// The word with which the ids of its cases begin.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Wire => "wire",
            Self::Spelling => "spelling",
            Self::Preflight => "preflight",
            Self::Clean => "clean",
            Self::Rules => "rules",
            Self::Convergence => "convergence",
            Self::Events => "events",
            Self::Postflight => "postflight",
            Self::Probes => "probes",
            Self::Generations => "generations",
        }
    }

    /// What its cases are about, in a sentence.
    #[must_use]
    pub const fn about(self) -> &'static str {
        match self {
            Self::Wire => "Paths, headers and encodings, at every stage.",
            Self::Spelling => "The spellings of keys and values that clients have used.",
            Self::Preflight => "Settings.",
            Self::Clean => "Clean syncs, at which a client deletes what it holds.",
            Self::Rules => "Pages of rules.",
            Self::Convergence => {
                "After every completed sync a host holds the rules that are in force for it."
            }
            Self::Events => "Evidence of what was run and what was blocked.",
            Self::Postflight => "The end of a sync.",
            Self::Probes => "What asks without being a sync, and what is no request at all.",
            Self::Generations => "What only some versions of clients understand.",
        }
    }
}

impl Serialize for Stage {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.word())
    }
}
