//! The hash of a client's rules (2025.7 and later).
//!
//! The hash is computed as in Santa's rule table: 128-bit XXH3 over the identifier, expression,
//! state and type of each rule, in the order in which rules were last written, without separators.

use xxhash_rust::xxh3::Xxh3;

use super::{HeldRule, RuleState};
use crate::protocol::RuleType;

/// The hash as 32 hexadecimal digits.
pub(crate) fn rules_hash<'a>(rules: impl Iterator<Item = &'a HeldRule>) -> String {
    let mut hash = Xxh3::new();
    for rule in rules {
        hash.update(rule.identifier.as_bytes());
        hash.update(rule.cel_expr.as_bytes());
        hash.update(&state_number(rule.state).to_le_bytes());
        hash.update(&type_number(rule.rule_type).to_le_bytes());
    }
    format!("{:032x}", hash.digest128())
}

/// The number of a state in the rule table (SNTRuleState).
fn state_number(state: RuleState) -> i32 {
    match state {
        RuleState::Allowlist => 1,
        RuleState::Blocklist => 2,
        RuleState::SilentBlocklist => 3,
        RuleState::AllowlistCompiler => 5,
        RuleState::Cel => 9,
        RuleState::SilentGuiBlocklist => 12,
        RuleState::SilentTtyBlocklist => 13,
    }
}

/// The number of a type in the rule table (SNTRuleType).
fn type_number(rule_type: RuleType) -> i32 {
    match rule_type {
        RuleType::CdHash => 500,
        RuleType::Binary => 1000,
        RuleType::SigningId => 2000,
        RuleType::Certificate => 3000,
        RuleType::TeamId => 4000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(rule_type: RuleType, identifier: &str, state: RuleState) -> HeldRule {
        HeldRule {
            rule_type,
            identifier: identifier.to_owned(),
            state,
            cel_expr: String::new(),
            custom_msg: "not hashed".to_owned(),
            custom_url: String::new(),
            event_detail_button_label: String::new(),
        }
    }

    /// The rows and hashes are from Santa's own test of its rule table.
    #[test]
    fn the_hash_is_what_santas_own_tests_expect() {
        let certificate = "7ae80b9ab38af0c63a9a81765f434d9a7cd8f720eb6037ef303de39d779bc258";
        let binary = "b7c1e3fd640c5f211c89b02c2c6122f78ce322aa5c56eb0bb54bc422a8f8b670";
        let mut rows = vec![
            rule(RuleType::Certificate, certificate, RuleState::Allowlist),
            rule(RuleType::Binary, binary, RuleState::Blocklist),
            rule(RuleType::TeamId, "ABCDEFGHIJ", RuleState::Blocklist),
            rule(RuleType::SigningId, "ABCDEFGHIJ:signingID", RuleState::Blocklist),
        ];
        assert_eq!(rules_hash(rows.iter()), "a6cb5171bbb8895820d61e395592b293");
        rows.remove(1);
        assert_eq!(rules_hash(rows.iter()), "d4dd223bafbdda2c36bb0513dfabb38b");
        assert_eq!(rules_hash([].iter()), "99aa06d3014798d86001c324468d497f");
    }

    #[test]
    fn order_expression_and_state_count() {
        let a = rule(RuleType::TeamId, "AAAAAAAAAA", RuleState::Allowlist);
        let b = rule(RuleType::TeamId, "BBBBBBBBBB", RuleState::Allowlist);
        let cel = HeldRule { state: RuleState::Cel, cel_expr: "true".to_owned(), ..a.clone() };
        let other = HeldRule { cel_expr: "false".to_owned(), ..cel.clone() };
        let hashes =
            [[&a, &b], [&b, &a], [&cel, &b], [&other, &b]].map(|rows| rules_hash(rows.into_iter()));
        for (at, hash) in hashes.iter().enumerate() {
            assert!(!hashes[..at].contains(hash), "{hashes:?}");
        }
    }
}
