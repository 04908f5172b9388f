//! Files with detections: YAML with rules, correlations and baselines, and Terraform files with
//! North Pole's signals.
//!
//! Reading finds all faults of all files, each with its position. Expressions stay texts: a
//! [`Checker`] checks what depends on the schema of events.

mod detection;
mod dialect;
mod expression;
mod fixture;
mod folder;
mod keys;
mod read;
mod remark;
mod schema;
mod terraform;
#[cfg(test)]
mod tests;
mod values;
mod yaml;

pub use detection::{
    Baseline, Correlation, Detection, Dialect, Exceptions, Paths, References, SingleEvent, Tags,
    Trigger,
};
pub use dialect::{KINDS, MixedDialects, dialect};
pub use expression::{Checker, ExpressionText, Finding, Role, Unchecked};
pub use fixture::{ExpectedSignal, Fixture, FixtureEvent, FixtureTest};
pub use folder::{FixtureFile, SourceFile, is_fixture, open, open_fixtures};
pub use keys::{Key, Section};
pub use read::{PlacedDetection, RuleFiles, read};
pub use remark::{Level, Remark};
pub use schema::schema;
pub use values::{
    Credit, Description, DetectionId, DetectionTag, FieldPath, Period, Reference, Severity,
    Threshold, Title, UpTo, ValueError,
};
