//! The formats of files with rules, settings and tags, and of reports about programs.
//!
//! The modules read and write bytes. They do not open paths, print, or use a server. Formats with
//! a rule per row can be read one rule at a time ([`rows`]). All formats can be read as a whole,
//! into a [`ParsedPolicy`].

mod builder;
mod configurations;
pub mod csv;
mod detect;
mod duplicates;
pub mod enrollment;
pub mod fileinfo;
pub mod json;
mod kind;
mod loss;
pub mod manifest;
pub mod moroz;
mod non_rule_files;
mod own;
mod parsed;
pub mod profile;
mod record;
pub mod rows;
pub mod rudolph;
mod santa;
pub mod santactl;
pub mod terraform;
#[cfg(test)]
mod tests;
pub mod workshop;
pub mod zentral;

pub use detect::ReadOnly;
pub use duplicates::{
    Duplicates, LastLines, PairMap, Repeats, RowDuplicates, UnknownDuplicates, identical_rows,
};
pub use kind::{Format, UnknownFormat};
pub use non_rule_files::{NonRuleFile, NonRuleFileKind};
pub use parsed::{
    Content, Defaults, File, Location, Loss, Lost, ParsedPolicy, PlacedRule, PlacedSetting,
    PlacedTag, Remark, Spot, Written,
};
