//! One requirement of the protocol.

use std::fmt;
use std::pin::Pin;

use serde::{Serialize, Serializer};

use super::case_run::CaseRun;
use super::hook::Hook;
use super::stop::CaseResult;

pub(super) type CaseFuture<'a> = Pin<Box<dyn Future<Output = CaseResult> + Send + 'a>>;

/// The code of a case, which acts as a client.
type CaseCode = for<'a> fn(&'a CaseRun<'a>) -> CaseFuture<'a>;

#[derive(Debug)]
pub struct Case {
    /// A stable name that begins with the name of the stage.
    pub id: &'static str,
    pub demand: Demand,
    /// The requirement, in one sentence.
    pub asks: &'static str,
    /// Why the requirement matters, for example what happens to clients otherwise.
    pub why: &'static str,
    pub needs: &'static [Hook],
    pub(super) run: CaseCode,
}

pub(super) const fn must(
    id: &'static str,
    asks: &'static str,
    why: &'static str,
    run: CaseCode,
) -> Case {
    Case { id, demand: Demand::Must, asks, why, needs: &[], run }
}

pub(super) const fn should(
    id: &'static str,
    asks: &'static str,
    why: &'static str,
    run: CaseCode,
) -> Case {
    Case { demand: Demand::Should, ..must(id, asks, why, run) }
}

impl Case {
    pub(super) const fn needs(self, needs: &'static [Hook]) -> Self {
        Self { needs, ..self }
    }

    pub fn stage(&self) -> Stage {
        let named = |stage: &Stage| self.id.starts_with(stage.word());
        Stage::ALL.into_iter().find(named).unwrap_or(Stage::Wire)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Demand {
    /// If a server does not meet the requirement, a client fails, has the wrong rules or settings,
    /// or loses events.
    Must,
    /// If a server does not meet the requirement, no client has wrong data, but something does not
    /// work as well as it could.
    Should,
}

impl Demand {
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

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    Wire,
    Spelling,
    Preflight,
    Clean,
    Rules,
    Convergence,
    Events,
    Postflight,
    Probes,
    Generations,
}

impl Stage {
    const ALL: [Self; 10] = [
        Self::Wire,
        Self::Spelling,
        Self::Preflight,
        Self::Clean,
        Self::Rules,
        Self::Convergence,
        Self::Events,
        Self::Postflight,
        Self::Probes,
        Self::Generations,
    ];

    /// The beginning of the IDs of the stage's cases.
    pub const fn word(self) -> &'static str {
        self.texts().0
    }

    /// A description for the published list.
    pub const fn about(self) -> &'static str {
        self.texts().1
    }

    const fn texts(self) -> (&'static str, &'static str) {
        match self {
            Self::Wire => ("wire", "Paths, headers and encodings, at every stage."),
            Self::Spelling => {
                ("spelling", "The spellings of keys and values that clients have used.")
            }
            Self::Preflight => ("preflight", "Settings."),
            Self::Clean => ("clean", "Clean syncs, in which a client deletes its rules."),
            Self::Rules => ("rules", "Pages of rules."),
            Self::Convergence => (
                "convergence",
                "After every completed sync, a host has the rules that are active for it.",
            ),
            Self::Events => ("events", "Reports about programs that ran or were blocked."),
            Self::Postflight => ("postflight", "The end of a sync."),
            Self::Probes => ("probes", "Requests outside of syncs, and invalid requests."),
            Self::Generations => {
                ("generations", "Features that only some client versions support.")
            }
        }
    }
}

impl Serialize for Stage {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.word())
    }
}
