//! Finds valid identifiers that no program has.

use super::signer::{GOOGLE, SANTA_TEAMS};
use super::{About, Finding, LintCode};
use crate::rule::{Rule, RuleType, Target};

const TEAM_ID: usize = 10;

/// Team IDs that are often mistaken for Santa's team ID.
const WRONG_SANTA_TEAMS: [&str; 1] = ["ZLCNA8GP43"];

const MISSPELLED: usize = 2;

pub(super) fn look(place: usize, rule: &Rule, findings: &mut Vec<Finding>) {
    if let Some(reason) = why_nothing_matches(rule.target()) {
        findings.push(Finding {
            code: LintCode::MatchesNothing,
            about: About::Rule(place),
            other: None,
            message: format!("no program matches {}: {reason}", rule.target()),
        });
    }
}

/// The reason why no program has the identifier of a target. `None` if a program may have it.
fn why_nothing_matches(target: &Target) -> Option<String> {
    match target.rule_type() {
        RuleType::TeamId => misspelled_santa(target.identifier()),
        RuleType::SigningId => {
            let (team, id) = target.identifier().split_once(':')?;
            repeated_team(id)
                .or_else(|| misspelled_santa(team))
                .or_else(|| other_signer(team, id))
                .or_else(|| inexact(id))
        }
        RuleType::CdHash | RuleType::Binary | RuleType::Certificate => None,
    }
}

/// `id` is the part of a signing ID after the team ID. Returns the reason why no program matches if
/// `id` begins with another team ID or with `platform`.
fn repeated_team(id: &str) -> Option<String> {
    let (first, rest) = id.split_once(':')?;
    let is_team = first == "platform"
        || first.len() == TEAM_ID && first.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_team.then(|| format!("the team ID must not be repeated before {rest}"))
}

/// Returns the reason why no program matches if `id`, the part of a signing ID after the team ID,
/// contains a wildcard or begins with a space. Other spaces are possible: macOS derives the signing
/// ID of some programs from the file name.
fn inexact(id: &str) -> Option<String> {
    let text = match id {
        id if id.contains('*') => "* is not a wildcard",
        id if id.starts_with(char::is_whitespace) => "remove the space after the team ID",
        _ => return None,
    };
    Some(format!("Santa compares signing IDs exactly; {text}"))
}

fn misspelled_santa(team: &str) -> Option<String> {
    if SANTA_TEAMS.contains(&team) {
        return None;
    }
    let differs_little = |known: &&&str| {
        let wrong = known.chars().zip(team.chars()).filter(|(a, b)| a != b).count();
        team.len() == known.len() && wrong <= MISSPELLED
    };
    let meant = match SANTA_TEAMS.iter().find(differs_little) {
        Some(meant) => meant,
        None if WRONG_SANTA_TEAMS.contains(&team) => &SANTA_TEAMS[0],
        None => return None,
    };
    Some(format!("Santa's team ID is {meant}"))
}

/// Returns the reason why no program matches if `id` is an ID of one of Santa's programs and `team`
/// is not the team that signs programs with this ID.
fn other_signer(team: &str, id: &str) -> Option<String> {
    let signer = match id {
        id if is_part(id, "com.northpolesec.santa") => SANTA_TEAMS[0],
        id if is_part(id, "com.google.santa") => GOOGLE,
        _ => return None,
    };
    (team != signer).then(|| format!("{id} is signed by the team {signer}"))
}

fn is_part(id: &str, of: &str) -> bool {
    id.strip_prefix(of).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}
