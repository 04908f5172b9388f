//! Maintenance of whole databases, such as migrations, copies and backups.

pub use crate::store::maintenance::{
    BackedUp, BackupError, Checked, Compared, CopiedEpoch, CopiedTable, CopyStep, DatabaseCopy,
    MaintenanceError, Migrated, RestoreError, Restored, backup, check, compare, examine_backup,
    migrate, quick_check, restore,
};
