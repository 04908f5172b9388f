//! What clients support, according to the table of generations.

use super::ledger::RuleContent;
use crate::fleet::Generation;
use crate::protocol::Dialect;
use crate::protocol::generation::{self as table, Capability};
use crate::rule::RuleType;

pub(super) fn of(santa_version: &str) -> Generation {
    Generation(table::step_of(santa_version))
}

pub(super) fn has(generation: Generation, capability: Capability) -> bool {
    table::has(generation.0, capability)
}

/// Whether clients of this generation keep their rules from one sync to the next. A client that
/// does not keep its rules gets all of them at every sync.
pub(super) fn keeps_rules(generation: Generation) -> bool {
    !is_pedro(generation)
}

pub(super) fn takes_pages(generation: Generation) -> bool {
    !is_pedro(generation)
}

pub(super) fn is_pedro(generation: Generation) -> bool {
    table::is_pedro(generation.0)
}

/// The dialect of clients of this generation, if it is not the usual one.
pub(super) fn dialect(generation: Generation) -> Option<Dialect> {
    if is_pedro(generation) {
        Some(Dialect::Pedro)
    } else if has(generation, Capability::AllowAndBlockWords) {
        None
    } else {
        Some(Dialect::Whitelist)
    }
}

fn type_needs(rule_type: RuleType) -> Option<Capability> {
    match rule_type {
        RuleType::Binary | RuleType::Certificate => None,
        RuleType::TeamId => Some(Capability::TeamIdRules),
        RuleType::SigningId => Some(Capability::SigningIdRules),
        RuleType::CdHash => Some(Capability::CdHashRules),
    }
}

pub(super) fn takes_type(generation: Generation, rule_type: RuleType) -> bool {
    type_needs(rule_type).is_none_or(|needed| has(generation, needed))
}

pub(super) fn needs(rule: RuleContent<'_>) -> impl Iterator<Item = Capability> {
    let expression = rule.policy.expression();
    let cel = expression.map(|_| Capability::CelRules);
    let names = expression.into_iter().flat_map(|cel| cel.uses());
    let names = names.filter_map(|name| table::cel_name(name));
    type_needs(rule.target.rule_type()).into_iter().chain(cel).chain(names)
}

/// The newest capability that a client of this generation lacks for this rule. A rule for which a
/// client lacks a capability is not sent, because the client would drop the rule silently and count
/// fewer rules.
pub(super) fn lacks(generation: Generation, rule: RuleContent<'_>) -> Option<Capability> {
    needs(rule)
        .filter(|needed| !has(generation, *needed))
        .max_by_key(|needed| table::first_with(*needed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::{Rule, RuleDraft, first_version_of_cel};

    /// Administrators see the first version for each name in CEL from one table. Another table
    /// decides which rules clients get. Both tables must list the same versions.
    #[test]
    fn w1_the_first_versions_of_names_in_expressions_agree() {
        let names = [
            "args.join('') == ''",
            "args[0].split('') == []",
            "args[0].lowerAscii() == ''",
            "args[0].upperAscii() == ''",
            "args[0].replace('', '') == ''",
            "args[0].indexOf('') == 0",
            "args[0].lastIndexOf('') == 0",
            "args[0].substring(1) == ''",
            "args[0].charAt(1) == ''",
            "args[0].trim() == ''",
            "args[0].reverse() == ''",
            "strings.quote('') == ''",
            "'%s'.format(args) == ''",
            "euid == 0",
            "cwd == ''",
            "path == ''",
            "target.signing_id == ''",
            "target.team_id == ''",
            "target.is_platform_binary",
            "SILENT_GUI_BLOCKLIST",
            "SILENT_TTY_BLOCKLIST",
            "args == []",
            "has(envs.HOME)",
            "has(target.signing_time)",
            "ALLOWLIST",
        ];
        for source in names {
            let draft = RuleDraft {
                target: "teamid:AAAAAAAAAA".to_owned(),
                policy: "cel".to_owned(),
                cel: Some(source.to_owned()),
                ..RuleDraft::default()
            };
            let rule = Rule::try_from(draft).unwrap();
            let expression = rule.policy().expression().unwrap();
            let needs = expression.uses().iter().filter_map(|name| table::cel_name(name));
            let needs = needs.map(table::first_with).max().map(table::version_of);
            let version = first_version_of_cel(expression);
            let version = version.map(|(year, number)| format!("{year}.{number}"));
            assert_eq!(version, needs, "{source}");
        }
    }
}
