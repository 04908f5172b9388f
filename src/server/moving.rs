//! Whole databases, for administrators: migrations, copies, backups and checks.

pub use crate::store::moving::{
    BackedUp, BackupError, Checked, Compared, CopiedEpoch, Copy, Migrated, Moved, MovingError,
    RestoreError, Restored, Step, backup, check, compare, examine_backup, migrate, restore,
};
