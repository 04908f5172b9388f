//! Finds mistakes in a policy whose parts are valid, for example rules without effect, blocks of
//! programs that must run, and path patterns that match too much.
//!
//! Findings refer to rules and settings by their index. Only the policy is checked, without data
//! about programs or hosts.

mod code;
mod no_match;
mod overlap;
mod pattern;
mod settings;
mod signer;
#[cfg(test)]
mod tests;

pub use code::{LintCode, Severity, UnknownCode};
pub use settings::{ALLOWING, may_allow};

use std::collections::HashMap;

use jiff::Timestamp;

use crate::fleet::PolicyState;
use crate::rule::{Rule, Scope, Target, first_version_of_cel};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum About {
    /// The policy as a whole.
    Policy,
    /// A setting, by its index among the checked settings.
    Setting(usize),
    /// A rule, by its index among the checked rules.
    Rule(usize),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub code: LintCode,
    pub about: About,
    /// The index of another rule that the finding is about.
    pub other: Option<usize>,
    pub message: String,
}

/// Checks a whole policy. Findings are sorted by the rule or setting that they are about, then by
/// code.
pub fn findings(policy: &PolicyState, now: Timestamp) -> Vec<Finding> {
    let index = Index::of(&policy.rules);
    let mut findings = Vec::new();
    overlap::look(&index, &mut findings);
    overlap::look_alikes(&index, &mut findings);
    for (place, rule) in policy.rules.iter().enumerate() {
        signer::look(place, rule, &mut findings);
        no_match::look(place, rule, &mut findings);
        newer_santa(place, rule, &mut findings);
        expired(place, rule, now, &mut findings);
    }
    settings::look(policy, &mut findings);
    findings.sort_by_key(|finding| (finding.about, finding.code));
    findings
}

/// Checks the target and the policy of one rule. `place` is the index that the findings refer to.
/// The rule is not compared with other rules, and its expiry and expression are not checked.
pub fn findings_of_rule(place: usize, rule: &Rule) -> Vec<Finding> {
    let mut findings = Vec::new();
    signer::look(place, rule, &mut findings);
    no_match::look(place, rule, &mut findings);
    findings
}

fn expired(place: usize, rule: &Rule, now: Timestamp, findings: &mut Vec<Finding>) {
    if let Some(expires) = rule.expires.filter(|expires| *expires <= now) {
        let message = format!("{} expired at {expires}; no Mac gets it", rule.target());
        findings.push(Finding {
            code: LintCode::Expired,
            about: About::Rule(place),
            other: None,
            message,
        });
    }
}

/// Reports an expression that the first Santa version with CEL rules cannot compile.
fn newer_santa(place: usize, rule: &Rule, findings: &mut Vec<Finding>) {
    let expression = rule.policy().expression();
    if let Some((year, number)) = expression.and_then(first_version_of_cel) {
        let target = rule.target();
        findings.push(Finding {
            code: LintCode::NeedsNewerSanta,
            about: About::Rule(place),
            other: None,
            message: format!("the expression for {target} requires Santa {year}.{number} or newer"),
        });
    }
}

struct Index<'a> {
    rules: &'a [Rule],
    /// The indexes of the rules for a target, the weakest scope first.
    by_target: HashMap<&'a Target, Vec<usize>>,
}

impl<'a> Index<'a> {
    fn of(rules: &'a [Rule]) -> Self {
        let mut by_target: HashMap<&Target, Vec<usize>> = HashMap::new();
        for (place, rule) in rules.iter().enumerate() {
            by_target.entry(rule.target()).or_default().push(place);
        }
        for places in by_target.values_mut() {
            places.sort_by(|a, b| rules[*a].scope().cmp(rules[*b].scope()));
        }
        Self { rules, by_target }
    }

    fn find(&self, target: &Target, scope: &Scope) -> Option<usize> {
        let places = self.by_target.get(target)?;
        places.iter().copied().find(|place| self.rules[*place].scope() == scope)
    }
}
