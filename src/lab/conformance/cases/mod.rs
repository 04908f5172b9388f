//! The cases, with one file per stage.

mod clean;
mod convergence;
mod events;
mod generations;
mod postflight;
mod preflight;
mod probes;
mod rules;
mod spelling;
mod wire;

use super::case::Case;

/// The cases of each stage, in the order in which they are run.
const ALL: [&[Case]; 10] = [
    &wire::CASES,
    &spelling::CASES,
    &preflight::CASES,
    &clean::CASES,
    &rules::CASES,
    &convergence::CASES,
    &events::CASES,
    &postflight::CASES,
    &probes::CASES,
    &generations::CASES,
];

pub fn all() -> impl Iterator<Item = &'static Case> {
    ALL.iter().flat_map(|stage| stage.iter())
}
