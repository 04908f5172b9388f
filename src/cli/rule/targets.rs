//! Targets on the command line, or on stdin with one per line.

use std::fmt::Display;
use std::io::BufRead;

use crate::cli::error::CliError;
use crate::cli::policy_files::{ListLine, list_lines};
use crate::rule::Target;

const STDIN: &str = "-";

/// Reads all targets; `-` means those on stdin. All invalid ones are in the error.
pub(super) fn read(given: &[String], stdin: impl BufRead) -> Result<Vec<Target>, CliError> {
    let mut reading = Reading::default();
    let mut stdin = Some(stdin);
    for text in given {
        match (text.as_str(), stdin.take_if(|_| text == STDIN)) {
            (_, Some(stdin)) => reading.lines(stdin)?,
            (STDIN, None) => {}
            (text, None) => reading.add(text, || format!("`{text}`")),
        }
    }
    reading.finish()
}

#[derive(Default)]
struct Reading {
    targets: Vec<Target>,
    wrong: Vec<String>,
}

impl Reading {
    fn add<D: Display>(&mut self, text: &str, place: impl FnOnce() -> D) {
        match text.parse() {
            Ok(target) => self.targets.push(target),
            Err(error) => self.wrong.push(format!("{}: {error}", place())),
        }
    }

    fn lines(&mut self, stdin: impl BufRead) -> Result<(), CliError> {
        for line in list_lines(stdin) {
            let ListLine { place, text } = line?;
            match text {
                Ok(text) => self.add(&text, || place),
                Err(error) => self.wrong.push(format!("{place}: {error}")),
            }
        }
        Ok(())
    }

    fn finish(self) -> Result<Vec<Target>, CliError> {
        match self.wrong.len() {
            0 if self.targets.is_empty() => Err(CliError::input("no targets are given")),
            0 => Ok(self.targets),
            1 => Err(CliError::input(self.wrong.concat())),
            count => {
                Err(CliError::input(format!("{count} targets are invalid; nothing was changed"))
                    .because(self.wrong))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_words(given: &[&str], stdin: &str) -> Result<Vec<String>, CliError> {
        let given: Vec<String> = given.iter().map(|text| (*text).to_owned()).collect();
        let targets = read(&given, stdin.as_bytes())?;
        Ok(targets.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn stdin_may_have_comments_and_empty_lines() {
        let stdin = "# teams\r\n\n teamid:EQHXZ8M8AV\r\nteam:abcde12345";
        let targets = read_words(&["-"], stdin).unwrap();
        assert_eq!(targets, ["teamid:EQHXZ8M8AV", "teamid:ABCDE12345"]);
    }

    #[test]
    fn every_bad_line_is_reported_with_its_number() {
        let error = read_words(&["-"], "teamid:EQHXZ8M8AV\nnonsense\n\nteamid:X\n").unwrap_err();
        assert_eq!(error.kind.exit_code(), 5);
        assert_eq!(error.causes.len(), 2);
        assert!(error.causes[0].starts_with("stdin:2: `nonsense`"), "{:?}", error.causes);
        assert!(error.causes[1].starts_with("stdin:4: "), "{:?}", error.causes);
    }

    #[test]
    fn arguments_and_stdin_are_read_in_order() {
        let targets = read_words(&["teamid:AAAAAAAAAA", "-"], "teamid:BBBBBBBBBB").unwrap();
        assert_eq!(targets, ["teamid:AAAAAAAAAA", "teamid:BBBBBBBBBB"]);
    }

    #[test]
    fn an_empty_stdin_is_an_error() {
        assert_eq!(read_words(&["-"], "# nothing\n").unwrap_err().message, "no targets are given");
    }

    #[test]
    fn a_single_wrong_target_is_one_line() {
        let error = read_words(&["teamid:SHORT"], "").unwrap_err();
        assert!(error.message.contains("teamid:SHORT") && error.causes.is_empty());
    }
}
