//! Rules and evidence in files: one module a format.
//!
//! Each reads readers or bytes and writes a writer or bytes; none opens a path, prints, or knows
//! a server. Files that grow by the row are streamed ([`csv`]); the others are read whole, into a
//! [`Document`].

pub mod csv;
mod detect;
mod document;
pub mod fileinfo;
mod gather;
pub mod json;
mod kind;
mod loss;
pub mod manifest;
pub mod moroz;
pub mod profile;
mod record;
pub mod rudolph;
pub mod santactl;
mod seen;
mod table;
pub mod terraform;
#[cfg(test)]
mod tests;
mod text;
mod words;
pub mod workshop;
pub mod zentral;

pub use document::{
    Content, Defaults, Document, File, Loss, Lost, Place, PlacedRule, PlacedSetting, PlacedTag,
    Remark, Spot, Written,
};

pub use detect::ReadOnly;
pub use kind::{Format, UnknownFormat};
