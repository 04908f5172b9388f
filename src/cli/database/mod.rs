//! `nicelist database`.

mod accept_clock;
mod backup;
mod check;
mod compare;
mod copy;
mod migrate;
mod named;
mod new_epoch;
mod restore;

use super::commands::commands;

commands! {
    /// Back up, restore, copy and check databases
    Backup => backup::BackupArgs,
    Restore => restore::RestoreArgs,
    NewEpoch => new_epoch::NewEpochArgs,
    Copy => copy::CopyArgs,
    Compare => compare::CompareArgs,
    Check => check::CheckArgs,
    Migrate => migrate::MigrateArgs,
    AcceptClock => accept_clock::AcceptClockArgs,
}
