//! Files and folders of rules that are named on the command line: opened, read in whatever
//! format they are in, and written.

mod bounded;
mod document;
mod faults;
mod input;
mod losses;
mod output;
mod place;
mod read_args;

pub(crate) use bounded::{Bounded, LARGEST_PEM};
pub(crate) use document::{
    read_settings, read_whole, refuse_configuration, refuse_faults, warn_of_notes,
};
pub(crate) use faults::{CHOOSE_DUPLICATES, FaultList};
pub(crate) use input::{Fault, Input, Names, Reading, counted};
pub(crate) use losses::Losses;
pub(crate) use output::{Destination, Finished, Terms, write_file};
pub(crate) use place::{STDIO, length_of, name_of, read_files, unreadable};
pub(crate) use read_args::{ReadArgs, formats};
