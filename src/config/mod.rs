//! The settings of the command line, in layers, and the server or database that they select. Only
//! this module reads the environment. Warnings are returned, not printed.

mod backend;
mod edit;
mod env;
mod error;
mod file;
mod key;
mod layer;
mod origin;
mod reference;
mod settings;
mod values;

pub use backend::{Backend, Credential};
pub use edit::{DEFAULT_TEXT, init, set, unset};
pub use env::{Environment, arguments, executable, working_directory};
pub use error::{ConfigError, ConfigProblem, Warning};
pub use file::{ConfigFile, Files, Paths};
pub use key::{ConfigKey, Name};
pub use layer::Flags;
pub use origin::{Origin, Source, WithOrigin};
pub use reference::{VARIABLES, Variable, usual_files};
pub use settings::{ConfigEntry, ContextEntry, Settings};
pub use values::{CaFile, Color, DatabaseUrl, Output, Secret, ServerUrl};

pub mod names {
    pub use super::env::{
        BOOTSTRAP_TOKEN, CA, COMPLETE, COMPLETE_IN_BACKGROUND, CONFIG, CONTEXT, DATABASE, EDITOR,
        ENROLLMENT_SECRET, HOME, LESS, LOG, LOGNAME, NICELIST_PAGER, NO_COLOR, OUTPUT, PAGER,
        SERVER, TERM, TOKEN, USER, VISUAL, XDG_CACHE_HOME, XDG_CONFIG_HOME, XDG_DATA_HOME,
    };
}
