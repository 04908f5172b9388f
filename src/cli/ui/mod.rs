//! Prints the output of commands. Commands pass values, whose appearance depends on the output
//! format and on whether stdout is a terminal.
//!
//! Data goes to stdout, everything else to stderr.

mod arrangement;
mod cell;
mod entered;
mod filter;
mod layout;
mod line_editor;
mod list;
mod message;
mod outline;
mod output;
mod pager;
mod picker;
mod progress;
mod prompt;
mod report;
mod screen;
mod table;
mod yaml;

pub(crate) use arrangement::{Arrangement, ListView};
pub(crate) use cell::harmless;
pub(crate) use cell::{Cell, Column, Row, Tone, relative, rough};
pub(crate) use entered::EnteredCommand;
pub(crate) use filter::Filter;
pub(crate) use layout::wrap;
pub(crate) use list::List;
pub(crate) use message::fit_usage;
pub(crate) use outline::{Item, Section};
pub(crate) use output::{OutputOptions, Ui};
pub(crate) use pager::Pager;
pub(crate) use picker::{Choice, Choices};
pub(crate) use progress::Progress;
pub(crate) use prompt::Offer;
pub(crate) use report::{Facts, Group, Report};

#[cfg(test)]
pub(super) mod tests;
