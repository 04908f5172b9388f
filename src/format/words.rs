//! Santa's own words, as its peers write them.

use crate::rule::RuleType;

/// The name of a rule type in capitals.
pub(super) const fn santa_word(rule_type: RuleType) -> &'static str {
    match rule_type {
        RuleType::CdHash => "CDHASH",
        RuleType::Binary => "BINARY",
        RuleType::SigningId => "SIGNINGID",
        RuleType::Certificate => "CERTIFICATE",
        RuleType::TeamId => "TEAMID",
    }
}
