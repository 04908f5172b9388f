//! Which rules a client can take: our words held against the wire's table of generations.

use crate::fleet::Generation;
use crate::protocol::generation::{self as table, Capability};
use crate::rule::{Policy, Rule, RuleType};

/// The generation of a client that reports this version.
pub(super) fn of(santa_version: &str) -> Generation {
    Generation(table::step_of(santa_version))
}

/// Whether clients of this generation know rules of this type at all.
pub(super) fn takes_type(generation: Generation, rule_type: RuleType) -> bool {
    match rule_type {
        RuleType::Binary | RuleType::Certificate | RuleType::TeamId | RuleType::SigningId => true,
        RuleType::CdHash => table::has(generation.0, Capability::CdHashRules),
    }
}

/// Whether clients of this generation take this rule as it is meant. What a client would drop
/// in silence is withheld, so that its counts agree.
pub(super) fn takes(generation: Generation, rule: &Rule) -> bool {
    let policy = match rule.policy() {
        Policy::Allow
        | Policy::AllowCompiler
        | Policy::Block
        | Policy::SilentBlock
        | Policy::SilentBlockGui
        | Policy::SilentBlockTty
        | Policy::Remove => true,
        Policy::Cel(expression) => {
            table::has(generation.0, Capability::CelRules)
                && expression.uses().iter().all(|name| match table::cel_name(name) {
                    Some(capability) => table::has(generation.0, capability),
                    None => true,
                })
        }
    };
    policy && takes_type(generation, rule.target().rule_type())
}
