//! Detections over Santa's telemetry: its schema, the files that contain it, and made-up telemetry
//! for tests.
//!
//! Events stay in protobuf's wire format, as Santa wrote them. Only what is shown is decoded.

pub mod generate;
pub mod spool;
pub mod telemetry;
pub mod wire;
