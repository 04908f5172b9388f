//! Mistakes in settings, alone or together with the rules.

use super::{About, Finding, LintCode, pattern};
use crate::fleet::{ClientMode, PolicyState, Setting, SettingKey};
use crate::rule::{PolicyKind, Rule, Scope};

pub(super) fn look(policy: &PolicyState, findings: &mut Vec<Finding>) {
    for (place, (scope, setting)) in policy.settings.iter().enumerate() {
        let about = About::Setting(place);
        let mut found = |code, message| {
            findings.push(Finding { code, about, other: None, message });
        };
        match setting {
            Setting::AllowedPathRegex(regex) => {
                for (code, what) in pattern::look(regex.as_str(), pattern::Use::Allows) {
                    found(code, format!("allowed-path-regex for {scope}: {what}"));
                }
            }
            Setting::BlockedPathRegex(regex) => {
                for (code, what) in pattern::look(regex.as_str(), pattern::Use::Blocks) {
                    found(code, format!("blocked-path-regex for {scope}: {what}"));
                }
            }
            Setting::ClientMode(ClientMode::Lockdown)
                if !policy.rules.iter().any(|rule| may_allow(rule, scope)) =>
            {
                let message = format!(
                    "{scope} is in lockdown, but no rule for all its hosts allows a program"
                );
                found(LintCode::EmptyLockdown, message);
            }
            _ => {}
        }
    }
    removable_media(policy, findings);
    compilers(policy, findings);
}

/// Reports a scope with only one of the two settings for removable media. If the other setting is
/// set for the fleet, the scope is not reported, because settings for the fleet apply to every
/// host.
fn removable_media(policy: &PolicyState, findings: &mut Vec<Finding>) {
    let is_set = |scope: &Scope, key: SettingKey| {
        let mut settings = policy.settings.iter();
        settings.any(|(at, setting)| setting.key() == key && (at == scope || *at == Scope::Fleet))
    };
    for (place, (scope, setting)) in policy.settings.iter().enumerate() {
        let (other, effect) = match setting.key() {
            SettingKey::RemovableMedia => (
                SettingKey::EncryptedRemovableMedia,
                "encrypted disks are treated like other \
                    disks",
            ),
            SettingKey::EncryptedRemovableMedia => {
                (SettingKey::RemovableMedia, "each Mac's profile decides about other disks")
            }
            _ => continue,
        };
        if !is_set(scope, other) {
            let message =
                format!("{scope} has {}, but {other} is not set: {effect}", setting.key());
            findings.push(Finding {
                code: LintCode::OneKindOfMedia,
                about: About::Setting(place),
                other: None,
                message,
            });
        }
    }
}

/// The policies that allow a program, or have an expression that may allow a program.
pub const ALLOWING: [PolicyKind; 3] =
    [PolicyKind::Allow, PolicyKind::AllowCompiler, PolicyKind::Cel];

/// Whether a rule may allow a program on all hosts of a scope.
pub fn may_allow(rule: &Rule, locked: &Scope) -> bool {
    let is_for_all = match (rule.scope(), locked) {
        // The groups and tags of a user or a host, and the user of a host, are not known here.
        (Scope::Fleet, _)
        | (Scope::Group(_) | Scope::Tag(_), Scope::User(_) | Scope::Host(_))
        | (Scope::User(_), Scope::Host(_)) => true,
        (scope, locked) => scope == locked,
    };
    is_for_all && ALLOWING.contains(&rule.policy().kind())
}

/// Reports `allow-compiler` rules if no scope enables transitive rules. Without transitive rules,
/// Santa does not automatically allow the programs that these compilers create.
fn compilers(policy: &PolicyState, findings: &mut Vec<Finding>) {
    let enabled = |(_, setting): &(_, Setting)| *setting == Setting::EnableTransitiveRules(true);
    if policy.settings.iter().any(enabled) {
        return;
    }
    let compiler = |kind| kind == PolicyKind::AllowCompiler;
    let rules = policy.rules.iter().enumerate();
    for (place, rule) in rules.filter(|(_, rule)| compiler(rule.policy().kind())) {
        findings.push(Finding {
            code: LintCode::CompilerWithoutTransitive,
            about: About::Rule(place),
            other: None,
            message: format!(
                "{} is allowed as a compiler, but the programs that it creates are \
                not",
                rule.target()
            ),
        });
    }
}
