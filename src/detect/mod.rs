//! Detections over Santa's telemetry: files with rules, and rules of other programs.

pub mod rule_files;
pub mod sigma;
