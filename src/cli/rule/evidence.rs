//! Targets from the output of `santactl fileinfo --json`.

use std::fs::File;
use std::io::{self, BufReader, Read};

use crate::cli::error::CliError;
use crate::cli::policy_files::Bounded;
use crate::cli::ui::Ui;
use crate::format::fileinfo::{self, FileInfo};
use crate::rule::{Candidate, RuleType, Target};

/// Reads a file, `-` for stdin, and chooses a target for each of its programs: the best one, or one
/// of type `wanted`. Shows the reason.
pub(super) fn read(ui: &Ui, path: &str, wanted: Option<RuleType>) -> Result<Vec<Target>, CliError> {
    let programs = programs(path)?;
    programs.iter().map(|program| choose(ui, program, wanted)).collect()
}

/// Reads the programs in a file, `-` for stdin.
pub(super) fn programs(path: &str) -> Result<Vec<FileInfo>, CliError> {
    programs_in(path, open(path)?)
}

/// Opens a file, `-` for stdin.
pub(super) fn open(path: &str) -> Result<Box<dyn Read>, CliError> {
    if path == "-" {
        return Ok(Box::new(io::stdin().lock()));
    }
    let file = File::open(path).map_err(|error| unreadable(path, &error))?;
    Ok(Box::new(BufReader::new(file)))
}

pub(super) fn unreadable(path: &str, error: &io::Error) -> CliError {
    CliError::input(format!("cannot read {path}")).because([error.to_string()])
}

/// Reads the programs in the content of a file.
pub(super) fn programs_in(path: &str, input: impl Read) -> Result<Vec<FileInfo>, CliError> {
    fileinfo::read(Bounded::rules(input)).map_err(|error| {
        CliError::input(format!("{path} {error}"))
            .hint("create it with: santactl fileinfo --json /Applications/Some.app > FILE")
    })
}

fn choose(ui: &Ui, file: &FileInfo, wanted: Option<RuleType>) -> Result<Target, CliError> {
    let candidates = file.program.candidates();
    let fits =
        |candidate: &&Candidate| wanted.is_none_or(|wanted| candidate.target.rule_type() == wanted);
    let Some(chosen) = candidates.iter().find(fits) else {
        return Err(unfit(file, wanted, &candidates));
    };
    let kind = chosen.target.rule_type();
    let why = file.program.reason(kind);
    ui.status(format!("{}: {kind} matches {}: {why}", file.path, chosen.covers));
    Ok(chosen.target.clone())
}

fn unfit(file: &FileInfo, wanted: Option<RuleType>, candidates: &[Candidate]) -> CliError {
    let signed = file.program.signing_status.word();
    let error = match wanted {
        Some(wanted) => {
            CliError::input(format!("no {wanted} rule can match {} ({signed})", file.path))
        }
        None => CliError::input(format!("{} has no identifier that a rule can match", file.path)),
    };
    let kinds: Vec<_> = candidates.iter().map(|fit| fit.target.rule_type().word()).collect();
    match kinds.is_empty() {
        true => error,
        false => error.hint(format!("rule types that can match it: {}", kinds.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::ui::tests::captured_ui;
    use crate::config::Output;
    use crate::rule::{Program, SigningStatus};

    fn unsigned() -> FileInfo {
        let program = Program {
            sha256: "ab".repeat(32),
            signing_status: SigningStatus::Unsigned,
            ..Program::default()
        };
        FileInfo {
            path: "/opt/tool".to_owned(),
            name: "tool".to_owned(),
            program,
            no_code: false,
            no_page_zero: false,
        }
    }

    #[test]
    fn the_best_identifier_is_chosen_and_the_reason_shown() {
        let (ui, out, err) = captured_ui(Output::Table, false);
        let target = choose(&ui, &unsigned(), None).unwrap();
        assert_eq!(target.rule_type(), RuleType::Binary);
        assert_eq!(out.text(), "");
        assert!(err.text().starts_with("/opt/tool: binary matches this exact file only: "));
    }

    #[test]
    fn a_type_that_cannot_match_is_refused_with_alternatives() {
        let (ui, ..) = captured_ui(Output::Table, false);
        let error = choose(&ui, &unsigned(), Some(RuleType::TeamId)).unwrap_err();
        assert_eq!(error.message, "no teamid rule can match /opt/tool (unsigned)");
        assert_eq!(error.hints, ["rule types that can match it: binary"]);
    }
}
