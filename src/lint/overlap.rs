//! Rules that repeat, contradict or resemble other rules.

use std::collections::HashMap;

use super::{About, Finding, Index, LintCode};
use crate::rule::{PolicyKind, Rule, RuleType, Target};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Effect {
    Allows,
    Blocks,
    /// The rule has the policy `remove`, or an expression decides.
    Open,
}

const fn effect(kind: PolicyKind) -> Effect {
    match kind {
        PolicyKind::Allow | PolicyKind::AllowCompiler => Effect::Allows,
        PolicyKind::Block
        | PolicyKind::SilentBlock
        | PolicyKind::SilentBlockGui
        | PolicyKind::SilentBlockTty => Effect::Blocks,
        PolicyKind::Cel | PolicyKind::Remove => Effect::Open,
    }
}

/// Whether two rules have the same policy, notice and expiry.
fn is_same(one: &Rule, other: &Rule) -> bool {
    one.policy() == other.policy() && one.notice == other.notice && one.expires == other.expires
}

/// Compares each rule with the next weaker rule for the same target, and each rule for a signing ID
/// with the rule for its team in the same scope.
pub(super) fn look(index: &Index<'_>, findings: &mut Vec<Finding>) {
    for places in index.by_target.values() {
        for (nth, place) in places.iter().enumerate() {
            let rule = &index.rules[*place];
            let weaker = places[..nth].iter().rev().copied();
            let mut weaker = weaker.filter(|it| index.rules[*it].scope() < rule.scope());
            scopes(index, *place, weaker.next(), findings);
            team(index, *place, findings);
        }
    }
}

/// Compares a rule with the next weaker rule for the same target. A rule is reported as repeated
/// only if the weaker rule is for the fleet, because no other scope includes every host.
fn scopes(index: &Index<'_>, place: usize, weaker: Option<usize>, findings: &mut Vec<Finding>) {
    let rule = &index.rules[place];
    let (target, scope) = (rule.target(), rule.scope());
    let mut found = |code, other, message| {
        findings.push(Finding { code, about: About::Rule(place), other, message });
    };
    let Some(weaker) = weaker else {
        if rule.policy().kind() == PolicyKind::Remove {
            found(
                LintCode::RemovesNothing,
                None,
                format!("no scope weaker than {scope} has a rule for {target}"),
            );
        }
        return;
    };
    let other = &index.rules[weaker];
    if is_same(rule, other) && *other.scope() == crate::rule::Scope::Fleet {
        let message = format!("{target} has the same rule for {scope} as for {}", other.scope());
        found(LintCode::Repeats, Some(weaker), message);
    }
    let lifts = effect(other.policy().kind()) == Effect::Blocks
        && effect(rule.policy().kind()) == Effect::Allows;
    if lifts {
        let message = format!("{target} is blocked for {} and allowed for {scope}", other.scope());
        found(LintCode::BlockLifted, Some(weaker), message);
    }
}

fn team(index: &Index<'_>, place: usize, findings: &mut Vec<Finding>) {
    let rule = &index.rules[place];
    let Some(team) = team_of(rule.target()) else { return };
    let Ok(team) = Target::new(RuleType::TeamId, team) else { return };
    let Some(whole) = index.find(&team, rule.scope()) else { return };
    let other = &index.rules[whole];
    let mut found = |code, message| {
        let (about, other) = (About::Rule(place), Some(whole));
        findings.push(Finding { code, about, other, message });
    };
    let target = rule.target();
    if is_same(rule, other) {
        found(LintCode::RepeatsTeam, format!("{target} has the same policy as {team}"));
    } else if effect(rule.policy().kind()) == Effect::Allows
        && effect(other.policy().kind()) == Effect::Blocks
    {
        let message =
            format!("{target} is allowed, but {team} is blocked; the program's rule wins");
        found(LintCode::AllowedInBlockedTeam, message);
    }
}

/// The team ID in a target's signing ID. `None` for programs that are part of macOS, and for other
/// types of rules.
fn team_of(target: &Target) -> Option<&str> {
    match target.rule_type() {
        RuleType::SigningId => {
            let (team, _) = target.identifier().split_once(':')?;
            (team != "platform").then_some(team)
        }
        RuleType::CdHash | RuleType::Binary | RuleType::Certificate | RuleType::TeamId => None,
    }
}

pub(super) fn look_alikes(index: &Index<'_>, findings: &mut Vec<Finding>) {
    let mut seen: HashMap<String, (usize, &Target)> = HashMap::new();
    for (place, rule) in index.rules.iter().enumerate() {
        let target = rule.target();
        let (code, blurred) = match target.rule_type() {
            RuleType::SigningId => (LintCode::DiffersByCase, target.identifier().to_lowercase()),
            RuleType::TeamId => {
                (LintCode::LooksAlike, target.identifier().chars().map(blurred).collect())
            }
            RuleType::CdHash | RuleType::Binary | RuleType::Certificate => continue,
        };
        let (first, other) = *seen.entry(blurred).or_insert((place, target));
        if other != target && other.rule_type() == target.rule_type() {
            let message = format!("{target} is almost the same as {other}");
            let (about, other) = (About::Rule(place), Some(first));
            findings.push(Finding { code, about, other, message });
        }
    }
}

/// The letter that a digit is easily confused with. Other characters are returned unchanged.
const fn blurred(letter: char) -> char {
    match letter {
        '0' => 'O',
        '1' => 'I',
        '2' => 'Z',
        '5' => 'S',
        '8' => 'B',
        other => other,
    }
}
