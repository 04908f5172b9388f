//! Rules and evidence in files: one module a format.
//!
//! Each reads a reader or writes a writer; none opens a path, prints, or knows a server.

pub mod csv;
pub mod fileinfo;
