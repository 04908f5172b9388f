//! Rules with Santa's own keys, in JSON and in profiles, and Santa's names of types and policies
//! (SNTRule.mm).

use super::Remark;
use super::loss::Losses;
use super::record::{FieldNames, Keys, Record, texts};
use crate::rule::{PolicyKind, Rule, RuleDraft, RuleType, Scope};

/// Santa ignores the case of keys.
pub(super) const KEYS: Keys = Keys::AnyCase;

const NAMES: FieldNames = FieldNames {
    identifier: &["identifier", "sha256"],
    rule_type: &["rule_type"],
    texts: &[
        ("cel", "cel_expr"),
        ("message", "custom_msg"),
        ("url", "custom_url"),
        ("button_label", "event_detail_button_label"),
        ("comment", "comment"),
        ("app_name", "notification_app_name"),
    ],
};

/// The texts that are written: all except the last, the app name.
const WRITTEN: &[(&str, &str)] = NAMES.texts.split_at(5).0;

/// Keys from older versions of Santa or from other tools, each with the key that replaces it. Santa
/// ignores these keys, so the rule would lack their values.
const OLD: [(&str, &str); 9] = [
    ("type", "rule_type"),
    ("ruletype", "rule_type"),
    ("state", "policy"),
    ("custommsg", "custom_msg"),
    ("custommessage", "custom_msg"),
    ("custom_message", "custom_msg"),
    ("customurl", "custom_url"),
    ("celexpr", "cel_expr"),
    ("shasum", "identifier"),
];

pub(super) fn draft(record: &mut Record<'_>) -> Result<RuleDraft, Remark> {
    record.refuse_old(&OLD)?;
    let draft = record.draft(&NAMES)?;
    record.ignore(NAMES.identifier);
    Ok(draft)
}

/// The keys and values of a rule. `None` if the rule is not for the fleet, because Santa's own
/// formats have no scopes.
pub(super) fn entries(
    index: usize,
    rule: &Rule,
    losses: &mut Losses,
) -> Option<Vec<(&'static str, String)>> {
    if *rule.scope() != Scope::Fleet {
        losses.rule(index, "rules in Santa's own formats have no scope");
        return None;
    }
    losses.fields(index, rule, WRITTEN);
    let entries = [
        ("rule_type", type_name(rule.target().rule_type()).to_owned()),
        ("policy", policy_name(rule.policy().kind()).to_owned()),
        ("identifier", rule.target().identifier().to_owned()),
    ];
    Some(entries.into_iter().chain(texts(rule, WRITTEN)).collect())
}

pub(super) const fn type_name(rule_type: RuleType) -> &'static str {
    match rule_type {
        RuleType::CdHash => "CDHASH",
        RuleType::Binary => "BINARY",
        RuleType::SigningId => "SIGNINGID",
        RuleType::Certificate => "CERTIFICATE",
        RuleType::TeamId => "TEAMID",
    }
}

pub(super) const fn policy_name(kind: PolicyKind) -> &'static str {
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

pub(super) fn policy_name_among(kinds: &[PolicyKind], kind: PolicyKind) -> Option<&'static str> {
    kinds.contains(&kind).then(|| policy_name(kind))
}
