//! Santa's own words, as its peers write them.

use crate::rule::{PolicyKind, RuleType};

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

/// The name of a policy as Santa's own files have it.
pub(super) const fn santa_policy(kind: PolicyKind) -> &'static str {
    match kind {
        PolicyKind::Allow => "ALLOWLIST",
        PolicyKind::AllowCompiler => "ALLOWLIST_COMPILER",
        PolicyKind::Block => "BLOCKLIST",
        PolicyKind::SilentBlock => "SILENT_BLOCKLIST",
        PolicyKind::SilentBlockGui => "SILENT_GUI_BLOCKLIST",
        PolicyKind::SilentBlockTty => "SILENT_TTY_BLOCKLIST",
        PolicyKind::Cel => "CEL",
        PolicyKind::Remove => "REMOVE",
    }
}

/// The name of a policy where only the five that every version of Santa knows are known.
pub(super) const fn old_policy(kind: PolicyKind) -> Option<&'static str> {
    match kind {
        PolicyKind::Allow
        | PolicyKind::AllowCompiler
        | PolicyKind::Block
        | PolicyKind::SilentBlock
        | PolicyKind::Remove => Some(santa_policy(kind)),
        PolicyKind::SilentBlockGui | PolicyKind::SilentBlockTty | PolicyKind::Cel => None,
    }
}
