//! Rules that block programs that must run.

use super::{About, Finding, LintCode};
use crate::rule::{PolicyKind, Rule, RuleType};

/// The teams that have signed Santa: North Pole Security, and formerly Google.
pub(super) const SANTA_TEAMS: [&str; 2] = ["ZMCG7MLDV9", GOOGLE];
pub(super) const GOOGLE: &str = "EQHXZ8M8AV";
/// The prefixes of the signing IDs of Santa's programs, without the team ID.
const SANTA_IDS: [&str; 2] = ["com.northpolesec.santa", "com.google.santa"];
/// The signing IDs, without `platform:`, of programs that macOS needs, for example for startup or
/// login.
const SYSTEM: [&str; 14] = [
    "com.apple.xpc.launchd",
    "com.apple.xpc.proxy",
    "com.apple.securityd",
    "com.apple.trustd",
    "com.apple.opendirectoryd",
    "com.apple.WindowServer",
    "com.apple.loginwindow",
    "com.apple.SecurityAgent",
    "com.apple.mdmclient",
    "com.apple.ManagedClient",
    "com.apple.cfprefsd",
    "com.apple.syspolicyd",
    "com.apple.amfid",
    "com.apple.finder",
];

pub(super) fn look(place: usize, rule: &Rule, findings: &mut Vec<Finding>) {
    let blocks = match rule.policy().kind() {
        PolicyKind::Block
        | PolicyKind::SilentBlock
        | PolicyKind::SilentBlockGui
        | PolicyKind::SilentBlockTty => true,
        PolicyKind::Allow | PolicyKind::AllowCompiler | PolicyKind::Cel | PolicyKind::Remove => {
            false
        }
    };
    let target = rule.target();
    let code = match target.rule_type() {
        _ if !blocks => None,
        RuleType::TeamId if target.identifier() == SANTA_TEAMS[0] => Some(LintCode::BlocksSanta),
        RuleType::TeamId if SANTA_TEAMS.contains(&target.identifier()) => {
            Some(LintCode::BlocksSantaTeam)
        }
        RuleType::SigningId => signing_id(target.identifier()),
        RuleType::TeamId | RuleType::CdHash | RuleType::Binary | RuleType::Certificate => None,
    };
    if let Some(code) = code {
        let message = format!("{target} is blocked for {}", rule.scope());
        findings.push(Finding { code, about: About::Rule(place), other: None, message });
    }
}

fn signing_id(identifier: &str) -> Option<LintCode> {
    let (team, id) = identifier.split_once(':')?;
    if SANTA_TEAMS.contains(&team) && SANTA_IDS.iter().any(|santa| id.starts_with(santa)) {
        return Some(LintCode::BlocksSanta);
    }
    (team == "platform" && SYSTEM.contains(&id)).then_some(LintCode::BlocksSystem)
}
