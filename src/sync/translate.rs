//! Translates between nicelist's types and those of Santa's protocol.

use std::borrow::Cow;

use super::bounds::Bounded;
use super::generation;
use super::ledger::RuleContent;
use crate::fleet::{self, Generation, HostFacts, RuleCounts};
use crate::protocol::generation::Capability;
use crate::protocol::{self as wire, PolicyName};
use crate::rule::{self, Notice, Policy, PolicyKind, RuleType};

pub(super) fn about(target: &rule::Target, generation: Generation) -> wire::Rule<'_> {
    let rule_type = Some(rule_type(target.rule_type()));
    wire::Rule { rule_type, ..named(target.identifier(), generation) }
}

/// A rule with only an identifier, in the fields that clients of a generation read.
fn named(identifier: &str, generation: Generation) -> wire::Rule<'_> {
    let by_hash = !generation::has(generation, Capability::TeamIdRules);
    wire::Rule {
        identifier: Cow::Borrowed(identifier),
        sha256: Cow::Borrowed(if by_hash { identifier } else { "" }),
        ..wire::Rule::default()
    }
}

fn text(text: Option<&str>) -> Cow<'_, str> {
    Cow::Borrowed(text.unwrap_or_default())
}

pub(super) fn put(rule: RuleContent<'_>, generation: Generation) -> wire::Rule<'_> {
    let Notice { message, url, button_label, app_name, bundle } = rule.notice;
    wire::Rule {
        policy: Some(policy(rule.policy, generation)),
        cel_expr: text(rule.policy.expression().map(|cel| cel.as_str())),
        custom_msg: text(message.as_deref()),
        custom_url: text(url.as_deref()),
        event_detail_button_label: text(button_label.as_deref()),
        notification_app_name: text(app_name.as_deref()),
        file_bundle_hash: text(bundle.as_ref().map(rule::Bundle::hash)),
        file_bundle_binary_count: bundle.as_ref().map_or(0, rule::Bundle::binary_count),
        ..about(rule.target, generation)
    }
}

/// Whether clients of two generations store two rules for the same target as the same rule. False
/// if this is not certain.
///
/// Old clients do not store the URL and the label of a button, and the table of generations does
/// not contain the first version that stores them. So rules with a URL or a label are sent again
/// after an upgrade.
pub(super) fn is_kept_alike(
    (one, old): (RuleContent<'_>, Generation),
    (other, new): (RuleContent<'_>, Generation),
) -> bool {
    let (a, b) = (put(one, old), put(other, new));
    if old == new {
        return a == b;
    }
    let Notice { message: _, url, button_label, app_name: _, bundle: _ } = other.notice;
    (a.policy, &a.cel_expr, one.notice) == (b.policy, &b.cel_expr, other.notice)
        && url.is_none()
        && button_label.is_none()
}

/// A removal of a rule that no host has, for a clean sync without rules.
pub(super) fn sentinel(generation: Generation) -> wire::Rule<'static> {
    const NO_FILE: &str = "0000000000000000000000000000000000000000000000000000000000000000";
    wire::Rule {
        rule_type: Some(wire::RuleType::Binary),
        policy: Some(PolicyName::Remove),
        ..named(NO_FILE, generation)
    }
}

fn rule_type(rule_type: RuleType) -> wire::RuleType {
    match rule_type {
        RuleType::CdHash => wire::RuleType::CdHash,
        RuleType::Binary => wire::RuleType::Binary,
        RuleType::SigningId => wire::RuleType::SigningId,
        RuleType::Certificate => wire::RuleType::Certificate,
        RuleType::TeamId => wire::RuleType::TeamId,
    }
}

/// The policy that is sent to clients of a generation. Old clients get `silent-block` instead of
/// `silent-block-gui`, and `block` instead of `silent-block-tty`.
pub(super) fn policy_for(policy: PolicyKind, generation: Generation) -> PolicyKind {
    if generation::has(generation, Capability::HalfSilentPolicies) {
        return policy;
    }
    match policy {
        PolicyKind::SilentBlockGui => PolicyKind::SilentBlock,
        PolicyKind::SilentBlockTty => PolicyKind::Block,
        PolicyKind::Allow
        | PolicyKind::AllowCompiler
        | PolicyKind::Block
        | PolicyKind::SilentBlock
        | PolicyKind::Cel
        | PolicyKind::Remove => policy,
    }
}

fn policy(policy: &Policy, generation: Generation) -> PolicyName {
    match policy_for(policy.kind(), generation) {
        PolicyKind::Allow => PolicyName::Allowlist,
        PolicyKind::AllowCompiler => PolicyName::AllowlistCompiler,
        PolicyKind::Block => PolicyName::Blocklist,
        PolicyKind::SilentBlock => PolicyName::SilentBlocklist,
        PolicyKind::SilentBlockGui => PolicyName::SilentGuiBlocklist,
        PolicyKind::SilentBlockTty => PolicyName::SilentTtyBlocklist,
        PolicyKind::Cel => PolicyName::Cel,
        PolicyKind::Remove => PolicyName::Remove,
    }
}

/// The facts that a host reports about itself. Long texts and lists are shortened.
pub(super) fn facts(request: &wire::PreflightRequest) -> HostFacts {
    let groups_reported = request.primary_user_groups.len();
    let request = Bounded::preflight(request);
    let are_too_many = groups_reported > request.primary_user_groups.len();
    HostFacts {
        serial: request.serial_num.clone(),
        hostname: request.hostname.clone(),
        model: request.model_identifier.clone(),
        os_version: request.os_version.clone(),
        os_build: request.os_build.clone(),
        santa_version: request.santa_version.clone(),
        primary_user: request.primary_user.clone(),
        groups: request.primary_user_groups.clone(),
        client_mode: request.client_mode.map(client_mode_reported),
        rule_counts: RuleCounts {
            binary: request.binary_rule_count,
            certificate: request.certificate_rule_count,
            teamid: request.teamid_rule_count,
            signingid: request.signingid_rule_count,
            cdhash: request.cdhash_rule_count,
            compiler: request.compiler_rule_count,
            transitive: request.transitive_rule_count,
        },
        sip_status: request.sip_status,
        truncated: request.truncated(),
        groups_reported: u32::try_from(groups_reported).ok().filter(|_| are_too_many),
    }
}

fn client_mode_reported(mode: wire::ClientMode) -> fleet::ClientMode {
    match mode {
        wire::ClientMode::Monitor => fleet::ClientMode::Monitor,
        wire::ClientMode::Lockdown => fleet::ClientMode::Lockdown,
        wire::ClientMode::Standalone => fleet::ClientMode::Standalone,
    }
}

/// The nearest mode that a generation supports. A client that does not support STANDALONE would
/// ignore it and keep its current mode. So the client gets LOCKDOWN, which blocks the same
/// programs.
pub(super) fn mode_for(mode: fleet::ClientMode, generation: Generation) -> fleet::ClientMode {
    match mode {
        fleet::ClientMode::Standalone
            if !generation::has(generation, Capability::StandaloneMode) =>
        {
            fleet::ClientMode::Lockdown
        }
        known => known,
    }
}
