//! The hash of a client's rules (SNTRuleTable.mm `executionRulesHashSerialized`, 2025.7 and later):
//! 128-bit XXH3 over the rows of the client's rule table, in the order in which the rows were last
//! written.

use std::collections::HashMap;
use std::sync::Arc;

use xxhash_rust::xxh3::Xxh3Default;

use super::compute::{Stopped, Wanted};
use super::ledger::{Ledger, RuleContent, VersionId};
use super::pages::Download;
use super::steps::Step;
use super::translate;
use crate::fleet::{Generation, RulesHash};
use crate::protocol::{PolicyName, RuleType};

pub(super) struct RulesHasher {
    hasher: Xxh3Default,
    generation: Generation,
}

impl RulesHasher {
    pub(super) fn new(generation: Generation) -> Self {
        Self { hasher: Xxh3Default::new(), generation }
    }

    /// Adds the next row: the rule in the form that clients of the generation receive.
    pub(super) fn add(&mut self, rule: RuleContent<'_>) {
        let sent = translate::put(rule, self.generation);
        let (Some(policy), Some(rule_type)) = (sent.policy, sent.rule_type) else { return };
        self.add_row(
            &sent.identifier,
            &sent.cel_expr,
            state_number(policy),
            type_number(rule_type),
        );
    }

    fn add_row(&mut self, identifier: &str, expression: &str, state: i32, rule_type: i32) {
        self.hasher.update(identifier.as_bytes());
        self.hasher.update(expression.as_bytes());
        self.hasher.update(&state.to_le_bytes());
        self.hasher.update(&rule_type.to_le_bytes());
    }

    pub(super) fn finish(&self) -> RulesHash {
        RulesHash(self.hasher.digest128())
    }
}

/// A client's number for the policy of a stored rule (SNTRuleState).
fn state_number(policy: PolicyName) -> i32 {
    match policy {
        PolicyName::Allowlist => 1,
        PolicyName::Blocklist => 2,
        PolicyName::SilentBlocklist => 3,
        PolicyName::Remove => 4,
        PolicyName::AllowlistCompiler => 5,
        PolicyName::Cel => 9,
        PolicyName::SilentGuiBlocklist => 12,
        PolicyName::SilentTtyBlocklist => 13,
    }
}

/// A client's number for a rule's type (SNTRuleType).
fn type_number(rule_type: RuleType) -> i32 {
    match rule_type {
        RuleType::CdHash => 500,
        RuleType::Binary => 1000,
        RuleType::SigningId => 2000,
        RuleType::Certificate => 3000,
        RuleType::TeamId => 4000,
    }
}

/// The hash of the rules of a client that applied these downloads one after the other.
pub(super) fn of(
    ledger: &Ledger,
    differences: &[Arc<Download>],
    generation: Generation,
    wanted: &Wanted,
) -> Result<RulesHash, Stopped> {
    let mut rows: Vec<Option<VersionId>> = Vec::new();
    let mut rows_by_target = HashMap::new();
    let steps = differences.iter().flat_map(|difference| difference.steps());
    for step in wanted.while_wanted(steps) {
        let step = step?;
        let (Step::Put(version) | Step::Remove(version)) = step;
        let target = ledger.target(version);
        if let Some(row) = rows_by_target.remove(target) {
            rows[row] = None;
        }
        if let Step::Put(rule) = step {
            rows_by_target.insert(target, rows.len());
            rows.push(Some(rule));
        }
    }
    let mut hasher = RulesHasher::new(generation);
    for rule in wanted.while_wanted(rows.into_iter().flatten()) {
        hasher.add(ledger.content(rule?));
    }
    Ok(hasher.finish())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::Rule;

    const CERTIFICATE: &str = "7ae80b9ab38af0c63a9a81765f434d9a7cd8f720eb6037ef303de39d779bc258";
    const BINARY: &str = "b7c1e3fd640c5f211c89b02c2c6122f78ce322aa5c56eb0bb54bc422a8f8b670";

    fn hash(rows: &[(&str, i32, i32)]) -> String {
        let mut hasher = RulesHasher::new(Generation(202_507));
        for (identifier, state, rule_type) in rows {
            hasher.add_row(identifier, "", *state, *rule_type);
        }
        hasher.finish().to_string()
    }

    /// The values come from Santa's test of its rule table (SNTRuleTableTest.mm).
    #[test]
    fn rows_hash_to_what_santa_says() {
        let certificate = (CERTIFICATE, 1, 3000);
        let binary = (BINARY, 2, 1000);
        let team = ("ABCDEFGHIJ", 2, 4000);
        let signing = ("ABCDEFGHIJ:signingID", 2, 2000);
        assert_eq!(hash(&[certificate, binary, team, signing]), "a6cb5171bbb8895820d61e395592b293");
        assert_eq!(hash(&[certificate, team, signing]), "d4dd223bafbdda2c36bb0513dfabb38b");
        assert_eq!(hash(&[]), "99aa06d3014798d86001c324468d497f");
    }

    #[test]
    fn a_rule_is_hashed_as_it_is_sent() {
        let draft = |target: &str, policy: &str, expression: Option<&str>| {
            let draft = crate::rule::RuleDraft {
                target: target.to_owned(),
                policy: policy.to_owned(),
                cel: expression.map(str::to_owned),
                scope: "fleet".to_owned(),
                ..Default::default()
            };
            Rule::try_from(draft).unwrap()
        };
        let of = |rule: &Rule| {
            let mut hasher = RulesHasher::new(Generation(202_606));
            hasher.add(rule.into());
            hasher.finish().to_string()
        };
        let row = |identifier, expression, state, rule_type| {
            let mut hasher = RulesHasher::new(Generation(202_606));
            hasher.add_row(identifier, expression, state, rule_type);
            hasher.finish().to_string()
        };
        let team = "teamid:ABCDEFGHIJ";
        assert_eq!(of(&draft(team, "cel", Some("true"))), row("ABCDEFGHIJ", "true", 9, 4000));
        assert_eq!(of(&draft(team, "silent-block-gui", None)), row("ABCDEFGHIJ", "", 12, 4000));
    }
}
