//! Writes rule sets.

use std::collections::BTreeMap;

use serde::Serialize;

use super::scopes::Kind;
use crate::format::loss::Losses;
use crate::format::{Content, Written, santa};
use crate::rule::{PolicyKind, Rule, Scope, Target};

/// The name of a rule set whose rules have no source, or different sources.
const NAME: &str = "nicelist";

pub fn write_json(content: Content<'_>) -> Written {
    let (set, losses) = rule_set(content);
    #[expect(clippy::expect_used, reason = "strings and lists of strings can always be written")]
    let text = serde_json::to_string_pretty(&set).expect("strings and lists of strings");
    Written::file(text + "\n", losses.0)
}

pub fn write_yaml(content: Content<'_>) -> Written {
    let (set, losses) = rule_set(content);
    let options = serde_saphyr::ser_options! { quote_all: true, prefer_block_scalars: false };
    #[expect(clippy::expect_used, reason = "strings and lists of strings can always be written")]
    let text =
        serde_saphyr::to_string_with_options(&set, options).expect("strings and lists of strings");
    Written::file(text, losses.0)
}

#[derive(Serialize)]
struct RuleSet<'a> {
    name: &'a str,
    rules: Vec<Row<'a>>,
}

#[derive(Serialize)]
struct Row<'a> {
    rule_type: &'static str,
    identifier: &'a str,
    policy: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    custom_msg: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    custom_url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(flatten)]
    lists: BTreeMap<&'static str, Vec<&'a str>>,
}

fn rule_set(content: Content<'_>) -> (RuleSet<'_>, Losses) {
    let mut losses = Losses::default();
    let mut targets: BTreeMap<&Target, Vec<(usize, &Rule)>> = BTreeMap::new();
    for (index, rule) in content.rules.iter().enumerate() {
        targets.entry(rule.target()).or_default().push((index, rule));
    }
    let rules = targets.into_values();
    let rules = rules.filter_map(|of_target| row(of_target, &mut losses)).collect();
    losses.0.sort_by_key(|loss| loss.rule);
    for (scope, setting) in content.settings {
        let text = format!(
            "{} = {} for {scope}: a rule set has no settings",
            setting.key(),
            setting.value()
        );
        losses.other(text);
    }
    (RuleSet { name: name(content.rules), rules }, losses)
}

/// The source of the rules if all rules have the same source, and [`NAME`] otherwise.
fn name(rules: &[Rule]) -> &str {
    let mut sources = rules.iter().map(|rule| rule.provenance.source.as_deref());
    match sources.next() {
        Some(Some(source)) if sources.all(|other| other == Some(source)) => source,
        _ => NAME,
    }
}

/// Combines the rules for one target into one rule, because Zentral supports only one rule per
/// target. The basis is the supported rule with the weakest scope. If the scope of another rule is
/// of the same kind, and [`is_same`] considers the two rules equal, the scope is added to the list
/// of the basis. `remove` rules become exceptions if possible. Any other rule is lost.
fn row<'a>(mut rules: Vec<(usize, &'a Rule)>, losses: &mut Losses) -> Option<Row<'a>> {
    rules.sort_by(|(_, one), (_, other)| one.scope().cmp(other.scope()));
    let first = rules.iter().find(|(_, rule)| inexpressible(rule).is_none());
    let Some(first) = first.map(|(_, rule)| *rule) else {
        for (index, rule) in rules {
            losses.rule(index, inexpressible(rule).unwrap_or_default());
        }
        return None;
    };
    let base = kind(first.scope());
    let mut lists: BTreeMap<&'static str, Vec<&str>> = BTreeMap::new();
    for (index, rule) in rules {
        match part(rule, first, base) {
            Ok(list) => {
                if let Some(list) = list {
                    lists.entry(list).or_default().push(rule.scope().name());
                }
                losses.fields(index, rule, kept(rule));
            }
            Err(reason) => losses.rule(index, reason),
        }
    }
    let has_notice = first.policy().kind() == PolicyKind::Block;
    Some(Row {
        rule_type: santa::type_name(first.target().rule_type()),
        identifier: first.target().identifier(),
        policy: policy(first.policy().kind())?,
        custom_msg: first.notice.message.as_deref().filter(|_| has_notice),
        custom_url: first.notice.url.as_deref().filter(|_| has_notice),
        description: first.provenance.comment.as_deref(),
        lists,
    })
}

