//! `nicelist enroll`.

mod check;
mod profile;

use super::commands::commands;

commands! {
    /// Create and check the profiles that enroll Macs
    Profile => profile::ProfileArgs,
    Check => check::CheckArgs,
}
