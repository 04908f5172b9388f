//! How messages and tables name a host, a program, a rule and the outcome of an edit.

use super::ui::{Cell, Tone};
use crate::rule::{MachineId, Outcome, PolicyKind, Program, RuleDraft};

/// The host name, or the machine ID of a host without a name.
pub(super) fn host_label<'a>(hostname: &'a str, machine: &'a MachineId) -> &'a str {
    if hostname.is_empty() { machine.as_str() } else { hostname }
}

/// The name of a program's file, or its hash if no path is known.
pub(super) fn program_label<'a>(path: &'a str, sha256: &'a str) -> &'a str {
    match path.rsplit('/').next() {
        None | Some("") => sha256,
        Some(name) => name,
    }
}

/// The organization or name in the certificate, or else the team ID.
pub(super) fn publisher(program: &Program) -> &str {
    let leaf = program.certificate.as_ref();
    let named = leaf.map(|leaf| match leaf.organization.as_str() {
        "" => leaf.common_name.as_str(),
        organization => organization,
    });
    named.filter(|name| !name.is_empty()).unwrap_or(&program.team_id)
}

/// The warning about a list to which older events may still add items.
pub(super) const INCOMPLETE: &str =
    "the server is still reading older events; this list may be incomplete";

/// A rule in one line: `allow teamid:EQHXZ8M8AV in fleet`.
pub(super) fn rule_label(rule: &RuleDraft) -> String {
    format!("{} {} in {}", rule.policy, rule.target, rule.scope)
}

/// The first `most` names, and how many more there are.
pub(super) fn first_names<'a>(names: impl IntoIterator<Item = &'a str>, most: usize) -> String {
    let mut names = names.into_iter();
    let first: Vec<&str> = names.by_ref().take(most).collect();
    match names.count() {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}

/// The texts that are not empty, with a separator between them.
pub(super) fn joined<'a>(texts: impl IntoIterator<Item = &'a str>, separator: &str) -> String {
    let texts: Vec<&str> = texts.into_iter().filter(|text| !text.is_empty()).collect();
    texts.join(separator)
}

/// A word with a capital first letter.
pub(super) fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// A policy in the color of its effect.
pub(super) fn policy_cell(word: &str) -> Cell {
    let tone = match word.parse() {
        Ok(PolicyKind::Allow | PolicyKind::AllowCompiler) => Tone::Good,
        Ok(
            PolicyKind::Block
            | PolicyKind::SilentBlock
            | PolicyKind::SilentBlockGui
            | PolicyKind::SilentBlockTty,
        ) => Tone::Bad,
        Ok(PolicyKind::Cel) => Tone::Notice,
        Ok(PolicyKind::Remove) => Tone::Faint,
        Err(_) => Tone::Plain,
    };
    Cell::toned(word, tone)
}

pub(super) const fn outcome_word(outcome: Outcome) -> (&'static str, Tone) {
    match outcome {
        Outcome::Added => ("added", Tone::Good),
        Outcome::Changed => ("changed", Tone::Notice),
        Outcome::Removed => ("removed", Tone::Bad),
        Outcome::Unchanged => ("unchanged", Tone::Faint),
    }
}

pub(super) const fn outcome_mark(outcome: Outcome) -> (&'static str, Tone) {
    let mark = match outcome {
        Outcome::Added => "+",
        Outcome::Changed => "~",
        Outcome::Removed => "-",
        Outcome::Unchanged => " ",
    };
    (mark, outcome_word(outcome).1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_names_count_the_rest() {
        assert_eq!(first_names(["a", "b"], 5), "a, b");
        let seven = ["a", "b", "c", "d", "e", "f", "g"];
        assert_eq!(first_names(seven, 5), "a, b, c, d, e and 2 more");
    }

    #[test]
    fn empty_texts_are_not_joined() {
        assert_eq!(joined(["", "a", "", "b"], ", "), "a, b");
        assert_eq!(joined([""], ", "), "");
    }

    #[test]
    fn a_program_without_a_path_is_called_by_its_hash() {
        assert_eq!(program_label("/opt/pine", "ab"), "pine");
        assert_eq!([program_label("", "ab"), program_label("/opt/", "ab")], ["ab", "ab"]);
    }
}
