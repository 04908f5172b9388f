//! Detections over Santa's telemetry: files with rules and their checks, rules of other programs, the
//! schema of the telemetry, the files that contain it, the evaluation of rules over events, and
//! made-up telemetry for tests.
//!
//! Events stay in protobuf's wire format, as Santa wrote them. Only what is shown is decoded.

pub mod backtest;
pub mod check;
mod detector;
pub mod evaluate;
pub mod generate;
pub mod rule_files;
pub mod sigma;
pub mod signal;
pub mod spool;
pub mod state;
pub mod telemetry;
pub mod wire;

pub use detector::{Detector, DetectorCounts};
pub use evaluate::{RuleError, RuleSet};
pub use signal::Signal;
