//! Help that is not about a single command. Each topic is a text file in `topics/`.

use std::borrow::Cow;

use crate::cli::error::Kind;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Topic {
    Scopes,
    Formats,
    ExitCodes,
}

/// Replaced with the table of exit codes.
const CODES: &str = "{codes}";

impl Topic {
    pub(crate) const ALL: [Self; 3] = [Self::Scopes, Self::Formats, Self::ExitCodes];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Scopes => "scopes",
            Self::Formats => "formats",
            Self::ExitCodes => "exit-codes",
        }
    }

    pub(crate) const fn about(self) -> &'static str {
        match self {
            Self::Scopes => "the hosts that rules and settings apply to",
            Self::Formats => "formats of output and of files",
            Self::ExitCodes => "results that scripts can distinguish",
        }
    }

    /// The manual pages that contain more about the topic.
    pub(crate) const fn commands(self) -> &'static [&'static str] {
        match self {
            Self::Scopes => {
                &["nicelist-host-tag", "nicelist-rule-add", "nicelist-settings-set", "nicelist-tag"]
            }
            Self::Formats => {
                &["nicelist-rule-convert", "nicelist-rule-export", "nicelist-rule-import"]
            }
            Self::ExitCodes => &[
                "nicelist-enroll-check",
                "nicelist-find",
                "nicelist-plan",
                "nicelist-rule-lint",
                "nicelist-status",
            ],
        }
    }

    /// The names of all topics.
    pub(crate) fn names(separator: &str) -> String {
        Self::ALL.map(Self::name).join(separator)
    }

    /// The text. Headings are in capitals, and tables and examples are indented by 4 spaces.
    pub(crate) fn text(self) -> Cow<'static, str> {
        match self {
            Self::Scopes => include_str!("topics/scopes.txt").into(),
            Self::Formats => include_str!("topics/formats.txt").into(),
            Self::ExitCodes => {
                include_str!("topics/exit-codes.txt").replace(CODES, &exit_codes()).into()
            }
        }
    }

    /// The text with a title.
    pub(crate) fn page(self) -> String {
        format!("{}: {}\n\n{}", self.name(), self.about(), self.text())
    }
}

fn exit_codes() -> String {
    let lines = Kind::ALL.iter().map(|it| format!("    {:>3}  {}", it.exit_code(), it.meaning()));
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::Cli;
    use crate::config::Output;
    use crate::format::Format;

    /// Maximum width of a line.
    const WIDTH: usize = 76;

    #[test]
    fn topics_fit_on_a_terminal() {
        for topic in Topic::ALL {
            let page = topic.page();
            let wide = page.lines().find(|line| line.chars().count() > WIDTH);
            assert_eq!(wide, None, "{}", topic.name());
            assert!(page.is_ascii() && page.ends_with('\n'), "{}", topic.name());
            assert!(!page.contains('{'), "{}", topic.name());
        }
    }

    #[test]
    fn examples_are_valid_commands() {
        for topic in Topic::ALL {
            let text = topic.text();
            let (_, examples) = text.split_once("\nEXAMPLES\n").unwrap();
            let lines = examples.lines().filter_map(|line| line.strip_prefix("    "));
            let lines: Vec<&str> = lines.collect();
            assert!(!lines.is_empty(), "{}", topic.name());
            for line in lines {
                let parsed = Cli::try_parse_from(line.split(' '));
                assert!(parsed.is_ok(), "{line}: {:?}", parsed.err());
            }
        }
    }

    #[test]
    fn the_formats_are_complete() {
        let text = Topic::Formats.text();
        let rows = text.lines().filter(|line| line.starts_with("    "));
        let words: Vec<&str> = rows.flat_map(|row| row.split([' ', ','])).collect();
        for word in Output::ALL.map(Output::as_str) {
            assert!(words.contains(&word), "{word}");
        }
        for word in Format::ALL.map(Format::word) {
            assert!(words.contains(&word), "{word}");
        }
    }

    #[test]
    fn the_exit_codes_are_those_of_errors() {
        let text = Topic::ExitCodes.text();
        for kind in Kind::ALL {
            let row = format!("{:>7}  {}\n", kind.exit_code(), kind.meaning());
            assert!(text.contains(&row), "{kind:?}");
        }
    }

    #[test]
    fn no_topic_is_also_a_command() {
        let command = crate::cli::command();
        for topic in Topic::ALL {
            assert!(command.find_subcommand(topic.name()).is_none(), "{}", topic.name());
        }
    }
}
