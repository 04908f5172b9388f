//! `nicelist lab`.

mod args;
mod certificates;
mod conformance;
mod daemon;
mod enrolled;
mod errors;
mod fleet;
mod observed;
mod sync;
mod view;

pub(super) use certificates::CertificateArgs;
pub(super) use enrolled::Enrolled;
pub(super) use errors::failed_stage;

use clap::Subcommand;

use super::context::Context;
use super::error::CliError;

/// Test sync servers with simulated Macs
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Sync(Box<sync::SyncArgs>),
    Conformance(Box<conformance::ConformanceArgs>),
    Fleet(Box<fleet::FleetArgs>),
}

pub(super) async fn run(context: &Context, command: Command) -> Result<(), CliError> {
    match command {
        Command::Sync(args) => sync::run(context, *args).await,
        Command::Conformance(args) => conformance::run(context, *args).await,
        Command::Fleet(args) => fleet::run(context, *args).await,
    }
}
