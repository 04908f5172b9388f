//! The report about a case.

use serde::{Serialize, Serializer};

use super::case::{Case, Demand, Stage};
use super::hook::Hook;
use super::stop::{CaseResult, Stop};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    Pass,
    /// The server violated a requirement that it should meet.
    Warning,
    /// The server violated a requirement that it must meet.
    Fail,
    NotApplicable,
}

#[derive(Debug, Serialize)]
pub struct CaseReport {
    pub case: &'static str,
    pub stage: Stage,
    pub demand: Demand,
    pub status: Status,
    pub asks: &'static str,
    /// The behavior of the server, or the reason why the case is not applicable.
    pub did: String,
    pub why: &'static str,
    #[serde(serialize_with = "hooks")]
    pub needs: &'static [Hook],
}

impl CaseReport {
    pub(super) fn of(case: &'static Case, result: CaseResult) -> Self {
        let (status, did) = match (result, case.demand) {
            (Ok(did), _) => (Status::Pass, did),
            (Err(Stop::NotApplicable(why)), _) => (Status::NotApplicable, why),
            (Err(Stop::Fails(did)), Demand::Must) => (Status::Fail, did),
            (Err(Stop::Fails(did)), Demand::Should) => (Status::Warning, did),
        };
        let Case { id, demand, asks, why, needs, run: _ } = *case;
        Self { case: id, stage: case.stage(), demand, status, asks, did, why, needs }
    }
}

fn hooks<S: Serializer>(hooks: &&'static [Hook], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(hooks.iter().map(|hook| hook.name()))
}
