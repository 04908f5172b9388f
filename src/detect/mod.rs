//! Detections over Santa's telemetry: files with rules and their checks, rules of other programs, the
//! schema of the telemetry, the files that contain it, and made-up telemetry for tests.
//!
//! Events stay in protobuf's wire format, as Santa wrote them. Only what is shown is decoded.

pub mod check;
pub mod generate;
pub mod rule_files;
pub mod sigma;
pub mod spool;
pub mod telemetry;
pub mod wire;
