//! Files that follow from the grammar: completions for shells and manual pages.

use std::fs;
use std::io;
use std::path::Path;

use clap::{Command, ValueEnum};
use clap_complete::Shell;
use clap_mangen::Man;

use super::command;

/// The name of a file and what is in it.
pub type Artifact = (String, Vec<u8>);

/// What a shell loads to complete `nicelist`.
#[must_use]
pub fn completions(shell: Shell) -> Vec<u8> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut command(), "nicelist", &mut text);
    text
}

/// The completions of all shells.
#[must_use]
pub fn all_completions() -> Vec<Artifact> {
    use clap_complete::Generator;
    let shells = Shell::value_variants().iter();
    shells.map(|shell| (shell.file_name("nicelist"), completions(*shell))).collect()
}

/// The manual: one page a command.
///
/// # Errors
/// None that memory does not have; the generator writes to anything.
pub fn man() -> io::Result<Vec<Artifact>> {
    let mut command = command();
    command.build();
    let mut pages = Vec::new();
    page(&command, "nicelist", &mut pages)?;
    Ok(pages)
}

/// The page of a command, named by the whole way to it, and those of the commands below.
fn page(command: &Command, name: &str, pages: &mut Vec<Artifact>) -> io::Result<()> {
    let named = command.clone().name(name.to_owned()).display_name(name.to_owned());
    let mut text = Vec::new();
    Man::new(named).render(&mut text)?;
    pages.push((format!("{name}.1"), text));
    let below = command.get_subcommands().filter(|below| !below.is_hide_set());
    for command in below {
        page(command, &format!("{name}-{}", command.get_name()), pages)?;
    }
    Ok(())
}

/// Writes files into a folder, which is made if it is not there.
///
/// # Errors
/// When the folder or a file cannot be written.
pub fn write_into(folder: &Path, files: Vec<Artifact>) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    files.into_iter().try_for_each(|(name, text)| fs::write(folder.join(name), text))
}
