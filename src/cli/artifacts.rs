//! Files that are generated from the commands: completions for shells, and manual pages.

use std::fs;
use std::io;
use std::path::Path;

use clap::{Command, ValueEnum};
use clap_complete::{Generator, Shell};

use super::completion;
use super::help::Topic;
use super::man::page;

/// The name and the content of a file.
pub type Artifact = (String, Vec<u8>);

/// The completion scripts for all shells.
///
/// # Errors
/// None: the scripts are written to memory.
pub fn all_completions() -> io::Result<Vec<Artifact>> {
    let shells = Shell::value_variants().iter();
    shells
        .map(|shell| Ok((shell.file_name("nicelist"), completion::registration(*shell)?)))
        .collect()
}

/// The manual, with one page per command and topic.
///
/// # Errors
/// None: the pages are written to memory.
pub fn man(mut command: Command) -> io::Result<Vec<Artifact>> {
    command.build();
    let mut pages = Vec::new();
    add_page(&command, "nicelist", &mut Vec::new(), &mut pages)?;
    let topics = Topic::ALL.into_iter();
    pages.extend(
        topics.map(|topic| (format!("{}.7", page::topic_name(topic)), page::of_topic(topic))),
    );
    Ok(pages)
}

/// Adds the page of a command and the pages of its subcommands.
fn add_page(
    command: &Command,
    name: &str,
    parents: &mut Vec<String>,
    pages: &mut Vec<Artifact>,
) -> io::Result<()> {
    pages.push((format!("{name}.1"), page::of_command(command, name, parents)?));
    parents.push(name.to_owned());
    // `help` and `man` have no page. Other hidden commands have a page.
    let is_page = |below: &&Command| !matches!(below.get_name(), "help" | "man");
    for command in command.get_subcommands().filter(is_page) {
        add_page(command, &format!("{name}-{}", command.get_name()), parents, pages)?;
    }
    parents.pop();
    Ok(())
}

/// Writes files into a folder, which is created if it does not exist.
///
/// # Errors
/// If the folder or a file cannot be written.
pub fn write_into(folder: &Path, files: Vec<Artifact>) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    files.into_iter().try_for_each(|(name, text)| fs::write(folder.join(name), text))
}