/// The list to which the scope of `rule` is added (`None` for the fleet), or the reason why the
/// rule is lost. `first` is the basis of the row, and `base` is the kind of the basis's scope.
fn part(rule: &Rule, first: &Rule, base: Option<Kind>) -> Result<Option<&'static str>, String> {
    if rule.policy().kind() == PolicyKind::Remove {
        named(rule.scope())?;
        // A removal becomes an exception only if its scope is stronger than that of `first`, or if
        // both are tags.
        return match (kind(rule.scope()), base) {
            (Some(kind), None) => Ok(Some(kind.excluded())),
            (Some(Kind::Tags), Some(Kind::Tags)) => Ok(Some(Kind::Tags.excluded())),
            (Some(kind), Some(base)) if kind > base => Ok(Some(kind.excluded())),
            (Some(_) | None, _) => Err("Zentral has no remove rules, only exceptions".to_owned()),
        };
    }
    if let Some(reason) = inexpressible(rule) {
        return Err(reason);
    }
    let (scope, first_scope) = (rule.scope(), first.scope());
    if kind(scope) != base {
        return Err(format!(
            "Zentral supports only one rule per target, and keeps the one for {first_scope}"
        ));
    }
    if !is_same(rule, first) {
        return Err(format!(
            "Zentral supports only one rule per target, and the one for {first_scope} differs"
        ));
    }
    Ok(base.map(Kind::included))
}

/// The reason why a rule cannot be a rule in Zentral. A `remove` rule can still be an exception.
fn inexpressible(rule: &Rule) -> Option<String> {
    let kind = rule.policy().kind();
    match kind {
        PolicyKind::Remove => Some("Zentral has no remove rules, only exceptions".to_owned()),
        _ if policy(kind).is_none() => Some(format!(
            "Zentral's rule sets do not support policy \
            {kind}"
        )),
        _ => named(rule.scope()).err(),
    }
}

fn named(scope: &Scope) -> Result<(), String> {
    match scope {
        Scope::Fleet | Scope::Tag(_) | Scope::User(_) => Ok(()),
        Scope::Group(_) => Err("Zentral has no groups".to_owned()),
        Scope::Host(machine) if machine.is_uuid() => {
            Err("Zentral identifies Macs by serial number, not by machine ID".to_owned())
        }
        Scope::Host(_) => Ok(()),
    }
}

/// The kind of list for a scope. `None` for the fleet and for groups.
const fn kind(scope: &Scope) -> Option<Kind> {
    match scope {
        Scope::Fleet | Scope::Group(_) => None,
        Scope::Tag(_) => Some(Kind::Tags),
        Scope::User(_) => Some(Kind::Users),
        Scope::Host(_) => Some(Kind::Serials),
    }
}

/// Whether two rules for the same target are equal in Zentral, apart from their scopes.
fn is_same(one: &Rule, other: &Rule) -> bool {
    let has_notice = one.policy().kind() == PolicyKind::Block;
    one.policy() == other.policy()
        && one.provenance.comment == other.provenance.comment
        && (!has_notice
            || (one.notice.message == other.notice.message && one.notice.url == other.notice.url))
}

fn policy(kind: PolicyKind) -> Option<&'static str> {
    use PolicyKind::{Allow, AllowCompiler, Block, SilentBlock};
    santa::policy_name_among(&[Allow, AllowCompiler, Block, SilentBlock], kind)
}

/// The fields that Zentral supports for a rule. Only rules with the policy `block` have a message
/// and a URL.
fn kept(rule: &Rule) -> &'static [(&'static str, &'static str)] {
    match rule.policy().kind() {
        PolicyKind::Block => {
            &[("message", "custom_msg"), ("url", "custom_url"), ("comment", "description")]
        }
        PolicyKind::Remove => &[],
        _ => &[("comment", "description")],
    }
}
