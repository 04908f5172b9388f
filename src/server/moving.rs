//! Databases as a whole, for whoever keeps them: their schemas, and copies from one to another.

pub use crate::store::moving::{
    Checked, Compared, Copy, Migrated, Moved, MovingError, Step, check, compare, migrate,
};
