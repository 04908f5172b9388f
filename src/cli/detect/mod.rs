//! `nicelist detect`.

mod import;

use super::commands::commands;

commands! {
    /// Write and test detections over Santa's telemetry
    Import => import::ImportArgs,
}
