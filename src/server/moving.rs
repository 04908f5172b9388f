//! Databases as a whole, for whoever keeps them: their schemas, and copies from one to another.

pub use crate::store::moving::{
    BackedUp, BackupError, Checked, Compared, CopiedEpoch, Copy, Migrated, Moved, MovingError,
    RestoreError, Restored, Step, backup, check, compare, examine_backup, migrate, restore,
};
