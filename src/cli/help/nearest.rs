//! The commands and topics that are most similar to an unknown word.

use clap::Command;

use super::Topic;
use crate::cli::error::CliError;

/// Maximum names that are suggested.
const MOST: usize = 3;

/// A word that is not a subcommand of the command before it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unknown {
    /// The commands before the word, such as `rule`.
    parents: Vec<String>,
    word: String,
    /// Names that can follow `nicelist help` instead, the most similar first.
    nearest: Vec<String>,
}

/// The first word that is not a command. A command without subcommands ignores the words after it.
pub(super) fn first_unknown<'a>(
    root: &Command,
    words: impl Iterator<Item = &'a str>,
) -> Option<Unknown> {
    let mut command = root;
    let mut parents = Vec::new();
    for word in words {
        if !command.has_subcommands() {
            return None;
        }
        match command.find_subcommand(word) {
            Some(below) => {
                parents.push(below.get_name().to_owned());
                command = below;
            }
            None => {
                let nearest = nearest(command, &parents, word);
                return Some(Unknown { parents, word: word.to_owned(), nearest });
            }
        }
    }
    None
}

fn nearest(command: &Command, parents: &[String], word: &str) -> Vec<String> {
    let commands = command.get_subcommands().map(Command::get_name);
    let topics = Topic::ALL.into_iter().filter(|_| parents.is_empty()).map(|topic| topic.name());
    let word = word.to_lowercase();
    let mut found: Vec<(usize, &str)> = commands
        .chain(topics)
        .map(|name| (strsim::damerau_levenshtein(&word, name), name))
        .filter(|(distance, name)| *distance <= name.len().div_ceil(3))
        .collect();
    found.sort_by_key(|(distance, _)| *distance);
    let path =
        |name: &str| parents.iter().map(String::as_str).chain([name]).collect::<Vec<_>>().join(" ");
    found.into_iter().take(MOST).map(|(_, name)| path(name)).collect()
}

impl Unknown {
    pub(super) fn error(self) -> CliError {
        let Self { parents, word, nearest } = self;
        let parent = parents.join(" ");
        let error = CliError::usage(match parents.is_empty() {
            true => format!("no command or topic `{word}`"),
            false => format!("{parent} has no subcommand `{word}`"),
        });
        match (nearest.is_empty(), parents.is_empty()) {
            (false, _) => nearest.iter().fold(error, |error, name| {
                error.hint(format!("did you mean: nicelist help {name}"))
            }),
            (true, true) => error
                .hint("nicelist --help lists the commands")
                .hint(format!("the topics are {}", Topic::names(", "))),
            (true, false) => error.hint(format!("nicelist help {parent} lists its subcommands")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nearest_to(words: &str) -> Option<Vec<String>> {
        let unknown = first_unknown(&crate::cli::command(), words.split(' '));
        unknown.map(|unknown| unknown.nearest)
    }

    #[test]
    fn commands_and_topics_are_suggested() {
        assert_eq!(nearest_to("scope"), Some(vec!["scopes".to_owned()]));
        assert_eq!(nearest_to("ruel"), Some(vec!["rule".to_owned()]));
        let rules = nearest_to("rule lnit").unwrap();
        assert_eq!(rules.first().map(String::as_str), Some("rule lint"));
        assert_eq!(nearest_to("zebra crossing"), Some(Vec::new()));
    }

    #[test]
    fn known_commands_and_their_aliases_need_no_suggestion() {
        for words in ["rule", "rule ls", "find zoom", "rule add allow"] {
            assert_eq!(nearest_to(words), None, "{words}");
        }
    }
}
