//! The text of manual pages.

use std::any::TypeId;
use std::io;
use std::path::MAIN_SEPARATOR;

use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, italic, roman};

use crate::cli::error::Kind;
use crate::cli::help::Topic;
use crate::config::{VARIABLES, Variable, names, usual_files};
use crate::format::Format;
use crate::rule::Scope;

const PROGRAM: &str = "nicelist";
const SOURCE: &str = concat!("nicelist ", env!("CARGO_PKG_VERSION"));
const MANUAL: &str = "nicelist manual";
/// An empty argument in roff. Without it, the source would be in the place of the date.
const NO_DATE: &str = "\"\"";

/// Variables that only one command uses. Only its page and the first page list them.
const SPECIAL: [(&str, &str); 4] = [
    (names::BOOTSTRAP_TOKEN, "nicelist-serve"),
    (names::ENROLLMENT_SECRET, "nicelist-serve"),
    (names::VISUAL, "nicelist-rule-edit"),
    (names::EDITOR, "nicelist-rule-edit"),
];

/// The page of a command. `parents` are the names of the pages above it, the first page first.
pub(in crate::cli) fn of_command(
    command: &Command,
    name: &str,
    parents: &[String],
) -> io::Result<Vec<u8>> {
    let named = command.clone().name(name.to_owned()).display_name(name.to_owned());
    // clap would repeat the version, which is in the title, and the examples, which have a section
    // below.
    let named = named.version(None::<&'static str>).after_long_help(None::<&'static str>);
    let mut text = Vec::new();
    Man::new(named).date(NO_DATE).source(SOURCE).manual(MANUAL).render(&mut text)?;
    let mut roff = Roff::new();
    if let Some(help) = command.get_after_long_help() {
        examples(&mut roff, &help.to_string());
    }
    exit_status(&mut roff);
    environment(&mut roff, name);
    files(&mut roff);
    let mut pages: Vec<String> = parents.iter().map(|parent| format!("{parent}(1)")).collect();
    let below = command.get_subcommands().filter(|below| !below.is_hide_set());
    pages.extend(below.map(|below| format!("{name}-{}(1)", below.get_name())));
    let is_first = parents.is_empty();
    let topics = Topic::ALL.into_iter().filter(|topic| is_about(command, *topic, is_first));
    pages.extend(topics.map(topic_reference));
    see_also(&mut roff, &pages);
    text.extend_from_slice(without_preamble(&roff.render()).as_bytes());
    Ok(text)
}

/// The page of a topic. Headings of its text become sections.
pub(in crate::cli) fn of_topic(topic: Topic) -> Vec<u8> {
    let name = topic_name(topic);
    let mut roff = Roff::new();
    roff.control("TH", [&*name, "7", NO_DATE, SOURCE, MANUAL]);
    section(&mut roff, "NAME");
    roff.text([roman(format!("{name} - {}", topic.about()))]);
    section(&mut roff, "SYNOPSIS");
    roff.text([bold(format!("{PROGRAM} help {}", topic.name()))]);
    section(&mut roff, "DESCRIPTION");
    for block in topic.text().trim_end().split("\n\n") {
        if block.starts_with(' ') {
            verbatim(&mut roff, block.lines());
        } else if block.chars().any(char::is_lowercase) {
            roff.control("PP", []);
            for line in block.lines() {
                roff.text([roman(line)]);
            }
        } else {
            section(&mut roff, block);
        }
    }
    let commands = topic.commands().iter().map(|command| format!("{command}(1)"));
    let others = Topic::ALL.into_iter().filter(|other| *other != topic).map(topic_reference);
    let pages = std::iter::once(format!("{PROGRAM}(1)")).chain(commands).chain(others);
    see_also(&mut roff, &pages.collect::<Vec<_>>());
    roff.render().into_bytes()
}

pub(in crate::cli) fn topic_name(topic: Topic) -> String {
    format!("{PROGRAM}-{}", topic.name())
}

fn topic_reference(topic: Topic) -> String {
    format!("{}(7)", topic_name(topic))
}

/// Whether the page of a command refers to a topic. The first page refers to all topics.
fn is_about(command: &Command, topic: Topic, is_first: bool) -> bool {
    let parses = |value: TypeId| {
        let mut arguments = command.get_arguments();
        arguments.any(|argument| argument.get_value_parser().type_id() == value)
    };
    is_first
        || match topic {
            Topic::Scopes => parses(TypeId::of::<Scope>()),
            Topic::Formats => parses(TypeId::of::<Format>()),
            Topic::ExitCodes => true,
        }
}

fn section(roff: &mut Roff, heading: &str) {
    roff.control("SH", [heading]);
}

/// The text after the options: examples, and other blocks, such as a list of settings. Each block
/// begins with its heading.
fn examples(roff: &mut Roff, help: &str) {
    let mut blocks: Vec<&str> = help.split("\n\n").collect();
    blocks.sort_by_key(|block| block.starts_with("Examples:"));
    for block in blocks {
        let mut lines = block.lines();
        let heading = lines.next().unwrap_or_default().trim_end_matches(':');
        section(roff, &heading.to_uppercase());
        verbatim(roff, lines);
    }
}

/// Lines without their common indentation.
fn verbatim<'a>(roff: &mut Roff, lines: impl Iterator<Item = &'a str>) {
    let lines: Vec<&str> = lines.collect();
    let indent = |line: &&str| line.len() - line.trim_start().len();
    let left = lines.iter().filter(|line| !line.is_empty()).map(indent).min().unwrap_or_default();
    roff.control("RS", ["4"]).control("nf", []);
    for line in lines {
        roff.text([roman(line.get(left..).unwrap_or_default())]);
    }
    roff.control("fi", []).control("RE", []);
}

fn exit_status(roff: &mut Roff) {
    section(roff, "EXIT STATUS");
    for kind in Kind::ALL {
        item(roff, &kind.exit_code().to_string(), kind.meaning());
    }
}

fn environment(roff: &mut Roff, page: &str) {
    section(roff, "ENVIRONMENT");
    for variable in VARIABLES.iter().filter(|variable| is_listed(variable, page)) {
        item(roff, variable.name, variable.about);
    }
}

/// Whether a page lists a variable.
fn is_listed(variable: &Variable, page: &str) -> bool {
    let special = SPECIAL.iter().find(|(name, _)| *name == variable.name);
    page == PROGRAM || special.is_none_or(|(_, only)| *only == page)
}

fn files(roff: &mut Roff) {
    section(roff, "FILES");
    for (path, about) in usual_files() {
        // On Windows, too, paths are written with `/`, so that all systems have the same pages.
        let path = path.display().to_string().replace(MAIN_SEPARATOR, "/");
        roff.control("TP", []);
        roff.text([italic(path)]);
        roff.text([roman(about)]);
    }
}

fn item(roff: &mut Roff, name: &str, about: &str) {
    roff.control("TP", []);
    roff.text([bold(name)]);
    roff.text([roman(about)]);
}

fn see_also(roff: &mut Roff, pages: &[String]) {
    section(roff, "SEE ALSO");
    let last = pages.len().saturating_sub(1);
    for (at, page) in pages.iter().enumerate() {
        let (name, number) = page.split_once('(').unwrap_or((page.as_str(), ""));
        let comma = if at == last { "" } else { "," };
        roff.text([bold(name), roman(format!("({number}{comma}"))]);
    }
}

/// The document without the definitions that it begins with, to add it to another document.
fn without_preamble(text: &str) -> &str {
    text.strip_prefix(&Roff::new().render()).unwrap_or(text)
}
