//! `nicelist database`.

mod compare;
mod copy;
mod migrate;

use clap::Subcommand;

use super::context::Context;
use super::error::CliError;
use super::ui::Progress;
use crate::server::moving::{MovingError, Step};

/// Move a database to another, whole
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Copy(copy::CopyArgs),
    Compare(compare::CompareArgs),
    Migrate(migrate::MigrateArgs),
}

pub(super) async fn run(context: &Context, command: Command) -> Result<(), CliError> {
    match command {
        Command::Copy(args) => copy::run(context, args).await,
        Command::Compare(args) => compare::run(context, args).await,
        Command::Migrate(args) => migrate::run(context, args).await,
    }
}

/// Shows what a copy does next.
fn show(progress: &Progress, step: Step) {
    match step {
        Step::Copying(table) => progress.say(format!("copying {table}")),
        Step::Completing => progress.say("indexing"),
        Step::Checking(table) => progress.say(format!("comparing {table}")),
        Step::Rows(rows) => progress.advance(rows),
    }
}

impl From<MovingError> for CliError {
    fn from(error: MovingError) -> Self {
        let message = error.to_string();
        match error {
            MovingError::Open(_) | MovingError::Read { .. } | MovingError::Write { .. } => {
                Self::failed(message)
            }
            MovingError::Differs { tables, .. } => {
                let different = tables.iter().filter(|table| !table.is_same());
                Self::failed(message).because(different.map(compare::sentence))
            }
        }
    }
}
