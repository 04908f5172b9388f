//! The environment variables and files that the manual lists.

use std::path::PathBuf;

use super::backend::usual_database;
use super::env::{self, Environment};
use super::file::{Paths, SYSTEM_FILE};

/// An environment variable that users can set.
#[derive(Debug, Clone, Copy)]
pub struct Variable {
    pub name: &'static str,
    pub about: &'static str,
}

const fn variable(name: &'static str, about: &'static str) -> Variable {
    Variable { name, about }
}

/// All environment variables that users can set. The manual shows the names on Unix.
pub const VARIABLES: [Variable; 23] = [
    variable(env::SERVER, "URL of the server; --server overrides it"),
    variable(env::TOKEN, "API token; --token overrides it"),
    variable(env::CA, "PEM file with the only CAs to trust; --ca overrides it"),
    variable(env::CONTEXT, "Name of the context to use; --context overrides it"),
    variable(env::DATABASE, "URL of a database to use without a server; --database overrides it"),
    variable(env::CONFIG, "File to use instead of the user's configuration file; it must exist"),
    variable(env::OUTPUT, "Output format; --output overrides it"),
    variable(env::NICELIST_PAGER, "Command that shows output that is longer than the screen"),
    variable(env::PAGER, "Pager if NICELIST_PAGER is not set; the default is less -FRX"),
    variable(env::LESS, "Options for less instead of -FRX, if NICELIST_PAGER or PAGER is set"),
    variable(env::NO_COLOR, "Any value that is not empty turns colors off; --color overrides it"),
    variable(env::TERM, "The value dumb turns off the pager and everything that moves the cursor"),
    variable(env::LOG, "Log filter, such as info,nicelist::sync=debug; -v overrides it"),
    variable(env::VISUAL, "Editor for rules"),
    variable(env::EDITOR, "Editor if VISUAL is not set; the default is vi"),
    variable(env::BOOTSTRAP_TOKEN, "First admin token of a new server"),
    variable(env::ENROLLMENT_SECRET, "First enrollment secret of a new server"),
    variable("USER", "Author of changes to a local database"),
    variable(env::LOGNAME, "Author of changes to a local database if USER is not set"),
    variable("HOME", "Home directory, written as ~ in file names"),
    variable(env::XDG_CONFIG_HOME, "Folder for configuration files instead of ~/.config"),
    variable(env::XDG_DATA_HOME, "Folder for local databases instead of ~/.local/share"),
    variable(env::XDG_CACHE_HOME, "Folder for caches instead of ~/.cache"),
];

/// The default files of commands on Unix, each with a description. `~` is the home directory.
pub fn usual_files() -> Vec<(PathBuf, &'static str)> {
    let env = Environment { home: Some(PathBuf::from("~")), ..Environment::default() };
    let database = usual_database(&env);
    let database = database.and_then(|database| database.value.path().map(PathBuf::from));
    let files = [
        (Paths::of(&env).user, "Configuration file of the user"),
        (Some(PathBuf::from(SYSTEM_FILE)), "Configuration file for all users of the machine"),
        (database, "Local database, used if no server or database is configured"),
        (env.cache_directory(), "Values for completions; can be deleted at any time"),
    ];
    files.into_iter().filter_map(|(path, about)| Some((path?, about))).collect()
}

#[cfg(all(test, unix))]
mod tests {
    use std::cell::RefCell;
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_manual_has_every_variable_that_is_read() {
        let read = RefCell::new(BTreeSet::from([env::COMPLETE_IN_BACKGROUND.to_owned()]));
        let lookup = |name: &str| {
            read.borrow_mut().insert(name.to_owned());
            None
        };
        Environment::from_lookup(lookup).unwrap();
        let listed = VARIABLES.iter().map(|variable| variable.name);
        let listed = listed.chain([env::COMPLETE_IN_BACKGROUND]).map(str::to_owned);
        assert_eq!(listed.collect::<BTreeSet<_>>(), read.into_inner());
    }

    #[test]
    fn the_files_are_those_of_a_user_without_settings() {
        let files: Vec<_> = usual_files().into_iter().map(|(path, _)| path).collect();
        let expected = [
            "~/.config/nicelist/config.toml",
            "/etc/nicelist/config.toml",
            "~/.local/share/nicelist/nicelist.db",
            "~/.cache/nicelist",
        ];
        assert_eq!(files, expected.map(PathBuf::from));
    }
}
