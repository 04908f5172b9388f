//! Reads and writes rules, settings and tags in files and folders, in any format.

mod bounded;
mod fault_list;
mod identical_rows;
mod input;
mod list_lines;
mod loss_summary;
mod output;
mod path;
mod read_args;
mod whole;

pub(crate) use bounded::{Bounded, LARGEST_PEM};
pub(crate) use fault_list::{FaultList, choose_duplicates};
pub(crate) use identical_rows::IdenticalRows;
pub(crate) use input::{Fault, FileNames, Input, Reading, counted};
pub(crate) use list_lines::{ListLine, list_lines};
pub(crate) use loss_summary::LossSummary;
pub(crate) use output::{Destination, Finished, WriteOptions, write_file};
pub(crate) use path::{STDIO, length_of, name_of, read_files, unreadable, unwritable};
pub(crate) use read_args::{ReadArgs, formats};
pub(crate) use whole::{
    read_profile, read_settings, read_whole, refuse_configuration, refuse_faults, warn_of_notes,
};
