//! The contract of the store, kept by every database.
