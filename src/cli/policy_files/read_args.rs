//! The options for reading a file of rules.

use clap::Args;

use crate::cli::arg::Words;
use crate::format::{Defaults, Format};

/// How files of rules are read.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct ReadArgs {
    /// Input format [default: detected from the content]
    #[arg(long, value_name = "FORMAT", value_parser = formats())]
    pub(crate) from: Option<Format>,
    /// Read only the rules of this Zentral configuration
    #[arg(long, value_name = "NAME")]
    pub(crate) configuration: Option<String>,
}

impl ReadArgs {
    /// The defaults of a command that has none of its own.
    pub(super) fn defaults(&self) -> Defaults {
        Defaults { configuration: self.configuration.clone(), ..Defaults::default() }
    }
}

pub(crate) fn formats() -> Words<Format> {
    Words::new(Format::ALL.map(Format::word))
}
