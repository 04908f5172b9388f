//! The command that the user entered. Hints repeat it with another option, so that the hint can be
//! pasted.

use std::ffi::OsString;

use crate::cli::command;
use crate::shell::argument;

/// Global options that are not repeated. [`Ui::command`](super::Ui::command) adds those that select
/// a server, and a token is a secret.
const LEFT_OUT: [&str; 5] = ["--server", "--token", "--ca", "--context", "--database"];
/// Maximum bytes of the arguments. A command with more arguments is shortened, because it would
/// hide the rest of the hint.
const LONGEST: usize = 500;

#[derive(Default)]
pub(crate) struct EnteredCommand {
    words: Vec<String>,
}

impl EnteredCommand {
    /// `arguments` begins with the name of the program.
    pub(crate) fn of(arguments: impl IntoIterator<Item = OsString>) -> Self {
        let mut words = Vec::new();
        let mut arguments = arguments.into_iter().skip(1);
        while let Some(word) = arguments.next() {
            let word = word.to_string_lossy();
            let (name, has_value) = match word.split_once('=') {
                Some((name, _)) => (name, true),
                None => (&*word, false),
            };
            if !LEFT_OUT.contains(&name) {
                words.push(word.into_owned());
            } else if !has_value {
                arguments.next();
            }
        }
        Self { words }
    }

    /// The command with more options. `program` is its beginning.
    pub(super) fn with(&self, program: &str, options: &str) -> String {
        let quoted = |words: &[String]| {
            words.iter().map(|word| format!(" {}", argument(word))).collect::<String>()
        };
        let (before, after) = self.parts();
        let (before, after) = (quoted(before), quoted(after));
        match before.len() + after.len() {
            ..=LONGEST => format!("{program}{before} {options}{after}"),
            _ => format!("{program} … {options}"),
        }
    }

    /// The command with more options, which are separated by spaces. `None` if the command does not
    /// accept them, for example because it already has one of them.
    pub(super) fn accepting(&self, program: &str, options: &str) -> Option<String> {
        let (before, after) = self.parts();
        let words = before.iter().map(String::as_str).chain(options.split(' '));
        let words = words.chain(after.iter().map(String::as_str));
        command().try_get_matches_from(std::iter::once("nicelist").chain(words)).ok()?;
        Some(self.with(program, options))
    }

    /// The words before and after the place of more options.
    fn parts(&self) -> (&[String], &[String]) {
        let end = self.words.iter().position(|word| word == "--").unwrap_or(self.words.len());
        self.words.split_at(end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repeated(line: &str) -> String {
        let entered = EnteredCommand::of(line.split('|').map(OsString::from));
        entered.with("nicelist", "--yes")
    }

    #[test]
    fn a_command_is_repeated_with_an_option_and_without_its_token() {
        let quoted = format!("nicelist host forget {} --yes", argument("annas mac"));
        assert_eq!(repeated("nicelist|host|forget|annas mac"), quoted);
        let secrets = "nicelist|--token|s3cret|tag|delete|eng|--token=s3cret|--database|postgres://a:s3cret@b/c";
        assert_eq!(repeated(secrets), "nicelist tag delete eng --yes");
        assert_eq!(repeated("nicelist|rule|remove|--|-x"), "nicelist rule remove --yes -- -x");
        let long = format!("nicelist|host|tag|{}", "m".repeat(LONGEST));
        assert_eq!(repeated(&long), "nicelist … --yes");
    }
    #[test]
    fn options_that_the_command_does_not_accept_are_not_added() {
        let accepting = |line: &str, options| {
            let entered = EnteredCommand::of(line.split(' ').map(OsString::from));
            entered.accepting("nicelist", options)
        };
        let (block, force) = ("nicelist rule add block teamid:ZMCG7MLDV9", "--force --reason TEXT");
        assert_eq!(accepting(block, force), Some(format!("{block} {force}")));
        assert_eq!(accepting("nicelist event approve 1", force), None);
        let scoped = "nicelist event approve 1 --scope fleet";
        assert_eq!(accepting(scoped, "--scope host:NAME"), None);
    }
}
